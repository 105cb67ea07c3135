// The basket: kept for this tab alone, and only from the moment that something is put in it.
// Strictly necessary then (without it there is no basket); a visitor who only looks has no key at all.
import { made, money, page, push, say } from "./layer.js"

const KEY = "noord_cart"

export function lines() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY))
    return Array.isArray(kept) ? kept : []
  } catch {
    return []
  }
}

function keep(all) {
  try {
    if (all.length) sessionStorage.setItem(KEY, JSON.stringify(all))
    else sessionStorage.removeItem(KEY)
  } catch {
    // Storage is blocked: the basket lasts as long as this page.
  }
  count()
}

export const clear = () => keep([])
export const itemOf = (line, quantity = line.quantity) => ({ ...line.item, item_variant: line.variant, price: line.price / 100, quantity })
export const worth = (all) => all.reduce((sum, line) => sum + line.price * line.quantity, 0)
export const whole = (all) => ({ currency: "EUR", value: worth(all) / 100, items: all.map((line) => itemOf(line)) })

export function deliveryOf(all, tier = "standaard") {
  return worth(all) >= page.free_from && tier !== "avond" ? 0 : page.delivery[tier]
}

export function add(line) {
  const all = lines()
  const same = all.find((one) => one.offer === line.offer)
  if (same) same.quantity = Math.min(same.quantity + 1, same.most)
  else all.push(line)
  keep(all)
  push("add_to_cart", { currency: "EUR", value: line.price / 100, items: [itemOf(line, 1)] })
}

export function change(offer, quantity) {
  const all = lines()
  const line = all.find((one) => one.offer === offer)
  if (!line) return
  const after = Math.max(0, Math.min(quantity, line.most))
  const less = line.quantity - after
  if (!less) return
  const name = less > 0 ? "remove_from_cart" : "add_to_cart"
  push(name, { currency: "EUR", value: (Math.abs(less) * line.price) / 100, items: [itemOf(line, Math.abs(less))] })
  line.quantity = after
  keep(all.filter((one) => one.quantity > 0))
}

export function count() {
  const link = document.querySelector('[data-behaviour="basket"]')
  if (!link) return
  const pieces = lines().reduce((sum, line) => sum + line.quantity, 0)
  const badge = link.querySelector(".basket-count")
  badge.hidden = !pieces
  badge.textContent = pieces
  link.setAttribute("aria-label", link.dataset.label.replace("{n}", pieces))
}

// Draws what it costs. <div class="sums">
export function sums(place, tier, more = []) {
  const all = lines()
  const cost = deliveryOf(all, tier)
  const total = worth(all) + cost
  const row = (name, value, kind = "") => made("div", { className: kind }, made("span", { textContent: name }), made("span", { textContent: value }))
  place.replaceChildren(
    row(page.words.subtotal, money(worth(all))),
    row(page.words.delivery, cost ? money(cost) : page.words.free),
    row(page.words.total, money(total), "total"),
    row(page.words.vat, money(Math.round((total * 21) / 121)), "note"),
    ...more,
  )
}

// Draws the basket's page.
export function showCart(place, empty) {
  const draw = () => {
    const all = lines()
    place.hidden = !all.length
    empty.hidden = !!all.length
    place.querySelector(".lines").replaceChildren(...all.map(lineOf))
    sums(place.querySelector(".sums"), "standaard", [made("a", { className: "buy", href: `${page.base}/kassa`, textContent: page.words.to_checkout })])
  }
  const lineOf = (line) => {
    const button = (text, label, quantity) => {
      const one = made("button", { type: "button", textContent: text })
      one.setAttribute("aria-label", `${label}: ${line.title}`)
      one.addEventListener("click", () => { change(line.offer, quantity); draw() })
      return one
    }
    const gone = button(page.words.cart_remove, page.words.cart_remove, 0)
    gone.className = "link"
    return made("li", {},
      made("img", { className: "picture", src: line.picture, alt: "", width: 88, height: 88 }),
      made("div", {},
        made("a", { href: line.href, textContent: line.title }),
        made("p", { className: "note", textContent: line.variant }),
        made("p", { className: "amount" }, button("−", page.words.cart_less, line.quantity - 1), made("b", { textContent: line.quantity }), button("+", page.words.cart_more, line.quantity + 1)),
        gone),
      made("p", { className: "price", textContent: money(line.price * line.quantity) }))
  }
  draw()
  document.addEventListener("noord:basket", draw)
  push("view_cart", whole(lines()))
}

// One tap: a link to the basket that names what to put in it does so where she stands. It is found in the path of
// the click, because messages are drawn in a shadow root; and an address that was opened itself works as well.
export function oneTap() {
  const wanted = (address) => new URL(address, window.location.href).searchParams.get("leg")
  document.addEventListener("click", (event) => {
    const link = event.composedPath().find((one) => one.href && wanted(one.href))
    if (!link || event.button || event.metaKey || event.ctrlKey) return
    event.preventDefault()
    put(wanted(link.href))
  })
  const opened = wanted(window.location.href)
  if (!opened) return
  window.history.replaceState(null, "", window.location.pathname)
  put(opened)
}

async function put(offer) {
  const answer = await fetch(`${page.root}/regel/${encodeURIComponent(offer)}?lang=${page.tongue}`)
  if (!answer.ok) return
  const line = await answer.json()
  add(line)
  document.dispatchEvent(new CustomEvent("noord:basket"))
  say(page.words.added.replace("{title}", line.title))
}
