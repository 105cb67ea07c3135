// The tag: start once, listen, and answer `etalage(command, ...)`. Every way in goes through the guard.
import { call } from "./call.js";
import { listen } from "./collect.js";
import { PURPOSES, closeElsewhere, gpc, listenTcf, ownConsent, sayOwn, settled, wait, who } from "./consent.js";
import { drafts } from "./draft.js";
import { later, on, resting, safely } from "./guard.js";
import { doc, isList, live, note, now, plainly, win } from "./live.js";
import { happens, observe, renew } from "./moments.js";
import { myPage } from "./my_page.js";
import { language, moved, page, tell, told } from "./page.js";
import { ask, fill, isBusy, rank, settle, shown, slotOf, undraw } from "./place.js";
import { forget, hasCookie, keep, kept, recall, stored, writeCookie } from "./remember.js";
import { clear, flush, leave, mayMeasure, record, resume, tellRefusal } from "./send.js";
import { everyBeat, keepTime } from "./watch.js";

const LOOK_AGAIN = 8_000; // milliseconds between two looks at the configuration while something of ours is on the page
const TCF_PATIENCE = 500;
const AFTER_CHANGE = 200; // a basket that changes more than once is looked at once
let isReady = false; // the page can be read
let isBegun = false;
let changed = 0; // a timer: the basket did
let looked = 0; // when the configuration was last asked for

// ---- What the shop tells ----

const levels = (item) => ["", 2, 3, 4, 5].map((n) => item["item_category" + n]).filter(Boolean).join(" > ");

function took(name, properties) {
  if (name === "view_search_results") name = "search";
  const items = properties.items || [];
  const type = { view_item: "product", view_item_list: "category", view_cart: "cart", begin_checkout: "checkout", search: "search" }[name];
  if (type && !page().type) tell({ type });
  if (items[0] && /^view_item/.test(name)) {
    const category = told.category || levels(items[0]) || undefined;
    tell({ category, product_id: told.product_id || (type === "product" ? items[0].item_id : undefined) });
  }
  if (type === "search") tell({ query: properties.search_term });
  happens(name);
  if (/cart$|^begin_checkout$|^purchase$/.test(name)) keep((state) => (state.cart = cartAfter(name, items, state.cart)));
  record(name, properties);
  // A message in the basket speaks of amounts: they follow what goes in and out (add_to_cart, remove_from_cart).
  if (/[om]_cart$/.test(name) && told.type === "cart" && live.config && isBegun) changed ||= later(() => ((changed = 0), fill()), AFTER_CHANGE);
}

function cartAfter(name, items, before) {
  const cart = name === "purchase" || (items.length && /^(view|begin)/.test(name)) ? {} : { ...before };
  if (name !== "purchase")
    items.forEach(({ item_id: id, quantity }) => {
      cart[id] = (cart[id] || 0) + (name === "remove_from_cart" ? -1 : 1) * (+quantity || 1);
      if (!(cart[id] > 0)) delete cart[id];
    });
  return cart;
}

const heard = { page: tell, consent: () => reconsider(), moved: () => moved() && newPage() };
const hear = () => listen(live.config?.data_layer || "dataLayer", took, heard);

// ---- Consent ----

function reconsider(isElsewhere) {
  if (!isBegun) return isReady && now() >= wait && begin();
  const before = live.open;
  const after = settled();
  live.from = who();
  const { token } = live;
  live.open = after;
  if (PURPOSES.every((purpose) => !!before[purpose] === after[purpose])) {
    if (live.from === "own") after.device ? keepChoice() : clear();
    return;
  }
  if (!mayMeasure()) clear();
  if (after.device) {
    if (!before.device) arrive();
    keepChoice();
  } else {
    forget();
    if (!isElsewhere) tellRefusal(token, before);
  }
  fill();
}

const keepChoice = () =>
  keep((state) => {
    state.purposes = { ...live.open };
    state.consent = live.from === "own" ? ownConsent() : undefined;
  });

// Another tab said something: a no there is a no here, within the second.
function hearOther(state) {
  PURPOSES.forEach((purpose) => {
    if (live.open[purpose] && !state?.purposes?.[purpose]) closeElsewhere(purpose);
  });
  sayOwn(state?.consent);
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
    const views = (state.views ||= {});
    if (!(state.session > now() - 86_400_000) || !Object.keys(views).length) state.session = now();
    views[type] = (views[type] || 0) + 1;
    live.session = state.session;
    state.seen = now();
  });
}

