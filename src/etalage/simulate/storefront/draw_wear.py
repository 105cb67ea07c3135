"""Drawings of clothes, on a field of 160 by 160.

In:   the id of a product: what varies (length, hood, pockets, pattern ...) hangs on it.
Out:  the inner SVG, in the classes of `ink.style`.
"""

from __future__ import annotations

from etalage.simulate.storefront.ink import pattern
from etalage.simulate.storefront.range import chance, pick

HOOD = (
    '<path class="s" d="M59 50C55 27 68 15 80 15s25 12 21 35z"/>',
    (
        '<path class="n" d="M67 45c-1-13 5-21 13-21s14 8 13 21c-7 6-19 6-26 0z"/>'
        '<path class="l" d="M66 45c-2-15 4-24 14-24s16 9 14 24c-1 1-2 1-3 2 1-14-4-21-11-21s-12 7-11 21c-1-1-2-1-3-2z"/>'
    ),
)
COLLAR = (
    "",
    (
        '<path class="s" d="M64 44c0-8 4-13 16-13s16 5 16 13c-8 6-24 6-32 0z"/>'
        '<path class="l" d="M64 44c0-8 4-13 16-13s16 5 16 13l-2 1c-2-6-6-8-14-8s-12 2-14 8z"/>'
    ),
)
TUFTS = (
    '<path class="s" d="M59 50C55 27 68 15 80 15s25 12 21 35z"/>',
    (
        '<path class="n" d="M67 45c-1-13 5-21 13-21s14 8 13 21c-7 6-19 6-26 0z"/>'
        '<path class="k" style="stroke:#f1e6d2;stroke-width:7" stroke-dasharray="1 5" d="M65 47c-3-16 4-27 15-27s18 11 15 27"/>'
    ),
)
PATCHES = (
    '<path class="t" d="M68 84c6-8 18-8 24 0 3-3 5-3 6-2-1 4-1 6 0 10-1 1-3 0-6-2-6 6-18 6-24-6z"/><circle class="n" cx="76" cy="85" r="1.5"/>',
    '<path class="t" d="M80 72l4 9 10 1-8 6 3 10-9-6-9 6 3-10-8-6 10-1z"/>',
    '<path class="t" d="M66 90h28l-5 9H71zM79 70v18H68zM81 74l10 14H81z"/>',
    '<path class="t" d="M80 70c8 11 11 15 11 20a11 11 0 0 1-22 0c0-5 3-9 11-20z"/>',
    '<path class="t" d="M72 76c-8 8-6 20 3 22s14-4 15-8c4 2 7 0 7-4s-4-5-6-3c-2-8-12-14-19-7z"/><circle class="n" cx="78" cy="84" r="2"/>',
)


def jacket(key: str) -> str:
    """Draw a rain jacket: short or long, flared or straight, its pockets and bands its own."""
    return _coat(key, length=36 + int(26 * chance("length", key)), hooded=True)


def coat(key: str) -> str:
    """Draw a winter coat: quilted or plain, with a collar or a furred hood."""
    return _coat(
        key,
        length=44 + int(20 * chance("length", key)),
        hooded=chance("hood", key) < 0.65,  # noqa: PLR2004
        warm=True,
    )


def _coat(key: str, *, length: int, hooded: bool, warm: bool = False) -> str:
    flare = 6 + int(11 * chance("flare", key))
    half, hem = 26 + flare, 81 + length
    torso = (
        f"M57 45c6-3 12-4 23-4s17 1 23 4l3 36 {flare} {length}c-8 3-18 4-{half} 4s-{half}-1-{half}-4"
        f"l{flare}-{length}z"
    )
    back, front = (TUFTS if warm else HOOD) if hooded else COLLAR
    laid = pattern(
        key,
        torso,
        among="quilt quilt diamond none yoke" if warm else "none none none stripes dots yoke check",
    )
    parts = [
        back,
        _sleeves(key, warm=warm),
        f'<path class="d" d="{torso}"/>',
        laid,
        f'<path class="s h" d="M103 45l3 36 {flare} {length}c-6 2-12 3-20 4L92 44z"/>',
        front,
        _closing(key, hem + 3),
        _pockets(key, hem),
        _extras(key, hem, flare),
    ]
    if hooded and not warm:
        parts.append('<path class="k f" d="M72 49v13M88 49v10"/>')
    return "".join(parts)


