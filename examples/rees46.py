"""Real events through the whole of Etalage, in one command: `make rees46`.

In:   the public REES46 sample (17,434 views, carts and purchases of one night) in ../shared/data.
Out:  tables, and exit code 1 if any figure does not add up.

    the sample ──> prepared copy ──> etalage import ──> shop "taken over": five segments sized
                          │
                          └──> visits against etalage serve ──> shop "replayed": report, account, replay

Idea: every figure is held against one that was counted another way: by hand-written SQL over the prepared file, or
      by the side that sent the events. Nobody saw a message that night, so whatever the report says of an effect is
      chance, and it may not claim one.

    python examples/rees46.py [--share 0.1] [--keep DIR]
"""  # noqa: INP001  a script, no package

from __future__ import annotations

import argparse
import io
import shlex
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import msgspec
import rees46_visits as visits
from msgspec import Struct
from rees46_checks import Check, Replayed, TakenOver, by_hand, checks_of_import, checks_of_night
from rees46_files import catalogue, prepare
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

import etalage
from etalage import app
from etalage.cli.main import whole
from etalage.domain.time import DAY, MINUTE, iso
from etalage.errors import EtalageError
from etalage.notebook import ShopFace
from etalage.simulate.server import serving

HERE = Path(__file__).resolve().parent
DOCUMENTS = HERE / "rees46"
SAMPLE = HERE.parents[1] / "shared" / "data" / "events_rees46_oct2019_sample" / "events.parquet"
SEGMENTS = ("phone-doubters", "looking-now", "big-spenders", "cart-to-order", "best-buyers")
EXPERIENCES = ("back-to-phones", "popular-here")
PURPOSES, BASIS = ("measure", "personalise"), "public sample, pseudonymous ids"
AUTHOR, APPROVER = "ann", "bob"
SCORES_SECONDS = 90.0  # for the background process to count everybody for the first time
# A night is played in a minute or two, so what happens every minute of a real day happens more often.
QUICKER = "popular_seconds = 10\nroll_seconds = 20\n"


class Files(Struct, frozen=True):
    """The prepared copy."""

    events: Path
    catalogue: Path
    rows: int


# ---- The three steps ------------------------------------------------------------------------------------


def prepared(home: Path, source: Path = SAMPLE) -> Files:
    """Write the prepared events and their catalogue."""
    events, products = home / "events.parquet", home / "catalogue.csv"
    rows = prepare(source, events)
    catalogue(source, products)
    return Files(events, products, rows)


def taken_over(home: Path, files: Files) -> TakenOver:
    """Import everything into a new shop, as its owner would, and size the segments."""
    data = home / "taken-over"
    command("init", data, name="REES46", domain=visits.DOMAIN, currency="USD",
            zone="Europe/Amsterdam", purposes=",".join(PURPOSES), basis=BASIS)  # fmt: skip
    command("import", "catalogue", files.catalogue, data=data)
    receipt = command("import", "events", files.events, data=data, format="ga4",
                      purposes=",".join(PURPOSES), basis=BASIS)  # fmt: skip
    _score(data)
    command("apply", DOCUMENTS, data=data, **{"as": AUTHOR})
    command("approve", *EXPERIENCES, data=data, **{"as": APPROVER})
    sizes = {name: command("segment", "size", name, data=data)["people"] for name in SEGMENTS}
    account = command("doctor", data=data)["intake"]
    return TakenOver(receipt, account, sizes, by_hand(files.events))


def replayed(home: Path, files: Files, *, share: float = 1.0, settings: str = QUICKER) -> Replayed:
    """Play the same events against a server, page by page, and ask what it made of them."""
    data = home / "replayed"
    rows = visits.rows_of(files.events, share=share)
    opens, closes = iso(rows[0].time - MINUTE), iso(rows[-1].time + 2 * DAY)
    server_key = _simulated(data, now=rows[0].time - MINUTE)
    (data / "etalage.toml").write_text(settings, encoding="utf-8")
    command("import", "catalogue", files.catalogue, data=data, now=opens)
    command("apply", DOCUMENTS, data=data, now=opens, **{"as": AUTHOR})
    command("approve", *EXPERIENCES, data=data, now=opens, **{"as": APPROVER})
    with serving(data) as url, _bar(len(rows)) as advance:
        played = visits.play(rows, url, server_key, progress=advance)
    _say(f"serve --data {data}   # and the night played", played.seconds)
    account = command("doctor", data=data)["intake"]
    reports = command("report", data=data, now=closes)
    replay = command("replay", data=data)
    return Replayed(rows, played, account, reports, replay)


# ---- How ------------------------------------------------------------------------------------------------


def command(*words: object, **options: object) -> Any:
    """Run a command of `etalage` with --json, show it as anybody would type it, and read its answer.

    It runs in this process: to start Python for each would take longer than what they do.

    Raises:
        SystemExit: it was refused, with the reason.
    """
    told = [str(word) for word in words]
    for option, value in options.items():
        told += [f"--{option}", str(value)]
    started = time.monotonic()
    try:
        with redirect_stdout(io.StringIO()) as output:
            whole()([*told, "--json"], standalone_mode=False)
    except EtalageError as error:
        raise SystemExit(f"{shlex.join(told)}: {error.code}: {error.message}") from error
    _say(shlex.join(told), time.monotonic() - started)
    return msgspec.json.decode(output.getvalue())


def _say(told: str, seconds: float) -> None:
    """Show what was run and how long it took."""
    screen.print(f"{seconds:5.1f} s  $ etalage {told}", style="dim", markup=False, highlight=False, soft_wrap=True)  # fmt: skip


