"""Drawings of what is worn on head, hands and feet, and of what is carried, on a field of 160 by 160.

In:   the id of a product: what varies hangs on it.
Out:  the inner SVG, in the classes of `ink.style`.
"""

from __future__ import annotations

from etalage.simulate.storefront.ink import pattern
from etalage.simulate.storefront.range import chance, pick


def boots(key: str) -> str:
    """Draw a pair of boots: their height, edge, sole and strap."""
    drop = int(42 * chance("height", key))
    top = 20 + drop
    edge = pick(["l", "e", "t"], "edge", key)
    sole = pick(["n", "e", "n"], "sole", key)
    shaft = f"M40 {top + 2}h32l-1 {92 - top}c0 9 22 12 26 24 2 6 1 12 0 17H42z"
    mark = pick(
        [
            '<path class="k" d="M50 96c8 4 16 4 21-1"/>',
            f'<path class="t" d="M40 {top + 14}h31v5H41z"/>',
            '<path class="k" d="M46 104h18M46 110h20"/>',
            f'<path class="s" d="M41 {top + 8}h8v20h-8z"/><path class="m" d="M42 {top + 12}h6v4h-6z"/>',
        ],
        "mark",
        key,
    )
    loops = (
        f'<path class="k" style="stroke-width:3" d="M46 {top}c0-10 20-10 20 0M90 {top + 6}c0-8 16-8 16 0"/>'
        if chance("loops", key) < 0.3  # noqa: PLR2004
        else ""
    )
    return (
        f'{loops}<path class="s" d="M84 {top + 8}h30l-1 {86 - top}c0 8 20 11 24 22 2 6 1 12 0 16H86z"/><path class="{sole}" d="M85 128h53v8c-18 4-38 4-53 1z"/>'
        f'<path class="d" d="{shaft}"/>{pattern(key, shaft, among="none none none dots stripes")}'
        f'<path class="s h" d="M60 {top + 2}h12l-1 {92 - top}c0 9 22 12 26 24l-24 5C64 122 60 104 60 {top + 2}z"/>'
        f'<path class="{sole}" d="M41 131h57v8c-20 4-41 4-57 1z"/><path class="{edge}" d="M39 {top}h34v9H39zM83 {top + 6}h32v8H83z"/>{mark}'
    )


def shoe(key: str) -> str:
    """Draw a walking shoe or boot: its shaft, laces, toe and tread."""
    high = int(26 * chance("shaft", key))
    y = 66 - high
    body = f"M38 {y}h36c4 22 14 30 34 36 14 4 28 6 30 18v8H34c-2-20 2-40 4-{62 - high // 2}z"
    laces = "".join(f"M{72 + i * 8} {y + 16 + i * (6 + high // 6)}l-12 5" for i in range(4))
    tread = pick([6, 8, 11], "tread", key)
    teeth = "".join(f"M{x} 136v6h{tread - 3}v-6z" for x in range(36, 134, tread))
    toe = pick(["n", "s", "e"], "toe", key)
    return (
        f'<path class="d" d="{body}"/><path class="s" d="M36 {y - 4}h40v9H37z"/>'
        f'<path class="s h" d="M34 102c20 6 40 4 60-4 6 3 12 4 14 4l-6 26H34z"/><path class="{toe}" d="M112 103c14 3 26 6 26 17v8h-30c-2-10 0-18 4-25z"/>'
        f'<path class="k" style="stroke:#f1f5f6;stroke-width:3" d="{laces}"/><path class="k f" d="M40 90q16 6 34-4M104 102q-6 10-4 26"/>'
        f'<path class="n" d="M33 126h106v9H33z{teeth}"/><path class="t" d="M33 125h106v3H33z"/>'
        f'<path class="k" d="M36 {y + 4}q-6-6 0-12h6"/>'
    )


