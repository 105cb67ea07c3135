// Translate Universal Analytics' enhanced e-commerce, which old shops still push, into GA4's events.
import { isList, plainly } from "./live.js";

const DEEDS = { detail: "view_item", add: "add_to_cart", remove: "remove_from_cart", checkout: "begin_checkout", purchase: "purchase" };

const levels = (category) =>
  ("" + (category || ""))
    .split("/")
    .slice(0, 5)
    .map((level, at) => ["item_category" + (at ? at + 1 : ""), level.trim() || undefined]);

const itemsOf = (products) =>
  products.filter(plainly).map(({ id, name, brand, variant, category, price, quantity, position }) => ({
    ...Object.fromEntries(levels(category)),
    ...{ item_id: id, item_name: name, item_brand: brand, item_variant: variant, price, quantity, index: position },
  }));

export function ofOldShape(told) {
  const events = isList(told.impressions) ? [["view_item_list", { items: itemsOf(told.impressions) }]] : [];
  Object.keys(DEEDS).forEach((deed) => {
    const { products, actionField = {} } = told[deed] || {};
    const order = deed === "purchase" ? { ...actionField, transaction_id: actionField.id, value: actionField.revenue } : {};
    if (isList(products)) events.push([DEEDS[deed], { ...order, currency: told.currencyCode, items: itemsOf(products) }]);
  });
  return events;
}
