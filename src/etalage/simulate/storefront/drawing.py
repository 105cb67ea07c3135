"""The picture of a product, drawn by the program.

In:   the id of a product, one of its colours.
Out:  an SVG document under 6 KB with a title and a description, the same every time.
Idea: a kind has a shape, a product its parameters, a colour its dye; behind it the isobars of one day at sea.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from xml.sax.saxutils import escape

from etalage.simulate.storefront import draw_gear as gear
from etalage.simulate.storefront import draw_wear as wear
from etalage.simulate.storefront.ink import ground, style
from etalage.simulate.storefront.range import Style, dyes, pick, plan, slug_of, styles

Draw = Callable[[str], str]
KINDS: Mapping[str, Draw] = {
    one.__name__: one
    for one in (
        *(wear.jacket, wear.coat, wear.vest, wear.suit, wear.fleece, wear.jumper, wear.trousers),
        *(wear.poncho, wear.dogcoat, gear.boots, gear.shoe, gear.overshoe, gear.beanie),
        *(gear.souwester, gear.hat, gear.gloves, gear.socks, gear.umbrella, gear.backpack),
        *(gear.pannier, gear.tent, gear.sleepingbag, gear.flask, gear.lantern, gear.tin),
        *(gear.spray, gear.bottle, gear.canister, gear.coffee, gear.biscuits),
    )
}
PLAIN = "mistgrijs"  # what has no colour of its own


@lru_cache(maxsize=1024)
def picture(key: str, colour: str | None = None, *, grounded: bool = True) -> str:
    """Draw a product.

    Args:
        key: its id.
        colour: Dutch name, one of its own; its first by default.
        grounded: with the ground and its isobars; without, to be laid over something else.
    """
    shown = styles()[key]
    dutch = colour or colour_of(shown)
    dye = dyes()[dutch][1]
    second = second_dye(key, dye)
    told = f"{shown.title[0]}, {dutch}" if shown.colours else shown.title[0]
    within = KINDS[shown.draw](key)
    scale = "translate(80 80) scale(.84) translate(-80 -80)" if grounded else ""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 160" role="img" aria-labelledby="a b">'
        f'<title id="a">{escape(told)}</title><desc id="b">{escape(shown.description[0])}</desc>'
        f"{style(dye, second, grounded=grounded)}{ground(key) if grounded else ''}"
        f'<g transform="{scale}">{within}</g></svg>'
    )


def colour_of(shown: Style) -> str:
    """Give the colour a product is shown in first."""
    return shown.colours[0] if shown.colours else PLAIN


def colour_named(shown: Style, slug: str) -> str | None:
    """Find one of a product's colours by how its address is written."""
    return next((c for c in shown.colours if slug_of(c) == slug), None)


def second_dye(key: str, dye: str) -> str:
    """Give the colour beside the first one."""
    others = [d for _, d in plan()["colours"].values() if d != dye]
    chosen: str = pick(others, "second", key)
    return chosen
