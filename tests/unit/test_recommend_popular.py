"""Popular now: the formula of methods 1.4, one vote per visitor, product and day, ten visitors at least."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from tempfile import NamedTemporaryFile
from typing import Any

import duckdb
import msgspec
import pytest
from decide_examples import NOW, catalogue, product

from etalage.domain.experience import MILLION
from etalage.domain.time import DAY, HOUR
from etalage.ports import EVENT_COLUMNS
from etalage.recommend.popular import (
    PopularIndex,
    PopularModel,
    parameters,
    popular_model,
    question,
)
from etalage.unify.batch import view_statements

Act = tuple[str, str, str, int]  # name, visitor, product, age in micros


def event(number: int, act: Act, **columns: Any) -> dict[str, Any]:
    name, visitor, sold, age = act
    return {
        "position": number,
        "id": f"e{number}",
        "name": name,
        "visitor": visitor,
        "time": NOW - age,
        "received": NOW - age,
        "day": (NOW - age) // DAY,
        "trust": "claimed",
        "source": "browser",
        "lines": [{"product": sold, "quantity": 1}],
        "purposes": ["measure"],
        "epoch": 1,
    } | columns


def model(acts: Iterable[Act], *, visitors_needed: int = 1, **columns: Any) -> PopularModel:
    rows = [event(number, act, **columns) for number, act in enumerate(acts, 1)]
    return counted(rows, visitors_needed=visitors_needed)


def counted(
    events: Iterable[dict[str, Any]],
    *,
    visitors_needed: int = 1,
    also: Callable[[duckdb.DuckDBPyConnection], None] = lambda _: None,
) -> PopularModel:
    kept = list(events)
    told = sorted({column for row in kept for column in row})
    with duckdb.connect() as database:
        fields = ", ".join(f'"{name}" {kind}' for name, kind in EVENT_COLUMNS.items())
        database.execute(f"CREATE TABLE events ({fields})")
        with NamedTemporaryFile(suffix=".json") as file:  # a row at a time takes a minute
            file.write(msgspec.json.encode(kept))
            file.flush()
            kinds = {name: EVENT_COLUMNS[name] for name in told}
            rows = f"SELECT * FROM read_json('{file.name}', columns = {kinds}, format = 'array')"
            database.execute(f"INSERT INTO events BY NAME {rows}")
        also(database)
        for statement in view_statements():
            database.execute(statement)
        answer = database.execute(question(), parameters(NOW, visitors_needed=visitors_needed))
        names_out = [column[0] for column in answer.description]
        rows = [dict(zip(names_out, row, strict=True)) for row in answer.fetchall()]
    return popular_model(rows, NOW)


def scores(made: PopularModel) -> dict[str, float]:
    return {line.product: line.score / MILLION for line in made.products}


def test_acts_weigh_by_kind_and_age() -> None:
    acts = [
        ("view_item", "v1", "fresh-view", 0),
        ("view_item", "v1", "view-of-a-day", DAY),
        ("add_to_cart", "v1", "cart-of-two-days", 2 * DAY),
        ("purchase", "v1", "order-of-three-days", 3 * DAY),
    ]

    assert scores(model(acts)) == {
        "fresh-view": 1.0,
        "view-of-a-day": 0.5,
        "cart-of-two-days": 0.75,
        "order-of-three-days": 2.5,
    }


def test_one_visitor_has_one_vote_per_product_and_day_her_heaviest() -> None:
    storm = [("view_item", "forger", "p", 0)] * 500 + [("add_to_cart", "forger", "p", 0)]

    assert scores(model(storm)) == {"p": 3.0}
    assert scores(model([("view_item", f"v{n}", "p", 0) for n in range(5)])) == {"p": 5.0}


@pytest.mark.parametrize(("visitors", "listed"), [(9, {}), (10, {"p": 10.0})])
def test_fewer_than_ten_visitors_make_nothing_popular(
    visitors: int, listed: dict[str, float]
) -> None:
    acts = [("view_item", f"v{n}", "p", 0) for n in range(visitors)]

    assert scores(model(acts, visitors_needed=10)) == listed


def test_a_storm_of_events_of_nine_visitors_changes_no_list() -> None:
    storm = [("view_item", f"v{n % 9}", "forged", n * HOUR) for n in range(500)]
    honest = [("view_item", f"w{n}", "real", 0) for n in range(10)]

    assert list(scores(model([*storm, *honest], visitors_needed=10))) == ["real"]


@pytest.mark.parametrize(
    "columns",
    [{"purposes": ["personalise"]}, {"purposes": []}, {"visitor": None}, {"name": "select_item"}],
)
def test_what_may_not_be_measured_is_not_counted(columns: dict[str, Any]) -> None:
    assert scores(model([("view_item", "v", "p", 0)], **columns)) == {}


def test_what_is_old_or_still_to_come_is_not_counted() -> None:
    assert scores(model([("view_item", "v", "p", 29 * DAY), ("view_item", "w", "q", -HOUR)])) == {}


def test_buyers_are_different_visitors_who_ordered() -> None:
    acts = [
        ("purchase", "v1", "p", 0),
        ("purchase", "v1", "p", 2 * DAY),
        ("purchase", "v2", "p", 0),
    ]

    made = model([*acts, ("view_item", "v3", "p", 0)])

    assert [(line.visitors, line.buyers) for line in made.products] == [(3, 2)]


def test_the_same_rows_in_any_order_are_the_same_version() -> None:
    rows = [{"product": p, "score": 1.5, "visitors": 10, "buyers": 2} for p in "bac"]

    one, other = popular_model(rows, 1), popular_model(reversed(rows), 2)

    assert one.version == other.version
    assert [line.product for line in one.products] == ["a", "b", "c"]
    assert popular_model(rows[:2], 1).version != one.version


def test_a_category_holds_all_that_lies_below_it() -> None:
    shop = catalogue(product("nat", category="Hond > Voer > Nat"), product("kat", category="Kat"))
    rows = [
        {"product": p, "score": s, "visitors": 10, "buyers": 4}
        for p, s in (("kat", 2), ("nat", 1), ("gone", 9))
    ]

    index = PopularIndex(popular_model(rows, NOW), shop)

    assert [line.product for line in index.best()] == ["kat", "nat"]
    assert [line.product for line in index.best("Hond")] == ["nat"]
    assert list(index.best("Hond > Voerbak")) == []
    assert (index.buyers("nat"), index.buyers("none")) == (4, None)


# ---- Poisoning (safety 1, row 9) ---------------------------------------------------------------------

FORGED = 50_000


def _honest() -> list[dict[str, Any]]:
    """Thirty products chosen by ever fewer persons: a third signed in, a third come back, a third are new."""
    events: list[dict[str, Any]] = []
    for shelf in range(30):
        for who in range(90 - 2 * shelf):
            visitor = f"v{shelf}-{who}"
            act = ("view_item", visitor, f"p{shelf:02}", who * 60_000_000)
            events.append(event(len(events) + 1, act))
            if who % 3 == 1:
                events.append(event(len(events) + 1, ("page_view", visitor, "x", 2 * DAY)))
            if who % 3 == 2:
                signed = event(len(events) + 1, ("identify", visitor, "x", DAY), lines=[])
                events.append(signed | {"trust": "signed", "customer": f"u{visitor}"})
    return events


def _forge(database: duckdb.DuckDBPyConnection, days: int) -> None:
    """Add what one network block can send with the public key: a thousand visitors, for three products nobody wants."""
    database.execute(
        """INSERT INTO events BY NAME SELECT
            100000 + n AS position, 'forged' || n AS id,
            ['view_item', 'add_to_cart'][1 + n % 2] AS name, 'forged' || (n % 1000) AS visitor,
            $now - (n // 1000 % $days) * 86400000000 - n % 1000 AS time,
            $now - (n // 1000 % $days) * 86400000000 - n % 1000 AS received,
            ($now - (n // 1000 % $days) * 86400000000) // 86400000000 AS day,
            'claimed' AS trust, 'browser' AS source,
            [{'product': ['p29', 'p28', 'new'][1 + n % 3], 'quantity': 1, 'price': NULL, 'category': NULL,
              'brand': NULL, 'size': NULL}] AS lines,
            ['measure'] AS purposes, 1 AS epoch
        FROM range($forged) AS made(n)""",
        {"now": NOW, "days": days, "forged": FORGED},
    )


def _tops(model: PopularModel) -> list[list[str]]:
    ids = [line.product for line in model.products]
    index = PopularIndex(model, catalogue(*(product(i) for i in ids)))
    return [[line.product for line in index.best()][:10], [line.product for line in index.rising()]]


@pytest.mark.parametrize("days", [1, 20])
def test_a_thousand_made_up_visitors_leave_the_top_ten_as_it_was(days: int) -> None:
    honest = counted(_honest(), visitors_needed=10)

    poisoned = counted(_honest(), visitors_needed=10, also=lambda database: _forge(database, days))

    assert len(honest.products) == 30
    assert _tops(poisoned)[0] == _tops(honest)[0]
    forged = [line for line in poisoned.products if line.product == "new"]
    assert [line.standing for line in forged] == [0 if days == 1 else 1]  # counted, and behind all


def test_a_burst_of_made_up_visitors_changes_nothing_where_nobody_signs_in() -> None:
    """A shop of which only the browser speaks: who came on two days goes before who came on one."""
    browsers = [row for row in _honest() if row["trust"] == "claimed"]
    honest = counted(browsers, visitors_needed=10)

    poisoned = counted(browsers, visitors_needed=10, also=lambda database: _forge(database, 1))

    assert _tops(poisoned)[0] == _tops(honest)[0]
    assert all(line.standing == 1 for line in honest.products[:10])


def test_the_forgery_would_work_if_everybody_had_the_same_standing() -> None:
    """Else the two tests above would say nothing: the forged votes do outweigh the honest ones."""
    made = counted(_honest(), visitors_needed=10, also=lambda database: _forge(database, 20))
    votes = {line.product: line.score for line in made.products}

    assert votes["new"] > max(score for name, score in votes.items() if name.startswith("p"))


def test_somebody_who_looks_at_the_whole_shop_votes_for_a_hundred_products() -> None:
    crawler = [("view_item", "crawler", f"p{n:03}", 0) for n in range(150)]

    assert len(model(crawler).products) == 100


def test_two_browsers_of_one_person_have_one_vote() -> None:
    linked = [
        event(n, ("identify", f"v{n}", "x", DAY), lines=[])
        | {"trust": "signed", "customer": "karel"}
        for n in (1, 2)
    ]
    looks = [event(n + 2, ("view_item", f"v{n}", "p", 0)) for n in (1, 2)]

    made = counted([*linked, *looks])

    assert [(line.score, line.visitors) for line in made.products] == [(MILLION, 1)]


def test_an_order_counts_for_the_browser_that_placed_it() -> None:
    claim = event(1, ("purchase_claim", "v1", "p", HOUR)) | {"transaction": "t1"}
    order = event(2, ("purchase", "", "p", 0)) | {
        "visitor": None,
        "transaction": "t1",
        "trust": "confirmed",
        "source": "server",
    }

    made = counted([claim, order])

    assert [(line.product, line.standing, line.buyers) for line in made.products] == [("p", 2, 1)]


# ---- Rising ------------------------------------------------------------------------------------------


def test_what_is_chosen_more_than_usual_rises_and_what_always_sells_does_not() -> None:
    old = [("view_item", f"s{d}-{n}", "steady", d * DAY) for d in range(20) for n in range(12)]
    new = [("view_item", f"r{n}", "rising", n) for n in range(40)]

    made = model([*old, *new], visitors_needed=10)
    index = PopularIndex(made, catalogue(product("steady"), product("rising")))

    assert [line.product for line in index.rising()] == ["rising"]
    rising = {line.product: line.trend for line in made.products}
    # 20 days: usual 12 and 2, today 12 and 40; r = 52 / 14 = 3.714286
    days = (19 * DAY) / DAY
    usual, today = 40 / days, 40
    ratio = (12 + 40) / (240 / days + 40 / days)
    assert rising["rising"] == pytest.approx(MILLION * (today + 20 * ratio) / (usual + 20), abs=2)
    assert rising["steady"] == 0