def overshoe(key: str) -> str:
    """Draw an overshoe for the bike."""
    top = 34 + int(22 * chance("height", key))
    body = f"M44 {top}H78C78 92 90 106 112 112c16 4 26 8 26 26H40C40 108 44 80 44 {top}z"
    return (
        f'<path class="d" d="{body}"/>{pattern(key, body, among="none stripes dots yoke")}'
        f'<path class="s h" d="M62 {top}H78C78 92 90 106 112 112l-8 26H62C64 106 64 80 62 {top}z"/><path class="t" d="M44 {88 + top // 8}h38l4 7H43z"/>'
        '<path class="n" d="M40 136h98v7H40z"/><path class="e" d="M42 118h12v8H42z"/>'
        f'<path class="k" d="M48 {top + 6}v72"/><path class="l" d="M43 {top - 4}h36v8H43z"/>'
    )


def beanie(key: str) -> str:
    """Draw a beanie: with or without a bobble, its rib and bands."""
    ball = pick(
        [
            '<circle class="l" cx="80" cy="28" r="15"/>',
            '<circle class="e" cx="80" cy="30" r="12"/>',
            "",
        ],
        "bobble",
        key,
    )
    crown = "M34 106C30 66 50 42 80 42s50 24 46 64z"
    step = 9 + int(6 * chance("rib", key))
    ribs = "".join(f"M{x} 104v22" for x in range(38, 124, step))
    turn = pick(["s", "e", "l"], "turn-up", key)
    band = pick(
        [
            '<path class="t" d="M36 78c28 8 60 8 88 0l1 8c-28 8-62 8-90 0z"/>',
            "",
            '<path class="e" d="M40 66c26 7 54 7 80 0l2 6c-28 7-56 7-84 0z"/><path class="t" d="M36 80c28 8 60 8 88 0v4c-28 8-60 8-88 0z"/>',
            '<path class="k" style="stroke:#f1f5f6" d="M38 88l8-9 8 11 8-9 8 11 8-10 8 10 8-11 8 9 8-11 8 9"/>',
        ],
        "band",
        key,
    )
    return (
        f'{ball}<path class="d" d="{crown}"/>{pattern(key, crown, among="none none dots check")}{band}'
        '<path class="k f" opacity=".45" d="M58 50c-6 14-9 32-9 52M72 44c-3 16-4 36-4 58M88 44c3 16 4 36 4 58M102 50c6 14 9 32 9 52"/>'
        f'<path class="{turn}" d="M30 100c32 9 68 9 100 0v24c-32 9-68 9-100 0z"/><path class="k f" opacity=".5" d="{ribs}"/>'
    )


def souwester(key: str) -> str:
    """Draw a sou'wester."""
    high = int(10 * chance("crown", key))
    band = pick(["l", "e", "t"], "band", key)
    return (
        '<path class="s" d="M16 108c14-14 36-18 64-18s50 4 64 18c6 10-22 26-64 26s-70-16-64-26z"/>'
        f'<path class="d" d="M40 98C38 {58 - high} 54 {34 - high} 80 {34 - high}s42 {24 + high} 40 64c-24 10-56 10-80 0z"/>'
        '<path class="s h" d="M94 37c18 8 28 30 26 61-6 3-13 4-20 5 4-24 2-48-6-66z"/>'
        f'<path class="k" d="M66 {36 - high // 2}c-8 16-12 40-10 65M94 {36 - high // 2}c8 16 12 40 10 65M40 98c24 10 56 10 80 0"/>'
        f'<path class="{band}" d="M14 110c18 14 40 18 66 18s48-4 66-18c2 10-24 26-66 26s-68-16-66-26z"/>'
        + (
            '<path class="k f" d="M44 104c-2 20 8 40 36 46M116 104c2 20-8 40-36 46"/>'
            if chance("cord", key) < 0.5  # noqa: PLR2004
            else ""
        )
    )


