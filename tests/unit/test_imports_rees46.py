"""The real events of REES46: prepared by the example script, read by the importer, nothing lost or doubled."""

from __future__ import annotations

import importlib.util
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import pytest

from etalage.collect.feed import judge
from etalage.connect.catalogue.settings import FeedSettings
from etalage.connect.child import read_catalogue, read_items
from etalage.connect.imports.items import ImportSettings

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT.parent / "shared" / "data" / "events_rees46_oct2019_sample" / "events.parquet"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def rees46() -> ModuleType:
    if not SAMPLE.exists():
        pytest.skip(f"{SAMPLE.parent.name} is not beside this checkout")
    spec = importlib.util.spec_from_file_location(
        "rees46_files", ROOT / "examples" / "rees46_files.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def items(rees46: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    target = tmp_path_factory.mktemp("rees46") / "events.parquet"
    assert rees46.prepare(SAMPLE, target, now=NOW) == 17_434
    return [
        dict(one)
        for one in read_items(target, "events", "ga4", ImportSettings())
        if isinstance(one, dict)
    ]


def test_all_17434_rows_are_read_and_five_of_them_are_the_same_row_again(
    items: list[dict[str, Any]],
) -> None:
    by_id = Counter(item["messageId"] for item in items)

    assert len(items) == 17_434
    assert len(by_id) == 17_429
    assert Counter(item["event"] for item in items) == {
        "view_item": 17_055,
        "add_to_cart": 165,
        "purchase": 214,
    }


def test_rows_with_one_id_are_equal_to_the_last_letter(items: list[dict[str, Any]]) -> None:
    first: dict[str, dict[str, Any]] = {}
    for item in items:
        assert first.setdefault(item["messageId"], item) == item


def test_every_purchase_has_its_own_transaction_and_the_price_as_value(
    items: list[dict[str, Any]],
) -> None:
    bought = [item["properties"] for item in items if item["event"] == "purchase"]
    total = (
        duckdb.sql(
            f"SELECT sum(price::DECIMAL(18, 2)) FROM read_parquet('{SAMPLE}') WHERE event_type = 'purchase'"
        )
        .limit(1)
        .fetchall()
    )

    assert len({told["transaction_id"] for told in bought}) == 214
    assert sum(round(told["value"] * 100) for told in bought) == total[0][0] * 100
    assert {told["currency"] for told in bought} == {"USD"}


def test_the_newest_event_is_an_hour_old_and_all_moved_alike(items: list[dict[str, Any]]) -> None:
    times = sorted(item["timestamp"] for item in items)

    assert times[-1] == "2026-11-21T11:00:00.000000Z"
    assert times[0] == "2026-11-21T08:10:00.000000Z"


def test_sessions_and_visitors_are_those_of_the_sample(items: list[dict[str, Any]]) -> None:
    assert len({item["context"]["sessionId"] for item in items}) == 5_066
    assert len({item["anonymousId"] for item in items}) == 4_504


def test_its_catalogue_has_every_product_and_passes_the_guard(
    rees46: ModuleType, tmp_path: Path, items: list[dict[str, Any]]
) -> None:
    target = tmp_path / "catalogue.csv"
    assert rees46.catalogue(SAMPLE, target) == 6_493

    feed = read_catalogue(target, "auto", FeedSettings())

    judge(feed, None)
    seen = {line["item_id"] for item in items for line in item["properties"]["items"]}
    assert seen == {product.id for product in feed.products}
    assert feed.currency == "USD"
    assert {problem.reason for problem in feed.problems} == {
        "bad_price"
    }  # 14 products cost nothing
