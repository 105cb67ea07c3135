"""Who asks, and what her call says: read and kept within the time of a decision, whatever a store does.

In:   a call whose sender is known.
Out:  `Met`: the person, or None where she cannot be known now; and the names of what is in trouble.
Idea: a decision always comes. A store that fails makes this answer contextual; one that is slow is not asked again
      until the watch finds it well. Events that come with a question are kept, or the answer names why not
      (`degraded`): then whoever sent them sends them again, and they count once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import Future

from msgspec import Struct

from etalage.api import metrics
from etalage.api.logs import log
from etalage.collect.call import Item
from etalage.collect.intake import Door
from etalage.collect.stated import Stated
from etalage.deliver.answer import unrecorded
from etalage.domain.arrival import ENGINE, Entered, engines_own
from etalage.domain.decision import Answer
from etalage.domain.ids import VisitorKey
from etalage.domain.profile import Fold, Person
from etalage.errors import EtalageError, Overloaded, TooMany
from etalage.flow.asked import Body, consent_item, is_news
from etalage.flow.health import Part, said_by
from etalage.flow.ingest import Taken, take_in
from etalage.flow.open_shop import OpenShop
from etalage.flow.serve import Answered
from etalage.flow.who import consent_among, linked_folds, person_behind
from etalage.ports import Profiles
from etalage.unify.person import person_of

KEEP_SECONDS = (
    0.25  # for the log to take what comes with a question; the tag waits 0.3 s for an answer
)
READ_SECONDS = (
    0.25  # of a reading that held up everybody: thrice, and no more of it until the watch says so
)
SERVERS_FAULT = 500


class Met(Struct, frozen=True):
    """Who asks, as far as she can be known now."""

    person: Person | None
    position: int  # of the log, up to which the profile was complete
    degraded: tuple[str, ...]


class Asking(Struct, frozen=True):
    """A question, as far as it says who asks."""

    body: Body
    visitor: VisitorKey | None  # whose profile the call may read
    stated: Stated
    items: Sequence[Item]
    key: str


async def meet(shop: OpenShop, door: Door, asking: Asking) -> Met:
    """Keep what the call says, then read who asks."""
    body, visitor, stated, items = asking.body, asking.visitor, asking.stated, asking.items
    degraded = shop.health.degraded
    if "profiles" in degraded:
        return Met(None, 0, degraded)
    profiles = shop.ports.profiles
    try:
        began = time.perf_counter()
        folds, position = _read(profiles, visitor)
        _mind(shop, time.perf_counter() - began, READ_SECONDS)
        is_told = visitor is not None and is_news(stated, *consent_among(visitor, folds))
        if is_told:
            items = [consent_item(body, door.received.now), *items]
        if items:
            trouble = await _kept(shop, take_in(items, door, shop.ports, key=asking.key))
            if trouble is not None:
                degraded = with_part(degraded, trouble)
                visitor = (
                    None if is_told else visitor
                )  # what she says now is not known to the profile
            folds, position = _read(profiles, visitor)
        if visitor is None or "profiles_write" in degraded:
            return Met(None, position, degraded)
        return Met(person_of(visitor, folds, gpc=door.received.gpc), position, degraded)
    except Exception as error:  # noqa: BLE001  whatever a store says, a decision comes
        _is_ours(error, shop)
        return Met(None, 0, with_part(shop.health.degraded, "profiles"))


def _read(profiles: Profiles, visitor: VisitorKey | None) -> tuple[dict[VisitorKey, Fold], int]:
    """Read all that is remembered of a person, and up to where in the log it is complete."""
    with profiles.at_one_moment():
        return {} if visitor is None else linked_folds(profiles, visitor), profiles.position()


def met_to_rank(shop: OpenShop, visitor: VisitorKey | None, *, gpc: bool) -> Person | None:
    """Read for whom a list is to be ordered; None where she cannot be known now: then it stays as it is."""
    if visitor is None or "profiles" in shop.health.degraded:
        return None
    try:
        return person_behind(shop.ports.profiles, visitor, gpc=gpc)
    except Exception as error:  # noqa: BLE001  whatever a store says, the list comes
        _is_ours(error, shop)
        return None


def taken(shop: OpenShop, items: Sequence[Item], door: Door, *, key: str) -> Taken:
    """Take the items of a call through intake.

    Raises:
        Overloaded: what their visitors allow cannot be read now. Nothing is taken in: judged without it, a refusal
            that was made elsewhere might be overruled.
    """
    if shop.health.is_red("profiles"):
        raise Overloaded(UNREADABLE)
    began = time.perf_counter()
    try:
        judged = take_in(items, door, shop.ports, key=key)
    except Exception as error:
        _is_ours(error, shop)
        raise Overloaded(UNREADABLE) from error
    _mind(shop, time.perf_counter() - began, READ_SECONDS * (1 + len(items) / 10))
    return judged


UNREADABLE = "what visitors allow cannot be read now; nothing was taken in, so send it again later"


def with_part(degraded: tuple[str, ...], part: Part) -> tuple[str, ...]:
    """Name one more."""
    return degraded if part in degraded else tuple(sorted((*degraded, part)))


async def written(shop: OpenShop, judged: Taken) -> None:
    """Wait until all of a call is on disk.

    Raises:
        TooMany: there is no room to wait; nothing was taken in.
        Overloaded: the log takes nothing now; nothing was taken in.
    """
    waiting = submitted(shop, judged)
    try:
        await asyncio.wrap_future(waiting)
    except EtalageError as error:
        if isinstance(error, Overloaded):
            shop.health.fail("log", said_by(error))
        raise
    except Exception as error:
        _tell(shop, "log", error)
        shop.health.fail("log", said_by(error))
        raise Overloaded("the log cannot be written now; send it again later") from error


def submitted(shop: OpenShop, judged: Taken) -> Future[list[Entered]]:
    """Hand over what was taken in to be written; what there is no room for is counted."""
    try:
        return shop.commits.submit(judged.arrivals, judged.rejected)
    except TooMany as error:
        sent = sum(one.key != ENGINE for one in judged.arrivals) + len(judged.rejected)
        metrics.count_shed("events", sent)
        shop.health.fail("committer", error.message)
        raise


def recorded(shop: OpenShop, answered: Answered) -> Answer:
    """Give the answer, its record on the way to the log; where there is no room for that, without tokens."""
    said = answered.answer
    if answered.logged is not None:
        if shop.health.is_red("log"):
            said = unrecorded(said, "log")
        elif not shop.commits.put([engines_own(answered.logged)]):
            said = unrecorded(said, "committer")
    for part in said.degraded:
        metrics.count_degraded(part)
    return said


async def _kept(shop: OpenShop, judged: Taken) -> Part | None:
    """Wait until all of it is on disk and remembered; or give what is in the way."""
    if not (judged.arrivals or judged.rejected):
        return None
    if shop.health.is_red("log"):
        return "log"
    trouble: Part = "committer"
    try:
        waiting = submitted(shop, judged)
        if shop.health.is_red("committer"):  # it is being written, and nobody can wait for it
            return trouble
        async with asyncio.timeout(KEEP_SECONDS):
            await asyncio.wrap_future(waiting)
    except TooMany:
        return trouble
    except TimeoutError:
        shop.health.fail(trouble, f"events were not on disk within {KEEP_SECONDS:g} s")
    except Exception as error:  # noqa: BLE001  whatever the log says, it did not take them
        trouble = "log"
        shop.health.fail(trouble, said_by(error))
    else:
        return None
    return trouble


def _mind(shop: OpenShop, seconds: float, most: float) -> None:
    if seconds > most:
        shop.health.slow("profiles", f"reading took {seconds:.2f} s")


def _is_ours(error: Exception, shop: OpenShop) -> None:
    """Raise again what the caller did wrong; the rest is a fault of ours, and its place goes to the log."""
    if isinstance(error, EtalageError) and error.status < SERVERS_FAULT:
        raise error
    _tell(shop, "profiles", error)


def _tell(shop: OpenShop, part: Part, error: Exception) -> None:
    """Count a failure; of the first, second, fourth ... the log has the place."""
    failed = shop.failures[part] = shop.failures.get(part, 0) + 1
    if failed & (failed - 1) == 0:
        name = shop.configuration.shop.id
        log.error("store failed", shop=name, part=part, attempt=failed, exc_info=error)
