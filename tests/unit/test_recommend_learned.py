"""What a shop learns from its sessions: the model, its file, and the lists made with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import duckdb
import numpy as np
import pytest
from decide_examples import NOW, catalogue, facts, product
from msgspec.structs import replace

from etalage.deliver.explain import product_reason
from etalage.domain.context import Context
from etalage.domain.event import Line
from etalage.domain.experience import StrategyName, Wanted
from etalage.domain.ids import ProductId
from etalage.domain.profile import Part, Recent
from etalage.domain.time import DAY, HOUR, MINUTE
from etalage.ports import EVENT_COLUMNS
from etalage.recommend.model_file import Unusable, to_bytes
from etalage.recommend.popular import PopularIndex, Popularity, PopularModel
from etalage.recommend.session_model import (
    KIND,
    LAYOUT,
    SessionModel,
    parameters,
    question,
    read,
    session_model,
    write,
)
from etalage.recommend.session_shelf import SessionShelf
from etalage.recommend.shelf import Shelf
from etalage.recommend.strategy import recommend
from etalage.unify.batch import view_statements
from etalage.unify.person import EMPTY

View = tuple[str, str, int]  # visitor, product, age in micros
Rows = list[Sequence[object]]


def sessions_of(
    views: Iterable[View], *, visitors_needed: int = 1, purpose: str = "measure"
) -> Rows:
    with duckdb.connect() as database:
        fields = ", ".join(f'"{name}" {kind}' for name, kind in EVENT_COLUMNS.items())
        database.execute(f"CREATE TABLE events ({fields})")
        for number, (visitor, viewed, age) in enumerate(views):
            row = {
                "position": number + 1,
                "received": NOW - age,
                "trust": "claimed",
                "name": "view_item",
                "id": f"e{number:03}",
                "visitor": visitor,
                "time": NOW - age,
                "day": (NOW - age) // DAY,
                "lines": [{"product": viewed, "quantity": 1}],
                "purposes": [purpose],
            }
            names, marks = ", ".join(row), ", ".join(f"${key}" for key in row)
            database.execute(f"INSERT INTO events ({names}) VALUES ({marks})", row)
        for statement in view_statements():
            database.execute(statement)
        bound = parameters(NOW, visitors_needed=visitors_needed)
        return list(database.execute(question(), bound).fetchall())


def learned(*sessions: Sequence[str]) -> SessionModel:
    return session_model([(NOW / 1e6 - 100 + n, list(one)) for n, one in enumerate(sessions)], NOW)


def shelf(model: SessionModel | None, *ids: str) -> Shelf:
    shop = catalogue(*(product(i) for i in ids))
    ranked = tuple(Popularity(ProductId(i), 100 - n, 10, 3) for n, i in enumerate(ids))
    popular = PopularIndex(PopularModel("v", NOW, ranked), shop)
    models = {} if model is None else {KIND: SessionShelf(model)}
    return Shelf(shop, popular, (), models)


def viewed(*ids: str) -> Part:
    recents = tuple(
        Recent(NOW - 99 + n, f"e{n}", "view_item", (Line(i),)) for n, i in enumerate(ids)
    )
    return replace(EMPTY, recents=recents)


def test_half_an_hour_without_a_view_ends_a_session_and_one_view_is_none() -> None:
    views = [
        ("karel", "tent", 3 * HOUR),
        ("karel", "mat", 3 * HOUR - 29 * MINUTE),
        ("karel", "stove", 2 * HOUR),
        ("fatima", "tent", HOUR),
        ("fatima", "stove", HOUR - MINUTE),
    ]

    assert [row[1] for row in sessions_of(views)] == [["tent", "mat"], ["tent", "stove"]]


def test_who_did_not_allow_measuring_teaches_nothing() -> None:
    assert sessions_of([("jip", "tent", 9), ("jip", "mat", 8)], purpose="device") == []


def test_one_visitor_cannot_fill_the_model_nor_bring_a_product_into_it() -> None:
    forged = [
        ("forger", item, DAY // 4 + hour * HOUR - at)
        for hour in range(1, 6)
        for at, item in enumerate(("fake", "tent", "mat"))
    ]
    others = [(name, item, HOUR - at) for name in "ab" for at, item in enumerate(("tent", "mat"))]

    found = [row[1] for row in sessions_of([*forged, *others], visitors_needed=2)]

    assert found.count(["tent", "mat"]) <= 3 * 2 + 2  # three sessions a day, on two days at most
    assert all("fake" not in products for products in found)


def test_a_model_is_written_and_read_back_whole() -> None:
    model = learned(["tent 🏕", "mat, blue"], ["mat, blue", "stove"])

    found = read(write(model))

    assert isinstance(found, SessionModel)
    assert found.card == model.card
    assert found.products == model.products
    for part, other in zip(found.past.base, model.past.base, strict=True):
        assert np.array_equal(part, other)


def test_a_model_that_cannot_be_used_says_why() -> None:
    content = write(learned(["tent", "mat"]))

    assert read(None) == Unusable("absent")
    assert read(to_bytes(KIND, LAYOUT + 1, {}, {})) == Unusable("older_version")
    assert read(to_bytes("other", LAYOUT, {}, {})) == Unusable("other_kind")
    for length in range(0, len(content), 97):
        assert read(content[:length]) == Unusable("damaged")


def test_a_model_is_worth_it_only_where_it_beats_naming_what_is_popular() -> None:
    rng = np.random.default_rng(1)
    pairs = [[f"p{pair}", f"q{pair}"] for pair in rng.integers(0, 60, 400)]
    noise = [[f"p{item}" for item in rng.integers(0, 15, 2)] for _ in range(100)]

    assert learned(*pairs).card.is_worth_it
    assert learned(*pairs).card.hit_rate > 0.9
    assert not learned(*noise).card.is_worth_it  # both always hit: twenty of fifteen products
    assert not learned().card.is_worth_it


def test_for_you_lists_what_others_came_to_each_with_the_product_that_says_so() -> None:
    model = learned(["tent", "mat"], ["tent", "mat"], ["stove", "gas"])
    shop = shelf(model, "hat", "tent", "mat", "stove", "gas")
    wanted = Wanted("for_you", size=2)

    found = recommend(wanted, facts(), viewed("stove", "tent"), shop)

    reasons = {c.product: (c.because, c.of) for c in found.candidates}
    assert found.used == "for_you"
    assert reasons["mat"] == ("looked_at", "Titel tent")
    assert reasons["stove"] == ("viewed", None)  # she looked at it, and is not there now
    assert "tent" not in reasons
    found = recommend(Wanted("for_you", size=9), facts(), viewed("stove"), shop)
    assert [(c.product, c.of) for c in found.candidates] == [("gas", "Titel stove")]
    assert product_reason(found.candidates[0], "nl").startswith("Omdat je keek naar Titel ")


def test_also_viewed_asks_nothing_but_the_product_of_the_page() -> None:
    shop = shelf(learned(["tent", "mat"], ["stove", "gas"]), "hat", "tent", "mat", "stove", "gas")
    page = Context(url="/p/tent", page_type="product", product="tent")

    found = recommend(Wanted("also_viewed"), facts(page=page, purposes=()), viewed("stove"), shop)

    assert [(c.product, c.because, c.of) for c in found.candidates] == [
        ("mat", "viewed_after", "Titel tent")
    ]


@pytest.mark.parametrize("strategy", ["for_you", "also_viewed"])
def test_without_a_model_the_list_falls_back_to_what_is_popular_and_says_so(
    strategy: StrategyName,
) -> None:
    found = recommend(Wanted(strategy), facts(), viewed("tent"), shelf(None, "tent", "mat"))

    assert found.asked == strategy
    assert found.used == "popular_now"
    assert found.is_fallback


def test_who_may_not_be_personalised_is_not_read() -> None:
    shop = shelf(learned(["tent", "mat"], ["tent", "mat"]), "hat", "tent", "mat")

    found = recommend(Wanted("for_you"), facts(purposes=("measure",)), viewed("tent"), shop)

    assert found.used == "popular_now"
