"""Step 7 of 8, measure: a report as one file for the browser.

In:   a page.
Out:  HTML that loads nothing, runs nothing, and says so in its own content security policy; it reads on a phone, on a
      desk and on paper.
"""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, StrictUndefined, Template

from etalage.measure.page.model import Block, Page

# Which sections stand in one window; those of one row stand beside each other on a wide page.
GROUPS = (
    ("causes",),
    ("next", "not_this"),
    ("variants",),
    ("certain", "trust"),
    ("ran", "whom"),
    ("funnel",),
    ("cumulative",),
    ("parts",),
    ("guardrails", "ratios"),
)


def html(page: Page) -> str:
    """Lay a report out as a web page."""
    style = asset("page.css")
    digest = b64encode(sha256(style.encode()).digest()).decode()
    return _template().render(
        page=page,
        w=page.words,
        style=style,
        style_hash=f"sha256-{digest}",
        signs=asset("signs.svg"),
        wordmark=asset("wordmark.svg"),
        groups=GROUPS,
        kind_of=_kind,
        ids={query.name: f"{i}" for i, query in enumerate(page.queries, 1)},
    )


def _kind(block: Block) -> str:
    return str(block.__struct_config__.tag)


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    return environment.from_string(asset("page.html"))


@cache
def asset(name: str) -> str:
    """Give a file of this folder."""
    return (files("etalage.measure.page") / name).read_text(encoding="utf-8").strip()
