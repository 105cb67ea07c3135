// Remember, on the device, only while `device` is open: one key and one cookie. Otherwise in this page alone.
import { rest } from "./guard.js";
import { doc, live, now, win } from "./live.js";
import { text } from "./text.js";

const NAME = "etalage";
const COOKIE = "etalage_visitor";
const GAP = 1_800_000; // between two sessions
const YEAR = 34_128_000; // seconds: 395 days, within the 400 that browsers allow
let memory = {};

function stored() {
  try {
    return JSON.parse(win.localStorage.getItem(NAME));
  } catch {
    return null; // blocked, or not ours
  }
}

export const isKept = () => !!stored();
export const kept = () => (live.open.device && stored()) || memory;
// The one thing that is read before consent is known: a yes that she gave to the shop's own call.
export const keptConsent = () => (stored() || {}).consent;
export const stateIn = (value) => JSON.parse(value) || {};

export function keep(change) {
  memory = kept();
  change(memory);
  if (!live.open.device) return;
  try {
    win.localStorage.setItem(NAME, text(memory));
  } catch {
    live.unkept = true;
  }
}

function cookie(value, seconds) {
  const secure = win.location.protocol === "https:" ? ";Secure" : "";
  doc.cookie = `${COOKIE}=${value};Path=/;SameSite=Lax;Max-Age=${seconds}${secure}`;
}

export const hasCookie = (name) => ("; " + doc.cookie).includes("; " + name + "=1");

export function keepToken(token) {
  live.token = token;
  if (live.open.device) cookie(token, YEAR);
  keep((state) => (state.token = token));
}

export function forget() {
  memory = {};
  live.token = undefined;
  try {
    win.localStorage.removeItem(NAME);
  } catch {
    live.unkept = true;
  }
  cookie("", 0);
}

// Begin where she left off: her token, her session, and how long she was away.
export function recall() {
  keep((state) => {
    const away = now() - (state.seen || 0);
    if (away > GAP) {
      state.views = {};
      live.away = state.seen ? away : 0;
      state.away = live.away;
    }
    live.away = state.away || 0;
    state.seen = now();
    live.token = state.token;
    if (state.rest > now()) rest(state.rest);
  });
  if (live.token) cookie(live.token, YEAR);
}