def _sleeves(key: str, *, warm: bool) -> str:
    left = "M58 45C43 48 37 62 27 108l17 5c4-18 9-28 15-35z"
    right = "M102 45c15 3 21 17 31 63l-17 5c-4-18-9-28-15-35z"
    both = f'<path class="d" d="{left}"/><path class="s" d="{right}"/>'
    cuff = pick(["tape", "tape", "cuff", "plain", "high"], "cuff", key)
    if warm:
        return f'{both}<path class="k f" opacity=".5" d="M47 62l13 7M37 82l17 6M113 62l-13 7M123 82l-17 6"/>'
    bands = {
        "tape": '<path class="t" d="M33 91l18 5-1 4-18-5zM127 91l-18 5 1 4 18-5z"/>',
        "high": '<path class="t" d="M42 64l14 6-2 5-14-6zM118 64l-14 6 2 5 14-6z"/>',
        "cuff": '<path class="e" d="M29 101l17 5-2 7-17-5zM131 101l-17 5 2 7 17-5z"/>',
        "plain": "",
    }[cuff]
    return both + bands


def _closing(key: str, hem: int) -> str:
    how = pick(["zip", "zip", "flap", "studs", "toggles"], "closing", key)
    zipped = (
        f'<path class="k" d="M80 49V{hem}"/><path class="m" d="M78.500 {58 + int(chance("pull", key) * 18)}h3v7h-3z"/>',
    )
    if how == "zip":
        return zipped[0]
    if how == "flap":
        return (
            f'<path class="s h" d="M76 48h9v{hem - 49}h-9z"/><path class="k f" d="M76 48V{hem}"/>'
        )
    places = range(56, hem - 6, 13)
    if how == "studs":
        dots = "".join(f'<circle class="t" cx="80" cy="{y}" r="2.200"/>' for y in places)
        return f'<path class="k f" d="M75 48V{hem}"/>{dots}'
    bars = "".join(f"M73 {y}h14" for y in places)
    return f'<path class="k f" d="M80 48V{hem}"/><path class="k" style="stroke:#f1f5f6;stroke-width:3" d="{bars}"/>'


def _pockets(key: str, hem: int) -> str:
    y = min(hem - 27, 96)
    kind = pick(["slit", "slit", "flap", "kangaroo", "chest", "patch"], "pockets", key)
    if kind == "slit":
        return f'<path class="k" d="M58 {y}l6 17M102 {y}l-6 17"/>'
    if kind == "flap":
        return f'<path class="s" d="M53 {y}h18v6H53zM89 {y}h18v6H89z"/><path class="k f" d="M53 {y + 6}h18M89 {y + 6}h18"/>'
    if kind == "kangaroo":
        return f'<path class="l" d="M58 {y - 3}h44l3 20H55z"/><path class="k f" d="M58 {y - 3}h44l3 20H55zM80 {y - 3}v20"/>'
    if kind == "chest":
        return f'<path class="s" d="M86 62h14v13H86z"/><path class="k f" d="M86 62h14M58 {y}l5 15M102 {y}l-5 15"/>'
    return f'<path class="l" d="M54 {y}h17v17H54zM89 {y}h17v17H89z"/><path class="k f" d="M54 {y}h17v17H54zM89 {y}h17v17H89z"/>'


