"""The audit: who did what, in lines that each carry the digest of the one before.

Changing or removing a line breaks the chain from there on; only cutting off the tail does not show by itself.
For that, keep a line elsewhere (an anchor): it must still be there, with the same chain.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from etalage.domain.canonical import canonical_json
from etalage.ports import AuditLine

FIRST = "0" * 64  # the chain "before" line 1


def chained(previous: str, line: AuditLine) -> str:
    """Give the chain of a line: SHA-256 over the chain before it and all the line says, in hex."""
    said = [line.number, line.at, line.actor, line.action, line.object, line.before, line.after]
    return hashlib.sha256(previous.encode() + canonical_json(said)).hexdigest()


def first_broken(lines: Iterable[AuditLine], anchor: AuditLine | None = None) -> int | None:
    """Name the first line that is missing or not what was written; None if all of them fit."""
    chain, expected, anchored = FIRST, 1, anchor is None
    for line in lines:
        if line.number != expected:
            return expected
        chain = chained(chain, line)
        if line.chain != chain:
            return expected
        if anchor is not None and line.number == anchor.number:
            if line.chain != anchor.chain:
                return expected
            anchored = True
        expected += 1
    return None if anchored else expected
