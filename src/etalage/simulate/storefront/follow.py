"""What the panel shows: what is known of the visitor who looks, and why each message does or does not appear.

In:   the visitor token her page holds, and the page she is on.
Out:  whether she is held out, her newest events, every live segment with its sentence and whether she belongs, every candidate with its reason.
Idea: asked in this process of the very configuration that answers pages, with `explain`; nothing is logged by asking.
      Only her own token opens it, and only the demo has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from etalage.collect.fields import text
from etalage.decide.token import read_visitor_token
from etalage.domain.consent import PURPOSES
from etalage.domain.context import Context
from etalage.domain.ids import HOLDOUT, VisitorKey, visitor_key
from etalage.domain.profile import Person
from etalage.flow.open_shop import OpenShop
from etalage.flow.plan import LiveSegment
from etalage.flow.serve import Question, serve
from etalage.flow.who import person_behind
from etalage.unify.person import person_of

_NOBODY = VisitorKey("")  # a person without a past
MOST_EVENTS = 12
GHOSTS = frozenset({"in_control", "in_holdout"})
PAGE_TYPES = frozenset("home category product search cart checkout account other".split())


def follow(shop: OpenShop, given: Mapping[str, Any], *, now: int) -> dict[str, object]:
    """Tell what the engine makes of this visitor on this page."""
    keys, live = shop.ports.keys, shop.configuration
    language = "en" if given.get("language") == "en" else "nl"
    visitor = read_visitor_token(given.get("token"), keys.secret("visitor"))
    person = None
    if visitor is not None:
        person = person_behind(shop.ports.profiles, visitor_key(keys.pepper, "visitor", visitor))
    page = _page(given.get("page"), shop)
    question = Question(
        now=now,
        page=page,
        slots=tuple(live.plan.places),
        person=person,
        language=language,
        explain=True,
        position=shop.ports.profiles.position(),
    )
    answered = serve(question, live, shop.shelf, token_secret=keys.secret("token"))
    said, held = answered.answer, answered.decision.held
    return {
        "known": person is not None,
        "held": held is not None and held.arm == HOLDOUT,
        "open": [] if person is None else [one for one in PURPOSES if one in person.open],
        "events": _events(person),
        "segments": [_segment(one, person, question, language) for one in live.segments.values()],
        "candidates": [
            {
                "name": entry.experience,
                "slot": entry.slot,
                "shown": entry.show,
                "variant": entry.variant,
                "trigger": entry.trigger.get("on", ""),
                "why": (entry.why or {}).get(language, ""),
            }
            for entry in said.decisions
        ],
        "skipped": [
            {"name": line.experience, "reason": line.reason}
            for line in said.skipped or []
            if line.reason not in GHOSTS  # they stand among the candidates
        ],
    }


def _events(person: Person | None) -> list[dict[str, object]]:
    if person is None or person.part is None:
        return []
    newest = person.part.recents[-MOST_EVENTS:]
    return [
        {
            "name": one.name,
            "time": one.time // 1000,
            "about": one.query or (one.lines[0].product if one.lines else "") or one.category or "",
        }
        for one in reversed(newest)
    ]


def _segment(
    segment: LiveSegment, person: Person | None, question: Question, language: str
) -> dict[str, object]:
    sentence = segment.sentences.get(language, segment.name)  # type: ignore[call-overload]
    if not segment.is_warm:
        return {"name": segment.name, "sentence": sentence, "state": "warming"}
    known = person
    if known is None:
        if not segment.is_contextual:
            return {"name": segment.name, "sentence": sentence, "state": "off"}
        known = person_of(question.person.asking if question.person else _NOBODY, {})
    is_in = segment.holds(known, question.page, question.now)
    return {"name": segment.name, "sentence": sentence, "state": "on" if is_in else "off"}


def _page(given: object, shop: OpenShop) -> Context:
    """Read the page the visitor says she is on; as harmless as in any question of hers."""
    told = given if isinstance(given, dict) else {}
    named = shop.configuration.catalogue.find(str(told.get("product_id")))
    kind = told.get("type")
    return Context(
        url=text(told.get("url")) or "/",
        page_type=kind if isinstance(kind, str) and kind in PAGE_TYPES else None,
        product=None if named is None else named.id,
        category=text(told.get("category")),
    )
