"""`bench decide`: a decision in this process, without network or disk in between.

Measured: reading a person from LMDB; `flow.serve.serve` for her; a whole call of the hot route with its body in
          and its answer out, but no socket.
Floor:    asking all 180 segments of five conditions about the same person, each once. A decision asks fewer (an
          experience stops at the first that holds), and does all the rest besides.
"""

from __future__ import annotations

import asyncio
import gc
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from etalage.api.hot import Hot
from etalage.api.rooms import Rooms
from etalage.api.server import settle
from etalage.api.wire import Message, Scope
from etalage.app import open_shop
from etalage.bench.rows import Row, latency_rows, row
from etalage.bench.traffic import decide_body, key_header
from etalage.bench.world import REFERENCE, RULE, SLOTS, Shape, World, make_world
from etalage.config import load
from etalage.domain.context import Context
from etalage.domain.ids import VisitorKey, visitor_key
from etalage.domain.profile import Person
from etalage.flow.open_shop import OpenShop
from etalage.flow.serve import Answered, Question, serve
from etalage.flow.who import person_behind

DIFFERENT = 500  # people who ask in turn
WARM_UP = 200


def bench_decide(directory: Path, *, seconds: float, shape: Shape = REFERENCE) -> list[Row]:
    """Measure decisions in process for about `seconds`."""
    world = make_world(directory, now=_now(), shape=shape)
    shop = open_shop(world.directory, world.shop, settings=load(directory), now=_now())
    settle()  # as the server does
    try:
        return _measured(world, shop, seconds)
    finally:
        gc.unfreeze()
        shop.close()


def _measured(world: World, shop: OpenShop, seconds: float) -> list[Row]:
    rng = random.Random(2)  # noqa: S311  drawn again the same, not secret
    asked = [(person, rng.choice(world.products)) for person in world.people[:DIFFERENT]]
    pepper, profiles = shop.ports.keys.pepper, shop.ports.profiles
    visitors = [visitor_key(pepper, "visitor", person) for person, _ in asked]
    questions = [
        _question(person_behind(profiles, visitor), product.id, product.category)
        for visitor, (_, product) in zip(visitors, asked, strict=True)
    ]
    secret = shop.ports.keys.secret("token")

    def read(number: int) -> Person:
        return person_behind(profiles, VisitorKey(visitors[number % len(visitors)]))

    def decide(number: int) -> Answered:
        question = questions[number % len(questions)]
        return serve(question, shop.configuration, shop.shelf, token_secret=secret)

    rules = [s for s in shop.configuration.segments.values() if s.name.startswith(RULE)]

    def ask_all(number: int) -> int:
        question = questions[number % len(questions)]
        person = question.person
        assert person is not None  # noqa: S101  for mypy: everybody here has a profile
        return sum(rule.holds(person, question.page, question.now) for rule in rules)

    share = seconds / 4
    floor = timed(ask_all, share)
    bodies = [decide_body(person, product, SLOTS) for person, product in asked]
    return [
        *latency_rows("read a person", timed(read, share), unit="us"),
        *latency_rows("decide", timed(decide, share), unit="us", floor=floor),
        *latency_rows("a whole call", _calls(shop, world, bodies, share), unit="us", floor=floor),
        *_shape([decide(number) for number in range(len(questions))], shop),
    ]


def _question(person: Person, product: str, category: str | None) -> Question:
    page = Context(page_type="product", product=product, category=category, device="phone")
    return Question(now=_now(), page=page, slots=SLOTS, person=person, language="nl")


def _shape(answered: Sequence[Answered], shop: OpenShop) -> list[Row]:
    """Say what kind of decisions these were, so that a fast one is not one that did nothing."""
    count = len(answered)
    return [
        row("live segments", len(shop.configuration.segments), "segments"),
        row("live experiences", len(shop.configuration.experiences), "experiences"),
        row(
            "answers with an entry",
            sum(bool(a.decision.entries) for a in answered) / count,
            "share",
        ),
        row("entries an answer", sum(len(a.decision.entries) for a in answered) / count, "entries"),
        row(
            "products an answer",
            sum(len(e.products) for a in answered for e in a.decision.entries) / count,
            "products",
        ),
    ]


def _calls(shop: OpenShop, world: World, bodies: Sequence[bytes], seconds: float) -> list[float]:
    """Time whole calls of the hot route; what it logs is written by the committer meanwhile, as always."""
    hot = Hot(Rooms({world.shop: shop}))
    scope: Scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/decide",
        "query_string": b"",
        "headers": [(b"authorization", key_header(world.server_key))],
    }
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def call(number: int) -> None:
        async def receive() -> Message:
            return {"type": "http.request", "body": bodies[number % len(bodies)]}

        await hot(dict(scope), receive, send)

    async def run() -> list[float]:
        for number in range(WARM_UP):
            await call(number)
        took: list[float] = []
        until = time.perf_counter() + seconds
        while (began := time.perf_counter()) < until:
            await call(len(took))
            took.append(time.perf_counter() - began)
            sent.clear()
        return took

    return asyncio.run(run())


def timed(work: Callable[[int], object], seconds: float) -> list[float]:
    """Call again and again for so long, after a warm-up; give the time of each call."""
    for number in range(WARM_UP):
        work(number)
    took: list[float] = []
    until = time.perf_counter() + seconds
    while (began := time.perf_counter()) < until:
        work(len(took))
        took.append(time.perf_counter() - began)
    return took


def _now() -> int:
    return time.time_ns() // 1000
