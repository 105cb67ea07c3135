// The tag: start once, listen, and answer `etalage(command, ...)`. Every way in goes through the guard.
// It starts in short turns (see `pause`), so that a slow telephone can answer its owner in between.
import { call } from "./call.js";
import { listen } from "./collect.js";
import { PURPOSES, closeElsewhere, hasTcf, listenTcf, ownConsent, sayOwn, settled, wait, who } from "./consent.js";
import { drafts } from "./draft.js";
import { failed, later, on, pause, resting, safely } from "./guard.js";
import { doc, isList, live, now, plainly, win } from "./live.js";
import { happens, observe, renew, turnAway } from "./moments.js";
import { myPage } from "./my_page.js";
import { moved, page, tell, told } from "./page.js";
import { ask, fill, isBusy, rank, settle, undraw } from "./place.js";
import { forget, hasCookie, keep, kept, recall, stored } from "./remember.js";
import { clear, leave, mayMeasure, record, resume, tellRefusal } from "./send.js";
import { everyBeat, keepTime } from "./watch.js";

const LOOK_AGAIN = 8_000; // milliseconds between two looks at the configuration while something of ours is on the page
const TCF_PATIENCE = 500;
const AFTER_CHANGE = 200; // a basket that changes more than once is looked at once
const AFTER_MOVE = 300; // a single-page shop draws its page after it changed the address
let isReady; // the page can be read
let isBegun;
let changed; // a timer: the basket did
let looked; // when the configuration was last asked for

// ---- What the shop tells ----

const TYPES = { view_item: "product", view_item_list: "category", view_cart: "cart", begin_checkout: "checkout", search: "search" };

const levels = (item) => ["", 2, 3, 4, 5].map((n) => item["item_category" + n]).filter(Boolean).join(" > ");

function took(name, properties) {
  if (name === "view_search_results") name = "search";
  const { items = [], search_term: query } = properties;
  const type = TYPES[name];
  if (type && !page().type) tell({ type });
  if (items[0] && /^view_item/.test(name)) {
    told.category ||= levels(items[0]) || undefined;
    if (type === "product") told.product_id ||= items[0].item_id;
  }
  if (type === "search") tell({ query });
  happens(name);
  if (/cart$|^begin_checkout$|^purchase$/.test(name)) keep((state) => (state.cart = cartAfter(name, items, state.cart)));
  record(name, properties);
  // A message in the basket speaks of amounts: they follow what goes in and out (add_to_cart, remove_from_cart).
  if (/[om]_cart$/.test(name) && told.type === "cart" && isBegun) changed ||= later(() => ((changed = 0), fill()), AFTER_CHANGE);
}

function cartAfter(name, items, cart = {}) {
  if (name === "purchase") return {};
  if (items[0] && /^(view|begin)/.test(name)) cart = {};
  items.forEach(({ item_id: id, quantity }) => {
    cart[id] = (cart[id] || 0) + (+quantity || 1) * (/^r/.test(name) ? -1 : 1);
    if (!(cart[id] > 0)) delete cart[id];
  });
  return cart;
}

const heard = { event: took, page: tell, consent: reconsider, moved: () => moved() && newPage() };
const hear = () => listen((live.layer_ = win[live.config_.data_layer]), heard);

// ---- Consent ----

function reconsider(isElsewhere) {
  if (!isBegun) return isReady && now() >= wait && begin();
  const before = live.open_;
  const token = live.token_;
  const after = (live.open_ = settled());
  const isOwn = (live.from_ = who()) === "own";
  if (PURPOSES.every((purpose) => !!before[purpose] === after[purpose])) {
    if (isOwn) after.device ? keepChoice(isOwn) : clear();
    return;
  }
  if (!mayMeasure()) clear();
  if (after.device) {
    if (!before.device) {
      resume(recall());
      count();
    }
    keepChoice(isOwn);
  } else {
    forget();
    if (!isElsewhere) tellRefusal(token, before);
  }
  fill();
}

const keepChoice = (isOwn) =>
  keep((state) => {
    state.purposes = live.open_;
    state.consent = isOwn ? ownConsent() : undefined;
  });

