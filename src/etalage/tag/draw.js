// Draw a message: typed blocks as elements in a shadow root; a text is a text node and nothing else.
import { on } from "./guard.js";
import { doc, live, now } from "./live.js";
import { LOOK } from "./look.js";
import { myPage } from "./my_page.js";

const roots = new WeakMap(); // slot -> our shadow root in it
let sheet;

const make = (name, attributes, ...children) => {
  const element = doc.createElement(name);
  Object.entries(attributes).forEach(([key, value]) => value === undefined || element.setAttribute(key, value));
  element.append(...children.filter(Boolean));
  return element;
};

// https or within the shop; checked at save and at serve, and here once more.
const safeLink = (link, isImage) =>
  /^(https:\/\/|\/(?![/\\])|[#?])[^\s\u0000-\u001f\\]*$/.test(link) && !(isImage && /^[#?]/.test(link));

function dress(root) {
  try {
    if (!sheet) (sheet = new CSSStyleSheet()).replaceSync(LOOK);
    root.adoptedStyleSheets = [sheet];
  } catch {
    root.append(make("style", { nonce: live.nonce }, LOOK)); // a browser of before 2023
  }
}

// Put a message on the page. `did(what, detail)` hears of: click, no, close, answer. Gives what can be taken away again.
// `was` is where she stood.
export function draw(entry, slot, did, was) {
  const { form, content, experience } = entry;
  const say = live.config.words[content.language] || live.config.words.nl;
  const isInterrupting = /^(popup|toast)$/.test(form);
  const isInSlot = slot && !isInterrupting;
  const host = isInSlot ? slot : make("div", { "data-etalage": experience });
  const root = roots.get(host) || host.attachShadow({ mode: "open" });
  roots.set(host, root);
  root.replaceChildren();
  dress(root);

  const box = make(form === "popup" ? "dialog" : "section", {
    class: isInSlot ? form : "fixed " + form,
    role: form === "toast" ? "status" : undefined,
  });
  let isGone = false;
  const remove = () => {
    if (isGone) return;
    isGone = true;
    box.close?.();
    if (isInSlot) root.replaceChildren(make("slot", {}));
    else host.remove();
  };
  // Closed by her, in whichever way: taken away, and she stands where she stood.
  const close = () => {
    if (isGone) return;
    const hadFocus = root.activeElement;
    remove();
    if (hadFocus && was?.isConnected) was.focus();
    did("close");
  };
  const heading = fill(box, entry, say, did, close);
  box.setAttribute("aria-label", heading?.textContent || say.message);
  if (!isInSlot) box.prepend(button("shut", "×", close, say.close));
  const all = make("div", { class: "e", lang: content.language }, box);
  Object.entries(live.config.theme || {}).forEach(([name, value]) => all.style.setProperty("--theme-" + name, value));
  root.append(all);
  if (!isInSlot) doc.querySelector("body").append(host);
  if (isInterrupting) on(box, "keydown", (event) => (event.key === "Escape" ? close() : event.key === "Tab" && form === "popup" && goRound(event, box, root)));
  if (form === "popup") {
    on(box, "cancel", close);
    on(box, "click", (event) => event.target === box && close());
    box.showModal();
  }
  return { entry, box, isInterrupting, remove, close };
}

// The browser itself keeps focus in, makes the rest inert, and gives focus back; we only close the circle of Tab.
function goRound(event, box, root) {
  const stops = [...box.querySelectorAll(":is(a[href],button,summary):not(details:not([open]) div *)")];
  if (event.shiftKey) stops.reverse();
  if (![stops.at(-1), box].includes(root.activeElement)) return;
  event.preventDefault();
  stops[0].focus();
}

function fill(box, entry, say, did, close) {
  const text = make("div", { class: "text" });
  let deeds;
  let heading;
  entry.content.blocks.forEach((block) => {
    const drawn = BLOCKS[block.type]?.(block, entry, say, did, close);
    if (!drawn) return;
    if (block.type === "text" && block.level) heading ||= drawn;
    if (block.type === "button") {
      if (!deeds) text.append((deeds = make("div", { class: "deeds" })));
      deeds.append(drawn);
    } else if (block.type === "image" && entry.form === "popup" && !box.firstChild) {
      box.className += " art";
      box.append(make("div", { class: "side" }, drawn));
    } else text.append(drawn);
  });
  text.append(whyBox(entry, say, did));
  box.append(text);
  return heading;
}

const link = (href, css, act, ...children) =>
  safeLink(href) ? on(make("a", { class: css, href }, ...children), "click", act) : make("span", { class: css }, ...children);

const button = (css, label, act, name) => on(make("button", { type: "button", class: css, "aria-label": name }, label), "click", () => act());

const picture = (src, alt = "") => make("img", { src, alt, loading: "lazy", decoding: "async" });

const BLOCKS = {
  text: ({ text, level }) => make(level ? "h" + Math.max(2, level) : "p", {}, text),
  image: ({ url, alt, link: href }, entry, say, did) =>
    safeLink(url, true) && link(href, "", () => did("click", {}), picture(url, alt)),
  button: ({ label, link: href, closes }, entry, say, did, close) =>
    closes ? button("deed", label, close) : safeLink(href) && link(href, "deed", () => did("click", {}), label),
  product_list: ({ title }, { products = [] }, say, did) =>
    make(
      "div",
      { class: "shelf" },
      title && make("h2", {}, title),
      make(
        "ul",
        {},
        ...products.map(({ product_id, link: href, image, title: name, price_text, reason }) =>
          make(
            "li",
            {},
            link(
              href,
              "",
              () => did("click", { product_id }),
              safeLink(image, true) ? picture(image) : make("i", {}),
              make("b", {}, name),
              make("span", {}, price_text),
              make("small", {}, reason),
            ),
          ),
        ),
      ),
    ),
  question({ text, options, preference }, entry, say, did) {
    const answered = (option) => {
      did("answer", { [preference]: option });
      box.replaceChildren(make("p", { role: "status" }, say.thanks));
    };
    const deeds = options.map((option) => button("deed", option, () => answered(option)));
    const box = make("div", { role: "group", "aria-label": text }, make("p", {}, text), make("div", { class: "deeds" }, ...deeds));
    return box;
  },
  coupon: ({ label, code }) => code && make("p", {}, label, " ", make("b", {}, code)),
  countdown({ label, ends_at }, { content: { language } }, say) {
    const end = new Date(ends_at);
    const until = () => end.toLocaleString(language, { dateStyle: "full", timeStyle: "short" });
    return end > now() && make("p", { class: "soft" }, label || say.until, " ", until());
  },
};

function whyBox({ why, content }, say, did) {
  const me = make("a", { href: live.base + "/me#k=" + live.key, rel: "nofollow" }, say.me);
  const about = make("div", {}, button("", say.no, () => did("no")), me);
  const box = make("details", { class: "why" }, make("summary", {}, say.why), make("p", {}, why?.[content.language] || why?.nl), about);
  // As it opens, the link learns a token of half an hour; after the #, where no server sees it.
  return on(box, "toggle", () => myPage().then((address) => (me.href = address), () => 0));
}
