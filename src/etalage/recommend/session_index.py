"""Step 4 of 8, recommend: what sessions of the past looked like, as flat arrays.

In:   clicks (session, item, time) with items as codes 0..n-1.
Out:  a `SessionIndex`: for each item the sessions that hold it, newest first, and for each session its items with
      the last place each had.
Idea: sessions are numbered in the order in which they ended, so "newer" is "a higher number" and nothing needs to
      be compared but int32. What ended since the night lies in a second, small part with the same layout:

          base   sessions 0 .. S-1        counted at night
          live   sessions S .. S+L-1      ended since; bounded, the oldest make room

From: Kersbergen, Sprangers & Schelter, Serenade (2022): the VMIS index; methods 1.2.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]

LIVE_SESSIONS = 20_000  # some hours of a busy shop; indexing them again takes about 20 ms
LONGEST = 500  # clicks of one session that are indexed, the newest: who clicks more is a machine


class Clicks(NamedTuple):
    """Clicks in any order, as three columns of one length."""

    session: Longs  # any numbers
    item: Ints  # codes
    time: Floats  # seconds; of equal times the order given holds

    def only(self, which: NDArray[np.bool_] | Longs) -> Clicks:
        """Give some of the clicks, by a mask or by place."""
        return Clicks(self.session[which], self.item[which], self.time[which])


class Part(NamedTuple):
    """Sessions in the order of their end. All starts have one element more than there are things."""

    session_start: Ints  # (sessions + 1) where the items of a session begin
    visits: (
        Ints  # (n, 2) the distinct items of each session, each beside its last place there, from 1
    )
    ends: Floats  # (sessions) seconds
    item_start: Ints  # (items + 1) where the sessions of an item begin
    postings: Ints  # the sessions of each item, newest first, numbered within this part

    @property
    def items(self) -> Ints:
        """The distinct items of each session."""
        return self.visits[:, 0]

    @property
    def places(self) -> Ints:
        """The last place of each."""
        return self.visits[:, 1]

    @property
    def sessions(self) -> int:
        """How many sessions."""
        return len(self.ends)


class SessionIndex(NamedTuple):
    """Both parts over one list of items, with the counts that rarity is weighed by."""

    base: Part
    live: Part
    clicks: Longs  # (items) clicks in the base, repeats included

    @property
    def items(self) -> int:
        """How many items."""
        return len(self.clicks)

    @property
    def sessions(self) -> int:
        """How many sessions in both parts."""
        return self.base.sessions + self.live.sessions

    def sessions_of_items(self) -> Longs:
        """Count for each item the sessions that hold it."""
        counts = np.diff(self.live.item_start).astype(np.int64)
        counts[: len(self.base.item_start) - 1] += np.diff(self.base.item_start)
        return counts


class Visits(NamedTuple):
    """One row per session and distinct item; sessions numbered from 0 in the order of their end."""

    session: Ints
    item: Ints
    place: Ints
    ends: Floats


def index_sessions(clicks: Clicks, items: int) -> SessionIndex:
    """Index the past; `items` is how many codes there are."""
    kept = _newest_of_each(in_order(clicks))
    counts = np.bincount(kept.item, minlength=items).astype(np.int64)
    return SessionIndex(_part(_visits(kept), items), _nothing(items), counts)


def with_ended(
    index: SessionIndex, clicks: Clicks, items: int, *, room: int = LIVE_SESSIONS
) -> SessionIndex:
    """Give the index with sessions that ended since.

    Args:
        index: as it is.
        clicks: whole sessions, each given once; times on the scale of the index.
        items: how many codes there are now; codes are only added behind.
        room: sessions the live part may hold; the oldest of them are left out.
    """
    old, new = _visits_of(index.live), _visits(_newest_of_each(in_order(clicks)))
    ends = np.concatenate([old.ends, new.ends])
    order = np.argsort(ends, kind="stable")
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    session = rank[np.concatenate([old.session, new.session + np.int32(len(old.ends))])]
    session -= np.int32(max(0, len(ends) - room))
    stays = session >= 0
    visits = Visits(
        session[stays],
        np.concatenate([old.item, new.item])[stays],
        np.concatenate([old.place, new.place])[stays],
        ends[order][-room:] if room else ends[:0],
    )
    counts = np.zeros(items, np.int64)
    counts[: index.items] = index.clicks
    return SessionIndex(index.base, _part(visits, items), counts)


def in_order(clicks: Clicks) -> Clicks:
    """Put sessions in the order of their end, and each one's clicks in the order of time."""
    names, session = np.unique(clicks.session, return_inverse=True)
    ends = np.full(len(names), -np.inf)
    np.maximum.at(ends, session, clicks.time)
    rank = np.empty(len(names), np.int64)
    rank[np.lexsort((names, ends))] = np.arange(len(names))
    order = np.lexsort((clicks.time, rank[session]))
    return Clicks(rank[session][order], clicks.item[order], clicks.time[order])


def _newest_of_each(clicks: Clicks) -> Clicks:
    """Leave out all but the newest clicks of a session that is too long."""
    lengths = np.bincount(clicks.session) if len(clicks.session) else np.zeros(0, np.int64)
    if not len(lengths) or lengths.max() <= LONGEST:
        return clicks
    from_end = np.cumsum(lengths)[clicks.session] - np.arange(len(clicks.session))
    stays = from_end <= LONGEST
    return clicks.only(stays)


def _visits(clicks: Clicks) -> Visits:
    """Reduce clicks in order to the last one of each item in each session."""
    if not len(clicks.session):
        none = np.zeros(0, np.int32)
        return Visits(none, none, none, np.zeros(0))
    starts = np.flatnonzero(np.diff(clicks.session, prepend=-1))
    place = np.arange(len(clicks.session)) - starts[clicks.session] + 1
    key = clicks.session * (int(clicks.item.max()) + 1) + clicks.item
    _, from_last = np.unique(key[::-1], return_index=True)
    last = len(key) - 1 - from_last
    return Visits(
        clicks.session[last].astype(np.int32),
        clicks.item[last].astype(np.int32),
        place[last].astype(np.int32),
        clicks.time[np.append(starts[1:], len(clicks.time)) - 1],
    )


def _visits_of(part: Part) -> Visits:
    session = np.repeat(np.arange(part.sessions, dtype=np.int32), np.diff(part.session_start))
    return Visits(session, part.items, part.places, part.ends)


def _part(visits: Visits, items: int) -> Part:
    """Lay visits out by session and by item."""
    by_session = np.argsort(visits.session, kind="stable")
    session, item = visits.session[by_session], visits.item[by_session]
    by_item = np.lexsort((-session, item))
    return Part(
        session_start=starts_of(session, len(visits.ends)),
        visits=beside(item, visits.place[by_session]),
        ends=visits.ends,
        item_start=starts_of(item, items),
        postings=session[by_item],
    )


def beside(items: Ints, places: Ints) -> Ints:
    """Lay each item beside its place: a session lies anywhere, and what is asked of it is fetched at once."""
    return np.ascontiguousarray(np.stack((items, places), axis=1), np.int32)


def starts_of(numbers: Ints, count: int) -> Ints:
    """Give where each of `count` numbers begins in a sorted column, and where the last one ends."""
    lengths = np.bincount(numbers, minlength=count)
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)


def _nothing(items: int) -> Part:
    none = np.zeros(0, np.int32)
    return Part(
        np.zeros(1, np.int32),
        beside(none, none),
        np.zeros(0),
        np.zeros(items + 1, np.int32),
        none,
    )
