// Send what happened: in small batches, once, only what she allows, and later if it cannot be now.
import { call, signed } from "./call.js";
import { gpc, stated } from "./consent.js";
import { later } from "./guard.js";
import { live } from "./live.js";
import { page } from "./page.js";
import { keep } from "./remember.js";
import { text } from "./text.js";

const MOST = 100; // events
const ROOM = 60_000; // bytes; browsers take 64 KB as a page is left
let waiting = [];
let timer;

export const mayMeasure = () => live.open_.device && (live.open_.measure || live.open_.personalise);
const time = () => new Date().toISOString();
const soon = (milliseconds) => (timer ||= later(flush, milliseconds));

const event = (name, properties, more) => ({
  type: "track",
  event: name,
  messageId: "t-" + crypto.getRandomValues(new Uint32Array(4)).join("-"),
  timestamp: time(),
  properties,
  ...more,
});

export function record(name, properties = {}, more) {
  const { language, ...here } = page();
  put([...waiting, event(name, properties, { context: { page: here, locale: language }, ...more })]);
  soon(1_000);
}

function put(events) {
  waiting = events;
  while (waiting.length > MOST || (waiting[1] && text(waiting).length > ROOM)) {
    waiting.shift();
    live.lost_++;
  }
}

// Give all that waits, so that a decision knows of this page; `back` if it did not arrive.
// With it goes who says what is open, and what is counted nowhere.
export function take() {
  const events = live.token_ && mayMeasure() && waiting[0] ? waiting : undefined;
  if (events) waiting = [];
  return { events, context: { consent: stated(live.open_), staff: live.staff_, gpc: gpc() || undefined }, sentAt: time() };
}

export function back(events = []) {
  put([...events, ...waiting]);
  save();
}

export async function flush() {
  timer = 0;
  const { events, ...rest } = take();
  if (!events) return;
  try {
    await call("/v1/batch", signed({ batch: events, ...rest }));
  } catch (status) {
    if (status >= 400 && status < 500 && status !== 429) return; // refused for good
    back(events);
    soon(15_000);
  }
}

// The page is being left: the call outlives it, and what cannot be sent stays on the device until the next page.
export function leave() {
  flush();
  save();
}

const save = () => keep((state) => (state.queue = mayMeasure() && waiting[0] ? waiting : undefined));

// What the last page could not send.
export function resume(left = []) {
  put([...left, ...waiting]);
  soon(1_000);
}

export const clear = () => (waiting = []);

// The one thing that is sent after a no: the no itself, so that the server stops too.
export function tellRefusal(visitorToken, before) {
  const closed = {};
  Object.keys(before).forEach((purpose) => before[purpose] && (closed[purpose] = false));
  if (visitorToken) call("/v1/batch", signed({ visitorToken, batch: [event("consent", closed)], sentAt: time() })).catch(() => {});
}
