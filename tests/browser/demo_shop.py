"""The demo as `etalage demo` opens it, made small: two days of few shoppers, and the doors open."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from etalage import app
from etalage.cli.showing import SHOP_PROGRAM
from etalage.config import load
from etalage.decide.allocate import allocate, draw_holdout
from etalage.decide.token import issue_visitor_token
from etalage.domain.event import Event
from etalage.domain.ids import HOLDOUT, ExperienceName, visitor_key
from etalage.domain.time import DAY, MINUTE
from etalage.flow.configuration import configure
from etalage.flow.nightly import own_time, popular_now
from etalage.simulate import regulars
from etalage.simulate.run import run
from etalage.simulate.server import SERVER_KEY, WRITE_KEY, port_of, serving
from etalage.simulate.shop import BESIDES, EFFECTS, Opened, open_shop
from etalage.simulate.world import World

# A small shop may call something popular sooner; that is a setting. Counting takes half a second of a core.
SETTINGS_FILE = "popular_seconds = 10\npopular_least_visitors = 2\n"
COUNTED_SECONDS = 120.0  # on a busy machine
WORLD = World(seed=1, effects=EFFECTS, base=0.18, visitors_per_day=60, days=2, returning_share=0)


@dataclass
class Demo:
    """The running demo, and a supply of visitors whose arms are known beforehand."""

    url: str
    directory: Path
    opened: Opened
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def shop(self) -> str:
        return f"{self.url}/shop"

    def hold_out(self, share: float) -> None:
        """Keep a share of all persons from everything; the server takes over within a second."""
        settings = load(self.directory)
        _, ports = app.open_ports(self.directory, self.opened.shop, settings=settings)
        try:
            now = time.time_ns() // 1000
            ports.records.change_shop({"holdout_share": share}, actor="ann", now=now)
        finally:
            ports.close()
        time.sleep(1.5)

    def visitor(self, *, held: bool = False, **arms: str) -> str:
        """Give the token of somebody new who is in these arms; `drie_lijsten="control"` for drie-lijsten."""
        settings = load(self.directory)
        _, ports = app.open_ports(self.directory, self.opened.shop, settings=settings)
        try:
            keys = ports.keys
            plan = configure(ports).plan
            live, holdout = plan.experiences, plan.rules.holdout
        finally:
            ports.close()
        wanted = {ExperienceName(name.replace("_", "-")): arm for name, arm in arms.items()}
        for number in self._numbers:
            called = f"somebody-{number}"
            unit = str(visitor_key(keys.pepper, "visitor", called))
            if (draw_holdout(holdout, unit).arm == HOLDOUT) is not held:
                continue
            if all(allocate(live[name], unit).arm == arm for name, arm in wanted.items()):
                return issue_visitor_token(called, time.time_ns() // 1000, keys.secret("visitor"))
        raise AssertionError

    def events(self, *names: str) -> list[Event]:
        """Read the log beside the running server."""
        settings = load(self.directory)
        _, ports = app.open_ports(self.directory, self.opened.shop, settings=settings)
        try:
            return [event for _, event in ports.log.read(0) if not names or event.name in names]
        finally:
            ports.close()


@contextmanager
def demo_shop(home: Path) -> Iterator[Demo]:
    """Open the shop, let its shoppers by, and keep its doors open."""
    directory = home / "noord"
    directory.mkdir(parents=True)
    (directory / "etalage.toml").write_text(SETTINGS_FILE, encoding="utf-8")
    start = time.time_ns() // 1000 - WORLD.days * DAY - 10 * MINUTE
    port = port_of(0)
    opened = open_shop(
        directory, now=start, experiences=(*EFFECTS, *BESIDES), at=f"http://127.0.0.1:{port}"
    )
    keys = {WRITE_KEY: opened.write_key, SERVER_KEY: opened.server_key}
    with serving(directory, port=port, program=SHOP_PROGRAM, keys=keys) as url:
        run(
            url,
            opened.server_key,
            WORLD,
            catalogue=opened.catalogue,
            slots=opened.slots,
            start=start,
        )
        end = start + WORLD.days * DAY
        key, goods = opened.server_key, opened.catalogue
        regulars.bring(url, key, goods, since=0, upto=end, end=end)
        regulars.train(directory, opened.shop, now=end)
        _wait_until_counted(directory, opened)
        yield Demo(url, directory, opened)


def _wait_until_counted(directory: Path, opened: Opened) -> None:
    """Wait until what is popular was counted with all that happened, and the server has taken it over."""
    _, ports = app.open_ports(directory, opened.shop, settings=load(directory))
    try:
        newest, until = own_time(ports.log, 0), time.monotonic() + COUNTED_SECONDS
        while time.monotonic() < until:
            counted = popular_now(ports)
            if counted is not None and counted.made >= newest and counted.products:
                time.sleep(1.5)
                return
            time.sleep(0.5)
    finally:
        ports.close()
    raise AssertionError("what is popular was not counted")
