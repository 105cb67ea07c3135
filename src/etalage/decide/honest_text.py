"""What a shop may write: no HTML, links that go where they say, and no typed claims of scarcity or crowds.

In:   a text, link or image of an experience.
Out:  the same, or a refusal that names the place and what to do.
Idea: "nog 3 op voorraad" is true for an hour and a lie for a month. Such numbers come from live facts, through
      a merge field; typed ones are refused (design 7, safety 8).

The rule for a typed claim. A number is digits or a number word (twee, tientallen, dozens ...), with a written
fallback of a merge field counted as typed; amounts of money, percentages and times of the day are no such
numbers. It is a claim when, with at most two words between them,
  - a word of scarcity stands before it: nog, slechts, laatste, only, just, last ...
  - a word of what is left stands after it: over, op voorraad, left, in stock ...
  - people stand after it: mensen, klanten, bezoekers, people, customers ...
or when it counts, directly, what was done: "12x verkocht", "sold 12 times".
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

from etalage.domain.merge_field import MergeField, pieces_of
from etalage.errors import BadExperience

_TAG = re.compile(r"<[a-zA-Z/!?]")  # what an HTML parser takes for the start of a tag
_NOT_A_CLAIM = re.compile(
    r"""[€$£]\s*\d[\d.,]*(?:-)?             # money
      | \b(?:eur|usd|gbp)\s*\d[\d.,]*
      | \d[\d.,]*\s*(?:€|euro\b|eur\b|%|procent\b|percent\b)
      | \b\d{1,2}[:.]\d{2}(?:\s*uur)?\b     # a time of the day
      | \b(?:voor|before|tot|until|om|at|vanaf)\s+\d{1,2}\s*(?:uur|am|pm)\b""",
    re.VERBOSE,
)
_NUMBER = (
    r"(?:\d++(?:[.,]\d++)*+\+?|(?:één|twee|drie|vier|vijf|zes|zeven|acht|negen|tien|elf|twaalf|twintig|vijftig|honderd(?:en)?"
    r"|duizend(?:en)?|tientallen|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|fifty"
    r"|hundreds?|thousands?|dozens)\b)"
)
_BETWEEN = r"(?:\W+\w+){0,2}\W+"
_SCARCE = r"(?:nog|slechts|laatste|maar|resterende|only|just|last|final|remaining)"
# "over" is what is left only at the end of a clause; elsewhere it means "about".
_LEFT = r"(?:over\s*(?:$|[,:)])|(?:voorraad|voorradig|beschikbaar|resterend|left|stock|remaining|available)\b)"
_PEOPLE = (
    r"(?:mensen|bezoekers|klanten|kopers|shoppers|anderen|personen|gebruikers|bestellers|people|persons|visitors"
    r"|customers|buyers|others|users)"
)
_DONE = r"(?:verkocht|gekocht|besteld|bekeken|sold|bought|ordered|viewed|purchased|seen)"
_CLAIMS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b{_SCARCE}{_BETWEEN}{_NUMBER}",
        rf"(?<!\w){_NUMBER}{_BETWEEN}{_LEFT}",
        rf"(?<!\w){_NUMBER}{_BETWEEN}{_PEOPLE}\b",
        rf"(?<!\w){_NUMBER}\s*(?:x|\u00d7|keer|maal|times)?\s+{_DONE}\b",
        rf"\b{_DONE}\W+(?:by\W+|door\W+|al\W+)*{_NUMBER}",
    )
)
_ABSOLUTE = "https://"
_LINK_LENGTH = 1_000


def honest(text: str, path: str) -> str:
    """Give the text back if it is plain, its merge fields exist, and it types no claim."""
    pieces = pieces_of(text, path=path)
    said = "".join(_as_read(piece) for piece in pieces)
    plain = unicodedata.normalize("NFKC", said)
    if _TAG.search(plain):
        raise BadExperience(f"{path} has HTML; write plain text", field=path)
    claim = typed_claim(plain)
    if claim is not None:
        raise BadExperience(
            f"{path} types a claim ('{claim}'); use a live fact such as {{{{product.stock}}}}",
            field=path,
        )
    return text


def typed_claim(text: str) -> str | None:
    """Find a typed number of scarcity or popularity; None if there is none.

    >>> typed_claim("Nog 3 op voorraad"), typed_claim("Vanaf € 50 gratis thuis, 30 dagen retour")
    ('nog 3', None)
    """
    visible = "".join(c for c in text.casefold() if unicodedata.category(c) != "Cf")
    for sentence in re.split(r"[!?;\n]|\.(?!\d)", visible):
        kept = _NOT_A_CLAIM.sub(" § ", sentence)
        for claim in _CLAIMS:
            if found := claim.search(kept):
                return found.group().strip()
    return None


def link(text: str, path: str, *, domains: frozenset[str] | None = None) -> str:
    """Give a link back if it is https or relative, to one of the domains if they are given."""
    bad = any(ord(c) <= 32 or c in '\\"<>{}`|^' or not c.isprintable() for c in text)  # noqa: PLR2004  up to the space
    if bad or len(text) > _LINK_LENGTH:
        raise BadExperience(f"{path} is no link", field=path)
    if text.startswith(("/", "#", "?")) and not text.startswith("//"):
        return text
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise BadExperience(f"{path} is no link", field=path) from error
    if not text.startswith(_ABSOLUTE) or not host or "@" in parts.netloc or port not in {None, 443}:
        raise BadExperience(f"{path} must be https:// or start with '/'", field=path)
    if domains is not None and host not in domains:
        raise BadExperience(f"{path} leads to {host}, which is not a listed domain", field=path)
    return text


def _as_read(piece: str | MergeField) -> str:
    """Write a piece as the visitor reads it at its worst: a fact that came from here, or the typed fallback."""
    if isinstance(piece, str):
        return piece
    return piece.fallback or "¤"  # a mark that is no letter and no digit
