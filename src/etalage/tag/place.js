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
import { back, flush, mayMeasure, record, take } from "./send.js";
import { ours } from "./collect.js";
import { isInView, unwatch, watch } from "./watch.js";

const HOLD = 300; // a place is hidden for at most this long
const FRESH = 10_000; // nothing interrupts on an older configuration: the shop may have closed the shutter
const DAY = 86_400_000;
let pending = []; // whose moment has not come
let drawn = [];
let held = [];

export const isBusy = () => pending.concat(drawn).length;
export const shown = () => drawn;

export function slotOf(name) {
  try {
    return doc.querySelector(`[data-etalage-slot="${name}"]`) || doc.querySelector(live.config.selectors?.[name] || "_");
  } catch {
    note("bad_selector", name);
  }
}

function hold(names) {
  held = names.map(slotOf).filter((slot) => slot && !slot.style.visibility);
  held.forEach((slot) => (slot.style.visibility = "hidden"));
  later(release, HOLD);
}

const release = () => held.splice(0).forEach((slot) => (slot.style.visibility = ""));

export function undraw() {
  release();
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
  const names = config.slots.filter((name) => slotOf(name) || config.overlays.includes(name) || note("slot_missing", name));
  if (!live.open.device) return contextual(here, names);
  hold(names);
  const asked = now();
  try {
    // Who has no token yet gets one first: what is shown to nobody in particular is outside every experiment.
    if (!live.token && !live.staff) await ask([]);
    const { decisions } = await ask(names);
    if (round !== live.round) return;
    live.entries = decisions;
    decisions.forEach(safely((entry) => arrange(entry, asked)));
  } catch {
    note("no_answer"); // and what stood there stays: she may be in a control group
  }
  if (round === live.round) release();
}

export async function ask(slots) {
  const sent = take();
  const { cart } = kept();
  try {
    const said = await call(
      "/v1/decide",
      signed({
        ...sent,
        consent: sent.context.consent,
        page: page(),
        cart: cart && Object.keys(cart).map((id) => ({ product_id: id, quantity: cart[id] })),
        slots,
      }),
    );
    if (!isList(said.decisions)) throw 0;
    if (said.visitorToken && live.open.device) keepToken(said.visitorToken);
    if (slots.length) flush();
    return said;
  } catch (error) {
    back(sent.events);
    throw error;
  }
}

// What the server would say to somebody it may not know; outside every experiment and figure.
function contextual(here, names) {
  const free = new Set(names);
  live.config.contextual.forEach((one) => {
    if (!free.has(one.slot) || now() >= Date.parse(one.until)) return;
    if (!fitsPage(one.trigger.page || {}, here)) return note("wrong_page", one.experience);
    if (isRefused(one)) return;
    free.delete(one.slot);
    const said = one.content[language()] ? language() : Object.keys(one.content)[0];
    arrange({ ...one, show: true, content: { language: said, blocks: one.content[said] } }, now());
  });
}

const isRefused = ({ experience }) => kept().no?.includes(experience);
const timesOf = ({ experience }) => kept().times?.[experience] || [];

function arrange(entry, asked) {
  const { experience, show, slot } = entry;
  // Where she may be known the server knows it too, and also if she took it back on her own page.
  if (!live.open.personalise && isRefused(entry)) return note("refused_by_visitor", experience);
  if (!show) note("not_for_now", experience);
  if (isOverCap(entry)) return note("capped", experience);
  pending.push({ entry, asked, slot: slotOf(slot), isLate: now() - asked > HOLD });
  settle();
}

// Without a token the browser alone can keep the caps.
const isOverCap = (entry) =>
  !entry.id &&
  entry.caps?.some(({ times, per }) => {
    const from = { ever: 0, session: live.session, "7d": now() - 7 * DAY }[per] ?? now() - DAY;
    return timesOf(entry).filter((time) => time >= from).length >= times;
  });

// Look whose moment has come; called by every beat.
export const settle = () =>
  pending
    .filter(({ entry }) => hasCome(entry.trigger))
    .sort((one, other) => other.entry.priority - one.entry.priority)
    .forEach(safely((one) => (/^(popup|toast)$/.test(one.entry.form) ? interrupt : unobtrusively)(one)));

