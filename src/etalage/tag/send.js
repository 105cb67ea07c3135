// Send what happened: in small batches, once, only what she allows, and later if it cannot be now.
import { call, signed } from "./call.js";
import { gpc, stated } from "./consent.js";
import { failed, later } from "./guard.js";
import { live } from "./live.js";
import { page } from "./page.js";
import { keep, kept } from "./remember.js";
import { text } from "./text.js";

const MOST = 100; // events
const ROOM = 60_000; // bytes; browsers take 64 KB as a page is left
let waiting = [];
let timer;

export const mayMeasure = () => live.open.device && (live.open.measure || live.open.personalise);
const maySend = () => live.token && mayMeasure() && waiting.length;
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

export function record(name, properties, more) {
  const { language, ...here } = page();
  put([...waiting, event(name, properties || {}, { context: { page: here, locale: language }, ...more })]);
  soon(1_000);
}

function put(events) {
  waiting = events;
  while (waiting.length > MOST || (waiting[1] && text(waiting).length > ROOM)) {
    waiting.shift();
    live.lost++;
  }
}

// What goes with events: who says what is open, and what is counted nowhere.
const about = () => ({
  context: {
    consent: stated(live.open),
    staff: live.staff,
    gpc: gpc() || undefined,
  },
  sentAt: time(),
});

// Give all that waits to a decision, so that it knows of this page; `back` if it did not arrive.
export function take() {
  const events = maySend() ? waiting : undefined;
  if (events) waiting = [];
  return { events, ...about() };
}

export function back(events = []) {
  put([...events, ...waiting]);
  save();
}

export async function flush() {
  timer = undefined;
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

// The page is being left: a beacon, or else the device keeps it until the next page.
export function leave() {
  if (!maySend()) return;
  try {
    if (navigator.sendBeacon(live.base + "/v1/batch", text(signed({ batch: waiting, ...about() })))) waiting = [];
  } catch (error) {
    failed(error);
  }
  save();
}

const save = () => keep((state) => (state.queue = mayMeasure() && waiting[0] ? waiting : undefined));

// What the last page could not send.
export function resume() {
  const left = kept().queue;
  if (!left) return;
  keep((state) => delete state.queue);
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
