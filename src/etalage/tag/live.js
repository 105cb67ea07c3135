// What this page view knows. One object, because every verb reads it and only a few change it.
// Names that end in _ are shortened by the build; they never leave the page.
// References are taken once, early: a page may patch its built-ins later, and we never patch them ourselves.
export const win = window;
export const doc = document;
export const now = Date.now;
export const isList = Array.isArray;
export const plainly = (value) => value !== null && typeof value === "object";

export const live = {
  // base_: where the server is; key_: the write key
  // config_: the public configuration; configured_: when it was read
  open_: {}, // purposes that are open now; from_: who said so: own, tcf, mode, or nothing yet
  began_: now(), // this page view
  round_: 0, // each new page view or consent begins a new one; answers of an older one are ignored
  // token_: by which she is known; customer_: who the shop says she is; away_: see remember.js
  // layer_: the shop's dataLayer
  // rest_: until when nothing is asked; staff_, demo_: who is counted nowhere
  lost_: 0, // events that did not fit; unkept_: storage is blocked
  notes_: [], // why something did not appear, for `etalage("diagnose")`
  entries_: [], // what the server answered
  drawn_: [], // and what of it is on the page
};

export const note = (reason, about) => {
  live.notes_ = [...live.notes_.slice(-40), [reason, about]];
};
