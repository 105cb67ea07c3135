"""Step 3 of 8, segment: what has to be known of each person, as common table expressions.

In:   the conditions of a tree, one after the other.
Out:  per condition the column that holds its answer, and the expressions those columns come from:

      facts     one pass over found_events: counts of all windows in days, and last written values, per visitor and
                consent epoch first; whose they are and which she still allows is asked of these few rows
      recent    events of the last hours that a profile remembers whole; counted in hours
      sequence  sessions of what profiles remember, for conditions on order

Idea: one aggregate per condition in one pass, instead of one subquery per condition; and of the events only those
      of the names and days that some condition asks for, so that the engine can pass over the other files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sqlglot import exp

from etalage.domain.event import NOT_ACTIVITY
from etalage.domain.profile import RECENT_EVENTS, RECENT_HOURS, RECENT_LIMIT
from etalage.domain.segment import Did, Fact, InOrder, Preference, Step, Trait, Window
from etalage.domain.time import HOUR, SESSION_GAP
from etalage.segment.sql_tests import Bindings, json_value, where_sql

EVENTS = "known_events"
FOUND, VISITORS = "found_events", "known_visitors"
_OF_SESSION = "PARTITION BY visitor ORDER BY time, id"  # a visitor is of one person
_IS_KEPT = (
    f"(newness <= {RECENT_EVENTS} OR (time > newest - {RECENT_HOURS * HOUR}"
    f" AND newness <= {RECENT_LIMIT}))"
)
_WRITTEN_BY = {Trait: "identify", Preference: "preference", Fact: "score"}


def activity() -> exp.Condition:
    """Tell events that somebody did from those that only say something about her."""
    names = [exp.Literal.string(name) for name in sorted(NOT_ACTIVITY)]
    return exp.not_(exp.In(this=exp.column("name"), expressions=list(names)))


class Counts:
    """Gathers what a tree asks of each person; `tables` then gives the expressions, `sources` their names."""

    def __init__(self, bindings: Bindings, *, now: int, today: int, currency: str) -> None:
        self._bindings = bindings
        self._now, self._today, self._currency = now, today, currency
        self._facts: dict[str, tuple[str, exp.Condition]] = {}  # by text: alias, expression
        self._reads: dict[str, int | None] = {}  # event name -> first day needed, None = all
        self._fits: dict[
            str, dict[str, exp.Condition]
        ] = {}  # event name -> by text: what it has to fit
        self._hourly: dict[str, tuple[str, exp.Condition]] = {}
        self._longest_hours = 0
        self._orders: dict[str, tuple[str, InOrder]] = {}

    # -- columns of one condition ----------------------------------------------------------------------

    def times(self, did: Did) -> exp.Condition:
        """Give how often it was done, 0 if never."""
        counted = exp.CountIf(this=self._matches(did))
        return exp.Coalesce(this=self._column(did, counted), expressions=[exp.Literal.number(0)])

    def total(self, did: Did) -> exp.Condition:
        """Give the sum of its values in the shop's currency, 0 if there were none."""
        in_currency = exp.column("currency").eq(self._bindings.bind(self._currency))
        counts = exp.and_(self._matches(did), in_currency)
        summed = exp.Sum(this=exp.case().when(counts, exp.column("value")))
        return exp.Coalesce(this=self._column(did, summed), expressions=[exp.Literal.number(0)])

    def written(self, node: Trait | Preference | Fact) -> exp.Condition:
        """Give the value written last, as JSON, NULL if none was."""
        writer = _WRITTEN_BY[type(node)]
        self._reads[writer] = None
        self._fits.setdefault(writer, {})[""] = exp.true()
        key = node.key if isinstance(node, Fact) else node.name
        is_writer = exp.column("name").eq(self._bindings.bind(writer))
        value = exp.case().when(is_writer, json_value(key, self._bindings))
        order = exp.Struct(
            expressions=[
                exp.PropertyEQ(this=exp.to_identifier(column), expression=exp.column(column))
                for column in ("time", "id")
            ]
        )
        return _aliased(self._facts, exp.ArgMax(this=value, expression=order), "facts", "fact")

    def sessions(self, order: InOrder) -> exp.Condition:
        """Give the number of sessions in which the steps were taken in order, 0 if none."""
        text = repr(order)
        table, _ = self._orders.setdefault(text, (f"sequence_{len(self._orders)}", order))
        count = exp.column("sessions", table=table)
        return exp.Coalesce(this=count, expressions=[exp.Literal.number(0)])

    def _column(self, did: Did, aggregate: exp.Condition) -> exp.Condition:
        if did.window.hours is not None:
            self._longest_hours = max(self._longest_hours, did.window.hours)
            return _aliased(self._hourly, aggregate, "hourly", "hour")
        first, _ = did.window.bounds(self._today)
        known = self._reads.get(did.name, first)
        self._reads[did.name] = None if first is None or known is None else min(first, known)
        fits = where_sql(did.name, did.where, self._bindings)
        self._fits.setdefault(did.name, {})[fits.sql()] = fits
        return _aliased(self._facts, aggregate, "facts", "fact")

    def _matches(self, did: Did) -> exp.Condition:
        within = self._within(did.window, exp.column("time"), exp.column("day"))
        fits = where_sql(did.name, did.where, self._bindings)
        return exp.and_(within, fits, copy=False)

    def _within(self, window: Window, time: exp.Condition, day: exp.Condition) -> exp.Condition:
        bind = self._bindings.bind
        if window.hours is not None:
            return exp.and_(time > bind(self._now - window.hours * HOUR), time <= bind(self._now))
        first, last = window.bounds(self._today)
        upto = day <= bind(last)
        return upto if first is None else exp.and_(day >= bind(first), upto)

    # -- tables of all conditions ----------------------------------------------------------------------

    def sources(self) -> list[str]:
        """Give the tables that hold the columns; each has one row per person at most."""
        names = ["facts"] if self._facts else []
        names += ["hourly"] if self._hourly else []
        return names + [table for table, _ in self._orders.values()]

    def tables(self) -> list[tuple[str, exp.Select]]:
        """Give the common table expressions in the order in which they need each other."""
        tables: list[tuple[str, exp.Select]] = []
        if self._facts:
            tables.append(("facts", self._facts_table()))
        if self._hourly:
            since = exp.column("time") > self._bindings.bind(self._now - self._longest_hours * HOUR)
            hourly = _per_person(self._hourly.values(), "recent").where(_IS_KEPT)
            tables += [("recent", _ranked().where(since)), ("hourly", hourly)]
        if self._orders:
            tables += self._sequence_tables()
        return tables

    def _facts_table(self) -> exp.Select:
        read = self._read().subquery("read", copy=False)
        per_visitor = exp.select("visitor", "epoch").from_(read).group_by("visitor", "epoch")
        per_person = exp.select("person").group_by("person")
        for alias, aggregate in self._facts.values():
            _select_both(per_visitor, per_person, alias, aggregate)
        counted = per_visitor.subquery("per_visitor", copy=False)
        return per_person.from_(counted).join(VISITORS, using=["visitor"]).where("epoch > refused")

    def _read(self) -> exp.Select | exp.Union:
        """Read the events that some condition asks for: those of one first day together."""
        names_by_day: dict[int | None, list[str]] = {}
        for name, first in self._reads.items():
            names_by_day.setdefault(first, []).append(name)
        needed = {column.name for _, made in self._facts.values() for column in _own_columns(made)}
        columns = sorted({"visitor", "epoch", *needed})
        parts = []
        for first, names in names_by_day.items():
            bound = [self._bindings.bind(name) for name in names]
            fits = {text: one for name in names for text, one in self._fits[name].items()}
            part = exp.select(*columns).from_(FOUND)
            part = part.where(_one_of(exp.column("name"), bound), copy=False)
            if len(fits) == 1:  # of several each would be asked twice
                part = part.where(*fits.values(), copy=False)
            if first is not None:
                part = part.where(exp.column("day") >= self._bindings.bind(first), copy=False)
            parts.append(part)
        return parts[0] if len(parts) == 1 else exp.union(*parts, distinct=False, copy=False)

    def _sequence_tables(self) -> list[tuple[str, exp.Select]]:
        orders = list(self._orders.values())
        able = exp.or_(*(self._took_all(order.steps) for _, order in orders))
        names = sorted({step.name for _, order in orders for step in order.steps})
        bound = [self._bindings.bind(name) for name in names]
        named = exp.In(this=exp.column("name"), expressions=list(bound))
        ready = exp.select("person").from_(EVENTS).where(named).group_by("person").having(able)
        marked = (
            exp.select(
                "*",
                f"CASE WHEN time - lag(time) OVER ({_OF_SESSION}) <= {SESSION_GAP} THEN 0 ELSE 1 END"
                " AS opens",
                f"row_number() OVER ({_OF_SESSION}) AS place",
                dialect="duckdb",
            )
            .from_("kept")
            .where(_IS_KEPT)
        )
        sessions = exp.select(
            "*",
            f"sum(opens) OVER ({_OF_SESSION} ROWS UNBOUNDED PRECEDING) AS visit",
            dialect="duckdb",
        ).from_("marked")
        kept = _ranked().where("person IN (SELECT person FROM ready)")
        tables = [("ready", ready), ("kept", kept), ("marked", marked), ("sessions", sessions)]
        return tables + [(table, self._sequence(order)) for table, order in orders]

    def _took_all(self, steps: tuple[Step, ...]) -> exp.Condition:
        return exp.and_(
            *(
                exp.CountIf(this=where_sql(step.name, step.where, self._bindings))
                > exp.Literal.number(0)
                for step in steps
            )
        )

    def _sequence(self, order: InOrder) -> exp.Select:
        """Take each step at the first event after the one before, then count the sessions that got to the end."""
        steps = [where_sql(step.name, step.where, self._bindings) for step in order.steps]
        inner = exp.select("visitor", "visit", "place").from_("sessions")
        inner = inner.where(exp.or_(*steps), copy=False)
        for i, fits in enumerate(steps):
            inner = inner.select(exp.alias_(fits, f"is_{i}", copy=False), copy=False)
        for i in range(len(steps)):
            after = f" AND place > taken_{i - 1}" if i else ""
            first = f"min(CASE WHEN is_{i}{after} THEN place END)"
            taken = f"{first} OVER (PARTITION BY visitor, visit) AS taken_{i}"
            inner = exp.select("*", taken, dialect="duckdb").from_(
                inner.subquery(f"step_{i}", copy=False)
            )
        complete = (
            exp.select("visitor", "visit")
            .distinct()
            .from_(inner.subquery("steps", copy=False))
            .where(f"place = taken_{len(steps) - 1}")
        )
        within = self._within(order.window, exp.column("time"), exp.column("day"))
        return (
            exp.select("person", "count(*) AS sessions")
            .from_("sessions")
            .join(complete.subquery("complete", copy=False), using=["visitor", "visit"])
            .where("opens = 1", within)
            .group_by("person")
        )


