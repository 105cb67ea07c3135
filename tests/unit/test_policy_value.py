"""Off-policy evaluation: the vector of methods 2.2, the guard, and logs that nobody should trust."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from etalage.cli.main import whole
from etalage.errors import BadInput, Unknown
from etalage.evaluate.bandit import Log, bandit_rows, uniform
from etalage.measure.policy_value import policy_value

commands = whole()
MEN = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "bandit_obd_men"
COLUMNS = "item_id=action,click=reward,propensity_score=propensity"


def run(*arguments: str | Path) -> Any:
    done = CliRunner().invoke(commands, ["evaluate", "bandit", *map(str, arguments), "--json"])
    assert done.exception is None, done.exception
    return json.loads(done.stdout)


def refused(*arguments: str | Path) -> str:
    done = CliRunner().invoke(commands, ["evaluate", "bandit", *map(str, arguments)])
    assert isinstance(done.exception, BadInput | Unknown), done.exception
    return str(done.exception)


def file(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def table(rows: int, *, of_two: float = 0.5) -> str:
    """Two actions, drawn by known odds; `b` is clicked twice as often as `a`."""
    rng = np.random.default_rng(8)
    lines = ["action,reward,propensity"]
    for _ in range(rows):
        a = rng.random() < of_two
        click = int(rng.random() < (0.2 if a else 0.4))
        lines.append(f"{'a' if a else 'b'},{click},{of_two if a else 1 - of_two}")
    return "\n".join(lines) + "\n"


def test_the_vector_of_the_methods() -> None:
    logged = np.array([0.5, 0.25, 0.25, 0.5, 0.25, 0.5, 0.5, 0.25])
    wanted = np.array([0.8, 0.1, 0.1, 0.8, 0.1, 0.8, 0.8, 0.1])
    reward = np.array([1.0, 0, 0, 1, 0, 1, 0, 0])
    of_action = np.array([0.4, 0.2, 0.2, 0.4, 0.2, 0.4, 0.4, 0.2])

    found = policy_value(reward, logged, wanted, of_action=of_action, expected=np.full(8, 0.36))

    assert found.estimates.ips == pytest.approx(0.6)
    assert found.estimates.snips == pytest.approx(0.6)
    assert found.estimates.dr == pytest.approx(0.6)
    assert found.ess == pytest.approx(5.882353, abs=5e-7)
    assert found.largest_weight == pytest.approx(1.6)
    assert found.refusals == ("low_ess",)
    assert found.result is None


def test_ess_of_500_and_a_weight_of_100_are_enough_and_no_less() -> None:
    def judged(rows: int, weight: float) -> tuple[str, ...]:
        ones = np.full(rows, 1 / weight)
        same = np.ones(rows)
        return policy_value(same, ones, same, of_action=same, expected=same).refusals

    assert judged(500, 100.0) == ()
    assert judged(499, 100.0) == ("low_ess",)
    assert judged(500, 100.1) == ("large_weight",)


def test_another_policy_is_estimated_within_its_interval(tmp_path: Path) -> None:
    log = file(tmp_path, "log.csv", table(6_000, of_two=0.8))
    policy = file(tmp_path, "mostly_b.csv", "action,probability\na,0.1\nb,0.9\n")

    rows = {row["method"]: row for row in run(log, "--policy", policy)["rows"]}

    assert set(rows) == {"logged", "mostly_b", "always a", "always b"}
    low, high = rows["mostly_b"]["interval"]["dr"]
    assert low < 0.1 * 0.2 + 0.9 * 0.4 < high
    assert high - low < 0.1
    assert rows["always b"]["dr"] > rows["logged"]["dr"] > rows["always a"]["dr"]
    assert rows["logged"]["ess"] == 6_000


def test_a_context_may_change_the_odds(tmp_path: Path) -> None:
    lines = [f"{a},{int(a == c)},0.5,{c}" for c in "xy" for a in "xy" for _ in range(300)]
    log = file(tmp_path, "log.csv", "action,reward,propensity,context\n" + "\n".join(lines))
    same = "action,probability,context\nx,1,x\ny,1,y\n"
    matched = run(log, "--policy", file(tmp_path, "same.csv", same))["rows"][1]

    assert (matched["ips"], matched["snips"]) == (1.0, 1.0)
    assert matched["dr"] == pytest.approx(1.0, abs=0.001)
    assert matched["ess"] == 600

    only = file(tmp_path, "only.csv", "action,probability,context\nx,1,x\n")
    assert "add up to 0 for context 'y'" in refused(log, "--policy", only)


def test_a_refused_row_gives_no_result_but_says_why(tmp_path: Path) -> None:
    log = file(tmp_path, "log.csv", table(60))
    row = run(log)["rows"][1]

    assert row["refused"] == "cannot be estimated from this log"
    assert (row["ips"], row["snips"], row["dr"]) == (None, None, None)
    assert 0 < row["ess"] < 500
    assert "500 are needed" in row["because"][0]


def test_what_the_log_never_shows_cannot_be_estimated(tmp_path: Path) -> None:
    log = file(tmp_path, "log.csv", table(3_000))
    policy = file(tmp_path, "new.csv", "action,probability\na,0.5\nc,0.5\n")

    assert run(log, "--policy", policy)["rows"][1]["because"] == [
        "it would do what the log never shows"
    ]


def test_one_row_is_a_log_that_says_nothing(tmp_path: Path) -> None:
    rows = run(file(tmp_path, "one.csv", "action,reward,propensity\na,1,0.5\n"))["rows"]

    assert [row["refused"] for row in rows] == ["cannot be estimated from this log"] * 2
    assert rows[0]["ess"] == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("action,reward,propensity\na,1,0\nb,0,0.5\n", "1 of 2 propensities"),
        ("action,reward,propensity\na,1,1.01\n", "1 of 1 propensities"),
        ("action,reward,propensity\na,1,-0.5\n", "1 of 1 propensities"),
        ("action,reward,propensity\na,1,nan\nb,1,0.5\n", "such as nan"),
        ("action,reward,propensity\na,1,0.5\nb,inf,0.5\n", "not a finite number"),
        ("action,reward,propensity\na,much,0.5\n", "reward is not a number"),
        ("action,reward\na,1\n", "unknown column 'propensity'"),
        ("action,reward,propensity\n", "no row in which"),
    ],
)
def test_bad_logs_are_refused_by_name(tmp_path: Path, text: str, said: str) -> None:
    assert said in refused(file(tmp_path, "log.csv", text))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("action,probability\na,0.5\nb,0.4\n", "add up to 0.9"),
        ("action,probability\na,1.5\nb,-0.5\n", "a probability that is none"),
        ("action,probability\na,0.5\na,0.5\n", "says twice"),
        ("action,share\na,1\n", "unknown column 'probability'"),
    ],
)
def test_bad_policies_are_refused_by_name(tmp_path: Path, text: str, said: str) -> None:
    log = file(tmp_path, "log.csv", table(100))
    assert said in refused(log, "--policy", file(tmp_path, "policy.csv", text))


def test_a_million_rows_are_no_burden() -> None:
    size = 1_000_000
    rng = np.random.default_rng(1)
    action = rng.integers(0, 50, size)
    nothing = np.zeros(size, np.int64)
    reward = (rng.random(size) < 0.01).astype(float)
    names = tuple(f"{n:02}" for n in range(50))
    log = Log(action, names, nothing, ("",), reward, np.full(size, 1 / 50))

    _, row = bandit_rows(log, [uniform(log)])

    assert row["ess"] == pytest.approx(size)
    assert row["dr"] == pytest.approx(0.01, abs=0.0005)


@pytest.mark.skipif(not MEN.is_dir(), reason=f"no data at {MEN}")
def test_open_bandit_men_the_uniform_policy_is_refused_for_its_largest_weight() -> None:
    by_chance = run(MEN / "random.parquet", "--map", COLUMNS)["rows"][1]
    row = run(MEN / "bts.parquet", "--map", COLUMNS, "--policy", "uniform")["rows"][1]

    assert row["arithmetic"]["ips"] == pytest.approx(0.0030, abs=0.00005)
    assert row["arithmetic"]["snips"] == pytest.approx(0.0032, abs=0.00005)
    assert round(row["ess"]) == 656
    assert round(row["largest_weight"]) == 178
    assert row["because"] == ["one row would count 178 times; 100 is the most"]
    assert by_chance["ips"] == pytest.approx(0.0046)
