"""Composing: the guards are asked again, a list that is too short shows nothing, and replay gives the same."""

from __future__ import annotations

from typing import Any

import pytest
from decide_examples import NOW, experience, facts, products_variant, split
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from etalage.decide.choose import choose
from etalage.decide.compose import compose, products_needed
from etalage.decide.replay import read_record, replay, written
from etalage.domain.context import Context
from etalage.domain.decision import (
    Candidate,
    Decision,
    DecisionFacts,
    DecisionRecord,
    Holdout,
    Recommended,
    Used,
    Versions,
)
from etalage.domain.experience import Experience
from etalage.domain.ids import ExperienceName, ProductId, SegmentName

HELP = ExperienceName("help")
VERSIONS = Versions(code="1", configuration="7", catalogue="c1", models={"popular": "p1"})


def candidate(product: str, score: int = 1, **changes: Any) -> Candidate:
    return Candidate(ProductId(product), score, **({"price": 1000} | changes))


def listed(*candidates: Candidate) -> dict[ExperienceName, Recommended]:
    return {HELP: Recommended("popular_now", "popular_now", candidates)}


def decided(
    given_facts: DecisionFacts, live: Experience, found: dict[ExperienceName, Recommended]
) -> Decision:
    return compose(given_facts, choose(given_facts, [live]), found, {live.name: live})


def with_products(**wanted: Any) -> Experience:
    return experience(variants=[products_variant(**wanted)])


def test_products_are_asked_for_only_where_a_list_is_shown_or_would_be() -> None:
    live = {
        e.name: e
        for e in (
            split("ghost", control=0.999999, variants=[products_variant()]),
            experience("text"),
        )
    }

    chosen = choose(facts(), live.values())

    assert list(products_needed(chosen, live)) == ["ghost"]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (candidate("x", available=False), "out_of_stock"),
        (candidate("x", price=None), "no_price"),
        (candidate("in-cart"), "in_cart"),
        (candidate("S-42"), "excluded"),
        (candidate("x", price=99), "wrong_price"),
        (candidate("x", price=5001), "wrong_price"),
    ],
)
def test_a_product_that_breaks_a_guard_is_left_out_with_its_reason(
    broken: Candidate, reason: str
) -> None:
    bounded = with_products(price_from=100, price_to=5000)

    decision = decided(
        facts(cart=(ProductId("in-cart"),)), bounded, listed(broken, candidate("good"))
    )

    assert [p.product for p in decision.entries[0].products] == ["good"]
    assert decision.entries[0].guarded == {broken.product: reason}


def test_products_stand_in_order_of_score_and_equal_ones_by_id() -> None:
    found = listed(candidate("c", 5), candidate("b", 9), candidate("a", 5), candidate("a", 5))

    decision = decided(facts(), with_products(size=3), found)

    assert [p.product for p in decision.entries[0].products] == ["b", "a", "c"]


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ({}, "no_products"),
        (listed(candidate("one")), "no_products"),
        (listed(candidate("one", available=False)), "out_of_stock"),
    ],
)
def test_a_list_that_is_too_short_shows_nothing_and_says_why(
    found: dict[ExperienceName, Recommended], reason: str
) -> None:
    decision = decided(facts(), with_products(at_least=2), found)

    assert decision.entries == ()
    assert [line.text for line in decision.skipped] == [reason]


def test_a_ghost_whose_message_had_no_products_is_no_ghost() -> None:
    ghost = split(control=0.999999, variants=[products_variant()])

    without, having = decided(facts(), ghost, {}), decided(facts(), ghost, listed(candidate("a")))

    assert (without.entries, without.skipped[0].text) == ((), "no_products")
    assert (having.entries[0].choice.show, having.entries[0].products) == (False, ())
    assert having.skipped[0].text == "in_control"


def test_the_decision_carries_her_arm_of_the_holdout_for_the_log() -> None:
    shown = decided(facts(holdout=Holdout(1_000_000)), experience(), {}).holdout_shown(NOW)

    assert shown is not None
    assert (shown.experience, shown.arm, shown.propensity) == ("@holdout", "holdout", 1_000_000)
    assert decided(facts(purposes=()), experience(), {}).holdout_shown(NOW) is None


# ---- Replay ------------------------------------------------------------------------------------------

LIVE = [
    experience("list", variants=[products_variant(at_least=2)], form="products", priority=70),
    split("half", control=0.4, slot="overlay", form="popup", caps=[{"times": 2, "per": "day"}]),
    split("past", control=0.2, segment="past"),
    experience("plain", priority=1),
]
FACTS = st.builds(
    facts,
    unit=st.text("0123456789abcdef", min_size=32, max_size=32),
    purposes=st.sampled_from([(), ("device", "measure", "personalise"), ("device", "personalise")]),
    matched=st.sampled_from([(), (SegmentName("past"),)]),
    cart=st.sampled_from([(), (ProductId("p1"), ProductId("p2"))]),
    holdout=st.sampled_from([Holdout(0), Holdout(200_000)]),
    used=st.dictionaries(st.just("half"), st.builds(Used, day=st.integers(0, 3))),
    interruptions=st.integers(0, 4),
    protected=st.sampled_from([False, False, False, True]),
    page=st.builds(
        Context,
        page_type=st.sampled_from(["home", "product"]),
        product=st.sampled_from(["p3", None]),
    ),
)
CANDIDATES = st.lists(
    st.builds(
        candidate,
        st.sampled_from([f"p{n}" for n in range(8)]),
        st.integers(0, 5),
        available=st.booleans(),
        price=st.sampled_from([None, 1000]),
    ),
    max_size=6,
)


def record_of(given_facts: DecisionFacts, candidates: list[Candidate]) -> DecisionRecord:
    live = {e.name: e for e in LIVE}
    found = {ExperienceName("list"): Recommended("popular_now", "popular_now", tuple(candidates))}
    decision = compose(given_facts, choose(given_facts, LIVE), found, live)
    return DecisionRecord(given_facts, decision, VERSIONS, found, position=12)


@settings(max_examples=200, deadline=None)
@given(FACTS, CANDIDATES)
def test_every_decision_is_made_again_from_its_written_record(
    given_facts: DecisionFacts, candidates: list[Candidate]
) -> None:
    record = record_of(given_facts, candidates)

    again = read_record(written(record))

    assert again == record
    assert written(again) == written(record)
    assert replay(again, LIVE) is None


def _other_unit(record: DecisionRecord) -> DecisionRecord:
    return replace(record, facts=replace(record.facts, unit="0" * 32))


def _sold_out(record: DecisionRecord) -> DecisionRecord:
    gone = tuple(
        replace(c, available=False) for c in record.recommended[ExperienceName("list")].candidates
    )
    return replace(
        record,
        recommended={ExperienceName("list"): Recommended("popular_now", "popular_now", gone)},
    )


def _later(record: DecisionRecord) -> DecisionRecord:
    return replace(record, facts=replace(record.facts, slots=("overlay",)))


@pytest.mark.parametrize("plant", [_other_unit, _sold_out, _later])
def test_a_planted_change_of_one_input_is_found_and_named(plant: Any) -> None:
    record = record_of(facts(), [candidate("p1"), candidate("p2")])
    assert replay(record, LIVE) is None

    found = replay(plant(record), LIVE)

    assert found
    assert all(" -> " in line for line in found)


def test_a_changed_experience_is_found_too() -> None:
    record = record_of(facts(), [candidate("p1"), candidate("p2")])
    changed = [replace(LIVE[0], priority=0), *LIVE[1:]]

    assert replay(record, changed)
