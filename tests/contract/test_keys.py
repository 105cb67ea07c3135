"""The keys: every answer to `ports.Keys` keeps these promises."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest
from appending import digest

from etalage.domain.ids import VisitorKey
from etalage.errors import Conflict, Damaged, KeyDestroyed, KeysMissing
from etalage.ports import Keys
from etalage.store.lmdb.keys import LmdbKeys

KAREL, FATIMA, JIP = (VisitorKey(digest(name).hex()) for name in ("karel", "fatima", "jip"))
PURPOSES = ("token", "visitor", "identify", "quarantine", "pepper")


@pytest.fixture(autouse=True)
def _without_a_master_key_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ETALAGE_MASTER_KEY", raising=False)


def flipped(box: bytes, place: int) -> bytes:
    return box[:place] + bytes([box[place] ^ 1]) + box[place + 1 :]


def test_every_purpose_has_a_secret_of_its_own(keys: Keys) -> None:
    secrets = [keys.secret(purpose) for purpose in PURPOSES]

    assert len(set(secrets)) == len(PURPOSES)
    assert {len(secret) for secret in secrets} == {32}
    assert keys.pepper == keys.secret("pepper")
    assert keys.secret("token") == secrets[0]


def test_a_sealed_field_is_read_back_and_shows_nothing(keys: Keys) -> None:
    box = keys.seal(KAREL, b"karel@shop.example")

    assert keys.unseal(KAREL, box) == b"karel@shop.example"
    assert b"karel" not in box
    assert keys.seal(KAREL, b"karel@shop.example") != box


def test_many_fields_are_sealed_each_for_its_own_person(keys: Keys) -> None:
    fields = [(KAREL, b"one"), (FATIMA, b"two"), (KAREL, b"three")]

    boxes = keys.seal_many(fields)

    assert [keys.unseal(p, box) for (p, _), box in zip(fields, boxes, strict=True)] == [
        b"one",
        b"two",
        b"three",
    ]
    assert keys.seal_many([]) == []


@pytest.mark.parametrize("place", [0, 11, 12, -1])
def test_a_changed_field_is_reported_never_read(keys: Keys, place: int) -> None:
    box = keys.seal(KAREL, b"karel@shop.example")

    with pytest.raises(Damaged):
        keys.unseal(KAREL, flipped(box, place % len(box)))
    with pytest.raises(Damaged):
        keys.unseal(KAREL, box[:20])


def test_a_field_of_one_person_is_not_read_as_anothers(keys: Keys) -> None:
    box = keys.seal(KAREL, b"karel@shop.example")
    keys.seal(FATIMA, b"fatima@shop.example")

    with pytest.raises(Damaged):
        keys.unseal(FATIMA, box)
    with pytest.raises(KeysMissing):
        keys.unseal(JIP, box)


def test_what_belongs_to_no_person_is_sealed_under_the_shop(keys: Keys) -> None:
    box = keys.seal_shop(b"unreadable event")

    assert keys.unseal_shop(box) == b"unreadable event"
    with pytest.raises(Damaged):
        keys.unseal_shop(flipped(box, 15))


def test_a_destroyed_key_makes_her_fields_unreadable_for_ever(keys: Keys) -> None:
    box = keys.seal(KAREL, b"karel@shop.example")
    others = keys.seal(FATIMA, b"fatima@shop.example")

    assert keys.destroy(KAREL)

    assert keys.unseal(KAREL, box) is None
    assert keys.is_destroyed(KAREL)
    assert not keys.is_destroyed(FATIMA)
    assert keys.unseal(FATIMA, others) == b"fatima@shop.example"
    assert not keys.destroy(KAREL)


def test_nothing_new_is_sealed_for_somebody_who_was_erased(keys: Keys) -> None:
    assert not keys.destroy(JIP)  # she never had a key

    with pytest.raises(KeyDestroyed) as refused:
        keys.seal(JIP, b"jip@shop.example")
    with pytest.raises(KeyDestroyed):
        keys.seal_many([(FATIMA, b"two"), (JIP, b"one")])

    assert refused.value.person == JIP
    assert keys.seal(FATIMA, b"two")


# ---- LMDB alone: files --------------------------------------------------------------------------------


def test_keys_are_there_after_reopening(tmp_path: Path) -> None:
    keys = LmdbKeys.create(tmp_path)
    secrets = [keys.secret(purpose) for purpose in PURPOSES]
    box, of_shop = keys.seal(KAREL, b"karel"), keys.seal_shop(b"shop")
    keys.destroy(FATIMA)
    keys.close()

    keys = LmdbKeys(tmp_path)

    assert [keys.secret(purpose) for purpose in PURPOSES] == secrets
    assert keys.unseal(KAREL, box) == b"karel"
    assert keys.unseal_shop(of_shop) == b"shop"
    assert keys.is_destroyed(FATIMA)
    keys.close()


def test_only_the_owner_may_read_the_files(tmp_path: Path) -> None:
    keys = LmdbKeys.create(tmp_path)
    keys.seal(KAREL, b"karel")
    keys.close()

    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert (tmp_path / "master.key").stat().st_size == 32


def test_a_destroyed_key_leaves_no_trace_in_any_file(tmp_path: Path) -> None:
    keys = LmdbKeys.create(tmp_path)
    persons = [VisitorKey(digest(n).hex()) for n in range(400)]
    keys.seal_many([(person, b"plain") for person in persons])
    with keys._env.read() as txn:
        places = [int.from_bytes(keys._place(txn, person) or b"", "big") for person in persons]
    wrapped = [keys._places.get(place) for place in places]

    def found() -> list[bool]:
        held = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
        return [key is not None and key in held for key in wrapped]

    assert all(found())  # the search does find what is there

    for person in persons[::2]:
        keys.destroy(person)

    assert found() == [False, True] * 200
    keys.close()


def test_keys_are_never_overwritten(tmp_path: Path) -> None:
    keys = LmdbKeys.create(tmp_path)
    box = keys.seal(KAREL, b"karel")
    keys.close()

    with pytest.raises(Conflict):
        LmdbKeys.create(tmp_path)

    keys = LmdbKeys(tmp_path)
    assert keys.unseal(KAREL, box) == b"karel"
    keys.close()


def test_the_master_key_may_live_outside_the_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ETALAGE_MASTER_KEY", base64.b64encode(os.urandom(32)).decode())
    keys = LmdbKeys.create(tmp_path)
    box = keys.seal(KAREL, b"karel")
    keys.close()
    assert not (tmp_path / "master.key").exists()

    keys = LmdbKeys(tmp_path)
    assert keys.unseal(KAREL, box) == b"karel"
    keys.close()

    for wrong in (base64.b64encode(os.urandom(32)).decode(), "c2hvcnQ=", "not base64"):
        monkeypatch.setenv("ETALAGE_MASTER_KEY", wrong)
        with pytest.raises(KeysMissing):
            LmdbKeys(tmp_path)
    monkeypatch.delenv("ETALAGE_MASTER_KEY")
    with pytest.raises(KeysMissing):
        LmdbKeys(tmp_path)


def test_missing_or_foreign_keys_are_named_never_replaced(tmp_path: Path) -> None:
    with pytest.raises(KeysMissing):
        LmdbKeys(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()

    for name in ("one", "other"):
        keys = LmdbKeys.create(tmp_path / name)
        keys.seal(KAREL, b"karel")
        keys.close()
    other = (tmp_path / "other" / "master.key").read_bytes()
    own = (tmp_path / "one" / "master.key").read_bytes()
    (tmp_path / "one" / "master.key").write_bytes(other)
    with pytest.raises(KeysMissing, match="not the one"):
        LmdbKeys(tmp_path / "one")

    (tmp_path / "one" / "master.key").write_bytes(own)
    (tmp_path / "one" / "persons.keys").unlink()
    with pytest.raises(KeysMissing, match=r"persons\.keys"):
        LmdbKeys(tmp_path / "one")


SEALING = """
import sys
from etalage.domain.ids import VisitorKey
from etalage.store.lmdb.keys import LmdbKeys
keys = LmdbKeys(sys.argv[1])
for person in sys.argv[2:]:
    print(keys.seal(VisitorKey(person), person.encode()).hex())
keys.close()
"""


def test_two_processes_that_meet_a_new_person_give_her_one_key(tmp_path: Path) -> None:
    LmdbKeys.create(tmp_path).close()
    persons = [digest(n).hex() for n in range(60)]

    command = [sys.executable, "-c", SEALING, str(tmp_path), *persons]
    writers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    boxes = [writer.communicate(timeout=60)[0].split() for writer in writers]

    keys = LmdbKeys(tmp_path)
    for sealed in boxes:
        opened = [
            keys.unseal(VisitorKey(p), bytes.fromhex(b))
            for p, b in zip(persons, sealed, strict=True)
        ]
        assert opened == [person.encode() for person in persons]
    assert keys._places.count() == 60
    keys.close()
