"""One definition of a segment, two readings: live over folds and in SQL over the log name the same people.

Random shops go through the real way in (log, orders, folds) and are asked both ways: here one form at a time, in
tests/proof/test_trees_alike.py random trees of all of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from random import Random

import duckdb
import msgspec
import pytest
from random_segments import Grower
from random_worlds import CURRENCY, ZONE, World, grow_world

from etalage.domain.arrival import Arrival
from etalage.domain.context import Context
from etalage.domain.event import Event, Line
from etalage.domain.ids import EventId, VisitorKey
from etalage.domain.profile import ActiveFeature, Person
from etalage.domain.segment import Node
from etalage.domain.time import HOUR, MINUTE
from etalage.flow.look_back import refold
from etalage.flow.remember import Memorist, remember
from etalage.flow.who import linked_folds
from etalage.segment.features import features, where_json
from etalage.segment.live import IsIn, compile_live
from etalage.segment.parse import parse
from etalage.segment.sql import Question, members_sql, size_sql
from etalage.store.duckdb.rows import create_table, export
from etalage.store.memory.journal import MemoryEventLog
from etalage.store.memory.profiles import MemoryProfiles
from etalage.unify.batch import view_statements
from etalage.unify.links import root_of, target_of
from etalage.unify.person import as_known

PEOPLE, BATCH = 200, 150
KNOWN: dict[str, object] = {
    "buyers": {"did": "purchase", "within": "14d"},
    "locals": {"any": [{"trait": "tier", "exists": True}, {"not": {"in": "buyers"}}]},
}
MEMORIST = Memorist(ZONE, CURRENCY)


def remembered(world: World, nodes: list[Node]) -> tuple[MemoryEventLog, dict[VisitorKey, Person]]:
    """Bring a world in, a little at a time, and give its people by the key of the person."""
    log, profiles = MemoryEventLog(zone=ZONE), MemoryProfiles()
    wanted = {feature.id: feature for node in nodes for feature in features(node)}
    active = [
        ActiveFeature(one.id, one.name, through_json(where_json(one.where)), 0, warm=True)
        for one in wanted.values()
    ]
    profiles.update(lambda write: write.put_features(active))
    for start in range(0, len(world.arrivals), BATCH):
        log.append(world.arrivals[start : start + BATCH])
        remember(log, profiles, MEMORIST)
    refold(log, profiles, MEMORIST, profiles.marked())
    folds = dict(profiles.visitors())
    roots = {root_of(visitor, lambda key: target_of(folds.get(key))) for visitor in folds}
    return log, {root: as_known(linked_folds(profiles, root)) for root in roots}


def through_json(where: dict[str, object]) -> dict[str, object]:
    return msgspec.json.decode(msgspec.json.encode(where), type=dict[str, object])


def batch(log: MemoryEventLog, folder: Path) -> duckdb.DuckDBPyConnection:
    """Give a connection with the views of unify over the whole log, made once for many questions."""
    connection = duckdb.connect(config={"threads": 2})
    path = folder / "events.ndjson"
    export(log.read(0), path, ZONE, after=0)
    create_table(connection, "events", path)
    for statement in view_statements():
        connection.execute(statement)
    connection.execute("CREATE TEMP TABLE frozen AS SELECT * FROM known_events")
    connection.execute("DROP VIEW known_events")
    connection.execute("ALTER TABLE frozen RENAME TO known_events")
    return connection


def asked(connection: duckdb.DuckDBPyConnection, question: Question) -> list[str]:
    return [row[0] for row in connection.execute(question.sql, question.parameters).fetchall()]


def named(is_in: IsIn, people: Mapping[VisitorKey, Person], context: Context, now: int) -> set[str]:
    return {key for key, person in people.items() if is_in(person, context, now)}


LISTED: list[dict[str, object]] = [
    {"did": "view_item", "where": {"category": {"under": "Hond"}}, "times": {"at_least": 2}},
    {"did": "page_view", "where": {"page_category": {"under": "Kat"}}, "within": "48h"},
    {"did": "view_item", "where": {"brand": {"is": "Acme"}, "size": {"is": "M"}}},
    {"did": "view_item", "where": {"brand": {"exists": False}, "size": {"exists": True}}},
    {"did": "view_item", "where": {"price": {"at_least": 12.5}, "quantity": {"at_most": 1}}},
    {"did": "view_item", "where": {"value": {"is": 10}}},
    {"did": "page_view", "where": {"properties.kleur van": {"is": 1}}},
    {"did": "page_view", "where": {"properties.kleur van": {"is": True}}},
    {"did": "page_view", "where": {"properties.kleur van": {"is": False}}},
    {"did": "page_view", "where": {"properties.kleur van": {"before": "2026-06-30"}}},
    {"did": "purchase", "sum": {"at_most": 25}},
    {"did": "purchase", "sum": {"between": [25, 60]}, "within": "14d"},
    {"did": "purchase", "times": {"at_least": 2}},
    {"did": "purchase", "sum": {"at_least": 20}, "within": "48h"},
    {"trait": "tier", "in": [1, "gold", False]},
    {"trait": "seats", "at_least": 1},
    {"preference": "since", "after": "2026-01-14"},
    *({"did": "view_item", "within": f"{hours}h"} for hours in (1, 3, 24, 25, 36, 48)),
    *({"did": "view_item", "within": f"{days}d"} for days in (1, 2, 7)),
    *({"did": "session", "order": [{"did": "view_item"}, {"did": other}], "times": {"is": times}}
      for other in ("view_item", "add_to_cart") for times in (1, 2)),
    {"did": "session", "order": [{"did": "view_item"}, {"did": "add_to_cart"}], "within": "3d"},
]  # fmt: skip


@pytest.mark.parametrize("seed", [101, 102])
def test_each_form_and_test_alone_names_the_same_people(seed: int, tmp_path: Path) -> None:
    nodes = [parse(tree, currency=CURRENCY, known=KNOWN) for tree in LISTED]
    world = grow_world(Random(seed), people=PEOPLE)
    log, people = remembered(world, nodes)
    connection = batch(log, tmp_path)

    for tree, node in zip(LISTED, nodes, strict=True):
        is_in = compile_live(node, zone=ZONE, currency=CURRENCY)
        rows = asked(connection, members_sql(node, zone=ZONE, currency=CURRENCY, now=world.now))

        assert set(rows) == named(is_in, people, Context(), world.now), tree
        assert 0 < len(rows) < len(people), tree


def test_the_size_of_a_segment_is_the_number_of_its_members(tmp_path: Path) -> None:
    rng = Random(99)
    world = grow_world(rng, people=40)
    log, _ = remembered(world, [])
    connection = batch(log, tmp_path)
    told = {"zone": ZONE, "currency": CURRENCY, "now": world.now}

    for _ in range(10):
        tree = Grower(rng, Counter()).tree(context=True)
        node = parse(tree, currency=CURRENCY, known=KNOWN)

        size = size_sql(node, **told)
        members = asked(connection, members_sql(node, **told))

        assert connection.execute(size.sql, size.parameters).fetchall() == [(len(members),)]


def test_a_program_is_in_no_segment_in_either_reading(tmp_path: Path) -> None:
    world = grow_world(Random(7), people=3)
    program, busy = VisitorKey("a" * 32), VisitorKey("b" * 32)
    log, profiles = MemoryEventLog(zone=ZONE), MemoryProfiles()
    arrivals = list(world.arrivals)
    for visitor, apart in ((program, 20 * 1_000_000), (busy, 2 * MINUTE)):
        began = world.now - 5_100 * apart - HOUR
        arrivals.append(arrival(visitor, -1, began, "consent"))
        arrivals += [arrival(visitor, i, began + i * apart, "page_view") for i in range(5_100)]
    log.append(arrivals)
    remember(log, profiles, MEMORIST)
    people = {
        key: as_known({key: fold}) for key, fold in profiles.visitors() if key in {program, busy}
    }
    connection = batch(log, tmp_path)

    for tree in ({"did": "page_view", "within": "48h"}, {"not": {"did": "purchase"}}):
        node = parse(tree, currency=CURRENCY)
        is_in = compile_live(node, zone=ZONE, currency=CURRENCY)
        rows = asked(connection, members_sql(node, zone=ZONE, currency=CURRENCY, now=world.now))

        assert named(is_in, people, Context(), world.now) == {busy}
        assert busy in rows
        assert program not in rows


def test_what_lies_behind_the_newest_500_is_forgotten_unless_it_is_of_two_days(
    tmp_path: Path,
) -> None:
    now = grow_world(Random(7), people=0).now
    slow, quick = VisitorKey("a" * 32), VisitorKey("b" * 32)
    log, profiles = MemoryEventLog(zone=ZONE), MemoryProfiles()
    arrivals = []
    for visitor, session, views in ((slow, 140 * HOUR, 100 * HOUR), (quick, 40 * HOUR, 20 * HOUR)):
        arrivals.append(arrival(visitor, -1, now - 200 * HOUR, "consent"))
        arrivals.append(arrival(visitor, -2, now - session, "view_item"))
        arrivals.append(arrival(visitor, -3, now - session + MINUTE, "purchase"))
        arrivals += [arrival(visitor, i, now - views + i * MINUTE, "page_view") for i in range(501)]
    log.append(arrivals)
    remember(log, profiles, MEMORIST)
    people = {key: as_known({key: fold}) for key, fold in profiles.visitors()}
    connection = batch(log, tmp_path)
    node = parse(
        {"did": "session", "order": [{"did": "view_item"}, {"did": "purchase"}]}, currency=CURRENCY
    )

    rows = asked(connection, members_sql(node, zone=ZONE, currency=CURRENCY, now=now))
    live = named(compile_live(node, zone=ZONE, currency=CURRENCY), people, Context(), now)

    assert set(rows) == live == {quick}


def arrival(visitor: VisitorKey, number: int, at: int, name: str) -> Arrival:
    event = Event(
        id=EventId(f"{visitor[:1]}{number}"), name=name, time=at, received=at, trust="signed",
        source="browser", visitor=visitor, lines=(Line("P-1"),) if name == "page_view" else (),
        properties={"personalise": True} if name == "consent" else {},
        epoch=at if name == "consent" else 1,
    )  # fmt: skip
    identity = f"{event.id:>16}".encode()
    return Arrival(event, identity, identity, "wk_test")
