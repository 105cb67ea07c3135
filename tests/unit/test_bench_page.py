"""What the tag costs a page, said from loads with and without it."""

from __future__ import annotations

import msgspec
import pytest

from etalage.bench.page import Load, difference, rows_of, tasks_in


def load(
    lcp: float,
    *,
    cls: float = 0.0,
    slow: tuple[float, ...] = (),
    busy: tuple[float, ...] = (),
    blocking: int = 0,
) -> Load:
    return Load(
        lcp=lcp,
        cls=cls,
        loaded=lcp + 10,
        slow=list(slow),
        asked=3,
        blocking=blocking,
        busy=list(busy),
    )


def said(turns: list[tuple[Load, Load]], slow: list[Load]) -> dict[str, float]:
    return {row.name: row.value for row in rows_of(turns, slow, load(100.0, cls=0.2))}


def test_the_bound_of_a_difference_is_students_for_few_pairs() -> None:
    """Tables: of 2 degrees of freedom t is 4.302653 at 97.5%."""
    mean, upper = difference([3.0, 5.0, 10.0], [1.0, 4.0, 4.0])
    assert mean == pytest.approx(3.0)
    assert upper == pytest.approx(3.0 + 4.302653 * 2.645751 / 3**0.5, abs=1e-5)


def test_a_machine_that_is_busy_for_both_loads_of_a_pair_adds_nothing() -> None:
    turns = [(load(busy + 5), load(busy)) for busy in (100.0, 900.0, 400.0)]
    rows = said(turns, [load(100.0)])
    assert rows["largest contentful paint, added"] == 5
    assert rows["largest contentful paint, added at most (95%)"] == 5


def test_the_shift_that_was_planted_stands_beside_what_the_tag_added() -> None:
    rows = said([(load(100.0), load(100.0))] * 2, [load(400.0)])
    assert rows["layout shift, added"] == 0
    assert rows["layout shift, planted: it would be seen"] == 0.2


def test_a_task_of_the_tag_over_50_ms_and_a_blocking_request_are_counted() -> None:
    turns = [(load(100.0, blocking=blocking), load(100.0)) for blocking in (0, 1)]
    rows = said(turns, [load(400.0, slow=(90.0,), busy=(20.0, 51.0)), load(400.0)])
    assert rows["render-blocking requests of ours"] == 1
    assert rows["tasks of the tag over 50 ms of the processor 1/4"] == 1
    assert rows["scripts of the tag over 50 ms by the clock, processor 1/4"] == 1
    assert rows["the longest of all, processor 1/4"] == 51


def test_a_task_is_the_tags_if_its_file_ran_in_it() -> None:
    thread = {"ph": "X", "pid": 1, "tid": 1}
    ours, other = {"data": {"url": "http://a/tag/k.js"}}, {"data": {"url": "http://a/shop.js"}}
    trace = [
        thread | {"name": "RunTask", "ts": 0, "dur": 90_000, "tdur": 30_000},
        thread | {"name": "EvaluateScript", "ts": 10, "dur": 80_000, "args": ours},
        thread | {"name": "RunTask", "ts": 100_000, "dur": 70_000, "tdur": 70_000},
        thread | {"name": "FunctionCall", "ts": 100_010, "dur": 60_000, "args": other},
        thread | {"name": "RunTask", "ts": 0, "dur": 90_000, "tdur": 80_000, "tid": 2},
    ]
    assert tasks_in(msgspec.json.encode({"traceEvents": trace})) == [30.0]
