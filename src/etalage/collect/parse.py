"""Step 1 of 8, parse: open the body of a call, with its events still closed.

In:   the bytes of a body and its `Content-Encoding`.
Out:  a `Document`: the fields of the envelope, and the bytes of each event; or `BadJson` / `TooLarge`.
Idea: an event is kept as it was written until its own turn comes. So one bad event is refused alone, and what
      cannot be read can be set aside exactly as it came.
From: safety.md 3 "Input" (1 MB after decompression, one layer, one document, 500 events).
"""

from __future__ import annotations

import zlib

import msgspec
from msgspec import Raw, Struct

from etalage.collect.bound import bounded
from etalage.collect.cut import cut
from etalage.collect.refusal import Refusal
from etalage.errors import BadInput, BadJson, TooLarge

MAX_BODY_BYTES = 1 << 20
MAX_EVENTS = 500

_GZIP, _ZLIB, _DEFLATE = 31, 15, -15  # window bits by which zlib knows the three wrappings
_TOP = msgspec.json.Decoder(dict[str, Raw])
_LIST = msgspec.json.Decoder(list[Raw])
_SCALARS = ("writeKey", "visitorToken", "sentAt")  # what a call reads of a single event


class Document(Struct, frozen=True):
    """The body of a call. `events` is None if there is no list of events; a single event stands in `body`."""

    fields: dict[str, object]
    events: tuple[bytes, ...] | None
    body: bytes


def parse_event(body: bytes, *, encoding: str | None = None) -> Document:
    """Open a call that is one event; of its fields only those that concern the call are read here."""
    text = decompressed(body, encoding)
    try:
        text.decode()
        top = _TOP.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadJson(f"the body is not one JSON object in UTF-8: {error}") from error
    fields = {name: _scalar(top[name]) for name in _SCALARS if name in top}
    return Document(fields, None, text)


def parse_batch(body: bytes, *, encoding: str | None = None, events: str = "batch") -> Document:
    """Open a call with a list of events under the key `events`; the rest of it is read strictly.

    Raises:
        BadJson: no JSON object in UTF-8; or a repeated key, a number beyond 2^53, NaN, a hostile name in it.
        TooLarge: more than 1 MB when unpacked, or more than 500 events.
    """
    text = decompressed(body, encoding)
    is_envelope = _is_without(events, text)  # a question mostly brings none
    envelope, closed = (text, None) if is_envelope else _opened(text, events)
    if closed is not None and len(closed) > MAX_EVENTS:
        raise TooLarge(
            f"a call may hold {MAX_EVENTS} events, this one has {len(closed)}", field=events
        )
    try:
        fields = bounded(envelope, most=MAX_BODY_BYTES)
    except Refusal as refusal:
        if is_envelope:
            _opened(text, events)  # has its own words for what is no object at all
        raise BadJson(
            f"the body cannot be read: {refusal.message}", field=refusal.field
        ) from refusal
    fields.pop(events, None)
    return Document(fields, None if closed is None else tuple(closed), text)


def decompressed(body: bytes, encoding: str | None) -> bytes:
    """Unpack a body of at most one layer, never making more than 1 MB of it."""
    name = encoding.strip().lower() if encoding else "identity"
    if name in {"identity", ""}:
        if len(body) > MAX_BODY_BYTES:
            raise TooLarge(f"a body may have {MAX_BODY_BYTES} bytes, this one has {len(body)}")
        return body
    if name in {"gzip", "x-gzip"}:
        return _unpacked(body, _GZIP)
    if name == "deflate":
        # The standard means zlib's wrapping; several clients send the bare stream.
        try:
            return _unpacked(body, _ZLIB)
        except BadJson:
            return _unpacked(body, _DEFLATE)
    raise BadInput(
        f"a body may be packed with gzip or deflate, not '{name[:40]}'", field="Content-Encoding"
    )


def _unpacked(body: bytes, wrapping: int) -> bytes:
    unpacker = zlib.decompressobj(wbits=wrapping)
    try:
        text = unpacker.decompress(body, MAX_BODY_BYTES + 1)
    except zlib.error as error:
        raise BadJson(
            f"the body is not packed as it says: {error}", field="Content-Encoding"
        ) from error
    if len(text) > MAX_BODY_BYTES:
        raise TooLarge(f"a body may have {MAX_BODY_BYTES} bytes when unpacked")
    if not unpacker.eof or unpacker.unused_data:
        raise BadJson(
            "the packed body is cut off or has something behind it", field="Content-Encoding"
        )
    return text


def _is_without(key: str, text: bytes) -> bool:
    """Tell at a glance of a text that no key in it is this one; with a backslash it may be written otherwise."""
    return b'"%b"' % key.encode() not in text and b"\\" not in text


def _opened(text: bytes, key: str) -> tuple[bytes, list[bytes] | None]:
    """Part a text into its envelope and its events."""
    try:
        listed = _TOP.decode(text).get(key)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        taken_apart = cut(text, key)
        if taken_apart is None:
            raise BadJson(f"the body is not one JSON object in UTF-8: {error}") from error
        return taken_apart
    if listed is None or (raw := bytes(listed)) == b"null":
        return text, None
    try:
        events = [bytes(event) for event in _LIST.decode(raw)]
    except msgspec.ValidationError as error:
        raise BadJson(f"'{key}' is not a list of events", field=key) from error
    # Cut out by its text: if the key is repeated, the first one stays in the envelope and is refused there.
    return text.replace(raw, b"null", 1), events


def _scalar(raw: Raw) -> object:
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return value if isinstance(value, str | int) else None
