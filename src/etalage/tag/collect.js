// Collect what the shop already tells: GA4 in the dataLayer, gtag's arguments, the old Universal Analytics shape.
import { sayMode } from "./consent.js";
import { safely } from "./guard.js";
import { isList, now, plainly, win } from "./live.js";
import { ofOldShape } from "./old_shape.js";

const NAMES =
  /^(view_(item(_list)?|cart|promotion|search_results)|select_(item|promotion)|add_(to_cart|to_wishlist|shipping_info|payment_info)|remove_from_cart|begin_checkout|purchase|search|login|sign_up|generate_lead)$/;
const WITHOUT_ITEMS = /search|log|_up|lead/;
const KEPT =
  /^((item|promotion|creative)_\w+|currency|value|tax|shipping|coupon|transaction_id|search_term|price|quantity|discount|index|size|method|(payment|customer)_type|shipping_tier)$/;
const COPY = 3_000; // within which a plugin's copy of an event is the same event
const AGAIN = 500;

const seen = new WeakSet(); // pushes that were read, and our own
let remembered = {};
let recent = [];
let hooked;

// Do not read back what we pushed ourselves.
export const ours = (pushed) => (seen.add(pushed), pushed);

const some = (from) => {
  const kept = {};
  Object.keys(from).forEach((name) => {
    const value = from[name];
    if (KEPT.test(name) && (typeof value === "string" || typeof value === "number")) kept[name] = value;
  });
  return kept;
};

export function itemsIn(told) {
  const list = isList(told) ? told : plainly(told) ? ("item_id" in told || "item_name" in told ? [told] : Object.values(told)) : [];
  return list.filter(plainly).slice(0, 200).map(itemOf);
}

function itemOf(told) {
  const item = some(told);
  item.item_id = item.item_id ?? told.product_id ?? told.id ?? told.sku;
  if (typeof item.item_id === "number") item.item_id = "" + item.item_id;
  if (!(+item.quantity > 0)) delete item.quantity; // missing or 0: one
  return item;
}

// Read one push. `take(name, properties)` gets each event once; `tell.page(facts)` and `tell.consent()` the rest.
export function read(pushed, take, tell) {
  if (!plainly(pushed) || seen.has(pushed)) return;
  seen.add(pushed);
  if (typeof pushed[0] === "string" && "length" in pushed) return readCommand(pushed, take, tell);
  if (pushed.page_type || pushed.pageType) tell.page({ type: pushed.page_type || pushed.pageType });
  if (pushed.ecommerce === null) remembered = {};
  else if (plainly(pushed.ecommerce)) remembered = { ...remembered, ...pushed.ecommerce };
  const name = pushed.event;
  if (typeof name === "string" && name.startsWith("gtm.")) return name.startsWith("gtm.historyChange") && tell.moved();
  const old = ofOldShape(pushed.ecommerce, itemOf);
  if (old) return old.forEach(([named, properties]) => once(named, properties, "old", take));
  if (!NAMES.test(name)) return;
  const about = plainly(pushed.ecommerce)
    ? pushed.ecommerce
    : plainly(pushed.eventModel)
      ? pushed.eventModel
      : WITHOUT_ITEMS.test(name) || pushed.items
        ? {}
        : remembered;
  once(name, { ...pushed, ...about }, pushed.eventModel ? "copy" : "own", take);
}

function readCommand(given, take, tell) {
  const [command, name, about] = given;
  if (command === "consent") return sayMode(name, about), tell.consent();
  if (command === "event" && NAMES.test(name)) once(name, plainly(about) ? about : {}, "gtag", take);
}

// The same action told in two ways counts once; two clicks are two.
function once(name, about, shape, take) {
  const properties = some(about);
  const items = itemsIn(about.items);
  if (items.length) properties.items = items;
  const what = [name, properties.transaction_id, properties.search_term, ...items.map((i) => i.item_id + "x" + (i.quantity || 1))].join();
  const time = now();
  recent = recent.filter((one) => time - one.time < COPY);
  const isCopy = recent.some((one) => one.what === what && (one.shape !== shape || time - one.time < AGAIN));
  recent.push({ what, shape, time });
  if (!isCopy) take(name, properties);
}

// Replay what was pushed before us, then listen; and again if somebody put another push or another array there.
export function listen(name, take, tell) {
  const layer = win[name];
  if (!isList(layer) || layer.push === hooked) return;
  [...layer].forEach(safely((pushed) => read(pushed, take, tell)));
  const before = layer.push;
  hooked = layer.push = function (...pushed) {
    const returned = before.apply(this, pushed);
    pushed.forEach(safely((one) => read(one, take, tell)));
    return returned;
  };
}