def _score(data: Path) -> None:
    """Let the night shift of a running server count phase and RFM of everybody."""
    started = time.monotonic()
    with serving(data), etalage.open(data) as shop:
        people = _count(shop, "count(DISTINCT visitor)", "name = 'view_item'")
        while _count(shop, "count(*)", "name = 'score'") < people:
            if time.monotonic() > started + SCORES_SECONDS:
                raise SystemExit(f"no scores within {SCORES_SECONDS:.0f} s; see {data}.log")
            time.sleep(0.5)
    _say(f"serve --data {data}   # until everybody has scores", time.monotonic() - started)


def _count(shop: ShopFace, what: str, where: str) -> int:
    ((found,),) = shop.events.filter(where).aggregate(what).fetchall()
    return int(found)


def _simulated(data: Path, *, now: int) -> str:
    """Make a shop in which a caller with the server key may say what time it is; give that key."""
    shop = app.new_shop("REES46 replayed", visits.DOMAIN, currency="USD", simulated=True)
    return app.create_shop(data, shop, now=now, purposes=PURPOSES, basis=BASIS).server_key


@contextmanager
def _bar(total: int) -> Iterator[Any]:
    columns = (TextColumn("playing the night"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=screen, transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda: bar.advance(task)


# ---- What a reader sees -----------------------------------------------------------------------------------


def main() -> int:
    """Do it all, print it, and say whether it adds up."""
    asked = _arguments()
    if not SAMPLE.exists():
        screen.print(f"{SAMPLE} is not there: the sample is not part of this project.")
        return 1
    started = time.monotonic()
    with _home(asked.keep) as home:
        files = prepared(home)
        taken = taken_over(home, files)
        again = replayed(home, files, share=asked.share)
    checks = [*checks_of_import(files.rows, taken), *checks_of_night(again)]
    _print_sizes(taken)
    _print_reports(again)
    _print_played(again, share=asked.share)
    _print_checks(checks)
    wrong = sum(not check.holds for check in checks)
    said = f"{wrong} figures do not add up" if wrong else f"all {len(checks)} figures add up"
    screen.print(f"\n{said}; {time.monotonic() - started:.0f} seconds")
    return 1 if wrong else 0


def _arguments() -> argparse.Namespace:
    known = argparse.ArgumentParser(description="Real events through the whole of Etalage.")
    known.add_argument("--share", type=float, default=1.0,
                       help="of the visitors that are played against the server (0-1); all are imported")  # fmt: skip
    known.add_argument(
        "--keep", type=Path, metavar="DIR", help="leave files and shops in a new DIR"
    )
    return known.parse_args()


@contextmanager
def _home(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        kept.mkdir(parents=True)
        yield kept
        return
    home = Path(tempfile.mkdtemp(prefix="rees46-"))
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _print_sizes(taken: TakenOver) -> None:
    table = Table("segment", "people", "by hand", title="Segments of the shop taken over")
    for name, people in taken.sizes.items():
        table.add_row(name, f"{people:,}", f"{taken.by_hand.get(name, '')}")
    screen.print(table)


def _print_reports(again: Replayed) -> None:
    columns = (
        "experience",
        "state",
        "arm",
        "persons",
        "seen by",
        "conversions",
        "orders",
        "revenue",
    )
    table = Table(*columns, title="Report of the shop replayed (nobody saw these messages)")
    for report in again.reports:
        state = f"{report['state']}: {report['reason']}" if report["reason"] else report["state"]
        for place, arm in enumerate(report["variants"]):
            figures = (
                arm[name] for name in ("triggered", "exposures", "conversions", "orders", "revenue")
            )
            first = (report["experience"], state) if place == 0 else ("", "")
            table.add_row(*first, arm["variant"], *(f"{figure:,}" for figure in figures))
    screen.print(table)
    for report in again.reports:
        joined = sum(report["orders_by_way"].values())
        screen.print(
            f"{report['experience']}: coverage {report['coverage']:.1%} of {report['measurable']:,} measurable; "
            f"{joined} orders, joined {report['joined_share']:.0%} ({report['orders_by_way']})"
        )


def _print_played(again: Replayed, *, share: float) -> None:
    played, account = again.played, again.account
    who = (
        "all visitors"
        if share == 1
        else f"{share:.0%} of the visitors: the others were only imported"
    )
    waited = sorted(played.milliseconds)
    p50, p90, p99 = (waited[int(len(waited) * part)] for part in (0.5, 0.9, 0.99))
    screen.print(
        f"\nPlayed {played.rows:,} events of {who}, {played.decisions:,} page views with a decision each, "
        f"in {played.seconds:.0f} s over {visits.CONNECTIONS} connections."
    )
    screen.print(
        f"Waited for a decision, its page view kept on disk first: p50 {p50:.0f}, p90 {p90:.0f}, p99 {p99:.0f} ms."
    )
    screen.print(
        f"Account: {account['received']:,} received = {account['accepted']:,} accepted + {account['duplicate']:,} "
        f"duplicate + {account['quarantined']:,} quarantined + {account['refused']:,} refused"
    )
    screen.print(
        f"Replay: {again.replay['same']:,} of {again.replay['decisions']:,} decisions the same"
    )


def _print_checks(checks: list[Check]) -> None:
    table = Table("", "figure", "Etalage", "counted another way", title="Does it add up?")
    for check in checks:
        table.add_row("yes" if check.holds else "NO", check.what, str(check.found), str(check.counted),
                      style=None if check.holds else "bold red")  # fmt: skip
    screen.print(table)


screen = Console(width=120) if not sys.stdout.isatty() else Console()

if __name__ == "__main__":
    sys.exit(main())
