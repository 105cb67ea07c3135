"""`etalage shop`: what was decided about a shop as a whole, and changing it."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from etalage.cli.console import (
    AsOption,
    DataOption,
    JsonOption,
    ShopOption,
    opened,
    out,
    print_json,
)
from etalage.domain.shop import FIXED, changed
from etalage.domain.shop import to_settings as settings_of

shop_commands = typer.Typer(no_args_is_help=True, help="Show and change the settings of a shop.")


def add_to(commands: typer.Typer) -> None:
    """Add this family of commands."""
    commands.add_typer(shop_commands, name="shop")


@shop_commands.command(epilog="Example: etalage shop show --data shop")
def show(data: DataOption, shop: ShopOption = None, json: JsonOption = False) -> None:
    """Show the settings of a shop."""
    with opened(data, shop) as (known, _ports, _now):
        settings = settings_of(known)
        if json:
            print_json(settings)
            return
        for name, value in settings.items():
            fixed = "  (cannot be changed)" if name in FIXED else ""
            out.print(f"{name} = {_written(value)}{fixed}", highlight=False, markup=False)


@shop_commands.command(
    "set", epilog="Example: etalage shop set free_delivery_from=5000 --as ann --data shop"
)
def set_(
    settings: Annotated[
        list[str],
        typer.Argument(metavar="NAME=VALUE", help="Values as JSON; bare words are texts."),
    ],
    data: DataOption,
    actor: AsOption,
    shop: ShopOption = None,
) -> None:
    """Change settings; a running server sees them within a second, and the audit says who."""
    with opened(data, shop) as (known, ports, now):
        new = changed(known, dict(_pair(text) for text in settings))
        before, after = settings_of(known), settings_of(new)
        changes = {name: value for name, value in after.items() if before[name] != value}
        if changes:
            ports.records.change_shop(changes, actor=actor, now=now)
        for name, value in changes.items():
            out.print(
                f"{name} = {_written(value)}   was {_written(before[name])}",
                highlight=False,
                markup=False,
            )
        if not changes:
            out.print("Nothing changed.")


def _pair(text: str) -> tuple[str, object]:
    name, sign, value = text.partition("=")
    if not sign:
        raise typer.BadParameter(f"'{text}' is no NAME=VALUE")
    try:
        return name.strip(), msgspec.json.decode(value.encode())
    except msgspec.DecodeError:
        return name.strip(), value


def _written(value: object) -> str:
    return msgspec.json.encode(value).decode()
