"""The way out, in one page: from a question of a page to an answer, and its record in the log.

    who ──> person ──> facts ──> choose ──> recommend ──> compose ──> tokens ──> answer
                        │            (winners only)          │
                        └────────────── record <─────────────┘

In:   who asks (already settled by the caller), the page, the slots.
Out:  `Answered`: what the page gets, and what the log keeps. Nothing here waits for a disk.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib.metadata import version

import msgspec
from msgspec import Struct

from etalage.decide.choose import choose
from etalage.decide.compose import compose, products_needed
from etalage.decide.gather import Asked, Matched, gather
from etalage.decide.replay import written
from etalage.decide.token import tokens_of
from etalage.deliver.answer import Words, answer, explained
from etalage.deliver.explain import rank_reason
from etalage.deliver.merge_fields import Situation
from etalage.domain.consent import Purpose
from etalage.domain.context import Context
from etalage.domain.decision import (
    Answer,
    Decision,
    DecisionFacts,
    DecisionRecord,
    Recommended,
    Versions,
)
from etalage.domain.event import Event, Scalar
from etalage.domain.experience import Language
from etalage.domain.ids import EventId, ExperienceName
from etalage.domain.policy import POLICY
from etalage.domain.product import Product
from etalage.domain.profile import Person
from etalage.domain.time import DAY
from etalage.flow.configuration import Configuration
from etalage.flow.uplift import UpliftShelf
from etalage.recommend.artwork import artwork
from etalage.recommend.rank import rank
from etalage.recommend.shelf import Shelf
from etalage.recommend.strategy import recommend
from etalage.segment.conditions import Asking

CODE = version("etalage")
SEARCH_MEMORY = 7 * DAY  # what she searched for longer ago is not brought up again
HELD_BYTES = 2_047  # that hashlib digests without letting go
KEPT_IF_OPEN: frozenset[Purpose] = frozenset({"measure", "personalise"})


class Question(Struct, frozen=True):
    """What a page asks, with who asks it already settled."""

    now: int
    page: Context
    slots: tuple[str, ...]
    person: Person | None  # None: somebody we may not know; the answer is contextual
    opened: tuple[Purpose, ...] = ()  # what the call itself says is open, where there is no person
    language: str | None = None
    explain: bool = False  # with the server key only
    position: int = 0  # of the log, up to which the profile was complete
    visitor_token: str | None = None  # a fresh one, to be kept by the tag
    first_name: str | None = None  # said and signed in this call (`called`); in no record
    degraded: tuple[str, ...] = ()


class Answered(Struct, frozen=True):
    """What the page gets, and the event that the log keeps (None where nothing may be kept)."""

    answer: Answer
    decision: Decision
    logged: Event | None


def serve(
    question: Question, live: Configuration, shelf: Shelf, *, token_secret: bytes
) -> Answered:
    """Answer one question; the same question, configuration and shelf give the same answer anywhere."""
    plan = live.plan
    here = live.catalogue.find(question.page.product) if question.page.product else None
    facts = _facts(question, here, live, shelf)
    chosen = choose(facts, plan.choices)
    part = question.person.part if question.person is not None else None
    needed = products_needed(chosen, plan.experiences)
    recommended = {name: recommend(wanted, facts, part, shelf) for name, wanted in needed.items()}
    pictures: dict[ExperienceName, str] = {}
    if plan.has_pictures:
        weighed = plan.choices.policies.pictures
        pictures = artwork(chosen, plan.experiences, facts, part, weighed)
    decision = compose(facts, chosen, recommended, plan.experiences, pictures, needed)
    tokens = tokens_of(decision, facts.visitor, token_secret, now=question.now)
    words = _words(question, here, live, shelf)
    said = answer(
        decision, tokens, words, visitor_token=question.visitor_token, degraded=question.degraded
    )
    return Answered(
        answer=explained(said, decision) if question.explain else said,
        decision=decision,
        logged=_logged(question, facts, decision, (recommended, pictures), live, shelf),
    )


def _facts(
    question: Question, here: Product | None, live: Configuration, shelf: Shelf
) -> DecisionFacts:
    expected = _expected(question, live, shelf)
    asked = Asked(question.now, question.page, question.slots, here, question.opened, expected)
    plan = live.plan
    return gather(
        question.person, asked, _matched(question, live), plan.rules, live=plan.experiences
    )


def _expected(question: Question, live: Configuration, shelf: Shelf) -> dict[ExperienceName, int]:
    """Foretell what each message would bring of those that compete for a place; only of who lets herself be known."""
    uplift = shelf.learned(UpliftShelf)
    if uplift is None or question.person is None or question.person.part is None:
        return {}
    contested = live.plan.choices.contested
    names = [name for slot in question.slots for name in contested.get(slot, ())]
    return uplift.expected(names, question.person.part, now=question.now, zone=live.zone)


def _matched(question: Question, live: Configuration) -> Matched:
    """Ask only the segments of live experiences that are for this place.

    Of somebody we may not know only those that ask of the moment alone can hold.
    """
    relevant = live.plan.relevant(question.page, question.slots)
    part = None if question.person is None else question.person.part
    return Matched(
        matched=relevant.asked.of(Asking(part, question.page, question.now, live.zone)),
        warming=relevant.warming,
        contextual=relevant.contextual,
    )


def _words(question: Question, here: Product | None, live: Configuration, shelf: Shelf) -> Words:
    plan, cart = live.plan, question.page.cart
    situation = Situation(
        now=question.now,
        zone=live.zone,
        currency=live.shop.currency,
        shop=live.shop.name,
        product=here,
        buyers=None if here is None else shelf.popular.buyers(here.id),
        cart_count=None if cart is None else sum([line.quantity for line in cart]),
        cart_value=question.page.cart_value,
        free_delivery_from=live.shop.free_delivery_from,
        first_name=question.first_name,
        query=question.page.query or (_last_search(question) if plan.says_query else None),
    )
    return Words(plan.messages, plan.window, situation, question.language)


def _last_search(question: Question) -> str | None:
    """Give what she searched for last; only of somebody whose past may be read."""
    part = None if question.person is None else question.person.part
    for recent in reversed(part.recents if part is not None else ()):
        if recent.name == "search" and question.now - SEARCH_MEMORY <= recent.time <= question.now:
            return recent.query
    return None


def _logged(
    question: Question,
    facts: DecisionFacts,
    decision: Decision,
    found: tuple[dict[ExperienceName, Recommended], dict[ExperienceName, str]],
    live: Configuration,
    shelf: Shelf,
) -> Event | None:
    """Write the `decision` event; nothing of somebody we may not know, or who allows neither purpose."""
    if facts.visitor is None or KEPT_IF_OPEN.isdisjoint(facts.purposes):
        return None
    record = written(
        DecisionRecord(
            facts=facts,
            decision=decision,
            versions=Versions(CODE, live.version, live.catalogue.version, _models(live, shelf)),
            recommended=found[0],
            artwork=found[1],
            position=question.position,
            degraded=question.degraded,
        )
    )
    return Event(
        id=EventId(f"decision:{_digest(record)}"),
        name="decision",
        time=question.now,
        received=question.now,
        trust="confirmed",
        source="engine",
        visitor=facts.visitor,
        device=question.page.device,
        shown=decision.holdout_shown(question.now),
        properties=_of_the_moment(question, facts),
        purposes=facts.purposes,
        record=record.decode(),
    )


def _digest(record: bytes) -> str:
    """Digest a record piece by piece: of what is longer hashlib lets go of the interpreter, and waits to get it back."""
    rest = memoryview(record)
    digest = hashlib.blake2b(rest[:HELD_BYTES], digest_size=12)
    while rest := rest[HELD_BYTES:]:
        digest.update(rest[:HELD_BYTES])
    return digest.hexdigest()


def _of_the_moment(question: Question, facts: DecisionFacts) -> dict[str, Scalar]:
    """Say who she was at this moment, so that a report can compare within segments and phases without the record."""
    said: dict[str, Scalar] = {}
    if facts.matched:
        said["matched"] = " ".join(facts.matched)
    part = question.person.part if question.person is not None else None
    phase = part.scores.get("phase") if part is not None else None
    if phase is not None and isinstance(phase.value, str):
        said["phase"] = phase.value
    return said


def _models(live: Configuration, shelf: Shelf) -> dict[str, str]:
    """Give what was learned by version: models, and how bandits divide."""
    policies = live.plan.choices.policies.version
    return {**shelf.versions, POLICY: policies} if policies else dict(shelf.versions)


# ---- Order a given list ------------------------------------------------------------------------------


class Placed(Struct, frozen=True):
    """A product in the order of this person, with a reason where there is one."""

    product_id: str
    reason: str


def order(
    ids: Sequence[str], person: Person | None, shelf: Shelf, *, now: int, language: str
) -> list[Placed]:
    """Order the ids of a list for a person (POST /v1/rank); nothing is added or left out."""
    is_open = person is not None and person.fold.paused_until <= now
    part = person.part if person is not None and is_open else None
    lines = rank(ids, part, shelf, now=now)
    said: Language = "en" if language == "en" else "nl"
    return [Placed(line.product, rank_reason(line.because, line.of, said)) for line in lines]


def encoded(said: Answer) -> bytes:
    """Write an answer as the JSON of design 12."""
    return msgspec.json.encode(said)
