"""What `etalage doctor` says of the quarantine, and `doctor --replay REASON`, which sends it again."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import msgspec

from etalage.api.pages import reason_texts
from etalage.cli.console import opened, out, print_json, progress
from etalage.domain.arrival import Reason
from etalage.domain.time import iso
from etalage.errors import Unknown
from etalage.flow.configuration import configure
from etalage.flow.held import STAGES, Held
from etalage.flow.send_again import SentAgain, added, send_again, try_again

Said = dict[str, Any]


def told(one: Held) -> Said:
    """Write what lies there for one reason, with what to do about it."""
    said: Said = msgspec.to_builtins(one)
    return said | {"first": iso(one.first), "last": iso(one.last), "do": _advice(one.reason)}


def send_again_(data: Path, shop: str | None, reason: str, *, dry_run: bool, json: bool) -> None:
    """Send again what was set aside for one reason."""
    if reason not in STAGES:
        raise Unknown("reason", reason, STAGES, field="replay")
    wanted = cast("Reason", reason)
    with opened(data, shop) as (_, ports, _now):
        live = configure(ports)
        if dry_run:
            total = try_again(ports, live, wanted)
        else:
            total = SentAgain()
            with progress("Sending again", None, quiet=json) as bar:
                for lot in send_again(ports, live, wanted):
                    bar.advance(bar.task_ids[0], lot.tried)
                    total = added(iter((total, lot)))
        if json:
            print_json({"reason": reason, **msgspec.structs.asdict(total), "stored": not dry_run})
            return
        would = "would be " if dry_run else ""
        out.print(
            f"{total.tried:,} tried = {total.accepted:,} {would}accepted + {total.duplicate:,} duplicate + "
            f"{total.refused:,} refused (gone) + {total.quarantined:,} that stay",
            highlight=False,
        )
        for why, count in total.reasons.items():
            out.print(f"  {count:,} x {why}", style="yellow")
        if total.unusable:
            said = "cannot be sent: nothing was kept of them, or their key was revoked"
            out.print(f"  {total.unusable:,} {said}", style="yellow")


def _advice(reason: str) -> str:
    return reason_texts()["mend"]["en"].get(reason, "")
