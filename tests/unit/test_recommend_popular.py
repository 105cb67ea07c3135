"""Popular now: the formula of methods 1.4, one vote per visitor, product and day, ten visitors at least."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import duckdb
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

Act = tuple[str, str, str, int]  # name, visitor, product, age in micros


def model(acts: Iterable[Act], *, visitors_needed: int = 1, **columns: Any) -> PopularModel:
    with duckdb.connect() as database:
        fields = ", ".join(f'"{name}" {kind}' for name, kind in EVENT_COLUMNS.items())
        database.execute(f"CREATE TABLE events ({fields})")
        for name, visitor, sold, age in acts:
            row = {
                "name": name,
                "visitor": visitor,
                "time": NOW - age,
                "day": (NOW - age) // DAY,
                "lines": [{"product": sold, "quantity": 1}],
                "purposes": ["measure"],
            } | columns
            names, marks = ", ".join(row), ", ".join(f"${key}" for key in row)
            database.execute(f"INSERT INTO events ({names}) VALUES ({marks})", row)
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
