"""HMAC-SHA256 with the key worked in beforehand: tokens and pseudonyms are made by the thousand a second.

Idea: HMAC hashes a block made of the key before the message, and another before the result. A shop has a handful of
      keys, so both states are kept and copied. `hmac.digest` gives the same bytes; it also lets go of the interpreter
      each time, which costs more than the digest while another thread computes.
From: RFC 2104.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashlib import _Hash

BLOCK = 64  # bytes, of SHA-256
KEYS_KEPT = 256
_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))


def mac(key: bytes, message: bytes) -> bytes:
    """Give the 32 bytes of HMAC-SHA256."""
    inside, outside = _states(key)
    inner, outer = inside.copy(), outside.copy()
    inner.update(message)
    outer.update(inner.digest())
    return outer.digest()


@lru_cache(maxsize=KEYS_KEPT)
def _states(key: bytes) -> tuple[_Hash, _Hash]:
    block = (sha256(key).digest() if len(key) > BLOCK else key).ljust(BLOCK, b"\x00")
    return sha256(block.translate(_INNER)), sha256(block.translate(_OUTER))
