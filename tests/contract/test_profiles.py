"""The profiles: every answer to `ports.Profiles` keeps these promises."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import lmdb
import msgspec
import pytest
from appending import MONDAY, digest, viewed

from etalage.domain.consent import Choice, Register
from etalage.domain.ids import FeatureId, VisitorKey
from etalage.domain.profile import ActiveFeature, Fold, OrderClaim, Written
from etalage.errors import Damaged
from etalage.ports import FoldHead, Profiles, ProfilesWrite
from etalage.store.lmdb.profiles import LmdbProfiles

KAREL, FATIMA, JIP = (VisitorKey(digest(name).hex()) for name in ("karel", "fatima", "jip"))
C_1001, C_1002 = (VisitorKey(digest(number).hex()) for number in ("C-1001", "C-1002"))


def fold(*, seen: int = MONDAY, customer: VisitorKey | None = None) -> Fold:
    return Fold(
        first_seen=seen,
        link=None if customer is None else Written(seen, "e-1", customer),
        consent={"personalise": Register(own=Choice(seen, granted=True, id="c-1"))},
        arms={},
        triggered={},
        parts={},
    )


def put(profiles: Profiles, visitor: VisitorKey, value: Fold) -> None:
    profiles.update(lambda write: write.put(visitor, value))


def test_an_unknown_visitor_has_no_fold(profiles: Profiles) -> None:
    assert profiles.get(KAREL) is None
    assert profiles.head(KAREL) is None
    assert profiles.many([KAREL, JIP]) == {}
    assert profiles.linked_to(C_1001) == ()
    assert profiles.order("T-1") == OrderClaim()
    assert profiles.position() == 0
    assert profiles.features() == ()
    assert profiles.marked() == frozenset()
    assert list(profiles.visitors()) == []


def test_a_fold_comes_back_as_it_was_put(profiles: Profiles) -> None:
    put(profiles, KAREL, fold(customer=C_1001))
    put(profiles, FATIMA, fold(seen=MONDAY + 1))

    assert profiles.get(KAREL) == fold(customer=C_1001)
    assert profiles.many([FATIMA, JIP, KAREL]) == {
        FATIMA: fold(seen=MONDAY + 1),
        KAREL: fold(customer=C_1001),
    }


def test_the_head_of_a_fold_is_its_first_fields(profiles: Profiles) -> None:
    whole = fold(customer=C_1001)
    put(profiles, KAREL, whole)

    assert profiles.head(KAREL) == FoldHead(whole.first_seen, whole.link, whole.consent)
    assert Fold.__struct_fields__[:3] == FoldHead.__struct_fields__


def test_visitors_of_a_customer_are_found_as_long_as_they_are_linked(profiles: Profiles) -> None:
    for visitor in (KAREL, FATIMA):
        put(profiles, visitor, fold(customer=C_1001))
    put(profiles, JIP, fold())
    assert profiles.linked_to(C_1001) == tuple(sorted([KAREL, FATIMA]))

    put(profiles, KAREL, fold(customer=C_1002))
    assert (profiles.linked_to(C_1001), profiles.linked_to(C_1002)) == ((FATIMA,), (KAREL,))

    put(profiles, KAREL, fold())
    assert profiles.linked_to(C_1002) == ()

    unlinked = msgspec.structs.replace(fold(), link=Written(MONDAY, "e-2", None))
    put(profiles, FATIMA, unlinked)
    assert profiles.linked_to(C_1001) == ()


def test_links_follow_however_often_a_fold_changes_in_one_write(profiles: Profiles) -> None:
    put(profiles, KAREL, fold(customer=C_1001))

    def change(write: ProfilesWrite) -> None:
        write.put(KAREL, fold(customer=C_1002))
        write.get(KAREL)
        write.put(KAREL, fold())
        write.put(KAREL, fold(customer=C_1001))
        write.put(JIP, fold(customer=C_1001))
        write.remove(JIP)

    profiles.update(change)

    assert (profiles.linked_to(C_1001), profiles.linked_to(C_1002)) == ((KAREL,), ())


def test_a_write_sees_its_own_changes_and_gives_its_result(profiles: Profiles) -> None:
    def change(write: ProfilesWrite) -> tuple[Fold | None, OrderClaim]:
        write.put(KAREL, fold())
        write.put_order("T-1", OrderClaim(owner=KAREL))
        write.position = 17
        return write.get(KAREL), write.order("T-1")

    assert profiles.update(change) == (fold(), OrderClaim(owner=KAREL))
    assert profiles.position() == 17


def test_a_write_that_fails_changes_nothing(profiles: Profiles) -> None:
    put(profiles, KAREL, fold(customer=C_1001))

    def change(write: ProfilesWrite) -> None:
        write.put(KAREL, fold(seen=1))
        write.put(JIP, fold())
        write.position = 9
        raise ValueError("half way")

    with pytest.raises(ValueError, match="half way"):
        profiles.update(change)

    assert profiles.get(KAREL) == fold(customer=C_1001)
    assert profiles.get(JIP) is None
    assert profiles.linked_to(C_1001) == (KAREL,)
    assert profiles.position() == 0


def test_an_order_keeps_its_whole_event_however_long_its_number(profiles: Profiles) -> None:
    claim = OrderClaim(claim=viewed(1).event, owner=KAREL)
    number = "T-" + "9" * 4_000

    profiles.update(lambda write: write.put_order(number, claim))

    assert profiles.order(number) == claim
    assert profiles.order(number[:-1]) == OrderClaim()


def test_counted_conditions_keep_their_order(profiles: Profiles) -> None:
    features = tuple(
        ActiveFeature(FeatureId(name), "view_item", {"brand": {"is": name}}, position)
        for position, name in enumerate("bac")
    )

    profiles.update(lambda write: write.put_features(features))

    assert profiles.features() == features
    assert profiles.update(lambda write: write.features()) == features


def test_a_mark_outlives_what_live_events_store(profiles: Profiles) -> None:
    profiles.update(lambda write: write.mark(KAREL))
    put(profiles, KAREL, fold())
    assert profiles.marked() == {KAREL}

    profiles.update(lambda write: write.unmark(KAREL))
    assert profiles.marked() == frozenset()


def test_a_visitor_removed_is_gone_with_link_and_mark(profiles: Profiles) -> None:
    put(profiles, KAREL, fold(customer=C_1001))
    put(profiles, FATIMA, fold(customer=C_1001))
    profiles.update(lambda write: write.mark(KAREL))

    profiles.update(lambda write: write.remove(KAREL))
    profiles.update(lambda write: write.remove(JIP))

    assert profiles.get(KAREL) is None
    assert profiles.linked_to(C_1001) == (FATIMA,)
    assert profiles.marked() == frozenset()


def test_all_folds_come_in_order_as_of_the_moment_of_asking(profiles: Profiles) -> None:
    visitors = sorted(VisitorKey(digest(n).hex()) for n in range(300))
    for visitor in reversed(visitors):
        put(profiles, visitor, fold())

    asked = profiles.visitors()
    put(profiles, KAREL, fold())
    profiles.update(lambda write: write.remove(visitors[0]))

    assert list(asked) == [(visitor, fold()) for visitor in visitors]


def test_clearing_leaves_nothing(profiles: Profiles) -> None:
    put(profiles, KAREL, fold(customer=C_1001))

    def change(write: ProfilesWrite) -> None:
        write.put_order("T-1", OrderClaim(owner=KAREL))
        write.put_features([ActiveFeature(FeatureId("f"), "view_item", {}, 1)])
        write.mark(KAREL)
        write.position = 5

    profiles.update(change)
    profiles.update(lambda write: write.clear())

    test_an_unknown_visitor_has_no_fold(profiles)


# ---- LMDB alone ---------------------------------------------------------------------------------------

COUNTING = """
import sys
from pathlib import Path
from appending import MONDAY
from etalage.domain.ids import VisitorKey
from etalage.store.lmdb.profiles import LmdbProfiles
import msgspec
visitor = VisitorKey(sys.argv[2])
profiles = LmdbProfiles(Path(sys.argv[1]), map_size=1 << 20)
def change(write):
    known = write.get(visitor)
    write.put(visitor, msgspec.structs.replace(known, first_seen=known.first_seen + 1))
    write.position += 1
