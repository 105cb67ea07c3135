"""Who would meet a message, and what they would do without it: from the shop's own log of the past four weeks.

In:   an experience, and the log as it stands.
Out:  new persons a day, and which part of them reached each goal within the window.
Idea: where a message has run before, its own moments are counted, and its control says what happens without it. Else
      everybody who came to its pages is; the moment itself (a scroll, an exit) may come to fewer, and a segment may
      ask for more than the past tells: then the figure is "at most".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from etalage.decide.page_rules import PROTECTED_TYPES
from etalage.domain.experience import Experience, PageRule, UrlRule
from etalage.domain.ids import CONTROL, HOLDOUT
from etalage.domain.segment import Node, has_context
from etalage.domain.shop import Shop
from etalage.domain.time import DAY, ShopZone
from etalage.errors import Unknown
from etalage.flow.configuration import tree_of
from etalage.measure.planning.chance import PLANNED_DAYS, Traffic
from etalage.measure.planning.outlook import Public
from etalage.measure.sql_text import text
from etalage.ports import Ports, Questions
from etalage.segment.parse import parse
from etalage.segment.sql import PROGRAMS, members_sql, programs_statement
from etalage.unify.batch import view_statements

LEAST_OWN_DAYS = 14  # of its own moments, before they say more than its pages
LEAST_OWN_PERSONS = 100
NEARER = ("begin_checkout", "add_to_cart", "view_item")  # goals that may be offered
ANY_PAGE = PageRule()

_PAGES = (
    "page_view", "view_item", "view_item_list", "view_cart", "add_to_cart", "search", "begin_checkout",
)  # fmt: skip
_MOMENTS: Mapping[str, tuple[str, ...]] = {  # by what happens then; all others come to a page
    "add_to_cart": ("add_to_cart",),
    "cart_idle": ("add_to_cart",),
    "search": ("search",),
}
_SURE = frozenset({"load", "delay", "add_to_cart", "search"})  # come to nearly all who are there


def public_of(ports: Ports, experience: Experience, shop: Shop, *, now: int) -> Public:
    """Count who would have met a message in the past four weeks, and what they did after that."""
    span = experience.goal.window_days * DAY
    segment = experience.segment
    node = None if segment is None else _segment(ports, segment, shop)
    until = now - span
    with ports.warehouse.session() as questions:
        since = max(_first(questions), until - PLANNED_DAYS * DAY)
        if since + DAY > until:
            empty = Traffic(entered=(), rates={})
            return Public(days=0, traffic=empty, whole=empty, is_own=False, at_most=False)
        for statement in (*view_statements(), programs_statement()):
            questions.prepare(statement)
        ask = _Asking(questions, shop, experience, span=span, now=now)
        own = ask.own(since, until)
        traffic = own or ask.pages(since, until, node)
        whole = ask.whole(since, until)
    return Public(
        days=(until - since) // DAY,
        traffic=traffic,
        whole=whole,
        is_own=own is not None,
        at_most=own is None
        and (experience.trigger.on not in _SURE or (node is not None and has_context(node))),
    )


def _segment(ports: Ports, name: str, shop: Shop) -> Node:
    """Read the newest version of a segment; `Unknown` gives the nearest name."""
    trees = {one.name: tree_of(one) for one in ports.records.documents("segment")}
    if name not in trees:
        raise Unknown("segment", name, trees, field="segment")
    return parse(trees[name], known=trees, currency=shop.currency)


def _first(questions: Questions) -> int:
    """Give the moment of the shop's first event of a visitor; far ahead if there is none."""
    (row,) = questions.ask(
        "SELECT min(time) AS first FROM events WHERE visitor IS NOT NULL AND list_contains(purposes, 'measure')"
    ).rows
    return 2**62 if row[0] is None else int(str(row[0]))


