// Find the places of the page, hold them for a moment, and put into each what was decided.
//   interrupting: moment -> `triggered` -> drawn -> half in view for a second -> `view_promotion`
//   unobtrusive:  moment -> drawn -> its place half in view for a second -> `triggered` (in every arm) -> `view_promotion`
import { call, signed } from "./call.js";
import { draw } from "./draw.js";
import { later, safely } from "./guard.js";
import { doc, isList, live, note, now, win } from "./live.js";
import { hasCome, isWriting } from "./moments.js";
import { language, page } from "./page.js";
import { keep, kept, keepToken } from "./remember.js";
import { fitsPage, isProtected } from "./rules.js";
import { back, flush, mayAsk, mayMeasure, record, take } from "./send.js";
import { ours } from "./collect.js";
import { isInView, unwatch, watch } from "./watch.js";

const HOLD = 300; // a place is hidden for at most this long
const FRESH = 10_000; // nothing interrupts on an older configuration: the shop may have closed the shutter
const INTERRUPTING = ["popup", "toast"];
const DAY = 86_400_000;
let pending = []; // whose moment has not come
let drawn = [];
let held = [];

export const isBusy = () => pending.length > 0 || drawn.length > 0;
export const shown = () => drawn;

export function slotOf(name) {
  const selector = (live.config.selectors || {})[name];
  try {
    const found = doc.querySelector(`[data-etalage-slot="${name}"]`) || (selector && doc.querySelector(selector));
    return found || null;
  } catch {
    note("bad_selector", name);
    return null;
  }
}

function hold(names) {
  const hidden = names.map(slotOf).filter((slot) => slot && !slot.style.visibility);
  hidden.forEach((slot) => (slot.style.visibility = "hidden"));
  const release = () => hidden.splice(0).forEach((slot) => (slot.style.visibility = ""));
  held.push(release);
  later(release, HOLD);
  return release;
}

export function undraw() {
  held.splice(0).forEach((release) => release());
  drawn.splice(0).forEach((one) => one.remove());
  pending = [];
  live.entries = [];
  unwatch();
}

// Decide anew for this page: asked of the server, or without `device` chosen here.
export async function fill() {
  const round = ++live.round;
  undraw();
  const { config } = live;
  if (!config || config.off) return note("closed");
  const here = page();
  if (isProtected(here, config.protected)) return note("protected_page");
  const names = config.slots.filter((name) => slotOf(name) || config.overlays.includes(name));
  config.slots.forEach((name) => names.includes(name) || note("slot_missing", name));
  if (!mayAsk()) return contextual(here, names);
  const release = hold(names);
  const asked = now();
  try {
    // Who has no token yet gets one first: what is shown to nobody in particular is outside every experiment.
    if (!live.token && !live.staff) await ask([]);
    const said = await ask(names);
    if (round !== live.round) return;
    live.entries = said.decisions;
    said.decisions.forEach(safely((entry) => arrange(entry, asked)));
  } catch {
    note("no_answer"); // and what stood there stays: she may be in a control group
  } finally {
    release();
  }
}

export async function ask(names, more) {
  const sent = take();
  live.asked = now();
  const cart = kept().cart;
  const body = signed({
    ...sent,
    consent: sent.context.consent,
    page: page(),
    cart: cart && Object.keys(cart).map((id) => ({ product_id: id, quantity: cart[id] })),
    slots: names,
    ...more,
  });
  try {
    const said = await call("/v1/decide", body);
    if (!isList(said.decisions)) throw 0;
    if (said.visitorToken && live.open.device) keepToken(said.visitorToken);
    if (names.length) flush();
    return said;
  } catch (error) {
    back(sent.events);
    throw error;
  }
}

// What the server would say to somebody it may not know; outside every experiment and figure.
function contextual(here, names) {
  const taken = [];
  const tongue = language();
  live.config.contextual.forEach((one) => {
    if (!names.includes(one.slot) || taken.includes(one.slot)) return;
    if (one.until && now() >= Date.parse(one.until)) return;
    if (!fitsPage(one.trigger.page || {}, here)) return note("wrong_page", one.experience);
    if ((kept().no || []).includes(one.experience)) return;
    taken.push(one.slot);
    const said = one.content[tongue] ? tongue : Object.keys(one.content)[0];
    arrange({ ...one, show: true, content: { language: said, blocks: one.content[said] } }, now());
  });
}

function arrange(entry, asked) {
  // Where she may be known the server knows it too, and also if she took it back on her own page.
  const refused = !live.open.personalise && (kept().no || []).includes(entry.experience);
  if (refused) return note("refused_by_visitor", entry.experience);
  if (!entry.show) note("not_for_now", entry.experience);
  const one = { entry, asked, slot: slotOf(entry.slot), isLate: now() - asked > HOLD };
  if (!isOverCap(entry)) pending.push(one);
  settle();
}

