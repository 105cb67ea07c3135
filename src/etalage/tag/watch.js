// Watch places four times a second while the page is seen: half in view for one second is seen.
import { safely } from "./guard.js";
import { doc, win } from "./live.js";

const BEAT = 250;
const BEATS = 4;
let watched = [];
const beats = [];
let timer;

// `place()` gives top, height and how much of it must be seen; nothing while it is not there.
export const watch = (place, then) => watched.push({ place, then, count: -1 });
export const unwatch = () => (watched = []);
export const everyBeat = (act) => beats.push(safely(act));

// A place without a height is seen where it would be.
const isHalfSeen = ({ top, height }) =>
  Math.min(top + height, innerHeight) - Math.max(top, 0) >= (height && Math.min(height, innerHeight) / 2);

const look = (one) => {
  const place = one.place();
  one.count = place && isHalfSeen(place) ? one.count + 1 : -1;
  if (one.count < BEATS) return;
  watched = watched.filter((other) => other !== one);
  one.then();
};

function beat() {
  [...watched].forEach(safely(look));
  beats.forEach((act) => act());
}

export function keepTime() {
  clearInterval(timer);
  if (doc.visibilityState === "visible") timer = setInterval(beat, BEAT);
}

export const isInView = (element) => {
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
};
