"""Uplift: Qini worked out by hand, the gate with each of its reasons, and a real trial of e-mails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from etalage.cli.main import whole
from etalage.errors import BadInput, Unknown
from etalage.measure.uplift import gate
from etalage.measure.uplift.gate import groups, in_words, verdict
from etalage.measure.uplift.learners import FOLDS, Trial, crossfit, folds_of
from etalage.measure.uplift.worth import drawn, effect, gain, ordered, qini, seen

commands = whole()
HILLSTROM = (
    Path(__file__).resolve().parents[2].parent
    / "shared" / "data" / "uplift_hillstrom" / "customers.parquet"
)  # fmt: skip


def flags(text: str) -> Any:
    return np.array([letter == "1" for letter in text])


# ---- Qini ----------------------------------------------------------------------------------------------


def test_qini_by_hand() -> None:
    # In order: treated 1, control 0, treated 1, control 1. q(1) = 1, q(2) = 1 - 0 = 1, q(3) = 2 - 0 = 2,
    # q(4) = 2 - 1 * 2/2 = 1. Area 0.5 + 1 + 1.5 + 1.5 = 4.5; minus 4 * 1/2 = 2; over 16.
    tried = seen(flags("1010"), np.array([1.0, 0, 1, 1]))

    assert qini(ordered(np.array([4.0, 3, 2, 1])), tried) == pytest.approx(2.5 / 16)


def test_an_order_that_knows_nothing_has_a_qini_of_nought() -> None:
    rng = np.random.default_rng(0)
    tried = seen(rng.random(2_000) < 0.5, rng.random(2_000))

    assert qini(ordered(np.zeros(2_000)), tried) == pytest.approx(0.0, abs=1e-12)


def test_no_order_of_the_rows_changes_qini() -> None:
    rng = np.random.default_rng(1)
    treated, outcome = rng.random(500) < 0.4, (rng.random(500) < 0.3).astype(float)
    foretold = rng.integers(0, 6, 500).astype(float)  # many ties
    by_arm = np.argsort(treated)

    mixed = qini(ordered(foretold), seen(treated, outcome))
    sorted_by_arm = qini(ordered(foretold[by_arm]), seen(treated[by_arm], outcome[by_arm]))

    assert mixed == pytest.approx(sorted_by_arm)


def test_drawing_people_again_gives_the_same_interval_every_time() -> None:
    tried = seen(flags("1010110010"), np.arange(10.0))
    once = [effect(again) for again in drawn(tried, draws=5)]

    assert once == [effect(again) for again in drawn(tried, draws=5)]
    assert len(set(once)) == 5


def test_treating_everybody_gains_nothing_where_a_place_costs_the_average_effect() -> None:
    tried = seen(flags("1100"), np.array([1.0, 0.5, 0, 0.25]))
    everybody = np.ones(4, np.bool_)

    assert gain(tried, everybody, effect(tried)) == pytest.approx(0.0)
    assert gain(tried, ~everybody, 0.0) == 0.0


# ---- The gate ------------------------------------------------------------------------------------------


def world(size: int, *, moved_by_first: bool, seed: int = 3) -> Trial:
    """Half are treated. Either the first feature decides whom it helps, or it helps everybody alike."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(size, 3))
    treated = rng.random(size) < 0.5
    helped = np.where(features[:, 0] > 0, 0.20, -0.05) if moved_by_first else 0.08
    odds = 0.1 + 0.4 * (features[:, 1] > 0) + helped * treated
    return Trial(features, treated, (rng.random(size) < odds).astype(float))


@pytest.fixture
def of_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "LEAST_PERSONS", 1_000)
    monkeypatch.setattr(gate, "LEAST_CONVERSIONS", 100)


@pytest.mark.usefixtures("of_few")
def test_a_model_that_knows_whom_a_message_moves_is_released() -> None:
    trial = world(6_000, moved_by_first=True)
    foretold = crossfit(trial, ("x",))
    said = verdict(trial, foretold.effects["x"], foretold.response)
    kinds = groups(trial, foretold.effects["x"], foretold.untreated)

    assert said.is_released, said.refusals
    assert said.qini.low > 0
    assert said.gain > said.gain_everyone == pytest.approx(0.0, abs=1e-12)
    assert said.share == pytest.approx(0.5, abs=0.1)
    assert kinds.persuadable > 2_000  # half of them are
    assert kinds.sleeping_dog > 0
    assert sum(getattr(kinds, name) for name in kinds.__struct_fields__) == 6_000


