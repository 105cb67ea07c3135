// Read schema.org products on the page: a draft that nobody trusts, and where in the shop this page is.
import { doc, isList, plainly } from "./live.js";

const first = (value) => (isList(value) ? value[0] : value);

// Broken JSON is common: comments, trailing commas, raw line ends. It is repaired as text and never run.
const repaired = (written) =>
  written
    .replace(/\/\*[^]*?\*\/|^\s*\/\/.*$|<!--|-->|<!\[CDATA\[|\]\]>|,(?=\s*[}\]])/gm, "")
    .replace(/\s+/g, " ")
    .replace(/&quot;/g, '"');

function parsed(written) {
  try {
    return JSON.parse(written);
  } catch {
    try {
      return JSON.parse(repaired(written));
    } catch {} // then not at all
  }
}

const nodes = (value) => (isList(value) ? value.flatMap(nodes) : plainly(value) ? [value, ...nodes(value["@graph"])] : []);

export function draftsIn(texts) {
  const found = texts.flatMap((written) => nodes(parsed(written)));
  const ofType = (types) => found.find((node) => types.test(node["@type"])); // one, or some with commas between them
  const levels = (ofType(/(^|[/,])BreadcrumbList(,|$)/)?.itemListElement || [])
    .filter(plainly)
    .sort((one, other) => one.position - other.position)
    .map(({ name, item }) => name || item?.name)
    .filter((name) => typeof name === "string");
  const told = ofType(/(^|[/,])(Individual)?Product(Group)?(,|$)/);
  const { brand, offers, sku, productID, mpn, gtin13 } = { ...told, ...first(told?.hasVariant) };
  const availability = first(offers)?.availability;
  const id = told?.productGroupID || sku || productID || mpn || gtin13;
  const product = id && {
    product_id: "" + id,
    brand: typeof brand === "string" ? brand : brand?.name,
    in_stock: availability ? /(InStock|LimitedAvailability|OnlineOnly)$/.test(availability) : undefined,
  };
  return { product, levels };
}

export const drafts = () =>
  draftsIn([...doc.querySelectorAll('script[type="application/ld+json"]')].map((one) => one.textContent.slice(0, 100_000)));
