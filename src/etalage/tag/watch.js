// Watch places four times a second while the page is seen: half in view for one second is seen.
import { safely } from "./guard.js";
import { doc } from "./live.js";

const BEAT = 250;
const BEATS = 4;
let watched = [];
const beats = [];
let timer;

// `place()` gives where it is, [top, height]; nothing while it is not there.
export const watch = (place, then) => watched.push({ place_: place, then_: then, count_: -1 });
export const unwatch = () => (watched = []);
export const everyBeat = (act) => beats.push(safely(act));

// How much of it is in view; a place without a height is seen where it would be.
export const inView = ([top, height]) => Math.min(top + height, innerHeight) - Math.max(top, 0);

const look = safely((one) => {
  const place = one.place_();
  const isSeen = place && inView(place) >= (place[1] && Math.min(place[1], innerHeight) / 2);
  one.count_ = isSeen ? one.count_ + 1 : -1;
  if (one.count_ < BEATS) return;
  watched = watched.filter((other) => other !== one);
  one.then_();
});

function beat() {
  watched.slice().forEach(look);
  beats.forEach((act) => act());
}

export function keepTime() {
  clearInterval(timer);
  if (doc.visibilityState === "visible") timer = setInterval(beat, BEAT);
}
