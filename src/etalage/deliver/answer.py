"""Step 6 of 8, deliver: put a decision on the wire.

In:   a decision, with everything it takes to say it: tokens, texts, the facts of merge fields.
Out:  the body of the answer to POST /v1/decide (design 12).
Idea: a ghost carries nothing but what the tag needs to treat every arm alike: its token, place and trigger. What
      was skipped is said only to who may know, because a reason can tell something about a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from etalage.deliver.explain import product_reason, why
from etalage.deliver.merge_fields import (
    Situation,
    field_values,
    fill_block,
    has_fields,
    money,
    sale_end,
)
from etalage.domain.decision import (
    Answer,
    Candidate,
    Decision,
    Entry,
    WireEntry,
    WireProduct,
    WireSkip,
)
from etalage.domain.experience import (
    MILLION,
    Block,
    Button,
    Countdown,
    Experience,
    Image,
    Language,
    Texts,
    Trigger,
)
from etalage.domain.ids import ExperienceName, SegmentName
from etalage.domain.product import Catalogue
from etalage.domain.time import SESSION_GAP, iso, micros

VALID_FOR = SESSION_GAP  # an answer older than a session is asked for again


class Words(NamedTuple):
    """What an answer is said with."""

    experiences: Mapping[ExperienceName, Experience]
    catalogue: Catalogue
    situation: Situation
    language: str | None = None  # of the page
    sentences: Mapping[SegmentName, Texts] = {}  # what a segment's rule says
    titles: Mapping[SegmentName, str] = {}  # what the shop calls it


def answer(
    decision: Decision,
    tokens: Mapping[ExperienceName, str],
    words: Words,
    *,
    visitor_token: str | None = None,
    degraded: Sequence[str] = (),
) -> Answer:
    """Write the answer that a page gets."""
    return Answer(
        decisions=[_entry(entry, tokens, words) for entry in decision.entries],
        degraded=list(degraded),
        visitorToken=visitor_token,
    )


def explained(said: Answer, decision: Decision) -> Answer:
    """Add why the rest was skipped: for the shop's own server, never for a browser."""
    lines = [WireSkip(line.experience, line.text) for line in decision.skipped]
    return msgspec.structs.replace(said, skipped=lines)


def _entry(entry: Entry, tokens: Mapping[ExperienceName, str], words: Words) -> WireEntry:
    choice = entry.choice
    experience = words.experiences[choice.experience]
    plain = WireEntry(
        slot=choice.slot,
        experience=choice.experience,
        variant=choice.arm or choice.variant,
        show=choice.show,
        form=experience.form,
        priority=choice.priority,
        trigger=wire_trigger(experience.trigger),
        id=tokens.get(choice.experience),
        propensity=None if choice.propensity is None else choice.propensity / MILLION,
        caps=list(experience.caps) if choice.arm is None and experience.caps else None,
        expires=iso(words.situation.now + VALID_FOR),
    )
    if not choice.show:
        return plain
    variant = experience.variant(choice.variant)
    if variant is None:
        return plain
    language, blocks = variant.blocks(words.language)
    title = None if experience.segment is None else words.titles.get(experience.segment)
    situation = words.situation._replace(segment=title)
    drawn = drawn_blocks(blocks, experience, situation, language)
    listed = [_product(candidate, words, language) for candidate in entry.products]
    return msgspec.structs.replace(
        plain,
        content={"language": language, "blocks": drawn},
        products=listed if variant.products is not None else None,
        why={**why(experience, words.sentences)},
    )


def wire_trigger(trigger: Trigger) -> dict[str, object]:
    """Write the part of a trigger that only the browser can judge."""
    numbers = {
        "seconds": trigger.seconds,
        "percent": trigger.percent,
        "views": trigger.views,
        "days": trigger.days,
    }
    return {"on": trigger.on} | {name: n for name, n in numbers.items() if n is not None}


def drawn_blocks(
    blocks: Sequence[Block], experience: Experience, situation: Situation, language: Language
) -> list[dict[str, object]]:
    """Write the blocks as they are drawn: filled in, links checked once more, clocks with a real end."""
    values = field_values(situation, language) if any(map(has_fields, blocks)) else {}
    drawn: list[dict[str, object]] = []
    for block in blocks:
        filled = fill_block(block, values)
        if filled is None or not _is_safe(filled):
            continue
        wire: dict[str, object] = msgspec.to_builtins(filled)
        if isinstance(filled, Countdown):
            end = _end(filled, experience, situation)
            if end is None:
                continue
            wire["ends_at"] = iso(end)
        drawn.append(wire)
    return drawn


def safe_link(link: str) -> str:
    """Give a link of a feed back only if it is https or relative: feeds are not ours (safety 3)."""
    relative = link.startswith("/") and not link.startswith(("//", "/\\"))
    secure = link.startswith("https://")
    return link if (relative or secure) and link.isprintable() and " " not in link else ""


def _is_safe(block: Block) -> bool:
    """Look once more at the links of a block that was stored: it must be as it was parsed."""
    match block:
        case Image(url=url, link=link):
            return bool(safe_link(url)) and (link is None or _leads_safely(link))
        case Button(link=str() as link):
            return _leads_safely(link)
    return True


def _leads_safely(link: str) -> bool:
    return link.startswith(("#", "?")) or bool(safe_link(link))


def schedule_end(experience: Experience, situation: Situation) -> int | None:
    """Give the moment an experience ends: its wall clock in the shop's zone; None if it has no end."""
    until = experience.schedule.until
    if until is None:
        return None
    zone = situation.zone.local(situation.now).tzinfo
    return micros(datetime.fromisoformat(until).replace(tzinfo=zone))


def _end(block: Countdown, experience: Experience, situation: Situation) -> int | None:
    """Give the real end a clock counts down to; None if there is none, or it is past."""
    if block.ends == "sale":
        return sale_end(situation.product, situation.now)
    end = schedule_end(experience, situation)
    return end if end is not None and end > situation.now else None


def _product(candidate: Candidate, words: Words, language: Language) -> WireProduct:
    product = words.catalogue.products.get(candidate.product)
    currency = words.catalogue.currency
    return WireProduct(
        product_id=candidate.product,
        reason=product_reason(candidate, language),
        title="" if product is None else product.title,
        link="" if product is None else safe_link(product.link),
        image="" if product is None else safe_link(product.image),
        price=candidate.price,
        currency=currency,
        price_text=money(candidate.price, currency, language) or "",
    )
