"""Step 4 of 8, recommend: the same scores as `session_plain`, compiled; a tenth of a millisecond.

In:   arrays of an index and of a walk.
Out:  parts of scores, one for each item of each neighbour, for `rows_compiled` to add up.
Idea: the item lists run newest first, so the newest m of their union come out of one merge, and the similarity of a
      session adds up while it is merged. No hash table, no allocation that grows with the catalogue.

Importing this module imports numba (some 80 MB, a third of a second): only who has an index to score does.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from etalage.recommend.session_index import LONGEST, Floats, Ints, Longs, Part


@njit(cache=True, nogil=True)
def newest_sessions(
    part: Part,
    items: Ints,
    weights: Floats,
    found: int,
    sessions: Longs,
    sums: Floats,
    shared: Longs,
) -> int:
    """Merge the sessions of the items of a walk into what was found so far, until there is no room; give how many."""
    lists = len(items)
    head = np.zeros(lists, np.int64)
    stop = np.zeros(lists, np.int64)
    next_of = np.full(lists, -1)  # the newest session of each list that is not merged yet
    for place in range(lists):
        if items[place] < len(part.item_start) - 1:
            head[place] = part.item_start[items[place]]
            stop[place] = part.item_start[items[place] + 1]
        if head[place] < stop[place]:
            next_of[place] = part.postings[head[place]]
    while found < len(sessions):
        newest = next_of.max()
        if newest < 0:
            break
        total = 0.0
        first = -1
        for place in range(lists):
            if next_of[place] == newest:
                total += weights[place]
                if first < 0:
                    first = place
                head[place] += 1
                is_over = head[place] == stop[place]
                next_of[place] = -1 if is_over else part.postings[head[place]]
        sessions[found] = newest
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
def weigh(
    ends: Floats,
    sessions: Longs,
    lengths: Longs,
    sums: Floats,
    norm: float,
    is_cosine: bool,
    recency: float,
    now: float,
) -> None:
    """Turn shared weights into how similar each of these sessions is, in place."""
    for at in range(len(sessions)):
        sums[at] /= norm
        if is_cosine:
            sums[at] /= math.sqrt(lengths[at])
        if recency < math.inf:
            sums[at] *= math.exp((ends[sessions[at]] - now) / recency)


@njit(cache=True, nogil=True)
def hand_on(  # noqa: PLR0913, PLR0917  flat: to pass on a part for each session costs as much as its items
    part: Part,
    sessions: Longs,
    lengths: Longs,
    sums: Floats,
    shared: Longs,
    walked: Ints,
    steps: Floats,
    nearness: Floats,
    rarity: Floats,
    items: Ints,
    given: Floats,
    givers: Ints,
) -> None:
    """Write down what these sessions hand on to each of their items, faded by the distance to the shared one."""
    at = 0
    for one in range(len(sessions)):
        start = part.session_start[sessions[one]] - at
        stop = at + lengths[one]
        giver = shared[one]
        target, handed = walked[giver], sums[one] * steps[giver]
        place = 0
        for to in range(at, stop):
            items[to] = part.items[start + to]
            givers[to] = giver
            if items[to] == target:
                place = part.places[start + to]
        for to in range(at, stop):
            apart = min(abs(part.places[start + to] - place), LONGEST)
            given[to] = handed * nearness[apart] * rarity[items[to]]
        at = stop


@njit(cache=True, nogil=True)
def lengths_of(part: Part, sessions: Longs) -> Longs:
    """Give how many items each of these sessions has."""
    lengths = np.empty(len(sessions), np.int64)
    for at in range(len(sessions)):
        lengths[at] = part.session_start[sessions[at] + 1] - part.session_start[sessions[at]]
    return lengths


@njit(cache=True, nogil=True)
def compiled_parts(  # noqa: PLR0913, PLR0917  numba takes arrays and numbers, no object of ours
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
) -> tuple[Ints, Floats, Ints]:
    """Give the parts of all scores: an item, what one neighbour gives it, and where in the walk their shared item is.

    The sessions of the live part are the newer ones, so they come first.
    """
    sessions = np.empty(sample, np.int64)
    sums = np.empty(sample, np.float64)
    shared = np.empty(sample, np.int64)
    newer = newest_sessions(live, items, weights, 0, sessions, sums, shared)
    found = newest_sessions(base, items, weights, newer, sessions, sums, shared)
    lengths = np.concatenate(
        (lengths_of(live, sessions[:newer]), lengths_of(base, sessions[newer:found]))
    )
    weigh(live.ends, sessions[:newer], lengths[:newer], sums[:newer], norm, is_cosine, recency, now)
    weigh(
        base.ends,
        sessions[newer:found],
        lengths[newer:],
        sums[newer:found],
        norm,
        is_cosine,
        recency,
        now,
    )
    chosen = most_similar(sums[:found], neighbours)
    sessions, lengths, sums, shared = (
        sessions[chosen],
        lengths[chosen],
        sums[chosen],
        shared[chosen],
    )
    newer = int(np.searchsorted(chosen, newer))
    handed = lengths.sum()
    middle = lengths[:newer].sum()  # the parts of newer sessions end there
    named = np.empty(handed, np.int32)
    given = np.empty(handed, np.float64)
    givers = np.empty(handed, np.int32)
    hand_on(
        live,
        sessions[:newer],
        lengths[:newer],
        sums[:newer],
        shared[:newer],
        items,
        steps,
        nearness,
        rarity,
        named[:middle],
        given[:middle],
        givers[:middle],
    )
    hand_on(
        base,
        sessions[newer:],
        lengths[newer:],
        sums[newer:],
        shared[newer:],
        items,
        steps,
        nearness,
        rarity,
        named[middle:],
        given[middle:],
        givers[middle:],
    )
    return named, given, givers