def hat(key: str) -> str:
    """Draw a rain hat: bucket or brim."""
    flat = chance("flat", key) < 0.5  # noqa: PLR2004
    crown = "M50 96L56 52c8-8 40-8 48 0l6 44z" if flat else "M48 96c0-34 12-50 32-50s32 16 32 50z"
    droop = 6 + int(14 * chance("brim", key))
    band = pick(["e", "t", "n"], "band", key)
    return (
        f'<path class="s" d="M16 {98 + droop}c8-12 30-22 64-22s56 10 64 22c-16-6-40-9-64-9s-48 3-64 9z"/>'
        f'<path class="d" d="{crown}"/>{pattern(key, crown, among="none none check stripes dots")}'
        f'<path class="{band}" d="M48 88c20 6 44 6 64 0v9c-20 6-44 6-64 0z"/>'
        f'<path class="d" d="M14 {100 + droop}c14-12 36-16 66-16s52 4 66 16c-14 16-118 16-132 0z"/><path class="k f" opacity=".6" d="M22 {101 + droop}c30 10 86 10 116 0M30 {97 + droop}c28 8 72 8 100 0"/>'
    )


def gloves(key: str) -> str:
    """Draw a pair of gloves or mittens."""
    mitten = chance("mitten", key) < 0.4  # noqa: PLR2004
    cuff = 14 + int(18 * chance("cuff", key))
    palm = (
        "M40 92V58c0-18 34-18 34 0v34z"
        if mitten
        else "M40 92V52c0-6 7-6 7 0v-12c0-6 8-6 8 0v-4c0-6 8-6 8 0v6c0-6 8-6 8 0v50z"
    )
    one = (
        f'<path class="d" d="M40 74c-8-2-16-14-18-20 4-6 12 0 18 8z"/><path class="d" d="{palm}"/>'
        f'{{laid}}<path class="s h" d="M62 {44 if mitten else 36}h{12 if mitten else 9}v56H60z"/>'
        f'<path class="{pick(["l", "e", "s"], "edge", key)}" d="M38 92h36v{cuff}H38z"/>'
        f'<path class="k f" opacity=".6" d="M44 {94}v{cuff - 4}M51 94v{cuff - 4}M58 94v{cuff - 4}M65 94v{cuff - 4}"/>'
        + ("" if mitten else '<path class="k f" opacity=".5" d="M47 54v14M55 54v14M63 54v14"/>')
    )
    laid = pattern(key, palm, among="none stripes dots check")
    first, second = one.replace("{laid}", laid), one.replace("{laid}", "")
    return (
        f'<g transform="translate(8 14)">{first}</g>'
        f'<g transform="translate(158 26) scale(-1 1)">{second}</g>'
    )


def socks(key: str) -> str:
    """Draw a pair of socks: their height and stripes."""
    top = 20 + int(34 * chance("height", key))
    bands = "".join(
        f"M42 {top + 20 + i * 12}h32v{3 + int(5 * chance('band', key, i))}H42zM84 {top + 22 + i * 12}h30v4H84z"
        for i in range(int(4 * chance("bands", key)))
        if top + 26 + i * 12 < 90  # noqa: PLR2004  above the heel
    )
    heel = pick(["e", "l", "s"], "heel", key)
    leg = f"M42 {top}h32v{86 - top}c0 10 18 16 22 28 3 10-3 20-14 20-16 0-40-18-40-38z"
    return (
        f'<path class="s" d="M84 {top + 6}h30v{82 - top}c0 8 16 14 20 24 3 9-2 18-12 18-14 0-38-16-38-34z"/>'
        f'<path class="d" d="{leg}"/>{pattern(key, leg, among="none none dots check diamond")}'
        f'<path class="l" d="M42 {top}h32v14H42zM84 {top + 6}h30v12H84z"/><path class="{pick(["t", "e"], "bandcolour", key)}" d="{bands}"/>'
        f'<path class="{heel}" d="M42 86c8-6 14 2 14 14s-4 14-6 14c-5-6-8-16-8-28zM76 132c0-10 8-16 20-18 3 10-3 20-14 20z"/>'
        '<path class="k f" opacity=".5" d="M46 88c8-8 22-8 28 0"/>'
    )


