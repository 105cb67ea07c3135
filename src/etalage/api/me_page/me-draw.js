// Draw the page from what the server tells. Everything is a text node: nothing that is told is ever read as HTML.

const make = (name, properties, ...children) => {
  const element = document.createElement(name);
  Object.entries(properties || {}).forEach(([key, value]) => {
    if (key === "on") Object.entries(value).forEach(([event, act]) => element.addEventListener(event, act));
    else if (value === true) element.setAttribute(key, "");
    else if (value !== undefined && value !== false) element.setAttribute(key, value);
  });
  element.append(...children.filter((child) => child !== undefined && child !== null && child !== ""));
  return element;
};

export const calm = (title, text, ...more) =>
  make("div", { class: "calm" }, make("h1", {}, title), make("p", { class: "lead" }, text), ...more);

export const waiting = (words) =>
  make("header", {}, make("h1", {}, words.head), make("p", { class: "lead waiting" }, words.working));

const section = (id, title, ...children) =>
  make("section", { "aria-labelledby": id }, make("h2", { id }, title), ...children);

const told = (title, how) => make("p", {}, make("strong", {}, title), how && make("span", { class: "how" }, how));

const button = (text, act, more) => make("button", { type: "button", class: "plain", ...more, on: { click: act } }, text);

export function drawn(said, words, page) {
  if (said.receipt || said.state === "erased") return [erased(said, words, page)];
  const say = (key) => words[key].replace("{shop}", said.shop);
  const head = make(
    "header",
    {},
    make("p", { class: "label" }, say("label")),
    make("h1", {}, words.head),
    make("p", { class: "lead" }, said.lead),
    said.scope && make("p", { class: "scope" }, said.scope),
  );
  if (said.state === "empty") return [head];
  return [head, known(said, words, page), groups(said, words), shown(said, words, page), choices(said, say, page), deeds(said, words, page)];
}

function erased(said, words, page) {
  const more = said.receipt && button(words.receipt, () => page.keep(JSON.stringify(said.receipt, null, 2), "etalage-receipt.json"));
  return calm(words.erased, said.receipt ? words["erased-how"] : words["erased-gone"], more);
}

// ---- What we wrote down ----

function known(said, words, page) {
  const rows = said.known.map((row, at) => make("li", {}, told(row.title, row.detail), remedy(row, at, words, page)));
  return section(
    "known",
    words.known,
    rows.length ? make("ul", { class: "rows" }, ...rows) : make("p", {}, words["known-none"]),
    make("p", { class: "aside" }, words["known-not"]),
  );
}

// What she can do about it: put it right, detach, or start again.
function remedy(row, at, words, page) {
  const id = "remedy-" + at;
  const quiet = (text, act, more) =>
    make("button", { type: "button", class: "quiet", id, "aria-label": text + ": " + row.title, ...more, on: { click: act } }, text);
  if (row.do === "unlink") return quiet(words.loosen, () => page.does("unlink", {}, words.undone));
  if (row.do === "fresh") {
    return quiet(words.wrong, () => {
      const there = document.getElementById("restart");
      if (there) there.closest("li").scrollIntoView({ block: "center" });
      if (there) there.focus();
    });
  }
  if (row.do !== "trait" && row.do !== "answer") return undefined;
  return quiet(words.wrong, (event) => putRight(event.currentTarget, row, words, page), { "aria-expanded": "false" });
}

function putRight(opener, row, words, page) {
  const line = opener.closest("li");
  const open = line.querySelector("form");
  opener.setAttribute("aria-expanded", open ? "false" : "true");
  if (open) return open.remove();
  const field = make("input", { name: "value", autocomplete: "off", maxlength: 200, required: true, value: row.value });
  const form = make(
    "form",
    {
      class: "put-right",
      on: {
        submit: (event) => {
          event.preventDefault();
          page.does("rectify", { kind: row.do, name: row.name, value: field.value });
        },
        keydown: (event) => event.key === "Escape" && (opener.click(), opener.focus()),
      },
    },
    make("label", {}, words.right, field),
    make("button", { class: "plain" }, words.save),
  );
  line.append(form);
  field.select();
}

