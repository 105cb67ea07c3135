"""What `etalage report --sql` prints, run as a stranger would: in plain DuckDB, over the shop's files and nothing else."""

from __future__ import annotations

from hashlib import sha256
from html import unescape
from pathlib import Path

import duckdb
import pytest
from msgspec.structs import replace
from shop import Said, Shop, create, experience, order, segment, track, view
from typer.testing import CliRunner

from etalage.cli.main import whole
from etalage.cli.report_sql import told_script
from etalage.domain.report import ExperienceReport
from etalage.domain.time import DAY, ShopZone
from etalage.flow import nightly
from etalage.flow.report import plans_of, report_all
from etalage.measure import case
from etalage.measure.page.build import page
from etalage.measure.page.html import html
from etalage.measure.questions import ASKED, QUESTIONS, Asked, answers, sources
from etalage.measure.report import report
from etalage.measure.script import FOLDER, script
from etalage.unify.batch import view_statements

Rows = list[dict[str, object]]


def lived(shop: Shop) -> ExperienceReport:
    """Let twenty visitors meet two messages, one of them ended, some of them buy and return; then the night comes."""
    shop.go_live(segment("lookers", {"did": "view_item", "times": {"at_least": 2}}))
    allocation = {"kind": "split", "control": 0.5}
    shop.go_live(experience("hoi", form="bar", caps=[], allocation=allocation, segment="lookers"))
    for number in range(20):
        visitor = f"v-{number}"
        shop.batch(view("S-1", visitor), view("S-2", visitor))
        decided: Said = shop.ask(visitor)["decisions"][0]
        shop.batch(track("triggered", visitor, token=decided["id"]))
        if number % 3:
            shop.batch(track("view_promotion", visitor, token=decided["id"]))
        if number % 2:
            shop.batch(order(f"N-{number}", visitor))
    shop.events()
    nightly.seal(shop.night())
    return told(shop)


def told(shop: Shop) -> ExperienceReport:
    (found,) = report_all(shop.ports, now=shop.now + 8 * DAY, keep=False)
    return found


def run(text: str) -> Rows:
    """Run a script in a DuckDB that knows nothing of Etalage."""
    with duckdb.connect() as connection:
        found = connection.sql(text)
        return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def printed(shop: Shop, question: Asked, reported: ExperienceReport) -> str:
    return told_script(question, [reported], shop.ports.warehouse.in_files())


def test_the_scripts_give_the_report_again_to_the_last_figure(shop: Shop) -> None:
    reported = lived(shop)
    assert sum(arm.conversions for arm in reported.arms) == 10
    assert reported.coverage.reached == 20

    rows = {question: run(printed(shop, question, reported)) for question in QUESTIONS}

    (again,) = report(
        answers(rows),
        plans_of(shop.ports),
        shop=case.Shop(currency="EUR"),
        now=reported.now,
    )
    assert replace(again, about=reported.about) == reported


def test_the_text_within_a_script_is_the_one_whose_digest_the_report_names(shop: Shop) -> None:
    reported = lived(shop)

    for source in sources(causes=True):
        named = next(name for name in ASKED if name == source.question)
        text = printed(shop, named, reported)
        within = text.split(f"PREPARE {named} AS\n")[1].split(f";\n\nEXECUTE {named}")[0]
        assert sha256(within.encode()).hexdigest()[:16] == source.digest
        assert f"-- {named}, digest {source.digest}" in text


def test_a_script_says_how_many_events_its_files_do_not_hold(shop: Shop) -> None:
    reported = lived(shop)
    assert "in no file yet" not in printed(shop, "outcomes", reported)

    shop.batch(view("S-1", "v-3"), view("S-2", "v-3"))

    assert "-- 2 newer events are in no file yet" in printed(shop, "outcomes", reported)


def test_a_script_of_a_shop_without_a_night_says_so_and_names_the_folder(shop: Shop) -> None:
    text = told_script("outcomes", [], shop.ports.warehouse.in_files())

    assert "No event lies in a file yet" in text
    assert FOLDER in text


def test_the_page_shows_the_same_scripts_to_paste(shop: Shop) -> None:
    reported = lived(shop)
    zone = ShopZone("Europe/Amsterdam")
    files = shop.ports.warehouse.in_files()
    text = html(page([reported], shop="Noord", zone=zone, language="nl", views=view_statements()))

    blocks = [unescape(one.split("</pre>")[0]) for one in text.split("<pre>")[1:]]

    first, *questions = blocks
    assert FOLDER in first
    assert len(questions) == len(QUESTIONS)
    for question, block in zip(QUESTIONS, questions, strict=True):
        pasted = f"{first.replace(FOLDER, files.sql)}\n{block}"
        assert sorted(map(str, run(pasted))) == sorted(
            map(str, run(script(question, [reported], views=view_statements(), events=files.sql)))
        )


def test_a_script_without_any_message_runs_and_finds_nothing(shop: Shop) -> None:
    lived(shop)
    files = shop.ports.warehouse.in_files()

    for question in ASKED:
        assert run(told_script(question, [], files)) == []


@pytest.mark.parametrize("question", ASKED)
def test_the_question_behind_a_figure_can_be_printed(question: str, tmp_path: Path) -> None:
    create(tmp_path / "data")

    done = CliRunner().invoke(
        whole(), ["report", "--sql", question, "--data", str(tmp_path / "data")]
    )

    assert done.exit_code == 0
    assert f"EXECUTE {question}(" in done.stdout


def test_a_question_that_does_not_exist_names_those_that_do(tmp_path: Path) -> None:
    done = CliRunner().invoke(whole(), ["report", "--sql", "worth", "--data", str(tmp_path)])

    assert done.exit_code == 1
    assert "outcomes" in str(done.exception)
