"""Whatever came late, was merged or was erased: a sealed file written again has the rows it had."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_warehouse import MONDAY, ZONE, open_log, open_warehouse, viewed, write

from etalage.domain.privacy import Verdict
from etalage.domain.time import DAY
from etalage.errors import Conflict, Damaged, NotFound
from etalage.store.duckdb.roll import alone
from etalage.store.duckdb.write_again import write_again
from etalage.store.lmdb.journal import LmdbEventLog

ALL = "SELECT * FROM events ORDER BY position"


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    days=st.lists(st.integers(0, 2), min_size=12, max_size=40),
    rolls=st.integers(1, 10),
    gone=st.sets(st.integers(1, 12), max_size=4),
    drawn=st.randoms(use_true_random=False),
)
def test_a_file_written_again_has_its_rows_after_late_events_merges_and_erasing(
    tmp_path_factory: pytest.TempPathFactory,
    days: list[int],
    rolls: int,
    gone: set[int],
    drawn: object,
) -> None:
    directory = tmp_path_factory.mktemp("shop")
    log = open_log(directory)
    warehouse = open_warehouse(directory, log, chunk=5)
    events = [viewed(n, at=MONDAY + day * DAY) for n, day in enumerate(days, 1)]
    step = max(1, len(events) // rolls)
    for start in range(0, len(events), step):
        write(log, events[start : start + step])
        warehouse.roll(now=MONDAY)
    verdicts = {n: Verdict(fate="gone", day=ZONE.day(events[n - 1].time)) for n in gone}
    log.renew(verdicts, lambda _: True)
    with warehouse.changing() as changing:
        assert changing is not None
        changing.rewrite(verdicts)
    before = warehouse.ask(ALL).rows
    files = log.manifest().files
    spoiled = drawn.sample(files, drawn.randint(1, len(files)))  # type: ignore[attr-defined]
    for file in spoiled:
        (directory / "events" / file).write_bytes(b"not what was written")

    for file in spoiled:
        write_again(directory / "events", log, ZONE, file)

    assert warehouse.damaged() is None
    warehouse.close()
    again = open_warehouse(directory, log)
    assert again.ask(ALL).rows == before
    assert log.manifest().sealed_to == len(events)
    assert again.leftovers() <= again_retired(directory)
    again.close()
    log.close()


def again_retired(directory: Path) -> set[str]:
    """Files of before a merge or an erasure stay for their readers; damaged ones do not."""
    marks = (directory / "events").glob("day=*/*.retired")
    return {f"{mark.parent.name}/{mark.name.removesuffix('.retired')}" for mark in marks}


@pytest.fixture
def sealed(tmp_path: Path) -> tuple[Path, LmdbEventLog, str]:
    """A log of one sealed day, with its only file damaged."""
    log = open_log(tmp_path)
    log._archive = None
    write(log, [viewed(number) for number in range(1, 21)])
    warehouse = open_warehouse(tmp_path, log)
    warehouse.roll(now=MONDAY)
    warehouse.close()
    (file,) = log.manifest().files
    (tmp_path / "events" / file).write_bytes(b"damaged")
    return tmp_path / "events", log, file


def test_of_events_that_were_pruned_nothing_is_guessed(
    sealed: tuple[Path, LmdbEventLog, str],
) -> None:
    directory, log, file = sealed
    log.prune(1)

    with pytest.raises(NotFound, match="archive"):
        write_again(directory, log, ZONE, file)

    assert log.manifest().files == (file,)
    log.close()


def test_a_name_that_does_not_fit_its_events_is_refused(
    sealed: tuple[Path, LmdbEventLog, str],
) -> None:
    directory, log, file = sealed
    wrong = file.replace("day=2026-03-23", "day=2026-03-24")
    log.seal(20, [wrong], removed=[file])

    with pytest.raises(Damaged, match="the journal has None to None"):
        write_again(directory, log, ZONE, wrong)

    log.close()


def test_two_files_that_claim_the_same_events_are_both_left_alone(
    sealed: tuple[Path, LmdbEventLog, str],
) -> None:
    directory, log, file = sealed
    log.seal(20, [file, "day=2026-03-23/00000007-00000030-0000000000000000.parquet"])

    with pytest.raises(Damaged, match="claim the same events"):
        write_again(directory, log, ZONE, file)

    log.close()


def test_nothing_is_written_while_somebody_seals(sealed: tuple[Path, LmdbEventLog, str]) -> None:
    directory, log, file = sealed

    with alone(directory), pytest.raises(Conflict, match="sealing"):
        write_again(directory, log, ZONE, file)

    with pytest.raises(Conflict, match="no part of the log"):
        write_again(directory, log, ZONE, file.replace("0020", "0021"))
    log.close()
