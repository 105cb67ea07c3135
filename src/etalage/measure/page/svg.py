"""Step 7 of 8, measure: the drawings of a report, as SVG that a browser and the PDF renderer both understand.

Colours are written out (a drawing must look the same on paper), text is escaped, and nothing is styled from outside,
so that a strict content security policy lets all of it through.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import ceil, floor, log10

from msgspec import Struct

# Day colours of the studio's tokens.
INK, SOFT, FAINT, BAR, BAR_STRONG, GLASS = (
    "#15211c",
    "#4a5952",
    "#616f68",
    "#d9e1dc",
    "#86958d",
    "#fcfdfc",
)
SERIES = ("#0a5c43", "#b35c10", "#1d66c9", "#4c1847")
CONTROL = "#767d7a"
EARLY = "#1f54a8"
FONT = "Avenir Next, Segoe UI, Inter, Helvetica Neue, Roboto, DejaVu Sans, sans-serif"
LETTER = 6.7  # pixels that a letter of an axis takes, on average

Pair = tuple[float, float]


class Frame(Struct, frozen=True):
    """The field of a plot within its drawing, and what its edges stand for."""

    width: int
    height: int
    left: float
    right: float
    top: float
    bottom: float
    x: Pair
    y: Pair

    def at(self, x: float, y: float) -> Pair:
        """Give the place of a value."""
        across = (x - self.x[0]) / ((self.x[1] - self.x[0]) or 1)
        up = (y - self.y[0]) / ((self.y[1] - self.y[0]) or 1)
        return (
            round(self.left + across * (self.right - self.left), 1),
            round(self.bottom - up * (self.bottom - self.top), 1),
        )


def drawing(width: float, height: float, body: str, shows: str) -> str:
    """Wrap up a drawing, with what it shows in words; a drawing without words is decoration."""
    role = f'role="img" aria-label="{escape(shows)}"' if shows else 'aria-hidden="true"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" {role} '
        f'font-family="{FONT}" font-size="12" font-weight="500">{body}</svg>'
    )


def text(place: Pair, said: str, *, anchor: str = "start", strong: bool = False) -> str:
    """Write a word."""
    weight = ' font-weight="600"' if strong else ""
    fill = INK if strong else SOFT
    return f'<text x="{place[0]:g}" y="{place[1]:g}" text-anchor="{anchor}" fill="{fill}"{weight}>{escape(said)}</text>'


def line(places: Sequence[Pair], colour: str, *, width: float = 1, dash: str = "") -> str:
    """Draw a line through places."""
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<path d="{_path(places)}" fill="none" stroke="{colour}" stroke-width="{width:g}" '
        f'stroke-linejoin="round" stroke-linecap="round"{dashed}/>'
    )


def area(places: Sequence[Pair], colour: str, opacity: float) -> str:
    """Fill what lies between places."""
    return f'<path d="{_path(places)}z" fill="{colour}" fill-opacity="{opacity:g}"/>'


def bar(place: Pair, size: Pair, colour: str, opacity: float = 1) -> str:
    """Draw a bar."""
    return (
        f'<rect x="{place[0]:g}" y="{place[1]:g}" width="{max(size[0], 0):g}" height="{size[1]:g}" '
        f'fill="{colour}" fill-opacity="{opacity:g}"/>'
    )


def dot(place: Pair, colour: str, radius: float = 5) -> str:
    """Mark a place."""
    return (
        f'<circle cx="{place[0]:g}" cy="{place[1]:g}" r="{radius:g}" fill="{colour}" '
        f'stroke="{GLASS}" stroke-width="2"/>'
    )


def hatched(place: Pair, size: Pair) -> str:
    """Hatch what is not known yet; drawn line by line, for renderers without patterns."""
    (x, y), (width, height) = place, size
    lines = []
    for k in range(0, int(width + height), 8):
        left, right = max(0.0, k - height), min(k, width)
        lines.append(f"M{x + left:.1f} {y + k - left:.1f}L{x + right:.1f} {y + k - right:.1f}")
    return f'<path d="{"".join(lines)}" stroke="{BAR_STRONG}" stroke-opacity=".45" fill="none"/>'


def mini(
    interval: Pair, best: float, axis: Pair, colour: str, *, width: int = 220, shows: str = ""
) -> str:
    """Draw one interval on an axis that a whole table shares: zero, band, ends and estimate."""
    frame = Frame(
        width=width, height=30, left=6, right=width - 6, top=0, bottom=30, x=axis, y=(0, 1)
    )
    zero, low, high, middle = (frame.at(v, 0)[0] for v in (0.0, *interval, best))
    body = (
        line([(zero, 0), (zero, 30)], FAINT)
        + bar((low, 8), (high - low, 14), colour, 0.22)
        + line([(low, 8), (low, 22)], colour, width=2)
        + line([(high, 8), (high, 22)], colour, width=2)
        + dot((middle, 15), colour, 5.5)
    )
    return drawing(width, 30, body, shows)


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Give round values over a range, zero among them if it lies within.

    >>> ticks(-0.03, 0.31)
    [0.0, 0.1, 0.2, 0.3]
    """
    raw = (high - low) / most if high > low else 1.0
    size = 10.0 ** floor(log10(raw))
    step = next(size * m for m in (1, 2, 5, 10) if size * m >= raw * 0.999)
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return [round(k * step, 10) for k in range(first, last + 1)]


def apart(places: Sequence[float], least: float = 15) -> list[float]:
    """Push labels below each other apart, in their order; the middle one stays where it is."""
    found = list(places)
    middle = len(found) // 2
    for i in range(middle - 1, -1, -1):
        found[i] = min(found[i], found[i + 1] - least)
    for i in range(middle + 1, len(found)):
        found[i] = max(found[i], found[i - 1] + least)
    return found


def _path(places: Sequence[Pair]) -> str:
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in places)
