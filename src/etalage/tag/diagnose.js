// Check the installation from within the page, and say in plain words why nothing appeared.
// Only what this browser knows itself: with the public key nobody may learn the server's reasons.
import { gpc, who } from "./consent.js";
import { resting } from "./guard.js";
import { live, win } from "./live.js";
import { language } from "./page.js";
import { shown, slotOf } from "./place.js";

// [Dutch, English]; `*` stands for what it is about.
const SAID = {
  ok: ["Verbonden met *.", "Connected to *."],
  no_config: [
    "Geen antwoord van *: klopt de sleutel, staat deze pagina bij de adressen van de winkel, laat de CSP (connect-src) het toe?",
    "No answer from *: is the key right, is this page among the shop's origins, does the CSP (connect-src) allow it?",
  ],
  closed: ["Het luik is dicht: de winkel zette alles uit.", "The shutter is closed: the shop switched everything off."],
  consent: ["Toestemming (*).", "Consent (*)."],
  no_consent: ["Geen toestemming: alleen wat bij de pagina past.", "No consent: only what fits the page."],
  gpc: ["Global Privacy Control staat aan.", "Global Privacy Control is on."],
  slot: ["Plek gevonden: *.", "Place found: *."],
  slot_missing: ["Plek niet op deze pagina: *.", "Place not on this page: *."],
  bad_selector: ["Selector onleesbaar: *.", "Selector cannot be read: *."],
  shown: ["Te zien: *.", "Shown: *."],
  waits: ["Wacht op het moment '*'.", "Waits for the moment '*'."],
  protected_page: ["Op deze pagina (inloggen, betalen, account) verschijnt nooit iets.", "Nothing ever appears on this page (login, payment, account)."],
  no_answer: ["De vraag wat te tonen kreeg geen antwoord.", "The question what to show got no answer."],
  too_late: ["Te laat om nog te wisselen: *.", "Too late to be put in place: *."],
  not_for_now: ["Nu niet getoond: *.", "Not shown now: *."],
  refused_by_visitor: ["'Niet voor mij': *.", "'Not for me': *."],
  capped: ["Vaak genoeg getoond: *.", "Shown often enough: *."],
  lost_to: ["Er stond al iets anders open: *.", "Something else was open already: *."],
  wrong_page: ["Niet voor deze pagina: *.", "Not for this page: *."],
  not_drawn: ["Kon hier niet getekend worden: *.", "Could not be drawn here: *."],
  csp: ["Tegengehouden door de CSP: *.", "Blocked by the CSP: *."],
  failed: ["Fout: *.", "Error: *."],
  resting: ["Na drie fouten een minuut rust.", "Resting for a minute after three errors."],
  unkept: ["De browser laat niets bewaren.", "The browser does not let us keep anything."],
  staff: ["Medewerker: telt nergens mee.", "Staff: counted nowhere."],
  lost: ["* gebeurtenissen pasten niet meer.", "* events did not fit any more."],
};

export function diagnose() {
  const { config, open } = live;
  const found = [config ? ["ok", live.base] : ["no_config", live.base]];
  const when = (is, reason, about) => is && found.push([reason, about]);
  when(resting(), "resting");
  when(live.staff, "staff");
  when(live.unkept, "unkept");
  when(live.lost, "lost", live.lost);
  const yes = Object.keys(open).filter((purpose) => open[purpose]);
  found.push(yes.length ? ["consent", who() + ": " + yes.join(", ")] : ["no_consent"]);
  when(gpc(), "gpc");
  ((config && config.slots) || []).forEach((name) => when(slotOf(name), "slot", name));
  shown().forEach(({ entry }) => found.push(["shown", entry.experience]));
  live.entries.forEach(({ trigger, show }) => when(show && trigger.on !== "load", "waits", trigger.on));
  const lines = [...found, ...live.notes].map(([reason, about]) =>
    SAID[reason][language() === "en" ? 1 : 0].replace("*", () => about),
  );
  const once = [...new Set(lines)];
  win.console.info("Etalage\n" + once.join("\n"));
  return once;
}
