// Keep every error of ours away from the page, and rest for a minute after three of them.
import { live, note, now } from "./live.js";

const REST = 60_000;
let failures = 0;

export const resting = () => now() < live.rest_;
export const worked = () => (failures = 0);

export function failed(error) {
  note("failed", "" + (error?.message || error));
  if (failures++ > 1) live.rest_ = now() + REST; // after it one probe: if that fails too, the next minute begins
}

// Every entry point (listener, timer, promise, command) goes through here.
export const safely =
  (act) =>
  (...given) => {
    try {
      return act(...given);
    } catch (error) {
      failed(error);
    }
  };

export const later = (act, milliseconds) => setTimeout(safely(act), milliseconds);

// Listen, early and in every way of ours.
export const on = (target, names, act) => names.split(" ").forEach((name) => target.addEventListener(name, safely(act), true));

// A turn of its own for what comes next: the page may answer its visitor in between.
export const pause = (milliseconds) => new Promise((done) => later(done, milliseconds));
