// Translate Universal Analytics' enhanced e-commerce, which old shops still push, into GA4's events.
import { isList, plainly } from "./live.js";

const DEEDS = {
  detail: "view_item",
  add: "add_to_cart",
  remove: "remove_from_cart",
  checkout: "begin_checkout",
  purchase: "purchase",
};

export function ofOldShape(told, itemOf) {
  if (!plainly(told) || told.items) return null;
  const events = [];
  const list = (products) =>
    (isList(products) ? products : []).filter(plainly).map((product) => {
      const item = { item_id: product.id, item_name: product.name, item_brand: product.brand, item_variant: product.variant };
      ("" + (product.category || "")).split("/").forEach((level, at) => {
        if (level && at < 5) item["item_category" + (at ? at + 1 : "")] = level.trim();
      });
      return itemOf({ ...item, price: product.price, quantity: product.quantity, index: product.position });
    });
  if (isList(told.impressions)) events.push(["view_item_list", { items: list(told.impressions) }]);
  Object.keys(DEEDS).forEach((deed) => {
    const one = told[deed];
    if (!plainly(one) || !isList(one.products)) return;
    const { id, revenue, tax, shipping, coupon } = one.actionField || {};
    const order = deed === "purchase" ? { transaction_id: id, value: revenue, tax, shipping, coupon } : {};
    events.push([DEEDS[deed], { ...order, currency: told.currencyCode, items: list(one.products) }]);
  });
  return events.length ? events : null;
}
