"""`etalage plan`, as a shop owner calls it: by name, by file, in words and for programs."""

from __future__ import annotations

import json
from pathlib import Path

import yaml
from commands import etalage
from shop import NOON, Shop, experience, order, track, view

from etalage.domain.time import DAY, iso

DAYS = 35


def run(shop: Shop, *arguments: str) -> tuple[int, str]:
    """Run the command beside the open shop, at its time."""
    shop.opened.commits.submit(()).result()
    ended = etalage("plan", *arguments, "--data", shop.directory, "--now", iso(shop.now))
    return ended.returncode, " ".join((ended.stdout + ended.stderr).split())


def visits(shop: Shop) -> None:
    """Let five visitors a day come; each looks, one puts something into the basket and buys."""
    shop.now = NOON + DAYS * DAY
    for day in range(DAYS):
        at = NOON + day * DAY
        looked = [view("S-1", f"v-{day}-{number}", at=at) for number in range(5)]
        basket = track("add_to_cart", f"v-{day}-0", product_id="S-1", at=at + 1)
        shop.batch(*looked, basket, order(f"o-{day}", f"v-{day}-0", at=at + 2))


def test_a_message_is_planned_by_name_and_by_file_alike(shop: Shop, tmp_path: Path) -> None:
    visits(shop)
    drawn = {"kind": "split", "control": 0.5}
    draft = experience("hoi", form="bar", caps=[], allocation=drawn)
    shop.go_live(draft)
    file = tmp_path / "hoi.yaml"
    file.write_text(
        yaml.safe_dump({"experience": "hoi", **draft.body}, sort_keys=False), encoding="utf-8"
    )

    by_name = run(shop, "hoi", "--json")
    by_file = run(shop, str(file), "--json")

    assert by_name == by_file
    (plan,) = json.loads(by_name[1])
    assert (plan["persons"], plan["days_counted"]) == (140, 28)
    assert plan["base_rate"] == 0.2
    assert plan["can_be_decided"] is False
    assert plan["design"]["chance"] == 0


def test_a_plan_is_told_in_both_languages(shop: Shop) -> None:
    visits(shop)
    shop.go_live(experience("hoi", form="bar", caps=[], allocation={"kind": "split", "control": 0.5}))  # fmt: skip

    code, dutch = run(shop, "hoi")
    _, english = run(shop, "hoi", "--lang", "en", "--lift", "0.25")

    assert code == 0
    assert dutch.startswith("hoi: dit kan zo niet beslist worden.")
    assert "gemiddeld 5 nieuwe personen" in dutch
    assert "programma, 20% controle" in dutch
    assert english.startswith("hoi: this cannot be decided as it is.")
    assert "chance at +25%" in english


def test_a_wrong_name_and_a_wrong_lift_are_refused_with_what_to_do(shop: Shop) -> None:
    shop.go_live(experience("hoi", form="bar", caps=[], allocation={"kind": "split", "control": 0.5}))  # fmt: skip

    code, said = run(shop, "hai")
    assert code == 1
    assert "hoi" in said

    code, said = run(shop, "hoi", "--lift", "-0.1")
    assert code == 1
    assert "0.1 is 10% more" in said


def test_a_file_without_an_experience_is_refused(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "only.yaml"
    file.write_text("segment: some\ntree: {did: purchase}\n", encoding="utf-8")

    code, said = run(shop, str(file))

    assert code == 1
    assert "there is no experience in" in said
