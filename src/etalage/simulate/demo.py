"""`make demo`: a shop with simulated shoppers, four weeks in a minute, and the report beside the truth.

In:   where, on which port, and a seed.
Out:  a table; then a running shop at an address, until Ctrl-C.
Idea: nothing here knows a short cut. The shop is made as any shop, its files are applied by one and approved by
      another, its shoppers speak to the real server, and the report reads nothing but the log.
"""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from etalage.api.slim import few_arenas, give_back
from etalage.domain.time import DAY, Micros
from etalage.simulate import beside as besides
from etalage.simulate import regulars
from etalage.simulate.apart import apart
from etalage.simulate.beside import Beside, Language, beside, known, measured, say
from etalage.simulate.catalogue import shelf
from etalage.simulate.client import Client
from etalage.simulate.papers import write_papers
from etalage.simulate.run import Played, run
from etalage.simulate.server import HOST, PROGRAM, SERVER_KEY, WRITE_KEY, port_of, serving
from etalage.simulate.shop import BESIDES, EFFECTS, Opened, open_shop
from etalage.simulate.shopping import Shop
from etalage.simulate.trickle import trickle
from etalage.simulate.world import World

PORT = 8400
SEED = 1
# More people buy than in most shops, so that four weeks are enough to see something.
DEMO_BASE = 0.18
VISITORS_PER_DAY = 400
RETURNING_SHARE = 0.25
HOLDOUT = 0.05  # of all persons, as in a programme: who opens the shop may be one of them


class Shown(Struct, frozen=True):
    """A world that was played, and what its report says."""

    played: Played
    compared: list[Beside]


def demo(
    directory: Path | None = None,
    *,
    port: int = PORT,
    seed: int = SEED,
    headless: bool = False,
    json: bool = False,
    language: Language = "nl",
    program: Sequence[str] = PROGRAM,
) -> None:
    """Show a living shop.

    Args:
        directory: where its data goes; a temporary one, removed at the end, by default.
        port: of the server.
        seed: of the world.
        headless: stop after the report.
        json: print one JSON object instead of the table (and nothing else on standard output).
        language: of the texts.
        program: that serves it; the command line gives one that has the shop's pages too.
    """
    world = World(
        seed=seed,
        effects=EFFECTS,
        base=DEMO_BASE,
        visitors_per_day=VISITORS_PER_DAY,
        returning_share=RETURNING_SHARE,
        holdout=HOLDOUT,
        page_time=True,
    )
    screen = Console(stderr=json)
    few_arenas()
    with ending_in_order(), place(directory) as data:
        start = moment() - world.days * DAY
        chosen = port_of(port)
        at = f"http://{HOST}:{chosen}"
        experiences = (*EFFECTS, *BESIDES)
        opened = apart(
            open_shop,
            data,
            now=start,
            experiences=experiences,
            seed=seed,
            at=at,
            holdout=world.holdout,
        )
        keys = {WRITE_KEY: opened.write_key, SERVER_KEY: opened.server_key}
        counts = {
            "products": len(opened.catalogue.products),
            "experiences": len(experiences),
        }
        screen.print(say(language, "opening", **{k: str(v) for k, v in counts.items()}))
        with serving(data, port=chosen, program=program, keys=keys) as url:
            if not headless:
                screen.print(say(language, "shop", url=url), markup=False)
            shown = _live(url, data, opened, world, start=start, language=language)
            if json:
                print_json(besides.to_json(shown.compared))
            _print(screen, shown, language)
            if (
                directory is not None or not headless
            ):  # else they would be gone before they are read
                papers = apart(write_papers, data, opened.shop, now=shown.played.end)
                screen.print(say(language, "papers", folder=str(papers[0].parent)), markup=False)
            if not headless:
                give_back()
                screen.print(say(language, "address", url=url, directory=str(data)), markup=False)
                key = opened.server_key
                screen.print(say(language, "server_key", key=key), markup=False)
                _go_on(screen, url, opened, shown.played, language)


def print_json(value: Any) -> None:
    """Print a value for a program to read."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")


def _live(
    url: str, data: Path, opened: Opened, world: World, *, start: int, language: Language
) -> Shown:
    """Play the world in a shop with a past: customers who come back, before its first day and until its last."""
    key, goods, end = opened.server_key, opened.catalogue, start + world.days * DAY
    regulars.bring(url, key, goods, since=0, upto=start, end=end)
    shown = play(url, data, opened, world, start=start, language=language)
    regulars.bring(url, key, goods, since=start, upto=end, end=end)
    apart(regulars.train, data, opened.shop, now=end)
    return shown


def play(
    url: str,
    data: Path,
    opened: Opened,
    world: World,
    *,
    start: int,
    language: Language,
) -> Shown:
    """Play the world, and make its report while the server runs on."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    screen = Console(stderr=True)
    with Progress(
        *columns,
        TimeElapsedColumn(),
        console=screen,
        transient=True,
        disable=not screen.is_terminal,
    ) as bar:
        task = bar.add_task(say(language, "playing", days=str(world.days)), total=world.days)
        played = run(
            url,
            opened.server_key,
            world,
            catalogue=opened.catalogue,
            slots=opened.slots,
            start=start,
            progress=lambda done, _: bar.update(task, completed=done),
        )
    reports = apart(measured, data, opened.shop, now=played.end)
    return Shown(played, beside(played, known(reports, world)))


def _print(screen: Console, shown: Shown, language: Language) -> None:
    screen.print()
    screen.print(besides.table(shown.compared, shown.played, language))
    for sentence in besides.sentences(shown.compared, language):
        screen.print(sentence, markup=False, highlight=False)
    for note in besides.notes(shown.compared, language):
        screen.print(note, style="dim")
    screen.print()


def _go_on(
    screen: Console,
    url: str,
    opened: Opened,
    played: Played,
    language: Language,
) -> None:
    """Let visitors trickle in until Ctrl-C."""
    client = Client(url, opened.server_key, insist=False)
    pieces = shelf(opened.catalogue, now=played.start)
    shop = Shop(played.world, client, pieces, opened.slots, played.start)
    before = played.story.decisions, played.story.orders
    try:
        with screen.status("") as status:
            trickle(
                shop,
                played.story,
                clock=moment,
                told=lambda story: status.update(
                    say(
                        language,
                        "trickle",
                        visits=str(story.decisions - before[0]),
                        orders=str(story.orders - before[1]),
                    )
                ),
            )
    except KeyboardInterrupt:
        screen.print(say(language, "stopped"))
    finally:
        client.close()


@contextmanager
def ending_in_order() -> Iterator[None]:
    """Take the end of the terminal, or of `make`, as Ctrl-C: the server is stopped and the data is cleaned up."""
    known = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    for number in known:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in known.items():
            signal.signal(number, handler)


@contextmanager
def place(directory: Path | None) -> Iterator[Path]:
    """Give the data directory: the given one, or one that is gone afterwards with its keys."""
    if directory is not None:
        directory.parent.mkdir(parents=True, exist_ok=True)
        yield directory
        return
    home = Path(tempfile.mkdtemp(prefix="etalage-demo-"))
    try:
        yield home / "noord"
    finally:
        shutil.rmtree(home, ignore_errors=True)


def moment() -> Micros:
    """Give what time it is."""
    return Micros(time.time_ns() // 1000)
