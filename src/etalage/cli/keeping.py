"""`etalage backup | restore | upgrade`: copies that count, because they were read back."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from etalage import app, keeping
from etalage.cli.console import JsonOption, err, out, print_json
from etalage.config import load
from etalage.store.keeping.backup import Packed


def add_to(commands: typer.Typer) -> None:
    """Add this family of commands."""
    commands.command(
        epilog="Example: etalage backup shop /backups/2026-11-01 --keys /safe/2026-11-01"
    )(backup)
    commands.command(
        epilog="Example: etalage restore /backups/2026-11-01 shop --keys /safe/2026-11-01"
    )(restore)
    commands.command(epilog="Example: etalage upgrade shop")(upgrade)


def backup(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The data directory.")],
    to: Annotated[Path, typer.Argument(metavar="TO", help="Where to; it may not exist yet.")],
    keys: Annotated[
        Path | None,
        typer.Option(
            "--keys", metavar="PLACE", help="Also back up the keys, to a place apart from the data."
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Back up all shops, encrypted and read back; a server may go on meanwhile. Without its keys a backup says nothing."""
    settings = load(directory)
    with err.status("Backing up, and reading back ..."):
        packed = keeping.back_up(
            directory, to, settings=settings, now=time.time_ns() // 1000, keys_to=keys
        )
    where = app.keys_directory(directory, settings)
    if json:
        print_json({"backup": str(to), "keys": keys and str(keys), "shops": _told(packed)})
        return
    _show(packed, "is backed up")
    if keys is None:
        out.print(
            f"The keys in {where} are not in it and need a backup of their own: --keys PLACE.",
            highlight=False,
            soft_wrap=True,
        )
    else:
        out.print(
            f"The keys are in {keys}. Keep them apart from {to}: together they can be read.",
            highlight=False,
            soft_wrap=True,
        )


def restore(
    source: Annotated[Path, typer.Argument(metavar="FROM", help="What `etalage backup` made.")],
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="New or empty.")],
    keys: Annotated[
        Path | None,
        typer.Option("--keys", metavar="PLACE", help="First put the keys' own backup in place."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Make a data directory from a backup: all of it, checked, or nothing."""
    with err.status("Unpacking, making profiles again, checking every record ..."):
        began = time.monotonic()
        restored = keeping.restore_workspace(source, directory, settings=load(), keys_from=keys)
        seconds = time.monotonic() - began
    if json:
        print_json({"directory": str(directory), "shops": _told(restored), "seconds": seconds})
        return
    _show(restored, "is back")
    out.print(f"Open its doors with: etalage serve --data {directory}", soft_wrap=True)


def upgrade(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The data directory.")],
) -> None:
    """Bring a data directory to the format of this version; opening it does the same."""
    had = keeping.upgrade(directory)
    says = "is of this version's format already" if had == app.FORMAT else f"had format {had}"
    out.print(f"{directory} {says}: {app.FORMAT}", highlight=False, soft_wrap=True)


def _told(packed: list[Packed]) -> list[dict[str, object]]:
    return [
        {"shop": one.shop, "events": one.head, "files": len(one.files), "bytes": one.bytes}
        for one in packed
    ]


def _show(packed: list[Packed], what: str) -> None:
    for one in packed:
        size = f"{one.bytes / 1e6:,.1f} MB"
        out.print(
            f"Shop [bold]{one.shop}[/bold] {what}: {one.head:,} events, {len(one.files)} files, {size}, all digests right",
            highlight=False,
            soft_wrap=True,
        )
