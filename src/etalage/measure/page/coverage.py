"""Step 7 of 8, measure: the plot of coverage: of all people who could be measured, whom the message reached, and who saw it.

In:   a report.
Out:  a plot with what it shows in words and as a table; nothing where nobody was reached.
Idea: above everybody, below it whom the message reached, enlarged, as a small part of a shop must be seen too. All shares
      are of everybody. The groups are told apart here only by who is in them: the way to the goal is the funnel's.
"""

from __future__ import annotations

from msgspec import Struct

from etalage.domain.ids import HOLDOUT
from etalage.domain.report import ANY_MESSAGE
from etalage.measure.page import svg
from etalage.measure.page.model import Cell, Plot, Table
from etalage.measure.page.say import clean
from etalage.measure.page.told import Told

WIDE, NARROW, PAPER = 400, 350, 300
UNSEEN = 0.35  # opacity of who was reached and did not see it
ROW = 19  # pixels of a line of the key
BAR = 15


class Share(Struct, frozen=True):
    """Some of those who were reached: who they are, how many, and how they are drawn."""

    word: str
    many: int
    colour: str
    opacity: float = 1
    key: str = ""  # the word in the key of the drawing, below the line it belongs to


def coverage(told: Told) -> Plot | None:
    """Draw whom the message reached, of all who could be measured."""
    found = told.reported.coverage
    if not found.reached or not found.measurable:
        return None
    say = told.say
    shares = _shares(told)
    shows = told.own(
        "plots.coverage_shows",
        measurable=say.number(found.measurable),
        reached=say.number(found.reached),
        share=_of_all(told, found.reached),
    )
    return Plot(
        wide=_drawn(told, shares, WIDE, shows),
        narrow=_drawn(told, shares, NARROW, shows),
        paper=_drawn(told, shares, PAPER, shows),
        shows=shows,
        reading=told.own("plots.coverage_read"),
        table=_table(told, shares),
    )


def _shares(told: Told) -> list[Share]:
    """Divide who was reached over groups, and who saw it; what is left is in no group that is compared."""
    say, reached = told.say, told.reported.coverage.reached
    if told.is_total:
        seen = min(told.reported.arm(ANY_MESSAGE).exposures, reached)
        found = [Share(word=say("plots.seen_any"), many=seen, colour=svg.SERIES[0])]
        left = Share(
            word=say("plots.unseen_any"),
            many=reached - seen,
            colour=svg.SERIES[0],
            opacity=UNSEEN,
        )
        return [share for share in (*found, left) if share.many]
    found = []
    for arm, colour in zip(told.variants, svg.SERIES, strict=False):
        name, seen = told.arm(arm.arm), min(arm.exposures, arm.triggered)
        unseen = say("plots.unseen_by", arm=name)
        found += [
            Share(word=say("plots.seen_by", arm=name), many=seen, colour=colour),
            Share(
                word=unseen,
                many=arm.triggered - seen,
                colour=colour,
                opacity=UNSEEN,
                key=say("plots.unseen"),
            ),
        ]
    kept = Share(
        word=told.arm(told.reported.control), many=told.control.triggered, colour=svg.CONTROL
    )
    held = Share(
        word=told.arm(HOLDOUT), many=told.reported.arm(HOLDOUT).triggered, colour=svg.BAR_STRONG
    )
    rest = reached - kept.many - held.many - sum(share.many for share in found)
    outside = Share(
        word=say("plots.outside"), many=max(rest, 0), colour=svg.BAR_STRONG, opacity=0.4
    )
    return [share for share in (*found, kept, held, outside) if share.many]


def _of_all(told: Told, many: int) -> str:
    """Give a share of everybody who could be measured."""
    share = many / told.reported.coverage.measurable
    return told.say.percent(share, digits=1 if share >= 0.01 else 2)  # noqa: PLR2004  # 28.8%, 0.34%


def _drawn(told: Told, shares: list[Share], width: int, shows: str) -> str:
    say, found = told.say, told.reported.coverage
    part = max(min(found.reached / found.measurable, 1) * width, 2)
    everybody = say("plots.measurable", count=say.number(found.measurable))
    reached = say(
        "plots.reached", count=say.number(found.reached), share=_of_all(told, found.reached)
    )
    top, below = 18.0, 58.0
    body = (
        svg.text((0, 12), everybody, strong=True)
        + svg.bar((0, top), (width, BAR), svg.BAR)
        + svg.bar((0, top), (part, BAR), svg.SOFT)
        + svg.area([(0, top + BAR), (part, top + BAR), (width, below), (0, below)], svg.BAR, 0.45)
        + svg.text((6, below - 7), reached, strong=True)
    )
    whole, left, y = sum(share.many for share in shares), 0.0, below + BAR + 22
    for share in shares:
        long = share.many / whole * width
        body += svg.bar((left, below), (max(long - 1, 0.5), BAR), share.colour, share.opacity)
        body += svg.bar((0, y - 9), (10, 10), share.colour, share.opacity)
        count = f"{say.number(share.many)} · {_of_all(told, share.many)}"
        room = int((width - 28) / svg.LETTER) - len(count)
        body += svg.text((16, y), clean(share.key or share.word, max(room, 8)))
        body += svg.text((width, y), count, anchor="end")
        left, y = left + long, y + ROW
    return svg.drawing(width, y - ROW + 6, body, shows)


def _table(told: Told, shares: list[Share]) -> Table:
    say, found = told.say, told.reported.coverage
    rows = [
        (say("plots.all_measurable"), found.measurable),
        (say("ran.reached"), found.reached),
        *((share.word, share.many) for share in shares),
    ]
    head = ("", say("plots.persons"), say("plots.of_measurable"))
    return Table(
        caption=say("plots.coverage"),
        head=head,
        rows=tuple(
            (
                Cell(text=word[:1].upper() + word[1:]),
                Cell(text=say.number(many)),
                Cell(text=_of_all(told, many)),
            )
            for word, many in rows
        ),
    )
