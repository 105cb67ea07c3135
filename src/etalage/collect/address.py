"""Step 1 of 8, minimise: what stays of an address.

In:   the address of a page, or of where a visitor came from.
Out:  path and parameters, or a host.
Idea: addresses carry mail addresses, tokens and names. What looks like a key to something is masked; of the
      parameters only those on the list stay.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_plus, urlencode

from etalage.collect.fields import text
from etalage.collect.notes import Notes, count

MASK = "*"
MAX_PATH = 512  # characters
MAX_PARAMETERS = 100
MAX_VALUE = 600  # characters, as written

Parameters = list[tuple[str, str]]

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
    scheme, mark, rest = address.partition("://")
    if not mark or not scheme.isalnum():
        return None
    authority = re.split(r"[/?#\\]", rest, maxsplit=1)[0]
    name = authority.rpartition("@")[2].partition(":")[0].lower()
    return name if _HOST.fullmatch(name) else None


def parted(address: str | None, notes: Notes) -> tuple[str | None, Parameters]:
    """Part an address into its path, with what must not be kept masked, and its parameters."""
    if address is None:
        return None, []
    path, _, query = address.partition("#")[0].partition("?")
    if "://" in path:
        path = path.partition("://")[2].partition("/")[2]
    path = "/" + path.lstrip("/")
    if _NEEDS_A_LOOK.search(path):
        parts = [MASK if _SECRET.fullmatch(part) else part for part in path.split("/")]
        if MASK in parts:
            count(notes, "address_masked")
        path = "/".join(parts)
    return path[:MAX_PATH], _parameters(query)


def url_of(path: str | None, parameters: Parameters, allowed: frozenset[str]) -> str | None:
    """Write a path with the parameters that are kept, in order of name."""
    if path is None:
        return None
    if not parameters:
        return path
    kept = sorted(
        (n, v) for n, v in parameters if n in allowed and text(v) and not _SECRET.fullmatch(v)
    )
    return f"{path}?{urlencode(kept)}" if kept else path


def _parameters(query: str) -> Parameters:
    """Read the parameters of an address that are short enough to be kept."""
    pairs = (pair.partition("=") for pair in query.split("&", MAX_PARAMETERS)) if query else ()
    return [
        (name, unquote_plus(value)) for name, _, value in pairs if value and len(value) <= MAX_VALUE
    ]