// ---- Groups, and what she saw ----

function groups(said, words) {
  const list = said.groups.map((one) => make("li", {}, make("h3", {}, one.title), make("p", {}, one.said)));
  return section("groups", words.groups, list.length ? make("ul", { class: "groups" }, ...list) : make("p", {}, words["groups-none"]));
}

function shown(said, words, page) {
  const rows = said.shown.map((row, at) => {
    const isRefused = row.do === "yes";
    const text = isRefused ? words["yes-again"] : words.no;
    const act = () => page.does("feedback", { name: row.name, refused: !isRefused });
    const deed = make("button", { type: "button", class: "quiet", id: "shown-" + at, "aria-label": text + ": " + row.title, on: { click: act } }, text);
    return make("li", { class: "wide" }, told(row.title, row.detail), deed);
  });
  const none = said.counted ? words["shown-none"] : words["shown-uncounted"];
  return section(
    "shown",
    words.shown,
    rows.length ? make("ul", { class: "rows" }, ...rows) : make("p", {}, none),
    said.unseen && make("p", { class: "aside" }, said.unseen),
  );
}

// ---- What she allows ----

function choices(said, say, page) {
  const rows = Object.entries(said.choices).map(([purpose, isOpen]) => {
    const id = "choice-" + purpose;
    const how = id + "-how";
    const isIdle = ["measure", "personalise"].includes(purpose) && !said.choices.device;
    const box = make("input", { class: "switch", id, type: "checkbox", role: "switch", "aria-describedby": how, checked: isOpen, disabled: isIdle });
    box.addEventListener("change", () => page.does("consent", { purpose, granted: box.checked }));
    const label = make("div", {}, make("label", { for: id }, make("strong", {}, say(purpose))), make("span", { class: "how", id: how }, say(purpose + "-how")));
    return make("li", {}, label, box);
  });
  return section("choices", say("choices"), make("ul", { class: "rows" }, ...rows), make("p", { class: "aside" }, say("choices-how")));
}

// ---- Rest, take along, erase ----

function deeds(said, words, page) {
  const row = (title, how, ...buttons) => make("li", { class: "wide" }, told(title, how), make("div", { class: "deeds" }, ...buttons));
  const pause = said.paused
    ? row(words.paused.replace("{when}", said.paused.day), words["paused-how"], button(words["pause-end"], () => page.does("pause", { on: false }), { id: "pause" }))
    : row(words.pause, words["pause-how"], button(words["pause-do"], () => page.does("pause", { on: true }), { id: "pause" }));
  const restart =
    said.may_restart && row(words.fresh, words["fresh-how"], button(words["fresh-do"], () => page.does("restart", {}), { id: "restart" }));
  const take = row(
    words.download,
    words["download-how"],
    button(words["download-page"], () => page.download("html")),
    button(words["download-file"], () => page.download("json")),
  );
  const how = said.signed ? "erase-person-how" : "erase-browser-how";
  const erase = row(words.erase, words[how], button(words["erase-do"], () => page.does("erase", {}), { class: "plain danger" }));
  return section("deeds", words.deeds, make("ul", { class: "rows" }, pause, restart || "", take, erase));
}

// The one question that is asked: whether she is sure. Gives true or false.
export const ask = (words) =>
  new Promise((done) => {
    const box = make("dialog", { "aria-labelledby": "sure", "aria-describedby": "sure-how" });
    const end = (is) => () => (box.close(is ? "yes" : ""), undefined);
    box.append(
      make("h2", { id: "sure" }, words["erase-ask"]),
      make("p", { id: "sure-how" }, words["erase-ask-how"]),
      make("div", { class: "deeds" }, button(words.cancel, end(false), { autofocus: true }), button(words["erase-yes"], end(true), { class: "plain danger" })),
    );
    box.addEventListener("close", () => (box.remove(), done(box.returnValue === "yes")));
    document.body.append(box);
    box.showModal();
  });
