// How long this page was looked at, as GA4 counts it: only while it is in view, told as she looks away or leaves.
// Heard before the tag hears it (a capture on the window), so that what the tag sends as she goes holds this too.
export function looking() {
  let since
  const look = () => { if (!document.hidden) since ??= performance.now() }
  const away = () => {
    const time = Math.round(performance.now() - since)
    since = undefined
    if (time > 0) window.etalage?.("track", "user_engagement", { engagement_time_msec: time })
  }
  window.addEventListener("visibilitychange", () => (document.hidden ? away() : look()), true)
  window.addEventListener("pagehide", away, true)
  window.addEventListener("pageshow", look)
  look()
}
