"""The table of proofs: parts of one promise add up, and what is measured again replaces what was."""

from __future__ import annotations

from figures import table_rows


def line(by: str, when: str = "2026-01-02", **figures: float | str) -> dict[str, object]:
    return {
        "promise": "Nothing is lost",
        "bar": "lost 0",
        "figures": figures,
        "by": by,
        "when": when,
        "commit": "abc1234",
    }


def test_parts_of_one_promise_are_added_up() -> None:
    rows = table_rows([line("one", kills=100, lost=0), line("other", kills=1_100, lost=0)])

    assert rows == {
        "Nothing is lost": "| Nothing is lost | lost 0 | kills 1,200, lost 0 | 2026-01-02 | abc1234 |"
    }


def test_a_part_that_is_measured_again_counts_once() -> None:
    first, again = line("one", kills=100, lost=3), line("one", "2026-01-03", kills=100, lost=0)

    assert table_rows([first, again]) == {
        "Nothing is lost": "| Nothing is lost | lost 0 | kills 100, lost 0 | 2026-01-03 | abc1234 |"
    }


def test_a_figure_that_is_no_count_is_said_as_it_is() -> None:
    (row,) = table_rows([line("one", ratio="1.20 times")]).values()

    assert "| ratio 1.20 times |" in row
