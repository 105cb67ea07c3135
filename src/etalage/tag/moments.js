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

export const happens = (name) => (happened[name] = now());
export const renew = () => {
  happened = {};
  leaving = false;
  deepest = 0;
  active = now();
};

// A field in use: nothing covers it, and whoever writes is not idle. Only which element it is, never what is in it.
export function isWriting() {
  const at = doc.activeElement;
  return !!at && (/^(INPUT|TEXTAREA|SELECT)$/.test(at.nodeName) || at.isContentEditable === true);
}

const quiet = (seconds) => now() - active >= seconds * 1_000;

const COMES = {
  load: () => true,
  delay: ({ seconds }) => now() - live.began >= seconds * 1_000,
  scroll: ({ percent }) => deepest >= percent,
  exit_intent: () => leaving,
  idle: ({ seconds }) => quiet(seconds),
  add_to_cart: () => !!happened.add_to_cart,
  cart_idle: ({ seconds }) => Object.keys(kept().cart || {}).length > 0 && quiet(seconds),
  view_count: ({ views }) => ((kept().views || {})[told.type || "other"] || 0) >= views,
  search: () => !!happened.search || told.type === "search",
  return: ({ days }) => (live.away || 0) >= days * DAY,
};

export const hasCome = (trigger) => !!COMES[trigger.on] && COMES[trigger.on](trigger);

export function observe() {
  const stir = () => (active = now());
  on(win, "pointermove pointerdown touchstart scroll wheel", stir);
  on(doc, "mouseout", (event) => {
    if (!event.relatedTarget && event.clientY <= 0) leaving = true;
  });
  // Without a mouse: coming back after having been away, or a fast way back up.
  on(doc, "visibilitychange", () => {
    if (doc.visibilityState === "hidden") left = now();
    else if (left && now() - left > 2_000 && win.matchMedia("(hover: none)").matches) leaving = true;
  });
  everyBeat(() => {
    const root = doc.documentElement;
    const room = win.innerHeight;
    const top = win.scrollY;
    deepest = Math.max(deepest, (100 * (top + room)) / Math.max(root.scrollHeight, 1));
    heights = [...heights.slice(-2), top];
    if (win.matchMedia("(hover: none)").matches && heights[0] - top > room && heights[0] > room) leaving = true;
    if (isWriting()) stir();
  });
}
