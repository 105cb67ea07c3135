"""Govern, privacy: whether something that was set aside mentions a person.

In:   what came in, as it came in.
Out:  the keys of everybody it may be about.
Idea: the log knows people only by keyed digests, and what was set aside could not be read; but every text in it can
      be digested too. If the digest of any of them is one of hers, it is about her. What names her in other ways
      (a first name, a wrong spelling) cannot be found; such records go with the rest after thirty days.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress

import msgspec

from etalage.domain.ids import IdentifierKind, VisitorKey, visitor_key

KINDS: tuple[IdentifierKind, ...] = ("visitor", "claimed", "user", "email")
MOST_TEXT = 512  # characters; no identifier is longer
_WORD = re.compile(r"""[^\s"'\\,;:{}\[\]<>()=&?]+""")


def mentioned(raw: bytes, pepper: bytes) -> frozenset[VisitorKey]:
    """Give the keys of everybody whom a text in `raw` could be an identifier of."""
    return frozenset(key for text in texts_in(raw) for key in keys_of(text, pepper))


def keys_of(identifier: str, pepper: bytes) -> set[VisitorKey]:
    """Give all keys that an identifier could stand for."""
    keys = {visitor_key(pepper, kind, identifier) for kind in KINDS}
    return keys | {visitor_key(pepper, "claimed", f"user:{identifier}")}


def texts_in(raw: bytes) -> set[str]:
    """Give every text in bytes that may or may not be JSON: whole strings, and words."""
    text = raw.decode("utf-8", errors="replace")
    found = set(_WORD.findall(text))
    # What was set aside often cannot be read; then the words remain.
    with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found.update(_strings(msgspec.json.decode(raw)))
    return {one for one in found if 0 < len(one) <= MOST_TEXT}


def _strings(value: object) -> Iterator[str]:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting += [*one, *one.values()]
        elif isinstance(one, list):
            waiting += one
        elif isinstance(one, str):
            yield one
        elif isinstance(one, int) and not isinstance(one, bool):
            yield str(one)
