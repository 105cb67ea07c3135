"""Store, memory: folds for tests, with the same contract as the durable ones.

Idea: what is kept is one value that is never changed; a write changes a copy, which takes its place at the end.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import TypeVar

from etalage.domain.ids import VisitorKey
from etalage.domain.profile import ActiveFeature, Fold, OrderClaim
from etalage.ports import FoldHead, ProfilesWrite

T = TypeVar("T")


@dataclass(slots=True)
class _Kept:
    """All that is kept; during a write it is the `ports.ProfilesWrite`."""

    position: int = 0
    folds: dict[VisitorKey, Fold] = field(default_factory=dict)
    orders: dict[str, OrderClaim] = field(default_factory=dict)
    marks: set[VisitorKey] = field(default_factory=set)
    counted: tuple[ActiveFeature, ...] = ()

    def copy(self) -> _Kept:
        return replace(
            self, folds=dict(self.folds), orders=dict(self.orders), marks=set(self.marks)
        )

    def get(self, visitor: VisitorKey) -> Fold | None:
        return self.folds.get(visitor)

    def put(self, visitor: VisitorKey, fold: Fold) -> None:
        self.folds[visitor] = fold

    def remove(self, visitor: VisitorKey) -> None:
        self.folds.pop(visitor, None)
        self.marks.discard(visitor)

    def order(self, transaction: str) -> OrderClaim:
        return self.orders.get(transaction, OrderClaim())

    def put_order(self, transaction: str, claim: OrderClaim) -> None:
        self.orders[transaction] = claim

    def remove_order(self, transaction: str) -> None:
        self.orders.pop(transaction, None)

    def features(self) -> tuple[ActiveFeature, ...]:
        return self.counted

    def put_features(self, features: Sequence[ActiveFeature]) -> None:
        self.counted = tuple(features)

    def mark(self, visitor: VisitorKey) -> None:
        self.marks.add(visitor)

    def unmark(self, visitor: VisitorKey) -> None:
        self.marks.discard(visitor)

    def clear(self) -> None:
        self.position = 0
        self.folds.clear()
        self.orders.clear()
        self.marks.clear()
        self.counted = ()


class MemoryProfiles:
    """The answer of memory to `ports.Profiles`; several threads may use it."""

    def __init__(self) -> None:
        self._kept = _Kept()
        self._writing = threading.Lock()

    def get(self, visitor: VisitorKey) -> Fold | None:
        """Give the fold of a visitor; None if there is none."""
        return self._kept.get(visitor)

    def head(self, visitor: VisitorKey) -> FoldHead | None:
        """Give the first fields of a fold."""
        fold = self._kept.get(visitor)
        return None if fold is None else FoldHead(fold.first_seen, fold.link, fold.consent)

    def many(self, visitors: Iterable[VisitorKey]) -> dict[VisitorKey, Fold]:
        """Give the folds that exist, read at one moment."""
        folds = self._kept.folds
        return {visitor: folds[visitor] for visitor in visitors if visitor in folds}

    def at_one_moment(self) -> AbstractContextManager[None]:
        """Give a block that does nothing: reading costs nothing here."""
        return nullcontext()

    def linked_to(self, customer: VisitorKey) -> tuple[VisitorKey, ...]:
        """Give the visitors whose fold is linked to this customer key, in order of key."""
        links = ((visitor, fold.link) for visitor, fold in self._kept.folds.items())
        return tuple(sorted(v for v, link in links if link is not None and link.value == customer))

    def order(self, transaction: str) -> OrderClaim:
        """Give what is known of a transaction."""
        return self._kept.order(transaction)

    def position(self) -> int:
        """Give the log position up to which the folds are complete."""
        return self._kept.position

    def features(self) -> tuple[ActiveFeature, ...]:
        """Give the conditions that are counted, in the order in which they came into force."""
        return self._kept.counted

    def marked(self) -> frozenset[VisitorKey]:
        """Give the visitors that wait to be folded again."""
        return frozenset(self._kept.marks)

    def update(self, change: Callable[[ProfilesWrite], T]) -> T:
        """Run `change` on a copy that becomes what is kept, unless it fails."""
        with self._writing:
            kept = self._kept.copy()
            result = change(kept)
            self._kept = kept
            return result

    def renew(self, gone: Callable[[], Iterable[VisitorKey]]) -> None:
        """Remove whom `gone` names; memory keeps nothing of what went before."""
        visitors = tuple(gone())

        def change(write: ProfilesWrite) -> None:
            for visitor in visitors:
                write.remove(visitor)

        self.update(change)

    def visitors(self) -> Iterator[tuple[VisitorKey, Fold]]:
        """Give all folds, in order of key, as of the moment of the call."""
        return iter(sorted(self._kept.folds.items(), key=lambda row: row[0]))

    def close(self) -> None:
        """Do nothing: there is nothing to release."""
