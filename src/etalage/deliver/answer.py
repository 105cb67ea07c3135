"""Step 6 of 8, deliver: put a decision on the wire.

In:   a decision, with everything it takes to say it: tokens, texts, the facts of merge fields.
Out:  the body of the answer to POST /v1/decide (design 12).
Idea: a ghost carries nothing but what the tag needs to treat every arm alike: its token, place and trigger. What
      was skipped is said only to who may know, because a reason can tell something about a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote

import msgspec
from msgspec import Struct

from etalage.deliver.explain import WORDS, product_reason, with_order
from etalage.deliver.merge_fields import Situation, money
from etalage.deliver.message import Messages, safe_link
from etalage.domain.decision import (
    Answer,
    Candidate,
    Decision,
    Entry,
    WireEntry,
    WireProduct,
    WireSkip,
)
from etalage.domain.experience import MILLION, Experience, Language
from etalage.domain.ids import ExperienceName, SegmentName
from etalage.domain.product import Catalogue, Offer, Product
from etalage.domain.time import SESSION_GAP, iso

VALID_FOR = SESSION_GAP  # an answer older than a session is asked for again
REMEMBERED = 20_000  # products as they were written; beyond it they are written anew


class Window:
    """The products of one catalogue as answers write them; few are shown often.

    `add_link` is the address by which this shop puts something into the basket, with `{offer}` or `{product}` in it.
    """

    __slots__ = ("_add_link", "_written", "catalogue")

    def __init__(self, catalogue: Catalogue, add_link: str = "") -> None:
        self.catalogue = catalogue
        self._add_link = add_link
        self._written: dict[tuple[object, ...], WireProduct] = {}

    def written(
        self, candidate: Candidate, language: Language, *, adds: bool = False
    ) -> WireProduct:
        """Write a product: which, why, and what the catalogue says of it; where it `adds`, one tap buys it."""
        one = candidate
        key = (one.product, one.price, one.because, one.of, one.image, one.size, language, adds)
        known = self._written.get(key)
        if known is None:
            if len(self._written) >= REMEMBERED:
                self._written.clear()
            known = _product(candidate, self.catalogue, language)
            if adds:
                known = self._adding(known, candidate, language)
            self._written[key] = known
        return known

    def _adding(
        self, written: WireProduct, candidate: Candidate, language: Language
    ) -> WireProduct:
        """Let the link of a product put it into the basket; where a size is to be chosen first it stays as it is."""
        product = self.catalogue.products.get(candidate.product)
        offer = None if product is None else only_offer(product, candidate.size)
        if not self._add_link or offer is None:
            return written
        link = self._add_link.replace("{product}", quote(candidate.product, safe=""))
        link = link.replace("{offer}", quote(offer.id, safe=""))
        said = WORDS[language]["one-tap"].replace("{price}", written.price_text)
        return msgspec.structs.replace(written, link=safe_link(link), price_text=said)


def only_offer(product: Product, size: str | None) -> Offer | None:
    """Give the one form of a product that she would buy; None where there is a choice to make."""
    there = [offer for offer in product.offers if offer.is_available]
    if size is not None:
        there = [o for o in there if o.size and o.size.strip().casefold() == size.casefold()]
    return there[0] if len(there) == 1 else None


class Words(Struct, frozen=True):
    """What an answer is said with."""

    messages: Messages
    window: Window
    situation: Situation
    language: str | None = None  # of the page
    titles: Mapping[SegmentName, str] = {}  # what the shop calls a segment


def answer(
    decision: Decision,
    tokens: Mapping[ExperienceName, str],
    words: Words,
    *,
    visitor_token: str | None = None,
    degraded: Sequence[str] = (),
) -> Answer:
    """Write the answer that a page gets."""
    expires = iso(words.situation.now + VALID_FOR)
    return Answer(
        decisions=[_entry(entry, tokens, words, expires) for entry in decision.entries],
        degraded=list(degraded),
        visitorToken=visitor_token,
    )


def explained(said: Answer, decision: Decision) -> Answer:
    """Add why the rest was skipped: for the shop's own server, never for a browser."""
    lines = [WireSkip(line.experience, line.text, line.by) for line in decision.skipped]
    return msgspec.structs.replace(said, skipped=lines)


def unrecorded(said: Answer, part: str) -> Answer:
    """Write an answer of which the log keeps no record: without tokens, because no figure may stand on it."""
    degraded = said.degraded if part in said.degraded else sorted([*said.degraded, part])
    untold = [msgspec.structs.replace(entry, id=None) for entry in said.decisions]
    return msgspec.structs.replace(said, decisions=untold, degraded=degraded)


def _entry(
    entry: Entry, tokens: Mapping[ExperienceName, str], words: Words, expires: str
) -> WireEntry:
    choice = entry.choice
    name, arm, propensity = choice.experience, choice.arm, choice.propensity
    message = words.messages[name]
    experience = message.experience
    variant = message.variant(choice.variant) if choice.show else None
    content: dict[str, object] | None = None
    products: list[WireProduct] | None = None
    why: dict[str, str] | None = None
    if variant is not None:
        said = message.content(variant, words.language, entry.artwork)
        situation = _situation(experience, words) if words.titles else words.situation
        content = {"language": said.language, "blocks": said.drawn(situation)}
        if variant.products is not None:
            written, language, adds = words.window.written, said.language, variant.adds
            products = [written(c, language, adds=adds) for c in entry.products]
        # It says too where the order of messages was made by what people like her did after them.
        why = with_order(message.why) if choice.by_expected else message.why
    return WireEntry(
        slot=choice.slot,
        experience=name,
        variant=arm or choice.variant,
        show=choice.show,
        form=experience.form,
        priority=choice.priority,
        trigger=message.trigger,
        id=tokens.get(name),
        content=content,
        products=products,
        why=why,
        propensity=None if propensity is None else propensity / MILLION,
        caps=message.caps if arm is None else None,
        expires=expires,
    )


def _situation(experience: Experience, words: Words) -> Situation:
    """Add what the shop calls the segment, where it has a name for it."""
    title = None if experience.segment is None else words.titles.get(experience.segment)
    return (
        words.situation
        if title is None
        else msgspec.structs.replace(words.situation, segment=title)
    )


def _product(candidate: Candidate, catalogue: Catalogue, language: Language) -> WireProduct:
    product = catalogue.products.get(candidate.product)
    currency = catalogue.currency
    return WireProduct(
        product_id=candidate.product,
        reason=product_reason(_in_words(candidate, currency, language), language),
        title="" if product is None else product.title,
        link="" if product is None else safe_link(product.link),
        image="" if product is None else safe_link(_picture(candidate, product)),
        price=candidate.price,
        currency=currency,
        price_text=money(candidate.price, currency, language) or "",
    )


def _in_words(candidate: Candidate, currency: str, language: Language) -> Candidate:
    """Write the amount that is a reason as people read it."""
    if candidate.because != "price_dropped" or candidate.of is None:
        return candidate
    amount = money(int(candidate.of), currency, language)
    return msgspec.structs.replace(candidate, of=amount)


def _picture(candidate: Candidate, product: Product) -> str:
    """Give the picture that was chosen for her, without its tags; else the product's own."""
    chosen = candidate.image if candidate.image in product.images else None
    return product.image if chosen is None else chosen.partition("#")[0]
