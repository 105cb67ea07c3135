"""From the options of a command to a world.

In:   a file that describes a world, and what was said besides.
Out:  the world; what was said wins over the file, and the file over what is usual.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from etalage.errors import BadInput
from etalage.simulate.shop import HELPS
from etalage.simulate.world import World, read_world

EFFECT, VISITORS = 0.3, 2_000  # where nothing is said


def asked_world(
    file: Path | None,
    *,
    effect: float | None = None,
    groups: str | None = None,
    bots: int | None = None,
    faults: str | None = None,
    **decided: object,
) -> World:
    """Give the world that was asked for.

    Args:
        file: in YAML; none: one message that helps.
        effect: of that message; 0.3 = 30% more buyers.
        groups: `name=share:effect,...`, of that message.
        bots: that come each day and say what they are.
        faults: `name=share,...` of the events that suffer them.
        decided: other fields of a world; None where nothing was said.

    Raises:
        BadInput: the file or an option makes no sense.
    """
    said: dict[str, Any] = {name: value for name, value in decided.items() if value is not None}
    if effect is not None:
        said["effects"] = {HELPS: effect}
    if groups is not None:
        said["groups"] = [_group(each) for each in groups.split(",")]
    if bots is not None:
        said["bots"] = {"per_day": bots} if bots else None
    if faults is not None:
        said["faults"] = dict(_fault(each) for each in faults.split(","))
    if file is not None:
        return read_world(file, **said)
    usual = {"effects": {HELPS: EFFECT}, "visitors_per_day": VISITORS}
    try:
        return msgspec.convert(usual | said, World)
    except msgspec.ValidationError as error:
        raise BadInput(f"this is no world: {error}", field="world") from error


def _group(text: str) -> dict[str, object]:
    name, _, rest = text.partition("=")
    share, _, effect = rest.partition(":")
    try:
        return {"name": name.strip(), "share": float(share), "effects": {HELPS: float(effect)}}
    except ValueError as error:
        says = f"'{text}' is no group; an example is loyal=0.4:0.6, with a share and an effect"
        raise BadInput(says, field="groups") from error


def _fault(text: str) -> tuple[str, object]:
    name, _, share = text.partition("=")
    try:
        return name.strip(), float(share) if share else True
    except ValueError as error:
        says = f"'{text}' is no fault; an example is dropped=0.01"
        raise BadInput(says, field="faults") from error
