"""Govern: the token that opens the visitor's own page, for half an hour and for nothing else.

    m1.<visitor id>.<customer key or ->.<second it ends>.<base64url of 16 bytes of HMAC-SHA256(secret, all before it)>

In:   the visitor of a valid visitor token; her customer, if the shop signed just now that she is logged in.
Out:  a text for the fragment of the page's address, which no server, log or referrer ever sees.
Idea: the token by which a browser is known lives for a year; it never stands in an address. What does, opens one
      page for minutes. It has a secret of its own, so that no token of one purpose is ever good for another.
"""

from __future__ import annotations

import base64
import hmac
import re

from msgspec import Struct

from etalage.domain.ids import VisitorKey
from etalage.domain.time import MINUTE, SECOND

LIFE = 30 * MINUTE
_FORM = re.compile(
    r"(m1\.([A-Za-z0-9_-]{1,64})\.([0-9a-f]{32}|-)\.([0-9]{1,12}))\.([A-Za-z0-9_-]{22})"
)
_MAC_LENGTH = 16


class Opened(Struct, frozen=True):
    """Whose page it is."""

    visitor_id: str
    customer: (
        VisitorKey | None
    )  # None: nobody is logged in; then the page is about this browser alone
    ends: int  # micros


def issue_me_token(
    visitor_id: str, customer: VisitorKey | None, secret: bytes, *, now: int
) -> tuple[str, int]:
    """Issue a token; give it with the moment it ends."""
    ends = now // SECOND + LIFE // SECOND
    said = f"m1.{visitor_id}.{customer or '-'}.{ends}"
    return f"{said}.{_mac(secret, said)}", ends * SECOND


def read_me_token(text: object, secret: bytes, *, now: int) -> Opened | None:
    """Read a token; None if this shop did not issue it, or its time is over."""
    found = _FORM.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    said, visitor_id, customer, ends, mac = found.groups()
    if not hmac.compare_digest(mac, _mac(secret, said)):
        return None
    if now >= int(ends) * SECOND:
        return None
    return Opened(visitor_id, None if customer == "-" else VisitorKey(customer), int(ends) * SECOND)


def _mac(secret: bytes, said: str) -> str:
    raw = hmac.digest(secret, said.encode(), "sha256")[:_MAC_LENGTH]
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
