"""The policies of bandits: where they are kept, and in which order they come into force.

log     first: every policy that was ever in force, by version, so that a decision can be made again
file    then: the ones in force, which every process looks at once a second
"""

from __future__ import annotations

import msgspec

from etalage.domain.arrival import engines_own
from etalage.domain.canonical import digest
from etalage.domain.event import Event
from etalage.domain.ids import EventId
from etalage.domain.policy import POLICY, Policies
from etalage.ports import Ports

_decode = msgspec.json.Decoder(Policies).decode
NONE = Policies()


def read_policies(content: bytes | None) -> Policies | None:
    """Read a file of policies; None if it is damaged or absent."""
    if content is None:
        return None
    try:
        return _decode(content)
    except msgspec.DecodeError:
        return None


def policies_now(ports: Ports) -> Policies:
    """Give the policies in force; none of a shop without bandits, or while the file cannot be read."""
    return read_policies(ports.models.get(POLICY)) or NONE


def put_policies(ports: Ports, fresh: Policies, *, now: int) -> bool:
    """Bring policies into force; False if they are already."""
    unnamed = msgspec.structs.replace(fresh, version="")
    version = digest(msgspec.to_builtins(unnamed))[:16]
    if version == policies_now(ports).version:
        return False
    content = msgspec.json.encode(msgspec.structs.replace(fresh, version=version))
    told = Event(
        id=EventId(f"policy:{version}"),
        name=POLICY,
        time=now,
        received=now,
        trust="confirmed",
        source="engine",
        record=content.decode(),
    )
    ports.log.append([engines_own(told)])
    ports.models.put(POLICY, content)
    return True


def policies_of(event: Event) -> Policies:
    """Read the policies that an event of the log brought into force."""
    return _decode(event.record or "{}")
