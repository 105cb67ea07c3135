"""Who holds only the public key moves nothing that is learned (safety 1, row 9): the lists, and how they are chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Any

import duckdb
import numpy as np
import pytest
from decide_examples import NOW, catalogue, product

from etalage.domain.time import DAY
from etalage.ports import EVENT_COLUMNS
from etalage.recommend import profile_model, session_model, together_model
from etalage.recommend.model_kind import Lesson
from etalage.recommend.near import Near
from etalage.recommend.profile_shelf import PROFILE, ProfileShelf
from etalage.recommend.session_shelf import SESSIONS, SessionShelf
from etalage.recommend.together import Complement
from etalage.recommend.together_model import TOGETHER, TogetherShelf
from etalage.unify.batch import view_statements

PRODUCTS = 40  # p00, p01 and so on; people keep to four neighbours, each of another category
PEOPLE = 2_400
FORGED = 1_000  # made-up visitors, of fifty events each
Database = duckdb.DuckDBPyConnection
Lists = dict[str, dict[str, list[str]]]

HONEST = """
INSERT INTO events BY NAME
WITH people AS (SELECT who, hash(who) % $products AS first FROM range($people) AS made(who))
SELECT
  who * 10 + n AS position, 'e' || who || '-' || n AS id, ['view_item', 'add_to_cart'][1 + n % 2] AS name,
  'v' || who AS visitor, $now - $day - who * 1000000000 + n * 1000000 AS time, time AS received,
  time // $day AS day, 'claimed' AS trust, 'browser' AS source, ['measure'] AS purposes, 1 AS epoch,
  [{'product': printf('p%02d', first // 4 * 4 + (hash(who * 10 + n // 2) % 4)::INTEGER), 'quantity': 1, 'price': NULL,
    'category': NULL, 'brand': NULL, 'size': NULL}] AS lines
FROM people, range(8) AS acts(n)
"""
KNOWN = """
INSERT INTO events BY NAME SELECT
  200000 + who AS position, 'known' || who AS id, 'page_view' AS name, 'v' || who AS visitor,
  $now - 5 * $day AS time, time AS received, time // $day AS day,
  ['claimed', 'signed'][who % 3] AS trust, 'browser' AS source, ['measure'] AS purposes, 1 AS epoch
FROM range($people) AS made(who) WHERE who % 3 > 0
"""
FORGERY = """
INSERT INTO events BY NAME SELECT
  900000 + n AS position, 'f' || n AS id, ['view_item', 'add_to_cart'][1 + n % 2] AS name,
  'forged' || (n // 50) AS visitor, $now - $day // 2 - (n % 50 // 2) % $days * $day + n % 50 * 1000000 AS time,
  time AS received, time // $day AS day, 'claimed' AS trust, 'browser' AS source, ['measure'] AS purposes, 1 AS epoch,
  [{'product': CASE n // 2 % 2
      WHEN 0 THEN printf('p%02d', (n // 50 % $products)::INTEGER)
      ELSE 'fake' || (hash(n // 2) % 12) END,
    'quantity': 1, 'price': NULL, 'category': NULL, 'brand': NULL, 'size': NULL}] AS lines
FROM range(50 * $forged) AS made(n)
"""


@pytest.fixture
def database() -> Iterator[Database]:
    with duckdb.connect() as opened:
        fields = ", ".join(f'"{name}" {kind}' for name, kind in EVENT_COLUMNS.items())
        opened.execute(f"CREATE TABLE events ({fields})")
        for sql in (HONEST, KNOWN):
            _run(opened, sql)
        for statement in view_statements():
            opened.execute(statement)
        yield opened


def _run(database: Database, sql: str, days: int = 1) -> None:
    said = {
        "now": NOW,
        "day": DAY,
        "products": PRODUCTS,
        "people": PEOPLE,
        "forged": FORGED,
        "days": days,
    }
    database.execute(sql, {name: said[name] for name in said if f"${name}" in sql})


def _forge(database: Database, days: int = 1) -> None:
    _run(database, FORGERY, days)
    for statement in view_statements():
        database.execute(statement)


def _everything() -> list[Any]:
    names = [*(f"p{n:02}" for n in range(PRODUCTS)), *(f"fake{n}" for n in range(12))]
    return [product(name, category=f"Soort > {n % 4}") for n, name in enumerate(names)]


def _lists(database: Database) -> Lists:
    """Give the first ten of what each model says of each honest product."""

    def ask(sql: str, bound: Any) -> list[tuple[Any, ...]]:
        return database.execute(sql, bound).fetchall()

    lesson = Lesson(ask, NOW, 10, (), catalogue(*_everything()))
    ready = [kind.ready(kind.learn(lesson).content) for kind in (SESSIONS, PROFILE, TOGETHER)]
    said: dict[str, Callable[[str], Iterable[Near | Complement[str]]]] = {}
    for one in ready:  # a model that is no better than what is popular lists nothing
        if isinstance(one, SessionShelf):
            said |= {"sessions": partial(_after_one, one), "rules": one.after}
        elif isinstance(one, ProfileShelf):
            said["profile"] = partial(_of_one, one)
        elif isinstance(one, TogetherShelf):
            said["together"] = one.with_product
    honest = [f"p{n:02}" for n in range(PRODUCTS)]
    return {
        name: {p: [_name(one) for one in islice(listed(p), 10)] for p in honest}
        for name, listed in said.items()
    }


def _sorted(lists: dict[str, list[str]]) -> dict[str, list[str]]:
    return {product: sorted(listed) for product, listed in lists.items()}


def _after_one(sessions: SessionShelf, looked_at: str) -> Iterator[Near]:
    return sessions.near([looked_at], now=NOW)


def _of_one(profile: ProfileShelf, had: str) -> list[Near]:
    return profile.near([had])


def _name(one: Near | Complement[str]) -> str:
    return one.product if isinstance(one, Near) else one.thing


@pytest.mark.parametrize("days", [1, 3])
def test_a_thousand_made_up_visitors_leave_the_first_ten_of_every_learned_list(
    database: Database, days: int
) -> None:
    honest = _lists(database)

    _forge(database, days)

    forged = _lists(database)

    # how rare a product is counts all sessions: of two that score nearly the same the other may be first
    assert _sorted(forged.pop("sessions")) == _sorted(honest["sessions"])
    assert forged == {name: lists for name, lists in honest.items() if name != "sessions"}
    assert honest.keys() == {"sessions", "rules", "profile", "together"}
    assert all(any(lists.values()) for lists in honest.values())


def test_the_forgery_would_work_if_nobody_were_known_better(database: Database) -> None:
    """Else the test above would say nothing: fakes are listed, or a list is gone."""
    database.execute("DELETE FROM events WHERE name = 'page_view'")
    honest = _lists(database)
    _forge(database)

    forged = _lists(database)

    assert all(forged.get(name) != lists for name, lists in honest.items())
    assert any(p.startswith("fake") for listed in forged["sessions"].values() for p in listed)


def test_a_model_is_tried_on_people_the_shop_knows(database: Database) -> None:
    """Made-up visitors who look at anything would make a model seem useless, and every list fall back."""
    _forge(database)
    bound = session_model.parameters(NOW, visitors_needed=10)
    rows = database.execute(session_model.question(), bound).fetchall()

    tried = session_model.session_model(rows, NOW).card
    gullible = session_model.session_model([row[:2] for row in rows], NOW).card

    assert (tried.is_worth_it, gullible.is_worth_it) == (True, False)
    assert (
        np.mean([row[session_model.STANDING] for row in rows[-50:]]) == 0
    )  # the newest are made up
    assert profile_model.STANDING == 1 < together_model.STANDING
