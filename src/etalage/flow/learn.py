"""What is learned from the log, and where it is kept: any number of models, each of a kind.

look       at the catalogue: what changed in it, and what is alike
learn      those that are due, each out of the warehouse, tried on data it has not seen, written as one file
take up    a file, if it is whole, of its layout, and better than what a shop would show without it

A model is added by a line in `KINDS`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from etalage.domain.product import Catalogue
from etalage.domain.shop import shop_from
from etalage.domain.time import DAY, HOUR
from etalage.flow.report import plans_of
from etalage.flow.uplift import UPLIFT
from etalage.ports import Models, Ports
from etalage.recommend.again_shelf import AGAIN
from etalage.recommend.catalogue_past import PAST
from etalage.recommend.model_file import Unusable
from etalage.recommend.model_kind import AnyKind, Card, Lesson, Ready
from etalage.recommend.profile_shelf import PROFILE
from etalage.recommend.session_shelf import SESSIONS
from etalage.recommend.similar_model import SIMILAR
from etalage.recommend.together_model import TOGETHER
from etalage.unify.batch import lately_statements, view_statements

KINDS: tuple[AnyKind, ...] = (AGAIN, TOGETHER, SESSIONS, PROFILE, UPLIFT)
OF_CATALOGUE: tuple[AnyKind, ...] = (
    PAST,
    SIMILAR,
)  # looked at every minute; the log says nothing of it
NO_PRODUCTS = Catalogue("", "", {})
LATELY = (
    3 * DAY
)  # before now: what a question of every minute may be about; the night learns again within it


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


def learn_live(ports: Ports, *, now: int, visitors_needed: int) -> int:
    """Let each model take in what happened since it was learned; give how many files that changed."""
    changed = 0
    for kind in KINDS:
        content = ports.models.get(kind.name) if kind.live else None
        if kind.live is None or content is None:
            continue
        with _lesson(ports, now=now, visitors_needed=visitors_needed, lately=LATELY) as lesson:
            fresh = kind.live.learn(lesson, content)
        if fresh is not None and fresh != ports.models.get(_live(kind)):
            ports.models.put(_live(kind), fresh)
            changed += 1
    return changed


def look_at_catalogue(ports: Ports, *, now: int) -> int:
    """See what changed in the catalogue since the last look; give how many files that changed."""
    catalogue = ports.records.catalogue()
    if catalogue is None:
        return 0
    changed = 0
    for kind in OF_CATALOGUE:
        before = ports.models.get(kind.name)
        taught = kind.learn(Lesson(_nothing_to_ask, now, 1, (), catalogue, before))
        if taught.content != before:
            ports.models.put(kind.name, taught.content)
            changed += 1
    return changed


def _nothing_to_ask(sql: str, bound: Mapping[str, object]) -> Sequence[Sequence[object]]:
    raise AssertionError(f"the log is not asked about the catalogue: {sql[:40]} {sorted(bound)}")


def cards(models: Models) -> dict[str, Card | Unusable]:
    """Give the card of each model, or why there is none."""
    return {kind.name: _read(models, kind) for kind in (*KINDS, *OF_CATALOGUE)}


def ready_models(models: Models) -> dict[str, Ready | Unusable]:
    """Make all models ready to answer, or say of each why strategies have to fall back."""
    return {kind.name: _ready(models, kind) for kind in (*KINDS, *OF_CATALOGUE)}


class TakenUp:
    """The models as a process has them, each read again when its file was replaced."""

    def __init__(self) -> None:
        self.ready: dict[str, Ready | Unusable] = {}
        self._learned: dict[str, Ready | Unusable] = {}  # without what happened since
        self._stamps: dict[str, tuple[int, int]] = {}

    def look(self, models: Models) -> bool:
        """Take up what was learned since; tell whether there was anything."""
        changed = False
        for kind in (*KINDS, *OF_CATALOGUE):
            stamps = (models.stamp(kind.name), models.stamp(_live(kind)) if kind.live else 0)
            known = self._stamps.get(kind.name)
            if known == stamps:
                continue
            if known is None or known[0] != stamps[0]:
                self._learned[kind.name] = _learned(models, kind)
            self.ready = {
                **self.ready,
                kind.name: _with_live(models, kind, self._learned[kind.name]),
            }
            self._stamps[kind.name] = stamps
            changed = True
        return changed


def _learn(ports: Ports, kind: AnyKind, *, now: int, visitors_needed: int) -> Card:
    with _lesson(ports, now=now, visitors_needed=visitors_needed) as lesson:
        taught = kind.learn(lesson._replace(before=ports.models.get(kind.name)))
    ports.models.put(kind.name, taught.content)
    return taught.card


@contextmanager
def _lesson(ports: Ports, *, now: int, visitors_needed: int, lately: int = 0) -> Iterator[Lesson]:
    """Give a lesson; with `lately` about so many micros alone, and nothing is worked out first."""
    views = lately_statements((now - lately) // DAY - 1) if lately else view_statements()
    erased = (v for one in ports.keys.erasures() if not one.rewritten for v in one.visitors)
    with ports.warehouse.session() as questions:
        for statement in views:
            questions.prepare(statement)
        yield Lesson(
            ask=lambda sql, bound: questions.ask(sql, bound).rows,
            now=now,
            visitors_needed=visitors_needed,
            erased=tuple(erased),
            catalogue=ports.records.catalogue() or NO_PRODUCTS,
            shop=shop_from(ports.records.shop()),
            plans=lambda: plans_of(ports),
        )


def _is_due(ports: Ports, kind: AnyKind, now: int) -> bool:
    """Whether it was not learned lately; who was erased since is a reason to learn it at once."""
    found = _read(ports.models, kind)
    if isinstance(found, Unusable):
        return True
    patient = found.is_worth_it or kind.is_patient
    every = kind.every if patient else min(kind.every, HOUR)  # a young shop learns fast
    if not found.made <= now < found.made + every:
        return True
    return any(one.requested >= found.made for one in ports.keys.erasures())


def _read(models: Models, kind: AnyKind) -> Card | Unusable:
    content = models.get(kind.name)
    return _damaged(models, kind, content) or kind.card(content)


def _ready(models: Models, kind: AnyKind) -> Ready | Unusable:
    return _with_live(models, kind, _learned(models, kind))


def _learned(models: Models, kind: AnyKind) -> Ready | Unusable:
    content = models.get(kind.name)
    return _damaged(models, kind, content) or kind.ready(content)


def _with_live(models: Models, kind: AnyKind, ready: Ready | Unusable) -> Ready | Unusable:
    if kind.live is None or isinstance(ready, Unusable):
        return ready
    return kind.live.ready(ready, models.get(_live(kind)))


def _live(kind: AnyKind) -> str:
    return f"{kind.name}-live"


def _damaged(models: Models, kind: AnyKind, content: bytes | None) -> Unusable | None:
    is_there = content is None and models.stamp(kind.name)
    return Unusable("damaged") if is_there else None
