"""Uplift in the shop: learned from its own trials, used to order messages of equal priority, and for nothing else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from math import isnan, nan
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from msgspec import to_builtins
from msgspec.structs import replace
from random_worlds import CURRENCY, OPEN, ZONE, grow_world
from shop import YES, Shop, copy, experience, open_shop, skipped, track
from test_parity import batch, remembered

from etalage.app import Created
from etalage.cli.models import of_experience
from etalage.domain.arrival import Arrival, engines_own
from etalage.domain.event import Event, Shown
from etalage.domain.ids import CONTROL, EventId, ExperienceName, VariantName, VisitorKey
from etalage.domain.report import Plan
from etalage.domain.time import DAY, HOUR, MINUTE
from etalage.errors import BadInput, Unknown
from etalage.evaluate.bandit import bandit_rows, uniform
from etalage.evaluate.shop_log import shop_log
from etalage.flow import privacy
from etalage.flow.learn import cards, learn_models
from etalage.flow.replay import replay_all
from etalage.flow.uplift import KIND, UpliftCard, UpliftShelf, one_split
from etalage.measure.uplift import gate
from etalage.measure.uplift.features import FEATURES, features_of
from etalage.measure.uplift.trial import ask_known

PERSONS = 6_000
WINDOW = 7 * DAY


# ---- Known live, known in SQL --------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_is_known_of_people_is_the_same_live_and_in_sql(seed: int, tmp_path: Path) -> None:
    world = grow_world(Random(seed), people=120)
    moment = max(max(a.event.time, a.event.received) for a in world.arrivals) + MINUTE
    log, people = remembered(world, [])
    visitors = sorted({e.visitor for _, e in log.read(0) if e.visitor is not None})
    for visitor in visitors:  # an arm for each of them, so that the rows say whose they are
        log.append([engines_own(triggered(visitor, VariantName(visitor), at=moment))])
    plan = Plan(name=ExperienceName("help"), started=moment, shares={}, window=WINDOW)
    text, bound = ask_known([plan], (), currency=CURRENCY, zone=ZONE, now=moment + WINDOW)
    rows = batch(log, tmp_path).execute(text, bound).fetchall()

    in_sql = {row[1]: tuple(nan if v is None else v for v in row[6:]) for row in rows}
    live = {
        visitor: features_of(person.part, moment, ZONE)
        for person in people.values()
        if person.part is not None
        for visitor in person.visitors
        if visitor in in_sql
    }

    assert len(live) > 40
    assert set(in_sql) == set(live)  # nobody is asked who does not let herself be known
    for visitor, found in live.items():
        np.testing.assert_array_equal(in_sql[visitor], found, err_msg=visitor)
    every = np.array(list(live.values()))
    assert every.shape[1] == len(FEATURES)
    assert all(len(set(column[~np.isnan(column)])) > 1 for column in every.T)
    assert any(isnan(value) for row in live.values() for value in row)


def triggered(
    visitor: str, arm: VariantName, *, at: int, name: str = "help", share: int = 500_000
) -> Event:
    shown = Shown(ExperienceName(name), arm, visitor, share, "p", at)
    return happened("triggered", visitor, at, id_of=name, shown=shown)


def happened(name: str, visitor: str, at: int, *, id_of: str = "", **said: Any) -> Event:
    return Event(
        id=EventId(f"{name}:{id_of}:{visitor}:{at}"),
        name=name,
        time=at,
        received=at,
        trust="confirmed",
        source="browser",
        visitor=VisitorKey(visitor),
        purposes=OPEN,
        **said,
    )


# ---- From the log to the order of messages --------------------------------------------------------------


@pytest.fixture(scope="module")
def learned(
    made: tuple[Path, Created],
    tmp_path_factory: pytest.TempPathFactory,
    runner: asyncio.Runner,
) -> tuple[Path, int]:
    """A closed shop with two bars for one place, and its moment: `b-new` moves those who come often, `a-old` has no people yet."""
    directory, created = made
    shop = open_shop(copy(directory, tmp_path_factory.mktemp("learned") / "data"), created, runner)
    shop.go_live(bar("a-old"), bar("b-new"))
    shop.now += 30 * DAY
    shop.ports.log.append(list(_people(shop)))
    with pytest.MonkeyPatch.context() as patched:
        small_gate(patched)
        learn_models(shop.ports, now=shop.now, visitors_needed=1)
    shop.close()
    return shop.directory, shop.now


@pytest.fixture
def trial(
    learned: tuple[Path, int],
    made: tuple[Path, Created],
    tmp_path: Path,
    runner: asyncio.Runner,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Shop]:
    """A shop of one's own that learned so."""
    small_gate(monkeypatch)
    directory, moment = learned
    shop = open_shop(copy(directory, tmp_path / "data"), made[1], runner)
    shop.now = moment
    shop.opened.refresh(shop.now)
    yield shop
    shop.close()


