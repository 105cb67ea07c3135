"""Step 1 of 8, minimise: what stays of an address.

In:   the address of a page, or of where a visitor came from.
Out:  an `Address`, or a host.
Idea: addresses carry mail addresses, tokens and names. What looks like a key to something is masked; of the
      parameters only those on the list stay.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote_plus, urlencode

from msgspec import Struct

from etalage.collect.fields import text
from etalage.collect.notes import Notes, count

MASK = "*"
MAX_PATH = 512  # characters
MAX_PARAMETERS = 100
MAX_VALUE = 600  # characters, as written

_COMMON = 200  # characters of the parameters of a link that many follow

Campaign = tuple[str | None, str | None, str | None]  # source, medium, name


class Address(Struct, frozen=True):
    """What may be kept of the address of a page."""

    url: str | None  # path and allow-listed parameters
    campaign: Campaign  # in the parameters


NO_CAMPAIGN: Campaign = (None, None, None)
NO_ADDRESS = Address(None, NO_CAMPAIGN)

_PLAIN = re.compile(r"[a-z]+://([a-z0-9][a-z0-9.-]{0,252})(?:[/?#\\]|\Z)")
_HOST = re.compile(r"[a-z0-9][a-z0-9.-]{0,252}")
# Parts of a path that are keys to something: mail addresses, UUIDs, long hexadecimal texts, signed tokens.
_SECRET = re.compile(
    r".*(?:@|%40).*"
    r"|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    r"|(?=.*[0-9])[0-9a-fA-F]{20,}"
    r"|eyJ[\w-]+\..*"
    r"|(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])[A-Za-z0-9_~+=]{24,}"
)
_NEEDS_A_LOOK = re.compile(r"[@%]|[^/]{20}")


def host(address: str | None) -> str | None:
    """Give the host of an address: of where she came from no more is kept. RudderStack writes `$direct` for none.

    >>> host("https://karel:geheim@WWW.Example.org:8080/inbox?u=1"), host("$direct")
    ('www.example.org', None)
    """
    if address is None:
        return None
    plain = _PLAIN.match(address)
    if plain is not None:
        return plain[1]
    scheme, mark, rest = address.partition("://")
    if not mark or not scheme.isalnum():
        return None
    authority = re.split(r"[/?#\\]", rest, maxsplit=1)[0]
    name = authority.rpartition("@")[2].partition(":")[0].lower()
    return name if _HOST.fullmatch(name) else None


def read_address(address: str | None, allowed: frozenset[str], notes: Notes) -> Address:
    """Read the address of a page; of its parameters only those that are allowed stay in it."""
    if address is None:
        return NO_ADDRESS
    path, _, query = address.partition("#")[0].partition("?")
    if "://" in path:
        path = path.partition("://")[2].partition("/")[2]
    path = "/" + path.lstrip("/")
    if _NEEDS_A_LOOK.search(path):
        parts = [MASK if _SECRET.fullmatch(part) else part for part in path.split("/")]
        if MASK in parts:
            count(notes, "address_masked")
        path = "/".join(parts)
    path = path[:MAX_PATH]
    if not query:
        return Address(path, NO_CAMPAIGN)
    is_common = len(query) <= _COMMON and "@" not in query and "%" not in query
    told = (_remembered if is_common else _told)(query, allowed)
    return Address(f"{path}?{told.kept}" if told.kept else path, told.campaign)


class _Told(Struct, frozen=True):
    """What the parameters of an address say, as far as it may be kept."""

    kept: str  # as they are written, in order of name
    campaign: Campaign


def _told(query: str, allowed: frozenset[str]) -> _Told:
    """Read the parameters of an address that are short enough to be kept."""
    pairs = (pair.partition("=") for pair in query.split("&", MAX_PARAMETERS))
    told = [
        (name, unquote_plus(value)) for name, _, value in pairs if value and len(value) <= MAX_VALUE
    ]
    kept = sorted((n, v) for n, v in told if n in allowed and text(v) and not _SECRET.fullmatch(v))
    newest = dict(told)
    campaign = (
        text(newest.get("utm_source")),
        text(newest.get("utm_medium")),
        text(newest.get("utm_campaign")),
    )
    return _Told(urlencode(kept), campaign)


# Many come by the same links of the same campaigns.
_remembered = lru_cache(maxsize=1_024)(_told)
