"""Catalogues as tables: any CSV with `--map`, in the encodings and delimiters that spreadsheets write."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etalage.connect.catalogue.detect import detect, read
from etalage.connect.catalogue.settings import FeedSettings
from etalage.connect.catalogue.values import identifier, plain_text
from etalage.errors import BadFeed, Unknown

FEEDS = Path(__file__).resolve().parents[2] / "examples" / "feeds"
MAPPING = {
    "Artikel": "id",
    "Omschrijving kort": "title",
    "Bedrag": "price",
    "Aantal op voorraad": "stock",
    "Groep": "category",
    "Merk": "brand",
}


def file(tmp_path: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    path = tmp_path / "catalogue.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def titles(path: Path, **options: str) -> list[str]:
    return [product.title for product in read(path, "csv", FeedSettings(**options)).products]  # type: ignore[arg-type]


def test_a_dutch_spreadsheet_is_read_through_its_mapping() -> None:
    feed = read(FEEDS / "table.csv", "csv", FeedSettings(mapping=MAPPING))

    food, empty, basket = feed.products
    assert (food.id, food.brand, food.category) == ("A-1", "Brokx", "Hond > Voer")
    assert [product.offers[0].price for product in feed.products] == [2_495, 2_695, 103_450]
    assert [product.is_available for product in feed.products] == [True, False, True]
    assert (food.offers[0].stock, empty.is_available, basket.brand) == (12, False, None)


def test_plain_names_need_no_mapping(tmp_path: Path) -> None:
    path = file(tmp_path, 'sku,naam,prijs,voorraad,maat,kleur\nA,Jas,"79,95",3,M,geel\n')

    (product,) = read(path, "auto", FeedSettings()).products

    assert detect(path) == "csv"
    assert product.offers[0].price == 7_995
    assert product.sizes_available() == {"M"}


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    rows = [["id", "title", "price"], ["A", "Jas", "10"], ["B", "Muts", "5"]]

    assert titles(file(tmp_path, "\n".join(delimiter.join(row) for row in rows))) == ["Jas", "Muts"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_the_encoding_is_found(tmp_path: Path, encoding: str) -> None:
    path = file(tmp_path, "id;title;price\nA;Café Zoë €;10\n", encoding)

    assert titles(path) == ["Café Zoë €"]


def test_damaged_utf8_is_refused_rather_than_shown_as_gibberish(tmp_path: Path) -> None:
    good = "id;title;price\n" + "".join(f"{n};Café Zoë;10\n" for n in range(20))

    with pytest.raises(BadFeed, match="neither valid UTF-8"):
        read(file(tmp_path, good.encode() + b"A;Caf\xc3;10\n"), "csv", FeedSettings())


def test_a_binary_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFeed, match="not text"):
        read(file(tmp_path, b"id,title\n\x00\x01\x02"), "csv", FeedSettings())


@pytest.mark.parametrize(
    ("content", "why"),
    [("", "empty"), ("\n\n", "empty"), ("<!doctype html><p>Log in</p>", "web page")],
)
@pytest.mark.parametrize("format_name", ["auto", "csv", "merchant", "magento", "woocommerce"])
def test_an_empty_file_or_web_page_is_refused_in_every_format(
    tmp_path: Path, content: str, why: str, format_name: str
) -> None:
    with pytest.raises(BadFeed, match=why):
        read(file(tmp_path, content), format_name, FeedSettings())


def test_a_row_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    feed = read(file(tmp_path, "id,title,price\nA,Jas,10\nB,Mu"), "csv", FeedSettings())

    assert [product.id for product in feed.products] == ["A"]
    assert [(problem.row, problem.reason) for problem in feed.problems] == [(2, "cut_off")]


def test_a_row_with_too_many_cells_is_left_out(tmp_path: Path) -> None:
    feed = read(file(tmp_path, "id,title,price\nA,Jas, rood,10\nB,Muts,5\n"), "csv", FeedSettings())

    assert [product.id for product in feed.products] == ["B"]
    assert feed.problems[0].reason == "too_many_cells"


def test_a_quote_that_never_closes_is_refused(tmp_path: Path) -> None:
    content = 'id,title,price\nA,"Jas,10\n' + "B,Muts,5\n" * 200_000

    with pytest.raises(BadFeed, match="from line 2"):
        read(file(tmp_path, content), "csv", FeedSettings())


def test_a_field_that_does_not_exist_names_the_nearest() -> None:
    with pytest.raises(Unknown, match="did you mean 'price'"):
        read(FEEDS / "table.csv", "csv", FeedSettings(mapping=MAPPING | {"Bedrag": "prce"}))


def test_a_column_that_does_not_exist_names_the_nearest() -> None:
    with pytest.raises(Unknown, match="did you mean 'Bedrag'"):
        read(FEEDS / "table.csv", "csv", FeedSettings(mapping={"bedrag": "price"}))


def test_a_table_without_ids_says_how_to_name_them(tmp_path: Path) -> None:
    with pytest.raises(BadFeed, match="--map COLUMN=id"):
        read(file(tmp_path, "foo,title\n1,Jas\n"), "csv", FeedSettings())


def test_an_unknown_format_names_the_nearest() -> None:
    with pytest.raises(Unknown, match="did you mean 'magento'"):
        read(FEEDS / "table.csv", "magneto", FeedSettings())


@settings(max_examples=100)
@given(st.text(max_size=50))
def test_an_id_that_was_read_reads_the_same_again(text: str) -> None:
    name = identifier(text)

    assert name is None or identifier(name) == name


@settings(max_examples=100)
@given(st.text(alphabet="<>&;/abp script=\"'\n#x0", max_size=80))
def test_a_description_never_keeps_a_script(text: str) -> None:
    assert "alert(1)" not in plain_text(f"<script>alert(1)</script>{text}")