@pytest.mark.usefixtures("of_few")
def test_where_a_message_helps_everybody_alike_nothing_is_released() -> None:
    trial = world(6_000, moved_by_first=False)
    foretold = crossfit(trial, ("s",))
    said = verdict(trial, foretold.effects["s"], foretold.response)

    assert "no_better_than_everyone" in said.refusals
    assert "not surely better than showing it to everyone" in in_words(
        "no_better_than_everyone", said, trial
    )


def test_too_few_people_are_said_to_be_too_few_whatever_the_model_found() -> None:
    trial = world(6_000, moved_by_first=True)
    perfect = trial.features[:, 0]
    said = verdict(trial, perfect, trial.features[:, 1])

    assert said.refusals == ("too_few_persons",)
    assert "10,000 are needed" in in_words("too_few_persons", said, trial)


@pytest.mark.usefixtures("of_few")
def test_an_order_as_good_as_that_by_response_is_no_order_by_effect() -> None:
    trial = world(6_000, moved_by_first=True)
    perfect = trial.features[:, 0]
    said = verdict(trial, perfect, perfect)

    assert "no_better_than_response" in said.refusals
    assert said.gain_response == pytest.approx(said.gain)


def test_nobody_is_foretold_by_a_model_that_has_seen_her() -> None:
    trial = world(2_500, moved_by_first=True)
    folds = folds_of(trial.treated, seed=0)
    changed = trial.outcome.copy()
    changed[folds == 2] = 1 - changed[folds == 2]  # what they did is turned round

    before = crossfit(trial, ("t",)).effects["t"]
    after = crossfit(trial._replace(outcome=changed), ("t",)).effects["t"]

    np.testing.assert_array_equal(before[folds == 2], after[folds == 2])
    assert not np.array_equal(before[folds == 1], after[folds == 1])
    counts = [np.bincount(folds[trial.treated == arm], minlength=FOLDS) for arm in (True, False)]
    assert all(np.ptp(count) <= 1 for count in counts)


# ---- The command ---------------------------------------------------------------------------------------


def run(*arguments: str | Path) -> Any:
    done = CliRunner().invoke(commands, ["evaluate", "uplift", *map(str, arguments), "--json"])
    assert done.exception is None, done.exception
    return json.loads(done.stdout)


def refused(*arguments: str | Path) -> str:
    done = CliRunner().invoke(commands, ["evaluate", "uplift", *map(str, arguments)])
    assert isinstance(done.exception, BadInput | Unknown), done.exception
    return str(done.exception)


