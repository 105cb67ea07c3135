"""`etalage doctor | replay`: whether everything is accounted for, and whether we would decide the same again."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.table import Table

from etalage import app, keeping
from etalage.cli.console import DataOption, JsonOption, ShopOption, err, opened, out, print_json
from etalage.cli.quarantine import send_again_, show_held, told
from etalage.config import load
from etalage.domain.ids import ShopId
from etalage.domain.time import iso, micros
from etalage.errors import BadInput, Damaged, ReplayFailed
from etalage.flow.account import Forecast, components, forecast, intake
from etalage.flow.configuration import configure
from etalage.flow.held import held
from etalage.flow.replay import replay_all
from etalage.ports import Ports
from etalage.store.damage import Damage
from etalage.store.files.signs import FileSigns


def add_to(commands: typer.Typer) -> None:
    """Add this family of commands."""
    commands.command(epilog="Example: etalage doctor --data shop --verify")(doctor)
    commands.command(epilog="Example: etalage replay --data shop --since 2026-11-01")(replay)


def doctor(
    data: DataOption,
    shop: ShopOption = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Read every file and name what is damaged.")
    ] = False,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair", help="With --verify: mend what can be made again; no server may run."
        ),
    ] = False,
    replay_reason: Annotated[
        str | None,
        typer.Option(
            "--replay",
            metavar="REASON",
            help="Send again what was set aside for this reason; a server may be running.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="With --replay: tell what would become of it.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Account for everything that was received, and say how the stores are; exit code 1 if a file is damaged."""
    if repair and not verify:
        raise typer.BadParameter("--repair mends what --verify finds: give both")
    if dry_run and replay_reason is None:
        raise typer.BadParameter("--dry-run tells what --replay would do: give both")
    if verify and replay_reason is not None:
        raise typer.BadParameter("--verify looks and --replay sends again: give one of them")
    if replay_reason is not None:
        send_again_(data, shop, replay_reason, dry_run=dry_run, json=json)
        return
    files = _verified(data, shop, repair=repair) if verify else None
    if files is not None and files["damaged"]:
        _tell_damage(files, json=json)
        raise Damaged(f"{len(files['damaged'])} damaged places were found and not mended")
    with opened(data, shop) as (known, ports, now):
        found = {
            "shop": known.id,
            "intake": intake(ports),
            "quarantine": [told(one) for one in held(ports, configure(ports))],
            "components": components(ports, now=now),
            "red": _reds(data, known.id),
            "alerts": _alerts(ports),
            "disk": msgspec.to_builtins(forecast(ports, keeping.disk_of(data, known.id), now=now)),
        }
        if json:
            print_json(found if files is None else {**found, "files": files})
            return
        _show(found["intake"], "Received")
        show_held(found["quarantine"])
        _show(found["components"], "Stores")
        _show_reds(found["red"])
        _show_alerts(found["alerts"])
        _show_disk(found["disk"])
        if files is not None:
            _tell_damage(files, json=False)


def _reds(data: Path, shop: ShopId) -> dict[str, dict[str, str]]:
    """Give what a server has found not to be well: since when, and what it said."""
    signs = FileSigns(app.signs_at(data, shop)).all()
    return {red.part: {"since": iso(red.since), "says": red.says} for red in signs}


def _show_reds(reds: dict[str, dict[str, str]]) -> None:
    for part, red in reds.items():
        line = f"{part} is red since {red['since']}: {red['says']}"
        out.print(line, style="red", markup=False, soft_wrap=True)


def _alerts(ports: Ports) -> dict[str, int]:
    """Count the open alerts, by kind; where they cannot be read, the next night makes them again."""
    try:
        kept = ports.records.alerts()
    except Damaged:
        return {"damaged": 1}
    return dict(Counter(one.kind for one in kept if one.state == "open"))


def _show_alerts(counts: dict[str, int]) -> None:
    if counts:
        said = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
        line = f"Open alerts: {said}; etalage alerts tells what they mean"
        out.print(line, style="yellow", markup=False, soft_wrap=True)


def _verified(data: Path, shop: str | None, *, repair: bool) -> dict[str, Any]:
    """Look at all files, before anything opens them; mend if asked, and look again."""
    settings, name = load(data), app.the_shop(data, shop)
    with err.status("Reading every file ..."):
        found = keeping.verify(data, name, settings=settings)
        mended: list[Damage] = []
        if repair and found.damage:
            mended = keeping.mend(data, name, found.damage, settings=settings)
            found = keeping.verify(data, name, settings=settings)
    return {
        "events": found.events,
        "files": found.files,
        "damaged": msgspec.to_builtins(found.damage),
        "mended": msgspec.to_builtins(mended),
    }


def _tell_damage(files: dict[str, Any], *, json: bool) -> None:
    if json:
        print_json({"files": files})
        return
    for title, color in (("mended", "green"), ("damaged", "red")):
        for one in files[title]:
            out.print(f"{title}: {Damage(**one)}", style=color, markup=False, soft_wrap=True)
            if title == "damaged":
                out.print(f"  {_ADVICE[one['mend']]}", markup=False, soft_wrap=True)
    if not files["damaged"]:
        said = f"Files: {files['files']} with {files['events']:,} events are what was written"
        out.print(said, highlight=False)


_ADVICE = {
    "rebuild": "stop the server, then: etalage doctor --verify --repair makes it again from the log",
    "from_parquet": "stop the server, then: etalage doctor --verify --repair takes it from its sealed day",
    "from_journal": "stop the server, then: etalage doctor --verify --repair seals it again from the journal",
    "count_again": "etalage doctor --verify --repair removes it; the night shift makes it again",
    "unfinished": "after a power cut: start the server, or etalage doctor --verify --repair; else restore it from a backup",
    "backup": "restore it from a backup: docs/how-to/back-up-and-restore.md",
}


def _show_disk(found: object) -> None:
    said = msgspec.convert(found, Forecast)
    per_event = "-" if said.bytes_per_event is None else f"{said.bytes_per_event:,.0f} bytes"
    left = "-" if said.days_left is None else f"{said.days_left:,.0f}"
    rows = {
        "files of the shop": f"{said.disk.used / 1e6:,.1f} MB, {per_event} per event",
        "growth": f"{said.events_per_day:,.0f} events, {said.bytes_per_day / 1e6:,.1f} MB per day",
        "free": f"{said.disk.free / 1e9:,.1f} GB, of which {said.disk.reserve / 1e6:,.0f} MB stay in reserve",
        "days until the reserve": left,
    }
    _show(rows, "Disk")


def _show(what: object, title: str) -> None:
    table = Table(title=title, title_justify="left", show_header=False, box=None)
    for name, value in dict(what).items() if isinstance(what, dict) else ():
        said = (
            ", ".join(f"{k} {v}" for k, v in value.items() if v is not None)
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
