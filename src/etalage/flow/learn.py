"""What is learned from the log, and where it is kept: any number of models, each of a kind.

learn      those that are due, each out of the warehouse, tried on data it has not seen, written as one file
take up    a file, if it is whole, of its layout, and better than what a shop would show without it

A model is added by a line in `KINDS`.
"""

from __future__ import annotations

from etalage.domain.product import Catalogue
from etalage.ports import Models, Ports
from etalage.recommend.again_shelf import AGAIN
from etalage.recommend.model_file import Unusable
from etalage.recommend.model_kind import Card, Kind, Lesson, Ready
from etalage.recommend.profile_shelf import PROFILE
from etalage.recommend.session_shelf import SESSIONS
from etalage.recommend.together_model import TOGETHER
from etalage.unify.batch import view_statements

KINDS: tuple[Kind, ...] = (AGAIN, TOGETHER, SESSIONS, PROFILE)
NO_PRODUCTS = Catalogue("", "", {})


def learn_models(
    ports: Ports, *, now: int, visitors_needed: int, only_due: bool = False
) -> dict[str, Card]:
    """Learn from the log as it stands, without who was erased; give the cards by name.

    Args:
        ports: of the shop.
        now: the moment.
        visitors_needed: different ones, before a product is spoken of.
        only_due: leave out those that were learned lately.

    Raises:
        ExceptionGroup: some could not be learned; the others were.
    """
    cards: dict[str, Card] = {}
    failed: list[Exception] = []
    for kind in KINDS:
        if only_due and not _is_due(ports, kind, now):
            continue
        try:
            cards[kind.name] = _learn(ports, kind, now=now, visitors_needed=visitors_needed)
        except Exception as error:  # noqa: BLE001  one model is no reason to go without the others
            failed.append(error)
    if failed:
        raise ExceptionGroup("models that could not be learned", failed)
    return cards


def cards(models: Models) -> dict[str, Card | Unusable]:
    """Give the card of each model, or why there is none."""
    return {kind.name: _read(models, kind) for kind in KINDS}


def ready_models(models: Models) -> dict[str, Ready | Unusable]:
    """Make all models ready to answer, or say of each why strategies have to fall back."""
    return {kind.name: _ready(models, kind) for kind in KINDS}


class TakenUp:
    """The models as a process has them, each read again when its file was replaced."""

    def __init__(self) -> None:
        self.ready: dict[str, Ready | Unusable] = {}
        self._stamps: dict[str, int] = {}

    def look(self, models: Models) -> bool:
        """Take up what was learned since; tell whether there was anything."""
        changed = False
        for kind in KINDS:
            stamp = models.stamp(kind.name)
            if self._stamps.get(kind.name) != stamp:
                self.ready = {**self.ready, kind.name: _ready(models, kind)}
                self._stamps[kind.name] = stamp
                changed = True
        return changed


def _learn(ports: Ports, kind: Kind, *, now: int, visitors_needed: int) -> Card:
    erased = (v for one in ports.keys.erasures() if not one.rewritten for v in one.visitors)
    with ports.warehouse.session() as questions:
        for statement in view_statements():
            questions.prepare(statement)
        lesson = Lesson(
            ask=lambda sql, bound: questions.ask(sql, bound).rows,
            now=now,
            visitors_needed=visitors_needed,
            erased=tuple(erased),
            catalogue=ports.records.catalogue() or NO_PRODUCTS,
        )
        taught = kind.learn(lesson)
    ports.models.put(kind.name, taught.content)
    return taught.card


def _is_due(ports: Ports, kind: Kind, now: int) -> bool:
    """Whether it was not learned lately; who was erased since is a reason to learn it at once."""
    found = _read(ports.models, kind)
    if isinstance(found, Unusable) or not found.made <= now < found.made + kind.every:
        return True
    return any(one.requested >= found.made for one in ports.keys.erasures())


def _read(models: Models, kind: Kind) -> Card | Unusable:
    content = models.get(kind.name)
    return _damaged(models, kind, content) or kind.card(content)


def _ready(models: Models, kind: Kind) -> Ready | Unusable:
    content = models.get(kind.name)
    return _damaged(models, kind, content) or kind.ready(content)


def _damaged(models: Models, kind: Kind, content: bytes | None) -> Unusable | None:
    is_there = content is None and models.stamp(kind.name)
    return Unusable("damaged") if is_there else None