// Another tab said something: a no there is a no here, within the second.
function hearOther(state) {
  PURPOSES.forEach((purpose) => live.open_[purpose] && !state?.purposes?.[purpose] && closeElsewhere(purpose));
  sayOwn(state?.consent);
  reconsider(true);
}

// ---- A page view ----

function count() {
  const type = page().type || "other";
  keep((state) => {
    const views = (state.views ||= {});
    views[type] = (views[type] || 0) + 1;
    state.seen = now();
  });
}

function look() {
  const { product, levels: crumbs } = drafts();
  const id = product?.product_id;
  if (id && !told.product_id && (told.type || "product") === "product") tell({ type: "product", product_id: id });
  // The first crumb is the home page, the last of a product page the product itself.
  told.category ||= crumbs.slice(1, told.type === "product" ? -1 : undefined).join(" > ") || undefined;
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
    if (live.open_.device) count();
    fill();
  }, AFTER_MOVE);
}

function begin() {
  if (isBegun) return;
  isBegun = true;
  look();
  later(() => {
    reconsider();
    if (!live.round_) fill();
  });
}

async function configure() {
  looked = now(); // also where there is no answer: not asked again at once
  live.config_ = await call("/v1/config/" + live.key_);
  live.configured_ = now();
  if (live.config_.off) undraw();
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
    live.customer_ = { userId: "" + userId, signature };
    record(undefined, {}, { type: "identify", ...live.customer_, traits });
  },
  me: myPage,
  decide: (names) => (mayMeasure() && !resting() ? ask(names || []).then((said) => said.decisions, () => []) : []),
  rank,
};
// For developers and staff, hence in a file of their own (diagnose.js), which no visitor loads.
const HELP = /^(diagnose|staff|why)$/;

// What a command gives comes as a promise, so that the stub before us could promise it too.
async function etalage(command, ...rest) {
  try {
    if (HELP.test(command)) return (await import(live.base_ + "/docs/tag.js"))[command](live, ...rest);
    if (Object.hasOwn(COMMANDS, command)) return await COMMANDS[command](...rest);
  } catch (error) {
    failed(error);
  }
}
etalage.started = true;

async function start() {
  await pause();
  new CSSStyleSheet(); // a browser of before 2023 throws here, and gets the untouched page
  live.demo_ = hasCookie("demo");
  live.staff_ = hasCookie("staff");
  if (navigator.webdriver && !live.demo_) return;
  sayOwn(stored()?.consent);
  moved();
  (win.etalage.q || []).forEach(safely((one) => (isList(one) ? one[1](etalage(...one[0])) : etalage(...one))));
  win.etalage = etalage;
  await configure();
  if (navigator.webdriver && !live.config_.demo) return;
  if (doc.readyState === "loading") await new Promise((done) => on(doc, "DOMContentLoaded", done));
  await pause();
  hear();
  observe();
  const hearTcf = () => listenTcf(reconsider);
  const lookAgain = () => isBusy() && !resting() && now() - looked > LOOK_AGAIN && configure().catch(() => {});
  hearTcf();
  [hear, hearTcf, heard.moved, settle, lookAgain].forEach(everyBeat);
  on(doc, "visibilitychange", () => {
    const isHidden = doc.visibilityState === "hidden";
    keepTime();
    turnAway(isHidden);
    if (isHidden) leave();
  });
  on(win, "pagehide", leave);
  on(win, "pageshow", (event) => {
    if (!event.persisted) return;
    if (live.open_.device && !live.unkept_) hearOther(stored());
    live.configured_ = 0;
    later(() => configure().then(newPage, () => {}));
  });
  on(win, "storage", ({ key }) => {
    if (key === "etalage" || (key === null && live.open_.device)) hearOther(stored());
  });
  keepTime();
  isReady = true;
  later(begin, Math.max(wait, hasTcf() && live.began_ + TCF_PATIENCE) - now());
}

safely(() => {
  if (win.etalage?.started) return; // put in the page twice
  [, live.base_, live.key_] = /^(.*)\/tag\/(\w+)/.exec(doc.currentScript.src);
  if (typeof win.etalage !== "function") win.etalage = etalage; // also where a form has our name
  win.etalage.started = true;
  const begins = () => start().catch(() => {});
  if (doc.prerendering) on(doc, "prerenderingchange", begins);
  else begins();
})();
