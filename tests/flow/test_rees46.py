"""The real night of REES46 through everything: `examples/rees46.py`, with a tenth of its visitors on the pages."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SHARE = 0.1
# So few visitors would never make a product popular by the usual ten, nor wait for the list.
SETTINGS = "popular_seconds = 1\nroll_seconds = 2\npopular_least_visitors = 2\n"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def example() -> Iterator[ModuleType]:
    """Import the script as Python runs it: its folder comes first on the path."""
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(EXAMPLES))
        yield importlib.import_module("rees46")


@pytest.fixture
def files(example: ModuleType, tmp_path: Path) -> Any:
    if not example.SAMPLE.exists():
        pytest.skip(f"{example.SAMPLE.parent.name} is not beside this checkout")
    return example.prepared(tmp_path)


def test_all_17434_rows_are_accounted_for_and_segments_are_as_large_as_counted_by_hand(
    example: ModuleType, tmp_path: Path, files: Any
) -> None:
    taken = example.taken_over(tmp_path, files)

    receipt, sizes = taken.receipt, taken.sizes
    assert (receipt["received"], receipt["accepted"], receipt["duplicate"]) == (17_434, 17_429, 5)
    assert (receipt["quarantined"], receipt["refused"], receipt["reasons"]) == (0, 0, {})
    assert taken.by_hand == {"phone-doubters": 498, "big-spenders": 36, "cart-to-order": 62}
    assert len(sizes) == 5
    assert min(sizes.values()) > 0
    assert sizes["big-spenders"] < sizes["best-buyers"] < 193  # who bought at all
    assert wrong(example.checks_of_import(files.rows, taken)) == []


def test_the_night_played_page_by_page_through_a_server_adds_up_in_its_report(
    example: ModuleType, tmp_path: Path, files: Any
) -> None:
    again = example.replayed(tmp_path, files, share=SHARE, settings=SETTINGS)

    met = {(name, entered.arm) for (name, _), entered in again.played.entered.items()}
    assert again.played.decisions > 1_000
    assert met == {
        ("back-to-phones", "control"),
        ("back-to-phones", "recent"),
        ("popular-here", "control"),
        ("popular-here", "row-of-four"),
    }
    assert wrong(example.checks_of_night(again)) == []


def test_a_figure_that_does_not_add_up_is_told(example: ModuleType) -> None:
    check = example.Check("orders joined", {"visitor": 213}, {"visitor": 214})

    assert wrong([check]) == [check]


def wrong(checks: list[Any]) -> list[Any]:
    return [check for check in checks if not check.holds]
