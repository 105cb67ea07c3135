// Check the installation from within the page, and say in plain words why nothing appeared.
// Only what this browser knows itself: with the public key nobody may learn the server's reasons.
// The sentences stand on the server (api/tag_words.toml): visitors need not load them.
import { call } from "./call.js";
import { gpc, who } from "./consent.js";
import { resting } from "./guard.js";
import { live, win } from "./live.js";
import { language } from "./page.js";
import { shown, slotOf } from "./place.js";

export async function diagnose() {
  const { config, open } = live;
  const found = [[config ? "ok" : "no_config", live.base]];
  const when = (is, reason, about) => is && found.push([reason, about]);
  when(resting(), "resting");
  when(live.staff, "staff");
  when(live.unkept, "unkept");
  when(live.lost, "lost", live.lost);
  const yes = Object.keys(open).filter((purpose) => open[purpose]);
  found.push(yes.length ? ["consent", who() + ": " + yes] : ["no_consent"]);
  when(gpc(), "gpc");
  if (config) config.slots.forEach((name) => when(slotOf(name), "slot", name));
  shown().forEach(({ entry }) => found.push(["shown", entry.experience]));
  live.entries.forEach(({ trigger, show }) => when(show && trigger.on !== "load", "waits", trigger.on));
  const said = await call("/docs/tag").catch(() => ({}));
  const sentences = said[language()] || said.nl || {};
  const lines = found.concat(live.notes).map(([reason, about]) => (sentences[reason] || reason + ": *").replace("*", () => about || ""));
  const once = [...new Set(lines)];
  win.console.info(once.join("\n"));
  return once;
}
