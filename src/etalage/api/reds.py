"""What is red, for whoever asks over HTTP: in /readyz for a person, in /metrics for an alarm.

In:   the shops; their health, with what other processes wrote down.
Out:  a line for each red part. To others than the operator: no names of shops, and not what a store said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from etalage.domain.time import SECOND, iso
from etalage.flow.health import PARTS
from etalage.flow.open_shop import OpenShop


def told(shops: Iterable[OpenShop], *, is_local: bool) -> dict[str, dict[str, str]]:
    """Give the red parts, each with its first moment."""
    said: dict[str, dict[str, str]] = {}
    for shop in shops:
        for red in shop.health.known():
            line = {"since": iso(red.since)}
            if is_local:
                said[f"{shop.configuration.shop.id}/{red.part}"] = line | {"says": red.says}
            else:
                said.setdefault(red.part, line)
    return dict(sorted(said.items()))


def exposition(shops: Iterable[OpenShop]) -> bytes:
    """Write them in Prometheus' text form."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Reds(shops))
    return generate_latest(registry)


class _Reds(Collector):
    """Asks no store: it must answer when none of them does."""

    def __init__(self, shops: Iterable[OpenShop]) -> None:
        self._shops = list(shops)

    def collect(self) -> Iterator[Metric]:
        is_red = GaugeMetricFamily(
            "etalage_red", "1 for a part that is not well, 0 else.", labels=["shop", "part"]
        )
        since = GaugeMetricFamily(
            "etalage_red_since_seconds",
            "Since when it is so, in seconds since 1970.",
            labels=["shop", "part"],
        )
        for shop in self._shops:
            name = shop.configuration.shop.id
            found = {red.part: red for red in shop.health.known()}
            for part in sorted({*PARTS, *found}):
                is_red.add_metric([name, part], float(part in found))
            for part, red in found.items():
                since.add_metric([name, part], red.since / SECOND)
        yield from (is_red, since)
