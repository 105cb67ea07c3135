"""Step 3 of 8, segment: a tree as a question to the warehouse, with exactly the people that `live` would name.

In:   a tree, `now`, and the relations of unify/sql: `known_people`, `known_visitors`, `found_events`, `known_events`.
Out:  one SELECT that gives `person`, one row each, and the values to bind. Deterministic: same tree, same text.
Idea: `sqlglot` builds it, so the same tree runs on other engines; values are bound, never formatted in.
      Without a context, conditions on it are unknown and logic has three values: who may belong to it is counted,
      so the answer is "at most". With one given, they are constants.
"""

from __future__ import annotations

from msgspec import Struct
from sqlglot import exp

from etalage.domain.context import Context
from etalage.domain.profile import RECENT_LIMIT
from etalage.domain.segment import (
    AllOf,
    AnyOf,
    Did,
    In,
    InOrder,
    Node,
    Not,
    OfContext,
    Range,
    has_context,
)
from etalage.domain.time import ShopZone
from etalage.segment.check import check_of
from etalage.segment.conditions import BUSY_DAYS
from etalage.segment.live import holds_for_nobody
from etalage.segment.sql_counts import EVENTS, VISITORS, Counts, activity
from etalage.segment.sql_tests import Bindings, json_operand, tests_sql

PEOPLE, PROGRAMS = "known_people", "known_programs"


class Question(Struct, frozen=True):
    """SQL text and the values of its `$parameters`."""

    sql: str
    parameters: dict[str, object]


def members_sql(
    node: Node,
    *,
    zone: ShopZone,
    currency: str,
    now: int,
    context: Context | None = None,
    programs: str | None = None,
    dialect: str = "duckdb",
) -> Question:
    """Ask who is in it: a column `person`, in no particular order.

    `programs` names a relation with a column `person` that was filled by `programs_sql`, once for many questions;
    without it the question looks for programs among its own answers.
    """
    bindings = Bindings()
    query = _members(node, zone, currency, now, context, bindings, programs)
    return Question(query.sql(dialect), bindings.values)


def size_sql(
    node: Node,
    *,
    zone: ShopZone,
    currency: str,
    now: int,
    context: Context | None = None,
    programs: str | None = None,
    dialect: str = "duckdb",
) -> Question:
    """Ask how many are in it: one row, one column `people`."""
    bindings = Bindings()
    members = _members(node, zone, currency, now, context, bindings, programs)
    query = members.select("count(*) AS people", append=False, copy=False)
    return Question(query.sql(dialect), bindings.values)


def _members(
    node: Node,
    zone: ShopZone,
    currency: str,
    now: int,
    context: Context | None,
    bindings: Bindings,
    programs: str | None,
) -> exp.Select:
    counts = Counts(bindings, now=now, today=zone.day(now), currency=currency)
    holds = _condition(node, counts, context, bindings)
    if context is None and has_context(node):
        holds = exp.Coalesce(this=holds, expressions=[exp.true()])
    # The engine need not look at people without events when these cannot be in it.
    is_open_ended = context is None and has_context(node)
    needs_all = is_open_ended or holds_for_nobody(node, context or Context(), now, zone=zone)
    sources = counts.sources()
    if len(sources) == 1 and not needs_all:
        matching = exp.select(f"{sources[0]}.person").from_(sources[0]).where(holds, copy=False)
    else:
        matching = exp.select(f"{PEOPLE}.person").from_(PEOPLE).where(holds, copy=False)
        for source in sources:
            matching = matching.join(
                source, on=f"{source}.person = {PEOPLE}.person", join_type="left", copy=False
            )
    query = exp.select("person").from_("matching")
    known = exp.select("person").from_(programs or "programs")
    query = query.where(exp.not_(exp.column("person").isin(query=known)))
    tables = [*counts.tables(), ("matching", matching)]
    if programs is None:
        tables += _program_tables(among="matching")
    for name, table in tables:
        query = query.with_(name, as_=table, copy=False)
    return query


def programs_sql(*, dialect: str = "duckdb") -> Question:
    """Ask which persons are programs: more than 5,000 events within three shop days in a row."""
    query = exp.select("person").from_("programs")
    for name, table in _program_tables(among=None):
        query = query.with_(name, as_=table, copy=False)
    return Question(query.sql(dialect), {})


def programs_statement() -> str:
    """Give the statement that keeps the programs of a session as the table `PROGRAMS`."""
    return f"CREATE OR REPLACE TEMP TABLE {PROGRAMS} AS {programs_sql().sql}"


def _program_tables(*, among: str | None) -> list[tuple[str, exp.Select]]:
    """Find the programs among some people; only the few with so many events are looked at day by day."""
    busy = (
        exp.select("person")
        .from_(VISITORS)
        .where(*([] if among is None else [f"person IN (SELECT person FROM {among})"]))
        .group_by("person")
        .having(f"sum(events) > {RECENT_LIMIT}")
    )
    per_day = (
        exp.select(
            "person",
            "sum(count(*)) OVER (PARTITION BY person ORDER BY day"
            f" RANGE BETWEEN {BUSY_DAYS - 1} PRECEDING AND CURRENT ROW) AS events",
            dialect="duckdb",
        )
        .from_(EVENTS)
        .where("person IN (SELECT person FROM busy)", activity())
        .group_by("person", "day")
    )
    programs = (
        exp.select("person")
        .distinct()
        .from_(per_day.subquery("per_day"))
        .where(f"events > {RECENT_LIMIT}")
    )
    return [("busy", busy), ("programs", programs)]


def _condition(  # noqa: PLR0911  one per form
    node: Node, counts: Counts, context: Context | None, bindings: Bindings
) -> exp.Condition:
    match node:
        case AllOf(parts):
            conditions = (_condition(part, counts, context, bindings) for part in parts)
            return exp.and_(*conditions, copy=False)
        case AnyOf(parts):
            conditions = (_condition(part, counts, context, bindings) for part in parts)
            return exp.or_(*conditions, copy=False)
        case Not(part):
            return exp.not_(_condition(part, counts, context, bindings), copy=False)
        case In(_, tree):
            return _condition(tree, counts, context, bindings)
        case OfContext():
            return _context(node, context)
        case InOrder():
            return _in_range(counts.sessions(node), node.times, bindings)
        case Did():
            return _did(node, counts, bindings)
        case _:
            tests = tests_sql(json_operand(counts.written(node)), node.tests, bindings)
            return exp.Coalesce(this=tests, expressions=[exp.false()])


def _context(node: OfContext, context: Context | None) -> exp.Condition:
    if context is None:
        return exp.Cast(this=exp.null(), to=exp.DataType.build("BOOLEAN"))
    holds = check_of(node.tests)(getattr(context, node.field))
    return exp.true() if holds else exp.false()


def _did(node: Did, counts: Counts, bindings: Bindings) -> exp.Condition:
    often = _in_range(counts.times(node), node.times, bindings)
    if node.sum is None:
        return often
    return exp.and_(often, _in_range(counts.total(node), node.sum, bindings))


def _in_range(number: exp.Condition, wanted: Range, bindings: Bindings) -> exp.Condition:
    bounds: list[exp.Condition] = []
    if wanted.at_least is not None:
        bounds.append(number >= bindings.bind(wanted.at_least))
    if wanted.at_most is not None:
        bounds.append(number <= bindings.bind(wanted.at_most))
    return exp.and_(*bounds)
