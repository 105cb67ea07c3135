// Judge page rules as the server does (decide/page_rules.py); tests/shared_cases/page_rules.json holds both to it.
const PROTECTED = ["checkout", "account", "login", "payment"];

export function path_of(url) {
  const plain = url.split("#")[0].split("?")[0];
  const at = plain.indexOf("://");
  if (at < 0) return plain;
  const slash = plain.indexOf("/", at + 3);
  return slash < 0 ? "/" : plain.slice(slash);
}

export const isProtected = (page, segments) =>
  PROTECTED.includes(page.type) ||
  path_of(page.url || "")
    .toLowerCase()
    .split("/")
    .some((segment) => segments.includes(segment.split(".")[0]));

export function fitsPage(rule, page) {
  if (rule.types && rule.types.length && !rule.types.includes(page.type)) return false;
  if (rule.under && page.category !== rule.under && !(page.category || "").startsWith(rule.under + " > ")) return false;
  return !rule.url || fitsUrl(rule.url, page.url);
}

export function fitsUrl({ kind, text }, url) {
  if (url === undefined || url === null) return false;
  const path = text.includes("?") ? url : path_of(url);
  if (kind === "exact") return path === text;
  return kind === "prefix" ? path.startsWith(text) : fitsGlob(text, path);
}

// `*` stands for any characters; matched from left to right, without going back.
function fitsGlob(pattern, path) {
  const parts = pattern.split("*");
  const first = parts.shift();
  const last = parts.pop();
  if (last === undefined) return path === pattern;
  if (!path.startsWith(first) || !path.endsWith(last) || path.length < first.length + last.length) return false;
  let rest = path.slice(first.length, path.length - last.length);
  return parts.every((part) => {
    const at = rest.indexOf(part);
    rest = rest.slice(at + part.length);
    return at >= 0;
  });
}
