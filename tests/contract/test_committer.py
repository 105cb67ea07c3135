"""The committer: many callers, one write, an answer each; on every event log."""

from __future__ import annotations

import threading

import msgspec
import pytest
from appending import AMSTERDAM, MONDAY, MONDAY_DAY, viewed

from etalage.domain.arrival import Appended, Arrival, Entered, Rejected
from etalage.errors import Overloaded
from etalage.ports import EventLog
from etalage.store.committer import Committer
from etalage.store.memory.journal import MemoryEventLog


def refused() -> Rejected:
    return Rejected("wk_ab12", "refused", "bot", MONDAY, MONDAY_DAY)


def nothing(_own: Appended | None) -> None:
    """Stand in for the profiles."""


def test_callers_that_submit_at_once_each_get_their_own_answer(log: EventLog) -> None:
    committer = Committer(log, nothing)
    answers: dict[int, list[Entered]] = {}

    def call(number: int) -> None:
        for batch in range(20):
            arrivals = [viewed(n, source=f"v{number}-{batch}") for n in range(3)]
            entered = committer.submit([*arrivals, arrivals[0]], [refused()]).result(timeout=30)
            answers[number * 100 + batch] = entered

    callers = [threading.Thread(target=call, args=(number,)) for number in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    committer.close()

    assert len(answers) == 160
    assert all([e.outcome for e in a] == ["accepted"] * 3 + ["duplicate"] for a in answers.values())
    positions = sorted(e.position for a in answers.values() for e in a if e.position)
    assert positions == list(range(1, 481))
    assert committer.counts().submissions == 160
    assert [line.count for line in log.account()] == [480, 160, 160]


def test_the_answer_comes_after_the_profiles_have_the_events(log: EventLog) -> None:
    seen: list[tuple[Appended | None, int]] = []
    committer = Committer(log, lambda own: seen.append((own, log.head())))

    committer.submit([viewed(1), viewed(2)]).result(timeout=30)
    committer.submit([viewed(3)]).result(timeout=30)
    committer.submit([viewed(3)]).result(timeout=30)

    first, second = (
        Appended(0, (viewed(1).event, viewed(2).event)),
        Appended(2, (viewed(3).event,)),
    )
    assert seen == [(first, 2), (second, 3), (None, 3)]  # with what it put there
    committer.close()


def test_events_are_acknowledged_also_when_the_profiles_cannot_follow(log: EventLog) -> None:
    def fail(_own: Appended | None) -> None:
        raise OSError("the disk of the profiles is gone")

    committer = Committer(log, fail)

    assert committer.submit([viewed(1)]).result(timeout=30) == [Entered("accepted", 1)]
    assert committer.counts().apply_failures == 1
    assert isinstance(committer.last_failure, OSError)
    committer.close()


class HeldLog(MemoryEventLog):
    """A log whose writes wait until they are let go; it refuses events named `broken`."""

    def __init__(self) -> None:
        super().__init__(zone=AMSTERDAM)
        self.entered = threading.Event()
        self.let_go = threading.Event()

    def append(
        self,
        arrivals: list[Arrival],
        rejected: list[Rejected] = [],  # noqa: B006  never changed
    ) -> list[Entered]:
        self.entered.set()
        assert self.let_go.wait(30)
        if any(arrival.event.name == "broken" for arrival in arrivals):
            raise ValueError("cannot be written")
        return super().append(arrivals, rejected)


def test_a_full_queue_refuses_and_what_was_taken_in_is_finished_at_close() -> None:
    log = HeldLog()
    committer = Committer(log, nothing, most=10)
    first = committer.submit([viewed(0)])
    assert log.entered.wait(30)

    waiting = committer.submit([viewed(n) for n in range(1, 9)])
    with pytest.raises(Overloaded):
        committer.submit([viewed(n) for n in range(20, 25)])
    decisions_taken = committer.put([viewed(n, source="engine") for n in range(9)])
    decisions_shed = committer.put([viewed(n, source="engine") for n in range(9, 14)])
    log.let_go.set()
    committer.close()

    assert (len(first.result()), len(waiting.result())) == (1, 8)
    assert (decisions_taken, decisions_shed) == (True, False)
    assert committer.counts().shed == 5
    assert log.head() == 18
    with pytest.raises(Overloaded):
        committer.submit([viewed(99)])


def test_one_call_that_cannot_be_written_does_not_take_its_neighbours_along() -> None:
    log = HeldLog()
    committer = Committer(log, nothing)
    held = committer.submit([viewed(0)])
    assert log.entered.wait(30)
    good = viewed(1)
    bad = msgspec.structs.replace(good, event=msgspec.structs.replace(good.event, name="broken"))

    neighbour, broken, other = (committer.submit([a]) for a in (good, bad, viewed(2)))
    committer.put([bad, bad])
    log.let_go.set()
    committer.close()

    assert held.result() == [Entered("accepted", 1)]
    assert [f.result()[0].outcome for f in (neighbour, other)] == ["accepted", "accepted"]
    with pytest.raises(ValueError, match="cannot be written"):
        broken.result()
    assert committer.counts().lost == 2


def test_a_caller_who_went_away_does_not_stop_the_others() -> None:
    log = HeldLog()
    committer = Committer(log, nothing)
    committer.submit([viewed(0)])
    assert log.entered.wait(30)

    gone, stayed = committer.submit([viewed(1)]), committer.submit([viewed(2)])
    assert gone.cancel()
    log.let_go.set()

    assert stayed.result(timeout=30) == [Entered("accepted", 3)]
    committer.close()
