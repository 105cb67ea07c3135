"""Step 6 of 8, deliver: how messages look, and in what elements their blocks are drawn.

In:   the theme of a shop; `tag/look.css` and `tag/forms.json` as they were built.
Out:  the style sheet with the shop's tokens, and the forms, both for the public configuration.
Idea: the tag makes elements and nothing else. What they are, and how they look, is written here, so that it weighs
      nothing in the tag; which elements and attributes may be made at all is decided in the tag (draw.js).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from etalage.domain.shop import THEME

# What a token is where the shop says nothing. The page itself may set --etalage-accent and the like.
TOKENS: Mapping[str, str] = {
    "paper": "#f4f6f6",
    "sheet": "#fff",
    "ink": "#16242b",
    "ink-soft": "#52636b",
    "line": "#d5dde0",
    "accent": "var(--ink)",
    "on-accent": "var(--sheet)",
    "round": "10px",
}


def look(theme: Mapping[str, str]) -> str:
    """Write the style sheet of a shop's messages.

    Args:
        theme: of the shop; `domain.shop` let only colours and lengths through.
    """
    tokens = ";".join(
        f"--{name}:var(--etalage-{name},{theme.get(name) or TOKENS[name]})" for name in THEME
    )
    return f".e{{{tokens}}}{_built('look.css')}"


@cache
def forms() -> Mapping[str, object]:
    """Give the form of each block: an element, its attributes, and what is in it."""
    found: dict[str, object] = json.loads(_built("forms.json"))
    return found


@cache
def _built(name: str) -> str:
    return files("etalage.tag").joinpath("built", name).read_text("utf-8")
