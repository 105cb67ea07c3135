"""Step 7 of 8, measure: the plots over time: the interval look after look, and the growing difference.

In:   a report.
Out:  plots, each drawn anew for a wide and a narrow page, with what it shows in words and as a table.
Idea: the band is what may be true, the line the best estimate; zero is always there, ends are labelled, and the time
      before the first answer is hatched.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from etalage.domain.report import ArmFigures, Interval, Point, Tally
from etalage.measure.page import svg
from etalage.measure.page.model import Cell, Plot, Table
from etalage.measure.page.told import Told
from etalage.measure.verdict import within

Size = tuple[int, int]
WIDE, NARROW, PAPER = (900, 260), (350, 240), (620, 185)
LEAST_DAYS_APART = 74  # pixels between the dates of an axis


def drawn(draw: Callable[[Size], str]) -> dict[str, str]:
    """Draw anew for each width."""
    return {"wide": draw(WIDE), "narrow": draw(NARROW), "paper": draw(PAPER)}


# ---- The interval over time ------------------------------------------------------------------------------


def over_time(told: Told) -> Plot | None:
    """Draw the interval of the variant that speaks, look after look."""
    speaker = told.speaker
    if speaker is None or not speaker.history:
        return None
    points = _points(told, speaker)
    _, last, best = points[-1]
    low, high, middle = told.percents(last, best)
    shows = told.say(
        "plots.over_time_shows",
        date=told.say.date(points[-1][0] - 1),
        low=low,
        high=high,
        best=middle,
    )
    since = _zero_left(points)
    same = told.reported.state == "no_relevant_difference"
    reading = told.say("plots.over_time_read_same" if same else "plots.over_time_read")
    if points[-1][1] != _values(speaker, speaker.history[-1])[0]:
        reading += " " + told.say("plots.over_time_shared")
    if since is not None and not same:
        reading += " " + told.say("plots.over_time_since", date=told.say.date(since - 1))
    return Plot(
        **drawn(lambda size: _band(told, points, size, shows)),
        shows=shows,
        reading=reading,
        table=_band_table(told, speaker, points),
    )


Moment = tuple[int, Interval, float]


def _points(told: Told, figures: ArmFigures) -> list[Moment]:
    """Give what was known at each look; at the last one what is shown above, which all looks since the verdict share."""
    points = [(p.at, *_values(figures, p)) for p in figures.history]
    effect = told.effect(figures)
    at, _, best = points[-1]
    if effect is None or effect.look != at:
        return points
    is_lift = figures.history[-1].lift_interval == points[-1][1]
    shown = effect.lift_interval if is_lift else effect.difference_interval
    return [*points[:-1], (at, shown, best)] if shown is not None else points


def _values(figures: ArmFigures, point: Point) -> tuple[Interval, float]:
    """Give the relative effect if all looks have one, else the difference."""
    if all(p.lift is not None and p.lift_interval is not None for p in figures.history):
        assert point.lift_interval is not None  # noqa: S101  # for the type checker; asked just above
        assert point.lift is not None  # noqa: S101  # idem
        return point.lift_interval, point.lift
    return point.difference_interval, point.difference


def _zero_left(points: list[Moment]) -> int | None:
    """Give the first look since which zero lies outside; None if it does not now."""
    since = None
    for at, interval, _ in points:
        outside = not interval.holds(0.0)
        since = (since or at) if outside else None
    return since


def _band(told: Told, points: list[Moment], size: Size, shows: str) -> str:
    width, height = size
    bottom = min(0.0, *(i.low for _, i, _ in points))
    top = max(0.0, *(i.high for _, i, _ in points))
    room = (top - bottom) * 0.08 or 0.01
    frame = svg.Frame(
        width=width,
        height=height,
        left=52,
        right=width - 62,
        top=14,
        bottom=height - 32,
        x=(told.reported.started, points[-1][0]),
        y=(bottom - room, top + room),
    )
    colour = svg.SERIES[0]
    first = frame.at(points[0][0], 0)[0]
    body = _level(told, frame, svg.ticks(*frame.y, most=6))
    body += svg.hatched((frame.left, frame.top), (first - frame.left, frame.bottom - frame.top))
    early = within("too_early", told.say.language)
    if first - frame.left > svg.LETTER * len(early):
        middle = (frame.left + first) / 2
        body += svg.text((middle, _beside_zero(frame)), early, anchor="middle")
    lows = [frame.at(at, i.low) for at, i, _ in points]
    highs = [frame.at(at, i.high) for at, i, _ in points]
    bests = [frame.at(at, b) for at, _, b in points]
    if len(points) > 1:
        body += svg.area([*highs, *reversed(lows)], colour, 0.17)
        body += svg.line(highs, colour) + svg.line(lows, colour)
        body += svg.line(bests, colour, width=2.25)
    else:
        body += svg.line([lows[0], highs[0]], colour, width=2.25)
    body += svg.line([frame.at(frame.x[0], 0), frame.at(frame.x[1], 0)], svg.FAINT)
    since = _zero_left(points)
    if since is not None and len(points) > 1:
        near = next(i for at, i, _ in points if at == since)
        edge = near.low if near.low > 0 else near.high
        body += svg.dot(frame.at(since, edge), colour, 4.5)
    body += svg.dot(bests[-1], colour)
    body += _ends(told, frame, points[-1])
    return svg.drawing(width, height, body + _dates(told, frame, [p[0] for p in points]), shows)


def _beside_zero(frame: svg.Frame) -> float:
    """Give the height of words near the top: below the line of zero where that runs through them."""
    y, zero = frame.top + 16, frame.at(0, 0.0)[1]
    return zero + 18 if abs(y - 4 - zero) < 12 else y  # noqa: PLR2004  # half a line of text and a little


def _level(told: Told, frame: svg.Frame, values: list[float]) -> str:
    """Draw the lines of the grid, with their values."""
    digits = 0 if all(abs(v * 100 - round(v * 100)) < 1e-6 for v in values) else 1  # noqa: PLR2004
    lines = ""
    for value in values:
        y = frame.at(0, value)[1]
        lines += svg.line([(frame.left, y), (frame.right, y)], svg.BAR)
        lines += svg.text(
            (frame.left - 8, y + 4), told.say.percent(value, digits=digits), anchor="end"
        )
    return lines


def _ends(told: Told, frame: svg.Frame, last: Moment) -> str:
    _, interval, best = last
    values = (interval.high, best, interval.low)
    places = svg.apart([frame.at(0, v)[1] + 4 for v in values])
    return "".join(
        svg.text((frame.right + 11, y), told.say.percent(v), strong=v == best)
        for v, y in zip(values, places, strict=True)
    )


def _dates(told: Told, frame: svg.Frame, moments: list[int]) -> str:
    """Write as many dates below as fit: the start, the last look, and what lies between."""
    chosen = [frame.x[1], *reversed(moments[:-1]), frame.x[0]]
    said, taken = "", frame.right + 2 * LEAST_DAYS_APART
    for at in chosen:
        x = frame.at(at, 0)[0]
        if taken - x >= LEAST_DAYS_APART:
            day = told.say.short(int(at) - (1 if at != frame.x[0] else 0))
            said += svg.text((x, frame.bottom + 22), day, anchor="middle")
            taken = x
    return said


def _band_table(told: Told, figures: ArmFigures, points: list[Moment]) -> Table:
    say = told.say
    rows = []
    for (at, interval, best), point in zip(points, figures.history, strict=True):
        low, high, middle = told.percents(interval, best)
        counted = say.number(point.counted)
        rows.append(tuple(Cell(text=t) for t in (say.date(at - 1), low, middle, high, counted)))
    keys = ("day", "low", "best", "high", "persons")
    head = tuple(say(f"plots.{key}") for key in keys)
    return Table(caption=say("sections.over_time"), head=head, rows=tuple(rows))


# ---- The growing difference --------------------------------------------------------------------------------


def cumulative(told: Told) -> Plot | None:
    """Draw how many reached the goal, beside how many would have at the rate of the control.

    Only from the first look at which an effect may be shown; and not where the split changed on the way, as the rates
    of all stretches thrown together compare nothing.
    """
    speaker = told.speaker
    changed = any(n.key == "split_changed" for n in told.reported.notes)
    if speaker is None or not speaker.history or changed:
        return None
    days = _days(speaker, told.control, since=speaker.history[0].at)
    if len(days) <= 1:
        return None
    _, with_it, without = days[-1]
    shows = told.own(
        "plots.cumulative_shows",
        treated=told.say.number(with_it),
        control=told.say.number(without),
        many=told.goal("many"),
    )
    more = with_it >= without
    return Plot(
        **drawn(lambda size: _two_lines(told, days, size, shows)),
        shows=shows,
        reading=told.say("plots.cumulative_read" if more else "plots.cumulative_read_less"),
        table=_days_table(told, days),
    )


Day = tuple[int, float, float]


def _days(treated: ArmFigures, control: ArmFigures, *, since: int) -> list[Day]:
    kept: dict[int, Tally] = {day.at: day for day in control.days}
    found = []
    for day in treated.days:
        beside = kept.get(day.at)
        if day.at >= since and beside is not None and beside.counted:
            found.append(
                (
                    day.at,
                    float(day.conversions),
                    day.counted * beside.conversions / beside.counted,
                )
            )
    return found


def _two_lines(told: Told, days: list[Day], size: Size, shows: str) -> str:
    (width, height), say = size, told.say
    with_it, without = say("plots.with"), say("plots.without")
    right = width - 16 - svg.LETTER * max(len(with_it), len(without))
    frame = svg.Frame(
        width=width,
        height=height,
        left=52,
        right=right,
        top=14,
        bottom=height - 32,
        x=(told.reported.started, days[-1][0]),
        y=(0, max(max(a, b) for _, a, b in days) * 1.06),
    )
    first = frame.at(days[0][0], 0)[0]
    body = ""
    for value in svg.ticks(*frame.y, most=4):
        y = frame.at(0, value)[1]
        body += svg.line([(frame.left, y), (frame.right, y)], svg.BAR)
        body += svg.text((frame.left - 8, y + 4), say.number(value), anchor="end")
    body += svg.hatched((frame.left, frame.top), (first - frame.left, frame.bottom - frame.top))
    upper = [frame.at(at, a) for at, a, _ in days]
    lower = [frame.at(at, b) for at, _, b in days]
    body += svg.area([*upper, *reversed(lower)], svg.SERIES[0], 0.17)
    body += svg.line(lower, svg.CONTROL, width=2, dash="5 4")
    body += svg.line(upper, svg.SERIES[0], width=2.25)
    body += svg.dot(upper[-1], svg.SERIES[0]) + svg.dot(lower[-1], svg.CONTROL, 4.5)
    labels = sorted([(upper[-1][1], with_it, True), (lower[-1][1], without, False)])
    places = svg.apart([y + 4 for y, _, _ in labels], 16)
    for (_, said, strong), y in zip(labels, places, strict=True):
        body += svg.text((frame.right + 11, y), said, strong=strong)
    moments = [days[i][0] for i in range(0, len(days) - 1, 7)] + [days[-1][0]]
    return svg.drawing(width, height, body + _dates(told, frame, moments), shows)


def _days_table(told: Told, days: list[Day]) -> Table:
    say = told.say
    weekly = [b for i, (b, _) in enumerate(pairwise(days)) if i % 7 == 0] + [days[-1]]
    rows = tuple(
        (Cell(text=say.date(at - 1)), Cell(text=say.number(a)), Cell(text=say.number(b)))
        for at, a, b in weekly
    )
    head = (say("plots.day"), say("plots.with"), say("plots.without"))
    return Table(caption=say("sections.cumulative"), head=head, rows=rows)
