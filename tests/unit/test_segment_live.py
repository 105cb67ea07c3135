"""A segment held against a person: windows, sessions, consent and the moment itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etalage.domain.context import Context
from etalage.domain.event import Line, Scalar
from etalage.domain.ids import SegmentName, VisitorKey
from etalage.domain.profile import (
    RECENT_EVENTS,
    RECENT_LIMIT,
    Fold,
    Part,
    Person,
    Recent,
    Tally,
    Written,
)
from etalage.domain.time import HOUR, MINUTE, ShopZone, micros
from etalage.segment.conditions import Asking
from etalage.segment.features import features
from etalage.segment.live import AreIn, compile_live
from etalage.segment.parse import parse
from etalage.unify.person import readable_part

ZONE = ShopZone("Europe/Amsterdam")
NOW = micros(datetime(2026, 3, 30, 10, 0, tzinfo=UTC))  # the day after the clock went forward
TODAY = ZONE.day(NOW)
KAREL, PHONE = VisitorKey("c" * 32), VisitorKey("d" * 32)
EMPTY = Part({}, {}, (), {}, {}, {}, {}, {}, (0, ""), {}, {})


def person(part: Part | None) -> Person:
    return Person(
        asking=KAREL,
        visitors=(KAREL,),
        oldest=KAREL,
        fold=Fold(0, None, {}, {}, {}, {}),
        open=frozenset(),
        part=part,
    )


def is_in(written: object, part: Part | None, context: Context | None = None) -> bool:
    holds = compile_live(parse(written, currency="EUR"), zone=ZONE, currency="EUR")
    return holds(person(part), context or Context(), NOW)


def did_on(written: object, tallies: dict[int, Tally]) -> Part:
    """Give a memory in which the one condition of a tree was counted on these days, 0 = today."""
    (feature,) = features(parse(written, currency="EUR"))
    days = {TODAY - ago: tally for ago, tally in tallies.items()}
    return msgspec.structs.replace(EMPTY, features={feature.id: days})


def recent(*events: tuple[int, str]) -> tuple[Recent, ...]:
    """Give recents by (minutes ago, name), oldest first."""
    return tuple(
        Recent(time=NOW - ago * MINUTE, id=f"{i}", name=name)
        for i, (ago, name) in enumerate(events)
    )


def remembering(*events: Recent) -> Part:
    return msgspec.structs.replace(EMPTY, recents=tuple(sorted(events, key=lambda e: e.time)))


# ---- windows in days ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("ago", "counts"), [(0, True), (6, True), (7, False)])
def test_seven_days_are_today_and_the_six_before(ago: int, counts: bool) -> None:
    written = {"did": "view_item", "within": "7d"}

    assert is_in(written, did_on(written, {ago: Tally(1, 0)})) is counts


def test_one_day_is_today() -> None:
    written = {"did": "view_item", "within": "1d"}

    assert is_in(written, did_on(written, {0: Tally(1, 0)}))
    assert not is_in(written, did_on(written, {1: Tally(1, 0)}))


def test_times_add_up_over_the_days_of_the_window() -> None:
    written = {"did": "view_item", "within": "3d", "times": {"between": [3, 4]}}

    assert not is_in(written, did_on(written, {0: Tally(2, 0), 9: Tally(5, 0)}))
    assert is_in(written, did_on(written, {0: Tally(2, 0), 2: Tally(2, 0)}))
    assert not is_in(written, did_on(written, {0: Tally(3, 0), 2: Tally(2, 0)}))


def test_since_and_until_are_inclusive_and_end_today() -> None:
    written = {"did": "x", "since": "2026-03-28", "until": "2026-03-29"}  # 2 and 1 days ago

    counted = [ago for ago in range(-1, 5) if is_in(written, did_on(written, {ago: Tally(1, 0)}))]

    assert counted == [1, 2]
    open_ended = {"did": "x", "since": "2026-03-28"}
    assert not is_in(open_ended, did_on(open_ended, {-1: Tally(1, 0)}))


def test_a_sum_needs_at_least_one_event_unless_it_is_said_otherwise() -> None:
    cheap = {"did": "purchase", "sum": {"at_most": 50}}
    cheap_or_never = {**cheap, "times": {"at_most": 9}}

    assert is_in(cheap, did_on(cheap, {0: Tally(1, 5000)}))
    assert not is_in(cheap, did_on(cheap, {0: Tally(1, 5001)}))
    assert not is_in(cheap, EMPTY)
    assert is_in(cheap_or_never, EMPTY)


def test_who_never_did_it_is_found_by_zero_times() -> None:
    never = {"did": "purchase", "times": {"at_most": 0}}

    assert is_in(never, EMPTY)
    assert not is_in(never, did_on(never, {3: Tally(1, 0)}))


# ---- windows in hours --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ago", "counts"), [(0, True), (36 * 60 - 1, True), (36 * 60, False), (-1, False)]
)
def test_hours_are_exact_and_rolling(ago: int, counts: bool) -> None:
    part = remembering(*recent((ago, "view_item")))

    assert is_in({"did": "view_item", "within": "36h"}, part) is counts


def test_one_line_has_to_satisfy_all_tests_on_lines() -> None:
    lines = (Line("P-1", price=500, brand="Acme"), Line("P-2", price=2000, brand="Bravo"))
    bought = Recent(NOW, "1", "purchase", lines=lines, value=2500, currency="EUR")

    def fits(where: dict[str, object]) -> bool:
        return is_in({"did": "purchase", "within": "1h", "where": where}, remembering(bought))

    assert fits({"brand": {"is": "Acme"}, "price": {"at_most": 10}})
    assert not fits({"brand": {"is": "Acme"}, "price": {"at_least": 10}})
    assert fits({"brand": {"is": "Bravo"}, "value": {"is": 25}})


def test_an_amount_in_another_currency_is_no_amount() -> None:
    dollars = Recent(NOW, "1", "purchase", value=9_000, currency="USD")

    over = {"did": "purchase", "within": "1h", "where": {"value": {"at_least": 10}}}
    total = {"did": "purchase", "within": "1h", "sum": {"at_least": 10}}

    assert not is_in(over, remembering(dollars))
    assert not is_in(total, remembering(dollars))


# ---- in order ----------------------------------------------------------------------------------------

ORDER = {"did": "session", "order": [{"did": "view_item"}, {"did": "add_to_cart"}]}


def test_steps_count_in_their_order_with_others_in_between() -> None:
    assert is_in(
        ORDER, remembering(*recent((50, "view_item"), (30, "search"), (20, "add_to_cart")))
    )
    assert not is_in(ORDER, remembering(*recent((50, "add_to_cart"), (30, "view_item"))))


def test_a_silence_of_more_than_half_an_hour_ends_the_session() -> None:
    assert is_in(ORDER, remembering(*recent((50, "view_item"), (20, "add_to_cart"))))
    assert not is_in(ORDER, remembering(*recent((51, "view_item"), (20, "add_to_cart"))))


def test_a_session_never_spans_two_browsers() -> None:
    at_home = recent((10, "view_item"), (5, "page_view"))
    on_the_way = recent((8, "add_to_cart"))
    folds = {
        KAREL: Fold(0, None, {}, {}, {}, {1: remembering(*at_home)}),
        PHONE: Fold(0, None, {}, {}, {}, {1: remembering(*on_the_way)}),
    }

    assert is_in(ORDER, remembering(*at_home, *on_the_way))  # by one browser it is one session
    assert not is_in(ORDER, readable_part(folds))


def test_what_a_person_of_two_browsers_no_longer_remembers_is_in_no_session() -> None:
    long_ago = recent((20_000, "view_item"), (19_999, "add_to_cart"))
    since = recent(*[(8_000 - i, "page_view") for i in range(RECENT_EVENTS)])
    alone, both = remembering(*long_ago), {KAREL: long_ago, PHONE: since}
    folds = {v: Fold(0, None, {}, {}, {}, {1: remembering(*own)}) for v, own in both.items()}

    assert is_in(ORDER, alone)
    assert not is_in(ORDER, readable_part(folds))


def test_one_event_is_one_step() -> None:
    twice = {"did": "session", "order": [{"did": "view_item"}, {"did": "view_item"}]}

    assert not is_in(twice, remembering(*recent((10, "view_item"))))
    assert is_in(twice, remembering(*recent((10, "view_item"), (9, "view_item"))))


def test_a_session_counts_once_and_when_it_began() -> None:
    visits = recent(
        (200, "view_item"), (199, "add_to_cart"), (198, "view_item"), (197, "add_to_cart"),
        (70, "view_item"), (50, "add_to_cart"),
    )  # fmt: skip

    assert is_in({**ORDER, "times": {"is": 2}}, remembering(*visits))
    assert not is_in({**ORDER, "within": "1h"}, remembering(*visits))
    assert is_in({**ORDER, "within": "2h", "times": {"is": 1}}, remembering(*visits))


# ---- what is known of her ----------------------------------------------------------------------------


def known(**values: Scalar) -> Part:
    written = {name: Written(1, "1", value) for name, value in values.items()}
    return msgspec.structs.replace(EMPTY, traits=written, preferences=written, scores=written)


TRAITS: list[tuple[dict[str, object], Scalar | None, bool]] = [
    ({"is": "NL"}, "NL", True),
    ({"is": "NL"}, "nl", False),
    ({"is": "NL"}, None, False),
    ({"is": 1}, True, False),
    ({"is": 1}, "1", False),
    ({"is": True}, True, True),
    ({"is": True}, 1, False),
    ({"is": False}, None, False),
    ({"in": ["a", 1]}, 1, True),
    ({"in": ["a", 1]}, True, False),
    ({"at_least": 3}, 3, True),
    ({"at_least": 3}, 2, False),
    ({"at_least": 1}, True, False),
    ({"at_most": 3}, "2", False),
    ({"between": [2, 3]}, 3, True),
    ({"between": [2, 3]}, 4, False),
    ({"contains": "oe"}, "Voer", True),
    ({"contains": "oe"}, 5, False),
    ({"starts_with": "Vo"}, "Voer", True),
    ({"starts_with": "vo"}, "Voer", False),
    ({"under": "Hond"}, "Hond > Voer", True),
    ({"under": "Hond"}, "Hondenbed", False),
    ({"exists": True}, False, True),
    ({"exists": True}, None, False),
    ({"exists": False}, None, True),
    ({"before": "2000-01-01"}, "1999-12-31", True),
    ({"before": "2000-01-01"}, "2000-01-01", False),
    ({"before": "2000-01-01"}, "lang geleden", False),
    ({"after": "2000-01-01"}, "2000-01-02T00:00:00Z", True),
    ({"after": "2000-01-01"}, 20000102, False),
]


@pytest.mark.parametrize(("test", "value", "holds"), TRAITS)
def test_a_trait_and_a_preference_are_tested_alike(
    test: dict[str, object], value: Scalar | None, holds: bool
) -> None:
    part = EMPTY if value is None else known(x=value)

    assert is_in({"trait": "x", **test}, part) is holds
    assert is_in({"preference": "x", **test}, part) is holds


def test_facts_are_read_from_the_scores() -> None:
    part = known(phase="consideration", persona="saver", churn=700_000, **{"rfm.recency": 4})

    assert is_in({"phase": {"is": "consideration"}}, part)
    assert is_in({"persona": {"in": ["saver", "other"]}}, part)
    assert is_in({"score": "churn", "between": [0.7, 1]}, part)
    assert not is_in({"score": "churn", "at_least": 0.700001}, part)
    assert is_in({"rfm": {"recency": {"at_least": 4}}}, part)
    assert not is_in({"rfm": {"recency": {"at_least": 4}, "monetary": {"at_least": 1}}}, part)


# ---- consent, programs and the moment ----------------------------------------------------------------


def test_without_consent_nobody_is_in_a_segment_about_history_not_even_by_not() -> None:
    assert not is_in({"did": "purchase"}, None)
    assert not is_in({"not": {"did": "purchase"}}, None)
    assert not is_in(
        {"any": [{"context": "device", "is": "phone"}, {"did": "x"}]}, None, Context(device="phone")
    )


def test_the_moment_itself_needs_no_consent() -> None:
    written = {
        "all": [
            {"context": "page_type", "is": "product"},
            {"not": {"context": "hour", "at_most": 8}},
        ]
    }

    assert is_in(written, None, Context(page_type="product", hour=9))
    assert not is_in(written, None, Context(page_type="product", hour=8))
    assert not is_in(written, None, Context())


def test_the_value_of_the_cart_is_an_amount() -> None:
    written = {"context": "cart_value", "at_least": 49.95}

    assert is_in(written, EMPTY, Context(cart_value=4995))
    assert not is_in(written, EMPTY, Context(cart_value=4994))


def test_a_program_is_in_no_segment() -> None:
    many = recent(*[(0, "page_view")] * 500)
    calm = msgspec.structs.replace(EMPTY, recents=many, days={TODAY - i: 1_666 for i in range(9)})
    busy = msgspec.structs.replace(calm, days={TODAY - i: 1_667 for i in range(9)})

    assert is_in({"not": {"did": "purchase"}}, calm)
    assert not is_in({"not": {"did": "purchase"}}, busy)
    assert not is_in({"context": "device", "is": "phone"}, busy, Context(device="phone"))


def test_a_segment_in_a_segment_is_that_segment() -> None:
    node = parse(
        {"not": {"in": "dutch"}}, currency="EUR", known={"dutch": {"trait": "x", "is": "NL"}}
    )
    holds = compile_live(node, zone=ZONE, currency="EUR")

    assert not holds(person(known(x="NL")), Context(), NOW)
    assert holds(person(known(x="BE")), Context(), NOW)


def test_two_hours_ago_on_the_shortest_day_is_two_hours() -> None:
    now = micros(
        datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    )  # 03:30 in Amsterdam; 02:00-03:00 was skipped
    viewed = Recent(now - 2 * HOUR + 1, "1", "view_item")
    holds = compile_live(
        parse({"did": "view_item", "within": "2h"}, currency="EUR"), zone=ZONE, currency="EUR"
    )

    assert holds(person(remembering(viewed)), Context(), now)


OFTEN = {"did": "view_item", "times": {"at_least": 2}, "within": "7d"}
DUTCH = {"trait": "country", "is": "NL"}
TOGETHER = (
    {"all": [OFTEN, DUTCH]},
    {"any": [{"not": OFTEN}, {"all": [DUTCH, {"context": "device", "is": "phone"}]}]},
    {"any": [{"all": [OFTEN, {"not": DUTCH}]}, {"all": [OFTEN, DUTCH]}]},
    {"not": {"any": [OFTEN, DUTCH]}},
    {"any": [{"all": [OFTEN, DUTCH]}, DUTCH]},
    {"any": [{"all": [OFTEN, DUTCH]}, {"all": [{"not": OFTEN}, DUTCH]}]},
    {"any": [{"did": "purchase"}, {"did": "view_item", "within": "24h"}]},
)


@pytest.mark.parametrize("views", [0, 1, 2])
@pytest.mark.parametrize("country", ["NL", "BE", None])
@pytest.mark.parametrize("device", ["phone", None])
def test_segments_that_are_asked_together_answer_as_each_would_alone(
    views: int, country: str | None, device: str | None
) -> None:
    counted = did_on(OFTEN, {1: Tally(views, 0)} if views else {})
    traits = {} if country is None else {"country": Written(NOW, "1", country)}
    part = msgspec.structs.replace(counted, traits=traits)
    context = Context(device=device)
    segments = {
        SegmentName(str(number)): compile_live(
            parse(written, currency="EUR"), zone=ZONE, currency="EUR"
        )
        for number, written in enumerate(TOGETHER)
    }

    together = AreIn(segments).of(Asking(part, context, NOW, ZONE))

    alone = {name: holds(person(part), context, NOW) for name, holds in segments.items()}
    assert together == [name for name, holds in alone.items() if holds]
    often, dutch = views == 2, country == "NL"
    assert list(alone.values()) == [
        often and dutch,
        not often or (dutch and device == "phone"),
        often,
        not (often or dutch),
        dutch,
        dutch,
        False,
    ]


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (None, ["of the moment"]),
        (EMPTY, ["of the moment", "of her past"]),
        (msgspec.structs.replace(EMPTY, days={1: RECENT_LIMIT + 1}), []),
    ],
    ids=["somebody we may not know", "somebody new", "a program"],
)
def test_who_has_no_past_and_what_is_a_program_are_asked_together_as_they_are_alone(
    part: Part | None, expected: list[str]
) -> None:
    written = {
        "of the moment": {"context": "device", "is": "phone"},
        "of her past": {"not": {"did": "purchase"}},
    }
    segments = {
        SegmentName(name): compile_live(parse(tree, currency="EUR"), zone=ZONE, currency="EUR")
        for name, tree in written.items()
    }
    context = Context(device="phone")

    assert AreIn(segments).of(Asking(part, context, NOW, ZONE)) == expected
    alone = [name for name, holds in segments.items() if holds(person(part), context, NOW)]
    assert alone == expected


CONDITIONS = tuple({"trait": name, "is": value} for name in "ab" for value in (1, True, "1"))
TREES = st.recursive(
    st.sampled_from(CONDITIONS),
    lambda tree: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(tree, min_size=1, max_size=3)),
        st.builds(lambda parts: {"any": parts}, st.lists(tree, min_size=1, max_size=3)),
        st.builds(lambda part: {"not": part}, tree),
    ),
    max_leaves=12,
)


def plainly(tree: Mapping[str, Any], traits: Mapping[str, Scalar]) -> bool:
    """Read a tree as it is written."""
    match tree:
        case {"all": parts}:
            return all(plainly(part, traits) for part in parts)
        case {"any": parts}:
            return any(plainly(part, traits) for part in parts)
        case {"not": part}:
            return not plainly(part, traits)
    said = traits.get(tree["trait"])
    return type(said) is type(tree["is"]) and said == tree["is"]


@settings(max_examples=200)
@given(TREES, st.dictionaries(st.sampled_from("ab"), st.sampled_from([1, True, "1"])))
def test_a_tree_says_what_is_written_whatever_its_alternatives_share(
    tree: dict[str, Any], traits: dict[str, Scalar]
) -> None:
    holds = compile_live(parse(tree, currency="EUR"), zone=ZONE, currency="EUR")

    assert holds(person(known(**traits)), Context(), NOW) == plainly(tree, traits)
