// Settle what is open from everybody who says something about it. Closed until somebody says yes; a no always wins.
//   the shop's own call > TCF and Consent Mode (both must agree) ; GPC closes what was not opened in so many words
import { safely } from "./guard.js";
import { live, plainly, win } from "./live.js";

export const PURPOSES = ["device", "measure", "personalise", "email", "ads"];
const own = {}; // etalage("consent", {...})
let elsewhere = {}; // withdrawn in another tab
let tcf; // purposes by IAB's TCF
let mode; // the state of Google's Consent Mode
const regional = {};
export let wait = 0; // until when Consent Mode asks us to wait

export const gpc = () => navigator.globalPrivacyControl === true;
export const ownConsent = () => own;
export const who = () => (Object.keys(own)[0] ? "own" : [tcf && "tcf", mode && "mode"].filter(Boolean).join("+"));

export const sayOwn = (said) =>
  PURPOSES.forEach((purpose) => {
    const is = said?.[purpose];
    if (is === true) delete elsewhere[purpose];
    if (is === !!is) own[purpose] = is; // anything else says nothing
  });

export const closeElsewhere = (purpose) => (elsewhere[purpose] = true);

// gtag("consent", "default" | "update", {...}). Where she is we do not know, so a regional no counts everywhere
// and a regional yes nowhere.
export function sayMode(command, said) {
  const isUpdate = command === "update";
  if (!plainly(said) || !(isUpdate || command === "default")) return;
  mode ||= {};
  Object.keys(said).forEach((name) => {
    if (isUpdate) delete regional[name];
    if (isUpdate || !said.region?.length) mode[name] = said[name];
    else if (said[name] === "denied") regional[name] = true;
  });
  wait = isUpdate ? 0 : Math.max(wait, live.began_ + Math.min(+said.wait_for_update || 0, 2_000));
  if (isUpdate) elsewhere = {};
}

function byMode() {
  const is = (name) => mode[name] === "granted" && !regional[name];
  const measure = is("analytics_storage");
  const personalise = is("personalization_storage");
  return { device: measure || personalise, measure, personalise, ads: is("ad_user_data") && is("ad_personalization") };
}

// What __tcfapi told: acts only on a choice that was made.
export function sayTcf(told, isGood) {
  if (!isGood || !told) return false;
  const { eventStatus, publisher, purpose } = told;
  const given = [publisher, purpose].map((part) => part?.consents || {}).find((one) => Object.keys(one)[0]) || {};
  const all = (...ids) => ids.every((id) => given[id] === true);
  if (told.gdprApplies === false) tcf = undefined;
  else if (/^(tcloaded|useractioncomplete)$/.test(eventStatus)) {
    if (eventStatus !== "tcloaded") elsewhere = {};
    tcf = { device: all(1), measure: all(1, 8), personalise: all(1, 5, 6), ads: all(1, 3, 4) };
  } else tcf ||= {};
  return true;
}

let isListening = false;
export const hasTcf = () => typeof win.__tcfapi === "function";
export function listenTcf(then) {
  if (isListening || !hasTcf()) return;
  isListening = true;
  win.__tcfapi("addEventListener", 2, safely((told, isGood) => sayTcf(told, isGood) && then()));
}

// What was said, to be passed on: of which nobody spoke, nothing.
export function stated(open) {
  const said = { source: who() };
  PURPOSES.forEach((purpose) => {
    if (purpose in own || ((tcf || mode) && purpose !== "email")) said[purpose] = open[purpose];
  });
  return said;
}

export function settled() {
  const told = [tcf, mode && byMode()].filter(Boolean);
  const open = {};
  // `device` is the first of them: without it everything is closed.
  PURPOSES.forEach((purpose) => {
    const isTold = told[0] && told.every((one) => one[purpose]) && !(gpc() && /^(personalise|ads)$/.test(purpose));
    open[purpose] = !!(own[purpose] ?? isTold) && !elsewhere[purpose] && open.device !== false;
  });
  return open;
}
