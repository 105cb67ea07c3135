// Draw a message: its blocks in the forms that came with the configuration (forms.json), as elements in a shadow root.
//   a form is ["element", {attribute: value}, ...children]; "$name" is what the message says, ["*name", ...] one for each
// Only elements and attributes of this list are made, and a text is a text node and nothing else.
import { on } from "./guard.js";
import { doc, isList, live, now } from "./live.js";
import { myPage } from "./my_page.js";

const ELEMENTS = /^(a|b|button|details|dialog|div|h[23]|i|img|li|p|section|slot|small|span|summary|ul)$/;
const ATTRIBUTES = /^(alt|aria-label|class|data-\w+|lang|loading|rel|role|type)$/;
// https or within the shop; checked at save and at serve, and here once more.
const SAFE = /^(https:\/\/|\/(?![/\\])|[#?])[^\s\0-\x1f\\]*$/;

const roots = new WeakMap(); // slot -> our shadow root in it

function make(form, said) {
  if (!isList(form)) return form?.[0] === "$" ? said[form.slice(1)] : form;
  const [name, attributes, ...children] = form;
  if (name[0] === "*") return (said[name.slice(1)] || []).map((one) => make(attributes, { ...said, "": one, ...one }));
  const element = doc.createElement(ELEMENTS.test(name) ? name : "i");
  Object.keys(attributes).forEach((key) => {
    const value = make(attributes[key], said);
    if (value != null && (ATTRIBUTES.test(key) || (/^(href|src)$/.test(key) && SAFE.test(value)))) element.setAttribute(key, value);
  });
  element.append(...children.flatMap((child) => make(child, said) ?? []));
  return element;
}

// Put a message on the page. `deeds` are what she can do: click, no, close, answer. Gives what can be taken away again.
// `was` is where she stood.
export function draw(entry, slot, deeds, was) {
  const { form, content, experience, products, why } = entry;
  const { language, blocks } = content;
  const { forms, look, words } = live.config_;
  const isPopup = form === "popup";
  const isInterrupting = isPopup || form === "toast";
  const isInSlot = slot && !isInterrupting;
  const said = { ...words[language], products, because: why?.[language] };
  const host = isInSlot ? slot : make(["div", { "data-etalage": experience }]);
  const root = roots.get(host) || host.attachShadow({ mode: "open" });
  roots.set(host, root);
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(look);
  root.adoptedStyleSheets = [sheet];

  const drawn = blocks.flatMap((block) =>
    Date.parse(block.ends_at) < now() ? [] : make(forms[block.type + (block.level || block.closes || "")] || "", { ...said, ...block }),
  );
  const about = make(forms.why, said);
  const box = make([
    isPopup ? "dialog" : "section",
    { class: (isInSlot ? "" : "fixed ") + form, role: isInterrupting && !isPopup ? "status" : undefined },
    make(forms.shut, said),
    ["div", { class: "text" }, ...drawn, about],
  ]);
  box.setAttribute("aria-label", box.querySelector("h2,h3")?.textContent || said.message);
  const remove = () => {
    if (!box.isConnected) return;
    box.close?.();
    if (isInSlot) root.replaceChildren(make(["slot", {}]));
    else host.remove();
  };
  // Closed by her, in whichever way: taken away, and she stands where she stood.
  const close = () => {
    const hadFocus = root.activeElement;
    remove();
    if (hadFocus && was?.isConnected) was.focus();
    deeds.close();
  };
  on(box, "click", ({ target }) => {
    const deed = target.closest("[data-do]");
    const what = deed ? deed.dataset.do : isPopup && target === box && "close";
    if (what === "close") close();
    else if (what) deeds[what](deed.dataset);
    if (what === "answer") deed.closest("[role]").replaceChildren(make(forms.thanks, said));
  });
  // As it opens, the link learns a token of half an hour; after the #, where no server sees it.
  on(about, "toggle", async () => (about.querySelector("a").href = await myPage()));
  root.replaceChildren(make(["div", { class: "e", lang: language }, box]));
  if (!isInSlot) doc.querySelector("body").append(host);
  if (isInterrupting) on(box, "keydown", (event) => (event.key === "Escape" ? close() : isPopup && event.key === "Tab" && goRound(event, box, root)));
  if (isPopup) {
    on(box, "cancel", close);
    box.showModal();
  }
  return { box_: box, remove_: remove, close_: close };
}

// The browser itself keeps focus in, makes the rest inert, and gives focus back; we only close the circle of Tab.
function goRound(event, box, root) {
  const stops = [...box.querySelectorAll(":is(a[href],button,summary):not(details:not([open]) div *)")];
  if (event.shiftKey) stops.reverse();
  if (![stops.at(-1), box].includes(root.activeElement)) return;
  event.preventDefault();
  stops[0].focus();
}
