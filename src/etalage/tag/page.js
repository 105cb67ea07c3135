// Say where she is: what the page told (dataLayer, JSON-LD, own call) and what its address says; as little as serves.
import { doc, live, now } from "./live.js";

const KEPT = /^(utm_\w+|category|page|sort)$/;
export let told = {};
let address;

export const tell = (facts) => Object.assign(told, facts);

// An address without what could name somebody.
function plain(whole) {
  if (!whole) return "";
  const { origin, pathname, searchParams } = new URL(whole);
  const query = "" + new URLSearchParams([...searchParams].filter(([name]) => KEPT.test(name)));
  return origin + pathname.replace(/[^/]*(@|%40)[^/]*/g, "-") + (query && "?" + query);
}

export const language = () => (doc.documentElement.lang || "nl").slice(0, 2).toLowerCase();

export const page = () => ({
  ...told,
  url: plain(location.href),
  type: told.type || (location.pathname === "/" ? "home" : undefined),
  referrer: plain(doc.referrer).replace(/^null.*/, ""),
  language: language(),
});

// Whether the address changed since the last look: a new page view in a single-page shop.
export function moved() {
  const before = address;
  address = location.href.split("#")[0];
  if (!before || before === address) return false;
  told = {};
  live.began_ = now();
  return true;
}
