"""The protocol of the next item for a person of whom the past is known: the session, the past, and both.

In:   events (user, session, item, time), and perhaps later ones; without users each session is a person.
Out:  rows per method: HR@20 and MRR@20, for all predictions and for those of people with a past.
Idea: the models and the blend are those that serve, and they are given what a profile remembers: all she had up to
      here, the newest first, this session's clicks before those of earlier ones. The next item is asked for, also the
      first of a session, where her past alone can tell. The item on screen is never the answer, and equal clicks in a
      row count as one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from etalage.errors import BadInput
from etalage.evaluate.choice import check_method, check_parameters
from etalage.evaluate.interval import as_row, figure
from etalage.evaluate.sessions import times_of
from etalage.evaluate.tables import Table, codes_of
from etalage.recommend.blend import blended, share_of_session
from etalage.recommend.near import Nearest
from etalage.recommend.profile_model import MOST_OF_A_PERSON, profile_model
from etalage.recommend.profile_shelf import ProfileShelf
from etalage.recommend.propose_for_you import LOOKED_AT
from etalage.recommend.session_model import session_model
from etalage.recommend.session_shelf import SessionShelf

TOP = 20
HELD_OUT = 0.1  # share of the sessions, the newest, when no test file is given
ITEM_EVENTS = 5
MOST_SESSIONS = 2_000  # that are predicted: of more, every so manyth
MOST_PLACES = 20  # of a session
MICROS = 1_000_000


class Visit(NamedTuple):
    """One session of somebody: what she came to, in order, repeats in a row left out."""

    user: str
    ended: float
    items: list[str]


class PersonTask(NamedTuple):
    """What is learned from, and the sessions that are predicted, each with her past, the newest first."""

    train: list[Visit]
    asked: list[tuple[Visit, list[str]]]
    items: int


class Models(NamedTuple):
    """What serves, learned from the training sessions."""

    sessions: SessionShelf
    profile: ProfileShelf
    profile_method: str
    popular: list[str]


def person_task(train: Table, test: Table | None) -> PersonTask:
    """Split by the end of sessions, and keep the items that are known."""
    learned = _visits(train, "train")
    if test is None:
        count = round(len(learned) * HELD_OUT)
        if not 0 < count < len(learned):
            raise BadInput("there are too few sessions to hold some out")
        learned, later = learned[:-count], learned[-count:]
    else:
        later = _visits(test, "test")
    often: dict[str, int] = {}
    for visit in learned:
        for item in visit.items:
            often[item] = often.get(item, 0) + 1
    needed = ITEM_EVENTS if test is None else 1
    known = {item for item, count in often.items() if count >= needed}
    learned, later = _only(learned, known), _only(later, known)
    asked = _with_past(learned, later)
    if not asked:
        raise BadInput("no test session holds an item that training knows")
    return PersonTask(learned, asked[:: -(-len(asked) // MOST_SESSIONS)], len(known))


def protocol(task: PersonTask) -> dict[str, Any]:
    """Say under which rules the figures stand."""
    return {
        "exclude_current": True,
        "collapse_repeats": True,
        "top": TOP,
        "first_item_of_a_session": "asked, by the past alone",
        "train_sessions": len(task.train),
        "items": task.items,
        "test_sessions": len(task.asked),
        "with_a_past": sum(bool(past) for _, past in task.asked),
        "most_places_of_a_session": MOST_PLACES,
        "interval": "95%, bootstrap over sessions",
    }


Lists = Callable[[list[str], list[str], float], Iterable[str]]  # (seen, past, now) -> best first


def _session(models: Models) -> Lists:
    return lambda seen, past, now: _near(models, _had(seen, past), now).names()


def _profile(models: Models) -> Lists:
    return lambda seen, past, _: models.profile.nearest(_had(seen, past)).names()


def _blend(models: Models, share: float | None = None) -> Lists:
    def listed(seen: list[str], past: list[str], now: float) -> Iterable[str]:
        had = _had(seen, past)
        weight = share_of_session(len(had[:LOOKED_AT])) if share is None else share
        found = blended(_near(models, had, now), models.profile.nearest(had), weight)
        return (one.product for one in found)

    return listed


def _popular(models: Models) -> Lists:
    return lambda _seen, _past, _now: models.popular


def _had(seen: list[str], past: list[str]) -> list[str]:
    """Give all she had, the newest first, each once: as a profile remembers it."""
    return list(dict.fromkeys([*reversed(seen), *past]))


def _near(models: Models, had: list[str], now: float) -> Nearest:
    return models.sessions.nearest(had[:LOOKED_AT][::-1], now=round(now * MICROS))


METHODS: dict[str, tuple[Callable[..., Lists], tuple[str, ...]]] = {
    "for_you": (_blend, ("share",)),
    "session": (_session, ()),
    "profile": (_profile, ()),
    "popularity": (_popular, ()),
}
BASELINES = ("popularity",)


def person_rows(
    task: PersonTask, *, only: str | None = None, parameters: Mapping[str, float] | None = None
) -> list[dict[str, Any]]:
    """Measure the methods, or one beside the baseline.

    Raises:
        Unknown: no such method or parameter.
        BadInput: parameters for all methods at once.
    """
    check_method(only, METHODS, parameters)
    if only is not None:
        check_parameters(parameters or {}, METHODS[only][1])
    models = learned(task)
    rows = []
    for name, (make, _) in METHODS.items():
        if only in {None, name} or name in BASELINES:
            rows += _rows(task, name, make(models, **((parameters or {}) if name == only else {})))
    return rows


def learned(task: PersonTask) -> Models:
    """Learn what serves from the training sessions."""
    now = round(task.train[-1].ended * MICROS)
    rows = [(visit.ended, visit.items) for visit in task.train if len(visit.items) > 1]
    had: dict[str, dict[str, None]] = {}
    clicks: dict[str, int] = {}
    for visit in task.train:
        had.setdefault(visit.user, {}).update(dict.fromkeys(visit.items))
        for item in visit.items:
            clicks[item] = clicks.get(item, 0) + 1
    profile = profile_model([(list(items)[-MOST_OF_A_PERSON:],) for items in had.values()], now)
    popular = sorted(clicks, key=lambda item: (-clicks[item], item))
    return Models(
        SessionShelf(session_model(rows, now)),
        ProfileShelf(profile),
        profile.card.method,
        popular[: 2 * TOP],
    )


def _rows(task: PersonTask, name: str, lists: Lists) -> list[dict[str, Any]]:
    measured = np.array([_measure(visit, past, lists) for visit, past in task.asked])
    has_past = np.array([bool(past) for _, past in task.asked])
    rows = []
    for people, which in (("all", has_past | True), ("with a past", has_past)):
        if not which.any():
            continue
        hits, reciprocal, counts = measured[which].T
        figures = {f"hr@{TOP}": figure(hits, counts), f"mrr@{TOP}": figure(reciprocal, counts)}
        rows.append(
            {"method": name, "items": people, **as_row(figures), "predictions": int(counts.sum())}
        )
    return rows


def _measure(visit: Visit, past: list[str], lists: Lists) -> tuple[float, float, float]:
    hits = reciprocal = 0.0
    count = 0
    for place in range(min(len(visit.items), MOST_PLACES)):
        seen = visit.items[:place]
        if not seen and not past:
            continue  # nothing is known of her
        count += 1
        top: list[str] = []
        for item in lists(seen, past, visit.ended):
            if not seen or item != seen[-1]:
                top.append(item)
            if len(top) == TOP:
                break
        if visit.items[place] in top:
            hits += 1
            reciprocal += 1 / (top.index(visit.items[place]) + 1)
    return hits, reciprocal, float(count)


def _visits(table: Table, label: str) -> list[Visit]:
    """Give the sessions in the order of their end; where only their order is known, all within a second."""
    (sessions,), _ = codes_of(table["session"])
    times = times_of(table, sessions, is_timed=table.has("time"))
    if not table.has("time"):
        times = (times - times.min()) / max(1.0, float(np.ptp(times)))
    order = np.lexsort((times, sessions))
    names = [str(item) for item in table["item"][order].tolist()]
    sessions, times = sessions[order], times[order]
    people = table["user"][order].tolist() if table.has("user") else None
    starts = np.flatnonzero(np.diff(sessions, prepend=-1)).tolist()
    found = []
    for start, stop in zip(starts, [*starts[1:], len(names)], strict=True):
        user = f"{label} {sessions[start]}" if people is None else str(people[start])
        found.append(Visit(user, float(times[stop - 1]), _collapsed(names[start:stop])))
    return sorted(found, key=lambda visit: visit.ended)


def _collapsed(names: list[str]) -> list[str]:
    return [item for at, item in enumerate(names) if not at or item != names[at - 1]]


def _only(visits: list[Visit], known: set[str]) -> list[Visit]:
    kept = (v._replace(items=[item for item in v.items if item in known]) for v in visits)
    return [visit for visit in kept if visit.items]


def _with_past(learned: list[Visit], later: list[Visit]) -> list[tuple[Visit, list[str]]]:
    past: dict[str, dict[str, None]] = {}  # the newest last
    asked = []
    for number, visit in enumerate([*learned, *later]):
        own = past.setdefault(visit.user, {})
        if number >= len(learned) and (len(visit.items) > 1 or own):
            asked.append((visit, list(reversed(own))[:MOST_OF_A_PERSON]))
        for item in visit.items:
            own.pop(item, None)
            own[item] = None
    return asked
