// The visitor's own page: open it with the token in the fragment, ask, draw, and do what she asks.
// The fragment is taken out of the address at once; this tab alone keeps it, for as long as the server takes it.
import { ask, calm, drawn, waiting } from "./me-draw.js";

const PLACE = "etalage-me"; // in the storage of this tab
const words = JSON.parse(document.body.dataset.words);
const language = document.documentElement.lang;
const main = document.getElementById("content");
const status = document.getElementById("status");

function opening() {
  const given = new URLSearchParams(location.hash.slice(1));
  history.replaceState(null, "", location.pathname + location.search);
  if (given.get("k")) {
    const opened = { key: given.get("k"), token: given.get("t") };
    sessionStorage.setItem(PLACE, JSON.stringify(opened));
    return opened;
  }
  return JSON.parse(sessionStorage.getItem(PLACE)) || {};
}

async function post(path, body) {
  const answer = await fetch(path, {
    method: "POST",
    body: JSON.stringify({ writeKey: opened.key, language, ...body }),
    headers: { "content-type": "application/json" },
    credentials: "same-origin",
    cache: "no-store",
  });
  if (!answer.ok) throw answer.status;
  return answer.json();
}

const say = (text) => {
  status.textContent = "";
  requestAnimationFrame(() => (status.textContent = text));
};

const now = () => new Date().toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" });
const saved = () => say(words.saved.replace("{time}", now()));

function show(said) {
  document.title = said.shop ? words.title.replace("{shop}", said.shop) : words.head;
  const home = document.getElementById("home");
  if (said.home) {
    home.href = said.home;
    home.textContent = words.back.replace("{shop}", said.shop);
    home.hidden = false;
  }
  const accent = said.theme && said.theme.round;
  if (accent) document.documentElement.style.setProperty("--round", accent);
  const focused = document.activeElement && document.activeElement.id;
  main.replaceChildren(...drawn(said, words, { does, download, keep }));
  const again = focused && focused !== "content" && document.getElementById(focused);
  if (again) again.focus();
  else if (focused !== undefined && document.activeElement === document.body && focused !== "") main.focus();
}

// Her token is refused: it was open too long. Anything else is our trouble, and nothing was changed.
function failed(error) {
  if (error === 401) {
    sessionStorage.removeItem(PLACE);
    main.replaceChildren(calm(words.late, words["late-how"]));
    main.focus();
    return;
  }
  say(error === 409 ? words.refused : error === 429 ? words.busy : words.failed);
}

async function does(deed, body, told) {
  if (deed === "erase" && !(await ask(words))) return;
  main.setAttribute("aria-busy", "true");
  try {
    const said = await post("/v1/me/" + deed, { token: opened.token, ...body });
    show(said);
    if (said.receipt) {
      status.textContent = "";
      main.focus();
    } else if (told) say(told);
    else saved();
  } catch (error) {
    if (error !== 401) await look(true);
    failed(error);
  } finally {
    main.removeAttribute("aria-busy");
  }
}

async function download(format) {
  try {
    const said = await post("/v1/me/download", { token: opened.token, format });
    const isPage = format === "html";
    keep(isPage ? said.page : JSON.stringify(said, null, 2), isPage ? "etalage.html" : "etalage.json");
    saved();
  } catch (error) {
    failed(error);
  }
}

function keep(text, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: name.endsWith("html") ? "text/html" : "application/json" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

async function look(isQuiet) {
  try {
    show(await post("/v1/me", { token: opened.token }));
  } catch (error) {
    if (isQuiet) return;
    if (error === 401) failed(error);
    else {
      const again = document.createElement("button");
      again.type = "button";
      again.className = "plain";
      again.textContent = words.again;
      again.addEventListener("click", () => begin());
      main.replaceChildren(calm(words.trouble, words["trouble-how"], again));
    }
  }
}

// Without a token in the link, the shop's cookie may say who she is, where the shop and this page are one host.
async function begin() {
  if (!opened.key) return main.replaceChildren(calm(words.nothing, words["nothing-how"]));
  main.replaceChildren(waiting(words));
  if (!opened.token) {
    try {
      opened.token = (await post("/v1/me/token", {})).token;
      sessionStorage.setItem(PLACE, JSON.stringify(opened));
    } catch {
      return main.replaceChildren(calm(words.nothing, words["nothing-how"]));
    }
  }
  await look();
}

const opened = opening();
begin();
// Another link to this page, followed in this tab, changes only the fragment.
addEventListener("hashchange", () => location.hash && (Object.assign(opened, { token: null }, opening()), begin()));
