// Send what happened: in small batches, once, only what she allows, and later if it cannot be now.
import { call, signed } from "./call.js";
import { stated } from "./consent.js";
import { failed, later } from "./guard.js";
import { live, win } from "./live.js";
import { page } from "./page.js";
import { keep, kept } from "./remember.js";
import { text } from "./text.js";

const MOST = 100; // events
const ROOM = 60_000; // bytes; browsers take 64 KB as a page is left
let waiting = [];
let timer;

export const mayMeasure = () => live.open.device && (live.open.measure || live.open.personalise);
export const mayAsk = () => live.open.device;
const random = () => win.crypto.getRandomValues(new Uint32Array(4)).join("-");

export function record(name, properties, more) {
  const { language, ...here } = page();
  waiting.push({
    type: "track",
    event: name,
    messageId: "t-" + random(),
    timestamp: new Date().toISOString(),
    properties: properties || {},
    context: { page: here, locale: language },
    ...more,
  });
  shed();
  if (!timer) timer = later(flush, 1_000);
}

function shed() {
  while (waiting.length > MOST || (waiting.length > 1 && text(waiting).length > ROOM)) {
    waiting.shift();
    live.lost++;
  }
}

const context = () => ({
  consent: stated(live.open),
  webdriver: (!live.demo && win.navigator.webdriver) || undefined,
  staff: live.staff || undefined,
  gpc: win.navigator.globalPrivacyControl || undefined,
});

const batch = (events) => signed({ batch: events, context: context(), sentAt: new Date().toISOString() });

// Give all that waits to a decision, so that it knows of this page; `back` if it did not arrive.
export function take() {
  const taken = live.token && mayMeasure() ? waiting : [];
  if (taken.length) waiting = [];
  return { events: taken.length ? taken : undefined, context: context(), sentAt: new Date().toISOString() };
}

export function back(events) {
  if (!events) return;
  waiting = events.concat(waiting);
  shed();
  save();
}

export async function flush() {
  timer = undefined;
  if (!waiting.length || !live.token || !mayMeasure()) return;
  const events = waiting;
  waiting = [];
  try {
    await call("/v1/batch", batch(events));
  } catch (status) {
    if (status >= 400 && status < 500 && status !== 429) return; // refused for good
    back(events);
    if (!timer) timer = later(flush, 15_000);
  }
}

// The page is being left: a beacon, or else the device keeps it until the next page.
export function leave() {
  if (!waiting.length || !live.token || !mayMeasure()) return;
  try {
    if (win.navigator.sendBeacon(live.base + "/v1/batch", text(batch(waiting)))) waiting = [];
  } catch (error) {
    failed(error);
  }
  save();
}

const save = () =>
  keep((state) => {
    if (mayMeasure() && waiting.length) state.queue = waiting;
    else delete state.queue;
  });

// What the last page could not send.
export function resume() {
  const left = kept().queue;
  if (!left) return;
  keep((state) => delete state.queue);
  waiting = left.concat(waiting);
  shed();
  timer = timer || later(flush, 1_000);
}

export const clear = () => (waiting = []);

// The one thing that is sent after a no: the no itself, so that the server stops too.
export function tellRefusal(token, before) {
  if (!token) return;
  const properties = {};
  Object.keys(before).forEach((purpose) => before[purpose] && (properties[purpose] = false));
  const event = { type: "track", event: "consent", messageId: "t-" + random(), properties };
  event.timestamp = new Date().toISOString();
  call("/v1/batch", signed({ visitorToken: token, batch: [event], sentAt: event.timestamp })).catch(() => {});
}
