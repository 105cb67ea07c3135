// What this page view knows. One object, because every verb reads it and only a few change it.
// References are taken once, early: a page may patch its built-ins later, and we never patch them ourselves.
export const win = window;
export const doc = document;
export const now = Date.now;
export const isList = Array.isArray;
export const plainly = (value) => value !== null && typeof value === "object";

export const live = {
  base: "", // where the server is
  key: "", // the write key
  config: null, // the public configuration
  configured: 0, // when it was read
  open: {}, // purposes that are open now
  from: "", // who said so: own, tcf, mode, or nothing yet
  began: now(), // this page view
  asked: 0, // when the last decision was asked for
  round: 0, // each new page view or consent begins a new one; answers of an older one are ignored
  rest: 0, // until when nothing is asked
  staff: false,
  demo: false,
  lost: 0, // events that did not fit
  notes: [], // why something did not appear, for `etalage("diagnose")`
  entries: [], // what the server answered
};

export const note = (reason, about) => {
  live.notes = [...live.notes.slice(-40), [reason, about]];
};
