"""Step 1 of 8, bound: one JSON object, unambiguous, no larger and no deeper than an event may be.

In:   the bytes of one event (or of the envelope of a batch).
Out:  a dict of plain values, or a `Refusal`.
Idea: msgspec reads fast but keeps the last of two equal keys. In a text without white space between a key and
      its colon, `":` occurs at least once per key; so if it occurs as often as there are keys after reading, no
      key was lost. Only where the counts differ do we read again, slowly, to see which key was repeated. Most
      programs write JSON as we do: an event that comes out the same when written again repeats no key, and if its
      text shows at a glance that nothing in it can be out of bounds, nobody walks over it.
From: safety.md 3 "Input".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

import msgspec

from etalage.collect.refusal import Refusal

MAX_EVENT_BYTES = 32 * 1024
MAX_TEXT_BYTES = 8 * 1024
MAX_KEYS = 200  # in one object: properties, traits
MAX_DEPTH = 32
MAX_NUMBER = 2**53  # beyond it two programs may read two different numbers

# Names that mean something to the objects of JavaScript: as keys they are an attempt to get hold of those.
HOSTILE_NAMES = frozenset({"__proto__", "prototype", "constructor"})

_DECODER = msgspec.json.Decoder()
_ENCODER = msgspec.json.Encoder()
_NUL = b"\\u0000"  # the only way to write NUL in JSON
_MAX_CHARACTERS = MAX_TEXT_BYTES // 4  # never more bytes than allowed, whatever they are
_CONSENT_PARTS = ("consent", "consentManagement")


def bounded(raw: bytes, *, most: int = MAX_EVENT_BYTES) -> dict[str, object]:
    """Read one event within its bounds.

    Raises:
        Refusal: `too_large`, `too_deep`, `too_many_properties`, `not_an_object`, `hostile_name`, `ambiguous`,
            or `bad_field` for what is no JSON, a number beyond 2^53, a lone surrogate, or NUL.
    """
    if len(raw) > most:
        raise Refusal("too_large")
    try:
        value = _DECODER.decode(raw)
    except RecursionError:
        raise Refusal("too_deep") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Refusal("bad_field", detail=str(error)[:100]) from None
    if type(value) is not dict:
        raise Refusal("not_an_object")
    if _ENCODER.encode(value) == raw and _is_plain(raw):
        return value
    keys = _keys_in_object(value, MAX_DEPTH)
    if _NUL in raw:
        _refuse_nul(value)
    if keys != raw.count(b'":') or _may_have_loose_colons(raw):
        _refuse_repeated(raw)
    return value


def _is_plain(raw: bytes) -> bool:
    """Tell of a text that is written as we would write it, so without a repeated key, that all of it is in bounds.

    Only with that many brackets is it too deep, only with that many colons does it have too many keys. A number
    beyond 2^53 is written with 16 digits or more, or with an exponent and no sign before that.
    """
    shape = raw.translate(_SHAPE)
    return (
        len(raw) <= MAX_TEXT_BYTES
        and b"\\" not in raw  # before NUL
        and b"proto" not in raw
        and b"constructor" not in raw
        and _LONG_NUMBER not in shape
        and (b"0e0" not in shape or _EXPONENT.search(shape) is None)
        and (len(raw) <= _SHORT or raw.count(b":") <= MAX_KEYS)
        and raw.count(b"{") + raw.count(b"[") <= MAX_DEPTH
    )


_SHORT = 5 * MAX_KEYS  # a key and its value take five characters and more: "":0,
_SHAPE = bytes.maketrans(b"123456789E", b"000000000e")
_LONG_NUMBER = b"0" * 16  # 2^53 has as many digits
_EXPONENT = re.compile(rb"[:,\[]-?0[0.]*e")  # a number begins behind one of these


def _may_have_loose_colons(raw: bytes) -> bool:
    """Tell whether a key may be apart from its colon; line ends and tabs only stand between tokens."""
    return b" :" in raw or b"\n" in raw or b"\t" in raw or b"\r" in raw


def _keys_in_object(value: dict[str, object], depth: int) -> int:
    """Count the keys of an object and all in it, and refuse what is out of bounds on the way."""
    keys = len(value)
    if keys > MAX_KEYS:
        raise Refusal("too_many_properties")
    if depth <= 0:
        raise Refusal("too_deep")
    if not HOSTILE_NAMES.isdisjoint(value):
        raise Refusal("hostile_name")
    for part in value.values():
        if type(part) is str:
            if len(part) > _MAX_CHARACTERS:
                _refuse_long(part)
        elif type(part) is dict:
            keys += _keys_in_object(part, depth - 1)
        elif part is not None and part is not True and part is not False:
            keys += _keys_in_list_or_number(part, depth - 1)
    return keys


def _keys_in_list_or_number(part: object, depth: int) -> int:
    if not isinstance(part, list):
        if isinstance(part, int | float) and not -MAX_NUMBER <= part <= MAX_NUMBER:
            raise Refusal("bad_field", detail="a number beyond 2^53")
        return 0
    if depth <= 0:
        raise Refusal("too_deep")
    keys = 0
    for one in part:
        if isinstance(one, dict):
            keys += _keys_in_object(one, depth - 1)
        elif isinstance(one, str):
            _refuse_long(one)
        else:
            keys += _keys_in_list_or_number(one, depth - 1)
    return keys


def _refuse_long(text: str) -> None:
    if len(text) > _MAX_CHARACTERS and len(text.encode()) > MAX_TEXT_BYTES:
        raise Refusal("too_large", detail="a text of more than 8 KB")


def _refuse_nul(value: object) -> None:
    if isinstance(value, str):
        if "\0" in value:
            raise Refusal("bad_field", detail="NUL")
    elif isinstance(value, list):
        for part in value:
            _refuse_nul(part)
    elif isinstance(value, dict):
        for name, part in value.items():
            _refuse_nul(name)
            _refuse_nul(part)


class _Object(dict[str, object]):
    """An object that knows whether a key of it was written twice."""

    is_ambiguous = False


def _object(pairs: list[tuple[str, object]]) -> _Object:
    made = _Object(pairs)
    made.is_ambiguous = len(made) != len(pairs)
    return made


def _refuse_repeated(raw: bytes) -> None:
    """Refuse a key written twice in the envelope, in the context, or anywhere in what was said of consent."""
    event = json.loads(raw, object_pairs_hook=_object)
    context = event.get("context")
    parts = [event, context, *_objects(event.get("consent"))]  # a question says it at the top
    if isinstance(context, Mapping):
        for name in _CONSENT_PARTS:
            parts.extend(_objects(context.get(name)))
    if event.get("event") == "consent":
        parts.extend(_objects(event.get("properties")))
    if any(isinstance(part, _Object) and part.is_ambiguous for part in parts):
        raise Refusal("ambiguous")


def _objects(value: object) -> list[object]:
    """Give all objects in a value, itself included."""
    if isinstance(value, _Object):
        return [value, *(found for part in value.values() for found in _objects(part))]
    if isinstance(value, list):
        return [found for part in value for found in _objects(part)]
    return []