def _aliased(
    known: dict[str, tuple[str, exp.Condition]], aggregate: exp.Condition, table: str, stem: str
) -> exp.Condition:
    """Give the column of an aggregate, the same one for the same question."""
    alias, _ = known.setdefault(aggregate.sql("duckdb"), (f"{stem}_{len(known)}", aggregate))
    return exp.column(alias, table=table)


def _per_person(columns: Iterable[tuple[str, exp.Condition]], source: str) -> exp.Select:
    query = exp.select("person").from_(source).group_by("person")
    for alias, aggregate in columns:
        query = query.select(exp.alias_(aggregate, alias, copy=False), copy=False)
    return query


def _select_both(
    per_visitor: exp.Select, per_person: exp.Select, alias: str, aggregate: exp.Condition
) -> None:
    """Select what is known per visitor and epoch, and what that makes of a person."""
    per_visitor.select(exp.alias_(aggregate, alias, copy=False), copy=False)
    if not isinstance(aggregate, exp.ArgMax):
        per_person.select(exp.alias_(exp.Sum(this=exp.column(alias)), alias), copy=False)
        return
    # The newest of the newest: an aggregate passes over rows without a value, so its moment must do the same.
    is_said = exp.not_(aggregate.this.is_(exp.null()))
    moment = exp.Max(this=exp.case().when(is_said, aggregate.expression.copy()))
    per_visitor.select(exp.alias_(moment, f"{alias}_at", copy=False), copy=False)
    newest = exp.ArgMax(this=exp.column(alias), expression=exp.column(f"{alias}_at"))
    per_person.select(exp.alias_(newest, alias), copy=False)


def _own_columns(made: exp.Condition) -> Iterator[exp.Column]:
    """Give the columns of events in an expression; those of the lines of an event have a table."""
    return (column for column in made.find_all(exp.Column) if not column.table)


def _one_of(column: exp.Condition, values: Sequence[exp.Condition]) -> exp.Condition:
    return (
        column.eq(values[0]) if len(values) == 1 else exp.In(this=column, expressions=list(values))
    )


def _ranked() -> exp.Select:
    """Rank the events of each person from her newest: what a profile keeps depends on it."""
    return (
        exp.select(
            "*",
            "row_number() OVER (PARTITION BY person ORDER BY time DESC, id DESC) AS newness",
            "first_value(time) OVER (PARTITION BY person ORDER BY time DESC, id DESC) AS newest",
            dialect="duckdb",
        )
        .from_(EVENTS)
        .where(activity())
    )
