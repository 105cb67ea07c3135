"""A log lets go of what was set aside in the very step in which it becomes something else."""

from __future__ import annotations

from typing import Protocol

from appending import MONDAY, MONDAY_DAY, viewed
from msgspec.structs import replace

from etalage.domain.arrival import Reason, Rejected
from etalage.ports import EventLog, Replayable, Retried


class Log(EventLog, Replayable, Protocol):
    """A log that takes things back."""


def set_aside(reason: Reason = "bad_field", sealed: bytes = b"1") -> Rejected:
    return Rejected("wk_ab12", "quarantined", reason, MONDAY, MONDAY_DAY, sealed)


def counts(log: EventLog) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for line in log.account():
        place = line.outcome, line.reason
        found[place] = found.get(place, 0) + line.count
    return found


def test_what_gets_in_after_all_is_no_longer_set_aside(log: Log) -> None:
    log.append([], [set_aside(sealed=b"1"), set_aside(sealed=b"2"), set_aside("no_id", b"3")])
    first, second = log.aside("bad_field")

    done = log.retry([Retried(first, (viewed(1),))])

    assert [[one.outcome for one in entered or ()] for entered in done] == [["accepted"]]
    assert counts(log) == {("accepted", ""): 1, ("quarantined", "bad_field"): 1, ("quarantined", "no_id"): 1}  # fmt: skip
    assert [one.rejected for one in log.aside("bad_field")] == [second.rejected]
    assert log.retry([Retried(second, (viewed(2),))]) != [None]
    assert ("quarantined", "bad_field") not in counts(log)
    assert log.head() == 2


def test_what_does_not_lie_there_any_more_is_left_alone(log: Log) -> None:
    log.append([], [set_aside()])
    (one,) = log.aside("bad_field")
    log.retry([Retried(one, (viewed(1),))])

    assert log.retry([Retried(one, (viewed(2),))]) == [None]
    log.append([], [set_aside(sealed=b"another, under the same number")])
    assert log.retry([Retried(one, (viewed(2),))]) == [None]

    assert log.head() == 1
    assert counts(log) == {("accepted", ""): 1, ("quarantined", "bad_field"): 1}


def test_what_is_set_aside_again_has_its_new_reason_and_no_second_count(log: Log) -> None:
    log.append([viewed(1)], [set_aside(sealed=b"1"), set_aside(sealed=b"2")])
    money, taken = log.aside("bad_field")
    other = replace(viewed(1), digest=b"d" * 16)

    log.retry([Retried(money, (), (set_aside("bad_money", b"1"),)), Retried(taken, (other,))])

    assert counts(log) == {
        ("accepted", ""): 1,
        ("quarantined", "bad_money"): 1,
        ("quarantined", "id_conflict"): 1,
    }
    assert [one.reason for one in log.quarantine()] == ["bad_money", "id_conflict"]
