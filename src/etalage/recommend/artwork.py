"""Step 4 of 8, recommend: which picture of one message, or of one product, this person gets.

In:   pictures with tags, her recent acts, the moment, and the unit by which she is allocated.
Out:  the name of a picture; None for the one that everybody sees.
Idea: the message stays the same, its picture follows what she looks at. A tag is a category (its name or whole path) or a
      brand; a picture is worth the largest share of her acts that fell on one of its tags. She keeps it for a set time:
      what counts is what she had done when the period began, or at her third act if that came later. So it
      does not change under her eyes with each click, and still answers to a first visit. Equal ones are drawn by hash.
      Where the shop lets a bandit choose, she is drawn by hash over all pictures, everybody's among them, with the
      shares of its last weighing; for the same time, and only if she may be measured.
From: Netflix Technology Blog, Artwork Personalization at Netflix (2017): the choice is per person, and held fixed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

from etalage.domain.decision import Chosen, DecisionFacts
from etalage.domain.experience import MILLION, Experience, Variant
from etalage.domain.ids import ExperienceName
from etalage.domain.policy import PictureWeighing, WeighedArm
from etalage.domain.product import CATEGORY_SEPARATOR, Product
from etalage.domain.profile import Part
from etalage.domain.time import DAY
from etalage.recommend.affinity import affinity

ACTS = frozenset({"view_item", "add_to_cart", "purchase"})
LEAST_ACTS = 3  # fewer say nothing of taste
LEAST_SHARE = 0.3  # of her acts that must have fallen on a tag
KEEP_DAYS = 7  # a product's picture stays so long


class Picture(NamedTuple):
    """One of several, by name."""

    name: str
    tags: Sequence[str]


def artwork(
    chosen: Chosen,
    experiences: Mapping[ExperienceName, Experience],
    facts: DecisionFacts,
    part: Part | None,
    weighed: Iterable[PictureWeighing] = (),
) -> dict[ExperienceName, str]:
    """Choose the picture of each message that will be shown and has several."""
    found: dict[ExperienceName, str] = {}
    if part is None or not facts.is_personal:
        return found
    shares = {(one.experience, one.variant): one.arms for one in weighed}
    for choice in chosen.choices:
        variant = experiences[choice.experience].variant(choice.variant) if choice.show else None
        if variant is None or not variant.artwork:
            continue
        if variant.by_bandit:
            if facts.is_measured and facts.unit is not None:
                told = shares.get((choice.experience, variant.name), {})
                drawn = drawn_picture(choice.experience, variant, told, facts.unit, facts.now)
                found |= {choice.experience: drawn} if drawn else {}
            continue
        pictures = [Picture(one.name, one.tags) for one in variant.artwork]
        seed = f"{choice.experience}:{facts.unit}"
        name = picture_for(pictures, part, facts.now, seed=seed, keep_days=variant.keep_days)
        if name is not None:
            found[choice.experience] = name
    return found


def drawn_picture(
    experience: ExperienceName,
    variant: Variant,
    weighed: Mapping[str, WeighedArm],
    unit: str,
    now: int,
) -> str:
    """Draw one picture of a variant by what they were worth; '' is the one that everybody sees.

    A picture that was added since the weighing gets an even share. Each unit's periods begin at a moment of its own,
    so that not everybody changes picture on the same day; a change of shares moves only those on a boundary.
    """
    names = ["", *(one.name for one in variant.artwork)]
    even = MILLION // len(names)
    known = {name: weighed[name].share for name in names if name in weighed}
    rest, total = MILLION - even * (len(names) - len(known)), sum(known.values())
    shares = [known[name] * rest // total if name in known and total else even for name in names]
    period = variant.keep_days * DAY
    seed = f"{experience}:{variant.name}:{unit}"
    number = (now + _place(seed) * period // MILLION) // period
    place = _place(f"{seed}:{number}") * sum(shares) // MILLION
    for name, end in zip(names, accumulate(shares), strict=True):
        if place < end:
            return name
    raise AssertionError(place)  # the last share ends where places end


def _place(said: str) -> int:
    """Give the place of a text between 0 and 999,999."""
    return (int.from_bytes(hashlib.sha256(said.encode()).digest()[:8]) * MILLION) >> 64


def picture_for(
    pictures: Sequence[Picture],
    part: Part,
    now: int,
    *,
    seed: str,
    keep_days: int = KEEP_DAYS,
) -> str | None:
    """Choose one picture; None if nothing speaks for any of them.

    Args:
        pictures: with their tags.
        part: the readable part of her profile.
        now: micros.
        seed: by which equal ones are drawn; the same seed gives the same answer.
        keep_days: how long she keeps it.
    """
    as_of = _as_of(part, now, keep_days * DAY)
    if as_of is None:
        return None
    shares = _shares(part, as_of)
    worth = {
        one.name: max((shares.get(_plain(tag), 0.0) for tag in one.tags), default=0.0)
        for one in pictures
    }
    best = max(worth, key=lambda name: (round(worth[name], 6), _drawn(seed, name)), default=None)
    return best if best is not None and worth[best] >= LEAST_SHARE else None


def _as_of(part: Part, now: int, period: int) -> int | None:
    """Give the moment whose knowledge counts: the start of this period, or her third act."""
    acts = [recent.time for recent in part.recents if recent.name in ACTS and recent.time <= now]
    if len(acts) < LEAST_ACTS:
        return None
    first = min(part.days, default=0) * DAY  # of all that she ever did; acts of long ago are cut
    return max(now - (now - first) % period, acts[LEAST_ACTS - 1])


def _shares(part: Part, as_of: int) -> dict[str, float]:
    """Give what share of her acts fell on each tag: a category by its path and by its name, and a brand."""
    taste = affinity(part, now=as_of)
    shares: dict[str, float] = {}
    for words, share in (*taste.categories.items(), *taste.brands.items()):
        for tag in {_plain(words), _plain(words.split(CATEGORY_SEPARATOR)[-1])}:
            shares[tag] = max(share, shares.get(tag, 0.0))
    return shares


def _plain(tag: str) -> str:
    return tag.strip().casefold()


def _drawn(seed: str, name: str) -> str:
    return hashlib.sha256(f"{seed}:{name}".encode()).hexdigest()


# ---- Products ----------------------------------------------------------------------------------------


def pictures_of(product: Product) -> tuple[Picture, ...]:
    """Give the tagged pictures of a product, by their address.

    A feed tags an additional picture behind its address, where no server sees it: `.../coat.jpg#tags=Cycling+Dogs`.
    """
    found = []
    for link in product.images:
        _, mark, tags = link.partition("#tags=")
        if mark and tags:
            found.append(Picture(link, [tag.replace("_", " ") for tag in tags.split("+") if tag]))
    return tuple(found)
