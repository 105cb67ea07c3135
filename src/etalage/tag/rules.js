// Judge page rules as the server does (decide/page_rules.py); tests/shared_cases/page_rules.json holds both to it.
const PROTECTED = /^(checkout|account|login|payment)$/;

// Of an address: `/a/b`, and `/` where it names the host alone.
const pathOf = (url) => url.replace(/[?#][^]*/, "").replace(/^.*?:\/\/[^/]*/, "") || "/";

export const isProtected = ({ type, url = "" }, segments) =>
  PROTECTED.test(type) || pathOf(url).toLowerCase().split(/[/]/).some((segment) => segments.includes(segment.split(".")[0]));

export const fitsPage = ({ types, under, url }, page) =>
  (!types?.[0] || types.includes(page.type)) &&
  (!under || (page.category + " > ").startsWith(under + " > ")) &&
  (!url || (page.url != null && fitsUrl(url, page.url)));

// `*` stands for any characters; matched from left to right, without going back.
function fitsUrl({ kind, text }, url) {
  const path = text.includes("?") ? url : pathOf(url);
  const parts = kind === "exact" ? [text] : kind === "prefix" ? [text, ""] : text.split("*");
  let from = 0;
  return parts.every((part, at) => {
    const found = parts[at + 1] == null ? path.length - part.length : path.indexOf(part, from);
    const fits = found >= from && (at || !found) && path.startsWith(part, found);
    from = found + part.length;
    return fits;
  });
}
