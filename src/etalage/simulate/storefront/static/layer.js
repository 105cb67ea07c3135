// The page's data, and the GA4 dataLayer as a real shop pushes it.
export const page = JSON.parse(document.getElementById("bladzijde").textContent)

export function push(event, ecommerce) {
  window.dataLayer = window.dataLayer || []
  window.dataLayer.push({ ecommerce: null })
  window.dataLayer.push({ event, ecommerce })
}

export const money = (cents) =>
  new Intl.NumberFormat(page.tongue === "nl" ? "nl-NL" : "en-IE", { style: "currency", currency: "EUR" }).format(cents / 100)

export function say(text) {
  const place = document.querySelector('[data-behaviour="say"]')
  if (place) place.textContent = text
}

// What the tag keeps of the visitor once `device` is allowed; nothing before.
export function visitorToken() {
  try {
    return (JSON.parse(localStorage.getItem("etalage")) || {}).token || null
  } catch {
    return null
  }
}

export function made(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties)
  element.append(...children)
  return element
}

export async function post(name, body) {
  const answer = await fetch(`${page.root}/${name}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) })
  if (!answer.ok) throw new Error(answer.status)
  return answer.json()
}
