// Find the places of the page, hold them for a moment, and put into each what was decided.
//   interrupting: moment -> `triggered` -> drawn -> half in view for a second -> `view_promotion`
//   unobtrusive:  moment -> drawn -> its place half in view for a second -> `triggered` (in every arm) -> `view_promotion`
// What is known of an entry here is written on it: place_, asked_, isLate_, and of one that is drawn message_.
import { call, signed } from "./call.js";
import { ours } from "./collect.js";
import { draw } from "./draw.js";
import { later, pause, safely } from "./guard.js";
import { doc, isList, live, note, now } from "./live.js";
import { hasCome, isWriting } from "./moments.js";
import { language, page } from "./page.js";
import { keep, kept, keepToken } from "./remember.js";
import { fitsPage, isProtected } from "./rules.js";
import { back, flush, mayMeasure, record, take } from "./send.js";
import { inView, unwatch, watch } from "./watch.js";

const HOLD = 300; // a place is hidden for at most this long
const FRESH = 10_000; // nothing interrupts on an older configuration: the shop may have closed the shutter
let pending = []; // whose moment has not come
let held = [];
let above; // what interrupts her now: one at a time

export const isBusy = () => pending[0] || live.drawn_[0];

export function slotOf(name) {
  try {
    return doc.querySelector(`[data-etalage-slot="${name}"]`) || doc.querySelector(live.config_.selectors?.[name] || "_");
  } catch {} // a selector that cannot be read finds nothing
}

const release = () => held.splice(0).forEach((slot) => (slot.style.visibility = ""));

export function undraw() {
  live.round_++;
  release();
  live.drawn_.splice(0).forEach((entry) => entry.message_.remove_());
  pending = live.entries_ = [];
  above = undefined;
  unwatch();
}

// Decide anew for this page: asked of the server, or without `device` chosen here.
export async function fill() {
  undraw();
  const round = live.round_;
  try {
    const { off, overlays, protected: segments, slots } = live.config_ || { off: true };
    const here = page();
    if (off) return;
    if (isProtected(here, segments)) return note("protected");
    const names = slots.filter((name) => slotOf(name) || overlays.includes(name));
    if (!live.open_.device) return contextual(here, names);
    held = names.map(slotOf).filter((slot) => slot && !slot.style.visibility);
    held.forEach((slot) => (slot.style.visibility = "hidden"));
    later(release, HOLD);
    const asked = now();
    // Who has no token yet gets one first: what is shown to nobody in particular is outside every experiment.
    if (!live.token_ && !live.staff_) await ask([]);
    const { decisions } = await ask(names);
    if (round !== live.round_) return;
    live.entries_ = decisions;
    decisions.forEach(safely((entry) => arrange(entry, asked)));
    settle();
  } catch {
    note("decisions"); // and what stood there stays: she may be in a control group
  }
  later(() => round === live.round_ && release()); // after all that is drawn now
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
    if (said.visitorToken && live.open_.device) keepToken(said.visitorToken);
    if (slots[0]) flush();
    return said;
  } catch (error) {
    back(sent.events);
    throw error;
  }
}

// What the server would say to somebody it may not know; outside every experiment and figure.
function contextual(here, names) {
  live.config_.contextual.forEach((entry) => {
    const { content, experience, slot, trigger, until } = entry;
    if (!names.includes(slot) || now() >= Date.parse(until)) return;
    if (!fitsPage(trigger.page || {}, here)) return note("page", experience);
    if (isRefused(entry)) return;
    names = names.filter((name) => name !== slot);
    const said = content[here.language] ? here.language : Object.keys(content)[0];
    arrange({ ...entry, show: true, content: { language: said, blocks: content[said] } }, now());
  });
  settle();
}

const isRefused = ({ experience }) => kept().no?.includes(experience);
const lastOf = ({ experience }) => kept().last?.[experience];

function arrange(entry, asked) {
  const { experience, slot } = entry;
  // Where she may be known the server knows it too, and also if she took it back on her own page.
  if (!live.open_.personalise && isRefused(entry)) return note("no", experience);
  // Without a token nobody counts: once is within every cap.
  if (!entry.id && entry.caps && lastOf(entry)) return note("caps", experience);
  entry.asked_ = asked;
  entry.place_ = slotOf(slot);
  entry.isLate_ = now() - asked > HOLD;
  pending.push(entry);
  pending.sort((one, other) => other.priority - one.priority);
}

