"""The figures of the literature and of methods.md on real data, which lies outside the repository.

Large files are sampled (every n-th test session); `make proof` (ETALAGE_PROOF=1) asks all of them.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import duckdb
import pytest

from etalage.evaluate.baskets import basket_rows, basket_task
from etalage.evaluate.session_methods import session_rankers
from etalage.evaluate.sessions import Switches, session_rows, session_task
from etalage.evaluate.tables import read_table

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
ALL = os.environ.get("ETALAGE_PROOF") == "1"
PUBLISHED = Switches(exclude_current=False, collapse_repeats=False)
PRODUCT = Switches()
TOLERANCE = 0.004
Rows = dict[str, tuple[float, float]]

pytestmark = [
    pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared/data, which is not here"),
    pytest.mark.slow,
]


def measured(
    train: str,
    test: str | None,
    switches: Switches,
    *methods: str,
    every: int = 1,
    **parameters: float,
) -> Rows:
    def table(name: str) -> Any:
        return read_table(SHARED / name, ("session", "item"), either=("time", "pos"))

    task = session_task(table(train), table(test) if test else None, switches)
    task = task._replace(asked=task.asked[:: 1 if ALL else every])
    rankers: dict[str, Any] = {}
    for method in methods:
        rankers[method] = session_rankers(task, only=method, parameters=parameters)[method]
    found = session_rows(task, rankers, done=lambda _: None)
    return {row["method"]: (row["hr@20"], row["mrr@20"]) for row in found}


YOOCHOOSE = ("sessions_yoochoose_100k/train_full.parquet", "sessions_yoochoose_100k/test.parquet")


@pytest.mark.parametrize(
    ("method", "switches", "expected"),
    [
        ("vsknn", PUBLISHED, (0.688, 0.366)),
        ("vstan_wide", PUBLISHED, (0.684, 0.375)),
        ("vmis", Switches(True, False), (0.427, 0.184)),
        ("vmis", PRODUCT, (0.576, 0.248)),
        ("vstan", PRODUCT, (0.587, 0.256)),
    ],
)
def test_yoochoose_100k_gives_the_figures_of_the_table(
    method: str, switches: Switches, expected: tuple[float, float]
) -> None:
    found = measured(*YOOCHOOSE, switches, method)

    assert found[method] == pytest.approx(expected, abs=TOLERANCE)


def test_sequential_rules_give_the_figures_of_the_table() -> None:
    found = measured(*YOOCHOOSE, Switches(True, False), "sr", reach=20, power=2)

    assert found["sr"] == pytest.approx((0.3815, 0.1887), abs=TOLERANCE)


def test_yoochoose_64_is_predicted_as_well_as_published() -> None:
    folder = "sessions_yoochoose64"
    found = measured(
        f"{folder}/train.parquet",
        f"{folder}/test.parquet",
        PUBLISHED,
        "vstan",
        "vstan_wide",
        "vsknn",
        every=12,
    )

    for hit, rank in (found["vstan"], found["vstan_wide"]):
        assert hit >= 0.670
        assert rank >= 0.269
    assert max(found["vstan"][0], found["vstan_wide"][0]) >= found["vsknn"][0] - 0.002


@pytest.mark.parametrize(("part", "bar"), [("valid", 0.3197), ("test", 0.3401)])
def test_bol_com_is_predicted_as_well_as_its_readme_says(part: str, bar: float) -> None:
    folder = "sessions_bolcom_serenade"
    found = measured(
        f"{folder}/train.parquet",
        f"{folder}/{part}.parquet",
        Switches(exclude_current=True, collapse_repeats=False),
        "vmis",
        sample=1502,
        neighbours=288,
        rarity=2,
        last=5,
    )

    assert found["vmis"][1] >= bar


@pytest.mark.parametrize("switches", [PUBLISHED, PRODUCT])
def test_retailrocket_is_predicted_better_than_by_what_a_session_repeats(
    switches: Switches,
) -> None:
    found = measured(
        "sessions_retailrocket/train.parquet", None, switches, "vstan", "sr", "s-pop", every=4
    )

    assert found["vstan"][0] >= found["s-pop"][0] + 0.05
    assert found["vstan"][0] > found["sr"][0]


def test_the_next_basket_of_households_beats_what_they_bought_most(tmp_path: Path) -> None:
    source = SHARED / "baskets_completejourney" / "transactions.parquet"
    among = "" if ALL else "AND household_id % 5 = 0"
    tables = []
    for name, weeks in (("train", "week <= 36"), ("test", "week > 36")):
        duckdb.sql(
            "COPY (SELECT household_id AS user, basket_id AS order, product_id AS item, ts AS time "
            f"FROM '{source}' WHERE {weeks} {among}) TO '{tmp_path / name}.parquet' (FORMAT parquet)"
        )
        path = tmp_path / f"{name}.parquet"
        tables.append(read_table(path, ("user", "order", "item"), also=("time",)))

    rows = basket_rows(basket_task(tables[0], tables[1]), only="blended")

    found = {(row["method"], row["items"]): row for row in rows}
    for items in ("all", "repeat"):
        for measure in ("recall@10", "ndcg@10"):
            assert found["blended", items][measure] > found["personal", items][measure]
    assert found["blended", "new"]["recall@10"] > 0  # the own list has nothing to say here