def umbrella(key: str) -> str:
    """Draw an umbrella: domed or flat, its panels, its handle; some lie folded."""
    if chance("folded", key) < 0.2:  # noqa: PLR2004
        turn = -25 + int(50 * chance("turn", key))
        return (
            f'<g transform="rotate({turn} 80 80)"><path class="n" d="M76 12h8v14h-8z"/><path class="d" d="M68 26h24l6 82H62z"/>'
            '<path class="s h" d="M84 26h8l6 82H86z"/><path class="l" d="M66 58h28l1 8H65z"/><path class="e" d="M63 98h34l1 10H62z"/>'
            '<path class="m" d="M76 108h8v18h-8z"/><path class="n" d="M72 124h16v22c0 6-16 6-16 0z"/></g>'
        )
    rise = 14 + int(26 * chance("dome", key))
    panels = pick([4, 5, 6], "panels", key)
    step = 136 / panels
    edge = "".join(f"c-{step * 0.3:.0f}-9-{step * 0.7:.0f}-9-{step:.1f} 0" for _ in range(panels))
    y = 88
    dome = f"M12 {y}C16 {rise + 26} 44 {rise} 80 {rise}s64 26 68 {y - rise}{edge}z"
    ribs = "".join(
        f"M80 {rise}Q{12 + step * i:.0f} {rise + 30} {12 + step * i:.0f} {y}"
        for i in range(1, panels)
    )
    handle = pick(
        [
            f'<path class="k" style="stroke-width:3.500" d="M80 {rise}v{124 - rise}c0 12 16 12 16 1"/>',
            f'<path class="k" style="stroke-width:3" d="M80 {rise}v{110 - rise}"/><path class="n" d="M76 110h8v26c0 5-8 5-8 0z"/>',
            f'<path class="k" style="stroke-width:3" d="M80 {rise}v{112 - rise}"/><path class="e" d="M75 110h10v20H75z"/><circle class="e" cx="80" cy="134" r="8"/>',
        ],
        "handle",
        key,
    )
    lean = -10 + int(20 * chance("lean", key))
    second = f"M80 {rise}Q{12 + step:.0f} {rise + 30} {12 + step:.0f} {y}c{step * 0.3:.0f}-9 {step * 0.7:.0f}-9 {step:.0f} 0Q{12 + step * 2:.0f} {rise + 34} 80 {rise}z"
    panel = f'<path class="e" d="{second}"/>' if chance("two tone", key) < 0.35 else ""  # noqa: PLR2004
    return (
        f'<g transform="rotate({lean} 80 80)">{handle}<path class="d" d="{dome}"/>{panel}{pattern(key, dome, among="none none dots stripes none check")}'
        f'<path class="s h" d="M80 {rise}C104 {rise + 10} 118 {rise + 40} 120 {y}c8-6 20-6 28 0C144 {rise + 26} 116 {rise} 80 {rise}z"/>'
        f'<path class="k f" opacity=".5" d="{ribs}"/><path class="k" d="M80 {rise - 8}v8"/></g>'
    )


def backpack(key: str) -> str:
    """Draw a rucksack: roll top or flap, its pockets and straps."""
    rolled = chance("roll", key) < 0.5  # noqa: PLR2004
    top = 36 + int(14 * chance("height", key))
    body = f"M44 {top + 8}h72v{120 - top}c0 7-5 12-12 12H56c-7 0-12-5-12-12z"
    head = (
        f'<path class="l" d="M46 {top - 8}h68l2 8H44z"/><path class="s" d="M42 {top}h76l-3 12H45z"/><path class="k" d="M58 {top - 8}v30M102 {top - 8}v30"/><path class="t" d="M54 {top + 16}h8v9h-8zM98 {top + 16}h8v9h-8z"/>'
        if rolled
        else f'<path class="k" style="stroke-width:4" d="M70 {top}c0-12 20-12 20 0"/><path class="s" d="M42 {top + 8}c0-12 76-12 76 0l-3 30c-24 8-46 8-70 0z"/><path class="m" d="M76 {top + 34}h8v10h-8z"/>'
    )
    low = 88 + int(10 * chance("pocket", key))
    pocket = pick(
        [
            f'<path class="s" d="M54 {low}h52v{122 - low}c0 4-3 7-7 7H61c-4 0-7-3-7-7z"/><path class="k" d="M54 {low + 8}h52"/><path class="m" d="M78 {low + 8}h4v8h-4z"/>',
            f'<path class="e" d="M52 {low}h24v32H52zM84 {low}h24v32H84z"/><path class="k f" d="M52 {low + 8}h24M84 {low + 8}h24"/>',
            f'<path class="k" d="M52 {low}l56 28M108 {low}l-56 28"/>',
            f'<path class="t" d="M44 {low + 18}h72v6H44z"/>',
        ],
        "pockets",
        key,
    )
    return (
        f'<path class="s" d="M44 60c-10 4-12 30-10 52h12zM116 60c10 4 12 30 10 52h-12z"/><path class="d" d="{body}"/>{pattern(key, body, among="none none none stripes check yoke")}'
        f'<path class="s h" d="M98 {top + 8}h18v{120 - top}c0 7-5 12-12 12h-6z"/>{pocket}{head}'
    )


