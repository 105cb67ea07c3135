// Who is signed in: for this tab, and only after somebody did.
import { made, post, visitorToken } from "./layer.js"

const KEY = "noord_customer"

export function customer() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY))
  } catch {
    return null
  }
}

export const customerId = () => customer()?.id ?? null

// As a real shop's page does it: each page says who is signed in, as the shop's server signed it. The tag may come later.
export function introduce(known = customer()) {
  if (!known?.signature) return
  window.etalage ||= function () { (window.etalage.q ||= []).push(arguments) }
  window.etalage("identify", known.id, known.signature, { firstName: known.name })
}

export function account(ask, own) {
  const draw = () => {
    const known = customer()
    ask.hidden = !!known
    own.hidden = !known
    if (!known) return
    own.querySelector("h2").textContent = own.dataset.hello.replace("{name}", known.name)
    const told = ([id, days]) => made("li", { textContent: own.dataset.old.replace("{id}", id).replace("{days}", days) })
    own.querySelector("ul").replaceChildren(...known.orders.map(told))
    own.querySelector(".note").hidden = known.orders.length > 0
  }
  ask.querySelectorAll("button").forEach((button) => button.addEventListener("click", async () => {
    const known = await post("inloggen", { id: button.value, visitor: visitorToken() }).catch(() => null)
    if (!known) return
    sessionStorage.setItem(KEY, JSON.stringify(known))
    window.dataLayer.push({ event: button.value === "nieuw" ? "sign_up" : "login", method: "demo" })
    introduce(known)
    draw()
    own.querySelector("button").focus()
  }))
  own.querySelector("button").addEventListener("click", () => {
    sessionStorage.removeItem(KEY)
    draw()
    ask.querySelector("button").focus()
  })
  draw()
}
