"""`etalage init | serve`: make a shop, open its doors."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Literal

import typer

from etalage import app
from etalage.app import Stores
from etalage.cli import running
from etalage.cli.console import JsonOption, err, out, print_json
from etalage.cli.snippets import ADDRESS, written
from etalage.config import load, table
from etalage.domain.time import Micros
from etalage.errors import BadInput


def add_to(commands: typer.Typer) -> None:
    """Add this family of commands."""
    commands.command(epilog="Example: etalage init shop --name Noord --domain noord.example")(init)
    commands.command(epilog="Example: etalage serve --data shop --port 8400", help=_serve_help())(
        serve
    )


def init(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="The data directory; made if it is new.")
    ],
    name: Annotated[str, typer.Option(help="Name of the shop.")],
    domain: Annotated[str, typer.Option(help="Its domain, without https://")],
    currency: Annotated[str, typer.Option(help="ISO 4217.")] = "EUR",
    zone: Annotated[
        str, typer.Option(help="Time zone in which its days begin.")
    ] = "Europe/Amsterdam",
    orders: Annotated[
        Literal["server", "browser"],
        typer.Option(
            help="Who is believed about orders; browser: a pilot, figures are 'not confirmed by the shop'."
        ),
    ] = "server",
    purposes: Annotated[
        str,
        typer.Option(
            help="Under which the shop's server sends without a consent of its own: measure,personalise"
        ),
    ] = "",
    basis: Annotated[str, typer.Option(help="On which ground; kept with every such event.")] = "",
    holdout: Annotated[
        float, typer.Option(min=0, max=0.5, help="Share that never gets a message.")
    ] = 0.0,
    json: JsonOption = False,
) -> None:
    """Make a shop and print its keys; the server key is shown this once."""
    if "/" in domain or " " in domain or "." not in domain:
        raise BadInput(f"'{domain}' is no domain; an example is noord.example", field="domain")
    shop = app.new_shop(
        name, domain, currency=currency, zone=zone, orders=orders, holdout_share=holdout
    )
    declared = tuple(p.strip() for p in purposes.split(",") if p.strip())
    created = app.create_shop(
        directory, shop, now=Micros(time.time_ns() // 1000), purposes=declared, basis=basis
    )
    if json:
        print_json(
            {
                "shop": created.shop.id,
                "write_key": created.write_key,
                "server_key": created.server_key,
            }
        )
        return
    out.print(f"Shop [bold]{shop.name}[/bold] in {directory}")
    out.print("  write key, public: it may stand in a page")
    out.print(f"    {created.write_key}", highlight=False)
    out.print("  server key, secret: shown this once, so keep it")
    out.print(f"    {created.server_key}", highlight=False)
    out.print(f"Open its doors with: etalage serve --data {directory}")
    out.print("Put this into its pages (more: etalage snippet --help):")
    base = ADDRESS.format(domain=domain.removeprefix("www."))
    typer.echo(written("page", key=created.write_key, base=base))


def serve(
    data: Annotated[
        Path,
        typer.Option("--data", help="The data directory.", envvar="ETALAGE_DATA", metavar="DIR"),
    ],
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Default: the setting, 8400; 0: a free one."),
    ] = None,
    host: Annotated[str | None, typer.Option(help="Default: the setting, 127.0.0.1.")] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that answer.")] = 1,
    records: Annotated[
        str, typer.Option(help="URL of the records; default: SQLite in the shop's directory.")
    ] = "",
    profiles: Annotated[str, typer.Option(help="URL of the profiles; default: LMDB.")] = "",
    events: Annotated[str, typer.Option(help="URL of the event log; default: LMDB.")] = "",
    warehouse: Annotated[
        str, typer.Option(help="URL of the warehouse; default: DuckDB over Parquet.")
    ] = "",
) -> None:
    """Open the doors of all shops in a data directory."""
    settings = load(data)
    stores = Stores(records, profiles, events, warehouse)
    running.serve(
        data,
        host=host or settings.host,
        port=settings.port if port is None else port,
        workers=workers,
        stores=stores,
        settings=settings,
        once_ready=_say_where,
    )


def _say_where(address: str) -> None:
    """Tell a person where the doors are; a program reads the log."""
    if err.is_terminal:
        err.print(f"The doors are open at [bold]{address}[/bold]; Ctrl-C closes them.")


def _serve_help() -> str:
    rows = "\n".join(
        f"ETALAGE_{name.upper()} = {default!r}  ({unit}) {says}\n"
        for name, _, default, unit, says in table()
    )
    return f"Open the doors of all shops in a data directory.\n\nSettings, in etalage.toml or the environment:\n\n{rows}"
