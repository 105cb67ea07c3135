// Read schema.org products on the page: a draft that nobody trusts, and where in the shop this page is.
import { doc, isList, plainly } from "./live.js";

const first = (value) => (isList(value) ? value[0] : value);
const last = (value) => ("" + (value || "")).split("/").pop();

// Broken JSON is common: comments, trailing commas, raw line ends. It is repaired as text and never run.
export function parsed(written) {
  try {
    return JSON.parse(written);
  } catch {
    try {
      const repaired = written
        .replace(/\/\*[^]*?\*\/|^\s*\/\/.*$|<!--|-->|\/?<!\[CDATA\[|\]\]>/gm, "")
        .replace(/[\n\r\t]+/g, " ")
        .replace(/,\s*([}\]])/g, "$1")
        .replace(/&quot;/g, '"');
      return JSON.parse(repaired);
    } catch {
      return null;
    }
  }
}

const nodes = (value) =>
  isList(value) ? value.flatMap(nodes) : !plainly(value) ? [] : [value, ...nodes(value["@graph"])];
const is = (node, type) => [].concat(node["@type"]).some((one) => last(one) === type);

export function draftsIn(texts) {
  const found = texts.flatMap((written) => nodes(parsed(written)));
  const crumbs = found.find((node) => is(node, "BreadcrumbList"));
  const levels = ((crumbs && crumbs.itemListElement) || [])
    .filter(plainly)
    .sort((one, other) => one.position - other.position)
    .map((one) => one.name || (one.item && one.item.name))
    .filter((name) => typeof name === "string");
  const told = found.find((node) => is(node, "Product") || is(node, "ProductGroup") || is(node, "IndividualProduct"));
  const group = told && told.hasVariant ? { ...told, ...first(told.hasVariant), name: told.name } : told;
  const offer = group && first(group.offers);
  const id = group && (told.productGroupID || group.sku || group.productID || group.mpn || group.gtin13);
  const product = id && {
    product_id: "" + id,
    brand: typeof group.brand === "string" ? group.brand : group.brand && group.brand.name,
    in_stock: offer && offer.availability ? /InStock|LimitedAvailability|OnlineOnly/.test(last(offer.availability)) : undefined,
  };
  return { product, levels };
}

export const drafts = () =>
  draftsIn([...doc.querySelectorAll('script[type="application/ld+json"]')].slice(0, 20).map((one) => one.textContent.slice(0, 100_000)));
