"""`etalage import`: a catalogue behind its guard; events, orders and customers through intake."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer
from rich.progress import Progress

from etalage.cli.console import (
    DataOption,
    JsonOption,
    NowOption,
    ShopOption,
    mapping_of,
    opened,
    out,
    print_json,
    progress,
)
from etalage.collect.call import Item, item_of
from etalage.collect.intake import Sender
from etalage.connect.catalogue.settings import FeedSettings
from etalage.connect.child import read_catalogue, read_items
from etalage.connect.imports.items import Given, ImportSettings, Skipped
from etalage.domain.arrival import Reason
from etalage.domain.consent import PURPOSES, Purpose
from etalage.errors import BadInput, NotFound, Unknown
from etalage.flow.configuration import configure
from etalage.flow.ingest import Receipt
from etalage.flow.take_over import Unreadable, judged, take_over, together
from etalage.govern.sensitive import Suggestion, suggested

FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE", help="A file; .gz and .zip are unpacked.")
]
FormatOption = Annotated[str, typer.Option("--format", help="Found out by itself where possible.")]
MapOption = Annotated[str | None, typer.Option("--map", help="column=field,column=field,...")]
DryOption = Annotated[bool, typer.Option("--dry-run", help="Read and judge, store nothing.")]
PurposesOption = Annotated[
    str, typer.Option(help="Under which this file may be kept: measure,personalise")
]
BasisOption = Annotated[str, typer.Option(help="On which ground; kept with every event.")]

Kind = Literal["events", "orders", "customers"]

# Rows that no event could be made of; other skipped rows (unpaid, cancelled) are no loss and only told.
UNREADABLE: dict[str, Reason] = {
    "not_an_object": "not_an_object",
    "too_large": "too_large",
    "cut_off": "bad_field",
    "too_many_cells": "bad_field",
    "bad_time": "bad_field",
    "no_order_id": "bad_field",
    "no_customer": "no_id",
}

FIRST = 5  # rows that are named when they cannot be read
NOTHING_STORED = "Nothing was stored: --dry-run only looks."

imports = typer.Typer(
    no_args_is_help=True, help="Take over a file: catalogue, events, orders, customers."
)


def add_to(commands: typer.Typer) -> None:
    """Add this family of commands."""
    commands.add_typer(imports, name="import")


@imports.command("catalogue", epilog="Example: etalage import catalogue feed.xml --data shop")
def catalogue_(
    file: FileArgument,
    data: DataOption,
    shop: ShopOption = None,
    format_name: FormatOption = "auto",
    mapping: MapOption = None,
    product_id: Annotated[
        Literal["group", "row"],
        typer.Option(help="Whether events name item groups or rows of the feed."),
    ] = "group",
    anyway: Annotated[
        bool,
        typer.Option("--anyway", help="Even if it lost many products or prices jumped."),
    ] = False,
    dry_run: DryOption = False,
    json: JsonOption = False,
    now: NowOption = None,
) -> None:
    """Replace the catalogue, if the file looks like the shop's: Google Merchant XML/TSV, Magento, WooCommerce, CSV."""
    with opened(data, shop, now=now) as (known, ports, moment):
        settings = FeedSettings(
            currency=known.currency,
            zone=known.zone,
            product_id=product_id,
            mapping=mapping_of(mapping),
            base_url=f"https://{known.domain}/",
        )
        found = judged(ports, read_catalogue(_existing(file), format_name, settings), anyway=anyway)
        if not dry_run:
            ports.records.put_catalogue(
                found.catalogue, source=file.name, actor="import", now=moment
            )
        offers = sum(len(product.offers) for product in found.catalogue.products.values())
        said = {
            "version": found.catalogue.version,
            "products": len(found.catalogue.products),
            "offers": offers,
            "rows": found.rows,
            "before": found.products_before,
            "problems": found.problems,
            "perhaps_sensitive": suggested(found.catalogue, known.sensitive),
            "stored": not dry_run,
        }
        if json:
            print_json(said)
            return
        out.print(f"{said['products']:,} products with {offers:,} offers, from {found.rows:,} rows")
        for reason, count in found.problems.items():
            out.print(f"  {count:,} x {reason}", style="yellow")
        _ask_about(suggested(found.catalogue, known.sensitive))
        if dry_run:
            out.print(NOTHING_STORED)


def _ask_about(suggestions: Sequence[Suggestion]) -> None:
    """Name categories that may tell too much of a person: only the shop can say whether they do."""
    if suggestions:
        out.print("Perhaps sensitive; what stands in the shop's setting sensitive is never used:")
    for one in suggestions:
        out.print(f"  {one.category} ({one.kind}, {one.products:,} products)", markup=False)


@imports.command(
    "events",
    epilog="Example: etalage import events ga4.parquet --data shop --purposes measure --basis contract",
)
def events_(
    file: FileArgument, data: DataOption, shop: ShopOption = None, format_name: FormatOption = "auto",
    mapping: MapOption = None, purposes: PurposesOption = "", basis: BasisOption = "",
    dry_run: DryOption = False, json: JsonOption = False, now: NowOption = None,
) -> None:  # fmt: skip
    """Take over events: GA4 rows, Segment calls, or a table with --map."""
    _take(
        file,
        "events",
        data,
        shop,
        (format_name, mapping, purposes, basis),
        dry=dry_run,
        json=json,
        now=now,
    )


