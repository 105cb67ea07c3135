"""What all commands share: where the data is, what time it is, how answers and errors are printed.

Exit codes: 0 done, 1 refused with a reason, 2 wrong usage.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from etalage.config import load
from etalage.domain.shop import Shop
from etalage.domain.time import Micros, micros
from etalage.errors import BadInput, EtalageError
from etalage.ports import Ports

DataOption = Annotated[
    Path, typer.Option("--data", help="The data directory.", envvar="ETALAGE_DATA", metavar="DIR")
]
ShopOption = Annotated[
    str | None, typer.Option("--shop", help="Which shop, if the directory holds several.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
AsOption = Annotated[str, typer.Option("--as", help="Who does this; authors cannot approve.")]
NowOption = Annotated[
    str | None,
    typer.Option(
        "--now", help="As of this moment (ISO 8601); only in simulated shops.", hidden=True
    ),
]

out = Console()
err = Console(stderr=True)


def print_json(value: object) -> None:
    """Print a value as JSON for a program to read."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")


def fail(error: EtalageError) -> NoReturn:
    """Print an error as people need it (and its code, for searching), and leave with 1."""
    place = error.field or ""
    # Of a nested document the path says where to look; the name of an option or a file is in the message already.
    where = f" (at {place})" if set(place) & {".", "["} and place not in error.message else ""
    err.print(Text.assemble((error.code, "bold"), f": {error.message}{where}"))
    raise typer.Exit(1)


@contextmanager
def opened(
    directory: Path, shop: str | None = None, *, now: str | None = None
) -> Iterator[tuple[Shop, Ports, Micros]]:
    """Open a shop for one command: its settings, its stores and the moment."""
    from etalage import app  # loads all that a shop stands on

    settings = load(directory)
    known, ports = app.open_ports(directory, app.the_shop(directory, shop), settings=settings)
    try:
        yield known, ports, _moment(known, now)
    finally:
        ports.close()


def _moment(shop: Shop, now: str | None) -> Micros:
    if now is None:
        return Micros(time.time_ns() // 1000)
    if not shop.simulated:
        raise BadInput("only a simulated shop has another time than now", field="now")
    try:
        said = datetime.fromisoformat(now)
    except ValueError as error:
        raise BadInput(f"'{now}' is no moment; an example is 2026-11-21T09:00:00Z") from error
    return micros(said if said.tzinfo else said.replace(tzinfo=UTC))


@contextmanager
def progress(title: str, total: int | None, *, quiet: bool = False) -> Iterator[Progress]:
    """Show a bar on a terminal; nothing where a program reads along."""
    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(
        *columns, console=err, transient=True, disable=quiet or not err.is_terminal
    ) as bar:
        bar.add_task(title, total=total)
        yield bar


def mapping_of(text: str | None) -> dict[str, str]:
    """Read `--map column=field,...`."""
    pairs = [part.partition("=") for part in (text or "").split(",") if part.strip()]
    wrong = [column for column, sign, field in pairs if not sign or not field.strip()]
    if wrong:
        raise BadInput(
            f"--map wants column=field,column=field; '{wrong[0]}' has no field", field="map"
        )
    return {column.strip(): field.strip() for column, _, field in pairs}
