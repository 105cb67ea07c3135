"""One verdict has one name: in the terminal, on the page, in the mail, in alerts, plans, the demo's table and the docs."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import get_args

import pytest
from page_text import Seen
from report_examples import BY_STATE, no_control

from etalage.domain.alert import Alert
from etalage.domain.experience import LANGUAGES, Language
from etalage.domain.report import State
from etalage.domain.time import ShopZone
from etalage.measure.lines import headline
from etalage.measure.page.build import page
from etalage.measure.page.html import html
from etalage.measure.page.mail import mail
from etalage.measure.planning.lines import words as plan_words
from etalage.measure.verdict import Name, verdict, within
from etalage.measure.watch.alert_lines import told
from etalage.simulate.beside import Beside, table_row
from etalage.simulate.truth import Truth

STATES: tuple[State, ...] = get_args(State)
NAMES: tuple[Name, ...] = (*STATES, "no_control")
MADE = {**BY_STATE, "no_control": no_control}
EACH = [(name, language) for name in NAMES for language in LANGUAGES]
DOCS = Path(__file__).resolve().parents[2] / "docs"
FOLDER = files("etalage")
TRUTH = Truth("x", 0.0, 0, 0, 0, 0, 0, 0, 0, {}, {})


@pytest.mark.parametrize(("called", "language"), EACH)
def test_terminal_page_mail_and_demo_call_it_the_same(called: Name, language: Language) -> None:
    reported = MADE[called]()
    built = page(
        [reported], shop="Noord", zone=ShopZone("Europe/Amsterdam"), language=language, views=()
    )
    post = mail(built)
    name, inside = verdict(called, language), within(called, language)

    assert headline(reported, language).startswith(f"hulp-bij-weggaan: {inside}. ")
    assert name in Seen(html(built)).text
    assert f"[{name}]" in post.text
    assert name in Seen(post.html).text
    assert table_row(Beside(reported, TRUTH), language)[-1] == inside


@pytest.mark.parametrize("language", LANGUAGES)
def test_alerts_and_plans_use_the_same_names(language: Language) -> None:
    def alert(key: str, kind: str) -> Alert:
        return Alert(key=key, kind=kind, name="hulp", since=1, last=1)  # type: ignore[arg-type]

    assert within("harmful", language) in told(alert("harmful:hulp", "harmful"), language).says
    lost = told(alert("tracking:sample_ratio:hulp", "tracking"), language)
    assert within("broken", language) in lost.means
    assert "{verified}" in plan_words()[language]["chance"]
    assert "{same}" in plan_words()[language]["nothing_by"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_other_text_of_ours_names_a_verdict_by_itself(language: Language) -> None:
    """Where a sentence needs the name it takes it; but the page's headline, which tells it in words of its own."""
    names = [within(state, language) for state in ("verified_effect", "no_relevant_difference")]
    found = [
        (file, key)
        for file in ("measure", "measure/watch", "measure/planning", "simulate")
        for key, said in _sentences(file, language)
        if any(name in said.lower() for name in names)
    ]

    assert found == []


def test_the_how_to_lists_all_six_by_these_names() -> None:
    text = (DOCS / "how-to" / "read-a-report.md").read_text(encoding="utf-8")
    listed = re.findall(
        r"^\| ([^|]+) \| ([^|]+) \|", text.split("## The six verdicts")[1], re.MULTILINE
    )

    expected = {(verdict(state, "en"), verdict(state, "nl")) for state in STATES}
    assert set(listed[1:7]) == expected


def _sentences(folder: str, language: Language) -> Iterator[tuple[str, str]]:
    text = FOLDER.joinpath(*folder.split("/"), "words.toml").read_text(encoding="utf-8")
    for key, said in tomllib.loads(text)[language].items():
        if isinstance(said, str):
            yield key, said
