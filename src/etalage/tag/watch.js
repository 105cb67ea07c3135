// Watch places four times a second while the page is seen: half in view for one second is seen.
import { safely } from "./guard.js";
import { doc, win } from "./live.js";

const BEAT = 250;
const BEATS = 4;
let watched = [];
const beats = [];
let timer;

// `place()` gives top, height and how much of it must be seen; `null` while it is not there.
export function watch(place, then) {
  watched.push({ place, then, count: -1 });
}
export const unwatch = () => (watched = []);
export const everyBeat = (act) => beats.push(safely(act));

const isHalfSeen = ({ top, height }) => {
  const room = win.innerHeight;
  const shown = Math.min(top + height, room) - Math.max(top, 0);
  return height < 1 ? top >= 0 && top <= room : shown >= Math.min(height, room) / 2;
};

function beat() {
  watched.slice().forEach(
    safely((one) => {
      const place = one.place();
      one.count = place && isHalfSeen(place) ? one.count + 1 : -1;
      if (one.count < BEATS) return;
      watched = watched.filter((other) => other !== one);
      one.then();
    }),
  );
  beats.forEach((act) => act());
}

export function keepTime() {
  clearInterval(timer);
  if (doc.visibilityState === "visible") timer = setInterval(beat, BEAT);
}

export const isInView = (element) => {
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > 0 && top < win.innerHeight;
};
