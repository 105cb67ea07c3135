"""Gathering: what of a person may reach a decision, and how caps and arms are read from her memory."""

from __future__ import annotations

from decide_examples import FATIMA, KAREL, NOW, experience, product
from msgspec.structs import replace

from etalage.decide.gather import Asked, Matched, Rules, first_arm, gather
from etalage.domain.context import Context
from etalage.domain.decision import Used
from etalage.domain.event import Line
from etalage.domain.ids import CONTROL, HOLDOUT, ExperienceName, SegmentName, VariantName
from etalage.domain.profile import HOLDOUT_EXPERIENCE, Arm, CartLine, Part, Person, Written
from etalage.domain.time import DAY, HOUR, MINUTE
from etalage.unify.person import EMPTY, NOTHING

HELP, POPUP = ExperienceName("help"), ExperienceName("popup")
A = VariantName("a")
RULES = Rules(zone="Europe/Amsterdam")
LIVE = {
    HELP: experience(),
    POPUP: experience("popup", form="popup", caps=[{"times": 1, "per": "day"}]),
}


def arm(at: int, unit: str = "u") -> Arm:
    return Arm(at, f"e{at}", unit, 500_000, "p")


def person(part: Part | None = EMPTY, **fold: object) -> Person:
    return Person(
        asking=KAREL,
        visitors=(KAREL, FATIMA),
        oldest=FATIMA,
        fold=replace(NOTHING, **fold),
        open=frozenset({"device", "measure", "personalise"}),
        part=part,
    )


def asked(**page: object) -> Asked:
    return Asked(now=NOW, page=Context(**page), slots=["overlay", "below"])  # type: ignore[arg-type]


def test_somebody_we_may_not_know_leaves_nothing_but_the_page() -> None:
    facts = gather(None, asked(url="/p/1"), Matched(), RULES, live=LIVE)

    assert (facts.visitor, facts.unit, facts.arms, facts.used) == (None, None, {}, {})
    assert not facts.is_measured
    assert facts.slots == ("below", "overlay")


def test_the_unit_is_the_oldest_visitor_of_the_person() -> None:
    facts = gather(person(), asked(), Matched(), RULES, live=LIVE)

    assert (facts.visitor, facts.unit) == (KAREL, FATIMA)
    assert facts.purposes == ("device", "measure", "personalise")


def test_of_two_arms_the_first_by_time_counts() -> None:
    stored = first_arm({CONTROL: arm(5), A: arm(3, "older")})

    assert (stored.arm, stored.unit) == ("a", "older")


def test_her_first_decision_says_whether_she_is_held_out() -> None:
    held = person(arms={HOLDOUT_EXPERIENCE: {VariantName("open"): arm(9), HOLDOUT: arm(2)}})

    facts = gather(held, asked(), Matched(), RULES, live=LIVE)

    assert facts.held is not None
    assert facts.held.arm == HOLDOUT
    assert facts.arms == {}


def test_caps_count_in_this_session_this_shop_day_seven_days_and_ever() -> None:
    midnight = NOW - 13 * HOUR  # it is 13:00 in Amsterdam
    week_ago = midnight - 6 * DAY
    moments = (week_ago - 1, week_ago, midnight - 1, midnight, NOW - 40 * MINUTE)
    spans = {KAREL: ((NOW - HOUR, NOW - MINUTE, 3),)}
    seen = person(
        replace(EMPTY, sessions=spans),
        arms={HELP: {A: arm(1)}},
        triggered={HELP: tuple((at, str(at)) for at in moments)},
    )

    facts = gather(seen, asked(), Matched(), RULES, live=LIVE)

    assert facts.used == {HELP: Used(session=1, day=2, week=4, ever=5)}


def test_only_interruptions_that_she_saw_press_on_her() -> None:
    triggered = {POPUP: ((NOW - HOUR, "x"),), HELP: ((NOW - HOUR, "y"),)}
    saw = person(arms={POPUP: {A: arm(1)}, HELP: {A: arm(1)}}, triggered=triggered)
    ghost = person(arms={POPUP: {CONTROL: arm(1)}, HELP: {A: arm(1)}}, triggered=triggered)

    assert gather(saw, asked(), Matched(), RULES, live=LIVE).interruptions == 1
    assert gather(ghost, asked(), Matched(), RULES, live=LIVE).interruptions == 0


def test_what_the_page_says_of_the_cart_wins_from_what_is_remembered() -> None:
    remembers = person(
        replace(EMPTY, cart={"b": CartLine(1, "x", 1, 5), "gone": CartLine(1, "y", 0, 5)})
    )

    told = gather(remembers, asked(cart=(Line("a"),)), Matched(), RULES, live=LIVE)
    untold = gather(remembers, asked(), Matched(), RULES, live=LIVE)

    assert (told.cart, untold.cart) == (("a",), ("b",))


def test_not_for_me_is_remembered_until_it_is_taken_back() -> None:
    refused = {
        "experience:help": Written(1, "a", value=True),
        "experience:popup": Written(1, "b", value=False),
    }

    facts = gather(person(replace(EMPTY, refused=refused)), asked(), Matched(), RULES, live=LIVE)

    assert facts.refused == ("help",)


def test_the_product_of_the_page_comes_with_what_the_guards_judge() -> None:
    here = Asked(NOW, Context(page_type="product"), ["below"], product("S-42", price=500, stock=0))

    facts = gather(
        None, here, Matched(matched=[SegmentName("b"), SegmentName("a")]), RULES, live=LIVE
    )

    assert facts.here is not None
    assert (facts.here.available, facts.here.price, facts.page.product) == (False, None, "S-42")
    assert facts.matched == ("a", "b")


def test_a_protected_page_is_known_by_its_path() -> None:
    assert gather(None, asked(url="/checkout/payment"), Matched(), RULES, live=LIVE).protected
