"""A segment as SQL: values are bound, the text is always the same, and other engines get their own."""

from __future__ import annotations

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from etalage.domain.context import Context
from etalage.domain.time import ShopZone
from etalage.segment.parse import parse
from etalage.segment.sql import Question, members_sql, programs_sql, size_sql

ZONE = ShopZone("Europe/Amsterdam")
NOW = 1_790_000_000_000_000  # 2026-09-21 in Amsterdam
HOSTILE = "x'; DROP TABLE events; --"
EVERYTHING = {
    "all": [
        {"did": "view_item", "where": {"brand": {"is": HOSTILE}, "category": {"under": HOSTILE}, "properties.a b": {"contains": HOSTILE}}, "within": "7d"},
        {"did": "purchase", "sum": {"at_least": 12.34}, "within": "36h"},
        {"did": "session", "order": [{"did": "view_item"}, {"did": "purchase", "where": {"url": {"starts_with": HOSTILE}}}]},
        {"any": [{"trait": "land", "in": [HOSTILE, "NL"]}, {"phase": {"is": HOSTILE}}, {"context": "url", "is": HOSTILE}]},
    ]
}  # fmt: skip


def asked(written: object, context: Context | None = None, dialect: str = "duckdb") -> Question:
    node = parse(written, currency="EUR")
    return members_sql(node, zone=ZONE, currency="EUR", now=NOW, context=context, dialect=dialect)


def test_what_the_shop_wrote_is_bound_and_never_part_of_the_text() -> None:
    question = asked(EVERYTHING)

    assert "DROP" not in question.sql
    assert "view_item" not in question.sql
    assert "1234" not in question.sql
    assert HOSTILE in question.parameters.values()
    assert {1234, "view_item", "EUR", NOW} <= set(question.parameters.values())


def test_exactly_the_parameters_of_the_text_are_given() -> None:
    question = asked(EVERYTHING)

    named = {
        node.name
        for node in sqlglot.parse_one(question.sql, read="duckdb").find_all(exp.Placeholder)
    }

    assert named == question.parameters.keys()


def test_the_same_question_is_the_same_text() -> None:
    assert asked(EVERYTHING) == asked(EVERYTHING)


def test_a_condition_that_stands_twice_is_counted_once() -> None:
    once = {"did": "view_item", "within": "7d"}

    question = asked(
        {"any": [once, {"not": once}, {"did": "view_item", "within": "7d", "times": {"is": 9}}]}
    )

    assert question.sql.count("COUNT_IF") == 1


def test_a_moment_that_is_given_is_no_question_to_the_warehouse() -> None:
    written = {"all": [{"did": "x"}, {"context": "device", "is": "phone"}]}

    assert "NULL AS BOOLEAN" in asked(written).sql
    assert "NULL AS BOOLEAN" not in asked(written, Context(device="phone")).sql
    assert "phone" not in asked(written, Context(device="phone")).parameters.values()


def test_other_engines_get_their_own_words() -> None:
    question = asked(EVERYTHING, dialect="spark")

    assert ":p0" in question.sql
    assert "LAMBDA" not in question.sql
    assert sqlglot.parse_one(question.sql, read="spark")


@pytest.fixture
def shop() -> duckdb.DuckDBPyConnection:
    """Give a warehouse with Karel, who viewed three times, and Fatima, who did nothing yet."""
    connection = duckdb.connect()
    connection.execute(
        "CREATE TABLE known_events AS SELECT 'karel' AS person, 'karel' AS visitor, 'e' || i AS id, "
        "'view_item' AS name, $now - i * 60000000 AS time, $day::INTEGER AS day, 100::BIGINT AS value, "
        "'EUR' AS currency, '{}' AS properties, 1 AS epoch FROM range(3) AS events(i)",
        {"now": NOW, "day": ZONE.day(NOW)},
    )
    connection.execute("CREATE VIEW found_events AS SELECT * EXCLUDE (person) FROM known_events")
    connection.execute("CREATE TABLE known_people AS SELECT unnest(['karel', 'fatima']) AS person")
    connection.execute(
        "CREATE TABLE known_visitors AS SELECT person, person AS visitor, 0 AS refused, 3 AS events FROM known_people"
    )
    return connection


WHO = [
    ({"did": "view_item", "times": {"at_least": 3}}, {"karel"}),
    ({"did": "view_item", "times": {"at_least": 4}}, set()),
    ({"not": {"did": "view_item"}}, {"fatima"}),
    ({"did": "view_item", "times": {"at_most": 0}}, {"fatima"}),
    ({"did": "view_item", "sum": {"is": 3}}, {"karel"}),
    ({"did": "view_item", "within": "1h", "times": {"is": 3}}, {"karel"}),
    ({"any": [{"did": "view_item"}, {"context": "device", "is": "phone"}]}, {"karel", "fatima"}),
    ({"all": [{"did": "view_item"}, {"context": "device", "is": "phone"}]}, {"karel"}),
    ({"all": [{"did": "view_item"}, {"not": {"context": "device", "is": "phone"}}]}, {"karel"}),
]


@pytest.mark.parametrize(("written", "members"), WHO)
def test_members_and_size_agree(
    shop: duckdb.DuckDBPyConnection, written: object, members: set[str]
) -> None:
    node = parse(written, currency="EUR")
    question = members_sql(node, zone=ZONE, currency="EUR", now=NOW)
    size = size_sql(node, zone=ZONE, currency="EUR", now=NOW)

    found = {row[0] for row in shop.execute(question.sql, question.parameters).fetchall()}

    assert found == members
    assert shop.execute(size.sql, size.parameters).fetchall() == [(len(members),)]


def test_programs_may_be_looked_for_once_for_many_questions(
    shop: duckdb.DuckDBPyConnection,
) -> None:
    assert shop.execute(programs_sql().sql).fetchall() == []
    shop.execute("CREATE TABLE known_programs AS SELECT 'karel' AS person")
    node = parse({"did": "view_item"}, currency="EUR")

    question = members_sql(node, zone=ZONE, currency="EUR", now=NOW, programs="known_programs")

    assert shop.execute(question.sql, question.parameters).fetchall() == []