function look() {
  const { product, levels: crumbs } = drafts();
  const id = product?.product_id;
  if (id && !told.product_id && (told.type || "product") === "product") tell({ type: "product", product_id: id });
  if (crumbs.length > 1 && !told.category) {
    // The first crumb is the home page, the last of a product page the product itself.
    tell({ category: crumbs.slice(1, told.type === "product" ? -1 : undefined).join(" > ") || undefined });
  }
  record("page_view");
  const known = kept().drafts || [];
  if (!id || known.includes(id)) return;
  keep((state) => (state.drafts = [...known, id].slice(-50)));
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
  reconsider();
  if (!live.round) fill();
}

async function configure() {
  looked = now(); // also where there is no answer: not asked again at once
  live.config = await call("/v1/config/" + live.key);
  live.configured = now();
  if (live.config.off) undraw();
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
    writeCookie("staff", 1, is ? 31_536_000 : 0);
    live.staff = is || undefined;
  },
  why: () =>
    shown().map(({ entry, box }) => {
      box.querySelector(".why").open = true;
      return { experience: entry.experience, why: entry.why };
    }),
  // For developers, hence a file of its own, which no visitor loads.
  diagnose: () => import(live.base + "/docs/tag.js").then((file) => file.diagnose({ call, gpc, language, live, resting, shown, slotOf, who })),
};

// What a command gives comes as a promise, so that the stub before us could promise it too.
const run = ([command, ...rest]) => (Object.hasOwn(COMMANDS, command) ? COMMANDS[command](...rest) : undefined);
const etalage = (...given) => Promise.resolve(safely(run)(given)).catch(() => {});

async function start() {
  live.demo = hasCookie("demo");
  live.staff = hasCookie("staff");
  if (navigator.webdriver && !live.demo) return;
  on(doc, "securitypolicyviolation", (event) => event.blockedURI.startsWith(live.base) && note("csp", event.violatedDirective));
  sayOwn(stored()?.consent);
  moved();
  hear();
  (win.etalage.q || []).forEach(safely((one) => (isList(one) ? one[1](run(one[0])) : run(one))));
  win.etalage = Object.assign(etalage, { started: true });
  await configure();
  if (navigator.webdriver && !live.config.demo) return;
  if (doc.readyState === "loading") await new Promise((done) => on(doc, "DOMContentLoaded", done));
  hear();
  observe();
  const tcfPause = typeof win.__tcfapi === "function" ? live.began + TCF_PATIENCE : 0;
  const hearTcf = () => listenTcf(safely(() => reconsider()));
  hearTcf();
  const lookAgain = () => isBusy() && !resting() && now() - looked > LOOK_AGAIN && configure().catch(() => {});
  [hear, hearTcf, heard.moved, settle, lookAgain].forEach(everyBeat);
  on(doc, "visibilitychange", () => {
    keepTime();
    if (doc.visibilityState === "hidden") leave();
  });
  on(win, "pagehide", leave);
  on(win, "pageshow", (event) => {
    if (!event.persisted) return;
    if (live.open.device && !live.unkept) hearOther(stored());
    live.configured = 0;
    later(() => configure().then(newPage, () => {}), 0);
  });
  on(win, "storage", (event) => {
    if (event.key === "etalage" || (event.key === null && live.open.device)) hearOther(stored());
  });
  keepTime();
  isReady = true;
  later(begin, Math.max(wait, tcfPause) - now());
}

safely(() => {
  const script = doc.currentScript || doc.querySelector('script[src*="/tag/wk_"]');
  const address = /^(.*)\/tag\/(\w+)(\.\w+)?\.js/.exec(script.src);
  if (!address || win.etalage?.started) return; // put in the page twice
  if (typeof win.etalage !== "function") win.etalage = etalage; // also where a form has our name
  win.etalage.started = true;
  [, live.base, live.key] = address;
  live.nonce = script.nonce;
  const begins = safely(() => start().catch(() => {}));
  if (doc.prerendering) on(doc, "prerenderingchange", begins);
  else begins();
})();
