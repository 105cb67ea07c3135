"""Drawing under a bandit: exact odds, an even tenth for ever, what suits whom, and the same again in a replay."""

from __future__ import annotations

from collections import Counter
from math import sqrt
from typing import Any

import numpy as np
import pytest
from decide_examples import experience, facts
from hypothesis import given
from hypothesis import strategies as st

from etalage.decide.allocate import UNIFORM, Odds, bucket, carried, odds_of, policy_of
from etalage.decide.bandit import Evidence
from etalage.decide.choose import choose
from etalage.decide.compose import compose
from etalage.decide.plan import Plan
from etalage.decide.replay import replay
from etalage.decide.suits import Told, learn
from etalage.decide.votes import VOTERS, Votes, normals
from etalage.domain.decision import DecisionRecord, Versions
from etalage.domain.experience import MILLION, Experience
from etalage.domain.ids import CONTROL, ExperienceName, VariantName
from etalage.domain.policy import Learned, Policies, WeighedArm, Weighing
from etalage.errors import BadExperience, Unknown

UNITS = [f"{number:032x}" for number in range(20_000)]
BLOCK = {"nl": [{"type": "text", "text": "x"}]}
A, B, C, D = (VariantName(name) for name in "abcd")


def bandit(*names: str, **allocation: Any) -> Experience:
    variants = [{"name": name, "content": BLOCK} for name in names or "abcd"]
    drawn = {"kind": "bandit", "control": 0.2} | allocation
    return experience(variants=variants, allocation=drawn)


def weighing(learned: Learned | None = None, salt: str = "1", **shares: int) -> Weighing:
    arms = {VariantName(arm): WeighedArm(best=0, share=share) for arm, share in shares.items()}
    return Weighing(ExperienceName("help"), salt, 1, arms, learned=learned)


STEEP = weighing(a=50_000, b=850_000, c=50_000, d=50_000)


def near(count: int, share: float, of: int = len(UNITS)) -> bool:
    return abs(count / of - share) < 4.5 * sqrt(share * (1 - share) / of)


def test_a_tenth_is_divided_evenly_and_the_rest_as_weighed() -> None:
    odds = odds_of(bandit(), STEEP)
    drawn = {unit: odds.draw(odds.place(unit), unit) for unit in UNITS}
    even = [one for one in drawn.values() if one.policy == odds.even.policy]

    assert near(len(even), UNIFORM / MILLION)
    assert {one.arm: one.propensity for one in even} == dict.fromkeys(
        (CONTROL, A, B, C, D), 200_000
    )
    steep = Counter(one.arm for one in drawn.values() if one.policy != odds.even.policy)
    for arm, share in {CONTROL: 0.2, A: 0.04, B: 0.68, C: 0.04, D: 0.04}.items():
        assert near(steep[arm], share, of=steep.total()), arm


def test_the_propensity_is_the_share_with_which_she_was_drawn() -> None:
    odds = odds_of(bandit(), STEEP)

    for unit in UNITS[:500]:
        drawn = odds.draw(odds.place(unit), unit)
        (part,) = (p for p in odds.division(unit).parts if p.arm == drawn.arm)
        assert drawn.propensity == part.share


def test_who_is_in_control_or_in_the_even_tenth_stays_there_whatever_is_weighed() -> None:
    other = odds_of(bandit(), weighing(a=700_000, b=100_000, c=100_000, d=100_000))
    odds = odds_of(bandit(), STEEP)

    for unit in UNITS[:2_000]:
        one, two = (o.draw(o.place(unit), unit) for o in (odds, other))
        assert (one.arm == CONTROL) == (two.arm == CONTROL)
        assert (one.policy == odds.even.policy) == (two.policy == other.even.policy)


def test_before_the_first_weighing_all_are_drawn_evenly_under_one_policy() -> None:
    odds = odds_of(bandit())

    assert {odds.draw(odds.place(u), u).policy for u in UNITS[:200]} == {policy_of(bandit())}


def test_equal_shares_have_one_name_and_others_another() -> None:
    names = {odds_of(bandit(), one).weighed.policy for one in (STEEP, weighing(a=1, b=1, c=1, d=1))}

    assert len(names) == 2
    assert odds_of(bandit(), STEEP).weighed.policy in names


def test_a_ghost_stands_for_a_variant_as_often_as_others_see_it() -> None:
    odds = odds_of(bandit(), STEEP)
    ghosts = [u for u in UNITS if odds.draw(odds.place(u), u).arm == CONTROL]

    seen = Counter(odds.would_see(unit) for unit in ghosts)

    assert near(seen[B], 0.9 * 0.85 + 0.1 * 0.25, of=len(ghosts))