def _extras(key: str, hem: int, flare: int) -> str:
    kind = pick(["", "", "belt", "hem", "chest"], "extras", key)
    if kind == "belt":
        return '<path class="s" d="M53 83c17 4 37 4 54 0l1 7c-17 4-39 4-56 0z"/><path class="k f" d="M76 86h8"/>'
    if kind == "hem":
        wide = 26 + flare - 3
        return f'<path class="t" d="M{80 - wide} {hem - 8}c17 3 {2 * wide - 34} 3 {2 * wide} 0l1 4c-17 3-{2 * wide - 32} 3-{2 * wide + 2} 0z"/>'
    if kind == "chest":
        return '<path class="t" d="M56 60c16 3 32 3 48 0v5c-16 3-32 3-48 0z"/>'
    return ""


def vest(key: str) -> str:
    """Draw a body warmer."""
    torso = "M60 42c6-2 12-3 20-3s14 1 20 3c0 12 4 20 8 25l4 52c-8 3-18 4-32 4s-24-1-32-4l4-52c4-5 8-13 8-25z"
    bars = "".join(f"M50 {y}c20 4 40 4 60 0" for y in range(58, 120, 12 + int(5 * chance(key))))
    return (
        f'<path class="d" d="{torso}"/><path class="k f" opacity=".5" d="{bars}"/>'
        f'<path class="s h" d="M100 42c0 12 4 20 8 25l4 52-20 4-2-80z"/>{COLLAR[1]}{_closing(key, 122)}'
    )


def suit(key: str) -> str:
    """Draw a child's rain suit in one piece."""
    body = "M60 46c6-3 12-4 20-4s14 1 20 4l3 38 6 54-22 2-7-38-7 38-22-2 6-54z"
    patch = pick(PATCHES, "patch", key)
    knees = pick(["t", "e", "s"], "knees", key)
    return (
        f'{HOOD[0]}<path class="d" d="M60 46C47 49 42 60 34 96l15 5c4-15 7-22 12-27z"/>'
        '<path class="s" d="M100 46c13 3 18 14 26 50l-15 5c-4-15-7-22-12-27z"/>'
        f'<path class="d" d="{body}"/>{pattern(key, body, among="none none dots stripes check")}'
        f'<path class="s h" d="M100 46l3 38 6 54-22 2-3-60 8-36z"/><path class="{knees}" d="M55 112l20 2-2 9-19-2zM105 112l-20 2 2 9 19-2z"/>'
        f'{HOOD[1]}<path class="k" d="M80 49v52"/><g transform="translate(24 29) scale(.7)">{patch}</g>'
        '<path class="n" d="M50 138l23 2v5H50zM110 138l-23 2v5h23z"/>'
    )


def fleece(key: str) -> str:
    """Draw a fleece: zip or half zip, a yoke or a pocket."""
    length = 34 + int(12 * chance("length", key))
    torso = f"M57 45c6-3 12-4 23-4s17 1 23 4l3 36 7 {length}c-8 3-18 4-33 4s-33-1-33-4l7-{length}z"
    half = chance("half zip", key) < 0.4  # noqa: PLR2004
    hooded = chance("hood", key) < 0.3  # noqa: PLR2004
    back, front = HOOD if hooded else COLLAR
    pocket = pick(
        [
            '<path class="e" d="M87 62h13v12H87z"/><path class="k f" d="M87 62h13"/>',
            "",
            '<path class="s" d="M60 62h14v14H60z"/><path class="m" d="M60 65h14v2H60z"/>',
        ],
        "pocket",
        key,
    )
    end = 84 if half else 84 + length
    return (
        f'{back}<path class="d" d="M58 45C43 48 37 62 27 108l17 5c4-18 9-28 15-35z"/>'
        '<path class="s" d="M102 45c15 3 21 17 31 63l-17 5c-4-18-9-28-15-35z"/>'
        f'<path class="d" d="{torso}"/>{pattern(key, torso, among="none yoke yoke stripes none")}'
        f'<path class="s h" d="M103 45l3 36 7 {length}c-6 2-12 3-20 4L92 44z"/>{front}'
        f'<path class="k" d="M80 49V{end}"/><path class="m" d="M78.500 60h3v7h-3z"/>{pocket}'
        '<path class="k f" d="M58 90l5 15M102 90l-5 15"/>'
        f'<path class="s" d="M28 104l17 5-1 5-17-5zM132 104l-17 5 1 5 17-5zM47 {79 + length}c20 5 46 5 66 0v6c-20 5-46 5-66 0z"/>'
    )


