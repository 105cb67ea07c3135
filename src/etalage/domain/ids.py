"""Names for what a string stands for, and how a person's identifiers become pseudonyms.

Idea: the log never holds what a shop calls a person. It holds `VisitorKey`s: keyed digests (HMAC-SHA256, 16
bytes, hex) under the shop's pepper, which lives in the key directory and in no backup of the data. The same
identifier gives the same key on every machine, so nothing has to be looked up to recognise somebody.
"""

from __future__ import annotations

import unicodedata
from typing import Literal, NewType

from etalage.domain.mac import mac

ShopId = NewType("ShopId", str)
VisitorKey = NewType(
    "VisitorKey", str
)  # 32 hex digits: one browser, or one identifier seen without one
EventId = NewType("EventId", str)
ProductId = NewType("ProductId", str)
SegmentName = NewType("SegmentName", str)
ExperienceName = NewType("ExperienceName", str)
VariantName = NewType("VariantName", str)
FeatureId = NewType(
    "FeatureId", str
)  # digest of a `did` condition without its window and thresholds

# What a visitor key was made from. `visitor`: an id that we signed or that came with a server key.
# `claimed`: an id that a browser merely says it has; no token can ever select it (design 12).
# `user`: a customer number. `email`: a verified mail address.
IdentifierKind = Literal["visitor", "claimed", "user", "email"]

CONTROL = VariantName("control")
HOLDOUT = VariantName("holdout")

PLACEHOLDERS = frozenset(
    (
        "0 1 -1 00000000-0000-0000-0000-000000000000 anonymous anoniem gast guest n/a na nan nil no-id none null "
        "test true false undefined unknown onbekend user visitor not_set nul (null) <null> void dummy default geen "
        "noreply no-reply - -- ? xxx [] {}"
    ).split()
) | {"", "[object object]", "(not set)"}
_UNFILLED = ("{{", "${", "%%", "<%")  # a template that nobody filled in; each has a "{" or a "%"


def normalised(identifier: str) -> str:
    """Give the one spelling of an identifier that is compared: NFC, without white space around it."""
    return unicodedata.normalize("NFC", identifier).strip()


def normalised_email(address: str) -> str:
    """Give the one spelling of a mail address that is compared: NFC, trimmed, case-folded."""
    return normalised(address).casefold()


def is_placeholder(identifier: str) -> bool:
    """Tell whether an identifier is one that systems fill in for nobody in particular.

    >>> is_placeholder(" Guest "), is_placeholder("C-1001")
    (True, False)
    """
    text = normalised(identifier).casefold()
    if text in PLACEHOLDERS or not text.strip("0"):
        return True
    return ("{" in text or "%" in text) and any(sign in text for sign in _UNFILLED)


def is_placeholder_mail(address: str) -> bool:
    """Tell whether a mail address stands for nobody: 'none@shop.example', 'no-reply@...'."""
    return is_placeholder(address.partition("@")[0])


def keyed_digest(pepper: bytes, kind: str, value: str) -> str:
    """Digest `value` under the shop's pepper: 16 bytes as 32 hex digits; `kind` keeps namespaces apart."""
    message = kind.encode() + b"\x00" + value.encode()
    return mac(pepper, message)[:16].hex()


def visitor_key(pepper: bytes, kind: IdentifierKind, identifier: str) -> VisitorKey:
    """Give the pseudonym under which an identifier stands in the log."""
    value = normalised_email(identifier) if kind == "email" else normalised(identifier)
    return VisitorKey(keyed_digest(pepper, kind, value))


def visitor_named(pepper: bytes, text: str) -> VisitorKey:
    """Read a profile as people write it: `v-1`, `user:C-1001`, `email:karel@shop.example`."""
    kind, sign, rest = text.partition(":")
    kinds: dict[str, IdentifierKind] = {"user": "user", "email": "email", "visitor": "visitor"}
    if sign and kind in kinds:
        return visitor_key(pepper, kinds[kind], rest)
    return visitor_key(pepper, "visitor", text)