def test_a_weighing_of_another_salt_says_nothing() -> None:
    odds = odds_of(bandit(salt="2"), STEEP)

    assert odds.weighed is odds.even


@given(st.lists(st.sampled_from("abcdefgh"), min_size=2, max_size=8, unique=True))
def test_whatever_arms_come_and_go_the_shares_are_whole(names: list[str]) -> None:
    divided = bandit(*names)
    odds = odds_of(divided, STEEP)

    assert sum(part.share for part in odds.weighed.parts) == MILLION
    assert all(part.share > 0 for part in odds.weighed.parts)
    assert len(carried(divided, STEEP)) == len(names)


def test_a_decision_made_under_an_older_policy_is_made_again_under_that_one() -> None:
    divided, old = bandit(), Policies("old", (STEEP,))
    new = Policies("new", (weighing(a=850_000, b=50_000, c=50_000, d=50_000),))
    unit = next(
        u
        for u in UNITS
        if odds_of(divided, STEEP).draw(bucket("1", "help", u), u).arm == B
        and odds_of(divided, new.weighings[0]).draw(bucket("1", "help", u), u).arm == A
    )
    asked = facts(unit=unit)
    plan = Plan([divided], old)
    decision = compose(asked, choose(asked, plan), {}, plan.experiences, {})
    record = DecisionRecord(asked, decision, Versions("1", "c", models={"policy": "old"}))

    assert replay(record, [divided], old) is None
    assert replay(record, [divided], new) is not None


# ---- What suits whom ---------------------------------------------------------------------------------


def told(
    rates: dict[str, tuple[float, float]], visitors: int = 12_000
) -> dict[VariantName, list[Told]]:
    """Give per arm what new and returning visitors did."""
    return {
        VariantName(arm): [
            Told((), Evidence(visitors, visitors * new)),
            Told(("returning",), Evidence(visitors, visitors * back)),
        ]
        for arm, (new, back) in rates.items()
    }


CROSSED = {"a": (0.05, 0.02), "b": (0.02, 0.05)}


def test_each_kind_of_visitor_gets_the_arm_that_suits_it() -> None:
    learned = learn(told(CROSSED), 1)
    assert learned is not None
    odds = Odds(bandit("a", "b", context=["returning"]), weighing(learned, a=500_000, b=500_000))
    outside = [u for u in UNITS if bucket("1/even", "help", u) >= UNIFORM]

    new = Counter(odds.draw(odds.place(u), u).arm for u in outside)
    back = Counter(odds.draw(odds.place(u), u, ("returning",)).arm for u in outside)

    assert new[A] > 8 * new[B]
    assert back[B] > 8 * back[A]
    for unit in outside[:50]:
        assert odds.draw(odds.place(unit), unit).propensity in {44_444, 200_000, 755_556, 755_555}


def test_a_draw_that_is_kept_from_page_to_page_is_kept_for_one_kind_of_visitor() -> None:
    learned = learn(told(CROSSED), 1)
    live = [bandit("a", "b", context=["returning"])]
    policies = Policies("one", (weighing(learned, a=500_000, b=500_000),))
    plan = Plan(live, policies)
    situations = [facts(unit=u, traits=t) for u in UNITS[:100] for t in ((), ("returning",))]

    first, again = ([choose(one, plan) for one in situations] for _ in range(2))

    assert first == again == [choose(one, Plan(live, policies)) for one in situations]
    assert len({chosen.choices[0].propensity for chosen in first}) > 1


def test_the_weights_are_those_of_the_most_likely_model() -> None:
    """With a prior that is small beside the data: the log odds of the constant, and their difference."""
    learned = learn(told(CROSSED, 1_000_000), 1)
    assert learned is not None

    constant, returning = (weight / MILLION for weight in learned.means[A])

    assert constant == pytest.approx(np.log(0.05 / 0.95), abs=0.001)
    assert returning == pytest.approx(np.log(0.02 / 0.98) - np.log(0.05 / 0.95), abs=0.001)
    precision = 1 + 1_000_000 * (0.05 * 0.95 + 0.02 * 0.98)
    assert learned.precisions[A][0] / MILLION == pytest.approx(precision, rel=0.001)


def test_nothing_is_learned_of_contexts_before_a_thousand_conversions() -> None:
    assert learn(told(CROSSED, 7_000), 1) is None
    assert learn(told(CROSSED, 7_200), 1) is not None