def pannier(key: str) -> str:
    """Draw a bicycle bag: single or double, flap or roll."""
    wide = int(12 * chance("wide", key))
    body = f"M{38 - wide // 2} 40h{84 + wide}l6 88c0 6-4 10-10 10H42c-6 0-10-4-10-10z"
    flap = pick(["l", "s", "e"], "flap", key)
    deep = 20 + int(24 * chance("deep", key))
    tape = pick(
        [
            '<path class="t" d="M33 104h94l1 9H33z"/>',
            '<path class="t" d="M80 92l10 16H70z"/>',
            '<circle class="t" cx="80" cy="106" r="9"/>',
            '<path class="t" d="M36 96h14v26H36zM110 96h14v26h-14z"/>',
        ],
        "tape",
        key,
    )
    return (
        f'<path class="k" style="stroke-width:5" d="M58 34c0-{10 + wide} 44-{10 + wide} 44 0"/><path class="d" d="{body}"/>{pattern(key, body, among="none none dots stripes check")}'
        f'<path class="s h" d="M98 40h24l6 88c0 6-4 10-10 10h-16z"/><path class="{flap}" d="M34 34h92v{deep}c-28 8-64 8-92 0z"/><path class="l" d="M34 34h92v7H34z"/>'
        f'<path class="k" d="M56 42v{deep + 20}M104 42v{deep + 20}"/><path class="m" d="M52 {52 + deep}h8v12h-8zM100 {52 + deep}h8v12h-8z"/>{tape}'
    )


def tent(key: str) -> str:
    """Draw a tent: ridge, dome or tunnel."""
    kind = pick(["ridge", "dome", "tunnel"], "tent", key)
    flag = (
        '<path class="e" d="M80 14l16 6-16 6z"/><path class="k f" d="M80 12v26"/>'
        if chance("flag", key) < 0.5  # noqa: PLR2004
        else ""
    )
    shapes = {
        "ridge": (
            "M14 124L80 34l66 90z",
            '<path class="s h" d="M80 34l66 90h-34z"/><path class="n" d="M80 62l20 62H60z"/><path class="l" d="M80 62l-20 62h-8z"/>',
        ),
        "dome": (
            "M14 124c4-56 34-88 66-88s62 32 66 88z",
            (
                '<path class="s h" d="M98 40c28 12 44 44 48 84h-34c0-36-4-64-14-84z"/><path class="n" d="M58 124c0-36 10-48 22-48s22 12 22 48z"/><path class="l" d="M58 124c0-36 10-48 22-48-10 6-14 22-14 48z"/>'
                '<path class="k f" d="M30 74c30-16 70-16 100 0"/>'
            ),
        ),
        "tunnel": (
            "M18 124V84c0-26 14-40 34-40h64c18 0 30 14 30 40v40z",
            (
                '<path class="s h" d="M96 44h20c18 0 30 14 30 40v40H96z"/><path class="n" d="M28 124V88c0-22 8-32 22-32s22 10 22 32v36z"/><path class="l" d="M28 124V88c0-22 8-32 22-32-8 6-12 16-12 32v36z"/>'
                '<path class="k f" d="M96 44c-8 20-8 60 0 80M122 45c-8 20-8 58 0 79"/>'
            ),
        ),
    }
    area, inner = shapes[kind]
    return (
        f'{flag}<path class="k f" d="M14 122l-10 14M146 122l10 14"/><path class="d" d="{area}"/>{pattern(key, area, among="none stripes yoke check")}{inner}'
        f'<path class="s" d="M10 124h140v5H10z"/><path class="t" d="M{30 + int(20 * chance("peg", key))} 129h4v8h-4zM118 129h4v8h-4z"/>'
    )


