// The panel that looks along with the visitor: demo only. Asks while it is open, and is quiet otherwise.
import { made, page, post, visitorToken } from "./layer.js"

const EVERY_SECONDS = 3

export function following(panel) {
  const place = panel.querySelector("div")
  let timer = 0
  const look = async () => {
    const told = window.dataLayer?.find?.((one) => one?.event === "view_item")
    const here = { url: location.pathname, ...page.tell, product_id: told?.ecommerce?.items?.[0]?.item_id }
    const said = await post("meekijken", { token: visitorToken(), page: here, language: panel.dataset.language }).catch(() => null)
    place.replaceChildren(...(said ? drawn(said) : [made("section", {}, made("p", { textContent: page.words.follow_off }))]))
  }
  const stop = () => clearInterval(timer)
  const start = () => {
    stop()
    if (!panel.open || document.hidden) return
    look()
    timer = setInterval(look, EVERY_SECONDS * 1000)
  }
  panel.addEventListener("toggle", start)
  document.addEventListener("visibilitychange", start)
  start()
  return stop
}

function drawn(said) {
  const { words } = page
  const block = (title, rows, none = words.follow_none) =>
    made("section", {}, made("h2", { textContent: title }), rows.length ? made("ul", {}, ...rows) : made("p", { className: "off", textContent: none }))
  const row = (left, right, below, off) =>
    made("li", { className: off ? "off" : "" }, made("span", { textContent: left }), made("span", { textContent: right }), ...(below ? [made("small", { textContent: below })] : []))
  const state = { on: words.follow_is, off: words.follow_is_not, warming: words.follow_warming }
  const kept = (one) => (one.variant === "holdout" ? words.follow_held : words.follow_hidden)
  const allowed = said.open.map((purpose) => words[`purpose_${purpose}`]).join(", ")
  const when = (time) => new Date(time).toLocaleTimeString(page.tongue, { hour: "2-digit", minute: "2-digit", second: "2-digit" })
  return [
    block(words.follow_who, said.known ? [row(allowed || "-", "", said.held ? words.follow_outside : "")] : [], words.follow_nobody),
    block(words.follow_events, said.events.map((one) => row(`${one.name} ${one.about}`, when(one.time)))),
    block(words.follow_segments, said.segments.map((one) => row(one.name, state[one.state], one.sentence, one.state !== "on"))),
    block(words.follow_candidates, [
      ...said.candidates.map((one) => row(`${one.name} · ${one.slot}`, one.trigger, `${one.shown ? words.follow_shown : kept(one)}${one.why ? `. ${one.why}` : ""}`, !one.shown)),
      ...said.skipped.map((one) => row(one.name, one.reason, "", true)),
    ]),
  ]
}