def trial_file(folder: Path, *, rows: int = 1_500) -> Path:
    rng = np.random.default_rng(5)
    lines = ["number,sort,age,told,bought,paid,returned"]
    for number in range(rows):
        told = rng.random() < 0.5
        sort = "new" if rng.random() < 0.5 else "old"
        bought = int(rng.random() < 0.2 + 0.3 * (told and sort == "new"))
        age = "" if rng.random() < 0.1 else str(rng.integers(18, 80))
        arm, returned = "letter" if told else "none", int(bought and rng.random() < 0.3)
        lines.append(f"{number},{sort},{age},{arm},{bought},{bought * 9.5},{returned}")
    path = folder / "trial.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_what_was_not_known_before_is_left_out_and_said(tmp_path: Path) -> None:
    asked = (trial_file(tmp_path), "--treatment", "told", "--outcome", "bought")
    answer = run(*asked)

    assert answer["protocol"]["control"] == "none"
    assert answer["protocol"]["features"] == ["sort", "age"]
    assert answer["protocol"]["left_out"]["letter"] == {
        "number": "names the row",
        "paid": "differs between the arms, so that it was not known before",
        "returned": "follows from the outcome, so that it was not known before",
    }
    assert answer["protocol"]["arms"]["letter"]["effect"] == pytest.approx(0.15, abs=0.06)
    methods = [row["method"] for row in answer["rows"]]
    assert methods == ["s-learner", "t-learner", "x-learner", "response"]
    first = answer["rows"][0]
    assert first["qini"] > 0.01
    assert first["released"] is False
    assert first["refusals"][0] == "too_few_persons"
    assert sum(first["groups"].values()) == 1_500
    assert answer == run(*asked)  # the same every time


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "--treatment"),
        (("--treatment", "tolt", "--outcome", "bought"), "did you mean 'told'"),
        (("--treatment", "told", "--outcome", "told"), "two columns"),
        (("--treatment", "told", "--outcome", "sort"), "is not a number"),
        (("--treatment", "sort", "--outcome", "bought"), "which value of sort is the control"),
        (("--treatment", "number", "--outcome", "bought"), "no treatment"),
        (("--treatment", "told", "--outcome", "bought", "--features", "told"), "cannot be"),
        (("--treatment", "told", "--outcome", "bought", "--control", "x"), "unknown value"),
        (("--treatment", "told", "--outcome", "bought", "--features", "number,shoe"), "'shoe'"),
        (("--treatment", "told", "--outcome", "bought", "--cost", "nan"), "is no number"),
    ],
)
def test_what_is_no_trial_is_refused_by_name(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    assert said in refused(trial_file(tmp_path, rows=200), *arguments)


def test_an_arm_of_few_or_an_outcome_of_nobody_is_refused(tmp_path: Path) -> None:
    few = tmp_path / "few.csv"
    few.write_text("told,bought,age\n" + "0,1,30\n" * 90 + "1,0,30\n" * 10)
    none = tmp_path / "none.csv"
    none.write_text("told,bought,age\n" + "0,0,30\n1,0,31\n" * 90)

    columns = ("--treatment", "told", "--outcome", "bought")
    assert "at least 50 rows each" in refused(few, *columns)
    assert "nobody did anything" in refused(none, *columns)


# ---- Hillstrom -----------------------------------------------------------------------------------------

FEATURES = "recency,history,mens,womens,zip_code,newbie,channel"


@pytest.mark.slow
@pytest.mark.skipif(not HILLSTROM.is_file(), reason=f"no data at {HILLSTROM}")
def test_hillstrom_the_mens_model_is_refused_for_its_worth_and_not_for_lack_of_people() -> None:
    answer = run(HILLSTROM, "--treatment", "segment", "--outcome", "visit", "--features", FEATURES)
    arms = answer["protocol"]["arms"]
    rows = {(row["treatment"][0], row["method"][0]): row for row in answer["rows"]}

    assert answer["protocol"]["control"] == "No E-Mail"
    # Effects on a visit, of the whole file; two thirds of it are here.
    assert arms["Womens E-Mail"]["effect"] == pytest.approx(0.045233, abs=2 * 0.003234)
    assert arms["Mens E-Mail"]["effect"] == pytest.approx(0.076590, abs=2 * 0.003386)
    assert min(min(arm["treated"], arm["control"]) for arm in arms.values()) > 10_000
    for learner in "stx":
        mens, womens = rows["M", learner], rows["W", learner]
        assert {"no_better_than_everyone", "no_better_than_response"} <= set(mens["refusals"])
        assert not set(mens["refusals"]) & {"too_few_persons", "too_few_conversions"}
        assert mens["qini"] <= 0.0011
        assert mens["qini"] < rows["M", "r"]["qini"]  # ordering by response does better
        assert womens["qini"] == pytest.approx(0.0037, abs=0.0006)
        assert womens["qini"] > rows["W", "r"]["qini"]
        assert womens["released"], womens["because"]
    assert rows["W", "r"]["qini"] == pytest.approx(0.0022, abs=0.0006)
    assert rows["M", "r"]["qini"] == pytest.approx(0.0017, abs=0.0006)


@pytest.mark.skipif(not HILLSTROM.is_file(), reason=f"no data at {HILLSTROM}")
@pytest.mark.parametrize(
    ("outcome", "womens", "mens"),
    [("conversion", 0.003111, 0.006805), ("spend", 0.424412, 0.769827)],
)
def test_hillstrom_effects_lie_within_two_errors_of_those_of_the_whole_file(
    outcome: str, womens: float, mens: float
) -> None:
    from etalage.evaluate.uplift import protocol, uplift_tasks

    tasks = uplift_tasks(
        HILLSTROM, treatment="segment", outcome=outcome, features=["recency"], control=None
    )
    arms = protocol(tasks, cost=None, seed=0)["arms"]

    for arm, known in (("Womens E-Mail", womens), ("Mens E-Mail", mens)):
        assert abs(arms[arm]["effect"] - known) < 2 * arms[arm]["se"]
