// How messages look: eight tokens of the shop, and none of ours. The page may set --etalage-accent and the like.
const TOKENS = {
  paper: "#f4f6f6",
  sheet: "#fff",
  ink: "#16242b",
  "ink-soft": "#52636b",
  line: "#d5dde0",
  accent: "var(--ink)",
  "on-accent": "var(--sheet)",
  round: "10px",
};

const tokens = Object.keys(TOKENS)
  .map((name) => `--${name}:var(--etalage-${name},var(--theme-${name},${TOKENS[name]}));`)
  .join("");

export const LOOK = `
.e{${tokens}all:initial;font-family:var(--etalage-font,inherit);font-size:inherit;line-height:1.5;color:var(--ink)}
.e *{box-sizing:border-box;margin:0;padding:0;border:0;font:inherit;color:inherit;text-decoration:none}
.fixed{position:fixed;z-index:2147483000;background:var(--sheet);border-radius:var(--round);overflow:auto;max-height:calc(100dvh - 32px);box-shadow:0 0 0 1px var(--line),0 10px 36px #0a1c2440;animation:a .24s}
.e .popup{inset:0;margin:auto;width:min(544px,100% - 32px)}
.popup::backdrop{background:#08182085}
.e .art{display:grid;grid-template-columns:272px 1fr;width:min(752px,100% - 32px)}
.text{display:grid;gap:16px;padding:36px 28px 12px;align-content:center}
.toast{left:16px;bottom:16px;width:min(400px,100% - 32px)}
.bar{background:var(--paper);border-radius:0}
.bar .text{display:flex;flex-wrap:wrap;align-items:center;justify-content:center;gap:0 20px}
.e :is(.toast,.bar) .text{padding:8px 52px 4px 16px}
.bar.fixed{inset:auto 0 0}
.inline .text{background:var(--paper);border-radius:var(--round);padding:20px 24px 4px}
.products .text{padding:0}
.e :is(h2,h3){font-size:1.4em;line-height:1.2;font-weight:700;text-wrap:balance}
.popup h2{font-size:1.75em;padding-right:36px}
.e :is(.toast,.bar) h2{font-size:1em}
p{white-space:pre-line}
img{display:block;max-width:100%}
.side{background:var(--paper);display:grid;place-items:center;padding:20px}
button,summary{background:0 0;cursor:pointer}
.deeds{display:flex;flex-wrap:wrap;gap:8px 12px}
.deed{display:grid;place-items:center;min-height:44px;padding:8px 22px;border-radius:var(--round);box-shadow:inset 0 0 0 1.5px var(--ink-soft)}
.e :is(.deed,b){font-weight:600}
.e a.deed:first-child{background:var(--accent);color:var(--on-accent)}
:focus-visible{outline:3px solid;outline-offset:2px}
.e .shut{position:absolute;z-index:1;top:4px;right:4px;width:44px;height:44px;border-radius:50%;font-size:1.5em}
.shelf,ul{display:grid;gap:12px}
li a{display:grid}
ul{grid-template-columns:repeat(auto-fill,minmax(min(176px,45%),1fr));list-style:none}
li :is(img,i){width:100%;aspect-ratio:1;object-fit:contain;background:var(--paper);border-radius:var(--round);margin-bottom:8px}
a:hover b,.deed:hover{text-decoration:underline}
.e :is(small,.why,.soft){font-size:.8125em;color:var(--ink-soft)}
.e .why :is(summary,button,a){display:inline-flex;align-items:center;min-height:44px;margin-right:20px;text-decoration:underline}
.e .why :is(button,a){color:var(--ink)}
@keyframes a{from{opacity:0;translate:0 8px}}
@media (max-width:48em){.e .popup{inset:auto 0 0;margin:0;width:100%;max-width:none}.e .art{display:block}.side{padding:12px}.side img{max-height:144px}.popup .text{padding:24px 16px 8px}.popup .deed{flex:1}}
@media (prefers-reduced-motion:reduce){.fixed{animation:none}}
`;