def small_gate(patched: pytest.MonkeyPatch) -> None:
    """Let a model through that was learned from fewer persons than a shop's needs."""
    patched.setattr(gate, "LEAST_PERSONS", 1_000)
    patched.setattr(gate, "LEAST_CONVERSIONS", 100)


def bar(name: str, **said: object) -> Any:
    words = {"nl": [{"type": "text", "text": name}], "en": [{"type": "text", "text": name}]}
    return experience(
        name,
        form="bar",
        slot="top_bar",
        caps=[],
        variants=[{"name": "a", "content": words}],
        allocation={"kind": "split", "control": 0.000001},
        **said,
    )


def _people(shop: Shop) -> Iterator[Arrival]:
    """Half of them come often. The message makes those buy three times as much; it drives the others away, who buy more."""
    rng = Random(11)
    first = shop.now - 20 * DAY
    for number in range(PERSONS):
        visitor = f"{number:032x}"
        often, treated = number % 2 == 0, rng.random() < 0.5
        begun = first - 5 * DAY + number * 1_000_000
        epoch = {"epoch": begun}
        consent = {"device": True, "measure": True, "personalise": True}
        yield engines_own(happened("consent", visitor, begun, properties=consent, **epoch))
        for day in range(4 if often else 1):
            yield engines_own(happened("page_view", visitor, begun + day * DAY + HOUR, **epoch))
        at = begun + 5 * DAY
        arm = VariantName("a") if treated else CONTROL
        moment = triggered(visitor, arm, at=at, name="b-new")
        yield engines_own(replace(moment, **epoch))
        odds = (0.30 if often else 0.35) if treated else (0.10 if often else 0.55)
        if rng.random() < odds:
            paid = {"value": 5_000, "currency": "EUR", "transaction": f"o-{number}"}
            yield engines_own(happened("purchase", visitor, at + DAY, **paid, **epoch))


def come(shop: Shop, visitor: str, *, days: int) -> None:
    """Let somebody come on so many days, today the last of them."""
    for day in reversed(range(days)):
        shop.batch(track("page_view", visitor, at=shop.now - day * DAY - HOUR))


def ask(shop: Shop, visitor: str) -> Any:
    return shop.ask(visitor, slots=["top_bar"], explain=True, consent=YES)


def test_messages_of_equal_priority_stand_in_the_order_of_what_they_bring_her(trial: Shop) -> None:
    come(trial, "often", days=4)
    come(trial, "seldom", days=1)

    often, seldom = ask(trial, "often"), ask(trial, "seldom")

    assert [one["experience"] for one in often["decisions"]] == ["b-new"]
    assert {"experience": "a-old", "reason": "lost_to:b-new", "by": "expected"} in often["skipped"]
    assert "het meeste verschil maakte" in often["decisions"][0]["why"]["nl"]
    assert "made the most difference" in often["decisions"][0]["why"]["en"]
    assert [one["experience"] for one in seldom["decisions"]] == ["a-old"]
    assert skipped(seldom) == {"b-new": "lost_to:a-old"}
    record = json.loads(trial.events("decision")[0].record or "")
    assert record["facts"]["expected"]["b-new"] > 0
    assert record["versions"]["models"]["uplift"]
    assert replay_all(trial.ports).is_faithful


def test_priority_comes_before_whatever_is_expected(trial: Shop) -> None:
    trial.go_live(bar("a-old", priority=60))
    come(trial, "often", days=4)

    answer = ask(trial, "often")

    assert [one["experience"] for one in answer["decisions"]] == ["a-old"]
    assert skipped(answer) == {"b-new": "lost_to:a-old"}
    assert "by" not in answer["skipped"][0]
    assert "verschil" not in answer["decisions"][0]["why"]["nl"]


