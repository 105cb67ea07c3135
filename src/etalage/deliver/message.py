"""Step 6 of 8, deliver: what an experience says, as far as it is known before anybody asks.

In:   an experience with the sentence of its segment.
Out:  a `Message`: trigger, caps, why, and its contents per variant and language; only blocks with merge fields or
      clocks are drawn for each answer.
Idea: links are checked once more here, where a stored block becomes one that is shown: it must be as it was parsed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from etalage.deliver.explain import WORDS, moment_text, why
from etalage.deliver.merge_fields import Situation, field_values, fields_in, fill_block, sale_end
from etalage.domain.experience import (
    Block,
    Button,
    Cap,
    Countdown,
    Coupon,
    Experience,
    Image,
    Language,
    ProductList,
    Texts,
    Trigger,
    Variant,
)
from etalage.domain.ids import ExperienceName, SegmentName, VariantName
from etalage.domain.time import iso, micros

Drawn = dict[str, object]


class Content:
    """The blocks of one variant in one language."""

    __slots__ = ("_blocks", "_experience", "_fields", "_whole", "language")

    def __init__(self, language: Language, blocks: Sequence[Block], experience: Experience) -> None:
        self.language = language
        self._experience = experience
        drawn = [(block, _drawn_for_all(block)) for block in blocks]
        # Of a block that is the same for all only what is drawn stays; one that is not safe is not drawn at all.
        self._blocks = [(b, d) for b, d in drawn if d is not None or not _is_for_all(b)]
        self._fields = frozenset(name for block, _ in self._blocks for name in fields_in(block))
        fixed = [d for _, d in self._blocks if d is not None]
        self._whole = fixed if len(fixed) == len(self._blocks) else None

    def drawn(self, situation: Situation) -> list[Drawn]:
        """Write the blocks as they are drawn: filled in, links checked once more, clocks with a real end."""
        if self._whole is not None:
            return self._whole
        values = field_values(situation, self.language, self._fields)
        found: list[Drawn] = []
        for block, fixed in self._blocks:
            if fixed is not None:
                found.append(fixed)
                continue
            filled = fill_block(block, values)
            if filled is None or not _is_safe(filled):
                continue
            drawn = _drawn(filled)
            if isinstance(filled, Countdown):
                end = _end(filled, self._experience, situation)
                if end is None:
                    continue
                drawn["ends_at"] = iso(end)
                drawn["until"] = moment_text(situation.zone.local(end), self.language)
                drawn.setdefault("label", WORDS[self.language]["until"])
            found.append(drawn)
        return found


class Message:
    """One experience as it is said."""

    __slots__ = ("_contents", "_variants", "caps", "experience", "trigger", "why")

    def __init__(self, experience: Experience, sentences: Mapping[SegmentName, Texts]) -> None:
        self.experience = experience
        self.trigger = wire_trigger(experience.trigger)
        self.caps: list[Cap] | None = list(experience.caps) or None
        self.why: dict[str, str] = dict(why(experience, sentences).items())
        self._variants = {variant.name: variant for variant in reversed(experience.variants)}
        self._contents: dict[tuple[VariantName, Language, str | None], Content] = {
            (variant.name, language, picture): Content(
                language, [_pictured(block, picture) for block in blocks], experience
            )
            for variant in self._variants.values()
            for picture in (None, *(one.name for one in variant.artwork))
            for language, blocks in variant.content.items()
        }

    def variant(self, name: VariantName) -> Variant | None:
        """Find a variant by name."""
        return self._variants.get(name)

    def content(
        self, variant: Variant, language: str | None, picture: str | None = None
    ) -> Content:
        """Give what a variant says in a language, or else in the first one there is; with one of its pictures."""
        spoken, _ = variant.blocks(language)
        return self._contents[variant.name, spoken, picture]


Messages = Mapping[ExperienceName, Message]


def messages_of(
    experiences: Iterable[Experience], sentences: Mapping[SegmentName, Texts]
) -> Messages:
    """Prepare what experiences say; `sentences` are those of their segments."""
    return {e.name: Message(e, sentences) for e in experiences}


def wire_trigger(trigger: Trigger) -> dict[str, object]:
    """Write the part of a trigger that only the browser can judge."""
    numbers = {
        "seconds": trigger.seconds,
        "percent": trigger.percent,
        "views": trigger.views,
        "days": trigger.days,
    }
    return {"on": trigger.on} | {name: n for name, n in numbers.items() if n is not None}


def safe_link(link: str) -> str:
    """Give a link of a feed back only if it is https or relative: feeds are not ours (safety 3)."""
    relative = link.startswith("/") and not link.startswith(("//", "/\\"))
    secure = link.startswith("https://")
    return link if (relative or secure) and link.isprintable() and " " not in link else ""


def schedule_end(experience: Experience, situation: Situation) -> int | None:
    """Give the moment an experience ends: its wall clock in the shop's zone; None if it has no end."""
    until = experience.schedule.until
    if until is None:
        return None
    zone = situation.zone.local(situation.now).tzinfo
    return micros(datetime.fromisoformat(until).replace(tzinfo=zone))


def _pictured(block: Block, picture: str | None) -> Block:
    """Give an image the picture of this name, or its own; the others do not leave the server."""
    if not isinstance(block, Image):
        return block
    for one in block.creatives:
        if one.name == picture:
            return Image(one.url, one.alt, block.link)
    return Image(block.url, block.alt, block.link)


def _is_for_all(block: Block) -> bool:
    return not isinstance(block, Countdown) and not fields_in(block)


def _drawn_for_all(block: Block) -> Drawn | None:
    """Draw a block that is the same for everybody; None for another, and for one whose link is not safe."""
    if not _is_for_all(block) or not _is_safe(block):
        return None
    return _drawn(block)


def _drawn(block: Block) -> Drawn:
    if isinstance(block, ProductList):  # what a tap does stands in the links of its products
        block = ProductList(block.title)
    drawn: Drawn = msgspec.to_builtins(block)
    return drawn


def _is_safe(block: Block) -> bool:
    match block:
        case Image(url=url, link=link):
            return bool(safe_link(url)) and (link is None or _leads_safely(link))
        case Button(link=str() as link):
            return _leads_safely(link)
        case Coupon():
            return False  # nobody makes its code yet, and without one there is nothing to say
    return True


def _leads_safely(link: str) -> bool:
    return link.startswith(("#", "?")) or bool(safe_link(link))


def _end(block: Countdown, experience: Experience, situation: Situation) -> int | None:
    """Give the real end a clock counts down to; None if there is none, or it is past."""
    if block.ends == "sale":
        return sale_end(situation.product, situation.now)
    end = schedule_end(experience, situation)
    return end if end is not None and end > situation.now else None
