"""Step 2 of 8, unify: a person is the merge, at read time, of the folds of her linked visitors.

In:   the folds of all visitors linked to one customer key (links.py says which), and who is asking.
Out:  a `Person`: what may be known of her now.
Idea: linking and unlinking only change the set of folds that is merged; nothing is folded again, so
      "unlinked" equals "never linked". Consent is applied here, on reading: only epochs that began after her
      last refusal are merged, so a withdrawal works at once and a new yes brings nothing back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

from etalage.domain.consent import Purpose, last_refusal, open_purposes
from etalage.domain.ids import VisitorKey
from etalage.domain.profile import MAX_LINKED, Fold, Joined, Part, Person
from etalage.unify.merge import merge_but_parts, merge_parts, since

NO_PURPOSES: frozenset[Purpose] = frozenset()
NOTHING = Fold(first_seen=0, link=None, consent={}, arms={}, triggered={}, parts={})


def person_of(asking: VisitorKey, folds: Mapping[VisitorKey, Fold], *, gpc: bool = False) -> Person:
    """Make the person behind a visitor, as that visitor's browser may be answered.

    Args:
        asking: the visitor that asks; needs no fold (she may be new).
        folds: of her linked visitors, herself included if she has one.
        gpc: the request carried Global Privacy Control.
    """
    quarantined = len(folds) > MAX_LINKED
    if quarantined:
        folds = {asking: folds[asking]} if asking in folds else {}
    own = folds.get(asking, NOTHING)
    is_alone = len(folds) == 1 and asking in folds
    linked = [] if is_alone else [f.consent for visitor, f in folds.items() if visitor != asking]
    merged = own if is_alone else _merged(folds)
    allowed = NO_PURPOSES if is_restricted(merged) else open_purposes(own.consent, linked, gpc=gpc)
    return Person(
        asking=asking,
        visitors=(asking,) if is_alone else tuple(sorted(folds)) or (asking,),
        oldest=asking if is_alone or not folds else _oldest(folds),
        fold=merged,
        open=allowed,
        part=readable_part(folds) if "personalise" in allowed else None,
        quarantined=quarantined,
    )


def _merged(folds: Mapping[VisitorKey, Fold]) -> Fold:
    return reduce(merge_but_parts, folds.values()) if folds else NOTHING


def as_known(folds: Mapping[VisitorKey, Fold]) -> Person:
    """Make the person as the shop may count her in batch: no browser asks, her own newest choice decides."""
    merged = reduce(merge_but_parts, folds.values())
    oldest = _oldest(folds)
    allowed = NO_PURPOSES if is_restricted(merged) else open_purposes(merged.consent)
    return Person(
        asking=oldest,
        visitors=tuple(sorted(folds)),
        oldest=oldest,
        fold=merged,
        open=allowed,
        part=readable_part(folds) if "personalise" in allowed else None,
    )


def _oldest(folds: Mapping[VisitorKey, Fold]) -> VisitorKey:
    return min(folds, key=lambda visitor: (folds[visitor].first_seen, visitor))


def is_restricted(fold: Fold) -> bool:
    """Tell whether a person is frozen: nothing of hers is used until she is let go (AVG 18)."""
    return fold.restricted is not None and fold.restricted.value is True


def readable_part(folds: Mapping[VisitorKey, Fold]) -> Part:
    """Merge what was remembered since the person's last refusal to be personalised."""
    refused = last_refusal("personalise", [fold.consent for fold in folds.values()])
    own = [
        reduce(merge_parts, parts)
        for fold in folds.values()
        if (parts := [part for epoch, part in fold.parts.items() if epoch > refused])
    ]
    if len(own) < 2:  # noqa: PLR2004  one visitor: all that is remembered is hers
        return own[0] if own else EMPTY
    return _joined(own)


def _joined(parts: Sequence[Part]) -> Joined:
    """Merge the parts of several visitors, and keep apart what each of them did."""
    merged = reduce(merge_parts, parts)
    every = {name: getattr(merged, name) for name in Part.__struct_fields__}
    return Joined(**every, apart=tuple(since(merged.recents, part.recents) for part in parts))


EMPTY = Part(
    features={},
    days={},
    recents=(),
    traits={},
    preferences={},
    scores={},
    refused={},
    cart={},
    cleared=(0, ""),
    bought={},
    sessions={},
)