def test_the_card_says_what_the_model_is_worth_and_names_nobody(trial: Shop) -> None:
    card = cards(trial.ports.models)[KIND]

    assert isinstance(card, UpliftCard)
    (one,) = card.experiences
    assert one.is_released
    assert one.treated + one.control == PERSONS
    assert one.value == 5_000
    assert one.verdict is not None
    assert one.groups is not None
    assert one.verdict.qini.low > 0
    assert one.groups.persuadable > 1_000
    assert one.groups.sleeping_dog > 1_000
    assert "b-new: 3,0" in of_experience(to_builtins(one), "en")
    content = trial.ports.models.get(KIND) or b""
    assert f"{17:032x}".encode() not in content


def test_who_is_erased_or_took_her_yes_back_teaches_nothing_any_more(trial: Shop) -> None:
    def people() -> int:
        learn_models(trial.ports, now=trial.now, visitors_needed=1)
        card = cards(trial.ports.models)[KIND]
        assert isinstance(card, UpliftCard)
        return sum(one.treated + one.control for one in card.experiences)

    how = trial.opened.configuration.how
    known = trial.ports.log.read(0)
    visitor = next(e.visitor for _, e in known if e.name == "triggered")
    assert visitor is not None
    privacy.erase_visitors(trial.ports, [visitor], how, named="", actor="ann", now=trial.now)
    refusal = {"device": True, "measure": True, "personalise": False}
    no = happened("consent", f"{5:032x}", trial.now, properties=refusal)
    trial.ports.log.append([engines_own(no)])

    assert people() == PERSONS - 2


def test_without_enough_people_nothing_is_learned_and_the_order_is_that_of_names(
    shop: Shop,
) -> None:
    shop.go_live(bar("a-old"), bar("b-new"))
    shop.now += 30 * DAY
    shop.ports.log.append([a for a, _ in zip(_people(shop), range(400), strict=False)])
    learn_models(shop.ports, now=shop.now, visitors_needed=1)
    shop.opened.refresh(shop.now)
    come(shop, "often", days=4)

    card = cards(shop.ports.models)[KIND]
    assert isinstance(card, UpliftCard)
    assert [one.refusals for one in card.experiences] == [
        ("too_few_persons", "too_few_conversions")
    ]
    assert "10,000 are needed" in card.experiences[0].because[0]
    assert shop.opened.shelf.learned(UpliftShelf) is None
    shop.opened.prove_models()  # that is no reason to be red, and no decision waits for it
    answer = ask(shop, "often")
    assert [one["experience"] for one in answer["decisions"]] == ["a-old"]
    assert "expected" not in (shop.events("decision")[0].record or "")


def test_only_people_drawn_with_one_share_of_control_are_compared() -> None:
    def row(arm: str, policy: str, share: int) -> tuple[Any, ...]:
        return ("help", arm, policy, share, False, 0, *([0.0] * len(FEATURES)))

    rows = [row("a", "new", 800_000)] * 4 + [row("control", "new", 200_000)] * 2
    rows += [row("a", "old", 500_000)] * 2 + [row("control", "old", 500_000)] * 2
    rows += [row("b", "bandit", 300_000)] * 3 + [row("control", "bandit", 200_000)]

    found = one_split(rows)

    assert (found.trial.treated.sum(), (~found.trial.treated).sum()) == (7, 3)
    assert len(one_split([]).trial.outcome) == 0
    assert len(one_split([row("a", "new", 1_000_000)]).trial.outcome) == 0


def test_a_shop_asks_its_own_log_what_another_policy_would_have_earned(trial: Shop) -> None:
    log = shop_log(trial.ports, "b-new", now=trial.now)
    rows = {row["method"]: row for row in bandit_rows(log, [uniform(log)])}

    assert len(log.reward) == PERSONS
    assert set(rows) == {"logged", "uniform", "always a", "always control"}
    assert rows["always a"]["dr"] == pytest.approx(0.325, abs=0.03)
    assert rows["always control"]["dr"] == pytest.approx(0.325, abs=0.03)
    assert rows["always a"]["largest_weight"] == 2
    with pytest.raises(Unknown, match="did you mean 'b-new'"):
        shop_log(trial.ports, "b-now", now=trial.now)
    with pytest.raises(BadInput, match="nobody's window"):
        shop_log(trial.ports, "a-old", now=trial.now)
