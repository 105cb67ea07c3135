"""Step 6 of 8, deliver: what an experience says, as far as it is known before anybody asks.

In:   an experience with the sentence of its segment.
Out:  a `Message`: trigger, caps, why, and its contents per variant and language; only blocks with merge fields or
      clocks are drawn for each answer.
Idea: links are checked once more here, where a stored block becomes one that is shown: it must be as it was parsed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from etalage.deliver.explain import WORDS, moment_text, why
from etalage.deliver.merge_fields import (
    Situation,
    field_values,
    fields_in,
    fill_block,
    fill_pieces,
    sale_end,
)
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
    Text,
    Texts,
    Trigger,
    Variant,
)
from etalage.domain.ids import ExperienceName, SegmentName, VariantName
from etalage.domain.merge_field import Piece, pieces_of
from etalage.domain.time import iso, micros

Drawn = dict[str, object]


class _HalfDrawn(NamedTuple):
    """A block of which one text has merge fields, drawn but for that text."""

    drawn: Drawn
    name: str  # of the text
    pieces: tuple[Piece, ...]
    stands_alone: bool  # without the text, too

    def filled(self, values: Mapping[str, str]) -> Drawn | None:
        """Fill in the text; None if the block must be left out."""
        text = fill_pieces(self.pieces, values)
        if not text and self.stands_alone:
            return {name: value for name, value in self.drawn.items() if name != self.name}
        return None if text is None else {**self.drawn, self.name: text}


class Content:
    """The blocks of one variant in one language."""

    __slots__ = ("_blocks", "_experience", "_whole", "fields", "language")

    def __init__(self, language: Language, blocks: Sequence[Block], experience: Experience) -> None:
        self.language = language
        self._experience = experience
        # Of a block what is drawn stays, as far as it is the same for all; one that is not safe is not drawn at all.
        self._blocks = [(block, _drawn_for_all(block)) for block in blocks if _is_safe(block)]
        self.fields = frozenset(name for block, _ in self._blocks for name in fields_in(block))
        fixed = [drawn for _, drawn in self._blocks if isinstance(drawn, dict)]
        self._whole = fixed if len(fixed) == len(self._blocks) else None

    def drawn(self, situation: Situation) -> list[Drawn]:
        """Write the blocks as they are drawn: filled in, links checked, clocks with a real end."""
        if self._whole is not None:
            return self._whole
        values = field_values(situation, self.language, self.fields)
        found: list[Drawn] = []
        for block, known in self._blocks:
            if isinstance(known, dict):
                found.append(known)
                continue
            drawn = (
                self._drawn_now(block, values, situation) if known is None else known.filled(values)
            )
            if drawn is not None:
                found.append(drawn)
        return found

    def _drawn_now(
        self, block: Block, values: Mapping[str, str], situation: Situation
    ) -> Drawn | None:
        """Draw a block of several texts, or a clock; None if it must be left out."""
        filled = fill_block(block, values)
        if filled is None:
            return None
        drawn = _drawn(filled)
        if isinstance(filled, Countdown):
            end = _end(filled, self._experience, situation)
            if end is None:
                return None
            drawn["ends_at"] = iso(end)
            drawn["until"] = moment_text(situation.zone.local(end), self.language)
            drawn.setdefault("label", WORDS[self.language]["until"])
        return drawn


class Message:
    """One experience as it is said."""

    __slots__ = ("_contents", "_variants", "caps", "experience", "trigger", "why")

    def __init__(self, experience: Experience, sentences: Mapping[SegmentName, Texts]) -> None:
        self.experience = experience
        self.trigger = wire_trigger(experience.trigger)
        self.caps: list[Cap] | None = list(experience.caps) or None
        self.why: dict[str, str] = dict(why(experience, sentences).items())
        self._variants = {variant.name: variant for variant in reversed(experience.variants)}
        self._contents: dict[tuple[VariantName, str | None, str | None], Content] = {
            (variant.name, language, picture): Content(
                language, [_pictured(block, picture) for block in blocks], experience
            )
            for variant in self._variants.values()
            for picture in (None, *(one.name for one in variant.artwork))
            for language, blocks in variant.content.items()
        }

    @property
    def fields(self) -> frozenset[str]:
        """The merge fields of all its contents."""
        return frozenset().union(*(content.fields for content in self._contents.values()))

    def variant(self, name: VariantName) -> Variant | None:
        """Find a variant by name."""
        return self._variants.get(name)

    def content(
        self, variant: Variant, language: str | None, picture: str | None = None
    ) -> Content:
        """Give what a variant says in a language, or else in the first one there is; with one of its pictures."""
        known = self._contents.get((variant.name, language, picture))
        if known is not None:
            return known
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


def _drawn_for_all(block: Block) -> Drawn | _HalfDrawn | None:
    """Draw as much of a block as is the same for everybody; None where that is too little to keep."""
    if isinstance(block, Countdown):
        return None
    if not fields_in(block):
        return _drawn(block)
    match block:
        case Text(text=said):
            name = "text"
        case Image(alt=said):
            name = "alt"
        case Button(label=said):
            name = "label"
        case ProductList(title=said):
            name = "title"
        case _:
            return None
    return _HalfDrawn(_drawn(block), name, pieces_of(said), isinstance(block, ProductList))


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
