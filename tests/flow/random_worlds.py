"""Random shops for the parity test: people with browsers, consent, links, orders and events that come late."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from random import Random
from zoneinfo import ZoneInfo

from random_segments import (
    ANYTHING,
    BRANDS,
    CATEGORIES,
    NAMES,
    PERSONAS,
    PHASES,
    PRODUCTS,
    SIZES,
    TEXTS,
)

from etalage.domain.arrival import Arrival
from etalage.domain.consent import Purpose
from etalage.domain.event import Event, Line, Scalar
from etalage.domain.ids import EventId, VisitorKey
from etalage.domain.time import DAY, HOUR, MINUTE, SECOND, ShopZone, micros

ZONE = ShopZone("Europe/Amsterdam")
CURRENCY = "EUR"
DST_DAYS = {ZONE.day(micros(datetime(2026, m, d, 12, tzinfo=ZoneInfo(ZONE.name)))) for m, d in ((3, 29), (10, 25))}  # fmt: skip
HISTORY = 40  # days
OPEN: tuple[Purpose, ...] = ("device", "measure", "personalise")


@dataclass
class World:
    """A log in the order in which it comes in, and the moment at which it is asked about."""

    now: int
    arrivals: list[Arrival] = field(default_factory=list)
    edges: Counter[str] = field(default_factory=Counter)


@dataclass
class Browser:
    """A visitor with the consent she gave and took back: (moment, granted)."""

    key: VisitorKey
    choices: list[tuple[int, bool]]

    def epoch(self, at: int) -> int:
        given = [(moment, granted) for moment, granted in self.choices if moment <= at]
        return given[-1][0] if given and given[-1][1] else 0


def grow_world(rng: Random, *, people: int) -> World:
    """Grow a shop with so many people, around a change of the clock."""
    world = World(now=_now(rng))
    growing = _Growing(rng, world)
    for number in range(people):
        growing.person(number)
    rng.shuffle(world.arrivals)  # late: nothing comes in in the order in which it happened
    again = rng.sample(world.arrivals, k=len(world.arrivals) // 20)
    world.arrivals += again
    world.edges["duplicate"] += len(again)
    return world


def _now(rng: Random) -> int:
    month, day = rng.choice([(3, 29), (10, 25)])
    start = datetime(2026, month, day, tzinfo=ZoneInfo(ZONE.name)) + timedelta(
        days=rng.randrange(3)
    )
    near_midnight = rng.random() < 0.4
    minutes = rng.randrange(1, 20) if near_midnight else rng.randrange(24 * 60)
    return micros(start) + minutes * MINUTE + rng.randrange(MINUTE)


class _Growing:
    def __init__(self, rng: Random, world: World) -> None:
        self.rng, self.world = rng, world
        self.number = 0

    def person(self, number: int) -> None:
        rng, now = self.rng, self.world.now
        customer = _key(f"customer {number} {now}")
        browsers = [
            self._browser(f"{number} {i} {now}") for i in range(rng.choice([1, 1, 1, 2, 3]))
        ]
        for browser in browsers:
            for moment, granted in browser.choices:
                self._add(browser, "consent", moment, properties={"personalise": granted})
            if rng.random() < 0.5:
                self._link(browser, customer)
            for _ in range(rng.choice([0, 1, 2, 3, 5])):
                self._session(browser)
            self._facts(browser)
            if rng.random() < 0.4:
                self._order(browser, customer)
        if rng.random() < 0.015:
            self._busy(browsers[0])

    def _browser(self, name: str) -> Browser:
        began = self.world.now - HISTORY * DAY
        kind = self.rng.random()
        if kind < 0.05:
            return Browser(_key(name), [])
        choices = [(began, True)]
        if kind < 0.3:
            self.world.edges["withdrawal"] += 1
            withdrawn = self.world.now - self.rng.randrange(12 * DAY)
            choices.append((withdrawn, False))
            if self.rng.random() < 0.7:
                choices.append((withdrawn + self.rng.randrange(1, 2 * DAY), True))
        return Browser(_key(name), choices)

    def _link(self, browser: Browser, customer: VisitorKey) -> None:
        at = self._moment()
        self.world.edges["link"] += 1
        self._add(browser, "identify", at, customer=customer, properties=self._scalars())
        if self.rng.random() < 0.35:
            self.world.edges["unlink"] += 1
            self._add(browser, "unlink", at + self.rng.randrange(1, DAY))

    def _scalars(self) -> dict[str, Scalar]:
        names = self.rng.sample(["tier", "since", "seats"], k=2)
        return {name: self.rng.choice(ANYTHING) for name in names}

    def _moment(self) -> int:
        """Pick a moment: mostly near now, and often at the edge of a shop day or at a change of the clock."""
        rng, now = self.rng, self.world.now
        kind = rng.random()
        if kind < 0.1:  # at the edge of a window of hours
            return now - rng.choice([1, 3, 24, 25, 36, 48]) * HOUR + rng.choice([-1, 0, 1])
        if kind < 0.4:
            return now - rng.randrange(50 * HOUR)
        day = ZONE.day(now) - rng.randrange(1 if kind < 0.5 else 12)
        midnight = ZONE.start(day)
        if kind < 0.65:
            self.world.edges["midnight"] += 1
            return min(now, midnight + rng.choice([-1, 0, 1, -SECOND, SECOND]))
        if kind < 0.8:
            return min(now, midnight + rng.randrange(4 * HOUR))
        return now - rng.randrange((HISTORY - 1) * DAY)

    def _session(self, browser: Browser) -> None:
        at = self._moment()
        for _ in range(self.rng.choice([1, 2, 3, 4, 6])):
            self._activity(browser, at)
            gap = [0, 1, 2 * MINUTE, 20 * MINUTE, 30 * MINUTE, 30 * MINUTE + 1]
            at += self.rng.choice(gap)

    def _activity(self, browser: Browser, at: int, name: str = "") -> None:
        rng = self.rng
        name = name or rng.choice([*NAMES[:2], *NAMES])
        texts = {
            key: rng.choice(values)
            for key, values in TEXTS.items()
            if key not in {"product", "category", "brand", "size", "currency", "page_category"}
            and rng.random() < 0.5
        }
        self._add(
            browser,
            name,
            at,
            lines=self._lines(),
            category=rng.choice([None, *CATEGORIES]),
            value=rng.choice([None, 500, 1000, 1250, 4000]),
            currency=rng.choice(["EUR", "EUR", "USD", None]),
            properties={"kleur van": rng.choice(ANYTHING)} if rng.random() < 0.7 else {},
            **texts,
        )

    def _lines(self) -> tuple[Line, ...]:
        rng = self.rng
        return tuple(
            Line(
                product=rng.choice(PRODUCTS),
                quantity=rng.choice([1, 1, 2, 3]),
                price=rng.choice([None, 500, 1000, 1250, 2000, 4000]),
                category=rng.choice([None, *CATEGORIES]),
                brand=rng.choice([None, *BRANDS]),
                size=rng.choice([None, *SIZES]),
            )
            for _ in range(rng.choice([0, 1, 1, 2, 3]))
        )

    def _facts(self, browser: Browser) -> None:
        rng = self.rng
        for _ in range(rng.choice([0, 1, 2])):
            self._add(browser, "preference", self._moment(), properties=self._scalars())
            scores: dict[str, Scalar] = {
                "phase": rng.choice(PHASES), "persona": rng.choice(PERSONAS),
                "churn": rng.choice([100_000, 250_000, 500_001, 900_000]),
                "rfm.recency": rng.randint(1, 5), "rfm.frequency": rng.randint(1, 5),
                "rfm.monetary": rng.randint(1, 5),
            }  # fmt: skip
            some = rng.sample(sorted(scores), k=4)
            self._add(browser, "score", self._moment(), properties={k: scores[k] for k in some})

    def _order(self, browser: Browser, customer: VisitorKey) -> None:
        """Place an order that finds its visitor by our id, by the browser's claim, or by the customer number."""
        rng, at = self.rng, self._moment()
        transaction = f"T-{self.number}"
        kind = rng.choice(["visitor", "claim", "identifier"])
        if kind == "claim":
            self._add(browser, "purchase_claim", at, transaction=transaction)
            at += rng.randrange(-HOUR, 26 * HOUR)  # beyond 24 hours it no longer joins
        self._add(
            browser if kind == "visitor" else None,
            "purchase",
            at,
            transaction=transaction,
            customer=customer if kind != "visitor" else None,
            lines=self._lines(),
            value=rng.choice([1000, 2500, 4550]),
            currency=rng.choice(["EUR", "EUR", "USD"]),
            epoch=browser.epoch(at),
        )

    def _busy(self, browser: Browser) -> None:
        """Let somebody do more than the 500 things that are remembered whole."""
        self.world.edges["more than 500"] += 1
        newest = self.world.now - self.rng.choice([0, 3 * DAY])
        for _ in range(560):
            self._activity(browser, newest - self.rng.randrange(5 * DAY), "page_view")

    def _add(self, browser: Browser | None, name: str, at: int, **fields: object) -> None:
        self.number += 1
        self.world.edges["DST day"] += ZONE.day(at) in DST_DAYS
        late = self.rng.choice([0, 0, MINUTE, 3 * DAY])
        self.world.edges["late"] += late >= DAY
        event = Event(
            id=EventId(f"e{self.rng.randrange(10**9):09d}-{self.number}"),
            name=name,
            time=at,
            received=at + late,
            trust="confirmed" if browser is None else "signed",
            source="server" if browser is None else "browser",
            **{
                "visitor": None if browser is None else browser.key,
                "purposes": OPEN,
                "epoch": 0 if browser is None else browser.epoch(at),
                **fields,
            },
        )
        identity = blake2b(event.id.encode(), digest_size=16).digest()
        self.world.arrivals.append(Arrival(event, identity, identity, "wk_test"))


def _key(name: str) -> VisitorKey:
    return VisitorKey(blake2b(name.encode(), digest_size=16).hexdigest())
