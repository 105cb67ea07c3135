"""The visitor's own page: what is known of her, in words, as far as whoever sits there may see it.

    me token ──> whose ──> folds ──> what may be read ──> words
                   │
                   ├ logged in now (signed by the shop): the person, with all that is linked to her
                   └ otherwise: this browser alone, also if it is linked to somebody

In:   an opened token, a language.
Out:  plain values for the page; acts are in me_deeds.py.
Idea: a shared tablet is linked to whoever logged in last. So a link is never enough to see another browser: the
      shop has to say now, signed, who is logged in. What she allows is asked of all that is linked, as decisions do.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any

from msgspec import to_builtins
from msgspec.structs import replace

from etalage.domain.consent import PURPOSES, last_refusal
from etalage.domain.context import Context
from etalage.domain.experience import Experience, Language, Text
from etalage.domain.ids import VisitorKey, visitor_key
from etalage.domain.profile import MAX_LINKED, Fold, Part, Person
from etalage.domain.segment import has_context
from etalage.domain.time import iso
from etalage.flow.configuration import Configuration
from etalage.flow.open_shop import OpenShop
from etalage.flow.privacy import members
from etalage.flow.who import linked_folds
from etalage.govern.me_token import Opened
from etalage.govern.me_told import Message, Row, Teller, favourite, known, shown, unseen
from etalage.unify.merge import merge_parts
from etalage.unify.person import EMPTY, is_restricted, person_of

Said = dict[str, Any]


def asking(shop: OpenShop, opened: Opened) -> VisitorKey:
    """Give the visitor of a browser."""
    return visitor_key(shop.ports.keys.pepper, "visitor", opened.visitor_id)


def hers(shop: OpenShop, opened: Opened) -> tuple[VisitorKey, ...]:
    """Give whom the page is about, this browser first: her alone, or all of the customer who is logged in."""
    visitor = asking(shop, opened)
    if opened.customer is None:
        return (visitor,)
    found = members(shop.ports.profiles, opened.customer)
    return (visitor, *sorted(found - {visitor}))


def told(
    shop: OpenShop, opened: Opened, language: Language, *, now: int, gpc: bool = False
) -> Said:
    """Tell everything the page shows."""
    live, visitor = shop.configuration, asking(shop, opened)
    teller = Teller(language, live.zone, live.catalogue, live.shop.name)
    if shop.ports.keys.is_destroyed(visitor):
        return _about_shop(live) | {"state": "erased"}
    folds, person = _person(shop, opened, gpc=gpc)
    if not folds:
        return _about_shop(live) | {"state": "empty", "lead": teller.say("lead-nothing")}
    part = person.part or EMPTY
    return _about_shop(live) | {
        "state": "known",
        "signed": opened.customer is not None,
        "scope": teller.say("scope-person" if opened.customer else "scope-browser"),
        "lead": _lead(person, teller),
        "known": to_builtins([*known(part, teller), *_linked(folds, visitor, opened, teller)]),
        "groups": _groups(person, live, language, now),
        "shown": to_builtins(shown(part, _messages(live, language), teller)),
        "counted": "measure" in person.open,
        "unseen": unseen(person.fold, teller),
        "choices": {purpose: purpose in person.open for purpose in PURPOSES},
        "may_restart": person.part is not None,
        "paused": _paused(person, teller, now),
    }


def _about_shop(live: Configuration) -> Said:
    shop = live.shop
    return {"shop": shop.name, "home": f"https://{shop.domain}/", "theme": shop.theme}


def _person(shop: OpenShop, opened: Opened, *, gpc: bool) -> tuple[dict[VisitorKey, Fold], Person]:
    """Read what the page may tell (her folds), and the person as these alone make her.

    What she allows, and whether she is frozen or at rest, is what decisions go by: of all that is linked.
    """
    profiles, visitor = shop.ports.profiles, asking(shop, opened)
    linked = linked_folds(profiles, visitor)
    if opened.customer is not None:
        linked |= linked_folds(profiles, opened.customer)
    if len(linked) > MAX_LINKED:  # no person has so many: then each is on her own, as for decisions
        linked = {v: fold for v, fold in linked.items() if v == visitor}
    whole = person_of(visitor, linked, gpc=gpc)
    folds = {v: fold for v, fold in linked.items() if v == visitor or opened.customer is not None}
    refused = last_refusal("personalise", (fold.consent for fold in linked.values()))
    parts = [p for fold in folds.values() for epoch, p in fold.parts.items() if epoch > refused]
    part: Part | None = None
    if "personalise" in whole.open:
        part = reduce(merge_parts, parts) if parts else EMPTY
    own = person_of(visitor, folds, gpc=gpc)
    fold = replace(own.fold, paused=whole.fold.paused, restricted=whole.fold.restricted)
    return folds, replace(own, open=whole.open, part=part, fold=fold)


def _lead(person: Person, teller: Teller) -> str:
    if is_restricted(person.fold):
        return teller.say("lead-frozen")
    if person.part is None:
        return teller.say("lead-closed")
    category = favourite(person.part)
    return teller.say("lead-some") if category is None else teller.say("lead", category=category)


def _linked(
    folds: Mapping[VisitorKey, Fold], visitor: VisitorKey, opened: Opened, teller: Teller
) -> list[Row]:
    own = folds.get(visitor)
    if own is None or own.link is None or own.link.value is None:
        return []
    if opened.customer is None:
        said = (teller.say("linked-browser"), teller.say("linked-browser-how"))
    else:
        said = (teller.say("linked-person", n=len(folds)), teller.say("linked-person-how"))
    return [Row(*said, "unlink")]


def _groups(person: Person, live: Configuration, language: Language, now: int) -> list[Said]:
    if person.part is None:
        return []
    return [
        {
            "title": segment.titles.get(language) or segment.name.replace("-", " ").capitalize(),
            "said": segment.sentences.get(language, ""),
        }
        for segment in live.segments.values()
        if segment.is_warm
        and not has_context(segment.node)
        and segment.holds(person, Context(), now)
    ]


def _messages(live: Configuration, language: Language) -> dict[str, Message]:
    return {
        name: Message(heading(experience, language), live.plan.messages[name].why[language])
        for name, experience in live.plan.experiences.items()
    }


def heading(experience: Experience, language: Language) -> str:
    """Name a message as she saw it: by its own heading, if that is the same for everybody; else by its title."""
    for variant in experience.variants:
        for block in variant.content.get(language, ()):
            if isinstance(block, Text) and block.level and "{{" not in block.text:
                return block.text
    return experience.title


def _paused(person: Person, teller: Teller, now: int) -> Said | None:
    until = person.fold.paused_until
    return {"until": iso(until), "day": teller.day(until)} if until > now else None
