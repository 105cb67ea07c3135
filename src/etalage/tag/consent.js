// Settle what is open from everybody who says something about it. Closed until somebody says yes; a no always wins.
//   the shop's own call > TCF and Consent Mode (both must agree) ; GPC closes what was not opened in so many words
import { isList, live, plainly, win } from "./live.js";

export const PURPOSES = ["device", "measure", "personalise", "email", "ads"];
const GPC = ["personalise", "ads"];
const own = {}; // etalage("consent", {...})
const elsewhere = {}; // withdrawn in another tab
let tcf; // purposes by IAB's TCF
let mode; // the state of Google's Consent Mode
let regional = {};
export let wait = 0; // until when Consent Mode asks us to wait

export const gpc = () => win.navigator.globalPrivacyControl === true;
export const ownConsent = () => own;
export const isSpoken = () => !!(tcf || mode || Object.keys(own).length);
export const who = () => (Object.keys(own).length ? "own" : [tcf && "tcf", mode && "mode"].filter(Boolean).join("+"));

export function sayOwn(said) {
  if (!plainly(said)) return;
  PURPOSES.forEach((purpose) => {
    if (typeof said[purpose] !== "boolean") return;
    own[purpose] = said[purpose]; // anything but true and false says nothing
    if (said[purpose]) delete elsewhere[purpose];
  });
}

export const closeElsewhere = (purpose) => (elsewhere[purpose] = true);
const reopen = () => PURPOSES.forEach((purpose) => delete elsewhere[purpose]);

// gtag("consent", "default" | "update", {...}). Where she is we do not know, so a regional no counts everywhere
// and a regional yes nowhere.
export function sayMode(command, said) {
  if (!plainly(said)) return;
  mode = mode || {};
  if (command === "default") {
    const isRegional = isList(said.region) && said.region.length;
    Object.keys(said).forEach((name) => {
      if (!isRegional) mode[name] = said[name];
      else if (said[name] === "denied") regional[name] = true;
    });
    wait = Math.max(wait, live.began + Math.min(+said.wait_for_update || 0, 2_000));
  } else if (command === "update") {
    Object.keys(said).forEach((name) => {
      mode[name] = said[name];
      delete regional[name];
    });
    wait = 0;
    reopen();
  }
}

function byMode() {
  const is = (name) => mode[name] === "granted" && !regional[name];
  return {
    device: is("analytics_storage") || is("personalization_storage"),
    measure: is("analytics_storage"),
    personalise: is("personalization_storage"),
    ads: is("ad_user_data") && is("ad_personalization"),
  };
}

// What __tcfapi told: acts only on a choice that was made.
export function sayTcf(told, isGood) {
  if (!isGood || !told) return false;
  if (told.gdprApplies === false) return (tcf = undefined), true;
  if (told.eventStatus !== "tcloaded" && told.eventStatus !== "useractioncomplete") {
    tcf = tcf || {};
    return true;
  }
  const some = (part) => (part && part.consents && Object.keys(part.consents).length ? part.consents : null);
  const given = some(told.publisher) || some(told.purpose) || {};
  const all = (...ids) => ids.every((id) => given[id] === true);
  if (told.eventStatus === "useractioncomplete") reopen();
  tcf = { device: all(1), measure: all(1, 8), personalise: all(1, 5, 6), ads: all(1, 3, 4) };
  return true;
}

let isListening = false;
export function listenTcf(then) {
  if (isListening || typeof win.__tcfapi !== "function") return;
  isListening = true;
  win.__tcfapi("addEventListener", 2, (told, isGood) => sayTcf(told, isGood) && then());
}

// What was said, to be passed on: of which nobody spoke, nothing.
export function stated(open) {
  const isTold = tcf || mode;
  const said = { source: who() };
  PURPOSES.forEach((purpose) => {
    if (typeof own[purpose] === "boolean" || (isTold && purpose !== "email")) said[purpose] = open[purpose];
  });
  return said;
}

export function settled() {
  const told = [tcf, mode && byMode()].filter(Boolean);
  const open = {};
  PURPOSES.forEach((purpose) => {
    let is = own[purpose];
    if (is === undefined)
      is = purpose !== "email" && told.length > 0 && told.every((one) => one[purpose]) && !(gpc() && GPC.includes(purpose));
    open[purpose] = is === true && !elsewhere[purpose];
  });
  if (!open.device) PURPOSES.forEach((purpose) => (open[purpose] = false));
  return open;
}
