"""`etalage doctor | replay`: whether everything is accounted for, and whether we would decide the same again."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import typer

from etalage import app, keeping
from etalage.cli.console import DataOption, JsonOption, ShopOption, err, opened, out, print_json
from etalage.cli.doctor_words import files_line, lines_of
from etalage.cli.quarantine import send_again_, told
from etalage.config import load
from etalage.domain.ids import ShopId
from etalage.domain.time import iso, micros
from etalage.errors import BadInput, Damaged, ReplayFailed
from etalage.flow.account import components, forecast, intake
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
    lang: Annotated[Literal["nl", "en"], typer.Option(help="Language of the sentences.")] = "nl",
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
        for line in lines_of(found, lang):
            out.print(line.text, style=line.style, markup=False, highlight=False, soft_wrap=True)
        if files is not None:
            _tell_damage(files, json=False)
            out.print(files_line(files, lang), highlight=False)


def _reds(data: Path, shop: ShopId) -> dict[str, dict[str, str]]:
    """Give what a server has found not to be well: since when, and what it said."""
    signs = FileSigns(app.signs_at(data, shop)).all()
    return {red.part: {"since": iso(red.since), "says": red.says} for red in signs}


def _alerts(ports: Ports) -> dict[str, int]:
    """Count the open alerts, by kind; where they cannot be read, the next night makes them again."""
    try:
        kept = ports.records.alerts()
    except Damaged:
        return {"damaged": 1}
    return dict(Counter(one.kind for one in kept if one.state == "open"))


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


_ADVICE = {
    "rebuild": "stop the server, then: etalage doctor --verify --repair makes it again from the log",
    "from_parquet": "stop the server, then: etalage doctor --verify --repair takes it from its sealed day",
    "from_journal": "stop the server, then: etalage doctor --verify --repair seals it again from the journal",
    "count_again": "etalage doctor --verify --repair removes it; the night shift makes it again",
    "unfinished": "after a power cut: start the server, or etalage doctor --verify --repair; else restore it from a backup",
    "backup": "restore it from a backup: docs/how-to/back-up-and-restore.md",
}


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
