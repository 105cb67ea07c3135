"""`etalage import catalogue` on the exports of real shops, and on files that are none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import etalage
from etalage.cli.main import main

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
MAGENTO = DATA / "catalogue_magento_apparel" / "products.csv"
WOOCOMMERCE = DATA / "catalogue_woocommerce_sample" / "sample_products.csv"
FASHION = DATA / "catalogue_woocommerce_sample" / "experimental_fashion_sample_9_products.csv"

Run = Callable[..., tuple[int, str, str]]  # words of a command -> exit code, output, errors


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["etalage", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        output, errors = capsys.readouterr()
        return int(ended.value.code or 0), output, errors

    return command


@pytest.fixture
def shop(run: Run, tmp_path: Path) -> Path:
    code, _, _ = run("init", tmp_path / "shop", "--name", "Noord", "--domain", "noord.example")
    assert code == 0
    return tmp_path / "shop"


def taken(run: Run, shop: Path, file: Path) -> dict[str, Any]:
    if not file.exists():
        pytest.skip(f"{file.parent.name} is not beside this checkout")
    code, output, errors = run("import", "catalogue", file, "--data", shop, "--json")
    assert (code, errors) == (0, "")
    told: dict[str, Any] = json.loads(output)
    return told


def products(run: Run, shop: Path) -> int:
    code, output, _ = run("doctor", "--data", shop, "--json")
    assert code == 0
    count: int = json.loads(output)["components"]["catalogue"]["products"]
    return count


def test_magentos_export_gives_147_products_in_1847_sizes_and_colours(run: Run, shop: Path) -> None:
    told = taken(run, shop, MAGENTO)

    assert (told["products"], told["offers"], told["rows"]) == (147, 1_847, 1_994)
    assert told["problems"] == {}
    assert products(run, shop) == 147


def test_woocommerces_export_gives_22_products_and_says_what_became_of_the_rest(
    run: Run, shop: Path
) -> None:
    told = taken(run, shop, WOOCOMMERCE)

    assert (told["products"], told["offers"], told["rows"]) == (22, 23, 25)
    assert told["problems"] == {"no_price": 2, "not_for_sale": 1}
    assert products(run, shop) == 22


def test_the_catalogue_of_another_shop_is_refused_and_the_last_good_one_stays(
    run: Run, shop: Path
) -> None:
    before = taken(run, shop, WOOCOMMERCE)

    code, output, errors = run("import", "catalogue", FASHION, "--data", shop, "--json")

    assert (code, output) == (1, "")
    assert errors.startswith("bad-feed: the feed shrank from 22 to 9 products")
    assert version(shop) == before["version"]


def test_somebody_who_checked_may_say_that_the_shop_did_become_this_small(
    run: Run, shop: Path
) -> None:
    taken(run, shop, WOOCOMMERCE)

    code, _, errors = run("import", "catalogue", FASHION, "--data", shop, "--anyway", "--json")

    assert (code, errors) == (0, "")
    assert products(run, shop) == 9


@pytest.mark.parametrize("words", [[], ["--anyway"]])
def test_prices_of_another_currency_are_never_taken_for_the_shops_own(
    run: Run, shop: Path, tmp_path: Path, words: list[str]
) -> None:
    rows = [
        "id\ttitle\tavailability\tprice",
        *(f"A{n}\tJas\tin_stock\t{n}.00 USD" for n in (10, 12)),
    ]
    feed = tmp_path / "feed.tsv"
    feed.write_text("\n".join(rows))

    code, _, errors = run("import", "catalogue", feed, "--data", shop, *words)

    assert code == 1
    assert errors.startswith("bad-feed: its prices are in USD, those of this shop in EUR")
    assert version(shop) is None


@pytest.mark.parametrize("name", ["empty", "web page", "cut off", "cut off at its end"])
def test_a_file_that_is_no_whole_catalogue_is_refused_and_the_last_good_one_stays(
    run: Run, shop: Path, tmp_path: Path, name: str
) -> None:
    before = taken(run, shop, MAGENTO)
    whole = MAGENTO.read_bytes()
    page = b"<!DOCTYPE html><html><body>Please log in</body></html>"
    contents = {
        "empty": b"",
        "web page": page,
        "cut off": whole[:200_000],
        "cut off at its end": whole[:1_700_000],
    }
    file = tmp_path / "feed.csv"
    file.write_bytes(contents[name])

    code, output, errors = run("import", "catalogue", file, "--data", shop, "--json")

    assert (code, output) == (1, "")
    assert errors.startswith("bad-feed: ")
    assert version(shop) == before["version"]
    assert products(run, shop) == 147


def test_a_dry_run_tells_the_same_and_stores_nothing(run: Run, shop: Path) -> None:
    if not MAGENTO.exists():
        pytest.skip(f"{MAGENTO.parent.name} is not beside this checkout")

    code, output, _ = run("import", "catalogue", MAGENTO, "--data", shop, "--dry-run", "--json")

    told = json.loads(output)
    assert (code, told["products"], told["stored"]) == (0, 147, False)
    assert products(run, shop) == 0


def version(shop: Path) -> str | None:
    with etalage.open(shop) as opened:
        catalogue = opened._ports.records.catalogue()
    return None if catalogue is None else catalogue.version


def test_a_dry_run_says_that_nothing_was_stored_and_adds_nothing_up(
    run: Run, shop: Path, tmp_path: Path
) -> None:
    table = tmp_path / "products.csv"
    table.write_text("id,title,price\n1,Jas,10\n", encoding="utf-8")
    events = tmp_path / "events.csv"
    events.write_text("event,user,at\nview_item,v-1,2026-11-20T10:00:00Z\n", encoding="utf-8")
    names = ("--map", "event=name,user=visitor_id,at=time", "--data", shop, "--dry-run")

    looked = run("import", "catalogue", table, "--data", shop, "--dry-run")
    read = run("import", "events", events, *names)

    assert looked[0] == read[0] == 0, read
    assert "1 products" in looked[1]
    assert all("Nothing was stored" in one[1] for one in (looked, read))
    assert "accepted" not in read[1]
    assert products(run, shop) == 0


def test_a_place_that_cannot_be_used_is_a_sentence_and_no_stack_trace(
    run: Run, shop: Path, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.touch()
    place = file / "below"

    made = run("init", place, "--name", "Noord", "--domain", "noord.example")
    backed_up = run("backup", shop, place)

    for code, _, errors in (made, backed_up):
        assert code == 1
        assert "not a directory" in errors
        assert "Traceback" not in errors
