"""`etalage apply | approve | pause | export`: configuration as files; author and approver differ."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from etalage.cli.console import (
    AsOption,
    DataOption,
    JsonOption,
    NowOption,
    ShopOption,
    opened,
    out,
    print_json,
)
from etalage.connect.files import difference, dump, read_files
from etalage.errors import BadInput
from etalage.flow import publish
from etalage.flow.publish import Change, Draft


def add_to(commands: typer.Typer) -> None:
    """Add this family of commands."""
    commands.command(
        epilog="Example: etalage apply segments/*.yaml experiences/*.yaml --as ann --data shop"
    )(apply)
    commands.command(epilog="Example: etalage approve welcome-back --as bob --data shop")(approve)
    commands.command(epilog="Example: etalage pause welcome-back --as bob --data shop")(pause)
    commands.command(epilog="Example: etalage export configuration/ --data shop")(export)


def apply(
    files: Annotated[list[Path], typer.Argument(metavar="FILES", help="YAML files or folders.")],
    data: DataOption,
    actor: AsOption,
    shop: ShopOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the difference, store nothing.")
    ] = False,
    json: JsonOption = False,
    now: NowOption = None,
) -> None:
    """Show what files would change, then store them as drafts for somebody else to approve."""
    with opened(data, shop, now=now) as (_, ports, moment):
        drafts = [_draft(w.kind, w.name, w.body) for w in read_files(files)]
        changes = publish.plan(ports, drafts)
        if not json:
            _show(changes)
        if not dry_run:
            changes = publish.apply(ports, drafts, actor=actor, now=moment)
        if json:
            print_json([_plain(change) for change in changes])
        elif not dry_run:
            _say_next(
                [change.name for change in changes if change.is_new and change.kind == "experience"]
            )


def approve(
    names: Annotated[list[str], typer.Argument(metavar="NAME", help="Experiences or segments.")],
    data: DataOption,
    actor: AsOption,
    shop: ShopOption = None,
    json: JsonOption = False,
    now: NowOption = None,
) -> None:
    """Let the newest version go live, with the segments it uses; never by the one who wrote it."""
    with opened(data, shop, now=now) as (_, ports, moment):
        moved = [d for name in names for d in publish.approve(ports, name, actor=actor, now=moment)]
        if json:
            print_json(
                [
                    {"kind": d.kind, "name": d.name, "version": d.version, "state": d.state}
                    for d in moved
                ]
            )
            return
        for document in moved:
            out.print(
                f"{document.kind} [bold]{document.name}[/bold] version {document.version} is {document.state}"
            )
        if not moved:
            out.print("Nothing changed: it is live already.")


def pause(
    name: Annotated[str, typer.Argument(help="A live experience.")],
    data: DataOption,
    actor: AsOption,
    shop: ShopOption = None,
    now: NowOption = None,
) -> None:
    """Take an experience off the shop at once."""
    with opened(data, shop, now=now) as (_, ports, moment):
        paused = publish.pause(ports, name, actor=actor, now=moment)
        out.print(f"experience [bold]{paused.name}[/bold] is paused")


def export(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where the files are written.")],
    data: DataOption,
    shop: ShopOption = None,
) -> None:
    """Write segments and experiences as YAML files; applying them again changes nothing."""
    with opened(data, shop) as (_, ports, _now):
        directory.mkdir(parents=True, exist_ok=True)
        documents = [d for d in ports.records.documents() if d.state != "ended"]
        for document in documents:
            file = directory / f"{document.kind}-{document.name}.yaml"
            file.write_text(dump([document]), encoding="utf-8")
        out.print(f"{len(documents)} files in {directory}")


def _draft(kind: str, name: str, body: dict[str, object]) -> Draft:
    if kind == "segment":
        return Draft("segment", name, body)
    if kind == "experience":
        return Draft("experience", name, body)
    raise BadInput(f"a {kind} cannot be applied in this version", field="kind")


def _show(changes: list[Change]) -> None:
    for change in changes:
        mark = "unchanged" if not change.is_new else "new" if change.before is None else "changed"
        out.print(f"[bold]{change.kind} {change.name}[/bold]  {mark}")
        for line in difference(change.before, change.after) if change.is_new else []:
            colour = {"+": "green", "-": "red"}.get(line[:1], "dim")
            out.print(f"  {line}", style=colour, markup=False, highlight=False)


def _say_next(names: list[str]) -> None:
    if names:
        out.print(
            f"Drafts. Somebody else lets them go live: etalage approve {' '.join(names)} --as NAME"
        )


def _plain(change: Change) -> dict[str, object]:
    document = change.document
    return {
        "kind": change.kind,
        "name": change.name,
        "changed": change.is_new,
        "version": None if document is None else document.version,
        "state": None if document is None else document.state,
        "difference": difference(change.before, change.after) if change.is_new else [],
    }