// Look whose moment has come; called by every beat. Only what interrupts may have to wait on.
export const settle = () => (pending = pending.filter(waits));
const waits = safely((entry) => !hasCome(entry.trigger) || (/^(popup|toast)$/.test(entry.form) ? interrupt : unobtrusively)(entry));

function interrupt(entry) {
  const { experience, asked_: asked, show } = entry;
  if (above) return note("priority", experience); // one at a time, and its moment has passed
  if (isWriting() || now() - live.configured_ > FRESH) return true; // it waits, in every arm alike
  // Another tab may have had this moment since we asked.
  if (lastOf(entry) > asked) return note("caps", experience);
  triggered(entry);
  if (show) put((above = entry));
  seen(entry);
}

function unobtrusively(entry) {
  const { experience, isLate_: isLate, place_: place, show } = entry;
  // The place as it was before anything was drawn: the same in every arm.
  const height = place ? place.offsetHeight : 0;
  const where = () => (place ? place.isConnected && [place.getBoundingClientRect().top, height] : [0, 0]);
  const reason = show && isLate && place && inView(where()) >= 0 ? "timeout" : undefined; // it would be seen to change
  if (reason) note(reason, experience);
  // Watched before it is drawn: what is seen in the same beat is told of its moment first.
  watch(where, () => {
    triggered(entry, reason);
    seen(entry);
  });
  if (show && !reason) put(entry);
}

// Seen, and told of its moment, is an exposure: once, whichever came last.
const seen = (entry) => (entry.seen_ ? promote("view_promotion", entry) : (entry.seen_ = true));

// Draw it, in a turn of its own: no task of ours is long.
function put(entry) {
  const round = live.round_;
  const place = entry.place_;
  const deeds = {
    click: ({ of }) => promote("select_promotion", entry, { product_id: of }),
    no: () => refuse(entry),
    answer: ({ of, to }) => mayMeasure() && record("preference", { [to]: of }),
    close() {
      live.drawn_ = live.drawn_.filter((other) => other !== entry);
      if (above === entry) above = undefined;
    },
  };
  later(() => {
    if (round !== live.round_) return;
    const { box_: box } = (entry.message_ = draw(entry, place, deeds, doc.activeElement));
    live.drawn_.push(entry);
    watch(
      () => box.isConnected && [box.getBoundingClientRect().top, box.offsetHeight],
      () => seen(entry),
    );
  });
}

function triggered(entry, reason) {
  const { experience, id } = entry;
  keep((state) => ((state.last ||= {})[experience] = now()));
  if (!id || !mayMeasure()) return;
  record("triggered", { token: id, experience, reason });
  flush();
}

// An exposure or a click: to us with its token, and to the shop's own analytics.
function promote(name, { id, experience, variant, slot }, detail) {
  if (!id || !live.open_.measure) return;
  const about = { promotion_id: experience, creative_name: variant, creative_slot: slot };
  record(name, { token: id, ...about, ...detail });
  if (detail) flush(); // a click may leave the page
  if (isList(live.layer_)) live.layer_.push(ours({ event: name, ecommerce: about }));
}

// "Not for me": gone at once, remembered here, and by the server for every strategy.
function refuse({ experience, message_: message }) {
  keep((state) => (state.no ||= []).push(experience));
  if (mayMeasure()) {
    record("feedback", { experience, refused: true });
    flush();
  }
  message.close_();
}

// Order ids for this visitor; whatever goes wrong, the shop's own order.
export async function rank(ids) {
  const late = now() + HOLD;
  const given = isList(ids) ? ids.map((id) => "" + id) : [];
  let isOpen;
  while (!(isOpen = live.open_.device && live.config_) && now() < late) await pause(20);
  if (!given[0] || !isOpen || isOpen.off) return ids;
  const said = call("/v1/rank", signed({ ids: given, page: { language: language() } })).catch(() => 0);
  const answer = await Promise.race([said, pause(HOLD)]);
  const order = isList(answer?.products) ? answer.products.map((one) => given.indexOf(one.product_id)) : [];
  return order.length === given.length && given.every((_, at) => order.includes(at)) ? order.map((at) => ids[at]) : ids;
}
