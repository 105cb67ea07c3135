"""Store: how keys are derived and how bytes are sealed, the same for every engine.

Idea: AES-256-GCM with a random nonce in front; `about` (whose it is, or what it is) is bound to it, so what was
      sealed for one person cannot be passed off as another's. Secrets come from one root by HKDF-SHA256.
From: NIST SP 800-38D (GCM), RFC 5869 (HKDF).
"""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from etalage.errors import Damaged

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16


def derived(root: bytes, purpose: str) -> bytes:
    """Derive the 32-byte secret of one purpose; none tells anything about another or about the root."""
    info = (
        b"etalage 1 " + purpose.encode()
    )  # names the scheme: another one would give other secrets
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(root)


def sealed(key: bytes, plain: bytes, *, about: bytes) -> bytes:
    """Encrypt; the nonce stands in front."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, about)


def opened(key: bytes, box: bytes, *, about: bytes) -> bytes:
    """Decrypt; raise `Damaged` if the key, the bytes or what they are about are not those they were sealed with."""
    if len(box) < NONCE_BYTES + TAG_BYTES:
        raise Damaged("a sealed field is too short to be one")
    try:
        return AESGCM(key).decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], about)
    except InvalidTag as error:
        raise Damaged("a sealed field was changed, or is not this key's") from error
