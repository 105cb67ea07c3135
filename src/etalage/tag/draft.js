// Read schema.org products on the page: a draft that nobody trusts, and where in the shop this page is.
import { doc, isList, plainly } from "./live.js";

const first = (value) => (isList(value) ? value[0] : value);

// Broken JSON is common: comments, trailing commas, raw line ends. It is repaired as text and never run.
const repaired = (written) =>
  written
    .replace(/\/\*[^]*?\*\/|^\s*\/\/.*$|<!--|-->|\/?<!\[CDATA\[|\]\]>/gm, "")
    .replace(/[\n\r\t]+/g, " ")
    .replace(/,\s*([}\]])/g, "$1")
    .replace(/&quot;/g, '"');

function parsed(written) {
  for (const read of [(same) => same, repaired])
    try {
      return JSON.parse(read(written));
    } catch {} // then repaired, or not at all
}

const nodes = (value) => (isList(value) ? value.flatMap(nodes) : plainly(value) ? [value, ...nodes(value["@graph"])] : []);

export function draftsIn(texts) {
  const found = texts.flatMap((written) => nodes(parsed(written)));
  const ofType = (types) => found.find((node) => [].concat(node["@type"]).some((one) => types.test(one)));
  const levels = (ofType(/(^|\/)BreadcrumbList$/)?.itemListElement || [])
    .filter(plainly)
    .sort((one, other) => one.position - other.position)
    .map((one) => one.name || one.item?.name)
    .filter((name) => typeof name === "string");
  const told = ofType(/(^|\/)(Individual)?Product(Group)?$/);
  const one = { ...told, ...first(told?.hasVariant) };
  const availability = first(one.offers)?.availability;
  const id = told?.productGroupID || one.sku || one.productID || one.mpn || one.gtin13;
  const product = id && {
    product_id: "" + id,
    brand: typeof one.brand === "string" ? one.brand : one.brand?.name,
    in_stock: availability ? /(InStock|LimitedAvailability|OnlineOnly)$/.test(availability) : undefined,
  };
  return { product, levels };
}

export const drafts = () =>
  draftsIn([...doc.querySelectorAll('script[type="application/ld+json"]')].slice(0, 20).map((one) => one.textContent.slice(0, 100_000)));
