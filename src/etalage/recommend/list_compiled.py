"""Step 4 of 8, recommend: what `session_plain`, `profile_shelf` and `blend` say, compiled; less than a tenth of a millisecond.

In:   arrays of an index and of a walk; the rows of a profile model.
Out:  the best items of either, or of both as one list, with their scores and who says most for each.
Idea: the item lists run newest first, so the newest m of their union come out of one merge, and the similarity of a
      session adds up while it is merged. Some thousand parts name some hundred items of twenty thousand: an item gets
      a slot when it is named first, so what is added up lies together, and nothing grows with the catalogue. It
      equals the paths in numpy to the last bit: the same is added in the same order.

Importing this module imports numba (some 80 MB, a third of a second): only who has an index to score does. All of it
is one file, because what is kept of a compiled function is thrown away when its own file changes, and not when that
of another function does which it calls.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from etalage.recommend.near import SMALLEST
from etalage.recommend.session_index import LONGEST, Floats, Ints, Longs, Part
from etalage.recommend.session_recipe import Asked, Rows

Best = tuple[Ints, Floats, Ints]  # items, scores, and for each who says most for it
LAST = 255  # of the buckets

# ---- The best of many ----------------------------------------------------------------------------------


@njit(cache=True, nogil=True)
def nth_highest(values: Floats, count: int) -> float:
    """Give the lowest of the `count` highest; of fewer the lowest. It is counted, not sorted: most are far from it."""
    if len(values) == 0:
        return 0.0
    low, high = values.min(), values.max()
    if len(values) <= count:
        return float(low)
    counts = np.empty(LAST + 1, np.int64)
    while low < high:
        width = high - low
        if not width < math.inf:
            return float(np.sort(values)[len(values) - count])
        counts[:] = 0
        for value in values:
            counts[int((value - low) / width * LAST)] += 1
        bucket = LAST
        while count > counts[bucket]:
            count -= counts[bucket]
            bucket -= 1
        kept = np.empty(counts[bucket])
        at, lowest, highest = 0, math.inf, -math.inf
        for value in values:
            if int((value - low) / width * LAST) == bucket:
                kept[at] = value
                at += 1
                lowest, highest = min(lowest, value), max(highest, value)
        values, low, high = kept, lowest, highest
    return float(low)


@njit(cache=True, nogil=True)
def floor_of(scores: Floats, count: int) -> float:
    """Give a score that at least `count` of many reach: the lowest of the highest of so many groups."""
    if len(scores) < count or count < 1:
        return -math.inf
    highest = scores[:count].copy()
    for start in range(count, len(scores) - count + 1, count):
        for at in range(count):
            score = scores[start + at]
            highest[at] = max(highest[at], score)
    return float(highest.min())


@njit(cache=True, nogil=True)
def reaching(scores: Floats, floor: float) -> Longs:
    """Give where the scores stand that reach a floor."""
    found = np.empty(len(scores), np.int64)
    count = 0
    for at in range(len(scores)):
        found[count] = at
        count += scores[at] >= floor
    return found[:count]


@njit(cache=True, nogil=True)
def in_order(scores: Floats, numbers: Ints, count: int) -> Longs:
    """Give where the `count` highest stand, best first; of equals the lower number first. Numbers differ."""
    floor = nth_highest(scores, count)
    few = reaching(scores, floor)
    if len(few) > count:  # Of those that equal the last one the lowest numbers stay.
        equal = few[scores[few] == floor]
        last = -nth_highest(-numbers[equal].astype(np.float64), len(equal) + count - len(few))
        few = few[(scores[few] > floor) | (numbers[few] <= last)]
    high, low = scores[few], numbers[few].astype(np.float64)
    order = np.zeros(len(few), np.int64)
    for one in range(len(few)):
        before = 0  # counted, for a hundred, without a branch: half the time of sorting
        for other in range(len(few)):
            before += (high[other] > high[one]) | (
                (high[other] == high[one]) & (low[other] < low[one])
            )
        order[before] = few[one]
    return order


@njit(cache=True, nogil=True)
def best(items: Ints, scores: Floats, speakers: Ints, count: int, unit: float) -> Best:
    """Give the best items, their scores rounded to a `unit`-th; best first, of equals the lower code first."""
    less = 1 / unit  # what equals the last one when rounded stays in
    few = reaching(scores, floor_of(scores, count) - less)
    few = few[reaching(scores[few], nth_highest(scores[few], count) - less)]
    rounded = np.rint(scores[few] * unit) / unit
    order = in_order(rounded, items[few], count)
    chosen = few[order]
    return items[chosen], rounded[order], speakers[chosen]


# ---- Adding up -----------------------------------------------------------------------------------------


@njit(cache=True, nogil=True)
def row_scores(rows: Rows, places: Ints) -> Best:
    """Add up the rows of a profile model; `places` holds an element for each item, zero before and after."""
    starts, others, weights, known = rows
    room = 0
    for code in known:
        room += starts[code + 1] - starts[code]
    items, speakers = np.empty(room, np.int32), np.empty(room, np.int32)
    scores, most = np.empty(room), np.empty(room)
    count = 0
    for place in range(len(known)):
        for at in range(starts[known[place]], starts[known[place] + 1]):
            item, given = others[at], np.float64(weights[at])
            slot = places[item] - 1
            if slot < 0:
                items[count], scores[count], most[count], speakers[count] = (
                    item,
                    given,
                    given,
                    place,
                )
                count += 1
                places[item] = count
            else:
                scores[slot] += given
                if given > most[slot]:  # of equal parts the first speaks
                    most[slot], speakers[slot] = given, place
    for at in range(count):
        places[items[at]] = 0
    return items[:count], scores[:count], speakers[:count]


@njit(cache=True, nogil=True)
def row_best(rows: Rows, places: Ints, count: int, unit: float) -> Best:
    """Give the best of the rows of a profile model; who speaks is an item of a row."""
    items, scores, speakers = row_scores(rows, places)
    items, scores, speakers = best(items, scores, speakers, count, unit)
    return items, scores, rows.known[speakers]


# ---- Sessions ------------------------------------------------------------------------------------------


@njit(cache=True, nogil=True)
def newest_sessions(
    part: Part,
    walked: Ints,
    weights: Floats,
    found: int,
    sessions: Ints,
    sums: Floats,
    shared: Ints,
) -> int:
    """Merge the sessions of the items of a walk into what was found so far, until there is no room; give how many."""
    heads = np.zeros(len(walked), np.int64)
    stops = np.zeros(len(walked), np.int64)
    next_of = np.full(len(walked), -1)  # the newest session of each item that is not merged yet
    newest = -1
    for place in range(len(walked)):
        if walked[place] < len(part.item_start) - 1:
            heads[place] = part.item_start[walked[place]]
            stops[place] = part.item_start[walked[place] + 1]
        if heads[place] < stops[place]:
            next_of[place] = part.postings[heads[place]]
            newest = max(newest, next_of[place])
    while found < len(sessions) and newest >= 0:
        total, first, following = 0.0, -1, -1
        for place in range(len(walked)):
            session = next_of[place]
            if session == newest:
                total += weights[place]
                first = place if first < 0 else first
                heads[place] += 1
                session = -1 if heads[place] == stops[place] else part.postings[heads[place]]
                next_of[place] = session
            following = max(following, session)
        sessions[found], sums[found], shared[found] = newest, total, first
        found += 1
        newest = following
    return found


@njit(cache=True, nogil=True)
def look_up(part: Part, sessions: Ints, lengths: Ints, ends: Floats) -> None:
    """Write down how long these sessions are and when they ended.

    They lie scattered: in a loop that does nothing else the processor waits for many of them at once.
    """
    for at in range(len(sessions)):
        session = sessions[at]
        lengths[at] = part.session_start[session + 1] - part.session_start[session]
        ends[at] = part.ends[session]


@njit(cache=True, nogil=True)
def weigh(sums: Floats, lengths: Ints, ends: Floats, asked: Asked) -> None:
    """Make shared weights the similarity of sessions, in place: longer and older ones are less alike."""
    for at in range(len(sums)):
        sums[at] /= asked.norm
        if asked.is_cosine:
            sums[at] /= math.sqrt(lengths[at])
        if asked.recency < math.inf:
            sums[at] *= math.exp((ends[at] - asked.now) / asked.recency)


@njit(cache=True, nogil=True)
def most_similar(similarity: Floats, count: int) -> Longs:
    """Give where the `count` highest stand, in the order given; of equal ones the first."""
    floor = nth_highest(similarity, count)
    room = count - np.sum(similarity > floor)  # for those that equal the floor
    chosen = np.empty(min(count, len(similarity)), np.int64)
    filled = 0
    for at in range(len(similarity)):
        if similarity[at] > floor or (similarity[at] == floor and room > 0):
            room -= similarity[at] == floor
            chosen[filled] = at
            filled += 1
    return chosen[:filled]  # fewer only where one is no number


@njit(cache=True, nogil=True)
def fetch(part: Part, sessions: Ints, lengths: Ints, items: Ints, places: Ints) -> None:
    """Copy what these sessions hold, after a glance at each: they lie scattered, and so many are waited for at once."""
    starts = np.empty(len(sessions), np.int64)
    for one in range(len(sessions)):
        starts[one] = part.session_start[sessions[one]]
    for one in range(len(sessions)):
        items[one] = part.visits[starts[one], 0] + part.visits[starts[one] + lengths[one] - 1, 0]
    to = 0
    for one in range(len(sessions)):
        start = starts[one]
        for at in range(start, start + lengths[one]):
            items[to], places[to] = part.visits[at, 0], part.visits[at, 1]
            to += 1


@njit(cache=True, nogil=True)
def hand_on(  # noqa: PLR0913, PLR0917  numba takes arrays and numbers, no object of ours
    lengths: Ints,
    given: Floats,
    shared: Ints,
    walked: Ints,
    held: Ints,
    held_places: Ints,
    nearness: Floats,
    rarity: Floats,
    places: Ints,
) -> Best:
    """Add up what sessions give to each of their items, faded by the distance to the shared one."""
    items, speakers = np.empty(len(held), np.int32), np.empty(len(held), np.int32)
    scores, most = np.empty(len(held)), np.empty(len(held))
    count, start = 0, 0
    for one in range(len(lengths)):
        stop = start + lengths[one]
        giver, handed, middle = shared[one], given[one], 0
        target = walked[giver]
        for at in range(start, stop):
            if held[at] == target:
                middle = held_places[at]
        for at in range(start, stop):
            item = held[at]
            apart = min(abs(held_places[at] - middle), LONGEST)
            part = handed * nearness[apart] * rarity[item]
            slot = places[item] - 1
            if slot < 0:
                items[count], scores[count], most[count], speakers[count] = item, part, part, giver
                count += 1
                places[item] = count
            else:
                scores[slot] += part
                if part > most[slot]:
                    most[slot], speakers[slot] = part, giver
        start = stop
    for at in range(count):
        places[items[at]] = 0
    return items[:count], scores[:count], speakers[:count]


@njit(cache=True, nogil=True)
def session_scores(asked: Asked, places: Ints) -> Best:
    """Give the items of the neighbours with their scores; `places` as for rows, and who speaks stands there in the walk.

    The sessions of the live part are the newer ones, so they come first.
    """
    base, live, walked = asked.base, asked.live, asked.walked
    sessions, shared = np.empty(asked.sample, np.int32), np.empty(asked.sample, np.int32)
    sums = np.empty(asked.sample)
    newer = newest_sessions(live, walked, asked.weights, 0, sessions, sums, shared)
    found = newest_sessions(base, walked, asked.weights, newer, sessions, sums, shared)
    lengths, ends = np.empty(found, np.int32), np.empty(found)
    look_up(live, sessions[:newer], lengths[:newer], ends[:newer])
    look_up(base, sessions[newer:found], lengths[newer:], ends[newer:])
    weigh(sums[:found], lengths, ends, asked)
    chosen = most_similar(sums[:found], asked.neighbours)
    newer = int(np.searchsorted(chosen, newer))
    sessions, lengths, sums, shared = (
        sessions[chosen],
        lengths[chosen],
        sums[chosen],
        shared[chosen],
    )
    held, held_places = np.empty(lengths.sum(), np.int32), np.empty(lengths.sum(), np.int32)
    middle = lengths[:newer].sum()
    fetch(live, sessions[:newer], lengths[:newer], held[:middle], held_places[:middle])
    fetch(base, sessions[newer:], lengths[newer:], held[middle:], held_places[middle:])
    given = sums * asked.steps[shared]
    return hand_on(
        lengths, given, shared, walked, held, held_places, asked.nearness, asked.rarity, places
    )


@njit(cache=True, nogil=True)
def session_best(asked: Asked, places: Ints, count: int, unit: float) -> Best:
    """Give the best items that may come next; who speaks is an item of the walk."""
    items, scores, speakers = session_scores(asked, places)
    items, scores, speakers = best(items, scores, speakers, count, unit)
    return items, scores, asked.walked[speakers]


# ---- Both as one list ----------------------------------------------------------------------------------


@njit(cache=True, nogil=True)
def mixed(near: Best, own: Ints, repeats: float, fades: Floats, places: Ints) -> Best:
    """Bring own items forward in a list, by a share of its highest score; who was not in it speaks for itself."""
    items, scores, speakers = near
    count = len(items)
    if count == 0 or len(own) == 0:
        return near
    highest = scores[0]
    items, speakers = np.concatenate((items, own)), np.concatenate((speakers, own))
    scores = np.concatenate((scores, np.zeros(len(own))))
    for at in range(count):
        places[items[at]] = at + 1
    for at in range(len(own)):
        slot = places[own[at]] - 1
        if slot < 0:
            slot = count
            items[slot], speakers[slot] = own[at], own[at]
            count += 1
        scores[slot] += repeats * highest * fades[at]
    places[items[:count]] = 0
    order = in_order(scores[:count], np.arange(count, dtype=np.int32), count)
    return items[order], scores[order], speakers[order]


@njit(cache=True, nogil=True)
def blended(near: Best, liked: Best, same: Ints, share: float, places: Ints, count: int) -> Best:
    """Make one list of two as `blend` does; of the past's own, items are numbered -1, -2 and so on."""
    items, scores, speakers = near
    others, other_scores, other_speakers = liked
    kept = int(np.count_nonzero(other_scores > 0))
    own_scale, other_scale = 1.0, 1.0
    if len(items) and kept:
        own_scale, other_scale = share, 1 - share
    own_scale /= max(scores[0], SMALLEST) if len(items) else 1.0
    other_scale /= max(other_scores[0], SMALLEST) if kept else 1.0
    size = len(items)
    totals = np.concatenate((scores * own_scale, np.zeros(kept)))
    items = np.concatenate((items, np.zeros(kept, np.int32)))
    speakers = np.concatenate((speakers, np.zeros(kept, np.int32)))
    for at in range(size):
        places[items[at]] = at + 1
    touched = items[:size].copy()
    for at in range(kept):
        code, given = same[others[at]], other_scores[at] * other_scale
        slot = places[code] - 1 if code >= 0 else -1
        own = 0.0
        if slot < 0:
            slot, size = size, size + 1
        else:
            own = totals[slot]
        totals[slot] = own + given
        if own < given:  # who weighs most names it
            items[slot], speakers[slot] = -1 - others[at], other_speakers[at]
    places[touched] = 0
    order = in_order(totals[:size], np.arange(size, dtype=np.int32), count)
    return items[order], totals[order], speakers[order]


