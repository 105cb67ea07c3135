"""docs/one-day.md holds to the last figure: its calls are sent as they stand, and every table is computed again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import one_day
import pytest
from one_day import Day

from etalage.domain.context import Context
from etalage.domain.event import Event
from etalage.domain.money import decimal_text
from etalage.domain.profile import Fold, Part, Person
from etalage.domain.time import iso
from etalage.flow.account import intake
from etalage.flow.replay import replay_all
from etalage.flow.report import report_all
from etalage.flow.who import person_behind
from etalage.measure.shape import to_json

DECISION, LOG, ACCOUNT, FOLDS, PERSON, ARMS, STATES = range(7)
LATER = one_day.micros_of("2026-09-24T12:00:00+00:00")


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    lived = asyncio.run(one_day.live(tmp_path_factory.mktemp("day") / "shop"))
    while lived.shop.ports.log.head() < 16:  # the decision is logged without waiting
        time.sleep(0.01)
    lived.shop.remember()
    yield lived
    lived.shop.close()


@pytest.fixture(scope="module")
def page() -> list[list[list[str]]]:
    return one_day.tables()


def clock(at: int) -> str:
    return iso(at)[11:19]


def test_the_decision_is_as_the_page_says(day: Day, page: list[list[list[str]]]) -> None:
    decision = next(e for _, e in day.shop.ports.log.read(0) if e.name == "decision")

    from etalage.decide.replay import read_record

    entries = read_record(decision.record or "").decision.entries
    rows = [
        [e.choice.experience, e.choice.arm, "yes" if e.choice.show else "no", f"{e.choice.bucket:,}",
         str((e.choice.propensity or 0) / 1_000_000)]
        for e in entries
    ]  # fmt: skip
    assert rows == page[DECISION]


def test_the_log_is_as_the_page_says(day: Day, page: list[list[list[str]]]) -> None:
    def row(position: int, event: Event) -> list[str]:
        shown = event.shown
        return [
            str(position), clock(event.time), event.name, day.name(event.visitor),
            day.name(event.customer), event.source,
            "" if event.value is None else decimal_text(event.value, "EUR"),
            "" if shown is None else f"{shown.experience} {shown.arm}",
        ]  # fmt: skip

    assert [row(p, e) for p, e in day.shop.ports.log.read(0)] == page[LOG]


def test_nobodys_name_stands_in_the_log(day: Day) -> None:
    events = [event for _, event in day.shop.ports.log.read(0)]

    written = repr([(e.properties, e.record, e.url, e.visitor, e.customer) for e in events])
    sealed = next(e for e in events if e.name == "identify").personal

    assert not any(name in written for name in ("Fatima", "C-1001", "v-laptop", "v-phone"))
    assert sealed is not None
    opened = day.shop.ports.keys.unseal(day.key("C-1001"), sealed)
    assert opened is not None
    assert b"Fatima" in opened
    assert b"Fatima" not in sealed


def test_what_was_received_is_accounted_for(day: Day, page: list[list[list[str]]]) -> None:
    account = intake(day.shop.ports)

    names = ("received", "accepted", "duplicate", "quarantined", "refused")
    assert [[str(account[name]) for name in names]] == page[ACCOUNT]


def test_the_memories_are_as_the_page_says(day: Day, page: list[list[list[str]]]) -> None:
    rows = [row for name in ("v-laptop", "v-phone") for row in fold_rows(day, name)]

    assert rows == page[FOLDS]
    assert day.shop.ports.profiles.get(day.key("C-1001")) is None


def test_the_person_is_the_merge_from_either_browser(day: Day, page: list[list[list[str]]]) -> None:
    for name in ("v-laptop", "v-phone"):
        person = person_behind(day.shop.ports.profiles, day.key(name))

        assert person_rows(day, person) == page[PERSON]


def test_the_report_is_as_the_page_says(day: Day, page: list[list[list[str]]]) -> None:
    reports = [to_json(one) for one in report_all(day.shop.ports, now=LATER)]

    arms = [
        [one["experience"], arm["variant"], arm["triggered"], arm["exposures"], arm["counted"],
         arm["conversions"], f"{arm['revenue']:.2f}"]
        for one in reports for arm in one["variants"]
    ]  # fmt: skip
    states = [
        [one["experience"], one["state"], one["coverage"], one["joined_share"], one["trust"]]
        for one in reports
    ]
    assert [[str(cell) for cell in row] for row in arms] == page[ARMS]
    assert [[str(cell) for cell in row] for row in states] == page[STATES]
    assert all(arm["extra_conversions_pct"] is None for one in reports for arm in one["variants"])


def test_the_decision_comes_out_the_same_again(day: Day) -> None:
    replayed = replay_all(day.shop.ports)

    assert (replayed.decisions, replayed.same) == (1, 1)


# ---- Rows ------------------------------------------------------------------------------------------


def fold_rows(day: Day, name: str) -> list[list[str]]:
    fold = day.shop.ports.profiles.get(day.key(name))
    assert fold is not None
    ((epoch, part),) = fold.parts.items()
    granted = (p for p, r in fold.consent.items() if r.own is not None and r.own.granted)
    link = str(fold.link.value) if fold.link is not None else None
    return [
        [name, "first seen", clock(fold.first_seen)],
        [name, "linked to", day.name(link)],
        [name, "open", " ".join(sorted(granted))],
        [name, "epoch", clock(epoch)],
        *part_rows(name, part)[:2],
        [name, "recent", " ".join(one.name for one in part.recents)],
        *(
            [name, "session", f"{clock(start)} to {clock(end)}, {events} events"]
            for start, end, events in part.sessions[day.key(name)]
        ),
        *part_rows(name, part)[2:3],
        [name, "cart", " ".join(p for p, line in part.cart.items() if line.quantity)],
        *part_rows(name, part)[3:],
        *([name, f"arm of {e}", arm_of(fold, e)] for e in ("exit-help", "welcome-back")),
    ]


def part_rows(name: str, part: Part) -> list[list[str]]:
    counts = next(iter(part.features.values()), {})
    tally = counts.get(20712)
    counted = f"{tally.events} events, {decimal_text(tally.value, 'EUR')}" if tally else ""
    country = part.traits.get("country")
    bought = [f"{product} at {clock(at)}" for product, at in part.bought.items()]
    return [
        [name, "counted: view_item on day 20712", counted],
        [name, "events on day 20712", str(part.days[20712])],
        [name, "trait country", str(country.value) if country else ""],
        [name, "bought", " ".join(bought)],
    ]


def arm_of(fold: Fold, experience: str) -> str:
    arms = {str(name): arms for name, arms in fold.arms.items()}.get(experience, {})
    return " ".join(f"{arm} at {clock(entered.time)}" for arm, entered in arms.items())


def person_rows(day: Day, person: Person) -> list[list[str]]:
    assert person.part is not None
    lookers = day.shop.configuration.segments
    in_it = next(iter(lookers.values())).holds(person, Context(), person.fold.first_seen)
    visitors = sorted(day.name(visitor) for visitor in person.visitors)
    return [
        ["person", "visitors", " ".join(visitors)],
        ["person", "oldest, the unit of allocation", day.name(person.oldest)],
        *part_rows("person", person.part),
        ["person", "in lookers", "yes" if in_it else "no"],
    ]
