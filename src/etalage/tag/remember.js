// Remember, on the device, only while `device` is open: one key and one cookie. Otherwise in this page alone.
import { doc, live, now, win } from "./live.js";
import { text } from "./text.js";

const NAME = "etalage";
const GAP = 1_800_000; // between two sessions
const YEAR = 34_128_000; // seconds: 395 days, within the 400 that browsers allow
let memory = {};

// Blocked or not ours: nothing. Before consent is known only one thing is read of it: a yes to the shop's own call.
export function stored() {
  try {
    return JSON.parse(localStorage.getItem(NAME));
  } catch {}
}

function store(act) {
  try {
    act(localStorage);
  } catch {
    live.unkept_ = true;
  }
}

export const kept = () => (live.open_.device && stored()) || memory;

export function keep(change) {
  memory = kept();
  change(memory);
  if (live.open_.device) store((storage) => storage.setItem(NAME, text(memory)));
}

export function writeCookie(name, value, seconds) {
  const secure = location.protocol === "https:" ? ";Secure" : "";
  doc.cookie = `etalage_${name}=${value};Path=/;SameSite=Lax;Max-Age=${seconds}${secure}`;
}

export const hasCookie = (name) => `; ${doc.cookie};`.includes(`; etalage_${name}=1;`) || undefined;

export function keepToken(token) {
  live.token_ = token;
  if (live.open_.device && token) writeCookie("visitor", token, YEAR);
  keep((state) => (state.token = token));
}

export function forget() {
  memory = {};
  live.token_ = undefined;
  store((storage) => storage.removeItem(NAME));
  writeCookie("visitor", "", 0);
}

// Begin where she left off: her token, her session, and how long she was away. Gives what the last page could not send.
export function recall() {
  let left;
  keep((state) => {
    left = state.queue;
    delete state.queue;
    const away = now() - (state.seen || 0);
    if (away > GAP) {
      state.views = {};
      state.away = state.seen ? away : 0;
    }
    live.away_ = state.away;
  });
  keepToken(kept().token);
  return left;
}
