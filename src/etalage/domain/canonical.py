"""Canonical JSON: the one text of a value, so that equal values have equal digests on every machine.

Keys are sorted, there is no white space, text is UTF-8. Documents, approvals and the audit are named by it.
"""

from __future__ import annotations

import hashlib

import msgspec


def canonical_json(value: object) -> bytes:
    """Write a JSON value in its one form.

    >>> canonical_json({"b": [1, 2.0], "a": "é"}).decode()
    '{"a":"é","b":[1,2.0]}'
    """
    return msgspec.json.encode(value, order="sorted")


def digest(value: object) -> str:
    """Give the SHA-256 of a value's canonical JSON, in hex."""
    return hashlib.sha256(canonical_json(value)).hexdigest()
