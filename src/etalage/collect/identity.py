"""Step 1 of 8, recognise: who did it, how far that may be trusted, and whether we have this event already.

In:   ids as the source sent them, the visitor token of the call, a signature.
Out:  pseudonyms, a trust, and two keyed digests of 16 bytes by which the log knows an event again.
Idea: an event is known by (kind of source, visitor, its id). Who steals the id of somebody else's event only
      makes another event of his own; he cannot keep hers out.
From: safety.md 3 "Public key, origins, identity".
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

from etalage.domain.canonical import canonical_json
from etalage.domain.time import SECOND

# They differ between two deliveries of one event.
_OF_DELIVERY = frozenset({"sentAt", "writeKey", "_metadata", "receivedAt"})


def digest_of(fields: Mapping[str, object], pepper: bytes) -> bytes:
    """Digest an event without what differs between two deliveries of it."""
    lasting = {name: value for name, value in fields.items() if name not in _OF_DELIVERY}
    return hashlib.blake2b(
        canonical_json(lasting), digest_size=16, key=pepper[:64], person=b"digest"
    ).digest()


def identity_of(pepper: bytes, *parts: str) -> bytes:
    """Digest what an event is known by; parts are kept apart by their length."""
    message = "".join([f"{len(part)}:{part}" for part in parts]).encode()
    return hashlib.blake2b(message, digest_size=16, key=pepper[:64], person=b"identity").digest()


def signature_of(secret: bytes, *, shop: str, user: str, visitor: str, expires: int) -> str:
    """Sign, as the shop's server does, that this visitor's browser belongs to this customer.

    HMAC-SHA256 over `shop|user|visitor|expires` with the shop's secret for it, written `expires.hex`. Only `user`
    may hold a `|`, so the text can be read in one way only.

    Args:
        secret: the shop's, for this purpose alone.
        shop: its id.
        user: the customer number, as the event will send it.
        visitor: the visitor id in the visitor token; a signature is of no use to another browser.
        expires: seconds since 1970.
    """
    message = f"{shop}|{user}|{visitor}|{expires}".encode()
    return f"{expires}.{hmac.new(secret, message, hashlib.sha256).hexdigest()}"


def is_signed(
    signature: object, secret: bytes, *, shop: str, user: str, visitor: str, now: int
) -> bool:
    """Tell whether the shop signed this, and it is still valid; `now` in micros."""
    if not isinstance(signature, str) or not signature.isascii():
        return False
    expires, _, _ = signature.partition(".")
    if not expires.isdigit() or len(expires) > len("1795292584") or int(expires) * SECOND < now:
        return False
    own = signature_of(secret, shop=shop, user=user, visitor=visitor, expires=int(expires))
    return hmac.compare_digest(own, signature)