for _ in range(300):
    profiles.update(change)
profiles.close()
"""


def test_two_processes_that_change_one_fold_never_overwrite_each_other(tmp_path: Path) -> None:
    profiles = LmdbProfiles(tmp_path, map_size=1 << 20)
    put(profiles, KAREL, fold(seen=0))

    command = [sys.executable, "-c", COUNTING, str(tmp_path), KAREL]
    writers = [subprocess.Popen(command, cwd=Path(__file__).parent) for _ in range(2)]

    assert [writer.wait(60) for writer in writers] == [0, 0]
    changed = profiles.get(KAREL)
    assert changed is not None
    assert (changed.first_seen, profiles.position()) == (600, 600)
    profiles.close()


def test_folds_are_there_after_reopening(tmp_path: Path) -> None:
    profiles = LmdbProfiles(tmp_path)
    put(profiles, KAREL, fold(customer=C_1001))
    profiles.close()

    profiles = LmdbProfiles(tmp_path)

    assert profiles.get(KAREL) == fold(customer=C_1001)
    assert profiles.linked_to(C_1001) == (KAREL,)
    profiles.close()


@pytest.fixture
def damaged(tmp_path: Path) -> Iterator[LmdbProfiles]:
    profiles = LmdbProfiles(tmp_path)
    put(profiles, KAREL, fold())
    profiles.close()
    with lmdb.open(str(tmp_path), max_dbs=8) as env:
        folds = env.open_db(b"folds", create=False)
        with env.begin(write=True) as txn:
            value = bytearray(txn.get(KAREL.encode(), db=folds))
            value[-1] ^= 1
            txn.put(KAREL.encode(), bytes(value), db=folds)
    profiles = LmdbProfiles(tmp_path)
    yield profiles
    profiles.close()


def test_a_flipped_bit_in_a_fold_is_reported_never_read(damaged: LmdbProfiles) -> None:
    with pytest.raises(Damaged):
        damaged.get(KAREL)
    with pytest.raises(Damaged):
        damaged.head(KAREL)
    with pytest.raises(Damaged):
        list(damaged.visitors())
