"""What `evaluate bandit`, `evaluate uplift` and `bandit show` print, in both languages; JSON says the same in each."""

from __future__ import annotations

import json
import re
import tomllib
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from etalage.cli.bandit import words as bandit_words
from etalage.cli.main import whole
from etalage.domain.experience import LANGUAGES, Language
from etalage.evaluate.trial_lines import rules, words

Texts = dict[str, object]


def said(*arguments: str | Path) -> str:
    done = CliRunner().invoke(whole(), ["evaluate", *map(str, arguments)], env={"COLUMNS": "200"})
    assert done.exception is None, done.exception
    return done.stdout


def log(folder: Path) -> Path:
    rng = np.random.default_rng(8)
    lines = ["action,reward,propensity"]
    lines += [f"{'ab'[i % 2]},{int(rng.random() < 0.3)},0.5" for i in range(40)]
    path = folder / "log.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def trial(folder: Path) -> Path:
    rng = np.random.default_rng(5)
    lines = ["number,age,told,bought"]
    for number in range(400):
        told, age = rng.random() < 0.5, rng.integers(18, 80)
        lines.append(f"{number},{age},{int(told)},{int(rng.random() < 0.2 + 0.2 * told)}")
    path = folder / "trial.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_policy_is_told_in_dutch_with_its_refusal(tmp_path: Path) -> None:
    told = said("bandit", log(tmp_path))

    assert "log: bestand" in told
    assert "grens: een uitkomst vraagt ess van minstens 500" in told
    assert "grootste gewicht" in told
    assert "gelijk verdeeld: niet te schatten uit dit log: de rijen zijn voor dat beleid 40,0" in (
        " ".join(told.split())
    )


def test_a_policy_is_told_in_english_with_its_refusal(tmp_path: Path) -> None:
    told = " ".join(said("bandit", log(tmp_path), "--lang", "en").split())

    assert "largest weight" in told
    assert "uniform: cannot be estimated from this log: its rows are worth 40.0 rows" in told


def test_a_trial_is_told_in_dutch_and_in_english(tmp_path: Path) -> None:
    asked = ("uplift", trial(tmp_path), "--treatment", "told", "--outcome", "bought")

    dutch, english = (" ".join(said(*asked, "--lang", lang).split()) for lang in ("nl", "en"))

    assert "weggelaten: number (benoemt de rij)" in dutch
    assert "s-learner 1: niet vrijgegeven: een groep heeft" in dutch
    assert "in elke groep zijn er 10.000 nodig" in dutch
    assert "left out: number (names the row)" in english
    assert "10,000 are needed in each" in english


def test_programs_read_the_same_whatever_the_language(tmp_path: Path) -> None:
    asked = ("uplift", trial(tmp_path), "--treatment", "told", "--outcome", "bought", "--json")

    dutch, english = (json.loads(said(*asked, "--lang", lang)) for lang in ("nl", "en"))

    assert dutch == english
    assert "are needed in each" in english["rows"][0]["because"][0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_log_of_a_shop_is_named_in_the_language(language: Language) -> None:
    about = "experience hoi: a row a person, reward 1 = purchase within its window"

    (line,) = rules({"log": about}, language)

    expected = {
        "nl": "log: uiting hoi; een rij per persoon, opbrengst 1 = purchase binnen de termijn",
        "en": "log: experience hoi; a row a person, reward 1 = purchase within its window",
    }
    assert line == expected[language]


def test_both_languages_have_the_same_texts_with_the_same_fields() -> None:
    folder = files("etalage.measure")
    refusals = tomllib.loads((folder / "refusals.toml").read_text(encoding="utf-8"))

    for texts in (words(), bandit_words(), refusals):
        assert fields(dict(texts["nl"])) == fields(dict(texts["en"]))


def fields(texts: Texts) -> dict[str, set[str]]:
    found = {}
    for key, text in texts.items():
        if isinstance(text, dict):
            found |= {f"{key}.{name}": held for name, held in fields(text).items()}
        else:
            found[key] = set(re.findall(r"{(\w+)}", str(text)))
    return found
