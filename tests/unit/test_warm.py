"""What is kept warm is given only for the record it was made from, and never grows without end."""

from __future__ import annotations

from etalage.store.lmdb.warm import Warm


def test_a_value_is_given_only_for_the_record_it_was_made_from() -> None:
    warm: Warm[str, str] = Warm()
    warm.put("karel", b"digest-1", "first", 10)

    assert warm.get("karel", b"digest-1", 10) == "first"
    assert warm.get("karel", b"digest-2", 10) is None  # another process wrote since
    assert warm.get("jip", b"digest-1", 10) is None

    warm.put("karel", b"digest-2", "second", 10)
    assert warm.get("karel", b"digest-2", 10) == "second"
    assert warm.get("karel", b"digest-1", 10) is None


def test_who_was_erased_is_not_kept() -> None:
    warm: Warm[str, str] = Warm()
    warm.put("karel", b"digest-1", "first", 10)
    warm.forget("karel")

    assert warm.get("karel", b"digest-1", 10) is None


def test_what_is_asked_for_stays_and_the_rest_is_forgotten() -> None:
    warm: Warm[int, int] = Warm(most_bytes=100)
    for number in range(1_000):
        warm.put(number, b"d", number, 10)
        assert warm.get(0, b"d", 10) == 0

    kept = [number for number in range(1_000) if warm.get(number, b"d", 10) is not None]
    assert 0 in kept
    assert 999 in kept
    assert len(kept) <= 30
