"""What a bench says: rows, each with the floor it is held against."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

PERCENTILES = (50, 90, 99)


class Row(Struct, frozen=True):
    """One figure. `ratio` is value / floor: of a time how many times the floor, of a throughput the share of it."""

    name: str
    value: float
    unit: str
    floor: float | None = None
    ratio: float | None = None


def row(name: str, value: float, unit: str, *, floor: float | None = None) -> Row:
    """Make a row; without a floor there is no ratio."""
    ratio = value / floor if floor else None
    return Row(
        name,
        _short(value),
        unit,
        None if floor is None else _short(floor),
        None if ratio is None else _short(ratio),
    )


def percentile(values: Sequence[float], share: int) -> float:
    """Give the value that `share` per cent do not exceed (nearest rank).

    >>> percentile([3.0, 1.0, 2.0], 50)
    2.0
    """
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * share // 100) - 1)]


def latency_rows(
    name: str, seconds: Sequence[float], *, unit: str, floor: Sequence[float] | None = None
) -> list[Row]:
    """Make the rows p50, p90 and p99 of measured times, each beside the same percentile of the floor."""
    scale = {"us": 1e6, "ms": 1e3}[unit]
    return [
        row(
            f"{name} p{share}",
            percentile(seconds, share) * scale,
            unit,
            floor=None if floor is None else percentile(floor, share) * scale,
        )
        for share in PERCENTILES
    ]


def _short(value: float) -> float:
    """Round to four digits: the fifth is noise."""
    return float(f"{value:.4g}")
