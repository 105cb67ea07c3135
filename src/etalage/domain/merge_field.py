"""Merge fields: `{{field|fallback}}`, the only thing in a shop's text that is not the text itself.

In:   a text that a marketer wrote.
Out:  its pieces: plain text and fields of a closed list.
Idea: there is no logic to attack. A piece is either text or the name of a fact; what a fact's value contains is
      never read again, so a value that looks like a field stays text. Escaping is the renderer's (safety 3).
"""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

from etalage.errors import BadExperience, Unknown

# What each field stands for is written down in deliver/merge_fields.py, which fills them in.
MERGE_FIELDS = frozenset(
    "product.title product.brand product.category product.price product.stock product.buyers cart.value cart.count "
    "free_delivery.missing customer.first_name customer.segment search.query shop.name sale.ends".split()
)
ABOUT_PRODUCT = "product."  # fields of the product on the page
_OPEN, _CLOSE = "{{", "}}"


class MergeField(Struct, frozen=True):
    """A fact to fill in; without a fallback the whole block is left out when the fact is unknown."""

    name: str
    fallback: str | None = None


Piece = str | MergeField


@lru_cache(maxsize=4_096)  # texts of live experiences are few, and each is read for every answer
def pieces_of(text: str, *, path: str = "") -> tuple[Piece, ...]:
    """Read a text into plain pieces and merge fields; anything else between braces is refused.

    >>> pieces_of("Dag {{customer.first_name|jij}}!")
    ('Dag ', MergeField(name='customer.first_name', fallback='jij'), '!')
    """
    pieces: list[Piece] = []
    rest = text
    while rest:
        plain, opened, after = rest.partition(_OPEN)
        if _CLOSE in plain:
            raise BadExperience("'}}' without '{{' before it", field=path)
        if plain:
            pieces.append(plain)
        if not opened:
            break
        inside, closed, rest = after.partition(_CLOSE)
        if not closed:
            raise BadExperience("'{{' without '}}' after it", field=path)
        pieces.append(_field(inside, path))
    return tuple(pieces)


def fields_of(text: str) -> tuple[MergeField, ...]:
    """Give the merge fields of a text that was read before."""
    if _OPEN not in text:
        return ()
    return tuple(piece for piece in pieces_of(text) if isinstance(piece, MergeField))


def _field(inside: str, path: str) -> MergeField:
    if "{" in inside or "}" in inside:
        raise BadExperience("braces inside a merge field", field=path)
    name, separator, fallback = inside.partition("|")
    name = name.strip()
    if name not in MERGE_FIELDS:
        raise Unknown("merge field", name[:80], sorted(MERGE_FIELDS), field=path)
    return MergeField(name, fallback.strip() if separator else None)
