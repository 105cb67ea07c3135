"""The watch: looks at every part of every shop once a second, and makes it red or green.

In:   the shops.
Out:  `shop.health`; a line in the log for each change.
Idea: each look has a thread of its own, so that a part which hangs holds up nobody: a look that does not come back
      in time is itself the finding. A red part is asked to do what it failed at, not only whether it is there.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Self

from etalage.api.logs import log
from etalage.api.rooms import Rooms
from etalage.api.steady import SteadyClock
from etalage.domain.ids import ShopId, VisitorKey
from etalage.flow.health import Part, said_by
from etalage.flow.open_shop import OpenShop

EVERY_SECONDS = 1.0
SLOW_SECONDS = (
    2.0  # a look that does not come back by then finds its part red, a late one counts against it
)
END_SECONDS = 1.0  # for looks under way when the doors close

MOST_BEHIND = 5_000  # events; profiles that lack more do not know what people allowed last
NOBODY = VisitorKey("0" * 32)  # somebody to ask profiles for

Look = Callable[[OpenShop], None]  # raises what is wrong


@dataclass(slots=True)
class _Post:
    """One part of one shop, and the look that is under way."""

    shop: OpenShop
    part: Part
    look: Look
    began: float = 0.0
    thread: threading.Thread | None = field(default=None)

    @property
    def is_under_way(self) -> bool:
        return self.thread is not None and self.thread.is_alive()


class Watch:
    """Looks at the shops of this process."""

    def __init__(
        self,
        rooms: Rooms,
        *,
        clock: SteadyClock | None = None,
        slow_seconds: float = SLOW_SECONDS,
    ) -> None:
        self._rooms = rooms
        self._clock = clock
        self._slow = slow_seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._posts: dict[tuple[ShopId, Part], _Post] = {}

    def __enter__(self) -> Self:
        """Look every second, in a thread of its own."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Look no more; what is under way may end, before the stores are closed."""
        self._ended.set()
        self._thread.join()
        until = time.monotonic() + END_SECONDS
        for post in self._posts.values():
            if post.thread is not None:
                post.thread.join(max(0.0, until - time.monotonic()))

    def _run(self) -> None:
        while not self._ended.wait(EVERY_SECONDS):
            self.tick()

    def tick(self) -> None:
        """Begin a look at each part whose last one came back; the others are slow."""
        if self._clock is not None:
            self._clock.look()
        for name, shop in self._rooms.shops.items():
            self._look_at_clock(shop)
            for part, look in LOOKS.items():
                post = self._posts.setdefault((name, part), _Post(shop, part, look))
                if not post.is_under_way:
                    self._begin(post)
                elif time.monotonic() - post.began > self._slow:
                    told(shop, part, f"no answer within {self._slow:g} s")

    def _look_at_clock(self, shop: OpenShop) -> None:
        if self._clock is None:
            return
        if self._clock.says is not None:
            told(shop, "clock", self._clock.says)
        elif shop.health.heal("clock"):
            log.warning("well again", shop=shop.configuration.shop.id, part="clock")

    def _begin(self, post: _Post) -> None:
        post.began = time.monotonic()
        name = f"look at {post.part}"
        post.thread = threading.Thread(target=self._look, args=(post,), name=name, daemon=True)
        post.thread.start()

    def _look(self, post: _Post) -> None:
        try:
            post.look(post.shop)
        except Exception as error:  # noqa: BLE001  whatever a part says, it is not well
            told(post.shop, post.part, said_by(error))
            return
        seconds = time.monotonic() - post.began
        if seconds > self._slow:
            post.shop.health.slow(post.part, f"an answer took {seconds:.1f} s")
        elif seconds <= self._slow and post.shop.health.heal(post.part):
            log.warning("well again", shop=post.shop.configuration.shop.id, part=post.part)


def told(shop: OpenShop, part: Part, says: str) -> None:
    """Make a part of a shop red; the first time, say so in the log."""
    if shop.health.fail(part, says):
        log.error("not well", shop=shop.configuration.shop.id, part=part)


# ---- What is asked of each ---------------------------------------------------------------------------


def _log(shop: OpenShop) -> None:
    shop.ports.log.check_room()
    shop.ports.log.head()
    if shop.health.is_red("log"):
        shop.prove_log()


def _profiles(shop: OpenShop) -> None:
    """Ask for somebody; profiles that were lost are made again from the log, and red until they are."""
    position = shop.ports.profiles.position()
    shop.ports.profiles.get(NOBODY)
    behind = shop.ports.log.head() - position
    if behind > MOST_BEHIND or (behind and not position):
        told(shop, "profiles", f"{behind} events behind the log; they are being read again")
        shop.catch_up()


def _profiles_write(shop: OpenShop) -> None:
    if shop.health.is_red("profiles_write"):
        shop.catch_up()


def _records(shop: OpenShop) -> None:
    shop.ports.records.generation()


def _models(shop: OpenShop) -> None:
    shop.prove_models()


def _committer(shop: OpenShop) -> None:
    """Wait in the queue like everybody; nothing is written for it."""
    shop.commits.submit(()).result()


LOOKS: Mapping[Part, Look] = {
    "log": _log,
    "profiles": _profiles,
    "profiles_write": _profiles_write,
    "records": _records,
    "models": _models,
    "committer": _committer,
}