// Without a token the browser alone can keep the caps.
function isOverCap({ experience, caps, id }) {
  const times = (kept().times || {})[experience] || [];
  const is = (caps || []).some(({ times: most, per }) => {
    const from = per === "ever" ? 0 : per === "session" ? live.session : now() - (per === "7d" ? 7 : 1) * DAY;
    return times.filter((time) => time >= from).length >= most;
  });
  if (is && !id) note("capped", experience);
  return is && !id;
}

// Look whose moment has come; called by every beat.
export function settle() {
  const fired = pending.filter(({ entry }) => hasCome(entry.trigger)).sort((one, other) => other.entry.priority - one.entry.priority);
  fired.forEach(
    safely((one) => {
      if (INTERRUPTING.includes(one.entry.form)) interrupt(one);
      else unobtrusively(one);
    }),
  );
}

const drop = (one) => (pending = pending.filter((other) => other !== one));

function interrupt(one) {
  const { entry } = one;
  if (drawn.some((other) => other.isInterrupting)) {
    note("lost_to", entry.experience);
    return drop(one); // one at a time, and its moment has passed
  }
  if (isWriting() || now() - live.configured > FRESH) return; // it waits, in every arm alike
  drop(one);
  // Another tab may have had this moment since we asked.
  if (((kept().times || {})[entry.experience] || []).some((time) => time > one.asked)) return note("capped", entry.experience);
  triggered(entry);
  if (entry.show) expose(told(put(one)));
}

function unobtrusively(one) {
  const { entry, slot } = one;
  drop(one);
  // The place as it was before anything was drawn: the same in every arm.
  const height = slot ? slot.offsetHeight : 0;
  const mayDraw = entry.show && !(one.isLate && slot && isInView(slot));
  if (entry.show && !mayDraw) note("too_late", entry.experience);
  const message = mayDraw && put(one);
  const place = () => (slot ? slot.isConnected && { top: slot.getBoundingClientRect().top, height } : { top: 0, height: 0 });
  watch(place, () => {
    triggered(entry, entry.show && !mayDraw ? "timeout" : undefined);
    if (message) told(message);
  });
  if (message) expose(message);
}

function put(one) {
  const { entry, slot } = one;
  const was = doc.activeElement;
  let message;
  const did = (what, detail) => {
    if (what === "click") promote("select_promotion", entry, detail, true);
    if (what === "shut") message.close();
    if (what === "no") refuse(message);
    if (what === "answer" && mayMeasure()) record("preference", detail);
    if (what === "close") drawn = drawn.filter((other) => other !== message);
  };
  try {
    message = draw(entry, slot, did);
  } catch (error) {
    note("not_drawn", entry.experience);
    throw error;
  }
  message.was = was;
  drawn.push(message);
  return message;
}

// Seen, and told of its moment: an exposure, once, whichever came last.
function expose(message) {
  const { box } = message;
  watch(
    () => box.isConnected && { top: box.getBoundingClientRect().top, height: box.offsetHeight },
    () => ((message.isSeen = true), told(message, message.isTold)),
  );
}

function told(message, isTold = true) {
  message.isTold = isTold;
  if (isTold && message.isSeen) promote("view_promotion", message.entry);
  return message;
}

function triggered(entry, reason) {
  const { experience, id } = entry;
  keep((state) => {
    const times = (state.times = state.times || {});
    times[experience] = (times[experience] || []).slice(-20).concat(now());
  });
  if (!id || !mayMeasure()) return;
  record("triggered", { token: id, experience, reason });
  flush();
}

// An exposure or a click: to us with its token, and to the shop's own analytics.
function promote(name, entry, detail, isLeaving) {
  const { id, experience, variant, slot } = entry;
  if (!id || !live.open.measure) return;
  const about = { promotion_id: experience, creative_name: variant, creative_slot: slot };
  record(name, { token: id, ...about, ...detail });
  if (isLeaving) flush();
  const layer = win[live.config.data_layer || "dataLayer"];
  if (isList(layer)) layer.push(ours({ event: name, ecommerce: about }));
}

// "Not for me": gone at once, remembered here, and by the server for every strategy.
function refuse(message) {
  const { experience } = message.entry;
  keep((state) => (state.no = (state.no || []).filter((name) => name !== experience).concat(experience).slice(-200)));
  if (mayMeasure()) {
    record("feedback", { experience, refused: true });
    flush();
  }
  message.close();
}

// Order ids for this visitor; whatever goes wrong, the shop's own order.
export async function rank(ids) {
  if (!isList(ids) || !ids.length || !mayAsk() || !live.config || live.config.off) return ids;
  const given = ids.map((id) => "" + id);
  const said = call("/v1/rank", signed({ ids: given, page: { language: language() } })).catch(() => 0);
  const answer = await Promise.race([said, new Promise((done) => later(done, HOLD))]);
  const order = answer && isList(answer.products) ? answer.products.map((one) => one.product_id) : [];
  const isWhole = order.length === given.length && given.every((id) => order.includes(id));
  return isWhole ? order.map((id) => ids[given.indexOf(id)]) : ids;
}
