"""The night shift, in one page: what is done in the background, by one process at a time.

seal       the journal into daily Parquet
remember   anything that a crashed process left undone
back-fill  conditions of segments that went live
refold     visitors who lost an order to a later claim
watch      figures out of the ordinary, tracking that broke, messages that do harm
engage     who comes much less than she used to
look       what changed in the catalogue, and what is alike
count      what is popular now
weigh      the bandits that are due
learn      the models that are due, and between the nights the sessions that ended since
forget     who asked to be erased; what was withdrawn; what was kept long enough
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import msgspec

from etalage.domain.arrival import engines_own
from etalage.domain.event import Event
from etalage.flow import clean as cleaning
from etalage.flow import privacy
from etalage.flow.learn import learn_live, learn_models, look_at_catalogue
from etalage.flow.look_back import back_fill, refold
from etalage.flow.remember import AT_ONCE, Memorist, remember
from etalage.govern.privacy import Keep
from etalage.ports import EventLog, Ports
from etalage.recommend.popular import PopularModel, parameters, popular_model, question
from etalage.segment import engagement, scores
from etalage.unify.batch import view_statements

POPULAR = "popular"
LAST_EVENTS = 1_000  # among which to look for what happened last
OF_THE_MACHINE = frozenset(
    {"configuration", "policy", "feature", "erased"}
)  # carry the time of the machine, or none


class Night(NamedTuple):
    """What the night shift needs: one shop's ports, how it remembers, and the moment."""

    ports: Ports
    how: Memorist
    now: int
    popular_least_visitors: int
    keep: Keep = Keep()


def seal(night: Night) -> int:
    """Seal the journal into daily Parquet; give how many events that were."""
    return night.ports.warehouse.roll(now=night.now)


def catch_up(night: Night) -> int:
    """Remember what the log holds and nobody has remembered yet; give the position reached."""
    return remember(night.ports.log, night.ports.profiles, night.how)


def warm(night: Night) -> int:
    """Count the past of new conditions; give how many became warm."""
    return len(back_fill(night.ports.log, night.ports.profiles, night.how))


def repair(night: Night) -> int:
    """Fold marked visitors again from the log; give how many."""
    marked = night.ports.profiles.marked()
    return refold(night.ports.log, night.ports.profiles, night.how, marked)


def count_popular(night: Night) -> int:
    """Count what is popular now, over persons and with orders at whom they were found; give how many products."""
    with night.ports.warehouse.session() as questions:
        for statement in view_statements():
            questions.prepare(statement)
        bound = parameters(night.now, visitors_needed=night.popular_least_visitors)
        answer = questions.ask(question(), bound)
    model = popular_model(answer.dicts(), night.now)
    night.ports.models.put(POPULAR, msgspec.json.encode(model))
    return len(model.products)


def popular_now(ports: Ports) -> PopularModel | None:
    """Read the list that was counted last; None if there is none, or it cannot be read."""
    content = ports.models.get(POPULAR)
    if content is None:
        return None
    try:
        return msgspec.json.decode(content, type=PopularModel)
    except msgspec.DecodeError:
        return None


def learn(night: Night) -> int:
    """Learn the models that are due; give how many."""
    needed = night.popular_least_visitors
    return len(learn_models(night.ports, now=night.now, visitors_needed=needed, only_due=True))


def look(night: Night) -> int:
    """See what changed in the catalogue; give how many models that changed."""
    return look_at_catalogue(night.ports, now=night.now)


def add_ended(night: Night) -> int:
    """Let models take in what happened since they were learned; give how many did."""
    needed = night.popular_least_visitors
    return learn_live(night.ports, now=night.now, visitors_needed=needed)


def watch(night: Night) -> int:
    """Judge the shop's figures once a day; give how many alerts are open."""
    from etalage.flow.alerts import look_out  # with all of measuring, which a night needs once

    kept = look_out(night.ports, now=night.now, only_due=True)
    return sum(one.state == "open" for one in kept or ())


def weigh_bandits(night: Night) -> int:
    """Weigh the bandits that are due; give how many weighings are new."""
    from etalage.flow.reweigh import reweigh  # with all of measuring

    return reweigh(night.ports, now=night.now)


def score_people(night: Night) -> int:
    """Write the phase and RFM of everybody for whom they changed; give how many."""
    today = night.how.zone.day(night.now)
    with night.ports.warehouse.session() as questions:
        for statement in view_statements():
            questions.prepare(statement)
        bound = {"today": today, "currency": night.how.currency}
        rows = questions.ask(scores.question(), bound).dicts()
    return _write_scores(night, scores.score_events(rows, now=night.now))


def score_engagement(night: Night) -> int:
    """Write of everybody who comes much less than she used to that she does, or no longer; give how many."""
    today = night.how.zone.day(night.now)
    with night.ports.warehouse.session() as questions:
        for statement in view_statements():
            questions.prepare(statement)
        bound = {"today": today, "most": engagement.AT_ONCE}
        rows = questions.ask(engagement.question(), bound).dicts()
    return _write_scores(night, engagement.engagement_events(rows, now=night.now))


def _write_scores(night: Night, events: Iterable[Event]) -> int:
    changed = [engines_own(event) for event in events]
    for start in range(0, len(changed), AT_ONCE):
        night.ports.log.append(changed[start : start + AT_ONCE])
    catch_up(night)
    return len(changed)


def forget(night: Night) -> int:
    """Go on with erasures, and once a day clean the files; give how much that was."""
    ports, how, now = night.ports, night.how, night.now
    done = cleaning.settle_files(ports, now=now)
    for erasure in ports.keys.erasures():
        if not erasure.rewritten:
            privacy.advance(ports, erasure, how, now=now)
            privacy.remove_folds(ports.profiles, erasure.visitors)  # a rebuild would remember her
    if cleaning.is_due(ports, how.zone, now):
        cleaned = cleaning.clean(ports, how, keep=night.keep, now=now)
        done += 0 if cleaned is None else cleaned.total
    return done


def own_time(log: EventLog, otherwise: int) -> int:
    """Give what time it is in a simulated shop: that of the last thing that happened there.

    Counted by the machine's clock, everybody of a simulated May would have been silent for months in November,
    nothing would be popular, and what was kept long enough would be removed.
    """
    head = log.head()
    newest = [
        event.received
        for _, event in log.read(max(0, head - LAST_EVENTS), upto=head)
        if event.name not in OF_THE_MACHINE
    ]
    return max(newest, default=otherwise)


Shift = Callable[[Night], int]

EVERY_MINUTE: tuple[tuple[str, Shift], ...] = (
    ("remember", catch_up),
    ("seal", seal),
    ("back_fill", warm),
    ("refold", repair),
    ("forget", forget),
)
NOW_AND_THEN: tuple[tuple[str, Shift], ...] = (
    ("popular", count_popular),
    ("scores", score_people),
)
