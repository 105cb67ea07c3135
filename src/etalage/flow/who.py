"""Who is this: from the visitor that a request may speak for to the person behind her."""

from __future__ import annotations

from collections.abc import Mapping

from etalage.domain.consent import Registers
from etalage.domain.ids import VisitorKey
from etalage.domain.profile import MAX_LINKED, Fold, Person
from etalage.ports import FoldHead, Profiles
from etalage.unify.links import members_of, root_of, target_of
from etalage.unify.person import person_of


def linked_folds(profiles: Profiles, visitor: VisitorKey) -> dict[VisitorKey, Fold]:
    """Give the folds of all visitors of the same person; empty for somebody new."""
    own = profiles.get(visitor)
    read = {} if own is None else {visitor: own}
    if target_of(own) is None and not profiles.linked_to(visitor):
        return read  # she is on her own, as most are

    def target(key: VisitorKey) -> VisitorKey | None:
        fold = read.get(key) or profiles.get(key)
        if fold is not None:
            read[key] = fold
        return target_of(fold)

    root = root_of(visitor, target)
    members = members_of(root, profiles.linked_to)
    others = [key for key in members if key not in read and key != visitor]
    return read | profiles.many(others) if others else read


def person_behind(profiles: Profiles, visitor: VisitorKey, *, gpc: bool = False) -> Person:
    """Give the person as this visitor may be answered now."""
    return person_of(visitor, linked_folds(profiles, visitor), gpc=gpc)


def known_consent(profiles: Profiles, visitor: VisitorKey) -> tuple[Registers, list[Registers]]:
    """Give the consent registers of a visitor, and those of the other visitors of the same person."""
    heads: dict[VisitorKey, FoldHead] = {}

    def target(key: VisitorKey) -> VisitorKey | None:
        head = profiles.head(key)
        if head is not None:
            heads[key] = head
        return target_of(head)

    root = root_of(visitor, target)
    for key in members_of(root, profiles.linked_to):
        if key not in heads:
            target(key)
    return consent_among(visitor, heads)


def consent_among(
    visitor: VisitorKey, linked: Mapping[VisitorKey, Fold | FoldHead]
) -> tuple[Registers, list[Registers]]:
    """Part what was read of a person into the consent of this visitor and that of the others."""
    own = linked[visitor].consent if visitor in linked else {}
    if len(linked) > MAX_LINKED:  # then each visitor is on her own, also one who is new
        return own, []
    return own, [fold.consent for key, fold in linked.items() if key != visitor]
