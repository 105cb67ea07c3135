"""Step 4 of 8, recommend: the nearest products of each product, made of the catalogue and of nothing else.

In:   a catalogue, and the model as it was.
Out:  the model as it is now, as a file; ready to answer, the neighbours of a product in a microsecond.
Idea: a catalogue changes all day in stock and price, and rarely in what is written. Only products whose text is new
      are compared again, and put among the neighbours of the others; when a fiftieth is new, all of it is made again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, ClassVar, NamedTuple

import msgspec
import numpy as np
from msgspec import Struct, convert, to_builtins
from numpy.typing import NDArray

from etalage.domain.experience import MILLION
from etalage.domain.product import Product
from etalage.recommend.model_file import Unusable, digest, from_bytes, packed, to_bytes, unpacked
from etalage.recommend.model_kind import Kind, Lesson, Taught
from etalage.recommend.similar_index import KEPT, Likeness

NAME = "similar"
LAYOUT = 1
PATCHED = 0.02  # share of the products that may be new since all of it was made

Neighbours = tuple[tuple[str, int], ...]  # product and cosine in millionths, best first


class SimilarCard(Struct, frozen=True):
    """What the model is; it needs no trial, because it claims no more than that texts are alike."""

    version: str
    made: int  # micros
    products: int
    patched: int = 0  # products that were put in since all of it was made

    @property
    def is_worth_it(self) -> bool:
        """Whether there is anything in it."""
        return self.products > 0


class SimilarModel(NamedTuple):
    """Per product: a digest of its text, and its neighbours."""

    card: SimilarCard
    texts: Mapping[str, int]
    near: Mapping[str, Neighbours]


class SimilarShelf:
    """The model, ready to answer."""

    __slots__ = ("_near", "_version")
    name: ClassVar[str] = NAME

    def __init__(self, model: SimilarModel) -> None:
        self._version = model.card.version
        self._near = model.near

    @property
    def version(self) -> str:
        """That of its card."""
        return self._version

    def near(self, product: str) -> Neighbours:
        """Give the products that are like this one, best first; nothing of an unknown one."""
        return self._near.get(product, ())


def similar_model(
    products: Sequence[Product], now: int, before: SimilarModel | None = None
) -> SimilarModel:
    """Make the model of a catalogue; products whose text stayed keep what was found for them."""
    texts: dict[str, int] = {product.id: _digest(product) for product in products}
    known = {} if before is None else before.texts
    if before is not None and texts == known:
        return before
    new = [place for place, p in enumerate(products) if known.get(p.id) != texts[p.id]]
    gone = sum(product not in texts for product in known)
    patched = (0 if before is None else before.card.patched) + len(new) + gone
    if before is None or patched > PATCHED * len(products):
        near, patched = _all(products), 0
    else:
        near = _patched(products, new, texts, before)
    return SimilarModel(_card_of(near, now, patched), texts, near)


def _all(products: Sequence[Product]) -> dict[str, Neighbours]:
    ids = [product.id for product in products]
    found = Likeness(products).nearest()
    return {
        one: tuple((ids[place], round(cosine * MILLION)) for place, cosine in near)
        for one, near in zip(ids, found, strict=True)
    }


def _patched(
    products: Sequence[Product], new: Sequence[int], texts: Mapping[str, int], before: SimilarModel
) -> dict[str, Neighbours]:
    """Put new products in: their own neighbours, and themselves among the neighbours of others."""
    ids = [product.id for product in products]
    fresh = {ids[place] for place in new}
    near: dict[str, dict[str, int]] = {
        one: {other: c for other, c in before.near[one] if other in texts and other not in fresh}
        for one in ids
        if one not in fresh
    }
    everything = len(products)
    likeness = Likeness(products) if new else None
    for place in new:
        assert likeness is not None  # noqa: S101  made where there is something new
        (alike,) = likeness.nearest([place], kept=everything)
        near[ids[place]] = {ids[p]: round(c * MILLION) for p, c in alike[:KEPT]}
        for other, cosine in alike:
            if ids[other] not in fresh:
                near[ids[other]][ids[place]] = round(cosine * MILLION)
    order: dict[str, int] = {one: place for place, one in enumerate(ids)}
    return {
        one: tuple(sorted(near[one].items(), key=lambda n: (-n[1], order[n[0]]))[:KEPT])
        for one in ids
    }


def _digest(product: Product) -> int:
    said = (
        product.title,
        product.brand,
        product.categories,
        sorted(product.labels.items()),
        product.gender,
        product.age_group,
        product.description,
    )
    content = hashlib.blake2b(msgspec.json.encode(said), digest_size=8).digest()
    return int.from_bytes(content, "big")


def _card_of(near: Mapping[str, Neighbours], now: int, patched: int) -> SimilarCard:
    return SimilarCard(digest(_arrays(near)), now, len(near), patched)


# ---- As a file ---------------------------------------------------------------------------------------


def write(model: SimilarModel) -> bytes:
    """Write the model as a file."""
    texts = np.array([model.texts[product] for product in model.near], dtype=np.uint64)
    arrays = {**_arrays(model.near), "texts": texts}
    return to_bytes(NAME, LAYOUT, {"card": to_builtins(model.card)}, arrays)


def read(content: bytes | None) -> SimilarModel | Unusable:
    """Read the model, or say why it cannot be used."""
    found = from_bytes(content, NAME, LAYOUT)
    if isinstance(found, Unusable):
        return found
    try:
        card = convert(found.said["card"], SimilarCard)
        ids = unpacked(found.arrays["products"])
        texts = dict(zip(ids, found.arrays["texts"].tolist(), strict=True))
        near = dict(zip(ids, _neighbours(ids, found.arrays), strict=True))
    except (KeyError, ValueError, IndexError, msgspec.DecodeError):
        return Unusable("damaged")
    return SimilarModel(card, texts, near)


def _arrays(near: Mapping[str, Neighbours]) -> dict[str, NDArray[Any]]:
    places = {product: place for place, product in enumerate(near)}
    bounds = np.cumsum([0, *(len(others) for others in near.values())])
    return {
        "products": packed(list(near)),
        "bounds": bounds.astype(np.int64),
        "others": np.array([places[o] for n in near.values() for o, _ in n], dtype=np.int32),
        "cosines": np.array([cosine for n in near.values() for _, cosine in n], dtype=np.int32),
    }


def _neighbours(ids: Sequence[str], arrays: Mapping[str, NDArray[Any]]) -> Iterator[Neighbours]:
    bounds = arrays["bounds"].tolist()
    others, cosines = arrays["others"].tolist(), arrays["cosines"].tolist()
    for start, end in pairwise(bounds):
        named = (ids[other] for other in others[start:end])
        yield tuple(zip(named, cosines[start:end], strict=True))


def _learn(lesson: Lesson) -> Taught:
    products = tuple(lesson.catalogue.products.values())
    same = _unchanged(products, lesson.before)
    if same is not None:
        return same
    before = read(lesson.before)
    known = None if isinstance(before, Unusable) else before
    model = similar_model(products, lesson.now, known)
    return Taught(model.card, write(model))


def _unchanged(products: Sequence[Product], content: bytes | None) -> Taught | None:
    """Give the model as it is if no text changed, without taking it apart: this is asked every minute."""
    found = from_bytes(content, NAME, LAYOUT)
    if content is None or isinstance(found, Unusable):
        return None
    if found.arrays["texts"].tolist() != [_digest(product) for product in products]:
        return None
    if unpacked(found.arrays["products"]) != tuple(product.id for product in products):
        return None
    return Taught(convert(found.said["card"], SimilarCard), content)


SIMILAR = Kind(NAME, _learn, read, SimilarShelf, unworthy=None)
