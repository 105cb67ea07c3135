"""`etalage evaluate`: the protocols on small files whose figures can be worked out by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from etalage.cli.main import whole
from etalage.evaluate.interval import figure
from etalage.evaluate.lists import quality

commands = whole()

TRAIN = "session,item,time\n1,a,1\n1,b,2\n2,a,11\n2,b,12\n3,b,21\n3,c,22\n"


def run(*arguments: str | Path) -> Any:
    done = CliRunner().invoke(commands, ["evaluate", *map(str, arguments), "--json"])
    assert done.exception is None, done.exception
    return json.loads(done.stdout)


def file(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def rows(answer: Any) -> dict[str, Any]:
    return {f"{row['method']} {row.get('items', '')}".strip(): row for row in answer["rows"]}


def test_the_switches_decide_what_is_asked_and_stand_beside_the_figures(tmp_path: Path) -> None:
    train = file(tmp_path, "train.csv", TRAIN)
    test = file(tmp_path, "test.csv", "session,item,time\n9,a,31\n9,a,32\n9,b,33\n9,new,34\n")

    product = run("session", train, test)
    published = run(
        "session", train, test, "--switches", "exclude_current=false,collapse_repeats=false"
    )

    assert product["protocol"]["exclude_current"] is True
    assert (
        product["protocol"]["predictions"] == 1
    )  # a -> b; what training does not know is not asked
    assert published["protocol"]["collapse_repeats"] is False
    assert published["protocol"]["predictions"] == 2
    assert rows(product)["vstan"]["hr@20"] == 1.0
    assert rows(product)["vstan"]["mrr@20"] == 1.0
    assert rows(published)["s-pop"]["mrr@20"] == pytest.approx((1 + 1 / 2) / 2)
    assert rows(product)["popularity"]["mrr@20"] == 1.0
    assert set(rows(product)) >= {"vstan", "vsknn", "vmis", "sr", "s-pop", "popularity", "random"}


def test_the_newest_sessions_are_held_out_of_one_file(tmp_path: Path) -> None:
    lines = [f"{s},{i},{10 * s + p}" for s in range(20) for p, i in enumerate(("tent", "mat"))]
    answer = run("session", file(tmp_path, "all.csv", "\n".join(["session,item,pos", *lines])))

    assert answer["protocol"]["test_sessions"] == 2
    assert answer["protocol"]["time"] == "order of session ids"
    assert rows(answer)["vstan"]["hr@20"] == 1.0


def test_columns_of_another_name_are_mapped_and_a_wrong_name_is_answered_with_the_nearest(
    tmp_path: Path,
) -> None:
    renamed = file(tmp_path, "train.csv", TRAIN.replace("session,item,time", "visit,sku,at"))

    answer = run("session", renamed, renamed, "--map", "visit=session,sku=item,at=time")
    wrong = CliRunner().invoke(
        commands, ["evaluate", "session", str(renamed), "--map", "vist=session"]
    )

    assert answer["protocol"]["train_sessions"] == 3
    assert "did you mean 'visit'" in str(wrong.exception)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--strategy", "vstam"], "did you mean 'vstan'"),
        (["--strategy", "vmis", "--parameters", "sampel=3"], "did you mean 'sample'"),
        (["--parameters", "sample=3"], "--strategy"),
        (["--strategy", "vmis", "--parameters", "sample=many"], "is a number"),
        (["--strategy", "vstan", "--parameters", "neighbours=0"], "neighbours lies above 0"),
        (["--strategy", "vstan", "--parameters", "sample=0.5"], "sample lies above 0"),
        (["--strategy", "vstan", "--parameters", "recency=0"], "recency lies above 0"),
        (["--strategy", "sr", "--parameters", "reach=0"], "reach lies above 0"),
        (["--switches", "exclude_curent=false"], "did you mean 'exclude_current'"),
    ],
)
def test_what_cannot_be_measured_is_refused_with_the_nearest_name(
    tmp_path: Path, arguments: list[str], says: str
) -> None:
    train = file(tmp_path, "train.csv", TRAIN)

    done = CliRunner().invoke(commands, ["evaluate", "session", str(train), str(train), *arguments])

    assert says in str(done.exception)


def test_data_that_asks_nothing_is_refused_and_gives_no_table_of_noughts(tmp_path: Path) -> None:
    lines = [f"s{n},tent,{n * 100 + at}" for n in range(40) for at in range(3)]
    one_item = file(tmp_path, "one.csv", "\n".join(["session,item,time", *lines]))

    done = CliRunner().invoke(commands, ["evaluate", "session", str(one_item)])

    assert "no test session holds two items" in str(done.exception)


@pytest.mark.parametrize("text", ["", " \n\n"])
def test_an_empty_file_is_called_empty(tmp_path: Path, text: str) -> None:
    empty = file(tmp_path, "empty.csv", text)

    done = CliRunner().invoke(commands, ["evaluate", "session", str(empty)])

    assert "empty.csv is empty" in str(done.exception)


def test_rows_with_an_empty_field_or_a_time_that_is_none_are_left_out(tmp_path: Path) -> None:
    train = file(tmp_path, "train.csv", TRAIN + "4,,31\n4,a,nan\n,b,33\n")

    assert run("session", train, train)["protocol"]["train_events"] == 6


def test_the_last_basket_is_asked_and_new_items_stand_apart(tmp_path: Path) -> None:
    lines = [
        "user,order,item",
        "u,1,a",
        "u,2,a",
        "u,2,b",
        "u,3,a",
        "u,3,c",
        "v,1,c",
        "v,2,c",
        "w,1,c",
    ]

    answer = rows(run("basket", file(tmp_path, "baskets.csv", "\n".join(lines))))

    assert answer["personal all"]["recall@10"] == 0.5  # a, and not c
    assert answer["personal repeat"]["recall@10"] == 1.0
    assert answer["global new"]["recall@10"] == 1.0  # c is what others bought
    assert answer["decayed all"]["phr@10"] == 1.0
    assert answer["decayed all"]["users"] == 1  # v and w have no third basket
    assert answer["decayed all"]["recall@10"] == 1.0


def test_items_a_person_already_had_are_neither_listed_nor_asked(tmp_path: Path) -> None:
    lines = ["user,item,time"]
    lines += [f"u{user},{item},{time}" for user in range(8) for time, item in enumerate("ab")]
    lines += ["x,a,1", "x,a,5", "y,b,1", "y,a,2"]

    answer = run(
        "profile",
        file(tmp_path, "events.csv", "\n".join(lines)),
        file(tmp_path, "test.csv", "user,item,time\nx,b,9\ny,a,9\n"),
    )

    assert answer["protocol"]["users_asked"] == 1
    assert rows(answer)["ease"]["recall@20"] == 1.0
    assert rows(answer)["cosine"]["ndcg@20"] == 1.0


def test_the_ideal_of_ndcg_runs_over_the_whole_truth() -> None:
    found = quality([7], {7, 8, 9})

    assert found.recall == pytest.approx(1 / 3)
    assert found.ndcg == pytest.approx(1 / (1 + 1 / np.log2(3) + 1 / 2))
    assert found.phr == 1.0


def test_an_interval_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(5)
    covered = 0
    for _ in range(120):
        found = figure(rng.binomial(1, 0.3, 200).astype(float), np.ones(200))
        covered += found.low <= 0.3 <= found.high

    assert 0.88 <= covered / 120 <= 0.99


def test_a_person_is_asked_with_her_past_and_the_blend_stands_beside_its_halves(
    tmp_path: Path,
) -> None:
    lines = ["user,session,item,time"]
    for number in range(300):
        group, at = number % 30, number * 1_000
        lines += [f"u{number // 2},{number},g{group}-{place},{at + place}" for place in range(3)]
    whole = file(tmp_path, "all.csv", "\n".join(lines))
    nobody = file(tmp_path, "nobody.csv", "\n".join(x.split(",", 1)[1] for x in lines))

    answer = run("person", whole)
    alone = run("person", nobody)

    found = rows(answer)
    assert set(found) >= {"for_you all", "session all", "profile all", "popularity with a past"}
    assert answer["protocol"]["with_a_past"] > 0
    assert found["for_you all"]["hr@20"] >= found["popularity all"]["hr@20"]
    assert alone["protocol"]["with_a_past"] == 0
    assert rows(alone)["session all"]["hr@20"] == 1.0
    assert set(rows(run("person", whole, "--strategy", "for_you", "--parameters", "share=1"))) == {
        f"{method} {people}"
        for method in ("for_you", "popularity")
        for people in ("all", "with a past")
    }
