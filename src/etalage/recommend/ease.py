"""Step 4 of 8, recommend: which items somebody will like, from all she did before: EASE^R.

In:   who had what, as two columns of codes; once each, however often.
Out:  for each item the hundred that say most about each other, with weights; and scores for a person.
Idea: regress every item on all the others at once, with only a ridge to hold it: the answer is closed.

          G = X'X      P = (G + lambda I)^-1      B_ij = -P_ij / P_jj, B_jj = 0      score(u) = x_u B

From: Steck, Embarrassingly Shallow Autoencoders for Sparse Data (2019); methods 1.3. The fallback, cosine with
      shrinkage, is what a shop can do with too few people for a regression.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from etalage.errors import BadInput
from etalage.recommend.session_index import Floats, Ints, Longs

RIDGE = 500.0  # people; try 200 to 2,000 on the shop's last week
SHRINK = 20.0  # people who have both, before a cosine is half believed
KEPT = 100  # weights per item, the largest: the rest moves nothing in a top 20
PEOPLE_NEEDED = 5  # who have an item
MOST_ITEMS = 20_000  # 8 n^2 bytes in double precision
SINGLE_ABOVE = 10_000  # items; above it in single precision, which halves the memory
ROWS_AT_ONCE = 1_000

Square = NDArray[np.floating[Any]]


class Had(NamedTuple):
    """Who had what; a pair may stand here more than once."""

    user: Longs
    item: Longs


class ItemWeights(NamedTuple):
    """For each item, what having it says about others: rows of B in compressed form."""

    starts: Ints  # (items + 1)
    others: Ints
    weights: NDArray[np.float32]

    @property
    def items(self) -> int:
        """How many items."""
        return len(self.starts) - 1

    def row(self, item: int) -> tuple[Ints, NDArray[np.float32]]:
        """Give the items this one speaks about, with the weights."""
        here = slice(self.starts[item], self.starts[item + 1])
        return self.others[here], self.weights[here]


def worth_learning(had: Had, *, most: int = MOST_ITEMS, needed: int = PEOPLE_NEEDED) -> Longs:
    """Give the items that enough people had, at most `most` of them, those of most people first."""
    users = int(had.user.max(initial=0)) + 1
    items, people = np.unique(np.unique(had.item * users + had.user) // users, return_counts=True)
    order = np.lexsort((items, -people))[:most]
    return np.asarray(items[order][people[order] >= needed], np.int64)


def learn_ease(had: Had, items: int, *, ridge: float = RIDGE, kept: int = KEPT) -> ItemWeights:
    """Learn B in closed form; `items` is how many codes there are."""
    gram = _gram(had, items)
    gram[np.diag_indices(items)] += gram.dtype.type(ridge)
    inverse = _inverted(gram)
    diagonal = np.diag(inverse).copy()
    inverse /= -diagonal
    inverse[np.diag_indices(items)] = 0.0
    return _largest(inverse, kept)


def learn_cosine(had: Had, items: int, *, shrink: float = SHRINK, kept: int = KEPT) -> ItemWeights:
    """Learn how alike items are: c_ij / (sqrt(c_i c_j) + shrink), c counting people."""
    gram = _gram(had, items)
    size = np.sqrt(np.diag(gram))
    for start in range(0, items, ROWS_AT_ONCE):  # in place: a second square would double the memory
        rows = slice(start, start + ROWS_AT_ONCE)
        gram[rows] /= np.outer(size[rows], size) + gram.dtype.type(shrink)
    gram[np.diag_indices(items)] = 0.0
    return _largest(gram, kept)


def scores_for(history: Longs, learned: ItemWeights) -> Floats:
    """Score all items for somebody who had these; (items), higher is better."""
    scores = np.zeros(learned.items)
    for item in np.unique(history):
        others, weights = learned.row(int(item))
        scores[others] += weights
    return scores


def _gram(had: Had, items: int) -> Square:
    """Count for each pair of items the people who had both."""
    from scipy.sparse import csr_array

    users, user = np.unique(had.user, return_inverse=True)
    precision = np.float32 if items > SINGLE_ABOVE else np.float64
    matrix = csr_array((np.ones(len(user), precision), (user, had.item)), shape=(len(users), items))
    matrix.sum_duplicates()
    matrix.data[:] = 1
    dense: Square = np.empty((items, items), precision)
    by_item = matrix.T.tocsr()
    for start in range(0, items, ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        dense[rows] = (by_item[rows] @ matrix).toarray()
    return dense


def _inverted(square: Square) -> Square:
    """Invert a symmetric positive matrix where it stands: a copy of 20,000 items would not fit."""
    from scipy.linalg.lapack import get_lapack_funcs

    factor, invert = get_lapack_funcs(("potrf", "potri"), (square,))
    lower, failed = factor(square.T, lower=1, overwrite_a=1)
    inverse, failed_too = invert(lower, lower=1, overwrite_c=1)
    if failed or failed_too:
        raise BadInput("the ridge is too small for these people and items; take a larger one")
    full: Square = inverse.T  # its upper half is filled; mirror it in place
    for start in range(0, len(full), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        full[rows, :start] = full[:start, rows].T
        block = full[rows, rows]
        block[:] = np.triu(block) + np.triu(block, 1).T
    return full


def _largest(square: Square, kept: int) -> ItemWeights:
    """Keep the largest of each row by size, without zeros, in the order of the codes."""
    items = len(square)
    counts, others, weights = [0], [], []
    for row in square:
        chosen = np.argpartition(-np.abs(row), kept)[:kept] if items > kept else np.arange(items)
        chosen = np.sort(chosen[row[chosen] != 0])
        counts.append(len(chosen))
        others.append(chosen.astype(np.int32))
        weights.append(row[chosen].astype(np.float32))
    return ItemWeights(
        np.cumsum(counts).astype(np.int32),
        np.concatenate(others) if others else np.zeros(0, np.int32),
        np.concatenate(weights) if weights else np.zeros(0, np.float32),
    )
