"""Figures for an operator, at /metrics: what came in, what was decided, how fast, and what failed.

In:   `observe_*` and `count_*` from whoever works; the account of intake from the log itself, when asked.
Out:  Prometheus' text form.
Idea: the account is not counted here a second time: it is read from the log, where it stands in the same transaction
      as the events. So it is exact, the same in every process, and survives a restart.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import get_args

from prometheus_client import (
    CollectorRegistry,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client import Counter as Count
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from etalage.domain.alert import AlertKind
from etalage.domain.decision import Skipped
from etalage.flow.account import privacy_alarms, received
from etalage.flow.open_shop import OpenShop

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5)  # s

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second line per figure that says nothing an operator asks for

_process = CollectorRegistry(auto_describe=False)  # of this process, all shops together


class _Times(Collector):
    """Tells how long something took; counted without a lock, by the one thread that answers calls."""

    def __init__(self, name: str, said: str) -> None:
        self._name, self._said = name, said
        self._counts = [0] * (len(_BUCKETS) + 1)
        self._seconds = 0.0
        _process.register(self)

    def observe(self, seconds: float) -> None:
        """Count once more."""
        self._counts[bisect_left(_BUCKETS, seconds)] += 1
        self._seconds += seconds

    def collect(self) -> Iterator[Metric]:
        bounds = [*map(floatToGoString, _BUCKETS), "+Inf"]
        told = HistogramMetricFamily(self._name, self._said)
        told.add_metric([], list(zip(bounds, accumulate(self._counts), strict=True)), self._seconds)
        yield told


_decisions = _Times("etalage_decision_seconds", "Time from question to answer, one per decide.")
_intake = _Times(
    "etalage_intake_seconds", "Time from a call's arrival until its events are on disk."
)
_events = Count("etalage_intake_events", "Events in the calls answered.", registry=_process)
_skipped: defaultdict[str, int] = defaultdict(
    int
)  # by reason; a decision has many, so they are added up without a lock
_errors = Count("etalage_errors", "Answers with an error, by code.", ["code"], registry=_process)


_degraded = Count(
    "etalage_degraded",
    "Answers of decide that had to do without a part, by part.",
    ["part"],
    registry=_process,
)
_shed = Count(
    "etalage_shed",
    "What was refused because there was too much, by kind.",
    ["what"],
    registry=_process,
)


def observe_decision(seconds: float) -> None:
    """Count an answered decision and the time it took."""
    _decisions.observe(seconds)


def observe_intake(events: int, seconds: float) -> None:
    """Count an acknowledged call with its events and the time it took."""
    _intake.observe(seconds)
    _events.inc(events)


def count_skipped(skipped: Iterable[Skipped]) -> None:
    """Count the experiences that were not shown; called by the one thread that decides."""
    for one in skipped:
        _skipped[one.reason] += 1


def count_error(code: str) -> None:
    """Count an answer that was an error."""
    _errors.labels(code).inc()


def count_degraded(part: str) -> None:
    """Count an answer that had to do without a part."""
    _degraded.labels(part).inc()


def count_shed(what: str, number: int) -> None:
    """Count what was refused because there was too much."""
    _shed.labels(what).inc(number)


def of_process() -> bytes:
    """Write the figures of this process, in which those of all its shops are added up."""
    return generate_latest(_process)


def of_shops(shops: Iterable[OpenShop]) -> bytes:
    """Write the figures of these shops, and of no other."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Shops(shops))
    return generate_latest(registry)


class _Skipped(Collector):
    """Tells what was added up."""

    def collect(self) -> Iterator[Metric]:
        counted = CounterMetricFamily(
            "etalage_skipped", "Experiences that were not shown, by reason.", labels=["reason"]
        )
        for reason, count in sorted(_skipped.copy().items()):
            counted.add_metric([reason], count)
        yield counted


_process.register(_Skipped())


class _Shops(Collector):
    """Reads the stores of the shops at the moment of asking."""

    def __init__(self, shops: Iterable[OpenShop]) -> None:
        self._shops = list(shops)

    def collect(self) -> Iterator[Metric]:
        account = CounterMetricFamily(
            "etalage_received",
            "Everything that was received: accepted, duplicate, quarantined or refused.",
            labels=["shop", "outcome", "reason"],
        )
        failures = CounterMetricFamily(
            "etalage_failures",
            "Failures since the start, by part; shed and lost count decisions that the log does not have.",
            labels=["shop", "part"],
        )
        head = GaugeMetricFamily(
            "etalage_log_events", "Position of the newest event.", labels=["shop"]
        )
        behind = GaugeMetricFamily(
            "etalage_profiles_behind_events", "Events not folded yet.", labels=["shop"]
        )
        over = CounterMetricFamily(
            "etalage_over_quota",
            "Calls refused since the start, by what there was too much of.",
            labels=["shop", "quota"],
        )
        missed = GaugeMetricFamily(
            "etalage_retention_missed",
            "1 if what must go was not removed for over a day: an alarm.",
            labels=["shop"],
        )
        late = GaugeMetricFamily(
            "etalage_erasures_late", "Erasures not done within a day: an alarm.", labels=["shop"]
        )
        alerts = GaugeMetricFamily(
            "etalage_alerts_open",
            "Alerts that are open, by kind: figure, tracking or harmful.",
            labels=["shop", "kind"],
        )
        for shop in self._shops:
            name = shop.configuration.shop.id
            for kind, count in _alerts_open(shop).items():
                alerts.add_metric([name, kind], count)
            for quota, count in sorted(shop.quota.refused.items()):
                over.add_metric([name, quota], count)
            alarms = privacy_alarms(shop.ports, now=time.time_ns() // 1000)
            missed.add_metric([name], alarms.missed)
            late.add_metric([name], alarms.late)
            for (outcome, reason), count in received(shop.ports).items():
                account.add_metric([name, outcome, reason], count)
            written = shop.commits.counts()
            failed = {
                **shop.failures,
                "shed": written.shed,
                "lost": written.lost,
                "remember": written.apply_failures,
            }
            for part, count in sorted(failed.items()):
                failures.add_metric([name, part], count)
            remembered = shop.ports.profiles.position()  # first, so that it is never ahead
            newest = shop.ports.log.head()
            head.add_metric([name], newest)
            behind.add_metric([name], max(0, newest - remembered))
        yield from (account, failures, over, missed, late, alerts, head, behind)


def _alerts_open(shop: OpenShop) -> dict[str, int]:
    """Count the open alerts by kind; nothing where the records cannot be read, which is told elsewhere."""
    try:
        kept = shop.ports.records.alerts()
    except Exception:  # noqa: BLE001  the other figures are worth more than this one
        return {}
    counts = dict.fromkeys(get_args(AlertKind), 0)
    for alert in kept:
        counts[alert.kind] += alert.state == "open"
    return counts
