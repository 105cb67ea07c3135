"""Step 4 of 8, recommend: what every kind of learned model has, so that any number of them is kept alike.

In:   a `Lesson`: a way to ask the log, and the moment.
Out:  `Taught`: a card and a file; from the file the card again, or a model that is ready to answer.
Idea: whoever learns, keeps, shows or serves models knows only these few names. A model is added by a module that
      makes a `Kind` of it, and a line in `flow/learn.py`; a strategy finds it by `shelf.learned(ItsClass)`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Generic, NamedTuple, Protocol, TypeVar

from etalage.domain.product import Catalogue
from etalage.domain.report import Plan
from etalage.domain.shop import Shop
from etalage.domain.time import HOUR
from etalage.recommend.model_file import Unusable, WhyNone

ENOUGH = (
    3  # times as many people of a standing as a product needs: from then on only they teach of it
)
JUDGES = (
    100  # sessions, people or baskets of a standing: from then on a model is tried on them alone
)

Ask = Callable[[str, Mapping[str, object]], Sequence[Sequence[Any]]]


class Card(Protocol):
    """What a model says of itself. It is a Struct: its other fields are shown as they are."""

    @property
    def version(self) -> str:
        """The name of its content."""
        ...

    @property
    def made(self) -> int:
        """When it was learned, micros."""
        ...

    @property
    def is_worth_it(self) -> bool:
        """Whether it beats what a shop would show without it."""
        ...


class Ready(Protocol):
    """A model made ready to answer."""

    name: ClassVar[str]  # of its kind

    @property
    def version(self) -> str:
        """That of its card."""
        ...


class Lesson(NamedTuple):
    """What a model may learn from. The views of unify (people, found_events ...) can be asked too."""

    ask: Ask
    now: int
    visitors_needed: int  # before a product is spoken of
    erased: tuple[str, ...]  # visitors whose events still wait to be removed: leave them out
    catalogue: Catalogue  # as it is now
    before: bytes | None = None  # its own file, of what is learned from the catalogue as it changes
    shop: Shop | None = None  # what was decided about it as a whole
    plans: Callable[[], Sequence[Plan]] = tuple  # of the experiences that were ever live


def people_bound(visitors_needed: int) -> dict[str, object]:
    """Give what is bound in every question about what people do: how many have to, and of a standing (decision 39).

    >>> people_bound(10)
    {'visitors_needed': 10, 'enough': 30}
    """
    needed = max(1, visitors_needed)
    return {"visitors_needed": needed, "enough": ENOUGH * needed}


class Taught(NamedTuple):
    """A model as it was learned."""

    card: Card
    content: bytes  # of its file


def judges(rows: Sequence[Sequence[Any]], standing: int) -> list[int]:
    """Give the places of the rows a model is tried on: of the highest standing of which there are enough, else all.

    Made-up visitors would choose how a shop recommends otherwise, or make it look as if nothing were learned.

    Args:
        rows: sessions, people or baskets.
        standing: which column says the standing; rows without it are nobody's.

    >>> judges([("a", 0), ("b", 2)], 1)
    [0, 1]
    >>> judges([("a", 0), *[("b", 2)] * JUDGES], 1)[:2]
    [1, 2]
    """
    standings = [row[standing] if len(row) > standing else 0 for row in rows]
    for least in (2, 1):
        found = [place for place, known in enumerate(standings) if known >= least]
        if len(found) >= JUDGES:
            return found
    return list(range(len(standings)))


class Live(NamedTuple):
    """How a model takes in, every minute between two times that it is learned, what happened since.

    The lesson can ask about the newest days only (unify/sql/lately.sql): to work out who everybody is takes longer.
    """

    learn: Callable[
        [Lesson, bytes | None], bytes | None
    ]  # the model's file -> a small file beside it
    ready: Callable[
        [Ready, bytes | None], Ready
    ]  # the model as it was learned -> with what is in there


class Kept(Protocol):
    """A model as it was read from its file."""

    @property
    def card(self) -> Card:
        """What it says of itself."""
        ...


M = TypeVar("M", bound=Kept)
R = TypeVar("R", bound=Ready)


class Kind(NamedTuple, Generic[M, R]):
    """One kind of model."""

    name: str  # of its file: small letters, digits, - and _
    learn: Callable[[Lesson], Taught]
    read: Callable[[bytes | None], M | Unusable]
    shelf: Callable[[M], R]
    every: int = HOUR  # micros between two times that it is learned, if it is worth it
    live: Live | None = None
    is_patient: bool = False  # learned no sooner where it was not worth it
    unworthy: WhyNone | None = "below_popular"  # why it is not used then; None: it is used anyway

    def card(self, content: bytes | None) -> Card | Unusable:
        """Read the card of a file, or say why there is none."""
        found = self.read(content)
        return found if isinstance(found, Unusable) else found.card

    def ready(self, content: bytes | None) -> R | Unusable:
        """Make a file ready to answer, or say why it cannot be used; also where it is not worth it."""
        found = self.read(content)
        if isinstance(found, Unusable):
            return found
        if self.unworthy is not None and not found.card.is_worth_it:
            return Unusable(self.unworthy)
        return self.shelf(found)


AnyKind = Kind[Any, Any]
