"""Step 4 of 8, recommend: the same scores as `session_plain`, compiled; a tenth of a millisecond.

In:   arrays of an index and of a walk.
Out:  scores left in an array over all items, and which items were touched, so that the next call clears only those.
Idea: the item lists run newest first, so the newest m of their union come out of one merge, and the similarity of a
      session adds up while it is merged. No hash table, no allocation that grows with the catalogue.

Importing this module imports numba (some 80 MB, a third of a second): only who has an index to score does.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from etalage.recommend.session_index import LONGEST, Floats, Ints, Longs, Part

NOTHING = 1e-300  # stands for a score of zero, so that zero says "not touched"


@njit(cache=True, nogil=True)
def newest_sessions(
    part: Part,
    offset: int,
    items: Ints,
    weights: Floats,
    found: int,
    sessions: Longs,
    sums: Floats,
    shared: Longs,
) -> int:
    """Merge the sessions of the items of a walk into what was found so far, until there is no room; give how many."""
    lists = len(items)
    head = np.empty(lists, np.int64)
    stop = np.empty(lists, np.int64)
    for place in range(lists):
        known = items[place] < len(part.item_start) - 1
        head[place] = part.item_start[items[place]] if known else 0
        stop[place] = part.item_start[items[place] + 1] if known else 0
    while found < len(sessions):
        newest = -1
        for place in range(lists):
            if head[place] < stop[place]:
                newest = max(newest, part.postings[head[place]])
        if newest < 0:
            break
        total = 0.0
        first = -1
        for place in range(lists):
            if head[place] < stop[place] and part.postings[head[place]] == newest:
                total += weights[place]
                if first < 0:
                    first = place
                head[place] += 1
        sessions[found] = newest + offset
        sums[found] = total
        shared[found] = first
        found += 1
    return found


@njit(cache=True, nogil=True)
def most_similar(similarity: Floats, count: int) -> Longs:
    """Give where the `count` highest stand, in the order given; of equal ones the first."""
    if len(similarity) <= count:
        return np.arange(len(similarity))
    floor = np.partition(similarity, len(similarity) - count)[len(similarity) - count]
    room = count - np.sum(similarity > floor)  # for those that equal the floor
    chosen = np.empty(count, np.int64)
    filled = 0
    for at in range(len(similarity)):
        if similarity[at] > floor or (similarity[at] == floor and room > 0):
            room -= similarity[at] == floor
            chosen[filled] = at
            filled += 1
    return chosen


@njit(cache=True, nogil=True)
def compiled_scores(  # noqa: C901, PLR0913, PLR0917  numba takes arrays and numbers, no object of ours
    base: Part,
    live: Part,
    items: Ints,
    weights: Floats,
    steps: Floats,
    norm: float,
    sample: int,
    neighbours: int,
    is_cosine: bool,
    recency: float,
    now: float,
    nearness: Floats,
    rarity: Floats,
    scores: Floats,
    touched: Ints,
    most: Floats,
    speakers: Ints,
) -> int:
    """Add up scores, all zero before; give how many items were touched.

    `most` is the largest part of a score that one neighbour gave, `speakers` where in the walk its shared item is.
    """
    sessions = np.empty(sample, np.int64)
    sums = np.empty(sample, np.float64)
    shared = np.empty(sample, np.int64)
    before = len(base.ends)
    found = newest_sessions(live, before, items, weights, 0, sessions, sums, shared)
    found = newest_sessions(base, 0, items, weights, found, sessions, sums, shared)
    for at in range(found):
        part = live if sessions[at] >= before else base
        own = sessions[at] - before if sessions[at] >= before else sessions[at]
        sums[at] /= norm
        if is_cosine:
            sums[at] /= math.sqrt(part.session_start[own + 1] - part.session_start[own])
        if recency < math.inf:
            sums[at] *= math.exp((part.ends[own] - now) / recency)
    count = 0
    for at in most_similar(sums[:found], neighbours):
        part = live if sessions[at] >= before else base
        own = sessions[at] - before if sessions[at] >= before else sessions[at]
        start, stop = part.session_start[own], part.session_start[own + 1]
        place = 0
        for entry in range(start, stop):
            if part.items[entry] == items[shared[at]]:
                place = part.places[entry]
        handed = sums[at] * steps[shared[at]]
        for entry in range(start, stop):
            item = part.items[entry]
            if scores[item] == 0.0:
                touched[count] = item
                count += 1
                most[item] = -1.0
            near = nearness[min(abs(part.places[entry] - place), LONGEST)]
            given = handed * near * rarity[item]
            scores[item] += given
            if given > most[item]:
                most[item] = given
                speakers[item] = shared[at]
            if scores[item] == 0.0:  # touched all the same, and only once
                scores[item] = NOTHING
    return count
