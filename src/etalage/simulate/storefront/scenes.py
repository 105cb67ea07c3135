"""Scenes: the same invitation, painted for whoever looks at it. A coast under a shower, with what somebody wears there.

In:   the name of a scene.
Out:  an SVG document of 1200 by 480 in which the shop's own drawings stand.
Idea: a drawing carries its style sheet, and two sheets in one document would paint each other's things; so each piece
      stands in the scene as a picture of its own.
"""

from __future__ import annotations

from base64 import b64encode
from functools import lru_cache
from math import sin

from msgspec import Struct

from etalage.simulate.storefront.drawing import picture
from etalage.simulate.storefront.ink import mix
from etalage.simulate.storefront.range import styles

WIDTH, HEIGHT = 1200, 480
# How far down a drawing reaches on its field, by what it draws; others stand on its edge.
LOWEST = {
    "jacket": 0.82,
    "poncho": 0.82,
    "dogcoat": 0.72,
    "umbrella": 0.86,
    "suit": 0.86,
    "tent": 0.84,
}


class Scene(Struct, frozen=True):
    """Where it is, by its colours, and what stands there: id, size, left edge, lowest point, turn."""

    sky: tuple[str, str]  # high, low
    land: tuple[str, str, str]  # far, middle, near
    pieces: tuple[tuple[str, int, int, int, int], ...]
    is_night: bool = False


SCENES = {
    "kust": Scene(
        ("#b9d3de", "#e9f0ee"),
        ("#8fb3bd", "#c9bf95", "#b3a878"),
        (("N-112", 250, 150, 440, -3), ("N-101", 420, 390, 430, 0), ("N-501", 340, 790, 425, 6)),
    ),
    "fiets": Scene(
        ("#f3dba0", "#fbf3df"),
        ("#a9bf9a", "#7f9f78", "#55616b"),
        (("N-404", 280, 150, 445, -4), ("N-103", 430, 380, 440, 0), ("N-811", 280, 810, 450, 4)),
    ),
    "hond": Scene(
        ("#cfe0c8", "#f2f3e2"),
        ("#9dbb90", "#7ba06e", "#5b8455"),
        (("N-865", 230, 170, 450, -5), ("N-817", 480, 350, 440, 0), ("N-201", 370, 810, 430, 3)),
    ),
    "kamp": Scene(
        ("#142a4a", "#5d6f9a"),
        ("#33495f", "#26394c", "#1a2937"),
        (("N-861", 220, 190, 450, -4), ("N-829", 480, 350, 440, 0), ("N-849", 260, 850, 445, 0)),
        is_night=True,
    ),
    "kind": Scene(
        ("#f6cdbd", "#fdf0e8"),
        ("#b9c9b0", "#93b1a0", "#7f9bab"),
        (("N-305", 250, 170, 445, -6), ("N-302", 420, 390, 440, 0), ("N-301", 360, 800, 425, 5)),
    ),
}


@lru_cache(maxsize=16)
def scene(name: str) -> str | None:
    """Paint a scene; None if there is none of this name."""
    told = SCENES.get(name)
    if told is None:
        return None
    pieces = "".join(_piece(*one) for one in told.pieces)
    weather = _stars() if told.is_night else _rain(told.sky[0])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
        f'<defs><linearGradient id="s" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="{told.sky[0]}"/>'
        f'<stop offset="1" stop-color="{told.sky[1]}"/></linearGradient></defs>'
        f'<path fill="url(#s)" d="M0 0h{WIDTH}v{HEIGHT}H0z"/>{_isobars(told)}{_light(told)}{weather}'
        f"{_hills(told)}{pieces}</svg>"
    )


def _piece(key: str, size: int, left: int, foot: int, turn: int) -> str:
    """Stand a drawing on the ground, with its shadow."""
    code = b64encode(picture(key, grounded=False).encode()).decode()
    middle = left + size // 2
    lowest = LOWEST.get(styles()[key].draw, 0.93)
    return (
        f'<ellipse cx="{middle}" cy="{foot}" rx="{size * 3 // 10}" ry="{size // 24}" fill="#0b1f2a" opacity=".2"/>'
        f'<image href="data:image/svg+xml;base64,{code}" x="{left}" y="{foot - round(lowest * size)}" width="{size}" height="{size}"'
        f' transform="rotate({turn} {middle} {foot})"/>'
    )


def _hills(told: Scene) -> str:
    """Draw the land in three layers, the nearest last."""
    layers = []
    for depth, colour in enumerate(told.land):
        top = 270 + 62 * depth
        points = [
            (x, top + round((26 - 6 * depth) * sin(x / (190 + 60 * depth) + 1.7 * depth)))
            for x in range(0, WIDTH + 1, 60)
        ]
        edge = "L".join(f"{x} {y}" for x, y in points)
        layers.append(f'<path fill="{colour}" d="M0 {HEIGHT}L{edge}L{WIDTH} {HEIGHT}z"/>')
    return "".join(layers)


def _isobars(told: Scene) -> str:
    ink = mix(told.sky[0], "#06202c" if not told.is_night else "#ffffff", 0.75)
    rings = "".join(
        f'<ellipse cx="930" cy="60" rx="{90 + 95 * n}" ry="{48 + 52 * n}" transform="rotate(-12 930 60)"/>'
        for n in range(8)
    )
    return f'<g fill="none" stroke="{ink}" stroke-width="1.5" opacity=".5">{rings}</g>'


def _light(told: Scene) -> str:
    """Hang the sun behind the haze, or the moon."""
    if told.is_night:
        return '<circle cx="980" cy="92" r="42" fill="#f6edcf"/><circle cx="962" cy="82" r="38" fill="#24395c"/>'
    return '<circle cx="980" cy="96" r="54" fill="#fff" opacity=".55"/><circle cx="980" cy="96" r="36" fill="#fff" opacity=".7"/>'


def _rain(sky: str) -> str:
    ink = mix(sky, "#1d4a5e", 0.5)
    drops = "".join(
        f"M{(37 * n) % WIDTH} {(53 * n) % 250 + 10}l-7 22" for n in range(1, 90) if n % 3
    )
    return (
        f'<path d="{drops}" stroke="{ink}" stroke-width="2" stroke-linecap="round" opacity=".4"/>'
    )


def _stars() -> str:
    dots = "".join(f"M{(131 * n) % WIDTH} {(71 * n) % 230 + 8}h0" for n in range(1, 60))
    return f'<path d="{dots}" stroke="#fff" stroke-width="3" stroke-linecap="round" opacity=".75"/>'
