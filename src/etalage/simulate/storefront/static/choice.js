// The visitor's choice about consent. Before it nothing is written; afterwards the choice itself is remembered, also a no,
// because asking again on every page would be no choice.
const KEY = "noord_consent"
const PURPOSES = ["measure", "personalise", "ads"]

export function choice() {
  try {
    return JSON.parse(localStorage.getItem(KEY))
  } catch {
    return null
  }
}

// What the order tells of it: the device is asked for as soon as something may be measured or made personal.
export function consentNow() {
  const said = choice() || {}
  return { device: !!(said.measure || said.personalise), measure: !!said.measure, personalise: !!said.personalise, ads: !!said.ads }
}

function choose(said) {
  try {
    localStorage.setItem(KEY, JSON.stringify(said))
  } catch {
    // Storage is blocked: the choice holds for this page.
  }
  const is = (yes) => (yes ? "granted" : "denied")
  window.gtag("consent", "update", {
    ad_storage: is(said.ads), ad_user_data: is(said.ads), ad_personalization: is(said.ads),
    analytics_storage: is(said.measure), personalization_storage: is(said.personalise),
  })
}

export function askConsent(banner, again) {
  const boxes = [...banner.querySelectorAll("input")]
  const open = (focused) => {
    const said = choice() || {}
    boxes.forEach((box) => { box.checked = said[box.name] === true })
    banner.hidden = false
    if (focused) banner.querySelector("h2").focus()
  }
  banner.querySelector("form").addEventListener("submit", (event) => event.preventDefault())
  banner.querySelectorAll("button").forEach((button) => button.addEventListener("click", () => {
    const picked = { all: () => true, none: () => false, some: (box) => box.checked }[button.value]
    choose(Object.fromEntries(boxes.map((box) => [box.name, PURPOSES.includes(box.name) && picked(box)])))
    banner.hidden = true
    again?.focus({ preventScroll: true })
  }))
  again?.addEventListener("click", () => open(true))
  if (!choice()) open(false)
}
