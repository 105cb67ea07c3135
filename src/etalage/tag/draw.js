// Draw a message: typed blocks as elements in a shadow root; a text is a text node and nothing else.
import { on, safely } from "./guard.js";
import { doc, live, now } from "./live.js";
import { LOOK, TOKENS } from "./look.js";
import { myPage } from "./my_page.js";

const roots = new WeakMap(); // slot -> our shadow root in it
let sheet;

export const make = (name, properties, ...children) => {
  const element = doc.createElement(name);
  const { class: css, ...rest } = properties || {};
  if (css) element.className = css;
  Object.keys(rest).forEach((key) => rest[key] !== undefined && element.setAttribute(key, rest[key]));
  element.append(...children.filter((child) => child || child === 0).map((child) => (child.nodeType ? child : "" + child)));
  return element;
};

// https or within the shop; checked at save and at serve, and here once more.
export const safeLink = (link, isImage) =>
  typeof link === "string" && /^(https:\/\/|\/(?![/\\])|[#?])[^\s\u0000-\u001f\\]*$/.test(link) && !(isImage && /^[#?]/.test(link))
    ? link
    : undefined;

function dress(root) {
  try {
    if (!sheet) (sheet = new CSSStyleSheet()).replaceSync(LOOK);
    root.adoptedStyleSheets = [sheet];
  } catch {
    const style = make("style", live.nonce ? { nonce: live.nonce } : {});
    style.textContent = LOOK;
    root.append(style);
  }
}

const words = (language) => live.config.words[language] || live.config.words.nl;

const theme = (element) => {
  const tokens = live.config.theme || {};
  Object.keys(TOKENS).forEach((name) => tokens[name] && element.style.setProperty("--theme-" + name, tokens[name]));
};

const IN_PLACE = ["inline", "products", "bar"];

// Put a message on the page. `did(what, detail)` hears of: click, shut, no, close, answer. Gives what can be taken away again.
export function draw(entry, slot, did) {
  const { content, form } = entry;
  const say = words(content.language);
  const isInSlot = slot && IN_PLACE.includes(form);
  const host = isInSlot ? slot : make("div", { "data-etalage": entry.experience });
  const root = isInSlot ? roots.get(slot) || slot.attachShadow({ mode: "open" }) : host.attachShadow({ mode: "open" });
  if (isInSlot) {
    roots.set(slot, root);
    root.replaceChildren();
  }
  dress(root);
  const box = frame(form, say, isInSlot);
  const heading = fill(box, entry, say, did);
  if (heading && form === "popup") box.setAttribute("aria-labelledby", (heading.id = "head"));
  else box.setAttribute("aria-label", heading ? heading.textContent : say.message);
  const all = make("div", { class: "e", lang: content.language });
  theme(all);
  let isGone = false;
  const message = {
    entry,
    box,
    isInterrupting: form === "popup" || form === "toast",
    remove() {
      if (isGone) return;
      isGone = true;
      if (box.close && box.open) box.close();
      if (isInSlot) root.replaceChildren(make("slot"));
      else host.remove();
    },
  };
  // Closed by her, in whichever way: taken away, and she stands where she stood.
  const close = (what) => {
    const { was } = message;
    const hadFocus = form !== "popup" && box.contains(root.activeElement);
    message.remove();
    if (hadFocus && was && was.isConnected) was.focus();
    did(what || "close");
  };
  message.close = close;
  if (!IN_PLACE.includes(form) || !isInSlot) {
    const shut = make("button", { class: "shut", type: "button", "aria-label": say.close }, "×");
    on(shut, "click", () => close());
    box.prepend(shut);
  }
  all.append(box);
  root.append(all);
  if (!isInSlot) doc.querySelector("body").append(host);
  if (form === "popup") openPopup(box, close);
  else if (form === "toast") box.addEventListener("keydown", safely((event) => event.key === "Escape" && close()));
  return message;
}

function frame(form, say, isInSlot) {
  const css = isInSlot ? form : "sheet " + form + (form === "bar" ? " fixed" : "");
  if (form === "popup") return make("dialog", { class: css, "aria-modal": "true" });
  return form === "toast" ? make("div", { class: css, role: "status" }) : make("section", { class: css });
}

// The browser itself keeps focus in, makes the rest inert, and gives focus back; we only close the circle of Tab.
function openPopup(box, close) {
  box.addEventListener("cancel", safely((event) => (event.preventDefault(), close())));
  box.addEventListener("click", safely((event) => event.target === box && close()));
  box.addEventListener(
    "keydown",
    safely((event) => {
      if (event.key !== "Tab") return;
      const stops = [...box.querySelectorAll("a[href],button,summary")].filter((one) => !one.closest("details:not([open])>:not(summary)"));
      const at = box.getRootNode().activeElement;
      const [from, to] = event.shiftKey ? [stops[0], stops[stops.length - 1]] : [stops[stops.length - 1], stops[0]];
      if (at !== from && at !== box) return;
      event.preventDefault();
      to.focus();
    }),
  );
  box.showModal();
}

function fill(box, entry, say, did) {
  const text = make("div", { class: "text" });
  let deeds;
  let heading;
  let side;
  entry.content.blocks.forEach((block) => {
    const drawn = drawBlock(block, entry, say, did);
    if (!drawn) return;
    if (/^H/.test(drawn.nodeName)) heading = heading || drawn;
    if (drawn.classList.contains("deed")) {
      if (!deeds) text.append((deeds = make("div", { class: "deeds" })));
      if (!deeds.childNodes.length && !block.closes) drawn.classList.add("main");
      deeds.append(drawn);
    } else if (block.type === "image" && entry.form === "popup" && !side) {
      side = make("div", { class: "side" }, drawn);
    } else {
      if (block.type === "image" && entry.form === "toast") drawn.classList.add("art");
      text.append(drawn);
    }
  });
  text.append(whyBox(entry, say, did));
  if (side) box.classList.add("art");
  box.append(side ? make("div", { class: "body" }, side, text) : text);
  return heading;
}

function link(href, css, did, detail, ...children) {
  const safe = safeLink(href);
  const element = make(safe ? "a" : "span", { class: css, href: safe }, ...children);
  if (safe) on(element, "click", () => did("click", detail));
  return element;
}

function deed(label, act) {
  const button = make("button", { class: "deed", type: "button" }, label);
  on(button, "click", act);
  return button;
}

const BLOCKS = {
  text: ({ text, level }) => make(level ? "h" + Math.max(2, level) : "p", {}, text),
  image(block, entry, say, did) {
    if (!safeLink(block.url, true)) return null;
    const image = make("img", { src: block.url, alt: block.alt || "", decoding: "async" });
    return block.link ? link(block.link, "", did, {}, image) : image;
  },
  button(block, entry, say, did) {
    if (block.closes) return deed(block.label, () => did("shut"));
    return safeLink(block.link) ? link(block.link, "deed", did, {}, block.label) : null;
  },
  product_list(block, entry, say, did) {
    const list = make("ul", { class: "list" });
    (entry.products || []).forEach((product) => {
      const image = safeLink(product.image, true);
      const card = link(
        product.link,
        "",
        did,
        { product_id: product.product_id },
        image ? make("img", { src: image, alt: "", loading: "lazy", decoding: "async" }) : make("i"),
        make("b", {}, product.title),
        product.price_text && make("span", {}, product.price_text),
        make("small", {}, product.reason),
      );
      list.append(make("li", {}, card));
    });
    return make("div", { class: "shelf" }, block.title && make("h2", {}, block.title), list);
  },
  question(block, entry, say, did) {
    const box = make("div", { role: "group", "aria-label": block.text }, make("p", {}, block.text));
    const deeds = make("div", { class: "deeds" });
    block.options.forEach((option) =>
      deeds.append(
        deed(option, () => {
          did("answer", { [block.preference]: option });
          box.replaceChildren(make("p", { role: "status" }, say.thanks));
        }),
      ),
    );
    box.append(deeds);
    return box;
  },
  coupon: ({ label, code }) => (code ? make("p", {}, label, " ", make("b", {}, code)) : null),
  countdown({ label, ends_at }, entry) {
    const end = new Date(ends_at);
    if (!(end > now())) return null;
    const how = { weekday: "long", day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" };
    const { language } = entry.content;
    return make("p", { class: "soft" }, label || words(language).until, " ", end.toLocaleString(language, how));
  },
};

const drawBlock = (block, entry, say, did) => BLOCKS[block.type] && BLOCKS[block.type](block, entry, say, did);

function whyBox(entry, say, did) {
  const reason = entry.why && (entry.why[entry.content.language] || entry.why.nl);
  const no = make("button", { type: "button" }, say.no);
  on(no, "click", () => did("no"));
  const me = make("a", { href: live.base + "/me#k=" + live.key, rel: "nofollow" }, say.me);
  const box = make("details", { class: "why" }, make("summary", {}, say.why), make("p", {}, reason), make("div", {}, no, me));
  // As it opens, the link learns a token of half an hour; after the #, where no server sees it.
  on(box, "toggle", () => myPage().then((address) => (me.href = address), () => 0));
  return box;
}
