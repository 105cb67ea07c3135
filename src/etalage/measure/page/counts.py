"""Step 7 of 8, measure: the plots of counts: how far the measurement is, and the way from the moment to the goal.

In:   a report.
Out:  plots, each drawn anew for a wide and a narrow page, with what it shows in words and as a table.
Idea: counts may be seen at any time; shares and the goal itself only beside a verdict.
"""

from __future__ import annotations

from etalage.domain.report import ArmFigures
from etalage.measure.page import svg
from etalage.measure.page.model import Cell, Plot, Table
from etalage.measure.page.plots import NARROW, drawn
from etalage.measure.page.told import Told

# ---- How far the measurement is ---------------------------------------------------------------------------


def progress(told: Told) -> Plot | None:
    """Draw how far it is on its way to an answer; only where what is needed can be counted."""
    missing = told.reported.unsettled
    if told.reported.state != "too_early" or missing is None or missing.need <= 1:
        return None
    say = told.say
    fields = {"have": say.number(missing.have), "need": say.number(missing.need)}
    unit = say(f"plots.needs_{missing.reason}", many=told.goal("many"))
    shows = say("plots.progress_shows", unit=unit, **fields)
    rows = tuple(
        (Cell(text=say(f"plots.{key}")), Cell(text=f"{fields[key]} {unit}"))
        for key in ("have", "need")
    )
    table = Table(caption=say("sections.progress"), head=("", say("plots.persons")), rows=rows)
    return Plot(
        **drawn(lambda size: _ripening(told, size[0], shows)),
        shows=shows,
        reading=say("plots.progress_read"),
        table=table,
    )


def _ripening(told: Told, width: int, shows: str) -> str:
    missing = told.reported.unsettled
    assert missing is not None  # noqa: S101  # asked by its only caller
    say, share = told.say, min(missing.have / missing.need, 1.0)
    unit = say(f"plots.needs_{missing.reason}", many=told.goal("many"))
    body = (
        f'<rect x="1" y="1" width="{width - 2}" height="16" rx="2" fill="none" '
        f'stroke="{svg.EARLY}" stroke-dasharray="4 3"/>'
        + svg.bar((4, 4), ((width - 8) * share, 10), svg.EARLY)
        + svg.text((1, 36), f"{say.number(missing.have)} {unit}", strong=True)
        + svg.text(
            (width - 1, 36), say("plots.needed", need=say.number(missing.need)), anchor="end"
        )
    )
    return svg.drawing(width, 42, body, shows)


# ---- From the moment to the goal ----------------------------------------------------------------------------


def funnel(told: Told) -> Plot | None:
    """Draw how many of each group came how far; without shares, and without the goal, while there is no answer."""
    if not any(arm.triggered for arm in told.reported.arms):
        return None
    say = told.say
    settled = told.speaker is not None
    shows = told.own("plots.funnel_shows")
    reading = say("plots.funnel_read" if settled else "plots.funnel_read_early")
    return Plot(
        **drawn(lambda size: _bars(told, size[0], shows)),
        shows=shows,
        reading=reading,
        table=_funnel_table(told),
    )


Stage = tuple[str, int | None, int]  # its word, how many, and of how many


def _stages(told: Told, figures: ArmFigures) -> list[Stage]:
    is_kept = told.is_kept(figures.arm)
    say = told.say
    seen = None if is_kept else figures.exposures
    clicked = None if is_kept else figures.clicks
    stages: list[Stage] = [
        (
            told.own("plots.triggered"),
            figures.triggered,
            figures.triggered,
        ),
        (told.own("plots.exposures"), seen, figures.triggered),
        (say("plots.clicks"), clicked, figures.triggered),
    ]
    if told.speaker is not None:
        stages.append((say("plots.counted"), figures.counted, figures.triggered))
        stages.append((told.goal("rate"), figures.conversions, figures.counted))
    return stages


def _share(told: Told, many: int, of: int) -> str:
    """Give a share; none while shares may still turn round."""
    if told.speaker is None or not of or many in {0, of}:
        return ""
    return told.say.percent(many / of, digits=2 if many / of < 0.1 else 1)  # noqa: PLR2004  # 3.43%, 28.8%


def _bars(told: Told, width: int, shows: str) -> str:
    arms = told.reported.arms
    most = max(arm.triggered for arm in arms)
    label = 150 if width > NARROW[0] else 92
    longest = max(len(told.arm(arm.arm)) for arm in arms)
    room = min(60 + svg.LETTER * longest, width * 0.42)
    colours = dict(zip((a.arm for a in told.variants), svg.SERIES, strict=False))
    body, y = "", 6.0
    by_arm = {arm.arm: _stages(told, arm) for arm in arms}
    for i, (word, _, _) in enumerate(next(iter(by_arm.values()))):
        body += svg.text((0, y + 12), word, strong=True)
        for arm in arms:
            _, many, of = by_arm[arm.arm][i]
            if many is None:
                continue
            colour = colours.get(
                arm.arm, svg.CONTROL if arm.arm == told.reported.control else svg.BAR_STRONG
            )
            long = (width - label - room) * many / most
            body += svg.bar((label, y), (max(long, 1), 15), colour, 0.85)
            said = " · ".join(filter(None, (told.say.number(many), _share(told, many, of))))
            said = f"{said}  {told.arm(arm.arm)}" if i == 0 else said
            body += svg.text((label + long + 7, y + 12), said)
            y += 20
        y += 10
    return svg.drawing(width, y, body, shows)


def _funnel_table(told: Told) -> Table:
    say, arms = told.say, told.reported.arms
    by_arm = [_stages(told, arm) for arm in arms]
    rows = []
    for i, (word, _, _) in enumerate(by_arm[0]):
        cells = [Cell(text=word)]
        for stages in by_arm:
            _, many, of = stages[i]
            if many is None:
                cells.append(Cell(text=say("page.nothing"), small=say("plots.not_shown")))
            else:
                cells.append(Cell(text=say.number(many), small=_share(told, many, of)))
        rows.append(tuple(cells))
    head = ("", *(told.arm(arm.arm) for arm in arms))
    return Table(caption=told.own("sections.funnel"), head=head, rows=tuple(rows))
