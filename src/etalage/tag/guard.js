// Keep every error of ours away from the page, and rest for a minute after three of them.
import { live, note, now } from "./live.js";

const REST = 60_000;
let failures = 0;
let until = 0;

export const resting = () => now() < until;

export function worked() {
  failures = 0;
}

export function failed(error) {
  note("failed", "" + ((error && error.message) || error));
  if (++failures < 3) return;
  failures = 2; // after the rest one probe: if that fails too, the next minute begins
  until = now() + REST;
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

export const rest = (moment) => (moment === undefined ? until : (until = moment));
export const later = (act, milliseconds) => setTimeout(safely(act), milliseconds);
export const on = (target, names, act) =>
  names.split(" ").forEach((name) => target.addEventListener(name, safely(act), { passive: true, capture: true }));
