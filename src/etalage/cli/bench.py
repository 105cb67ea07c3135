"""`etalage bench`: how fast this machine does it, each figure beside its floor in the same run."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal, get_args

import msgspec
import typer
from rich.table import Table

from etalage.bench.decide import bench_decide
from etalage.bench.growth import bench_growth
from etalage.bench.ingest import KNOWN, bench_ingest
from etalage.bench.ingest import WARM_UP_SECONDS as INGEST_WARM_UP
from etalage.bench.learned import SESSIONS_LEARNED
from etalage.bench.page import available, bench_page
from etalage.bench.recommend import bench_recommend
from etalage.bench.recommend_peers import has_implicit
from etalage.bench.report import bench_report
from etalage.bench.rows import Row
from etalage.bench.segments import bench_segments
from etalage.bench.serve import Size, bench_serve
from etalage.bench.simulate import bench_simulate
from etalage.bench.world import Shape
from etalage.cli.console import JsonOption, err, out, print_json
from etalage.cli.showing import SHOP_PROGRAM
from etalage.simulate.server import SERVER_KEY, WRITE_KEY, port_of, serving
from etalage.simulate.shop import BESIDES, EFFECTS, open_shop

Bench = Literal[
    "decide", "serve", "ingest", "segments", "recommend", "growth", "report", "simulate", "page"
]
BENCHES: tuple[Bench, ...] = get_args(Bench)
# What the demo's shop keeps of a visitor who said yes to everything.
SAID_YES = {"noord_consent": '{"measure":true,"personalise":true,"ads":true}'}


def add_to(commands: typer.Typer) -> None:
    """Add this family of commands."""
    commands.command(epilog="Example: etalage bench decide --seconds 2 --json")(bench)


def bench(
    what: Annotated[
        Literal[
            "decide",
            "serve",
            "ingest",
            "segments",
            "recommend",
            "growth",
            "report",
            "simulate",
            "page",
            "all",
        ],
        typer.Argument(help="Which one; all takes some minutes."),
    ] = "all",
    seconds: Annotated[
        float, typer.Option(min=0.2, max=600, help="How long each part is measured.")
    ] = 5.0,
    events: Annotated[
        int, typer.Option(min=1_000, max=100_000_000, help="Events under the segments.")
    ] = 1_000_000,
    sessions: Annotated[
        int, typer.Option(min=1_000, max=10_000_000, help="Sessions that are learned from.")
    ] = 1_000_000,
    products: Annotated[
        int,
        typer.Option(
            min=100,
            max=20_000,
            help="Products over which EASE is learned, and of the shop with for_you.",
        ),
    ] = 20_000,
    profiles: Annotated[
        int, typer.Option(min=100, max=100_000_000, help="Profiles the shop has grown to.")
    ] = 20_000,
    visitors: Annotated[
        int, typer.Option(min=100, max=20_000_000, help="Visitors under the reports.")
    ] = 1_000_000,
    people: Annotated[
        int, typer.Option(min=20, max=500, help="People with a past, where decisions are made.")
    ] = 500,
    rules: Annotated[
        int, typer.Option(min=1, max=9, help="Segments each of their 20 messages asks about.")
    ] = 9,
    warm: Annotated[
        float, typer.Option(min=0.2, max=8, help="Seconds a server is asked before, at most.")
    ] = 8.0,
    workers: Annotated[
        int, typer.Option(min=1, max=64, help="Processes that answer, also of the floor.")
    ] = 1,
    where: Annotated[
        Path | None,
        typer.Option(
            "--in",
            metavar="DIR",
            help="Disk to measure on; default: the system's temporary folder.",
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Measure decisions, serving, intake, segments, recommending, growth, reports, simulation and the page; a ratio is value over floor.

    `page` needs Chromium and playwright; `all` leaves it out where they are missing.
    """
    measured: dict[Bench, list[Row]] = {}
    for name in BENCHES:
        if what not in {name, "all"}:
            continue
        if name == "page" and what == "all" and not available():
            err.print("[dim]page is left out: it needs Chromium and playwright[/dim]")
            continue
        with tempfile.TemporaryDirectory(prefix="etalage-bench-", dir=where) as folder:
            err.print(f"[dim]measuring {name} ...[/dim]")
            measured[name] = _run(
                name,
                Path(folder) / "shop",
                seconds=seconds,
                events=events,
                sessions=sessions,
                products=products,
                profiles=profiles,
                visitors=visitors,
                shape=Shape(people, rules),
                warm=warm,
                workers=workers,
            )
    if json:
        print_json({"bench": what, "rows": _flat(measured)})
        return
    for name, rows in measured.items():
        _show(name, rows)