@njit(cache=True, nogil=True)
def both_best(  # noqa: PLR0913, PLR0917
    asked: tuple[Any, ...],
    own: Ints,
    repeats: float,
    fades: Floats,
    rows: tuple[Any, ...],
    same: Ints,
    share: float,
    places: Ints,
    count: int,
    unit: float,
) -> Best:
    """Give the best of both models as one list; `places` holds an element for each item of the larger one.

    The questions come as plain tuples.
    """
    question = Asked(Part(*asked[0]), Part(*asked[1]), *asked[2:])
    near = mixed(session_best(question, places, count, unit), own, repeats, fades, places)
    liked = row_best(Rows(*rows), places, count, unit)
    return blended(near, liked, same, share, places, count)


def compile_both(question: tuple[tuple[Any, ...], Ints, float, Floats]) -> None:
    """Have all that serves compiled for arrays as models have them, or read from the cache."""
    rarity: Floats = question[0][-1]
    starts, others, none = np.array([0, 1], np.int32), np.zeros(1, np.int32), np.zeros(0, np.int32)
    rows = Rows(starts, others, np.ones(1, np.float32), none)
    places = np.zeros(len(rarity), np.int32)
    row_best(rows, places, 1, 1.0)
    both_best(*question, tuple(rows), none, 1.0, places, 1, 1.0)