const drop = (one) => (pending = pending.filter((other) => other !== one));

function interrupt(one) {
  const { entry, asked } = one;
  if (drawn.some((other) => other.isInterrupting)) {
    note("lost_to", entry.experience);
    return drop(one); // one at a time, and its moment has passed
  }
  if (isWriting() || now() - live.configured > FRESH) return; // it waits, in every arm alike
  drop(one);
  // Another tab may have had this moment since we asked.
  if (timesOf(entry).some((time) => time > asked)) return note("capped", entry.experience);
  triggered(entry);
  if (entry.show) put(one).tell();
}

function unobtrusively(one) {
  const { entry, slot } = one;
  drop(one);
  // The place as it was before anything was drawn: the same in every arm.
  const height = slot ? slot.offsetHeight : 0;
  const isTooLate = entry.show && one.isLate && slot && isInView(slot);
  if (isTooLate) note("too_late", entry.experience);
  // Watched before it is drawn: what is seen in the same beat is told of its moment first.
  let message;
  watch(
    () => (slot ? slot.isConnected && { top: slot.getBoundingClientRect().top, height } : { top: 0, height }),
    () => {
      triggered(entry, isTooLate ? "timeout" : undefined);
      message?.tell();
    },
  );
  if (entry.show && !isTooLate) message = put(one);
}

// Draw it. Seen, and told of its moment, is an exposure: once, whichever came last.
function put({ entry, slot }) {
  const was = doc.activeElement;
  let left = 2;
  let message;
  const deeds = {
    click: (detail) => promote("select_promotion", entry, detail),
    no: () => refuse(message),
    answer: (detail) => mayMeasure() && record("preference", detail),
    close: () => (drawn = drawn.filter((other) => other !== message)),
  };
  try {
    message = draw(entry, slot, (what, detail) => deeds[what](detail), was);
  } catch (error) {
    note("not_drawn", entry.experience);
    throw error;
  }
  message.tell = () => --left || promote("view_promotion", entry);
  drawn.push(message);
  watch(() => message.box.isConnected && { top: message.box.getBoundingClientRect().top, height: message.box.offsetHeight }, message.tell);
  return message;
}

function triggered(entry, reason) {
  const { experience, id } = entry;
  keep((state) => ((state.times ||= {})[experience] = [...timesOf(entry).slice(-20), now()]));
  if (!id || !mayMeasure()) return;
  record("triggered", { token: id, experience, reason });
  flush();
}

// An exposure or a click: to us with its token, and to the shop's own analytics.
function promote(name, { id, experience, variant, slot }, detail) {
  if (!id || !live.open.measure) return;
  const about = { promotion_id: experience, creative_name: variant, creative_slot: slot };
  record(name, { token: id, ...about, ...detail });
  if (detail) flush(); // a click may leave the page
  const layer = win[live.config.data_layer || "dataLayer"];
  if (isList(layer)) layer.push(ours({ event: name, ecommerce: about }));
}

// "Not for me": gone at once, remembered here, and by the server for every strategy.
function refuse({ entry: { experience }, close }) {
  keep((state) => (state.no = [...(state.no || []).filter((name) => name !== experience), experience].slice(-200)));
  if (mayMeasure()) {
    record("feedback", { experience, refused: true });
    flush();
  }
  close();
}

// Order ids for this visitor; whatever goes wrong, the shop's own order.
export async function rank(ids) {
  if (!isList(ids) || !ids.length) return ids;
  const late = now() + HOLD;
  while (!(live.config && live.open.device)) {
    if (now() >= late) return ids;
    await new Promise((done) => later(done, 20));
  }
  if (live.config.off) return ids;
  const given = ids.map((id) => "" + id);
  const said = call("/v1/rank", signed({ ids: given, page: { language: language() } })).catch(() => 0);
  const answer = await Promise.race([said, new Promise((done) => later(done, HOLD))]);
  const order = isList(answer?.products) ? answer.products.map((one) => given.indexOf(one.product_id)) : [];
  return order.length === ids.length && given.every((_, at) => order.includes(at)) ? order.map((at) => ids[at]) : ids;
}
