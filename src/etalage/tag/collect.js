// Collect what the shop already tells: GA4 in the dataLayer, gtag's arguments, the old Universal Analytics shape.
import { sayMode } from "./consent.js";
import { safely } from "./guard.js";
import { isList, live, now, plainly } from "./live.js";
import { ofOldShape } from "./old_shape.js";

const WITHOUT_ITEMS = /search|log|_up|lead/;
const KEPT =
  /^((item|promotion|creative|engagement)_\w+|currency|value|tax|shipping(_tier)?|coupon|transaction_id|search_term|price|quantity|discount|index|size|method|(payment|customer)_type)$/;
const COPY = 3_000; // within which a plugin's copy of an event is the same event

const seen = new WeakSet(); // pushes that were read, and our own
let remembered = {};
let recent = [];
let hooked;

// Do not read back what we pushed ourselves.
export const ours = (pushed) => (seen.add(pushed), pushed);

const some = (from) =>
  Object.fromEntries(Object.entries(from).filter(([name, value]) => KEPT.test(name) && /^(string|number)$/.test(typeof value)));

// A list, one item, or an object with a number before each. What is odd about numbers and amounts is read by the server.
const itemsIn = (told) => (told?.item_id || told?.item_name ? [told] : Object.values(told || [])).filter(plainly).slice(0, 200).map(itemOf);

function itemOf(told) {
  const item = some(told);
  const id = item.item_id ?? told.product_id ?? told.id ?? told.sku;
  if (id != null) item.item_id = "" + id;
  return item;
}

// Read one push. `tell.event(name, properties)` gets each event once; `page(facts)`, `consent()`, `moved()` the rest.
export function read(pushed, tell) {
  if (!plainly(pushed) || seen.has(pushed)) return;
  seen.add(pushed);
  if (typeof pushed[0] === "string" && "length" in pushed) {
    const [command, name, about] = pushed;
    if (command === "consent") sayMode(name, about), tell.consent();
    if (command === "event") once(name, about || {}, "gtag", tell);
    return;
  }
  const { event: name, ecommerce, eventModel } = pushed;
  const type = pushed.page_type || pushed.pageType;
  if (type) tell.page({ type });
  const about = [ecommerce, eventModel].find(plainly);
  if (ecommerce === null) remembered = {};
  else if (about === ecommerce) remembered = { ...remembered, ...about };
  if (/^gtm\./.test(name)) return /^gtm\.historyChange/.test(name) && tell.moved();
  const old = about && !about.items ? ofOldShape(about) : [];
  if (old[0]) return old.forEach(([named, properties]) => once(named, properties, "old", tell));
  const isWhole = about || pushed.items || WITHOUT_ITEMS.test(name);
  once(name, { ...pushed, ...(isWhole ? about : remembered) }, eventModel ? "copy" : "own", tell);
}

// The same action told in two ways counts once; two clicks are two.
function once(name, about, shape, tell) {
  if (!live.config_.events.includes(name)) return;
  const properties = some(about);
  const items = itemsIn(about.items);
  if (items[0]) properties.items = items;
  const what = [name, properties.transaction_id, properties.search_term, ...items.map((item) => item.item_id + "x" + (item.quantity || 1))].join();
  const time = now();
  recent = recent.filter((one) => time - one.time_ < COPY);
  const isCopy = recent.some((one) => one.what_ === what && one.shape_ !== shape);
  recent.push({ what_: what, shape_: shape, time_: time });
  if (!isCopy) tell.event(name, properties);
}

// Replay what was pushed before us, then listen; and again if somebody put another push or another array there.
export function listen(layer, tell) {
  if (!isList(layer) || layer.push === hooked) return;
  const hear = safely((pushed) => read(pushed, tell));
  const before = layer.push;
  layer.forEach(hear);
  hooked = layer.push = function (...pushed) {
    const returned = before.apply(this, pushed);
    pushed.forEach(hear);
    return returned;
  };
}
