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
    if (known.signature) window.etalage("identify", known.id, known.signature)
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