def sleepingbag(key: str) -> str:
    """Draw a sleeping bag, half open."""
    turn = -14 + int(28 * chance("turn", key))
    gap = 9 + int(8 * chance("chambers", key))
    bars = "".join(f"M46 {y}q34 8 68 0" for y in range(48, 138, gap))
    inside = pick(["e", "l", "t"], "lining", key)
    bag = "M80 14c24 0 34 16 34 36 0 30-4 66-12 92-4 8-40 8-44 0-8-26-12-62-12-92 0-20 10-36 34-36z"
    return (
        f'<g transform="rotate({turn} 80 80)"><path class="d" d="{bag}"/><path class="k f" opacity=".5" d="{bars}"/>'
        f'<path class="s h" d="M96 18c14 6 18 18 18 32 0 30-4 66-12 92l-14 5c8-40 12-88 8-129z"/><path class="{inside}" d="M80 22c16 0 24 10 24 24 0 10-10 14-24 14s-24-4-24-14c0-14 8-24 24-24z"/>'
        '<path class="n" opacity=".35" d="M80 34c10 0 16 6 16 12s-6 10-16 10-16-4-16-10 6-12 16-12z"/>'
        f'<path class="k" d="M84 60q4 34-2 {50 + int(26 * chance("zip", key))}"/></g>'
    )


def flask(key: str) -> str:
    """Draw a flask: tall or stout, with a cup or a handle."""
    half = 22 + int(9 * chance("stout", key))
    top = 34 + int(18 * chance("tall", key))
    left, wide = 80 - half, 2 * half
    body = f"M{left + 6} {top}h{wide - 12}c4 4 6 8 6 14v{118 - top}c0 6-4 10-10 10H{left + 10}c-6 0-10-4-10-10V{top + 14}c0-6 2-10 6-14z"
    cap = pick(
        [
            f'<path class="m" d="M{left + 10} {top - 20}h{wide - 20}v20H{left + 10}z"/>',
            f'<path class="e" d="M{left + 12} {top - 16}h{wide - 24}v16H{left + 12}z"/><path class="k" style="stroke-width:4" d="M72 {top - 16}c0-10 16-10 16 0"/>',
            f'<path class="l" d="M{left + 6} {top - 22}h{wide - 12}l-4 22H{left + 10}z"/><path class="k" style="stroke-width:4" d="M{80 + half - 7} {top - 18}c12 0 12 14 0 14"/>',
        ],
        "cap",
        key,
    )
    band = pick(
        [
            f'<path class="t" d="M{left} 112h{wide}v6H{left}z"/>',
            f'<path class="e" d="M{left} 118h{wide}v14c0 6-4 10-10 10H{left + 10}c-6 0-10-4-10-10z"/>',
            "",
            f'<path class="t" d="M{left} 78h{wide}v3H{left}zM{left} 84h{wide}v3H{left}z"/>',
        ],
        "band",
        key,
    )
    handle = (
        f'<path class="k" style="stroke-width:6" d="M{80 + half} {top + 26}c22 0 22 40 0 40"/>'
        if chance("handle", key) < 0.3  # noqa: PLR2004
        else ""
    )
    return (
        f'{handle}{cap}<path class="d" d="{body}"/>{pattern(key, body, among="none none dots check stripes")}{band}'
        f'<path class="s h" d="M{80 + half // 3} {top}h{half - half // 3 - 6}c4 4 6 8 6 14v{118 - top}c0 6-4 10-10 10H{80 + half // 3}z"/><path class="l" d="M{left + 8} {top + 16}h5v50h-5z"/>'
    )