def jumper(key: str) -> str:
    """Draw a fisherman's jumper with the stitch of its own village."""
    torso = "M56 45c7-3 13-4 24-4s17 1 24 4l3 36 4 40c-8 3-17 4-31 4s-31-1-31-4l4-40z"
    stitch = pick(["cable", "rib", "ladder", "waves", "bands"], "stitch", key)
    lines = {
        "cable": "".join(
            f"M{x} {y}q5 5 0 10M{x + 5} {y}q-5 5 0 10"
            for x in (64, 77, 90)
            for y in range(56, 112, 10)
        ),
        "rib": "".join(f"M{x} 52v62" for x in range(60, 104, 6)),
        "ladder": "".join(f"M{x} {y}h9" for x in (62, 76, 90) for y in range(56, 114, 5)),
        "waves": "".join(
            f"M56 {y}q4-5 8 0t8 0 8 0 8 0 8 0 8 0" for y in range(56, 114, 5 + int(5 * chance(key)))
        ),
        "bands": "".join(f"M54 {y}h52" for y in (58, 62, 66, 82, 86, 90)),
    }[stitch]
    collar = pick(
        [
            COLLAR[1],
            '<path class="s" d="M66 43c2-6 26-6 28 0-6 7-22 7-28 0z"/>',
            (
                '<path class="s" d="M65 45V31c8-4 22-4 30 0v14c-8 5-22 5-30 0z"/>'
                '<path class="k f" opacity=".5" d="M70 32v14M77 31v16M84 31v16M90 32v14"/>'
            ),
        ],
        "collar",
        key,
    )
    return (
        '<path class="d" d="M57 45C42 49 36 62 26 109l18 4c4-18 9-28 15-35z"/><path class="s" d="M103 45c15 4 21 17 31 64l-18 4c-4-18-9-28-15-35z"/>'
        f'<path class="d" d="{torso}"/>{pattern(key, torso, among="none none yoke stripes")}<path class="k f" opacity=".5" d="{lines}"/>'
        f'<path class="s h" d="M104 45l3 36 4 40-19 4-1-81z"/>{collar}'
        '<path class="s" d="M27 103l18 4-1 7-18-4zM133 103l-18 4 1 7 18-4zM48 117c20 5 44 5 64 0v8c-20 5-44 5-64 0z"/>'
    )


def trousers(key: str) -> str:
    """Draw trousers: their leg, pockets and bands."""
    wide = int(9 * chance("leg", key))
    end = 128 + int(12 * chance("length", key))
    left = f"M52 26h28v34l-9 {end - 60}c-9 2-19 2-{27 + wide // 2}-1z"
    whole = f"M52 26h56l{8 + wide} {end - 28}c-8 3-18 3-27 1l-{9 + wide // 2}-66-{9 + wide // 2} 66c-9 2-19 2-27-1z"
    tape = pick(["ankle", "knee", "two", "none"], "tape", key)
    bands = {
        "ankle": f"M{45 - wide // 2} {end - 17}l27 2v5l-27-2zM{115 + wide // 2} {end - 17}l-27 2v5l27-2z",
        "knee": "M47 84l26 2v6l-26-2zM113 84l-26 2v6l26-2z",
        "two": f"M46 {end - 22}l26 2v3l-26-2zM114 {end - 22}l-26 2v3l26-2zM46 {end - 14}l26 2v3l-26-2zM114 {end - 14}l-26 2v3l26-2z",
        "none": "",
    }[tape]
    pockets = pick(
        [
            "M58 40l-5 14M102 40l5 14",
            "M51 76h17v18H50M109 76H92v18h18",
            "M58 38q2 10-6 12M102 38q-2 10 6 12M54 70l4 12",
        ],
        "pockets",
        key,
    )
    braces = (
        '<path class="k" style="stroke-width:4" d="M60 26c0-12 6-16 20-16s20 4 20 16"/>'
        if chance("braces", key) < 0.2  # noqa: PLR2004
        else ""
    )
    del left
    return (
        f'{braces}<path class="d" d="{whole}"/>{pattern(key, whole, among="none none none yoke")}'
        f'<path class="s h" d="M92 26h16l{8 + wide} {end - 28}c-8 3-18 3-27 1l-{9 + wide // 2}-66z"/>'
        f'<path class="s" d="M52 24h56l1 10H51z"/><path class="k" d="M80 34v24{pockets}"/><path class="t" d="{bands}"/><path class="m" d="M78.500 26h3v7h-3z"/>'
    )


