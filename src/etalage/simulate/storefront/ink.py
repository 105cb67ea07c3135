"""What every drawing shares: colours made from one dye, the ground with its isobars, patterns.

In:   a dye, and what to draw by.
Out:  pieces of SVG; pure text, the same for the same question.
From: shared tokens of the shop's style: one colour in, four out, mixed in OKLab (Ottosson 2020).
"""

from __future__ import annotations

from math import cos, pi, sin

from etalage.simulate.storefront.range import chance, pick

Oklab = tuple[float, float, float]
NIGHT, WHITE = "#06202c", "#ffffff"
RINGS, POINTS = 6, 14
STROKE = "fill:none;stroke-width:2;stroke-linecap:round;stroke-linejoin:round"


def style(dye: str, second: str, *, grounded: bool) -> str:
    """Give the style sheet of one drawing: d(ye), s(hade), l(ight), k (line), t(ape), m(etal), e (second dye)."""
    line = mix(dye, NIGHT, 0.42)
    told = (
        f".d{{fill:{dye}}}.s{{fill:{mix(dye, NIGHT, 0.78)}}}.l{{fill:{mix(dye, WHITE, 0.72)}}}"
        f".n{{fill:{line}}}.k{{{STROKE};stroke:{line}}}.t{{fill:#f1f5f6}}.m{{fill:#93a3ab}}"
        f".e{{fill:{second}}}.h{{opacity:.55}}.f{{stroke-width:1.5}}"
    )
    if grounded:
        told += (
            f".g{{fill:{mix(dye, '#f1f5f5', 0.15)}}}.i{{fill:none;stroke:{mix(dye, '#7f939c', 0.3)};opacity:.42}}"
            f"@media(prefers-color-scheme:dark){{.g{{fill:{mix(dye, '#13262f', 0.14)}}}.i{{opacity:.3}}}}"
        )
    return f"<style>{told}</style>"


def ground(key: str) -> str:
    """Draw the weather of one product: a low pressure area of its own."""
    x, y = 20 + 120 * chance("low x", key), 20 + 120 * chance("low y", key)
    turn = 2 * pi * chance("low turn", key)
    wobble = [0.06 + 0.16 * chance("wobble", key, k) for k in (2, 3)]
    paths = []
    for ring in range(1, RINGS + 1):
        radius = ring * (17 + 6 * chance("wide", key))
        points = []
        for i in range(POINTS):
            a = 2 * pi * i / POINTS
            r = radius * (
                1 + wobble[0] * sin(2 * a + turn) + wobble[1] * cos(3 * a - turn + ring / 4)
            )
            points.append((x + 1.25 * r * cos(a), y + r * sin(a)))
        paths.append(closed(points))
    heavy = int(RINGS * chance("heavy", key))
    lines = "".join(
        f'<path class="i" stroke-width="{1.6 if i == heavy else 0.8}" d="{d}"/>'
        for i, d in enumerate(paths)
    )
    return f'<path class="g" d="M0 0h160v160H0z"/>{lines}'


def closed(points: list[tuple[float, float]]) -> str:
    """Draw a smooth closed line near these points: quadratic pieces between the middles."""
    middles = [
        ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
        for a, b in zip(points, points[1:] + points[:1], strict=True)
    ]
    path = f"M{middles[-1][0]:.0f} {middles[-1][1]:.0f}"
    for point, middle in zip(points, middles, strict=True):
        path += f"Q{point[0]:.0f} {point[1]:.0f} {middle[0]:.0f} {middle[1]:.0f}"
    return path


def pattern(key: str, area: str, *, among: str = "none none none stripes dots yoke check") -> str:
    """Lay a pattern over an area (path data), or none."""
    kind = pick(among.split(), "pattern", key)
    if kind == "none":
        return ""
    gap = 9 + int(10 * chance("gap", key))
    clip = f'<clipPath id="c"><path d="{area}"/></clipPath>'
    bars = "".join(f"M10 {y}h140" for y in range(30, 150, gap))
    posts = "".join(f"M{x} 20v130" for x in range(20, 150, gap))
    dots = "".join(
        f"M{x + (row % 2) * gap / 2:g} {30 + row * gap}h0"
        for row in range(120 // gap)
        for x in range(20, 145, gap)
    )
    drawn = {
        "stripes": f'<path class="k" style="stroke:#f1f5f6;stroke-width:{gap // 3}" opacity=".8" d="{bars}"/>',
        "dots": f'<path class="k" style="stroke:#f1f5f6;stroke-width:{gap // 4 + 1}" opacity=".75" d="{dots}"/>',
        "yoke": f'<path class="e" d="M0 0h160v{66 + int(14 * chance("yoke", key))}H0z"/>',
        "check": f'<path class="k" opacity=".28" style="stroke-width:3" d="{bars}{posts}"/>',
        "quilt": f'<path class="k f" opacity=".45" d="{bars}"/>',
        "diamond": '<path class="k f" opacity=".4" d="'
        + "".join(f"M{x} 20l130 130M{x} 150l130-130" for x in range(-110, 150, gap + 6))
        + '"/>',
    }[kind]
    return f'{clip}<g clip-path="url(#c)">{drawn}</g>'


def mix(one: str, other: str, share: float) -> str:
    """Mix two colours in OKLab; `share` is of the first.

    >>> mix("#ffffff", "#000000", 1.0)
    '#ffffff'
    """
    a, b = _oklab(one), _oklab(other)
    return _hex(tuple(share * p + (1 - share) * q for p, q in zip(a, b, strict=True)))  # type: ignore[arg-type]


def _oklab(colour: str) -> Oklab:
    red, green, blue = (_linear(int(colour[i : i + 2], 16) / 255) for i in (1, 3, 5))
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    middle = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


def _hex(lab: Oklab) -> str:
    light, a, b = lab
    long = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3
    rgb = (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )
    return "#" + "".join(f"{round(255 * _shown(c)):02x}" for c in rgb)


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4  # noqa: PLR2004  sRGB


def _shown(part: float) -> float:
    part = min(max(part, 0.0), 1.0)
    return 12.92 * part if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055  # noqa: PLR2004  sRGB
