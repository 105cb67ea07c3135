"""Step 6 of 8, deliver: what the tag may know before anybody gave consent.

In:   the live experiences.
Out:  the body of GET /v1/config/{write_key}: the same for everybody, and about nobody.
Idea: without consent the browser itself picks what fits the page, and nothing leaves it. So only that is here
      which needs no memory: no segments, no caps (a cap that cannot be kept is no cap, hence no popups either),
      no products, and nothing that has not begun or is over.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import msgspec

from etalage.deliver.explain import WORDS
from etalage.deliver.look import forms, look
from etalage.deliver.merge_fields import Situation
from etalage.deliver.message import Message, schedule_end
from etalage.domain.event import GA4_NAMES
from etalage.domain.experience import LANGUAGES, Experience, Form, in_order
from etalage.domain.shop import Shop
from etalage.domain.time import iso

# What the tag takes from the shop's dataLayer; of pages it tells itself, and of returns only the shop's server knows.
TOLD = sorted((GA4_NAMES | {"generate_lead"}) - {"page_view", "refund", "share"})
OVERLAYS: frozenset[Form] = frozenset({"popup", "toast", "bar"})  # they need no place in the page


def public_config(
    experiences: Iterable[Experience],
    situation: Situation,
    protected: Iterable[str],
    tag: Mapping[str, object] | None = None,
) -> dict[str, object]:
    """Write the public part of the configuration.

    Args:
        experiences: the live ones.
        situation: the shop's name, zone and currency and the moment; no product, cart or person.
        protected: path segments of pages on which the tag does nothing.
        tag: what the shop decided about the tag itself, from `for_tag`.
    """
    tag = tag or {}
    if tag.get("off"):  # the shutter is closed: nothing is on offer
        experiences = ()
    begun = [e for e in sorted(experiences, key=in_order) if _is_running(e, situation)]
    config: dict[str, object] = {
        "slots": sorted({experience.slot for experience in begun}),
        "overlays": sorted(
            {experience.slot for experience in begun if experience.form in OVERLAYS}
        ),
        "protected": sorted(protected),
        "contextual": [_contextual(e, situation) for e in begun if is_public(e)],
        **tag,
    }
    digest = hashlib.sha256(msgspec.json.encode(config, order="deterministic")).hexdigest()
    return {"version": digest[:16], **config}


def for_tag(shop: Shop) -> dict[str, object]:
    """Give what a shop decided about the tag: its look, where its places are, and whether the shutter is closed."""
    return {
        "off": shop.closed,
        "look": look(shop.theme),
        "forms": forms(),
        "events": TOLD,
        "selectors": dict(sorted(shop.slots.items())),
        "data_layer": shop.data_layer,
        "demo": shop.simulated,
        "words": _tag_words(),
    }


def _tag_words() -> dict[str, dict[str, str]]:
    """Give the few words that stand in every message: "why do I see this?" and the like."""
    return {
        language: {
            name.removeprefix("tag-"): said
            for name, said in WORDS[language].items()
            if name.startswith("tag-")
        }
        for language in LANGUAGES
    }


def is_public(experience: Experience) -> bool:
    """Tell whether an experience can be chosen without knowing, keeping or asking anything."""
    needs_memory = experience.segment is not None or experience.caps or experience.interrupts
    needs_facts = experience.is_about_product or experience.plain_variant.products is not None
    return not needs_memory and not needs_facts and not experience.requires


def _is_running(experience: Experience, situation: Situation) -> bool:
    clock = situation.zone.local(situation.now).strftime("%Y-%m-%dT%H:%M")
    schedule = experience.schedule
    begun = schedule.start is None or schedule.start <= clock
    return begun and (schedule.until is None or clock < schedule.until)


def _contextual(experience: Experience, situation: Situation) -> dict[str, object]:
    message, variant = Message(experience, {}), experience.plain_variant
    page = msgspec.to_builtins(experience.trigger.page)
    end = schedule_end(experience, situation)
    return {
        "experience": experience.name,
        "slot": experience.slot,
        "form": experience.form,
        "priority": experience.priority,
        "trigger": {**message.trigger, "page": page},
        "until": None if end is None else iso(end),
        "content": {
            language: message.content(variant, language).drawn(situation)
            for language in variant.content
        },
        "why": message.why,
    }
