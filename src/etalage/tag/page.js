// Say where she is: what the page told (dataLayer, JSON-LD, own call) and what its address says; as little as serves.
import { doc, live, win } from "./live.js";

const KEPT = /^(utm_\w+|category|page|sort)$/;
export let told = {};
let address = "";

export const tell = (facts) => Object.assign(told, facts);

// An address without what could name somebody.
export function address_of(whole) {
  try {
    const url = new URL(whole, win.location.href);
    const query = [...url.searchParams].filter(([name]) => KEPT.test(name));
    const path = url.pathname.replace(/[^/]*(@|%40)[^/]*/g, "-");
    return url.origin + path + (query.length ? "?" + new URLSearchParams(query) : "");
  } catch {
    return "";
  }
}

export const language = () => (doc.documentElement.lang || "nl").slice(0, 2).toLowerCase();

export function page() {
  const path = win.location.pathname;
  return {
    ...told,
    url: address_of(win.location.href),
    type: told.type || (path === "/" ? "home" : undefined),
    referrer: address_of(doc.referrer || "about:blank").replace(/^null.*/, ""),
    language: language(),
  };
}

// Whether the address changed since the last look: a new page view in a single-page shop.
export function moved() {
  const here = win.location.href.split("#")[0];
  if (here === address) return false;
  const isFirst = !address;
  address = here;
  if (!isFirst) {
    told = {};
    live.began = Date.now();
  }
  return !isFirst;
}
