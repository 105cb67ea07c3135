import assert from "node:assert/strict";
import test from "node:test";
import { tag } from "./page.mjs";

const { listen, read, ours } = await tag("collect");
const { live } = await tag("live");
live.config_ = { events: process.env.TOLD.split(" ") }; // as the public configuration has them
const told = { page() {}, consent() {}, moved() {} };
const taken = (...pushes) => {
  const got = [];
  pushes.forEach((one) => read(one, { ...told, event: (name, properties) => got.push([name, properties]) }));
  return got;
};
let number = 0;
const item = (more) => ({ item_id: "S-" + ++number, price: 79.95, ...more });

test("1. what was pushed before us is replayed in order, and push keeps what it returns", () => {
  const [a, b] = [item(), item()];
  window.early = [{ event: "view_item", ecommerce: { items: [a] } }];
  const got = [];
  const heard = { ...told, event: (name, properties) => got.push(properties.items[0].item_id) };
  listen(window.early, heard);
  const google = window.early.push; // Google's own container wraps push again
  window.early.push = function (...given) { return google.apply(this, given) };
  listen(window.early, heard);
  assert.equal(window.early.push({ event: "view_item", ecommerce: { items: [b] } }), 2);
  assert.deepEqual(got, [a.item_id, b.item_id]);
});

test("a cleared ecommerce object is no event and is forgotten", () => {
  const one = item();
  const got = taken({ ecommerce: { items: [one] } }, { event: "view_item" }, { ecommerce: null }, { event: "view_cart" });
  assert.equal(got[0][1].items[0].item_id, one.item_id);
  assert.equal(got[1][1].items, undefined);
});

test("2. gtag pushes its arguments; parameters stand in the third", () => {
  const one = item();
  const gtag = function () { return arguments };
  const got = taken(gtag("js", new Date()), gtag("config", "G-1", {}), gtag("event", "view_item", { currency: "EUR", items: [one] }));
  assert.deepEqual(got.map(([name]) => name), ["view_item"]);
  assert.equal(got[0][1].currency, "EUR");
});

test("3. a plugin's copy counts once, two clicks count twice", async () => {
  const one = item();
  assert.equal(taken({ event: "view_item", ecommerce: { items: [one] } }, { event: "view_item", eventModel: { items: [one] } }).length, 1);
  const two = item();
  const click = () => ({ event: "add_to_cart", ecommerce: { items: [two] } });
  const first = taken(click());
  await new Promise((done) => setTimeout(done, 600));
  assert.equal(first.length + taken(click()).length, 2);
});

test("4. an order keeps its number, by which the server counts it once", () => {
  const [[name, properties]] = taken({ event: "purchase", ecommerce: { transaction_id: "N-1", value: "79,95", items: [item()] } });
  assert.deepEqual([name, properties.transaction_id, properties.value], ["purchase", "N-1", "79,95"]);
});

test("5. the old Universal Analytics shape", () => {
  const product = { id: "7", name: "Jas", price: "79.95", brand: "Noord", category: "Dames/Jassen", quantity: 2 };
  const got = taken({ event: "x", ecommerce: { currencyCode: "EUR", purchase: { actionField: { id: "N-9", revenue: "159.90" }, products: [product] } } });
  assert.equal(got[0][0], "purchase");
  assert.equal(got[0][1].transaction_id, "N-9");
  assert.deepEqual(
    got[0][1].items[0],
    { item_id: "7", item_name: "Jas", price: "79.95", item_brand: "Noord", item_category: "Dames > Jassen", quantity: 2 },
  );
});

test("5. lists and looks in the old shape, and what it says of a person stays in the page", () => {
  const products = [{ id: 8, name: "Muts", email: "a@b.example", dimension1: "x" }];
  const got = taken({ ecommerce: { impressions: products } }, { ecommerce: { detail: { actionField: { list: "home" }, products } } });
  assert.deepEqual(got.map(([name]) => name), ["view_item_list", "view_item"]);
  assert.equal(got[1][1].items[0].item_id, "8");
  assert.ok(!JSON.stringify(got).includes("a@b.example"));
});

test("6. functions and Google's own events are left alone, except a change of history", () => {
  let moved = 0;
  const heard = { ...told, event: assert.fail, moved: () => moved++ };
  for (const one of [() => 1, { event: "gtm.js" }, { event: "gtm.click" }, { event: "gtm.historyChange" }, { event: "gtm.historyChange-v2" }, null, 7, "x"])
    read(one, heard);
  assert.equal(moved, 2);
});

test("7. odd values: text prices, no quantity, items as an object, numeric ids", () => {
  const items = { 0: { item_id: 42, price: "€ 1.234,50", quantity: 0, user: { mail: "a@b" } }, 1: { item_name: "Jas" } };
  const [[, { items: read_ }]] = taken({ event: "view_cart", ecommerce: { items } });
  assert.deepEqual(read_[0], { item_id: "42", price: "€ 1.234,50", quantity: 0 }); // none of a thing: the server takes it as one
  assert.equal(read_[1].item_name, "Jas");
});

test("our own pushes and unknown events are not read", () => {
  assert.deepEqual(taken(ours({ event: "view_promotion", ecommerce: {} }), { event: "newsletter_popup" }), []);
});

test("nothing but known parameters leaves the page", () => {
  const [[, properties]] = taken({ event: "login", method: "mail", user_email: "a@b.example", ecommerce: { password: "x" } });
  assert.deepEqual(properties, { method: "mail" });
  const [[, gtagged]] = taken(["event", "sign_up", { method: "mail", email: "a@b.example" }]);
  assert.deepEqual(gtagged, { method: "mail" });
});
