// Translate Universal Analytics' enhanced e-commerce, which old shops still push, into GA4's events.
// Only names: levels of a category and amounts in text are read by the server (collect/lines.py).
import { isList, plainly } from "./live.js";

const DEEDS = {
  impressions: "view_item_list",
  detail: "view_item",
  add: "add_to_cart",
  remove: "remove_from_cart",
  checkout: "begin_checkout",
  purchase: "purchase",
};

const itemOf = ({ id, name, brand, category, price, quantity }) => ({
  item_id: id,
  item_name: name,
  item_brand: brand,
  price,
  quantity,
  item_category: category && ("" + category).replace(/ *\/ */g, " > "),
});

export const ofOldShape = (told) =>
  Object.keys(DEEDS).flatMap((deed) => {
    const { products = told[deed], actionField } = told[deed] || {};
    if (!isList(products)) return [];
    const order = deed === "purchase" && { ...actionField, transaction_id: actionField?.id, value: actionField?.revenue };
    return [[DEEDS[deed], { ...order, currency: told.currencyCode, items: products.filter(plainly).map(itemOf) }]];
  });
