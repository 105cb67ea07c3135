// The tag: start once, listen, and answer `etalage(command, ...)`. Every way in goes through the guard.
import { call } from "./call.js";
import { listen } from "./collect.js";
import { PURPOSES, closeElsewhere, isSpoken, listenTcf, ownConsent, sayOwn, settled, wait, who } from "./consent.js";
import { diagnose } from "./diagnose.js";
import { drafts } from "./draft.js";
import { later, on, resting, safely } from "./guard.js";
import { doc, isList, live, note, now, plainly, win } from "./live.js";
import { happens, observe, renew } from "./moments.js";
import { myPage } from "./my_page.js";
import { moved, page, tell, told } from "./page.js";
import { ask, fill, isBusy, rank, settle, shown, undraw } from "./place.js";
import { forget, hasCookie, isKept, keep, kept, keptConsent, recall, stateIn } from "./remember.js";
import { clear, flush, leave, mayMeasure, record, resume, tellRefusal } from "./send.js";
import { everyBeat, keepTime } from "./watch.js";

const LOOK_AGAIN = 8_000; // milliseconds between two looks at the configuration while something of ours is on the page
const TCF_PATIENCE = 500;
let isReady = false; // the page can be read
let isBegun = false;

// ---- What the shop tells ----

const levels = (item) => ["", 2, 3, 4, 5].map((n) => item["item_category" + n]).filter(Boolean).join(" > ");

function took(name, properties) {
  const items = properties.items || [];
  const [first] = items;
  const type = { view_item: "product", view_item_list: "category", view_cart: "cart", begin_checkout: "checkout", search: "search", view_search_results: "search" }[name];
  if (type && !page().type) tell({ type });
  if (name === "view_item" && first && !told.product_id) tell({ product_id: first.item_id });
  if (/^view_item/.test(name) && first && !told.category && levels(first)) tell({ category: levels(first) });
  if (type === "search") {
    tell({ query: properties.search_term });
    happens("search");
  }
  if (name === "add_to_cart") happens(name);
  if (/cart$|^begin_checkout$|^purchase$/.test(name)) keep((state) => (state.cart = cartAfter(name, items, state.cart || {})));
  record(name === "view_search_results" ? "search" : name, properties);
}

function cartAfter(name, items, before) {
  const cart = /^(view_cart|begin_checkout)$/.test(name) && items.length ? {} : { ...before };
  if (name === "purchase") return {};
  items.forEach(({ item_id: id, quantity }) => {
    const count = (cart[id] || 0) + (name === "remove_from_cart" ? -1 : 1) * (+quantity || 1);
    if (count > 0) cart[id] = count;
    else delete cart[id];
  });
  return cart;
}

const heard = { page: tell, consent: () => reconsider(), moved: () => moved() && newPage() };
const hear = () => listen((live.config && live.config.data_layer) || "dataLayer", took, heard);

// ---- Consent ----

function reconsider(isElsewhere) {
  if (!isBegun) {
    if (isReady && now() >= wait) begin();
    return;
  }
  const before = live.open;
  const after = settled();
  live.from = who();
  if (PURPOSES.every((purpose) => !!before[purpose] === after[purpose])) {
    if (live.from === "own" && after.device) keepChoice();
    if (isSpoken() && !after.device && live.from === "own") clear();
    return;
  }
  const token = live.token;
  live.open = after;
  if (!mayMeasure()) clear();
  if (before.device && !after.device) {
    forget();
    if (!isElsewhere) tellRefusal(token, before);
  } else {
    if (!before.device) arrive();
    keepChoice();
  }
  fill();
}

const keepChoice = () =>
  keep((state) => {
    state.purposes = { ...live.open };
    state.consent = live.from === "own" ? { ...ownConsent() } : undefined;
  });

// Another tab said something: a no there is a no here, within the second.
function hearOther(state) {
  PURPOSES.forEach((purpose) => {
    if (live.open[purpose] && !(state && state.purposes && state.purposes[purpose])) closeElsewhere(purpose);
  });
  if (state && state.consent) sayOwn(state.consent);
  reconsider(true);
}

// ---- A page view ----

function arrive() {
  recall();
  resume();
  count();
}

function count() {
  const type = page().type || "other";
  keep((state) => {
    const views = (state.views = state.views || {});
    views[type] = (views[type] || 0) + 1;
    if (!(state.session > now() - 86_400_000) || views[type] + Object.keys(views).length === 2) state.session = now();
    live.session = state.session;
    state.seen = now();
  });
}

function look() {
  const { product, levels: crumbs } = drafts();
  if (product && !told.product_id && (!told.type || told.type === "product")) tell({ type: "product", product_id: product.product_id });
  if (crumbs.length > 1 && !told.category) {
    // The first crumb is the home page, the last of a product page the product itself.
    tell({ category: crumbs.slice(1, told.type === "product" ? -1 : undefined).join(" > ") || undefined });
  }
  record("page_view");
  const known = kept().drafts || [];
  if (!product || known.includes(product.product_id)) return;
  keep((state) => (state.drafts = [...known, product.product_id].slice(-50)));
  record("product_seen", product);
}

