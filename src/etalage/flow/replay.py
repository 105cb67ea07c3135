"""Replay: compute every logged decision again from its record, and say which come out otherwise.

In:   `decision` events of the log, and what their configurations were made of.
Out:  how many were the same, and each difference by name.
Idea: a decision is a pure function (design 4.3). Its record holds all that it read; the log says which versions of
      which documents its configuration held. So a fresh process, without profiles, comes to the same answer.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from etalage.decide.plan import Plan
from etalage.decide.replay import read_record, replay
from etalage.domain.event import Event
from etalage.domain.experience import Experience
from etalage.domain.policy import POLICY, Policies
from etalage.domain.shop import shop_from
from etalage.flow.configuration import Composition, read_experience
from etalage.flow.policies import NONE, policies_of
from etalage.ports import Ports

MOST_DIFFERENCES = 20


class Differs(Struct, frozen=True):
    """A decision that computes to another answer than was given."""

    id: str
    time: int
    differences: tuple[str, ...]


class Replayed(Struct, frozen=True):
    """What became of all logged decisions."""

    decisions: int
    same: int
    differ: int
    unknown_configuration: int
    first: tuple[Differs, ...] = ()  # at most 20

    @property
    def is_faithful(self) -> bool:
        """Whether every decision came out as it was given."""
        return self.decisions == self.same


def replay_all(ports: Ports, *, since: int = 0) -> Replayed:
    """Replay the decisions made at or after `since` (micros)."""
    experiences: dict[str, tuple[Experience, ...]] = {}
    policies: dict[str, Policies] = {"": NONE}
    plans: dict[tuple[str, str], Plan] = {}
    decisions = same = unknown = 0
    differing: list[Differs] = []
    differ = 0
    for event in _relevant(ports):
        if event.name == "configuration":
            experiences |= _known(ports, event)
            continue
        if event.name == POLICY:
            found = policies_of(event)
            policies[found.version] = found
            continue
        if event.time < since or event.record is None:
            continue
        decisions += 1
        record = read_record(event.record)
        made_with = (record.versions.configuration, record.versions.models.get(POLICY, ""))
        if made_with[0] not in experiences or made_with[1] not in policies:
            unknown += 1
            continue
        if made_with not in plans:
            plans[made_with] = Plan(experiences[made_with[0]], policies[made_with[1]])
        if (differences := replay(record, plans[made_with])) is None:
            same += 1
        else:
            differ += 1
            if len(differing) < MOST_DIFFERENCES:
                differing.append(Differs(event.id, event.time, tuple(differences)))
    return Replayed(decisions, same, differ, unknown, tuple(differing))


def _relevant(ports: Ports) -> Iterator[Event]:
    return (e for _, e in ports.log.read(0) if e.name in {"configuration", POLICY, "decision"})


def _known(ports: Ports, event: Event) -> dict[str, tuple[Experience, ...]]:
    """Read the experiences of a configuration, as they were then."""
    made_of = msgspec.json.decode(event.record or "", type=Composition)
    shop = shop_from(made_of.shop)
    documents = (
        ports.records.document(kind, name, version)
        for kind, name, version in made_of.documents
        if kind == "experience"
    )
    found = tuple(read_experience(d, shop) for d in documents if d is not None)
    return {made_of.version: found}