def _run(  # noqa: C901, PLR0911  one for each bench
    name: Bench,
    directory: Path,
    *,
    seconds: float,
    events: int,
    sessions: int,
    products: int,
    profiles: int,
    visitors: int,
    shape: Shape,
    warm: float,
    workers: int,
) -> list[Row]:
    match name:
        case "decide":
            return bench_decide(directory, seconds=seconds, shape=shape)
        case "serve":
            return bench_serve(
                directory,
                Size(
                    seconds=seconds,
                    workers=workers,
                    warm=warm,
                    shape=shape,
                    products=products,
                    sessions=min(sessions, SESSIONS_LEARNED),
                ),
            )
        case "ingest":
            return bench_ingest(
                directory,
                seconds=seconds,
                workers=workers,
                shape=shape,
                known=min(profiles, KNOWN),
                warm=min(warm, INGEST_WARM_UP),
            )
        case "segments":
            return bench_segments(directory, events=events)
        case "recommend":
            if not has_implicit():
                err.print("[dim]the rows beside implicit are left out: it is not installed[/dim]")
            return bench_recommend(sessions=sessions, products=products, seconds=seconds)
        case "growth":
            return bench_growth(directory, profiles=profiles, seconds=seconds, shape=shape)
        case "report":
            return bench_report(directory, visitors=visitors)
        case "simulate":
            return bench_simulate(_play_world, seconds=seconds)
        case "page":
            with _demo_shop(directory) as home:
                return bench_page(home, consent=SAID_YES)


def _play_world(seed: int) -> int:
    """Play a world of 28 days; give its visitor-days."""
    from etalage.simulate.trial import visitor_days
    from etalage.simulate.world import World

    return visitor_days(World(seed=seed, effects=EFFECTS, visitors_per_day=2_000))


@contextmanager
def _demo_shop(directory: Path) -> Iterator[str]:
    """Serve the demo's shop, without its shoppers; give its home page."""
    directory.mkdir(parents=True)
    port = port_of(0)
    opened = open_shop(
        directory,
        now=time.time_ns() // 1000,
        experiences=(*EFFECTS, *BESIDES),
        at=f"http://127.0.0.1:{port}",
    )
    keys = {WRITE_KEY: opened.write_key, SERVER_KEY: opened.server_key}
    with serving(directory, port=port, program=SHOP_PROGRAM, keys=keys) as url:
        yield f"{url}/shop/"


def _flat(measured: dict[Bench, list[Row]]) -> list[Row]:
    """Give the rows of one bench as they are, those of several with the name of theirs in front."""
    if len(measured) == 1:
        return next(iter(measured.values()))
    return [
        msgspec.structs.replace(row, name=f"{name}: {row.name}")
        for name, rows in measured.items()
        for row in rows
    ]


def _show(name: str, rows: list[Row]) -> None:
    table = Table(title=name, title_justify="left", box=None, pad_edge=False)
    table.add_column("", no_wrap=True)
    for heading in ("value", "unit", "floor", "ratio"):
        table.add_column(heading, justify="left" if heading == "unit" else "right")
    for row in rows:
        table.add_row(row.name, _said(row.value), row.unit, _said(row.floor), _said(row.ratio))
    out.print(table)


def _said(number: float | None) -> str:
    """Write a figure with four digits, and thousands apart."""
    if number is None:
        return ""
    return f"{number:,.0f}" if number == int(number) else f"{number:,.4g}"