class _Asking:
    """The question `met.sql`, in a session of the warehouse."""

    def __init__(
        self, questions: Questions, shop: Shop, experience: Experience, *, span: int, now: int
    ) -> None:
        self._questions, self._shop, self._now = questions, shop, now
        self._experience, self._span = experience, span
        self._goals = sorted({experience.goal.event, *NEARER})

    def own(self, since: int, until: int) -> Traffic | None:
        """Count the moments of the message itself; what converts without it is what its control shows."""
        name = self._experience.name
        (row,) = self._questions.ask(
            "SELECT min(time) AS first FROM events WHERE name = 'triggered' AND experience = $experience",
            {"experience": name},
        ).rows
        if row[0] is None or until - max(int(str(row[0])), since) < LEAST_OWN_DAYS * DAY:
            return None
        since = max(int(str(row[0])), since)
        everybody = self._asked(since, until, names=("triggered",), experience=name)
        kept = self._asked(
            since, until, names=("triggered",), experience=name, arms=(CONTROL, HOLDOUT)
        )
        if min(everybody.persons, kept.persons) < LEAST_OWN_PERSONS:
            return None
        return Traffic(entered=everybody.entered, rates=kept.rates)

    def pages(self, since: int, until: int, node: Node | None) -> Traffic:
        """Count who came to the pages of the message, and belongs to its segment."""
        names = _MOMENTS.get(self._experience.trigger.on, _PAGES)
        return self._asked(since, until, names=names, page=self._experience.trigger.page, node=node)

    def whole(self, since: int, until: int) -> Traffic:
        """Count who came to any page on which something may be shown."""
        return self._asked(since, until, names=_PAGES)

    def _asked(
        self,
        since: int,
        until: int,
        *,
        names: Sequence[str],
        page: PageRule = ANY_PAGE,
        node: Node | None = None,
        experience: str | None = None,
        arms: Sequence[str] | None = None,
    ) -> Traffic:
        members, bound = self._members(node)
        asked = f"WITH public AS ({members}), answer AS ({text('met')}) SELECT * FROM answer"
        rows = self._questions.ask(
            asked,
            {
                "names": list(names),
                "types": list(page.types) or None,
                "like": None if page.url is None else _pattern(page.url),
                "whole_url": page.url is not None and "?" in page.url.text,
                "under": page.under,
                "without": sorted(PROTECTED_TYPES),
                "experience": experience,
                "arms": None if arms is None else list(arms),
                "since": since,
                "until": until,
                "span": self._span,
                "goals": self._goals,
                **bound,
            },
        ).dicts()
        return _traffic(msgspec.convert(rows, list[_Met]), since, until)

    def _members(self, node: Node | None) -> tuple[str, Mapping[str, object]]:
        if node is None:
            return "SELECT DISTINCT person FROM people", {}
        asked = members_sql(
            node,
            zone=ShopZone(self._shop.zone),
            currency=self._shop.currency,
            now=self._now,
            programs=PROGRAMS,
        )
        return f"SELECT person FROM ({asked.sql})", asked.parameters


class _Met(Struct, frozen=True):
    """A row of met.sql."""

    day: int
    goal: str | None
    persons: int


def _traffic(rows: Sequence[_Met], since: int, until: int) -> Traffic:
    days = -(-(until - since) // DAY)
    by_day = {row.day: row.persons for row in rows if row.goal is None}
    entered = tuple(by_day.get(day, 0) for day in range(days))
    everybody = sum(entered)
    reached: dict[str, int] = {}
    for row in rows:
        if row.goal is not None:
            reached[row.goal] = reached.get(row.goal, 0) + row.persons
    rates = {goal: count / everybody for goal, count in sorted(reached.items())}
    return Traffic(entered=entered, rates={g: r for g, r in rates.items() if r < 1})


def _pattern(rule: UrlRule) -> str:
    """Write a rule over the path as a pattern of SQL."""
    escaped = re.sub(r"([\\%_])", r"\\\1", rule.text)
    match rule.kind:
        case "exact":
            return escaped
        case "prefix":
            return f"{escaped}%"
        case "glob":
            return escaped.replace("*", "%")
