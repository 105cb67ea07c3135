"""What a shop learns from all that people had: the profile model, its file, and the lists it is blended into."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import numpy as np
import pytest
from decide_examples import NOW, catalogue, facts, product
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from etalage.deliver.explain import product_reason
from etalage.domain.event import Line
from etalage.domain.experience import Wanted
from etalage.domain.ids import ProductId
from etalage.domain.profile import Part, Recent
from etalage.domain.time import DAY, HOUR
from etalage.ports import EVENT_COLUMNS
from etalage.recommend import list_compiled
from etalage.recommend.blend import blended, share_of_session
from etalage.recommend.model_file import Unusable, to_bytes
from etalage.recommend.near import NOBODY, Nearest
from etalage.recommend.popular import PopularIndex, Popularity, PopularModel
from etalage.recommend.profile_model import (
    A_PROGRAM,
    KIND,
    LAYOUT,
    ProfileModel,
    parameters,
    profile_model,
    question,
    read,
    write,
)
from etalage.recommend.profile_shelf import ProfileShelf
from etalage.recommend.recent import LOOKED_BACK, recently_had
from etalage.recommend.session_model import session_model
from etalage.recommend.session_shelf import SessionShelf
from etalage.recommend.shelf import Shelf
from etalage.recommend.strategy import recommend
from etalage.unify.batch import view_statements
from etalage.unify.person import EMPTY

Did = tuple[str, str, str]  # visitor, name, product


def asked(
    did: Sequence[Did], *, visitors_needed: int = 1, erased: tuple[str, ...] = ()
) -> list[list[str]]:
    """Give what the question answers about these events, the oldest first."""
    with duckdb.connect() as database:
        fields = ", ".join(f'"{name}" {kind}' for name, kind in EVENT_COLUMNS.items())
        database.execute(f"CREATE TABLE events ({fields})")
        for number, (visitor, name, had) in enumerate(did):
            row = {
                "position": number + 1,
                "name": name,
                "id": f"e{number:05}",
                "visitor": visitor,
                "time": NOW - HOUR + number,
                "day": NOW // DAY,
                "lines": [{"product": had, "quantity": 1}],
                "purposes": [] if visitor == "jip" else ["measure"],
            }
            names, marks = ", ".join(row), ", ".join(f"${key}" for key in row)
            database.execute(f"INSERT INTO events ({names}) VALUES ({marks})", row)
        for statement in view_statements():
            database.execute(statement)
        bound = parameters(NOW, visitors_needed=visitors_needed, erased=erased)
        return [row[0] for row in database.execute(question(), bound).fetchall()]


def groups(count: int, *, seed: int = 1, size: int = 5, people: int = 400) -> list[list[str]]:
    """Make people who have three products of one of so many groups."""
    rng = np.random.default_rng(seed)
    chosen = rng.integers(0, count, people)
    return [[f"g{g}-{i}" for i in rng.permutation(size)[:3]] for g in chosen.tolist()]


def learned(had: Sequence[Sequence[str]]) -> ProfileModel:
    return profile_model([(list(one),) for one in had], NOW)


def shelf(
    ids: Sequence[str], *models: ProfileShelf | SessionShelf, sensitive: tuple[str, ...] = ()
) -> Shelf:
    shop = catalogue(*(product(i) for i in ids))
    ranked = tuple(Popularity(ProductId(i), 100 - n, 10, 3) for n, i in enumerate(ids))
    popular = PopularIndex(PopularModel("v", NOW, ranked), shop)
    return Shelf(shop, popular, sensitive, {one.name: one for one in models})


def past(*ids: str, name: str = "view_item") -> Part:
    recents = tuple(Recent(NOW - 99 + n, f"e{n}", name, (Line(i),)) for n, i in enumerate(ids))
    return replace(EMPTY, recents=recents)


# ---- The question ------------------------------------------------------------------------------------


def test_a_person_counts_once_for_a_product_whatever_she_did_with_it() -> None:
    did = [("k", "view_item", "tent"), ("k", "add_to_cart", "tent"), ("k", "view_item", "mat")]

    assert asked([*did, ("k", "search", "hat")]) == [["tent", "mat"]]


def test_who_did_not_allow_it_or_is_erased_is_not_asked_about() -> None:
    did = [(who, "view_item", had) for who in ("k", "jip", "f") for had in ("tent", "mat")]

    assert len(asked(did)) == 2
    assert len(asked(did, erased=("f",))) == 1


def test_a_program_that_looks_at_everything_is_left_out() -> None:
    bot = [("bot", "view_item", f"p{n}") for n in range(A_PROGRAM + 1)]
    people = [(who, "view_item", had) for who in ("k", "f") for had in ("p1", "p2")]

    assert asked([*bot, *people]) == [["p1", "p2"], ["p1", "p2"]]


def test_a_product_needs_different_people_before_it_is_spoken_of() -> None:
    people = [(who, "view_item", had) for who in ("k", "f") for had in ("tent", "mat")]
    forged = [("x", "view_item", "fake"), ("x", "view_item", "tent"), ("x", "view_item", "mat")]

    assert asked([*people, *forged], visitors_needed=2) == [["tent", "mat"]] * 3


# ---- The model ---------------------------------------------------------------------------------------


def test_a_model_beats_naming_what_is_popular_where_people_differ_and_not_where_they_do_not() -> (
    None
):
    rng = np.random.default_rng(2)
    noise = [[f"p{i}" for i in rng.permutation(15)[:3]] for _ in range(400)]

    found = learned(groups(40)).card

    assert found.is_worth_it
    assert found.recall > 5 * found.popular_recall
    assert found.method in {"ease", "cosine"}
    assert found.recall == max(found.recall, found.popular_recall)
    assert not learned(noise).card.is_worth_it  # both always hit: twenty of fifteen products


@pytest.mark.parametrize(
    "had", [[], [["tent"]], [["tent", "mat"]], [["a"]] * 9, [["a", "b"]] * 9, [["a", "a"]] * 9]
)
def test_too_little_to_learn_from_gives_a_card_that_says_it_is_not_used(
    had: list[list[str]],
) -> None:
    model = learned(had)

    assert not model.card.is_worth_it
    assert isinstance(read(write(model)), ProfileModel)
    assert ProfileShelf(model).near(["a", "tent"]) == []


def test_a_model_is_written_and_read_back_whole_with_any_id() -> None:
    had = [[f"{name} 🏕, {place}" for place in "ab"] for name in "cdefg" for _ in range(20)]
    model = learned(had)

    found = read(write(model))

    assert isinstance(found, ProfileModel)
    assert (found.card, found.products) == (model.card, model.products)
    for array, other in zip(found.weights, model.weights, strict=True):
        assert np.array_equal(array, other)


def test_a_model_that_cannot_be_used_says_why() -> None:
    content = write(learned(groups(4, people=50)))

    assert read(None) == Unusable("absent")
    assert read(to_bytes(KIND, LAYOUT - 1, {}, {})) == Unusable("older_version")
    assert read(to_bytes("sessions", LAYOUT, {}, {})) == Unusable("other_kind")
    for length in range(0, len(content), 97):
        assert read(content[:length]) == Unusable("damaged")


def test_without_somebody_the_model_is_what_it_would_be_had_she_never_been() -> None:
    people = groups(20)

    assert learned(people[:-1]).card.version != learned(people).card.version
    assert learned(people[:-1]).card == learned([*people[:-1]]).card


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from([f"g{g}-{i}" for g in range(8) for i in range(5)]), max_size=60))
def test_a_score_is_the_sum_of_what_each_of_hers_says_and_the_reason_its_largest_part(
    had: list[str],
) -> None:
    shelf = ProfileShelf(MODEL)
    said: dict[str, dict[str, float]] = {}
    for one in dict.fromkeys(had):
        others, weights = MODEL.weights.row(MODEL.products.index(one))
        for other, weight in zip(others.tolist(), weights.tolist(), strict=True):
            said.setdefault(MODEL.products[other], {})[one] = weight

    found = shelf.near(had)

    assert {near.product: near.score for near in found} == {
        product: pytest.approx(sum(said[product].values()), abs=1e-6)
        for product in (near.product for near in found)
    }
    assert all(said[near.product][near.of] == max(said[near.product].values()) for near in found)
    assert found == shelf.near(had)  # nothing is left of the call before
    for _ in range(2):
        assert list(shelf.nearest(had, rows=list_compiled).lines()) == found  # nor compiled


def test_a_product_is_numbered_as_another_model_numbers_it_or_like_no_other() -> None:
    shelf = ProfileShelf(MODEL)

    for codes in ({MODEL.products[3]: 0}, {MODEL.products[4]: 7}):
        found = shelf.numbered_as(codes)

        assert (
            found.codes[3:6].tolist()
            == found.column[3:6].tolist()
            == [codes.get(MODEL.products[item], -1 - item) for item in (3, 4, 5)]
        )


MODEL = learned(groups(8))


# ---- The blend ---------------------------------------------------------------------------------------


def test_a_longer_session_counts_for_more_and_no_session_for_nothing() -> None:
    shares = [share_of_session(clicks) for clicks in range(11)]

    assert shares == sorted(shares)
    assert shares[0] == 0
    assert 0.9 < shares[1] < shares[10] < 1


def test_a_product_that_both_name_stands_above_and_gives_the_heavier_reason() -> None:
    session = Nearest([0, 1], [4.0, 3.0], [0, 1], ["mat", "gas"], ["tent", "stove"])
    before = Nearest([0, 1], [0.2, 0.2], [0, 1], ["hat", "gas"], ["coat", "lamp"])

    found = list(blended(session, before, 0.75))

    assert [(line.product, line.of, line.by) for line in found] == [
        ("gas", "stove", "session"),
        ("mat", "tent", "session"),
        ("hat", "coat", "past"),
    ]
    assert list(blended(session, before, 0.75, same=[-1, 1])) == found
    assert next(blended(NOBODY, before, 0.0)).by == "past"
    assert list(blended(NOBODY, NOBODY, 1.0)) == []


@given(st.lists(st.floats(0.001, 9), max_size=8), st.lists(st.floats(0.001, 9), max_size=8))
def test_scores_of_a_blend_stay_between_nothing_and_one(a: list[float], b: list[float]) -> None:
    session, before = _near("s", a), _near("p", b)

    found = list(blended(session, before, 0.8))

    assert len(found) == len(a) + len(b)
    assert all(0 <= line.score <= 1 + 1e-9 for line in found)
    assert found == sorted(found, key=lambda line: -line.score)


def _near(name: str, scores: list[float]) -> Nearest:
    places = range(len(scores))
    products = [f"{name}{place}" for place in places]
    return Nearest(places, sorted(scores, reverse=True), places, products, products)


# ---- The list ----------------------------------------------------------------------------------------


def test_for_you_names_the_product_that_she_saw_or_bought_and_that_says_so() -> None:
    shop = shelf([f"g{g}-{i}" for g in range(8) for i in range(5)], ProfileShelf(MODEL))
    seen = past("g1-0")
    bought = replace(EMPTY, bought={"g2-0": NOW - 40 * DAY})

    saw = recommend(Wanted("for_you"), facts(), seen, shop)
    had = recommend(Wanted("for_you"), facts(), bought, shop)

    assert (saw.used, had.used) == ("for_you", "for_you")
    assert {(c.because, c.of) for c in saw.candidates} == {("you_saw", "Titel g1-0")}
    assert {(c.because, c.of) for c in had.candidates} == {("you_bought", "Titel g2-0")}
    assert {c.product for c in saw.candidates} == {f"g1-{i}" for i in range(1, 5)}
    assert product_reason(had.candidates[0], "en") == "Because you bought Titel g2-0"


def test_for_you_blends_both_models_and_each_alone_carries_it() -> None:
    sessions = SessionShelf(
        session_model([(NOW / 1e6 - 90 + n, ["g1-0", "kite"]) for n in range(5)], NOW)
    )
    ids = ["kite", *(f"g1-{i}" for i in range(5))]
    both = shelf(ids, ProfileShelf(MODEL), sessions)

    found = recommend(Wanted("for_you"), facts(), past("g1-0"), both)

    assert found.candidates[0].product == "kite"
    assert found.candidates[0].because == "looked_at"
    assert {c.because for c in found.candidates[1:]} == {"you_saw"}
    alone = recommend(Wanted("for_you"), facts(), past("g1-0"), shelf(ids, sessions))
    assert [c.product for c in alone.candidates] == ["kite"]


def test_a_product_that_may_not_be_spoken_of_is_no_reason_either() -> None:
    ids = [f"g1-{i}" for i in range(5)]
    hidden = catalogue(product("g1-0", category="Intiem"), *(product(i) for i in ids[1:]))
    popular = PopularIndex(PopularModel("v", NOW, ()), hidden)
    shop = Shelf(hidden, popular, ("Intiem",), {"profile": ProfileShelf(MODEL)})

    assert recommend(Wanted("for_you"), facts(), past("g1-0"), shop).candidates == ()
    spoken = recommend(Wanted("for_you"), facts(), past("g1-0", "g1-1"), shop)
    assert {c.of for c in spoken.candidates} == {"Titel g1-1"}


def test_who_is_not_known_to_anyone_falls_back_and_the_list_says_so() -> None:
    shop = shelf(["hat", "tent"], ProfileShelf(MODEL))

    found = recommend(Wanted("for_you"), facts(), past("tent"), shop)

    assert (found.asked, found.used) == ("for_you", "popular_now")


def test_a_session_of_ten_thousand_events_is_looked_back_upon_only_so_far() -> None:
    long = past(*(f"x{n % 7}" for n in range(LOOKED_BACK - 1)))
    older = replace(long, recents=(*past("old").recents, *long.recents, *long.recents))

    assert len(recently_had(long, NOW, 50)) == 7
    assert "old" not in recently_had(older, NOW, 50)


def test_what_lies_in_the_future_or_is_no_having_is_not_had() -> None:
    part = replace(past("tent", name="search"), bought={"mat": NOW + 1, "hat": NOW - 1})

    assert recently_had(part, NOW, 50) == ["hat"]
    assert recently_had(past("a", "b", "a"), NOW, 50) == ["a", "b"]
    assert recently_had(None, NOW, 50) == []
