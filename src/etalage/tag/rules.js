// Judge page rules as the server does (decide/page_rules.py); tests/shared_cases/page_rules.json holds both to it.
const PROTECTED = /^(checkout|account|login|payment)$/;

// Of an address: `/a/b`, and `/` where it names the host alone.
export const path_of = (url) => url.replace(/[?#][^]*/, "").replace(/^.*?:\/\/[^/]*$/, "/").replace(/^.*?:\/\/[^/]*/, "");

export const isProtected = (page, segments) =>
  PROTECTED.test(page.type) ||
  path_of(page.url || "")
    .toLowerCase()
    .split("/")
    .some((segment) => segments.includes(segment.split(".")[0]));

export const fitsPage = ({ types, under, url }, page) =>
  (!types?.length || types.includes(page.type)) &&
  (!under || (page.category + " > ").startsWith(under + " > ")) &&
  (!url || (page.url != null && fitsUrl(url, page.url)));

// `*` stands for any characters; matched from left to right, without going back.
function fitsUrl({ kind, text }, url) {
  const path = text.includes("?") ? url : path_of(url);
  const parts = kind === "exact" ? [text] : kind === "prefix" ? [text, ""] : text.split("*");
  let from = 0;
  return parts.every((part, at) => {
    const isLast = at === parts.length - 1;
    const found = isLast ? path.length - part.length : path.indexOf(part, from);
    const fits = found >= from && (at || !found) && path.startsWith(part, found);
    from = found + part.length;
    return fits;
  });
}
