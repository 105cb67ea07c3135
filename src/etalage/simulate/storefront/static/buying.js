// The product's form, the three steps of the checkout, and the thanks.
import { add, clear, deliveryOf, lines, sums, whole } from "./basket.js"
import { consentNow } from "./choice.js"
import { made, money, page, post, push, say, visitorToken } from "./layer.js"
import { customerId } from "./self.js"

const LAST = "noord_order"

export function buy(form) {
  const stock = form.querySelector('[data-behaviour="stock"]')
  const tell = (text, level = "") => {
    stock.querySelector("span").textContent = text
    stock.className = `stock ${level}`
  }
  form.addEventListener("change", () => {
    const chosen = form.querySelector("input:checked")
    if (chosen) tell(chosen.dataset.says, chosen.dataset.level)
  })
  form.addEventListener("submit", (event) => {
    event.preventDefault()
    const chosen = form.querySelector("input:checked") || form.querySelector('input[type="hidden"]')
    if (!chosen) {
      tell(page.words.choose_size, "gone")
      form.querySelector("input:enabled")?.focus()
      return
    }
    const { offers, ...good } = page.good
    const offer = offers[chosen.value]
    add({ ...good, ...offer, offer: chosen.value, quantity: 1, item: page.items[good.id] })
    const told = page.words.added.replace("{title}", good.title)
    tell(told)
    say(told)
  })
}

export function checkout(place, empty) {
  if (!lines().length) {
    empty.hidden = false
    return
  }
  place.hidden = false
  const forms = [...place.querySelectorAll("form")]
  const marks = [...document.querySelectorAll(".steps li")]
  const tier = () => place.querySelector('[name="tier"]:checked').value
  const draw = () => sums(place.querySelector(".sums"), tier())
  place.querySelectorAll("[data-tier]").forEach((cost) => {
    const cents = deliveryOf(lines(), cost.dataset.tier)
    cost.textContent = cents ? money(cents) : page.words.free
  })
  const show = (step, focused = true) => {
    forms.forEach((form) => { form.hidden = +form.dataset.step !== step })
    marks.forEach((mark, i) => (i + 1 === step ? mark.setAttribute("aria-current", "step") : mark.removeAttribute("aria-current")))
    if (focused) forms[step - 1].querySelector("input, button").focus()
  }
  const next = {
    1: () => show(2),
    2: () => { push("add_shipping_info", { ...whole(lines()), shipping_tier: tier() }); show(3) },
    3: (form) => order(form, tier()),
  }
  forms.forEach((form) => {
    form.addEventListener("submit", (event) => { event.preventDefault(); next[form.dataset.step](form) })
    form.addEventListener("change", draw)
    form.querySelector('button[type="button"]')?.addEventListener("click", (event) => show(+event.target.value))
  })
  draw()
  show(1, false)
  push("begin_checkout", whole(lines()))
}

async function order(form, tier) {
  const payment = form.querySelector('[name="pay"]:checked').value
  const all = lines()
  const failed = form.querySelector(".alert")
  const button = form.querySelector(".buy")
  push("add_payment_info", { ...whole(all), payment_type: payment })
  button.disabled = true
  failed.hidden = true
  try {
    const sent = all.map(({ id, offer, quantity }) => ({ id, offer, quantity }))
    const said = await post("bestellen", { lines: sent, tier, visitor: visitorToken(), customer: customerId(), consent: consentNow() })
    const { order: made_, transaction_id } = said
    const ecommerce = { ...whole(all), transaction_id, value: made_.total / 100, tax: made_.tax / 100, shipping: made_.delivery / 100 }
    try {
      sessionStorage.setItem(LAST, JSON.stringify({ id: transaction_id, ecommerce }))
    } catch {
      push("purchase", ecommerce) // no page after this one can say it
    }
    clear()
    window.location.assign(`${page.base}/bedankt`)
  } catch {
    failed.hidden = false
    button.disabled = false
  }
}

export function lastOrder() {
  try {
    return JSON.parse(sessionStorage.getItem(LAST))
  } catch {
    return null
  }
}

// As in most shops the purchase is pushed by the page of thanks, and again when it is loaded again.
export function thanks(place, none) {
  const last = lastOrder()
  place.hidden = !last
  none.hidden = !!last
  if (!last) return
  place.querySelector("p").replaceChildren(made("span", { textContent: place.dataset.text.replace("{id}", last.id) }))
  push("purchase", last.ecommerce)
}