def test_what_everybody_has_tells_nobody_apart() -> None:
    alike = {
        A: [Told(("page:home",), Evidence(10_000, 600))],
        B: [Told(("page:home",), Evidence(9_000, 600))],
    }

    assert learn(alike, 1) is None


def test_at_most_twenty_features_are_looked_at_those_that_tell_most_apart() -> None:
    rows = [Told((f"segment:s{n:02}",), Evidence(100.0 + n, 50.0)) for n in range(40)]

    learned = learn({A: rows, B: rows}, 1)

    assert learned is not None
    assert learned.features == tuple(f"segment:s{n:02}" for n in range(20, 40))


def test_voters_are_the_same_on_every_machine() -> None:
    drawn = normals(7, 1, 3)

    assert drawn.shape == (VOTERS, 3)
    assert [int(one) for one in drawn[0]] == [1142854, 1013575, -1229373]
    assert abs(float(drawn.mean())) < 4 * MILLION / sqrt(drawn.size)
    assert float(drawn.std()) == pytest.approx(MILLION, rel=0.12)


def test_a_feature_that_nobody_learned_of_changes_no_vote() -> None:
    learned = learn(told(CROSSED), 1)
    assert learned is not None
    votes = Votes(learned, [A, B], 100_000)

    assert votes.counted(("device:fridge",)) == votes.counted(())
    assert sum(votes.counted(("returning",))) == VOTERS


def test_the_order_of_the_variants_changes_no_vote() -> None:
    learned = learn(told({"a": (0.04, 0.04), "b": (0.041, 0.039), "c": (0.039, 0.041)}), 1)
    assert learned is not None

    assert Votes(learned, [C, A, B], 50_000).counted(()) == [
        Votes(learned, [A, B, C], 50_000).counted(())[i] for i in (2, 0, 1)
    ]


# ---- What the shop may ask of a bandit ---------------------------------------------------------------


def test_up_to_three_variants_are_split_and_more_are_left_to_a_bandit() -> None:
    def kind(count: int) -> str:
        variants = [{"name": f"v{n}", "content": BLOCK} for n in range(count)]
        return experience(variants=variants, allocation=None).allocation.kind

    assert [kind(count) for count in (1, 2, 3, 4, 8)] == [
        "split",
        "split",
        "split",
        "bandit",
        "bandit",
    ]


def test_a_bandit_knows_what_it_was_not_told() -> None:
    drawn = experience(
        variants=[{"name": n, "content": BLOCK} for n in "ab"], allocation={"kind": "bandit"}
    ).allocation

    assert (drawn.control, drawn.floor, drawn.half_life, drawn.by) == (
        200_000,
        100_000,
        28,
        "conversions",
    )
    assert bandit().allocation.floor == 50_000


@pytest.mark.parametrize(
    ("names", "allocation", "says"),
    [
        ("a", {}, "two variants or more"),
        ("ab", {"floor": 0.3}, "at most 0.25"),
        ("ab", {"floor": 0}, "above 0"),
        ("ab", {"half_life": 0}, "from 1 to 365"),
        ("ab", {"context": "page"}, "must be a list"),
        ("ab", {"context": ["segment:"]}, "is empty"),
    ],
)
def test_what_a_bandit_cannot_do_is_refused(
    names: str, allocation: dict[str, Any], says: str
) -> None:
    with pytest.raises(BadExperience, match=says):
        bandit(*names, **allocation)


def test_a_word_that_a_bandit_does_not_know_is_answered_with_the_nearest() -> None:
    with pytest.raises(Unknown, match="returning"):
        bandit(context=["returnin"])
    with pytest.raises(Unknown, match="revenue"):
        bandit(by="revenu")


def test_a_split_is_not_told_how_a_bandit_works() -> None:
    with pytest.raises(Unknown, match="floor"):
        experience(allocation={"kind": "split", "floor": 0.1})


def test_a_bandit_by_revenue_needs_orders_and_no_shares() -> None:
    with pytest.raises(BadExperience, match="purchase"):
        experience(
            variants=[{"name": n, "content": BLOCK} for n in "ab"],
            allocation={"kind": "bandit", "by": "revenue"},
            goal={"event": "sign_up"},
        )
    with pytest.raises(BadExperience, match="leave out share"):
        experience(
            variants=[
                {"name": n, "share": s, "content": BLOCK} for n, s in (("a", 0.7), ("b", 0.3))
            ],
            allocation={"kind": "bandit"},
        )
