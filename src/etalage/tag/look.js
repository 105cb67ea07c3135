// How messages look: eight tokens of the shop, and none of ours. The page may set --etalage-accent and the like.
export const TOKENS = {
  paper: "#f4f6f6",
  sheet: "#fff",
  ink: "#16242b",
  "ink-soft": "#52636b",
  line: "#d5dde0",
  accent: "#16242b",
  "on-accent": "#fff",
  round: "10px",
};

const tokens = Object.keys(TOKENS)
  .map((name) => `--${name}:var(--etalage-${name},var(--theme-${name},${TOKENS[name]}));`)
  .join("");

export const LOOK = `
.e{${tokens}all:initial;display:block;box-sizing:border-box;font-family:var(--etalage-font,inherit);font-size:inherit;line-height:1.5;color:var(--ink);text-align:start;position:relative}
.e *,dialog *{box-sizing:border-box;margin:0;padding:0}
.e [hidden]{display:none}
.sheet{background:var(--sheet);color:var(--ink);border:0}
.popup{position:fixed;inset:0;margin:auto;width:min(544px,calc(100vw - 32px));max-height:calc(100dvh - 32px);overflow:auto;border-radius:calc(var(--round)*1.4);box-shadow:0 18px 60px #0a1c2459;padding:0;animation:arrive .24s ease-out}
.popup.art{width:min(752px,calc(100vw - 32px))}
.popup.art .body{display:grid;grid-template-columns:272px minmax(0,1fr)}
.popup::backdrop{background:#08182085;animation:fade .24s}
.text{display:grid;gap:16px;padding:36px 28px 20px;align-content:center}
.popup h2{padding-right:36px}
.toast{position:fixed;z-index:2147483000;left:clamp(12px,2vw,32px);bottom:clamp(12px,2vw,32px);width:min(400px,calc(100vw - 24px));max-height:calc(100dvh - 24px);overflow:auto;border-radius:var(--round);box-shadow:0 0 0 1px var(--line),0 10px 36px #0a1c2440;animation:arrive .24s ease-out}
.toast .text{padding:16px 52px 9.6px 16px;gap:9.6px;font-size:.9375em}
.toast .art{width:68px;float:left;border-radius:calc(var(--round)*.6)}
.bar{background:var(--paper);border-block:1px solid var(--line)}
.bar .text{display:flex;flex-wrap:wrap;align-items:center;justify-content:center;gap:4px 20px;padding:8px 52px 8px 16px;font-size:.9375em}
.bar.fixed{position:fixed;z-index:2147482000;inset:auto 0 0}
.inline .text{background:var(--paper);border-radius:var(--round);padding:20px 24px 12px}
.products .text{padding:0;gap:12px}
h1,h2,h3{font-size:1.375em;line-height:1.15;letter-spacing:-.02em;font-weight:700;text-wrap:balance}
.popup h2{font-size:1.75em}.toast :is(h2,h3),.bar :is(h2,h3){font-size:1em;letter-spacing:0}
p{text-wrap:pretty;white-space:pre-line}
a{color:inherit;text-underline-offset:.2em}
img{display:block;max-width:100%;height:auto}
.side{background:var(--paper);display:grid;place-items:center;padding:20px}
button{font:inherit;color:inherit;background:none;border:0;cursor:pointer}
.deeds{display:flex;flex-wrap:wrap;gap:8px 12px}
.deed{display:inline-flex;align-items:center;justify-content:center;min-height:44px;padding:8px 22.4px;border-radius:var(--round);font-weight:600;text-decoration:none;box-shadow:inset 0 0 0 1.5px var(--ink-soft)}
.deed:hover{box-shadow:inset 0 0 0 2px currentColor}
.deed.main{background:var(--accent);color:var(--on-accent);box-shadow:none}
.deed.main:hover{box-shadow:inset 0 0 0 2px var(--on-accent)}
:focus-visible{outline:3px solid currentColor;outline-offset:2px;border-radius:4px}
.shut{position:absolute;z-index:1;top:6.4px;right:6.4px;width:44px;height:44px;border-radius:50%;font-size:1.5em;line-height:1}
.bar .shut{top:50%;translate:0 -50%}
.shut:hover{background:var(--line)}
.list{display:grid;gap:20px 16px;grid-template-columns:repeat(auto-fill,minmax(min(176px,45%),1fr));list-style:none}
.list a{display:grid;gap:1.6px;text-decoration:none;align-content:start}
.list img,.list .none{width:100%;aspect-ratio:1;object-fit:contain;background:var(--paper);border-radius:var(--round);margin-bottom:8px}
.list b{font-weight:600;line-height:1.3}.list a:hover b{text-decoration:underline;text-decoration-thickness:2px}
.list small,.soft{font-size:.8125em;color:var(--ink-soft);line-height:1.45}
.why{border-top:1px solid var(--line);font-size:.8125em;color:var(--ink-soft)}
.bar .why,.products .why{border:0}
summary{display:inline-flex;align-items:center;min-height:44px;cursor:pointer;list-style:none;text-decoration:underline;text-underline-offset:.25em;text-decoration-color:var(--line)}
summary::-webkit-details-marker{display:none}
.why div{display:flex;flex-wrap:wrap;gap:0 20px;align-items:center}
.why :is(button,a){color:var(--ink);min-height:44px;display:inline-flex;align-items:center;text-decoration:underline;text-underline-offset:.25em}
@keyframes arrive{from{opacity:0;translate:0 8px}}
@keyframes fade{from{opacity:0}}
@media (max-width:768px){.popup,.popup.art{inset:auto 0 0;margin:0;width:100%;max-width:none;max-height:92dvh;border-radius:14px 14px 0 0}.popup.art .body{grid-template-columns:minmax(0,1fr)}.side{padding:12px}.side img{max-height:144px}.text{padding:24px 16px 16px}.popup .deed{flex:1 1 192px}}
@media (prefers-reduced-motion:reduce){*,::backdrop{animation:none!important;transition:none!important}}
`;
