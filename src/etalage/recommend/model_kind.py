"""Step 4 of 8, recommend: what every kind of learned model has, so that any number of them is kept alike.

In:   a `Lesson`: a way to ask the log, and the moment.
Out:  `Taught`: a card and a file; from the file the card again, or a model that is ready to answer.
Idea: whoever learns, keeps, shows or serves models knows only these few names. A model is added by a module that
      makes a `Kind` of it, and a line in `flow/learn.py`; a strategy finds it by `shelf.learned(ItsClass)`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Protocol

from etalage.domain.product import Catalogue
from etalage.domain.time import HOUR
from etalage.recommend.model_file import Unusable

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


class Taught(NamedTuple):
    """A model as it was learned."""

    card: Card
    content: bytes  # of its file


class Live(NamedTuple):
    """How a model takes in, every minute between two times that it is learned, what happened since.

    The lesson can ask the events only: the views of unify would take longer than the question.
    """

    learn: Callable[
        [Lesson, bytes | None], bytes | None
    ]  # the model's file -> a small file beside it
    ready: Callable[
        [Ready, bytes | None], Ready
    ]  # the model as it was learned -> with what is in there


class Kind(NamedTuple):
    """One kind of model."""

    name: str  # of its file: small letters, digits, - and _
    learn: Callable[[Lesson], Taught]
    card: Callable[[bytes | None], Card | Unusable]
    ready: Callable[[bytes | None], Ready | Unusable]  # also Unusable where it is not worth it
    every: int = HOUR  # micros between two times that it is learned, if it is worth it
    live: Live | None = None