def lantern(key: str) -> str:
    """Draw a lantern."""
    half = 22 + int(10 * chance("wide", key))
    left = 80 - half
    cage = "".join(f"M{x} 66v46" for x in range(left + 8, 80 + half - 4, 10 + int(6 * chance(key))))
    ring = pick(
        [
            "M56 44c0-34 48-34 48 0",
            "M70 34c0-16 20-16 20 0",
            f"M{left} 64c-12-30 10-48 {half}-48s{half + 12} 18 {half} 48",
        ],
        "ring",
        key,
    )
    return (
        f'<path class="k" style="stroke-width:3" d="{ring}"/><path class="s" d="M66 34h28v10H66z"/>'
        f'<path class="d" d="M{left + 8} 44h{2 * half - 16}l10 16H{left - 2}z"/><path fill="#ffe9a8" d="M{left + 3} 60h{2 * half - 6}v56H{left + 3}z"/><circle cx="80" cy="88" r="{9 + int(6 * chance("glow", key))}" fill="#fff6d8"/>'
        f'<path class="k f" d="{cage}M{left + 2} 76h{2 * half - 4}M{left + 2} 102h{2 * half - 4}"/><path class="d" d="M{left - 4} 114h{2 * half + 8}v20c0 5-3 8-8 8H{left + 4}c-5 0-8-3-8-8z"/>'
        f'<path class="s h" d="M88 114h{half - 4}v20c0 5-3 8-8 8H88z"/><circle class="{pick(["t", "e"], "knob", key)}" cx="{left + 14}" cy="127" r="5"/>'
    )


def tin(key: str) -> str:
    """Draw a tin of wax with its cloth or brush."""
    beside = pick(
        [
            '<path class="e" d="M98 96c14-10 34-8 44 4 4 12-2 26-12 32-18 4-34-2-40-14z"/><path class="k f" opacity=".5" d="M102 104c12-6 24-4 34 2"/>',
            '<path fill="#b98a52" d="M96 112h50v12H96z"/><path class="k" style="stroke-width:1.500" d="M100 124v12M107 124v12M114 124v12M121 124v12M128 124v12M135 124v12M142 124v12"/>',
            "",
        ],
        "beside",
        key,
    )
    x = 20 if beside else 36
    sign = pick(
        [
            f'<path class="t" d="M{x + 44} 84c8 11 11 15 11 20a11 11 0 0 1-22 0c0-5 3-9 11-20z"/>',
            f'<path class="t" d="M{x + 24} 96h40v5H{x + 24}zM{x + 30} 106h28v4H{x + 30}z"/>',
            f'<circle class="t" cx="{x + 44}" cy="102" r="13"/><path class="k f" d="M{x + 36} 106l6-8 5 5 6-8"/>',
        ],
        "sign",
        key,
    )
    return (
        f'{beside}<path class="d" d="M{x} 76v52c0 8 20 14 44 14s44-6 44-14V76z"/><path class="s h" d="M{x + 60} 84h28v44c0 6-12 11-28 13z"/>'
        f'<ellipse class="l" cx="{x + 44}" cy="76" rx="44" ry="15"/><ellipse class="s" cx="{x + 44}" cy="{74 - int(6 * chance("lid", key))}" rx="34" ry="10"/>{sign}'
    )


def spray(key: str) -> str:
    """Draw a spray bottle."""
    return (
        '<path class="m" d="M70 30h24v12H70z"/><path class="k f" d="M62 30l-14-6M62 34H44M62 38l-14 6"/><path class="n" d="M62 28h12v12H62z"/>'
        '<path class="d" d="M60 44h44c6 8 8 14 8 22v66c0 6-4 10-10 10H62c-6 0-10-4-10-10V66c0-8 2-14 8-22z"/><path class="s h" d="M92 44h12c6 8 8 14 8 22v66c0 6-4 10-10 10H92z"/>'
        f'<path class="t" d="M52 {84 + int(8 * chance(key))}h60v30H52z"/><path class="e" d="M82 88c6 8 8 11 8 15a8 8 0 0 1-16 0c0-4 2-7 8-15z"/>'
    )


