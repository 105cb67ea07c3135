"""Step 1 of 8, authenticate and split: whose call this is, and which events are in it.

In:   the path, the headers that may carry a key, and the `Document`.
Out:  the key as it was sent (flow looks it up), and one `Item` per event.
From: conventions.md 3: every way in which Segment's and RudderStack's libraries call.
"""

from __future__ import annotations

import binascii
from collections.abc import Mapping
from typing import Literal

import msgspec
from msgspec import Struct

from etalage.collect.bound import bounded
from etalage.collect.parse import Document, parse_batch, parse_event
from etalage.errors import BadInput, NotFound

CallType = Literal["track", "identify", "page", "screen", "group", "alias"]
CALL_TYPES: dict[str, CallType] = {
    "track": "track",
    "identify": "identify",
    "page": "page",
    "screen": "screen",
    "group": "group",
    "alias": "alias",
}
_SHORT = {
    "t": "track",
    "i": "identify",
    "p": "page",
    "s": "screen",
    "g": "group",
    "a": "alias",
    "b": "batch",
}
DOOR, BEFORE_EVENTS = b'{"_door":', b'"batch":['  # of what is set aside; see kept_door
_MERGED = ("context", "integrations")  # of a batch, under each of its events


class Item(Struct, frozen=True):
    """One event, as it was written, with what the call around it says."""

    raw: bytes
    type: CallType | None = None  # by the path; None: the event says so itself
    around: dict[str, object] = {}  # context, integrations, sentAt of the batch

    def fields(self) -> dict[str, object]:
        """Read the event within its bounds, the batch's context under its own; raises `Refusal`."""
        fields = bounded(self.raw)
        for name, outer in self.around.items():
            own = fields.get(name)
            if own is None:
                fields[name] = outer
            elif isinstance(own, dict) and isinstance(outer, Mapping):
                fields[name] = {**outer, **own}
        return fields

    def original(self, *, without: str = "", door: bytes = b"") -> bytes:
        """Give what came in as the body of a batch with this one event, to be set aside and replayed.

        Args:
            without: the key the call came with; a secret one must not be kept, not even encrypted.
            door: of `kept_door.kept`, written in front.
        """
        around = {**self.around, "type": self.type} if self.type else self.around
        rest = msgspec.json.encode(around)[1:]
        before = DOOR + door + b"," if door else b"{"
        body = before + BEFORE_EVENTS + self.raw + (b"]," if around else b"]") + rest
        return body.replace(without.encode(), b"") if without else body


def open_call(path: str, body: bytes, *, encoding: str | None = None) -> Document:
    """Open the body of a call to one of Segment's paths."""
    if _name(path) == "batch":
        return parse_batch(body, encoding=encoding)
    return parse_event(body, encoding=encoding)


def split(path: str, document: Document) -> list[Item]:
    """Give the events of a call; RudderStack's `merge` has none that we know."""
    name = _name(path)
    if name == "merge":
        return []
    if name != "batch":
        return [Item(document.body, CALL_TYPES[name])]
    if document.events is None:
        raise BadInput("a batch holds its events in a list named 'batch'", field="batch")
    return items_of(document)


def items_of(document: Document) -> list[Item]:
    """Give the events of a document's list, each with the context around it."""
    if not document.events:
        return []
    around = {
        name: document.fields[name]
        for name in _MERGED
        if isinstance(document.fields.get(name), dict)
    }
    if "sentAt" in document.fields:
        around["sentAt"] = document.fields["sentAt"]
    kind = CALL_TYPES.get(
        str(document.fields.get("type"))
    )  # only where something set aside is replayed
    return [Item(raw, kind, around) for raw in document.events]


def item_of(event: Mapping[str, object]) -> Item:
    """Make an item of an event that is no text: a row of an import."""
    return Item(msgspec.json.encode(event))


def key_in(
    fields: Mapping[str, object],
    *,
    authorization: str | None = None,
    api_key: str | None = None,
    query: str | None = None,
) -> str | None:
    """Find the key of a call; None if it has none.

    Args:
        fields: of the body; `writeKey` may stand there.
        authorization: the header of that name: Basic with the key as user, or Bearer.
        api_key: the header `X-API-Key`.
        query: the parameter `writeKey` of the address (beacons cannot set headers).

    The first that is there counts, in the order Basic, X-API-Key, body, address, Bearer: Segment's libraries with
    OAuth send a Bearer token of their own and the key in the body.
    """
    scheme, _, credentials = (authorization or "").strip().partition(" ")
    if scheme.lower() == "basic":
        return _user(credentials.strip())
    in_body = fields.get("writeKey")
    if api_key or (isinstance(in_body, str) and in_body) or query:
        return api_key or (in_body if isinstance(in_body, str) and in_body else query)
    return credentials.strip() or None if scheme.lower() == "bearer" else None


def _user(credentials: str) -> str | None:
    """Read the user of Basic credentials; the colon may be missing."""
    try:
        text = binascii.a2b_base64(credentials, strict_mode=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    return text.partition(":")[0] or None


def _name(path: str) -> str:
    """Give the call that a path names: `/v1/t` and `/v1/track` are one."""
    last = path.rstrip("/").rpartition("/")[2]
    name = _SHORT.get(last, last)
    if name not in CALL_TYPES and name not in {"batch", "merge"}:
        raise NotFound(f"there is no call '{name[:40]}'")
    return name
