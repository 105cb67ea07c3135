"""Every log, every memory and every key store can forget, and forgets for good."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Protocol

import msgspec
import pytest
from appending import AMSTERDAM, MONDAY, MONDAY_DAY, digest, viewed
from msgspec.structs import replace

from etalage.domain.arrival import Arrival, Entered, Rejected
from etalage.domain.ids import VisitorKey
from etalage.domain.privacy import Verdict, rewritten
from etalage.domain.profile import Fold
from etalage.domain.time import DAY
from etalage.ports import Erasable, EventLog, Keys, Profiles, Sealable
from etalage.store.lmdb import exchange
from etalage.store.lmdb.journal import LmdbEventLog
from etalage.store.lmdb.keys import LmdbKeys
from etalage.store.lmdb.profiles import LmdbProfiles

KAREL, FATIMA = (VisitorKey(digest(name).hex()) for name in ("karel", "fatima"))
GONE = Verdict("gone", MONDAY_DAY)


class ForgettingLog(EventLog, Sealable, Erasable, Protocol):
    """A log that can do all of it."""


def wants_all(_rejected: Rejected) -> bool:
    return True


def named(number: int, name: str, *, customer: VisitorKey | None = None) -> Arrival:
    arrival = viewed(number)
    event = msgspec.structs.replace(arrival.event, name=name, customer=customer)
    return msgspec.structs.replace(arrival, event=event)


def test_events_of_somebody_erased_do_not_come_in(log: ForgettingLog) -> None:
    log.shut([KAREL], "erased")

    entered = log.append([viewed(1), viewed(1, source="fatima"), named(2, "purchase")])

    refused = Entered("refused", reason="erased")
    assert entered == [refused, Entered("accepted", 1), refused]
    assert log.shut_out() == {KAREL: "erased"}
    assert [(line.outcome, line.reason, line.count) for line in log.account()] == [
        ("accepted", "", 1),
        ("refused", "erased", 2),
    ]


def test_events_that_name_somebody_erased_do_not_come_in(log: ForgettingLog) -> None:
    log.shut([FATIMA], "erased")

    assert log.append([named(1, "identify", customer=FATIMA)])[0].reason == "erased"


def test_of_somebody_frozen_only_orders_and_consent_come_in(log: ForgettingLog) -> None:
    log.shut([KAREL], "restricted")

    entered = log.append(
        [named(n, name) for n, name in enumerate(("view_item", "purchase", "consent"))]
    )

    assert [one.outcome for one in entered] == ["refused", "accepted", "accepted"]
    log.shut([KAREL], None)
    assert log.append([viewed(9)])[0].outcome == "accepted"


def test_who_was_erased_is_never_let_in_again(log: ForgettingLog) -> None:
    log.shut([KAREL], "erased")
    log.shut([KAREL], "restricted")
    log.shut([KAREL], None)

    assert log.append([viewed(1)])[0].reason == "erased"


def test_a_note_is_kept(log: ForgettingLog) -> None:
    assert log.note("cleaned") == 0
    log.put_note("cleaned", MONDAY)
    log.renew({}, wants_all)

    assert log.note("cleaned") == MONDAY


def test_a_renewed_log_has_the_same_positions_ids_and_account(log: ForgettingLog) -> None:
    log.append([viewed(n) for n in range(1, 6)])
    log.append(
        [],
        [Rejected("wk", "quarantined", "bad_money", MONDAY + n, MONDAY_DAY, b"x") for n in (1, 2)],
    )
    before, account = dict(log.read(0)), log.account()

    done = log.renew({2: GONE, 4: GONE}, lambda one: one.received == MONDAY + 2)

    expected = {p: rewritten(e, GONE, AMSTERDAM) if p in {2, 4} else e for p, e in before.items()}
    assert dict(log.read(0)) == expected
    assert (done.events, done.quarantine) == (2, 1)
    assert [one.received for one in log.quarantine()] == [MONDAY + 2]
    assert log.account() == account
    assert log.append([viewed(2), viewed(7)]) == [Entered("duplicate"), Entered("accepted", 6)]
    log.append([], [Rejected("wk", "quarantined", "bad_money", MONDAY + 3, MONDAY_DAY, b"x")])
    assert [one.received for one in log.quarantine()] == [MONDAY + 2, MONDAY + 3]


def test_no_byte_of_what_went_is_left_in_a_file_of_the_log(tmp_path: Path) -> None:
    secret = secrets.token_hex(12)
    log = LmdbEventLog(tmp_path / "log", map_size=1 << 20, zone=AMSTERDAM)
    log.append([viewed(n) for n in range(1, 300)])
    log.append([viewed(300, product=secret)])
    log.append([viewed(n) for n in range(301, 600)])
    assert secret.encode() in (tmp_path / "log" / "data.mdb").read_bytes()

    log.renew({300: GONE}, wants_all)

    assert [
        path
        for path in tmp_path.rglob("*")
        if path.is_file() and secret.encode() in path.read_bytes()
    ] == []
    assert log.head() == 599
    log.close()


def fold(first_seen: int) -> Fold:
    return Fold(first_seen=first_seen, link=None, consent={}, arms={}, triggered={}, parts={})


def test_renewed_profiles_are_the_same_but_for_who_went(profiles: Profiles) -> None:
    profiles.update(
        lambda write: [write.put(KAREL, fold(1)), write.put(FATIMA, fold(2)), write.mark(FATIMA)]
    )  # type: ignore[func-returns-value]

    profiles.renew(lambda: [KAREL])

    assert dict(profiles.visitors()) == {FATIMA: fold(2)}
    assert profiles.marked() == {FATIMA}


def test_no_byte_of_a_removed_profile_is_left_in_a_file(tmp_path: Path) -> None:
    profiles = LmdbProfiles(tmp_path / "profiles", map_size=1 << 20)
    secret = VisitorKey(secrets.token_hex(16))
    profiles.update(lambda write: write.put(secret, fold(1)))
    profiles.update(lambda write: write.put(KAREL, fold(2)))
    profiles.update(lambda write: write.remove(secret))
    file = tmp_path / "profiles" / "data.mdb"
    assert secret.encode() in file.read_bytes()  # LMDB leaves what was deleted

    profiles.renew(list)

    assert secret.encode() not in file.read_bytes()
    assert profiles.get(KAREL) == fold(2)
    profiles.close()


def test_the_ledger_of_erasures_counts_on(keys: Keys) -> None:
    first = keys.add_erasure([KAREL], actor="ann", requested=MONDAY)
    second = keys.add_erasure([FATIMA], actor="ann", requested=MONDAY + 1)
    keys.put_erasure(msgspec.structs.replace(first, files_gone=MONDAY + 2))

    ledger = keys.erasures()

    assert [one.number for one in ledger] == [1, 2]
    assert [one.is_done for one in ledger] == [True, False]
    assert ledger[1] == second


def test_the_ledger_is_there_after_a_restart(tmp_path: Path) -> None:
    keys = LmdbKeys.create(tmp_path / "keys")
    line = keys.add_erasure([KAREL], actor="ann", requested=MONDAY)
    keys.close()

    again = LmdbKeys(tmp_path / "keys")

    assert again.erasures() == [line]
    again.close()


@pytest.mark.parametrize("renames", [0, 1])
def test_an_exchange_that_was_cut_off_loses_nothing(tmp_path: Path, renames: int) -> None:
    path = tmp_path / "log"
    log = LmdbEventLog(path, map_size=1 << 20, zone=AMSTERDAM)
    log.append([viewed(1)])
    log.close()
    new = LmdbEventLog(exchange.next_of(path), map_size=1 << 20, zone=AMSTERDAM)
    new.append([viewed(1), viewed(2)])
    new.close()
    (exchange.next_of(path) / exchange.WHOLE).touch()
    if renames:
        path.rename(tmp_path / "log.old")

    again = LmdbEventLog(path, map_size=1 << 20, zone=AMSTERDAM)

    assert again.head() == (2 if renames else 1)
    again.renew({}, wants_all)
    assert [one.name for one in sorted(tmp_path.iterdir()) if one.is_dir()] == ["log"]
    again.close()


def test_ids_go_with_their_events_and_those_of_orders_later(log: ForgettingLog) -> None:
    old, order, kept, new = (viewed(number) for number in range(4))
    order = replace(order, once=b"o" * 16)
    log.append([old, order, kept])
    later = MONDAY + 400 * DAY
    log.append([replace(new, event=replace(new.event, received=later))])
    day = MONDAY_DAY + 1

    assert log.forget_ids(day, orders_day=MONDAY_DAY, kept={kept.identity}) == 2

    other = replace(viewed(9), once=order.once)
    outcomes = [one.outcome for one in log.append([old, other, kept, new])]
    assert outcomes == ["accepted", "duplicate", "duplicate", "duplicate"]
    assert log.forget_ids(MONDAY_DAY, orders_day=day, kept=()) == 1
    assert [one.outcome for one in log.append([other])] == ["accepted"]
