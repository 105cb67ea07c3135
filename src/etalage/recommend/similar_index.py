"""Step 4 of 8, recommend: which products are alike, by what is written of them.

In:   products: title, brand, categories, labels, gender, age group, the beginning of the description.
Out:  of each product its nearest others with their cosine, best first.
Idea: nothing has to have happened: a product that was added a minute ago has neighbours at once. Dutch writes
      "regenjas" where English writes "rain jacket", so pieces of words count beside the words: a "regenjas" is near
      a "regenjack" and "regenjassen", though they have no word in common.
From: TF-IDF and cosine (Salton & Buckley 1988); letter n-grams for compounding languages (McNamee & Mayfield 2004).
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from etalage.domain.product import CATEGORY_SEPARATOR, Product

KEPT = 30  # nearest products of each; the guards leave a list of twelve of them
LEAST = 0.1  # cosine; "rood" and "groot" share letters too, and nobody would call that alike
COMMON = 2_000  # products: what more than so many share tells nothing apart, and costs time
DESCRIBED = 40  # words of a description that are read
_PIECE = 3  # letters of a piece
# How much each kind of fact counts, before its rarity. Leaf categories of the demo shop found again among the ten nearest,
# by title alone: .603 by words, .619 with their pieces (.616 and .624 with the description).
_TITLE, _PIECES, _BRAND, _CATEGORY, _LABEL, _WORDING = 1.0, 0.35, 0.6, 0.8, 0.5, 0.25
_WORD = re.compile(r"[^\W_]+")

Near = tuple[tuple[int, float], ...]  # places and cosines, best first


def features(product: Product) -> dict[str, float]:
    """Give what is said of a product, each with how much it counts.

    >>> from etalage.domain.ids import ProductId
    >>> sorted(features(Product(id=ProductId("1"), title="Regenjas", brand="Noord")))
    ['#ege', '#enj', '#gen', '#jas', '#nja', '#reg', 'brand=noord', 'regenjas']
    """
    found: dict[str, float] = dict.fromkeys(_words(product.description, DESCRIBED), _WORDING)
    for word in _words(product.title):
        found[word] = _TITLE
        for piece in _pieces(word):
            found.setdefault(piece, _PIECES)
    if product.brand:
        found[f"brand={product.brand.casefold().strip()}"] = _BRAND
    for path in product.categories:
        for depth in range(len(path)):
            found[f"under={CATEGORY_SEPARATOR.join(path[: depth + 1])}"] = _CATEGORY
    for name, value in _labels(product):
        found[f"{name}={value}"] = _LABEL
    return found


class Likeness:
    """All products of a catalogue as what is said of them, ready to be compared."""

    def __init__(self, products: Sequence[Product]) -> None:
        said = [features(product) for product in products]
        spread = Counter(feature for one in said for feature in one)
        self._total = len(products)
        rarity = {
            feature: math.log(self._total / met)
            for feature, met in spread.items()
            if met <= COMMON and met < self._total
        }
        shared = (feature for feature in rarity if spread[feature] > 1)
        numbers = {feature: number for number, feature in enumerate(shared)}
        self._rows = [_row(one, numbers, rarity) for one in said]
        self._postings = _postings(self._rows, len(numbers))

    def nearest(self, places: Iterable[int] | None = None, *, kept: int = KEPT) -> list[Near]:
        """Give of each product (or of those at some places) the others that are most alike."""
        asked = range(self._total) if places is None else places
        return [self._near(place, kept) for place in asked]

    def _near(self, place: int, kept: int) -> Near:
        codes, weights = self._rows[place]
        if not len(codes):
            return ()
        met = [self._postings[code] for code in codes.tolist()]
        where = np.concatenate([places for places, _ in met])
        how = np.concatenate([w * own for (_, w), own in zip(met, weights.tolist(), strict=True)])
        cosine = np.bincount(where, weights=how, minlength=self._total)
        cosine[place] = 0.0
        some = min(kept, self._total)
        best = np.argpartition(-cosine, some - 1)[:some]
        # Equal ones in the order of the catalogue, whatever order the partition left them in.
        best = best[np.lexsort((best, -np.round(cosine[best], 9)))]
        return tuple((int(other), float(cosine[other])) for other in best if cosine[other] >= LEAST)


_Row = tuple[NDArray[Any], NDArray[Any]]


def _row(said: dict[str, float], numbers: dict[str, int], rarity: dict[str, float]) -> _Row:
    known = [(numbers[f], weight * rarity[f]) for f, weight in said.items() if f in numbers]
    codes = np.array([code for code, _ in known], dtype=np.int64)
    weights = np.array([weight for _, weight in known], dtype=np.float64)
    # What only this product says is met by no other, and makes it less like any of them.
    length = math.sqrt(sum((weight * rarity.get(f, 0.0)) ** 2 for f, weight in said.items()))
    return codes, weights / length if length else weights


def _postings(rows: Sequence[_Row], features_known: int) -> list[_Row]:
    """Turn products with their features into features with their products."""
    if not rows:
        return []
    places = np.repeat(np.arange(len(rows)), [len(codes) for codes, _ in rows])
    codes = np.concatenate([codes for codes, _ in rows])
    weights = np.concatenate([weights for _, weights in rows])
    order = np.argsort(codes, kind="stable")
    bounds = np.searchsorted(codes[order], np.arange(features_known + 1))
    return [
        (places[order[a:b]], weights[order[a:b]])
        for a, b in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)
    ]


def _words(text: str, most: int | None = None) -> list[str]:
    plain = unicodedata.normalize("NFKD", text).casefold()
    kept = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return [word for word in _WORD.findall(kept) if len(word) > 1][:most]


def _pieces(word: str) -> Iterator[str]:
    return (f"#{word[at : at + _PIECE]}" for at in range(len(word) - _PIECE + 1))


def _labels(product: Product) -> Iterator[tuple[str, str]]:
    for name, value in product.labels.items():
        yield name.casefold(), value.casefold().strip()
    if product.gender:
        yield "gender", product.gender.casefold()
    if product.age_group:
        yield "age", product.age_group.casefold()
