// For developers and staff: check the installation, say in plain words why nothing appeared, open every "why?", and
// be counted nowhere. A file of its own (/docs/tag.js), which the tag loads when it is asked to; visitors never do.
// Only what this browser knows itself: with the public key nobody may learn the server's reasons.
// The sentences stand on the server (api/tag_words.toml).

// Staff are counted nowhere, in this browser, until they say otherwise.
export function staff(live, is) {
  const secure = location.protocol === "https:" ? ";Secure" : "";
  document.cookie = `etalage_staff=1;Path=/;SameSite=Lax;Max-Age=${is ? 31_536_000 : 0}${secure}`;
  live.staff_ = is || undefined;
}

export const why = (live) =>
  live.drawn_.map(({ experience, message_: { box_: box }, why }) => {
    box.querySelector(".why").open = true;
    return { experience, why };
  });

// A place of the page: found, not there, or with a selector that cannot be read.
function placeOf(name, selector) {
  try {
    return document.querySelector(`[data-etalage-slot="${name}"]`) || document.querySelector(selector || "_") ? "slot" : "slot_missing";
  } catch {
    return "bad_selector";
  }
}

// What the page's own policy held back since it was opened, where the browser tells.
const heldBack = (base) =>
  new Promise((done) => {
    const reports = [];
    try {
      new ReportingObserver((all) => reports.push(...all), { buffered: true, types: ["csp-violation"] }).observe();
    } catch {} // not in this browser
    setTimeout(() => done(reports.filter(({ body }) => body?.blockedURL?.startsWith(base)).map(({ body }) => body.effectiveDirective)), 50);
  });

export async function diagnose(live) {
  const { base_: base, config_: config, open_: open } = live;
  const found = [[config ? "ok" : "no_config", base]];
  const when = (is, reason, about) => is && found.push([reason, about]);
  when(config?.off, "closed");
  when(Date.now() < live.rest_, "resting");
  when(live.staff_, "staff");
  when(live.unkept_, "unkept");
  when(live.lost_, "lost", live.lost_);
  const yes = Object.keys(open).filter((purpose) => open[purpose]);
  found.push(yes.length ? ["consent", live.from_ + ": " + yes] : ["no_consent"]);
  when(navigator.globalPrivacyControl === true, "gpc");
  (config?.slots || []).forEach((name) => found.push([placeOf(name, config.selectors?.[name]), name]));
  live.drawn_.forEach(({ experience }) => found.push(["shown", experience]));
  live.entries_.forEach(({ experience, show, trigger, message_: message }) => {
    when(!show, "not_for_now", experience);
    when(show && !message && trigger.on !== "load", "waits", trigger.on);
  });
  (await heldBack(base)).forEach((directive) => found.push(["csp", directive]));
  const said = await fetch(base + "/docs/tag", { credentials: "omit" }).then((answer) => answer.json()).catch(() => ({}));
  const sentences = said[(document.documentElement.lang || "nl").slice(0, 2)] || said.nl || {};
  const lines = found.concat(live.notes_).map(([reason, about]) => (sentences[reason] || reason + ": *").replace("*", () => about || ""));
  const once = [...new Set(lines)];
  try {
    console.info(once.join("\n"));
  } catch {} // an old page may have put its own there
  return once;
}
