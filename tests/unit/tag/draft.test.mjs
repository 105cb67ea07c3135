import assert from "node:assert/strict";
import test from "node:test";
import { tag } from "./page.mjs";

const { draftsIn } = await tag("draft");
const { text } = await tag("text");
const product = (more) => ({ "@context": "https://schema.org/", "@type": "Product", sku: "S-42", brand: { name: "Noord" }, offers: { price: 79.95, availability: "https://schema.org/InStock" }, ...more });

test("a product in an object, a list or a graph, and the path of its category", () => {
  const crumbs = { "@type": "BreadcrumbList", itemListElement: [{ position: 2, name: "Jassen" }, { position: 1, item: { name: "Dames" } }] };
  for (const written of [product(), [product()], { "@graph": [product()] }, product({ "@type": ["Thing", "Product"] })]) {
    const found = draftsIn([JSON.stringify(written), JSON.stringify(crumbs)]);
    assert.deepEqual(found, { product: { product_id: "S-42", brand: "Noord", in_stock: true }, levels: ["Dames", "Jassen"] });
  }
});

test("a price is never passed on", () => assert.ok(!("price" in draftsIn([JSON.stringify(product())]).product)));

test("a group stands for its variants", () => {
  const group = { "@type": "ProductGroup", productGroupID: "G-1", name: "Jas", hasVariant: [product({ offers: [{ availability: "OutOfStock" }] })] };
  assert.deepEqual(draftsIn([JSON.stringify(group)]).product, { product_id: "G-1", brand: "Noord", in_stock: false });
});

test("broken JSON is read as far as it can be, and never run", () => {
  const broken = '/* note */ {"@type": "Product",\n "sku": "S-1", "name": "a\nb",}';
  assert.equal(draftsIn([broken]).product.product_id, "S-1");
  for (const odd of ["", "null", "7", "[", "alert(1)", '{"@type":null}']) assert.deepEqual(draftsIn([odd]).levels, []);
});

test("JSON is written without the page's own toJSON", () => {
  Array.prototype.toJSON = () => "broken";
  try {
    const said = { a: [1, "b\n\u2028\"", true, null, undefined], c: undefined, d: () => 1, e: NaN };
    assert.deepEqual(JSON.parse(text(said)), { a: [1, "b\n\u2028\"", true, null, null], e: null });
  } finally {
    delete Array.prototype.toJSON;
  }
});
