"""Govern, approve: what may go live, and by whose word.

In:   a document (a segment, strategy or experience), what it uses, who asks, and when.
Out:  the moves that bring it live, or `NotApproved` with the reason.
Idea: an approval is bound to a hash over the document and over everything it uses, however deep. Nobody has to
      remember to withdraw it: as soon as one letter of any of them differs, the hashes differ and it has lapsed.
      And the one who wrote it is not the one who approves it.
From: design 7 (life of an experience), safety S1 promise 12.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable

from msgspec import Struct
from msgspec.structs import replace

from etalage.domain.canonical import digest
from etalage.errors import Conflict, NotApproved
from etalage.ports import Document, DocumentState

Uses = Callable[
    [Document], list[Document]
]  # what a document uses directly, as it would be served now

MOVES: dict[DocumentState, tuple[DocumentState, ...]] = {
    "draft": ("in_review", "approved", "ended"),
    "in_review": ("draft", "approved", "ended"),
    "approved": ("approved", "live", "ended"),  # approved again: after its approval lapsed
    "live": ("paused", "approved", "ended"),
    "paused": ("live", "approved", "ended"),
    "ended": (),  # for good: the same text again becomes a new version
}


class Move(Struct, frozen=True):
    """One step of a plan: bring `document`, as it then is, to the state `to`."""

    document: Document
    to: DocumentState
    approved_hash: str | None = None  # with "approved" only


def go_live(
    document: Document, *, actor: str, uses: Uses, now: int, live: Iterable[Document] = ()
) -> list[Move]:
    """Plan how a document goes live by the word of `actor`; empty if it is live and approved already.

    Args:
        document: the version to bring live.
        actor: who approves; not its author.
        uses: what a document uses directly; each must be live and still approved itself.
        now: micros.
        live: what is live of this kind; the version of the same name that is replaced is found in it.

    Returns:
        Moves, to be made in this order; the new version goes live before the old one ends.
    """
    still_approved = is_still_approved(document, uses)
    if document.state == "live" and still_approved:
        return []
    may_approve(document, actor, now)
    _refuse_unapproved_uses(document, uses)
    moves = []
    if document.state != "approved" or not still_approved:
        approved_hash = content_hash(document, uses)
        moves.append(Move(document, "approved", approved_hash))
        document = replace(
            document, state="approved", approved_by=actor, approved=now, approved_hash=approved_hash
        )
    moves.append(Move(document, "live"))
    return moves + [Move(old, "ended") for old in live if _is_other_version(old, document)]


def may_approve(document: Document, actor: str, now: int) -> None:
    """Refuse with `NotApproved` if `actor` may not approve this document now."""
    name = _title(document)
    if not one_spelling(actor):
        raise NotApproved(f"{name}: say who approves it", field="as")
    if one_spelling(actor) == one_spelling(document.author):
        raise NotApproved(
            f"{name} was written by {document.author}; somebody else must approve it", field="as"
        )
    if "approved" not in MOVES[document.state]:
        raise NotApproved(f"{name} is {document.state}; apply its file again for a new version")
    if now < document.created:
        raise NotApproved(f"{name} was written later than now; compare the clocks of the machines")


def may_move(document: Document, to: DocumentState) -> None:
    """Refuse with `Conflict` a move that the life of a document does not have."""
    if to not in MOVES[document.state]:
        allowed = ", ".join(MOVES[document.state]) or "nothing"
        raise Conflict(f"{_title(document)} is {document.state} and can become {allowed}, not {to}")


def is_still_approved(document: Document, uses: Uses) -> bool:
    """Tell whether somebody else's approval stands: neither the document nor anything it uses has changed."""
    if document.approved_hash is None or document.approved_by is None:
        return False
    if one_spelling(document.approved_by) == one_spelling(document.author):
        return False
    return document.approved_hash == content_hash(document, uses)


def content_hash(document: Document, uses: Uses) -> str:
    """Digest a document with all that it uses, each by kind, name and its own content hash; SHA-256, hex.

    The state, version and author of what is used do not count: only what it says does.
    """
    known: dict[tuple[str, str], str] = {}
    return _content_hash(document, uses, known, path=())


def one_spelling(actor: str) -> str:
    """Give the form in which names of people are compared: ' ANN ' is 'ann'.

    Compatibility forms (wide letters), invisible characters and runs of white space do not make another person.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", actor).casefold())
    visible = "".join(letter for letter in folded if unicodedata.category(letter) != "Cf")
    return unicodedata.normalize("NFC", " ".join(visible.split()))


def _content_hash(
    document: Document,
    uses: Uses,
    known: dict[tuple[str, str], str],
    *,
    path: tuple[tuple[str, str], ...],
) -> str:
    key = (document.kind, document.name)
    if key in path:
        circle = " > ".join(name for _, name in (*path[path.index(key) :], key))
        raise NotApproved(f"{_title(document)} uses itself: {circle}")
    if key not in known:
        used = {
            (other.kind, other.name, _content_hash(other, uses, known, path=(*path, key)))
            for other in uses(document)
        }
        known[key] = digest([document.kind, document.name, document.body, sorted(used)])
    return known[key]


def _refuse_unapproved_uses(document: Document, uses: Uses) -> None:
    for used in uses(document):
        if used.state != "live":
            raise NotApproved(
                f"{_title(document)} uses {_title(used)}, which is {used.state}; approve that first"
            )
        if not is_still_approved(used, uses):
            raise NotApproved(
                f"{_title(document)} uses {_title(used)}, whose approval has lapsed; approve that first"
            )


def _is_other_version(old: Document, new: Document) -> bool:
    return (old.kind, old.name) == (new.kind, new.name) and old.version != new.version


def _title(document: Document) -> str:
    return f"{document.kind} '{document.name}' (version {document.version})"