function newPage() {
  if (!mayMeasure()) clear();
  renew();
  undraw();
  later(() => {
    look();
    if (live.open.device) count();
    fill();
  }, LOOK_AFTER_MOVE);
}
const LOOK_AFTER_MOVE = 300; // a single-page shop draws its page after it changed the address

function begin() {
  if (isBegun) return;
  isBegun = true;
  look();
  live.open = settled();
  live.from = who();
  if (live.open.device) {
    arrive();
    keepChoice();
  }
  fill();
}

async function configure() {
  const before = live.config;
  live.configured = now(); // also where there is no answer: not asked again at once
  try {
    live.config = await call("/v1/config/" + live.key);
  } catch (error) {
    live.configured = 0;
    throw error;
  }
  live.configured = now();
  if (live.config.off && before) undraw();
}

// ---- Commands ----

const COMMANDS = {
  consent(said) {
    sayOwn(said);
    reconsider();
  },
  track(name, properties) {
    if (typeof name === "string") took(name, plainly(properties) ? properties : {});
  },
  page: (facts) => plainly(facts) && tell(facts),
  identify(userId, signature, traits) {
    live.customer = { userId: "" + userId, signature };
    record("identify", undefined, { type: "identify", event: undefined, properties: undefined, ...live.customer, traits });
  },
  me: myPage,
  decide: (names) => (mayMeasure() && !resting() ? ask(isList(names) ? names : []).then((said) => said.decisions, () => []) : []),
  rank,
  staff(is) {
    doc.cookie = "etalage_staff=1;Path=/;SameSite=Lax;Max-Age=" + (is ? 31_536_000 : 0);
    live.staff = !!is;
  },
  why: () =>
    shown().map(({ entry, box }) => {
      box.querySelector(".why").open = true;
      return { experience: entry.experience, why: entry.why };
    }),
  diagnose,
};

// What a command gives comes as a promise, so that the stub before us could promise it too.
const run = (given) => {
  const [command, ...rest] = given;
  return Object.hasOwn(COMMANDS, command) ? COMMANDS[command](...rest) : undefined;
};
const etalage = (...given) => Promise.resolve(safely(run)(given)).catch(() => {});

async function start() {
  live.demo = hasCookie("etalage_demo");
  live.staff = hasCookie("etalage_staff");
  if (win.navigator.webdriver && !live.demo) return;
  on(doc, "securitypolicyviolation", (event) => event.blockedURI.startsWith(live.base) && note("csp", event.violatedDirective));
  const remembered = keptConsent();
  if (remembered) sayOwn(remembered);
  moved();
  hear();
  (win.etalage.q || []).forEach(safely((one) => (isList(one) ? one[1](run(one[0])) : run(one))));
  win.etalage = Object.assign(etalage, { started: true });
  await configure().catch(() => {});
  if (!live.config) return;
  if (win.navigator.webdriver && !live.config.demo) return;
  if (doc.readyState === "loading") await new Promise((done) => on(doc, "DOMContentLoaded", done));
  hear();
  observe();
  const tcfPause = typeof win.__tcfapi === "function" ? live.began + TCF_PATIENCE : 0;
  listenTcf(safely(reconsider));
  everyBeat(hear);
  everyBeat(() => listenTcf(safely(reconsider)));
  everyBeat(() => moved() && newPage());
  everyBeat(settle);
  everyBeat(() => isBusy() && !resting() && now() - live.configured > LOOK_AGAIN && configure().catch(() => {}));
  on(doc, "visibilitychange", () => {
    keepTime();
    if (doc.visibilityState === "hidden") leave();
  });
  on(win, "pagehide", leave);
  on(win, "pageshow", (event) => {
    if (!event.persisted) return;
    if (live.open.device && !live.unkept) hearOther(isKept() ? kept() : null);
    live.configured = 0;
    later(() => configure().then(newPage, () => {}), 0);
  });
  on(win, "storage", (event) => {
    if ((event.key === "etalage" || event.key === null) && live.open.device) hearOther(event.newValue && stateIn(event.newValue));
    else if (event.key === "etalage" && event.newValue) hearOther(stateIn(event.newValue));
  });
  keepTime();
  isReady = true;
  later(begin, Math.max(0, Math.max(wait, tcfPause) - now()));
}

safely(() => {
  const script = doc.currentScript || doc.querySelector('script[src*="/tag/wk_"]');
  const address = /^(.*)\/tag\/(\w+)(\.\w+)?\.js/.exec(script.src);
  if (!address || (win.etalage && win.etalage.started)) return; // put in the page twice
  if (typeof win.etalage !== "function") win.etalage = etalage; // also where a form has our name
  win.etalage.started = true;
  [, live.base, live.key] = address;
  live.nonce = script.nonce;
  const begins = safely(() => start().catch(() => {}));
  if (doc.prerendering) doc.addEventListener("prerenderingchange", begins, { once: true });
  else begins();
})();
