"""`bench growth`: whether an event and a decision take longer when the shop knows a hundred times as many people.

Measured: in this process, without a socket: batches of 100 events of 20 visitors, from their bytes to the log and the
          folds; and a decision, from reading the person on. Both in a shop with many profiles, visitors drawn from all
          of them; also how large a fold is, and what the profiles take on disk.
Floor:    the same in a shop with 10,000 profiles, in turns with the large one.

The profiles are those of 500 people whose past went through intake (14 events on average, half of them at most 5,
some hundreds), again and again under other keys, with links and sessions of their own. They are put into the store
in the order of a digest, as visitors come. The log holds the past of the 500 alone.
"""

from __future__ import annotations

import gc
import random
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from etalage.app import open_shop
from etalage.bench.crowd import fill
from etalage.bench.rows import Row, row
from etalage.bench.traffic import batch_bodies, numbered, usual
from etalage.bench.world import REFERENCE, SLOTS, Shape, World, make_world
from etalage.collect.call import items_of
from etalage.collect.intake import Received
from etalage.collect.parse import parse_batch
from etalage.config import load
from etalage.domain.context import Context
from etalage.domain.ids import visitor_key
from etalage.flow.ingest import door_of, sender_of, take_in
from etalage.flow.open_shop import OpenShop
from etalage.flow.remember import remember
from etalage.flow.serve import Question, serve
from etalage.flow.who import person_behind
from etalage.ports import ApiKey

FEW = 10_000  # profiles of the floor
BATCH = 100  # events
BODIES = 200  # different batches
WEIGHED = 2_000  # folds of which the size is looked at
WARM_UP = 20  # batches, and twenty times as many decisions

_encode = msgspec.msgpack.Encoder().encode


class Known:
    """An open shop, and everybody it knows."""

    def __init__(self, directory: Path, profiles: int, shape: Shape) -> None:
        self.world = make_world(directory, now=_now(), shape=shape, often=usual)
        began = time.perf_counter()
        self.shop = _opened(self.world)
        pepper = self.shop.ports.keys.pepper
        self.people = [*self.world.people, *(f"w-{i}" for i in range(profiles - shape.people))]
        self.visitors = [visitor_key(pepper, "visitor", person) for person in self.people]
        fill(self.shop.ports.profiles, self.visitors[: len(self.world.people)], self.visitors)
        self.seconds = time.perf_counter() - began
        rng = random.Random(5)  # noqa: S311  drawn again the same, not secret
        now = _now()
        self._bodies = batch_bodies(
            self.people, self.world.products, rng, count=BODIES, size=BATCH, now=now
        )
        self._rng, self._sent = rng, 0
        (self._key,) = (k for k in self.shop.configuration.keys.values() if k.kind == "server")

    def take_batch(self) -> float:
        """Take in the next batch; give the seconds an event took."""
        self._sent += 1
        body = numbered(self._bodies[self._sent % BODIES], self._sent)
        began = time.perf_counter()
        take(self.shop, self._key, body)
        return (time.perf_counter() - began) / BATCH

    def decide(self) -> float:
        """Decide for somebody; give the seconds that took."""
        visitor = self._rng.choice(self.visitors)
        product = self._rng.choice(self.world.products)
        page = Context(page_type="product", product=product.id, category=product.category)
        secret = self.shop.ports.keys.secret("token")
        began = time.perf_counter()
        person = person_behind(self.shop.ports.profiles, visitor)
        question = Question(now=_now(), page=page, slots=SLOTS, person=person, language="nl")
        serve(question, self.shop.configuration, self.shop.shelf, token_secret=secret)
        return time.perf_counter() - began

    def fold_bytes(self) -> list[int]:
        """Give the sizes of some folds."""
        drawn = self._rng.sample(self.visitors, min(WEIGHED, len(self.visitors)))
        folds = self.shop.ports.profiles.many(drawn).values()
        return [len(_encode(fold)) for fold in folds]

    def disk_bytes(self) -> int:
        """Give what the files of the profiles take."""
        home = self.world.directory / "shops" / self.world.shop / "profiles"
        return sum(file.stat().st_blocks * 512 for file in home.rglob("*") if file.is_file())


def bench_growth(
    directory: Path, *, profiles: int, seconds: float, shape: Shape = REFERENCE
) -> list[Row]:
    """Measure events and decisions for about `seconds` in all, once the profiles are there."""
    shape = msgspec.structs.replace(shape, people=min(shape.people, profiles))
    few, many = (
        Known(directory / "few", min(FEW, profiles), shape),
        Known(directory / "many", profiles, shape),
    )
    gc.collect()
    gc.freeze()  # as the server does
    try:
        events = in_turns([few.take_batch, many.take_batch], seconds / 2, WARM_UP)
        decisions = in_turns([few.decide, many.decide], seconds / 2, WARM_UP * 20)
        sizes, disk = many.fold_bytes(), many.disk_bytes()
        many.shop.ports.profiles.renew(lambda: ())  # as every night in which something was removed
        copied = many.disk_bytes()
    finally:
        gc.unfreeze()
        few.shop.close()
        many.shop.close()
    return [
        row("profiles", profiles, "profiles", floor=len(few.people)),
        row("profiles made", profiles / many.seconds, "profiles/s"),
        _beside("an event, p50", events),
        _beside("a decision, p50", decisions),
        row("a fold, median", statistics.median(sizes) / 1024, "KB"),
        row("a fold, mean", statistics.mean(sizes) / 1024, "KB"),
        row("profiles on disk", disk / 1e6, "MB"),
        row("profiles on disk after the night's copy", copied / 1e6, "MB"),
    ]


def take(shop: OpenShop, key: ApiKey, body: bytes) -> None:
    """Take in a call as the server does: its steps, the log, the folds."""
    ports, live = shop.ports, shop.configuration
    door = door_of(sender_of(key), Received(_now()), live, ports, visitor_id=None)
    taken = take_in(items_of(parse_batch(body)), door, ports)
    ports.log.append(taken.arrivals, taken.rejected)
    remember(ports.log, ports.profiles, live.how)


def in_turns(
    works: Sequence[Callable[[], float]], seconds: float, warm_up: int
) -> list[list[float]]:
    """Let each do a piece in turn, for so long together; give the times that each took."""
    took: list[list[float]] = [[] for _ in works]
    for _ in range(warm_up):
        for work in works:
            work()
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        for number, work in enumerate(works):
            took[number].append(work())
    return took


def _beside(name: str, took: Sequence[Sequence[float]]) -> Row:
    few, many = (statistics.median(times) * 1e6 for times in took)
    return row(name, many, "us", floor=few)


def _opened(world: World) -> OpenShop:
    return open_shop(world.directory, world.shop, settings=load(world.directory), now=_now())


def _now() -> int:
    return time.time_ns() // 1000
