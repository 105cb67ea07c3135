// Check the installation from within the page, and say in plain words why nothing appeared.
// Only what this browser knows itself: with the public key nobody may learn the server's reasons.
// The sentences stand on the server (api/tag_words.toml): visitors need not load them.
// A file of its own (/docs/tag.js), which the tag loads when it is asked to; its parts come as arguments.
export async function diagnose({ call, gpc, language, live, resting, shown, slotOf, who }) {
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
  console.info(once.join("\n"));
  return once;
}