@imports.command(
    "orders", epilog="Example: etalage import orders orders.csv --format shopify --data shop"
)
def orders_(
    file: FileArgument, data: DataOption, shop: ShopOption = None, format_name: FormatOption = "auto",
    mapping: MapOption = None, purposes: PurposesOption = "", basis: BasisOption = "",
    dry_run: DryOption = False, json: JsonOption = False, now: NowOption = None,
) -> None:  # fmt: skip
    """Take over orders: Shopify, WooCommerce, Magento, or a table with --map."""
    _take(
        file,
        "orders",
        data,
        shop,
        (format_name, mapping, purposes, basis),
        dry=dry_run,
        json=json,
        now=now,
    )


@imports.command(
    "customers",
    epilog="Example: etalage import customers klanten.csv --map klantnr=user_id --data shop",
)
def customers_(
    file: FileArgument, data: DataOption, shop: ShopOption = None, format_name: FormatOption = "auto",
    mapping: MapOption = None, purposes: PurposesOption = "", basis: BasisOption = "",
    dry_run: DryOption = False, json: JsonOption = False, now: NowOption = None,
) -> None:  # fmt: skip
    """Take over customers with their traits; names and addresses are encrypted under a key per person."""
    _take(
        file,
        "customers",
        data,
        shop,
        (format_name, mapping, purposes, basis),
        dry=dry_run,
        json=json,
        now=now,
    )


def _take(
    file: Path, kind: Kind, data: Path, shop: str | None, how: tuple[str, str | None, str, str],
    *, dry: bool, json: bool, now: str | None,
) -> None:  # fmt: skip
    format_name, mapping, purposes, basis = how
    with opened(data, shop, now=now) as (known, ports, moment):
        settings = ImportSettings(
            mapping=mapping_of(mapping), zone=known.zone, currency=known.currency
        )
        given = read_items(_existing(file), kind, format_name, settings)
        told: dict[str, int] = {}
        unreadable: dict[str, list[int]] = {}
        rows = _rows(given, told, unreadable)
        started = time.monotonic()
        if dry:
            counts = Receipt(received=sum(1 for _ in rows))
        else:
            source = Sender(
                "server", f"import:{kind}", _purposes(purposes, basis), basis, f"import:{kind}"
            )
            with progress(f"Taking over {kind}", None, quiet=json) as bar:
                receipts = take_over(rows, source, live=configure(ports), ports=ports, now=moment)
                counts = together(_watched(receipts, bar))
        said = {**msgspec.structs.asdict(counts), "skipped": told, "stored": not dry}
        if json:
            print_json(said)
            return
        if dry:
            out.print(f"{counts.received:,} rows can be read. {NOTHING_STORED}")
        else:
            out.print(_sum_of(counts, time.monotonic() - started))
        for reason, count in {**counts.reasons, **told}.items():
            out.print(f"  {count:,} x {reason}", style="yellow")
        for reason, numbers in unreadable.items():
            more = " ..." if len(numbers) > FIRST else ""
            which = ", ".join(str(number) for number in numbers[:FIRST])
            out.print(f"  {reason} in row {which}{more}", style="yellow", highlight=False)


def _sum_of(counts: Receipt, seconds: float) -> str:
    return (
        f"{counts.received:,} received = {counts.accepted:,} accepted + {counts.duplicate:,} duplicate + "
        f"{counts.quarantined:,} quarantined + {counts.refused:,} refused   ({seconds:.1f} s)"
    )


def _rows(
    given: Iterable[Given], told: dict[str, int], unreadable: dict[str, list[int]]
) -> Iterator[Item | Unreadable]:
    for row in given:
        if not isinstance(row, Skipped):
            yield item_of(row)
        elif row.reason in UNREADABLE:
            numbers = unreadable.setdefault(row.reason, [])
            if len(numbers) <= FIRST:
                numbers.append(row.row)
            yield Unreadable(UNREADABLE[row.reason])
        else:
            told[row.reason] = told.get(row.reason, 0) + 1


def _watched(receipts: Iterable[Receipt], bar: Progress) -> Iterator[Receipt]:
    for one in receipts:
        bar.advance(bar.task_ids[0], one.received)
        yield one


def _purposes(text: str, basis: str) -> tuple[Purpose, ...]:
    named = {part.strip() for part in text.split(",") if part.strip()}
    for name in named - set(PURPOSES):
        raise Unknown("purpose", name, PURPOSES, field="purposes")
    if named and not basis:
        raise BadInput("declared purposes need a basis: --basis TEXT", field="basis")
    return tuple(purpose for purpose in PURPOSES if purpose in named)


def _existing(file: Path) -> Path:
    if file.is_dir():
        raise NotFound(f"{file} is a folder; give one file", field="FILE")
    if not file.is_file():
        raise NotFound(f"there is no file {file}", field="FILE")
    return file
