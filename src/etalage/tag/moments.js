// Tell when a trigger's moment has come: names and numbers as in domain/experience.py.
import { on } from "./guard.js";
import { doc, live, now, win } from "./live.js";
import { kept } from "./remember.js";
import { told } from "./page.js";
import { everyBeat } from "./watch.js";

const DAY = 86_400_000;
let active = now(); // when she last moved, touched or scrolled
let leaving = false;
let deepest = 0;
let heights = [];
let happened = {};
let left = 0;

export const happens = (name) => (happened[name] = true);
export const renew = () => {
  happened = {};
  leaving = false;
  deepest = 0;
  stir();
};
const stir = () => (active = now());

// A field in use: nothing covers it, and whoever writes is not idle. Only which element it is, never what is in it.
export const isWriting = () => doc.activeElement?.matches("input,textarea,select") || !!doc.activeElement?.isContentEditable;

const quiet = (seconds) => now() - active >= seconds * 1_000;

const COMES = {
  load: () => true,
  delay: ({ seconds }) => now() - live.began_ >= seconds * 1_000,
  scroll: ({ percent }) => deepest >= percent,
  exit_intent: () => leaving,
  idle: ({ seconds }) => quiet(seconds),
  add_to_cart: () => happened.add_to_cart,
  cart_idle: ({ seconds }) => Object.keys(kept().cart || {}).length && quiet(seconds),
  view_count: ({ views }) => kept().views?.[told.type || "other"] >= views,
  search: () => happened.search || told.type === "search",
  return: ({ days }) => live.away_ >= days * DAY,
};

export const hasCome = (trigger) => COMES[trigger?.on]?.(trigger);

// Without a mouse: coming back after having been away, or a fast way back up.
const isTouched = () => matchMedia("(hover: none)").matches;

export function turnAway(isHidden) {
  if (isHidden) left = now();
  else leaving ||= left && now() - left > 2_000 && isTouched();
}

export function observe() {
  on(win, "pointermove pointerdown scroll", stir);
  on(doc, "mouseout", (event) => (leaving ||= !event.relatedTarget && event.clientY <= 0));
  everyBeat(() => {
    const room = innerHeight;
    const top = scrollY;
    deepest = Math.max(deepest, (100 * (top + room)) / doc.documentElement.scrollHeight);
    heights = [...heights.slice(-2), top];
    leaving ||= heights[0] > room && heights[0] - top > room && isTouched();
    if (isWriting()) stir();
  });
}