def bottle(key: str) -> str:
    """Draw a bottle of soap with its cap and label."""
    y = 78 + int(10 * chance("label", key))
    sign = pick(
        [
            f'<path class="d" d="M80 {y + 8}c9 11 12 15 12 20a12 12 0 0 1-24 0c0-5 3-9 12-20z"/>',
            f'<path class="k" style="stroke-width:2.500" d="M62 {y + 16}q6-7 12 0t12 0 12 0M62 {y + 26}q6-7 12 0t12 0 12 0"/>',
            f'<circle class="d" cx="80" cy="{y + 22}" r="12"/><path class="k f" d="M73 {y + 24}l5 5 9-11"/>',
        ],
        "sign",
        key,
    )
    return (
        '<path class="n" d="M66 18h28v16H66z"/><path class="m" d="M69 34h22v10H69z"/>'
        '<path class="d" d="M66 44h28c2 8 18 10 18 26v66c0 6-4 10-10 10H58c-6 0-10-4-10-10V70c0-16 16-18 18-26z"/>'
        '<path class="s h" d="M92 44h2c2 8 18 10 18 26v66c0 6-4 10-10 10H92z"/>'
        f'<path class="t" d="M54 {y}h52v44H54z"/>{sign}<path class="l" opacity=".5" d="M54 72c0-8 6-10 10-14v16H54z"/>'
    )


def canister(key: str) -> str:
    """Draw a canister of gas with its valve."""
    band = 78 + int(12 * chance("band", key))
    flame = f'<path class="t" d="M80 {band - 2}c10 11 15 16 15 24a15 15 0 0 1-30 0c0-6 5-8 7-13 3 2 4 4 5 6 2-5 4-9 3-17z"/>'
    return (
        '<path class="n" d="M72 26h16v14H72z"/><path class="m" d="M66 38h28v8H66z"/>'
        '<path class="d" d="M38 72c0-16 18-26 42-26s42 10 42 26v56c0 9-19 16-42 16s-42-7-42-16z"/>'
        '<path class="s h" d="M98 49c15 4 24 12 24 23v56c0 7-10 12-24 15z"/>'
        f'<path class="l" opacity=".55" d="M46 70c2-8 10-14 22-17-8 5-12 11-13 19z"/>{flame}'
        f'<path class="k f" d="M38 {band + 32}c10 8 74 8 84 0"/>'
    )


def coffee(key: str) -> str:
    """Draw a bag of coffee, with a bean on it."""
    return _pouch(
        key,
        '<circle class="l" cx="80" cy="98" r="23"/><g transform="rotate(35 80 98)"><ellipse class="d" cx="80" cy="98" rx="11" ry="15"/>'
        '<path class="k" style="stroke-width:2.500" d="M80 84c-7 9 7 18 0 28"/></g>',
    )


def biscuits(key: str) -> str:
    """Draw a bag of dog biscuits, with a paw on it."""
    paw = '<circle class="l" cx="80" cy="98" r="23"/><ellipse class="d" cx="80" cy="104" rx="9" ry="7.500"/>'
    toes = ((68, 97), (75, 89), (85, 89), (92, 97))
    return _pouch(
        key, paw + "".join(f'<circle class="d" cx="{x}" cy="{y}" r="4"/>' for x, y in toes)
    )


def _pouch(key: str, badge: str) -> str:
    """Draw a standing bag that closes again."""
    top = 34 + int(10 * chance("height", key))
    return (
        f'<path class="d" d="M50 {top}h60c-2 14 8 30 10 54 1 24-2 42-6 54-22 5-46 5-68 0-4-12-7-30-6-54 2-24 12-40 10-54z"/>'
        f'<path class="s h" d="M98 {top}h12c-2 14 8 30 10 54 1 24-2 42-6 54-6 1-12 2-18 3 6-30 8-76 2-111z"/>'
        f'<path class="s" d="M48 {top - 6}h64v12H48z"/><path class="k f" d="M52 {top + 14}c18 3 38 3 56 0"/>{badge}'
    )
