"""The law that carries the product (design 4.1): merge(fold(A), fold(B)) == fold(A + B), exactly."""

from __future__ import annotations

import random
from functools import reduce

import msgspec
import pytest

from etalage.domain.event import Event, Line, Shown
from etalage.domain.ids import EventId, ExperienceName, FeatureId, VariantName, VisitorKey
from etalage.domain.profile import Fold
from etalage.domain.time import HOUR, MINUTE, ShopZone
from etalage.unify import merge as merging
from etalage.unify.fold import Memory, adds_nothing, fold

SETS = 10_000
NAMES = [
    "view_item",
    "add_to_cart",
    "remove_from_cart",
    "view_cart",
    "begin_checkout",
    "purchase",
    "identify",
    "link",
    "unlink",
    "consent",
    "triggered",
    "decision",
    "score",
    "preference",
    "feedback",
    "search",
    "newsletter",
]
VISITORS = [VisitorKey(f"{n:032x}") for n in (1, 2)]
START = 1_774_700_000 * 1_000_000  # a Saturday before the clocks change in Amsterdam


def counted(event: Event) -> list[FeatureId]:
    """Three counted conditions: any view, a view of p1, any purchase."""
    if event.name == "view_item":
        return [FeatureId("any"), *([FeatureId("p1")] if event.product == "p1" else [])]
    return [FeatureId("bought")] if event.name == "purchase" else []


MEMORY = Memory(
    zone=ShopZone("Europe/Amsterdam"),
    currency="EUR",
    counted=counted,
)


def random_event(rng: random.Random, number: int) -> Event:
    name = rng.choice(NAMES)
    properties: dict[str, str | int | bool] = {}
    if name == "consent":
        properties = {rng.choice(["measure", "personalise"]): rng.random() < 0.6}
        if rng.random() < 0.2:
            properties["declared"] = True
    if name in {"identify", "score", "preference", "feedback"}:
        properties = {rng.choice(["country", "phase", "experience"]): rng.choice(["NL", "BE", 3])}
    shown = None
    if name in {"triggered", "decision"}:
        experience = "@holdout" if name == "decision" else rng.choice(["hello", "bye"])
        arm = VariantName(rng.choice(["a", "control"]))
        shown = Shown(ExperienceName(experience), arm, "u", 500_000, "1", START)
    return Event(
        # ids do not follow the order of time: ties and lateness are the point
        id=EventId(f"{rng.randrange(1000):03d}-{number}"),
        name=name,
        time=START + rng.choice([MINUTE, 10 * MINUTE, HOUR]) * rng.randrange(60),
        received=START,
        trust=rng.choice(["claimed", "signed", "confirmed"]),
        source="test",
        visitor=rng.choice(VISITORS),
        customer=rng.choice([None, VisitorKey("c" * 32), VisitorKey("d" * 32)]),
        lines=tuple(
            Line(rng.choice(["p1", "p2", "p3"]), rng.randrange(1, 4), rng.choice([None, 995]))
            for _ in range(rng.choice([0, 1, 1, 2]))
        ),
        value=rng.choice([None, 100, 250]),
        currency=rng.choice(["EUR", "EUR", "USD"]),
        shown=shown,
        properties=properties,
        epoch=rng.choice([0, START - HOUR, START - HOUR, START + HOUR]),
    )


def merged(parts: list[dict[VisitorKey, Fold]]) -> dict[VisitorKey, Fold]:
    together: dict[VisitorKey, Fold] = {}
    for part in parts:
        for visitor, one in part.items():
            known = together.get(visitor)
            together[visitor] = one if known is None else merging.merge(known, one)
    return together


def test_any_order_and_grouping_of_events_leaves_the_same_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Small limits, so that what is cut off is cut off in nearly every set.
    monkeypatch.setattr(merging, "RECENT_EVENTS", 4)
    monkeypatch.setattr(merging, "RECENT_LIMIT", 9)
    monkeypatch.setattr(merging, "CAP_MEMORY", 2)
    monkeypatch.setattr("etalage.unify.fold.CAP_MEMORY", 2)
    rng = random.Random(20261121)
    cut = 0
    for _ in range(SETS):
        events = [random_event(rng, n) for n in range(rng.randrange(1, 24))]
        at_once = fold(events, MEMORY)

        shuffled = rng.sample(events, len(events))
        borders = sorted(rng.randrange(len(events) + 1) for _ in range(rng.randrange(1, 6)))
        groups = [
            shuffled[a:b] for a, b in zip([0, *borders], [*borders, len(events)], strict=True)
        ]
        folds = [fold(group, MEMORY) for group in groups]
        rng.shuffle(folds)
        middle = rng.randrange(len(folds) + 1)

        assert merged([merged(folds[:middle]), merged(folds[middle:])]) == at_once
        cut += sum(len(p.recents) >= 4 for f in at_once.values() for p in f.parts.values())
    assert cut > SETS // 10  # the limits were at work


def test_linked_and_unlinked_again_is_as_never_linked() -> None:
    rng = random.Random(7)
    events = [random_event(rng, n) for n in range(200)]
    events = [e for e in events if e.name not in {"identify", "link", "unlink"}]
    never = fold(events, MEMORY)

    def say(name: str, number: int) -> Event:
        return Event(
            id=EventId(f"{name}{number}"), name=name, time=START + 90 * HOUR + number,
            received=START, trust="confirmed", source="server", visitor=VISITORS[0],
            customer=VisitorKey("c" * 32) if name == "link" else None,
        )  # fmt: skip

    linked = merged([never, fold([say("link", 1)], MEMORY)])
    unlinked = merged([linked, fold([say("unlink", 2)], MEMORY)])

    assert linked[VISITORS[0]].link is not None
    link = unlinked[VISITORS[0]].link
    assert link is not None
    assert link.value is None
    assert unlinked[VISITORS[0]].parts == never[VISITORS[0]].parts
    assert unlinked[VISITORS[1]] == never[VISITORS[1]]


def test_two_days_are_kept_whole_and_no_more_than_the_limit() -> None:
    events = [
        Event(
            id=EventId(f"{n:05d}"), name="view_item", time=START + n * MINUTE // 2, received=START,
            trust="claimed", source="browser", visitor=VISITORS[0], epoch=1,
        )
        for n in range(6_100)
    ]  # fmt: skip

    kept = fold(events, MEMORY)[VISITORS[0]].parts[1].recents

    assert len(kept) == 5_000
    assert kept[-1].id == "06099"
    pieces = [fold(events[a : a + 610], MEMORY) for a in range(0, 6_100, 610)]
    assert reduce(lambda a, b: merged([a, b]), reversed(pieces)) == fold(events, MEMORY)


def test_a_decision_that_adds_nothing_need_not_be_folded_and_one_that_adds_something_is() -> None:
    rng = random.Random(11)
    nothing = 0
    for number in range(3_000):
        before = [random_event(rng, n) for n in range(rng.randrange(1, 12))]
        decision = msgspec.structs.replace(
            random_event(rng, 99), name="decision", epoch=rng.choice([0, START, START + HOUR])
        )
        known = fold(before, MEMORY).get(decision.visitor or VISITORS[0])
        if known is None:
            continue
        after = merging.merge(known, fold([decision], MEMORY)[decision.visitor or VISITORS[0]])
        assert adds_nothing(decision, known) == (after == known), f"set {number}"
        nothing += after == known
    assert nothing > 100  # both kinds occur
