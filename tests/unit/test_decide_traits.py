"""What a bandit may know of somebody: only what the shop lets it ask, and only of who allows it."""

from __future__ import annotations

import pytest
from decide_examples import FATIMA, KAREL, NOW
from msgspec.structs import replace

from etalage.decide.gather import Asked, Matched, Rules, gather
from etalage.domain.consent import Purpose
from etalage.domain.context import Context
from etalage.domain.ids import SegmentName
from etalage.domain.profile import Part, Person, Written
from etalage.domain.time import DAY
from etalage.unify.person import EMPTY, NOTHING

EVERYTHING = frozenset({"device", "page", "returning", "phase", "segment:vip"})
TODAY = NOW // DAY
KNOWN = replace(
    EMPTY, days={TODAY - 3: 2, TODAY: 1}, scores={"phase": Written(NOW - DAY, "s", "loyalty")}
)
PAGE = Context(page_type="product", device="phone")


def person(part: Part | None, *opened: Purpose) -> Person:
    return Person(KAREL, (KAREL, FATIMA), FATIMA, NOTHING, frozenset(opened), part)


def traits(
    who: Person | None, context: frozenset[str] = EVERYTHING, matched: tuple[str, ...] = ("vip",)
) -> tuple[str, ...]:
    rules = Rules("Europe/Amsterdam", context=context)
    said = Matched([SegmentName(name) for name in matched])
    return gather(who, Asked(NOW, PAGE, ("below",)), said, rules, live={}).traits


def test_what_holds_of_her_and_the_page_is_told_in_order() -> None:
    told = traits(person(KNOWN, "device", "measure", "personalise"))

    assert told == ("device:phone", "page:product", "phase:loyalty", "returning", "segment:vip")


def test_only_what_the_shop_asks_is_told() -> None:
    everything = person(KNOWN, "device", "measure", "personalise")

    assert traits(everything, frozenset({"device"})) == ("device:phone",)
    assert traits(everything, frozenset()) == ()
    assert traits(everything, frozenset({"segment:vip"}), matched=("dogs",)) == ()


@pytest.mark.parametrize(
    "who",
    [
        None,
        person(None, "device", "measure"),
        person(KNOWN, "device", "personalise"),
        person(KNOWN, "device"),
    ],
    ids=["nobody", "no personalise", "no measure", "neither"],
)
def test_of_who_does_not_allow_both_purposes_nothing_is_told(who: Person | None) -> None:
    assert traits(who) == ()


def test_somebody_on_her_first_day_is_new() -> None:
    today = replace(EMPTY, days={TODAY: 4})

    assert traits(person(today, "measure", "personalise"), frozenset({"returning"})) == ()