def poncho(key: str) -> str:
    """Draw a cycling poncho, hanging over its handlebar."""
    drop = 112 + int(16 * chance("length", key))
    cape = f"M66 44c9-4 19-4 28 0 16 10 32 40 40 {drop - 62}-18 14-40 18-54 18s-36-4-54-18c8-{drop - 102} 24-50 40-{drop - 62}z"
    band = pick(["t", "e", "l"], "band", key)
    return (
        f'{HOOD[0]}<path class="d" d="{cape}"/>{pattern(key, cape, among="none none stripes dots check")}'
        f'<path class="s h" d="M94 44c16 10 32 40 40 {drop - 62}-10 8-24 14-36 16z"/><path class="{band}" d="M41 78c24 12 54 12 78 0l3 6c-25 13-59 13-84 0z"/>'
        f'{HOOD[1]}<path class="k" d="M80 49v28M40 {drop - 20}q6-14 10-20M120 {drop - 20}q-6-14-10-20"/><path class="m" d="M78.500 56h3v7h-3z"/>'
    )


def dogcoat(key: str) -> str:
    """Draw a dog in its coat."""
    ear = pick(
        [
            "M116 46c8-2 12 6 10 18-6 2-10-4-12-10z",
            "M112 44l4-16 8 14z",
            "M114 46c2 10 0 20 6 24 6-4 6-18 2-26z",
        ],
        "ear",
        key,
    )
    tail = pick(
        ["M24 72c-8-6-12-16-8-26", "M24 72c-10 0-16 6-18 14", "M24 70c-6-10-2-20 6-22"], "tail", key
    )
    legs = 22 + int(12 * chance("legs", key))
    fur = pick(["#a9825a", "#6b5a4c", "#d9c7a6", "#4b4a4a", "#c58d55"], "fur", key)
    cloth = "M28 62c22-8 50-8 72-4l8 34c-26 10-56 10-82 2z"
    feet = "".join(f"M{x} 88h9v{legs}c0 4-9 4-9 0z" for x in (30, 46, 86, 100))
    return (
        f'<g fill="{fur}"><path d="{feet}"/><path d="M24 66c20-8 64-8 84-2 4-10 6-18 14-22 14-4 22 4 24 12 4 2 6 8 2 10-8 4-18 4-22 6-4 12-8 20-16 26H30c-6-8-8-20-6-30z"/></g>'
        f'<path fill="none" stroke="{fur}" stroke-width="6" stroke-linecap="round" d="{tail}"/>'
        f'<path class="d" d="{cloth}"/>{pattern(key, cloth, among="none stripes check diamond dots quilt")}'
        '<path class="s h" d="M84 56l16 2 8 34c-8 3-16 5-24 6z"/><path class="l" d="M98 56l12 4 4 14-8 4z"/>'
        '<path class="t" d="M27 80c26 8 54 8 78 2l1 5c-26 6-54 6-79-2z"/>'
        f'<path class="s" d="M56 94h12v8H56z"/><path fill="#2a2522" d="{ear}" opacity=".75"/>'
        '<circle cx="130" cy="52" r="2.200" fill="#1c1a19"/><path fill="#1c1a19" d="M142 55c4-1 6 1 6 3s-4 3-6 1z"/>'
    )
