// Collect what the shop already tells: GA4 in the dataLayer, gtag's arguments, the old Universal Analytics shape.
import { sayMode } from "./consent.js";
import { safely } from "./guard.js";
import { isList, now, plainly, win } from "./live.js";
import { ofOldShape } from "./old_shape.js";

const NAMES =
  /^((view|select)_(item|promotion)|view_(item_list|cart|search_results)|add_(to_(cart|wishlist)|(shipping|payment)_info)|remove_from_cart|begin_checkout|purchase|search|login|sign_up|generate_lead)$/;
const WITHOUT_ITEMS = /search|log|_up|lead/;
const KEPT =
  /^((item|promotion|creative)_\w+|currency|value|tax|shipping(_tier)?|coupon|transaction_id|search_term|price|quantity|discount|index|size|method|(payment|customer)_type)$/;
const COPY = 3_000; // within which a plugin's copy of an event is the same event

const seen = new WeakSet(); // pushes that were read, and our own
let remembered = {};
let recent = [];
let hooked;

// Do not read back what we pushed ourselves.
export const ours = (pushed) => (seen.add(pushed), pushed);

const some = (from) =>
  Object.fromEntries(Object.entries(from).filter(([name, value]) => KEPT.test(name) && /^(string|number)$/.test(typeof value)));

// A list, one item, or an object with a number before each.
const itemsIn = (told) =>
  (plainly(told) ? (told.item_id || told.item_name ? [told] : Object.values(told)) : []).filter(plainly).slice(0, 200).map(itemOf);

function itemOf(told) {
  const item = some(told);
  const id = item.item_id ?? told.product_id ?? told.id ?? told.sku;
  item.item_id = typeof id === "number" ? "" + id : id;
  if (!(+item.quantity > 0)) delete item.quantity; // missing or 0: one
  return item;
}

// Read one push. `take(name, properties)` gets each event once; `tell.page(facts)` and `tell.consent()` the rest.
export function read(pushed, take, tell) {
  if (!plainly(pushed) || seen.has(pushed)) return;
  seen.add(pushed);
  if (typeof pushed[0] === "string" && "length" in pushed) return readCommand(pushed, take, tell);
  const { event: name, ecommerce, eventModel } = pushed;
  const type = pushed.page_type || pushed.pageType;
  if (type) tell.page({ type });
  if (ecommerce === null) remembered = {};
  const about = [ecommerce, eventModel].find(plainly);
  if (about === ecommerce) remembered = { ...remembered, ...about };
  if (/^gtm\./.test(name)) return /^gtm\.historyChange/.test(name) && tell.moved();
  const old = about && !about.items ? ofOldShape(about) : [];
  if (old.length) return old.forEach(([named, properties]) => once(named, properties, "old", take));
  const isWhole = about || pushed.items || WITHOUT_ITEMS.test(name);
  once(name, { ...pushed, ...(isWhole ? about : remembered) }, eventModel ? "copy" : "own", take);
}

function readCommand([command, name, about], take, tell) {
  if (command === "consent") return sayMode(name, about), tell.consent();
  if (command === "event") once(name, plainly(about) ? about : {}, "gtag", take);
}

// The same action told in two ways counts once; two clicks are two.
function once(name, about, shape, take) {
  if (!NAMES.test(name)) return;
  const properties = some(about);
  const items = itemsIn(about.items);
  if (items.length) properties.items = items;
  const { transaction_id, search_term } = properties;
  const what = [name, transaction_id, search_term, ...items.map((item) => item.item_id + "x" + (item.quantity || 1))].join();
  const time = now();
  recent = recent.filter((one) => time - one.time < COPY);
  const isCopy = recent.some((one) => one.what === what && one.shape !== shape);
  recent.push({ what, shape, time });
  if (!isCopy) take(name, properties);
}

// Replay what was pushed before us, then listen; and again if somebody put another push or another array there.
export function listen(name, take, tell) {
  const layer = win[name];
  if (!isList(layer) || layer.push === hooked) return;
  const hear = safely((pushed) => read(pushed, take, tell));
  [...layer].forEach(hear);
  const before = layer.push;
  hooked = layer.push = function (...pushed) {
    const returned = before.apply(this, pushed);
    pushed.forEach(hear);
    return returned;
  };
}
