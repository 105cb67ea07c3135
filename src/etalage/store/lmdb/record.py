"""Store, LMDB: a record is its payload behind a digest over key and payload.

Idea: LMDB has no checksums. A page that a power cut left full of zeros, a flipped bit or a record under a wrong
key must never read as an answer: it reads as `Damaged`.
"""

from __future__ import annotations

from hashlib import blake2b

from etalage.errors import Damaged

DIGEST_BYTES = 8
SHORT_BYTES = (
    4  # for records that are smaller than a digest would be; found in all but one of four billion
)


def framed(key: bytes, payload: bytes) -> bytes:
    """Put the digest in front of a payload."""
    return blake2b(key + payload, digest_size=DIGEST_BYTES).digest() + payload


def is_whole(key: bytes, record: bytes) -> bool:
    """Tell whether a record is the one that was written under this key."""
    digest = blake2b(key + record[DIGEST_BYTES:], digest_size=DIGEST_BYTES).digest()
    return digest == record[:DIGEST_BYTES]


def payload_of(key: bytes, record: bytes, what: str) -> bytes:
    """Give the payload; raise `Damaged` if it is not what was written. `what` names it for a person."""
    if not is_whole(key, record):
        raise Damaged(f"{what} does not have the digest it was written with")
    return record[DIGEST_BYTES:]


def short_framed(key: bytes, payload: bytes) -> bytes:
    """Put a short digest behind a payload of a few bytes."""
    return payload + blake2b(key + payload, digest_size=SHORT_BYTES).digest()


def short_payload_of(key: bytes, record: bytes, what: str) -> bytes:
    """Give the payload of `short_framed`; raise `Damaged` if it is not what was written."""
    payload = record[:-SHORT_BYTES]
    if short_framed(key, payload) != record:
        raise Damaged(f"{what} does not have the digest it was written with")
    return payload


def number_key(number: int) -> bytes:
    """Write a number so that the order of keys is the order of numbers."""
    return number.to_bytes(8, "big")
