// What a page does after it stands there. One behaviour per element, found by data-behaviour.
import { count, oneTap, showCart } from "./basket.js"
import { buy, checkout, thanks } from "./buying.js"
import { askConsent } from "./choice.js"
import { following } from "./following.js"
import { page, push } from "./layer.js"
import { looking } from "./looking.js"
import { account, introduce } from "./self.js"

const find = (name) => document.querySelector(`[data-behaviour="${name}"]`)
const when = (name, behaviour, ...others) => {
  const element = find(name)
  if (element) behaviour(element, ...others.map(find))
}

// A click on a product of a list is told before the page is left.
function select(list) {
  list.addEventListener("click", (event) => {
    const card = event.target.closest("a")?.closest("[data-id]")
    const item = card && page.items?.[card.dataset.id]
    if (!item) return
    const index = [...list.children].indexOf(card)
    push("select_item", { item_list_id: list.dataset.list, item_list_name: page.list?.name ?? list.dataset.list, items: [{ ...item, index }] })
  })
}

// Puts the products that cannot be seen yet in this visitor's order. What is in view stays where it is, so nothing jumps;
// without an answer the shop's own order stands.
async function rank(list) {
  const all = [...list.children]
  const order = await window.etalage("rank", all.map((card) => card.dataset.id))
  if (!Array.isArray(order) || order.length !== all.length) return
  const unseen = all.filter((card) => card.getBoundingClientRect().top > window.innerHeight)
  const place = new Map(order.map((id, i) => [String(id), i]))
  if (!unseen.every((card) => place.has(card.dataset.id))) return
  list.append(...unseen.sort((one, other) => place.get(one.dataset.id) - place.get(other.dataset.id)))
}

introduce()
looking()
count()
document.querySelectorAll("[data-list]").forEach(select)
oneTap()
when("consent", askConsent, "consent-again")
when("buy", buy)
when("cart", showCart, "cart-empty")
when("checkout", checkout, "cart-empty")
when("thanks", thanks, "thanks-none")
when("sign-in", account, "signed-in")
when("rank", (list) => { rank(list).catch(() => {}) })
when("wide-open", (filters) => { if (window.matchMedia("(min-width: 50rem)").matches) filters.open = true })
when("follow", following)
