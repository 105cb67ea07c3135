"""Step 4 of 8, recommend: what somebody buys again, from her own baskets and from those like her.

In:   baskets per person, oldest first.
Out:  scores per item.
Idea: groceries repeat. What was bought often and lately is the best guess for the next basket:

          frequency(x) = sum over the baskets that hold x of 0.95^(baskets since)

      and people with the same taste tell what else (UP-CF).
From: Faggioli, Polato & Aiolli, Recency Aware Collaborative Filtering for Next Basket Recommendation (2020);
      Hu et al., TIFUKNN (2020); methods 1.5.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np

from etalage.recommend.session_index import Floats, Longs

Item = TypeVar("Item")

FADES = 0.95  # per later basket
RECENT_BASKETS = 10  # r of UP-CF
ALIKE = 100  # people whose baskets count
LOCALITY = 10.0  # q: the power that sets near people apart from far ones
ASYMMETRY = 0.75  # how much the asker's own size counts in a similarity
PEOPLE_AT_ONCE = 256


class Lines(NamedTuple):
    """Lines of baskets: a person's baskets numbered from 0, oldest first."""

    user: Longs  # codes
    basket: Longs
    item: Longs  # codes


def decayed_frequency(
    baskets: Sequence[Iterable[Item]], *, fades: float = FADES
) -> dict[Item, float]:
    """Count in how many baskets each item was, the older ones for less.

    >>> decayed_frequency([{"A", "B"}, {"A"}, {"B", "C"}, {"A"}])["C"]
    0.95
    """
    scores: dict[Item, float] = {}
    for age, basket in enumerate(reversed(baskets)):
        for item in set(basket):
            scores[item] = scores.get(item, 0.0) + fades**age
    return scores


class Matrix(NamedTuple):
    """People by items: how a person's baskets weigh each item; a scipy CSR array (people, items)."""

    values: Any

    def row(self, user: int) -> tuple[Longs, Floats]:
        """Give a person's items and their weights."""
        start, stop = self.values.indptr[user : user + 2]
        return self.values.indices[start:stop].astype(np.int64), self.values.data[start:stop]


def frequencies(lines: Lines, users: int, items: int, *, fades: float = FADES) -> Matrix:
    """Give everybody's decayed frequency; fades 1 counts baskets."""
    one = _distinct(lines)
    return _matrix(one, np.power(fades, _age(one).astype(float)), users, items)


def recent_shares(lines: Lines, users: int, items: int, *, recent: int = RECENT_BASKETS) -> Matrix:
    """Give for everybody the share of her last baskets that held each item."""
    one = _distinct(lines)
    baskets = np.zeros(users, np.int64)
    np.maximum.at(baskets, one.user, one.basket + 1)
    shares = 1.0 / np.minimum(baskets, recent)[one.user]
    late = _age(one) < recent
    return _matrix(Lines(*(column[late] for column in one)), shares[late], users, items)


def those_alike(
    shares: Matrix,
    had: Matrix,
    *,
    alike: int = ALIKE,
    locality: float = LOCALITY,
    asymmetry: float = ASYMMETRY,
) -> Matrix:
    """Give everybody the baskets of the people most like her, by how alike they are: UP-CF.

    Args:
        shares: of the last baskets, from `recent_shares`.
        had: whatever is not zero was had, from `frequencies`.
        alike: people that count, beside herself.
        locality: the power q of a similarity.
        asymmetry: s_uv = |both| / (|u|^asymmetry |v|^(1 - asymmetry)).
    """
    from scipy.sparse import vstack

    bought = had.values.copy()
    bought.data = np.ones_like(bought.data)
    sizes = np.maximum(np.diff(bought.indptr), 1).astype(float)
    parts = []
    for start in range(0, len(sizes), PEOPLE_AT_ONCE):
        rows = slice(start, start + PEOPLE_AT_ONCE)
        both = (bought[rows] @ bought.T).toarray()
        similar = both / np.outer(sizes[rows] ** asymmetry, sizes ** (1 - asymmetry))
        parts.append(_nearest(similar, start, alike, locality) @ shares.values)
    return Matrix(vstack(parts).tocsr())


def blended(own: Matrix, others: Matrix, share: float) -> Matrix:
    """Add what others say to what she herself does, each on a scale of her own from 0 to 1."""
    return Matrix((_scaled(own) + share * _scaled(others)).tocsr())


def _scaled(scores: Matrix) -> Any:
    scaled = scores.values.copy()
    lengths = np.diff(scaled.indptr)
    highest = np.zeros(len(lengths))
    np.maximum.at(highest, np.repeat(np.arange(len(lengths)), lengths), scaled.data)
    scaled.data = scaled.data / np.repeat(highest, lengths)
    return scaled


def _nearest(similar: Floats, first: int, alike: int, locality: float) -> Any:
    """Keep the most similar of each row, to the power; everybody is wholly like herself."""
    from scipy.sparse import csr_array

    own = np.arange(len(similar))
    similar[own, first + own] = 0.0
    if similar.shape[1] > alike:
        floor = np.partition(similar, -alike, axis=1)[:, -alike]
        similar[similar < floor[:, None]] = 0.0
    similar **= locality
    similar[own, first + own] = 1.0
    return csr_array(similar)


def _distinct(lines: Lines) -> Lines:
    baskets, items = int(lines.basket.max(initial=0)) + 1, int(lines.item.max(initial=0)) + 1
    rest, item = np.divmod(
        np.unique((lines.user * baskets + lines.basket) * items + lines.item), items
    )
    user, basket = np.divmod(rest, baskets)
    return Lines(user, basket, item)


def _age(lines: Lines) -> Longs:
    """Count how many baskets came later."""
    last = np.zeros(int(lines.user.max(initial=-1)) + 1, np.int64)
    np.maximum.at(last, lines.user, lines.basket)
    return np.asarray(last[lines.user] - lines.basket, np.int64)


def _matrix(lines: Lines, values: Floats, users: int, items: int) -> Matrix:
    from scipy.sparse import csr_array

    matrix = csr_array((values, (lines.user, lines.item)), shape=(users, items))
    matrix.sum_duplicates()
    return Matrix(matrix)
