"""Step 5 of 8, decide: make a logged decision again, from its record alone.

In:   a record, and the experiences of the configuration it names.
Out:  None if the answer is the same, or else every difference by its place.
Idea: a decision is a pure function, so its record is a claim that anybody can check. The products that were
      recommended are part of the record; who got which arm, what had the place, and what the guards said of each
      product is computed again.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from etalage.decide.choose import choose
from etalage.decide.compose import compose
from etalage.decide.plan import Plan
from etalage.domain.decision import Decision, DecisionRecord
from etalage.domain.experience import Experience
from etalage.domain.policy import Policies

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(DecisionRecord).decode


def replay(
    record: DecisionRecord,
    experiences: Plan | Iterable[Experience],
    policies: Policies | None = None,
) -> list[str] | None:
    """Compute a decision again, under the policies of its time; None if it is the same, else the differences."""
    plan = experiences if isinstance(experiences, Plan) else Plan(experiences, policies)
    chosen = choose(record.facts, plan)
    again = compose(record.facts, chosen, record.recommended, plan.experiences, record.artwork)
    return None if again == record.decision else differences(record.decision, again)


def differences(logged: Decision, again: Decision) -> list[str]:
    """Name each place where two decisions differ, as 'place: logged -> computed'."""
    return list(_differing(msgspec.to_builtins(logged), msgspec.to_builtins(again), ""))


def written(record: DecisionRecord) -> bytes:
    """Write a record as the JSON text that a `decision` event carries."""
    return _encode(record)


def read_record(text: str | bytes) -> DecisionRecord:
    """Read what `written` wrote."""
    return _decode(text)


def _differing(one: object, other: object, path: str) -> Iterable[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            yield from _differing(one.get(key), other.get(key), f"{path}.{key}" if path else key)
    elif isinstance(one, list | tuple) and isinstance(other, list | tuple):
        for index in range(max(len(one), len(other))):
            mine = one[index] if index < len(one) else None
            theirs = other[index] if index < len(other) else None
            yield from _differing(mine, theirs, f"{path}[{index}]")
    elif one != other:
        yield f"{path}: {one!r} -> {other!r}"
