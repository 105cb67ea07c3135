"""A tiny run of each bench: the rows it prints, never how fast they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from etalage.bench.report import bench_report
from etalage.bench.rows import percentile, row
from etalage.bench.traffic import numbered
from etalage.cli.main import whole

commands = whole()
SMALL = ("--people", "50", "--rules", "1")


def measured(what: str, directory: Path, *options: str) -> list[dict[str, Any]]:
    """Run a bench as its command and give its rows."""
    asked = ["bench", what, "--seconds", "0.2", "--in", str(directory), "--json", *options]
    result = CliRunner().invoke(commands, asked, catch_exceptions=False)
    assert result.exit_code == 0
    said = msgspec.json.decode(result.stdout)
    assert said["bench"] == what
    return list(said["rows"])


def named(rows: list[dict[str, Any]], name: str) -> dict[str, Any]:
    (found,) = [row for row in rows if row["name"] == name]
    return found


def test_a_row_says_its_value_its_unit_its_floor_and_their_ratio() -> None:
    assert msgspec.to_builtins(row("taken in", 250.0, "events/s", floor=1_000.0)) == {
        "name": "taken in",
        "value": 250.0,
        "unit": "events/s",
        "floor": 1_000.0,
        "ratio": 0.25,
    }


def test_a_percentile_is_a_value_that_was_measured() -> None:
    times = [float(number) for number in range(1, 101)]

    assert [percentile(times, share) for share in (50, 90, 99)] == [50.0, 90.0, 99.0]
    assert percentile([7.0], 99) == 7.0


def test_a_batch_that_is_sent_again_has_new_ids_and_the_same_length() -> None:
    body = b'{"batch":[{"messageId":"m-00000000-v-1-0"}]}'

    assert numbered(body, 41) == b'{"batch":[{"messageId":"m-00000041-v-1-0"}]}'


def test_segments_are_asked_three_ways_that_agree(tmp_path: Path) -> None:
    rows = measured("segments", tmp_path, "--events", "20000")

    assert named(rows, "events")["value"] == 20_000
    hand = [row for row in rows if row["name"].endswith("against SQL by hand")]
    assert len(hand) == 3
    assert all(row["unit"] == "ms" and row["floor"] > 0 and row["ratio"] > 0 for row in hand)


def test_all_reports_of_a_shop_are_measured_step_by_step(tmp_path: Path) -> None:
    found = {row.name: row for row in bench_report(tmp_path / "shop", visitors=300)}

    assert found["persons compared, over all messages"].value == 300 * 5
    assert found["all reports"].floor is not None
    assert found["of these: population"].value > 0


def test_the_simulator_is_measured_beside_drawing_numbers_alone(tmp_path: Path) -> None:
    (found,) = measured("simulate", tmp_path)

    assert found["unit"] == "1/s"
    assert found["value"] >= 20_000
    assert 0 < found["ratio"] < 1


@pytest.mark.slow
def test_growth_is_measured_beside_a_small_shop(tmp_path: Path) -> None:
    rows = measured("growth", tmp_path, "--profiles", "300", *SMALL)

    assert named(rows, "profiles")["value"] == 300
    assert named(rows, "an event, p50")["ratio"] > 0
    assert named(rows, "a decision, p50")["ratio"] > 0
    assert (
        0 < named(rows, "a fold, median")["value"] < named(rows, "profiles on disk")["value"] * 1024
    )


@pytest.mark.slow
def test_decisions_are_measured_on_a_shop_that_decides_something(tmp_path: Path) -> None:
    rows = measured("decide", tmp_path, "--people", "100")

    assert named(rows, "live segments")["value"] == 200
    assert named(rows, "answers with an entry")["value"] > 0.5
    assert named(rows, "products an answer")["value"] > 0
    assert named(rows, "decide p50")["floor"] > 0


@pytest.mark.slow
def test_a_server_answers_every_call_of_the_bench_and_logs_its_decisions(tmp_path: Path) -> None:
    rows = measured(
        "serve", tmp_path, *SMALL, "--warm", "4", "--products", "1000", "--sessions", "3000"
    )

    assert named(rows, "answered otherwise than with 200")["value"] == 0
    assert named(rows, "decisions in the log")["value"] > 0.9
    assert named(rows, "answers at most")["ratio"] > 0
    assert named(rows, "lists of products, a decision")["value"] > 0
    assert named(rows, "for_you lists by the strategy asked for")["value"] > 0.5  # it knows models


@pytest.mark.slow
def test_a_server_takes_in_every_batch_of_the_bench(tmp_path: Path) -> None:
    rows = measured("ingest", tmp_path, *SMALL, "--warm", "0.2", "--profiles", "1000")

    assert named(rows, "answered otherwise than with 200")["value"] == 0
    assert named(rows, "taken in")["value"] > 0
    assert named(rows, "taken in, against append alone")["floor"] > 0


def test_what_comes_next_is_timed_beside_plain_python(tmp_path: Path) -> None:
    rows = measured("recommend", tmp_path, "--sessions", "3000", "--products", "300")

    timed = named(rows, "vstan, 3,000 sessions p50")
    assert timed["unit"] == "ms"
    assert timed["floor"] > 0
    assert named(rows, "vstan, 3,000 sessions: index")["value"] > 0
    assert named(rows, "vs-knn over dictionaries, 3,000 sessions p50")["value"] > 0
    assert named(rows, "for_you, beside its session model alone p50")["floor"] > 0
    assert named(rows, "ease, 300 products: learn")["floor"] > 0
    assert 0 < named(rows, "session model, 3,000 sessions: memory")["value"] < 1
