"""The protocol of the next item in a session (methods 1.1).

In:   clicks to learn from and clicks to predict.
Out:  one row per method: HR@20 and MRR@20 over all items, with intervals.
Idea: at every place of every test session the first clicks are given and the next is asked for.

      tent  mat  stove          given: tent            asked: mat
                                given: tent, mat       asked: stove

Two switches decide more than any method does, so they stand beside every figure: may the item now on screen be
the answer (`exclude_current`), and do equal clicks in a row count as one (`collapse_repeats`)?
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from etalage.errors import BadInput
from etalage.evaluate.interval import as_row, figure
from etalage.evaluate.tables import Table, codes_of
from etalage.recommend.session_index import Clicks, Floats, Ints, Longs

TOP = 20
HELD_OUT = 0.1  # share of the sessions, the newest, when no test file is given
ITEM_EVENTS = (
    5  # clicks an item needs, when no test file is given: a prepared file is taken as it is
)


class Switches(NamedTuple):
    """What the product does by default; published tables have both open."""

    exclude_current: bool = True
    collapse_repeats: bool = True


class Asked(NamedTuple):
    """One test session: its known items in order, and when each was clicked."""

    items: list[int]
    times: list[float]


class SessionTask(NamedTuple):
    """Everything a method may know, and what it will be asked."""

    train: Clicks
    items: int
    asked: list[Asked]
    switches: Switches
    is_timed: bool  # false: only the order is known, so nothing fades with age
    item_events: int  # clicks an item needed


Ranker = Callable[
    [Sequence[int], float, int], int
]  # (seen, now, true item) -> rank from 1; 0 = not in the list


def session_task(
    train: Table, test: Table | None, switches: Switches, *, held_out: float = HELD_OUT
) -> SessionTask:
    """Prepare the data: split if there is no test, drop what is rare, keep what training knows."""
    is_timed = train.has("time") and (test is None or test.has("time"))
    tables = [train] if test is None else [train, test]
    sessions, _ = codes_of(*(table["session"] for table in tables))
    items, _ = codes_of(*(table["item"] for table in tables))
    times = [
        times_of(table, own, is_timed=is_timed) for table, own in zip(tables, sessions, strict=True)
    ]
    parts = [
        Clicks(s, i.astype(np.int32), t) for s, i, t in zip(sessions, items, times, strict=True)
    ]
    if test is None:
        parts = list(_split(_without_rare(parts[0]), held_out))
    known, codes = np.unique(parts[0].item, return_inverse=True)
    learned = parts[0]._replace(item=codes.astype(np.int32))
    asked = list(_asked(parts[1], known, collapse=switches.collapse_repeats))
    if not asked:
        raise BadInput("no test session holds two items that training knows")
    return SessionTask(
        train=learned,
        items=len(known),
        asked=asked,
        switches=switches,
        is_timed=is_timed,
        item_events=1 if test is not None else ITEM_EVENTS,
    )


def protocol(task: SessionTask) -> dict[str, Any]:
    """Say under which rules the figures stand."""
    return {
        "exclude_current": task.switches.exclude_current,
        "collapse_repeats": task.switches.collapse_repeats,
        "top": TOP,
        "time": "clicks" if task.is_timed else "order of session ids",
        "item_events_at_least": task.item_events,
        "train_sessions": len(np.unique(task.train.session)),
        "train_events": len(task.train.item),
        "items": task.items,
        "test_sessions": len(task.asked),
        "predictions": sum(len(one.items) - 1 for one in task.asked),
        "interval": "95%, bootstrap over sessions",
    }


def session_rows(
    task: SessionTask, rankers: Mapping[str, Callable[[], Ranker]], *, done: Callable[[int], None]
) -> list[dict[str, Any]]:
    """Measure each method; `done` hears how many predictions were made since."""
    rows: list[dict[str, Any]] = []
    for name, make in rankers.items():
        ranker = make()
        measured = np.array([_measure(one, ranker, done) for one in task.asked]).reshape(-1, 3)
        hits, reciprocal, counts = measured.T
        figures = {f"hr@{TOP}": figure(hits, counts), f"mrr@{TOP}": figure(reciprocal, counts)}
        rows.append({"method": name, **as_row(figures), "predictions": int(counts.sum())})
    return rows


def _measure(one: Asked, ranker: Ranker, done: Callable[[int], None]) -> tuple[float, float, float]:
    hits = reciprocal = 0.0
    for place in range(1, len(one.items)):
        rank = ranker(one.items[:place], one.times[place - 1], one.items[place])
        if 0 < rank <= TOP:
            hits += 1
            reciprocal += 1 / rank
    done(len(one.items) - 1)
    return hits, reciprocal, float(len(one.items) - 1)


def times_of(table: Table, sessions: Longs, *, is_timed: bool) -> Floats:
    """Give seconds; without them, a number that puts sessions in the order of their ids and clicks in theirs."""
    if is_timed:
        return np.asarray(table["time"], np.float64)
    order = np.asarray(table["pos"] if table.has("pos") else table["time"], np.float64)
    low, width = float(order.min()), float(np.ptp(order)) + 1
    return np.asarray(sessions * width + (order - low), np.float64)


def _without_rare(clicks: Clicks) -> Clicks:
    """Drop items with few clicks, then sessions with one."""
    often = np.bincount(clicks.item)[clicks.item] >= ITEM_EVENTS
    kept = clicks.only(often)
    longer = np.bincount(kept.session, minlength=1)[kept.session] > 1
    return kept.only(longer)


def _split(clicks: Clicks, held_out: float) -> tuple[Clicks, Clicks]:
    """Hold out the sessions that ended last."""
    names, which = np.unique(clicks.session, return_inverse=True)
    ends = np.full(len(names), -np.inf)
    np.maximum.at(ends, which, clicks.time)
    count = round(len(names) * held_out)
    if not 0 < count < len(names):
        raise BadInput("there are too few sessions of two known items to hold some out")
    newest = np.zeros(len(names), bool)
    newest[np.lexsort((names, ends))[-count:]] = True
    late = newest[which]
    return clicks.only(~late), clicks.only(late)


def _asked(clicks: Clicks, known: Ints, *, collapse: bool) -> Iterator[Asked]:
    """Give the test sessions with two known items or more."""
    place = np.searchsorted(known, clicks.item)
    is_known = known[np.minimum(place, len(known) - 1)] == clicks.item
    session, item, time = clicks.session[is_known], place[is_known], clicks.time[is_known]
    order = np.lexsort((time, session))
    session, item, time = session[order], item[order], time[order]
    if collapse:
        repeated = np.zeros(len(item), bool)
        repeated[1:] = (session[1:] == session[:-1]) & (item[1:] == item[:-1])
        session, item, time = session[~repeated], item[~repeated], time[~repeated]
    cuts = np.flatnonzero(np.diff(session)) + 1
    for items, times in zip(np.split(item, cuts), np.split(time, cuts), strict=True):
        if len(items) > 1:
            yield Asked(items.tolist(), times.tolist())
