"""A bandit in a shop: nightly weighed from the log, in force at once, and every decision can be made again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from commands import etalage
from shop import ALLOWED, Said, Shop, experience, segment, track, view

from etalage.decide.bandit import seed_of
from etalage.decide.replay import read_record
from etalage.domain.arrival import engines_own
from etalage.domain.event import Event, Shown
from etalage.domain.ids import CONTROL, EventId, ExperienceName, VariantName, VisitorKey
from etalage.domain.policy import POLICY, Policies
from etalage.domain.time import DAY, HOUR
from etalage.errors import BadInput, Damaged, NotFound, Unknown
from etalage.flow import nightly
from etalage.flow.policies import policies_now
from etalage.flow.replay import replay_all
from etalage.flow.report import report_all
from etalage.flow.show_bandit import show_bandit

HI = ExperienceName("hoi")
RATES = {"a": 0.02, "b": 0.30, "c": 0.02, "d": 0.02, CONTROL: 0.02}


def variants(*names: str) -> list[Said]:
    words = {"nl": [{"type": "text", "text": "Hallo"}]}
    return [{"name": name, "content": words} for name in names]


def bandit_live(shop: Shop, *names: str, **allocation: object) -> None:
    drawn = {"kind": "bandit", "control": 0.2} | allocation
    shop.go_live(
        experience(
            "hoi", form="bar", caps=[], variants=variants(*(names or "abcd")), allocation=drawn
        )
    )


def met(
    shop: Shop,
    people: range,
    rates: Mapping[str, float],
    *,
    days_ago: float,
    value: int = 5_000,
    record: Said | None = None,
) -> Counter[str]:
    """Let people meet the message some days ago, and buy an hour later; give how many per arm.

    With a record its decision is in the log as well, or what a bandit reads of it.
    """
    odds = shop.opened.configuration.plan.choices.ordered[0].odds
    at = shop.now - round(days_ago * DAY)
    events: list[Event] = []
    arms: Counter[str] = Counter()
    for number in people:
        visitor = VisitorKey(f"{seed_of('person', str(number)):032x}")
        drawn = odds.draw(odds.place(visitor), visitor)
        arms[drawn.arm] += 1
        said = Shown(HI, drawn.arm, visitor, drawn.propensity, drawn.policy, at)

        def event(kind: str, later: int = 0, **told: Any) -> Event:
            moment = {"time": at + later, "received": at + later, "purposes": ALLOWED}
            number_ = EventId(f"{kind}{number}")  # noqa: B023
            given: Said = {"trust": "confirmed", "source": "server", "visitor": visitor}  # noqa: B023
            return Event(number_, **(given | moment | told))

        events.append(event("t", name="triggered", trust="claimed", source="browser", shown=said))
        if record is not None:
            text = msgspec.json.encode(record).decode()
            events.append(event("d", name="decision", source="engine", record=text))
        if arms[drawn.arm] * rates[drawn.arm] % 1 < rates[drawn.arm]:
            bought = {"transaction": f"o{number}", "value": value, "currency": "EUR"}
            events.append(event("o", HOUR, name="purchase", **bought))
    shop.ports.log.append([engines_own(one) for one in events])
    return arms


def weigh(shop: Shop) -> Policies:
    """Let the night weigh, and every process look."""
    nightly.weigh_bandits(shop.night())
    shop.opened.refresh(shop.now)
    return policies_now(shop.ports)


def asked(shop: Shop, people: range) -> list[Said]:
    """Let people ask for the message, and give what they got."""
    found = []
    for visitor in (f"v-{number}" for number in people):
        shop.batch(view("S-1", visitor))
        found.append(shop.ask(visitor)["decisions"][0])
    return found


def test_the_night_gives_most_to_what_sells_best_and_every_decision_can_be_made_again(
    shop: Shop,
) -> None:
    bandit_live(shop)
    asked(shop, range(20))
    shop.now += 3 * DAY
    met(shop, range(1_000), RATES, days_ago=2.5)

    (weighing,) = weigh(shop).weighings
    after = asked(shop, range(100, 140))

    shares = {arm: told.share for arm, told in weighing.arms.items()}
    assert shares[VariantName("b")] > 840_000
    assert min(shares.values()) >= 27_777  # and with the even tenth 5% of all
    assert sum(told.visitors for told in weighing.arms.values()) > 700
    assert Counter(one["variant"] for one in after).most_common(1)[0][0] == "b"
    events = shop.events("decision")
    policies = {
        choice.choice.policy
        for event in events
        for choice in read_record(event.record or "").decision.entries
    }
    assert len(policies) == 2
    replayed = replay_all(shop.ports)
    assert (replayed.decisions, replayed.is_faithful) == (60, True)


def test_who_has_an_arm_keeps_it_with_the_odds_of_its_time(shop: Shop) -> None:
    bandit_live(shop)
    people = range(30)
    first = {}
    for number, one in zip(people, asked(shop, people), strict=True):
        first[number] = one["variant"], one["show"]
        shop.batch(track("triggered", f"v-{number}", token=one["id"]))
    shop.now += 3 * DAY
    met(shop, range(1_000), RATES, days_ago=2.5)
    weigh(shop)

    again = asked(shop, people)

    shown = {
        number: one["variant"] for number, one in zip(people, again, strict=True) if one["show"]
    }
    assert shown == {number: variant for number, (variant, show) in first.items() if show}
    assert replay_all(shop.ports).is_faithful


def test_it_is_too_early_before_a_hundred_visitors_an_arm_and_two_days(shop: Shop) -> None:
    bandit_live(shop)
    shop.now += 3 * DAY
    met(shop, range(200), RATES, days_ago=2.5)
    assert weigh(shop).weighings == ()

    met(shop, range(200, 2_000), RATES, days_ago=0.1)
    assert len(weigh(shop).weighings) == 1


def test_a_weighing_waits_for_the_night_unless_the_shop_is_busy(shop: Shop) -> None:
    bandit_live(shop)
    shop.now += 3 * DAY
    met(shop, range(1_000), RATES, days_ago=2.5)
    assert nightly.weigh_bandits(shop.night()) == 1

    shop.now += HOUR
    assert nightly.weigh_bandits(shop.night()) == 0
    shop.now += DAY
    met(shop, range(1_000, 5_000), dict.fromkeys(RATES, 0.5), days_ago=0.3)
    assert nightly.weigh_bandits(shop.night()) == 1
    shop.now += HOUR
    assert nightly.weigh_bandits(shop.night()) == 1


def test_killed_before_the_file_was_written_it_is_weighed_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    bandit_live(shop)
    shop.now += 3 * DAY
    met(shop, range(1_000), RATES, days_ago=2.5)

    def killed(name: str, content: bytes) -> None:
        raise OSError(name, len(content))

    with monkeypatch.context() as patched:
        patched.setattr(shop.ports.models, "put", killed)
        with pytest.raises(OSError, match=POLICY):
            nightly.weigh_bandits(shop.night())
    assert [e.name for e in shop.events(POLICY)] == [POLICY]
    assert weigh(shop).weighings

    assert len(shop.events(POLICY)) == 1
    asked(shop, range(10))
    assert replay_all(shop.ports).is_faithful


def test_a_damaged_file_leaves_what_is_in_force_and_is_told(shop: Shop) -> None:
    bandit_live(shop)
    shop.now += 3 * DAY
    met(shop, range(1_000), RATES, days_ago=2.5)
    version = weigh(shop).version
    shop.ports.models.put(POLICY, b"{")

    shop.opened.refresh(shop.now)

    assert shop.opened.configuration.plan.choices.policies.version == version
    with pytest.raises(Damaged):
        shop.opened.prove_models()


def test_an_arm_that_comes_half_way_gets_an_even_share_and_one_that_goes_leaves_the_rest(
    shop: Shop,
) -> None:
    bandit_live(shop, "a", "b", "c", "d")
    shop.now += 3 * DAY
    met(shop, range(1_000), RATES, days_ago=2.5)
    weigh(shop)

    bandit_live(shop, "b", "c", "e")

    odds = shop.opened.configuration.plan.choices.ordered[0].odds
    shares = {part.arm: part.share for part in odds.weighed.parts}
    assert shares[VariantName("e")] == pytest.approx(800_000 / 3, abs=5)
    assert shares[VariantName("b")] > 8 * shares[VariantName("c")]
    assert sum(shares.values()) == 1_000_000
    asked(shop, range(20))
    assert replay_all(shop.ports).is_faithful


def test_another_salt_begins_evenly(shop: Shop) -> None:
    bandit_live(shop)
    shop.now += 3 * DAY
    met(shop, range(1_000), RATES, days_ago=2.5)
    weigh(shop)
    bandit_live(shop, salt="2")

    odds = shop.opened.configuration.plan.choices.ordered[0].odds

    assert odds.weighed is odds.even
    assert asked(shop, range(3))


def test_by_revenue_the_arm_that_brings_most_wins_though_fewer_buy(shop: Shop) -> None:
    bandit_live(shop, "a", "b", by="revenue")
    shop.now += 3 * DAY
    met(shop, range(800), {"a": 0.10, "b": 0.0, CONTROL: 0}, days_ago=2.6, value=1_000)
    met(shop, range(800, 1_600), {"a": 0.0, "b": 0.06, CONTROL: 0}, days_ago=2.5, value=9_000)

    (weighing,) = weigh(shop).weighings

    assert weighing.arms[VariantName("b")].best > weighing.arms[VariantName("a")].best
    assert weighing.arms[VariantName("b")].conversions < weighing.arms[VariantName("a")].conversions


def test_a_report_of_a_bandit_is_not_stopped_for_its_own_uneven_shares(shop: Shop) -> None:
    bandit_live(shop)
    for night in range(6):
        shop.now += DAY
        met(shop, range(night * 1_000, (night + 1) * 1_000), RATES, days_ago=0.5)
        weigh(shop)

    (report,) = report_all(shop.ports, now=shop.now)

    assert report.sample_ratio is not None
    assert report.sample_ratio.smallest > 0.001
    counts, expected = report.sample_ratio.counts, report.sample_ratio.expected
    assert counts[VariantName("b")] > 2 * counts[VariantName("a")]
    assert expected[VariantName("b")] == pytest.approx(counts[VariantName("b")], rel=0.1)


def test_what_a_bandit_may_ask_is_learned_and_used(shop: Shop) -> None:
    shop.go_live(segment("lookers", {"did": "view_item"}))
    bandit_live(shop, "a", "b", context=["page", "segment:lookers", "returning"])
    asked(shop, range(5))

    (told, *_) = shop.events("decision")

    assert told.record is not None
    facts = msgspec.json.decode(told.record)["facts"]
    assert facts["traits"] == ["page:home", "segment:lookers"]


def test_what_suits_whom_is_learned_from_a_thousand_conversions_on(shop: Shop) -> None:
    bandit_live(shop, "a", "b", context=["returning"])
    shop.now += 3 * DAY
    new: Said = {"facts": {"traits": []}}
    back: Said = {"facts": {"traits": ["returning"]}}
    met(shop, range(2_500), {"a": 0.6, "b": 0.2, CONTROL: 0}, days_ago=2.6, record=new)
    assert weigh(shop).weighings[0].learned is None
    shop.now += DAY
    met(shop, range(2_500, 5_000), {"a": 0.2, "b": 0.6, CONTROL: 0}, days_ago=2.5, record=back)

    (weighing,) = weigh(shop).weighings

    assert weighing.learned is not None
    assert weighing.learned.features == ("returning",)
    odds = shop.opened.configuration.plan.choices.ordered[0].odds
    outside = next(u for u in map(str, range(99)) if odds.division(u) is not odds.even)
    for traits, best in (((), "a"), (("returning",), "b")):
        shares = {part.arm: part.share for part in odds.division(outside, traits).parts}
        assert shares[VariantName(best)] == pytest.approx(0.8 * 944_445, abs=2)
    asked(shop, range(10))
    assert replay_all(shop.ports, since=shop.now).is_faithful


PICTURE = {
    "type": "image",
    "url": "/coast.svg",
    "alt": "De kust",
    "by": "bandit",
    "creatives": [
        {"name": "dog", "url": "/dog.svg", "alt": "Een hond", "tags": ["Honden"]},
        {"name": "bike", "url": "/bike.svg", "alt": "Een fiets", "tags": ["Fietsen"]},
    ],
}


def test_the_picture_that_sells_best_is_shown_most_and_a_person_keeps_hers(shop: Shop) -> None:
    content = {"nl": [PICTURE, {"type": "text", "text": "Hallo"}]}
    pictured = experience(
        "hoi",
        form="bar",
        caps=[],
        variants=[{"name": "a", "content": content}],
        allocation={"kind": "split", "control": 0.2},
    )
    shop.go_live(pictured)
    shop.now += 3 * DAY
    for number, (picture, rate) in enumerate((("", 0.02), ("dog", 0.3), ("bike", 0.02))):
        told = {"facts": {}, "artwork": {"hoi": picture} if picture else {}}
        people = range(number * 200, (number + 1) * 200)
        met(shop, people, {"a": rate, CONTROL: 0}, days_ago=2.5, record=told)

    (weighing,) = weigh(shop).pictures
    began = shop.now
    shown = Counter(_picture(one) for one in asked(shop, range(1_000, 1_200)) if one["show"])
    shop.now += HOUR
    again = Counter(_picture(one) for one in asked(shop, range(1_000, 1_200)) if one["show"])

    assert weighing.arms["dog"].share >= 850_000
    assert weighing.arms[""].visitors > 100
    assert shown["/dog.svg"] > 0.7 * shown.total()
    assert shown == again
    assert replay_all(shop.ports, since=began).is_faithful


def _picture(entry: Said) -> str:
    (url,) = [block["url"] for block in entry["content"]["blocks"] if block["type"] == "image"]
    return str(url)


def test_how_a_bandit_stands_is_told_with_the_reason_why_it_is_too_early(shop: Shop) -> None:
    bandit_live(shop)
    shop.now += 3 * DAY
    assert show_bandit(shop.ports, "hoi", now=shop.now).state == "too_few_days"
    met(shop, range(100), RATES, days_ago=2.5)
    assert show_bandit(shop.ports, "hoi", now=shop.now).state == "too_few_visitors"
    met(shop, range(100, 1_000), RATES, days_ago=2.5)
    early = show_bandit(shop.ports, "hoi", now=shop.now)
    version = weigh(shop).version

    told = show_bandit(shop.ports, "hoi", now=shop.now)

    assert early.state == "due"
    assert [arm.share for arm in early.arms] == [0.2] * 4
    assert (told.state, told.version) == ("weighed", version)
    assert told.delay == pytest.approx(1 / 24, abs=0.001)
    shares = {arm.arm: arm.share for arm in told.arms}
    assert shares[VariantName("b")] > 0.6
    assert sum(shares.values()) == pytest.approx(0.8, abs=1e-5)
    assert sum(arm.visitors for arm in told.arms) > 700


def test_what_is_no_bandit_does_not_stand_in_any_way(shop: Shop) -> None:
    shop.go_live(experience("hoi", form="bar", caps=[]))

    with pytest.raises(BadInput, match="split"):
        show_bandit(shop.ports, "hoi", now=shop.now)
    with pytest.raises(Unknown, match="hoi"):
        show_bandit(shop.ports, "hooi", now=shop.now)


def test_the_command_shows_it(shop: Shop) -> None:
    bandit_live(shop)
    line = ("bandit", "show", "hoi", "--data", str(shop.directory))

    said = etalage(*line).stdout
    told = etalage(*line, "--json").stdout
    english = etalage(*line, "--lang", "en").stdout

    assert "hoi: naar conversies, controle 20%" in said
    assert "Te vroeg" in said
    assert "kans de beste te zijn" in said
    assert "Too early" in english
    assert msgspec.json.decode(told)["state"] == "too_few_days"


def test_the_next_look_takes_a_weighing_up_and_nobody_has_to_approve_anything(shop: Shop) -> None:
    bandit_live(shop)
    decided = shop.ports.records.generation(), shop.opened.configuration.version
    shop.now += 3 * DAY
    met(shop, range(1_000), RATES, days_ago=2.5)
    nightly.weigh_bandits(shop.night())
    before = shop.opened.configuration.plan.choices.policies.version

    shop.opened.refresh(shop.now)  # what every process does once a second

    live = shop.opened.configuration
    assert (before, live.plan.choices.policies.version) == ("", policies_now(shop.ports).version)
    assert (shop.ports.records.generation(), live.version) == decided


def test_a_clock_that_went_back_stops_nothing_and_harms_nothing(shop: Shop) -> None:
    bandit_live(shop)
    shop.now += 3 * DAY
    met(shop, range(1_000), RATES, days_ago=2.5)
    version = weigh(shop).version

    shop.now -= 4 * DAY
    assert weigh(shop).version == version
    shop.now += 5 * DAY
    assert weigh(shop).version != version


def test_a_segment_that_a_bandit_asks_must_exist_and_its_change_needs_approval(shop: Shop) -> None:
    with pytest.raises(NotFound, match="dogs"):
        bandit_live(shop, context=["segment:dogs"])
    shop.go_live(segment("dogs", {"did": "view_item"}))
    bandit_live(shop, context=["segment:dogs"])
    assert shop.opened.configuration.lapsed == ()

    shop.go_live(segment("dogs", {"did": "purchase"}))

    assert shop.opened.configuration.lapsed == ("hoi",)
