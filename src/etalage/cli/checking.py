"""`etalage doctor | replay`: whether everything is accounted for, and whether we would decide the same again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from etalage.cli.console import DataOption, JsonOption, ShopOption, opened, out, print_json
from etalage.domain.time import micros
from etalage.errors import BadInput, ReplayFailed
from etalage.flow.account import components, intake
from etalage.flow.replay import replay_all


def add_to(commands: typer.Typer) -> None:
    """Add this family of commands."""
    commands.command(epilog="Example: etalage doctor --data shop --json")(doctor)
    commands.command(epilog="Example: etalage replay --data shop --since 2026-11-01")(replay)


def doctor(data: DataOption, shop: ShopOption = None, json: JsonOption = False) -> None:
    """Account for everything that was received, and say how the stores are."""
    with opened(data, shop) as (known, ports, _):
        found = {"shop": known.id, "intake": intake(ports), "components": components(ports)}
        if json:
            print_json(found)
            return
        _show(found["intake"], "Received")
        _show(found["components"], "Stores")


def _show(what: object, title: str) -> None:
    table = Table(title=title, title_justify="left", show_header=False, box=None)
    for name, value in dict(what).items() if isinstance(what, dict) else ():
        said = (
            ", ".join(f"{k} {v}" for k, v in value.items())
            if isinstance(value, dict)
            else str(value)
        )
        table.add_row(str(name), said or "-")
    out.print(table)


def replay(
    data: DataOption,
    shop: ShopOption = None,
    since: Annotated[
        str | None, typer.Option(help="Only decisions since this moment (ISO 8601).")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Compute every logged decision again from its record; exit code 1 if one differs."""
    with opened(data, shop) as (_, ports, _now):
        replayed = replay_all(ports, since=_micros(since))
        if json:
            print_json(
                {
                    **msgspec.to_builtins(replayed),
                    "share": _share(replayed.same, replayed.decisions),
                }
            )
        else:
            out.print(f"{replayed.same:,} of {replayed.decisions:,} decisions come out the same")
            for one in replayed.first:
                out.print(f"  {one.id}", markup=False)
                for line in one.differences[:5]:
                    out.print(f"    {line}", style="red", markup=False)
        if not replayed.is_faithful:
            raise ReplayFailed(
                f"{replayed.differ} decisions differ, {replayed.unknown_configuration} have no configuration on record"
            )


def _share(same: int, decisions: int) -> float | None:
    return same / decisions if decisions else None


def _micros(text: str | None) -> int:
    if text is None:
        return 0
    try:
        said = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"'{text}' is no moment; an example is 2026-11-01", field="since") from error
    return micros(said if said.tzinfo else said.replace(tzinfo=UTC))
