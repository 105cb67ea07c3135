"""Profiles: what is remembered per visitor; rebuildable from the log."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

from msgspec import Struct

from etalage.domain.consent import Purpose, Register
from etalage.domain.ids import VisitorKey
from etalage.domain.profile import ActiveFeature, Fold, OrderClaim, Written

T = TypeVar("T")


class FoldHead(Struct, frozen=True, array_like=True):
    """The first fields of a `Fold`, in its order: who she is and what she allows, without what she did."""

    first_seen: int
    link: Written | None
    consent: dict[Purpose, Register]


class ProfilesWrite(Protocol):
    """One write transaction: reads see its own writes; all of it becomes visible at once, or nothing."""

    position: int  # up to which log position the folds are complete; set it before leaving

    def get(self, visitor: VisitorKey) -> Fold | None: ...
    def put(self, visitor: VisitorKey, fold: Fold) -> None:
        """Store a fold, and keep the index of links (see `linked_to`) in step with `fold.link`."""
        ...

    def order(self, transaction: str) -> OrderClaim: ...
    def put_order(self, transaction: str, claim: OrderClaim) -> None: ...
    def remove_order(self, transaction: str) -> None: ...
    def features(self) -> tuple[ActiveFeature, ...]:
        """Give the conditions that are counted, in the order in which they came into force."""
        ...

    def put_features(self, features: Sequence[ActiveFeature]) -> None: ...
    def remove(self, visitor: VisitorKey) -> None:
        """Forget one visitor's fold and its links; a mark to fold her again goes too."""
        ...

    def mark(self, visitor: VisitorKey) -> None:
        """Ask for this visitor to be folded again from the log by the background process."""
        ...

    def unmark(self, visitor: VisitorKey) -> None:
        """Say that it is done. Live events go on storing a marked fold, so storing it is no sign of that."""
        ...

    def clear(self) -> None:
        """Forget everything, before a rebuild."""
        ...


class Profiles(Protocol):
    """Folds per visitor. Derived from the log: losing them costs a rebuild and nothing else."""

    def at_one_moment(self) -> AbstractContextManager[object]:
        """Let this thread read as of one moment until the end of the block, at the cost of one read; write nothing in it."""
        ...

    def get(self, visitor: VisitorKey) -> Fold | None: ...
    def head(self, visitor: VisitorKey) -> FoldHead | None:
        """Give the first fields of a fold, at a sixth of the cost of the whole."""
        ...

    def many(self, visitors: Iterable[VisitorKey]) -> dict[VisitorKey, Fold]:
        """Give the folds that exist, read at one moment."""
        ...

    def linked_to(self, customer: VisitorKey) -> tuple[VisitorKey, ...]:
        """Give the visitors whose fold is linked to this customer key, in order of key."""
        ...

    def order(self, transaction: str) -> OrderClaim: ...
    def position(self) -> int: ...
    def features(self) -> tuple[ActiveFeature, ...]: ...
    def marked(self) -> frozenset[VisitorKey]:
        """Give the visitors that wait to be folded again."""
        ...

    def update(self, change: Callable[[ProfilesWrite], T]) -> T:
        """Run `change` in one write transaction; writers of all processes wait for each other."""
        ...

    def visitors(self) -> Iterator[tuple[VisitorKey, Fold]]:
        """Give all folds, in order of key, as of the moment of the call."""
        ...

    def renew(self, gone: Callable[[], Iterable[VisitorKey]]) -> None:
        """Leave no byte in any file of what was removed or changed before; `gone` names whom to remove on the way.

        Changes by others meanwhile may be lost together with the position: whoever calls this catches up after.
        """
        ...

    def close(self) -> None: ...
