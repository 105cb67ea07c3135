"""WooCommerce's product export, in Dutch and in English; also on the sample that WooCommerce ships."""

from __future__ import annotations

from pathlib import Path

import pytest

from etalage.collect.feed import Feed, judge
from etalage.connect.catalogue.detect import detect, read
from etalage.connect.catalogue.settings import FeedSettings
from etalage.domain.product import Product
from etalage.errors import BadFeed

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "feeds" / "woocommerce_nl.csv"
SAMPLES = ROOT.parent / "shared" / "data" / "catalogue_woocommerce_sample"


def by_id(feed: Feed) -> dict[str, Product]:
    return {str(product.id): product for product in feed.products}


def test_dutch_headings_and_decimal_commas_are_read() -> None:
    feed = read(EXAMPLE, "auto", FeedSettings())

    assert detect(EXAMPLE) == "woocommerce"
    assert set(by_id(feed)) == {"TR", "20"}
    assert by_id(feed)["20"].offers[0].price == 102_500


def test_variations_find_their_product_by_sku_and_by_id_wherever_it_stands() -> None:
    jumper = by_id(read(EXAMPLE, "auto", FeedSettings()))["TR"]

    assert [(o.id, o.size, o.colour, o.price, o.sale_price) for o in jumper.offers] == [
        ("TR-M", "M", "Rood", 4_995, None),
        ("TR-L", "L", "Rood", 4_995, 3_995),
    ]
    assert jumper.title == "Trui"
    assert jumper.description == "Warm\nen zacht"
    assert jumper.image == "https://shop.example/tr.jpg"
    assert jumper.images == ("https://shop.example/tr2.jpg",)


def test_a_variation_may_share_its_products_stock_or_be_ordered_back() -> None:
    medium, large = by_id(read(EXAMPLE, "auto", FeedSettings()))["TR"].offers

    assert (medium.stock, medium.availability) == (4, "in_stock")
    assert (large.stock, large.availability, large.is_available) == (0, "backorder", True)


def test_categories_keep_their_escaped_commas() -> None:
    products = by_id(read(EXAMPLE, "auto", FeedSettings()))

    assert products["TR"].categories == (("Dames", "Truien"), ("Sale",))
    assert products["20"].categories == (("Bonnen, kaarten", "Cadeau"),)


def test_drafts_and_variations_without_a_product_are_left_out_with_their_reason() -> None:
    problems = read(EXAMPLE, "auto", FeedSettings()).problems

    assert [(p.row, p.reason) for p in problems] == [(5, "not_for_sale"), (6, "no_parent")]


def test_a_shop_whose_tag_sends_ids_gets_ids() -> None:
    feed = read(EXAMPLE, "auto", FeedSettings(identify_by="id"))

    assert set(by_id(feed)) == {"12", "20"}


def test_headings_in_another_language_ask_for_a_mapping(tmp_path: Path) -> None:
    path = tmp_path / "de.csv"
    path.write_text("ID,Typ,SKU,Bezeichnung,Preis\n1,simple,A,Jacke,10\n")
    mapping = {"Typ": "type", "Bezeichnung": "name", "Preis": "price"}

    with pytest.raises(BadFeed, match="--map COLUMN=type"):
        read(path, "woocommerce", FeedSettings())
    feed = read(path, "woocommerce", FeedSettings(mapping=mapping))

    assert by_id(feed)["A"].offers[0].price == 1_000


def sample(name: str) -> Path:
    path = SAMPLES / name
    if not path.exists():
        pytest.skip(f"{SAMPLES.name} is not beside this checkout")
    return path


def test_the_sample_of_25_rows_gives_22_products() -> None:
    feed = read(sample("sample_products.csv"), "auto", FeedSettings(currency="GBP"))

    judge(feed, None)
    products = by_id(feed)
    assert (feed.rows, len(products)) == (25, 22)  # 25 rows: 2 variations of a hoodie, 1 hidden
    assert [(o.id, o.colour, o.price) for o in products["woo-hoodie"].offers] == [
        ("woo-hoodie-blue", "Blue", 4_500),
        ("woo-hoodie-blue-logo", "Blue", 4_500),
    ]
    assert products["woo-beanie"].offers[0].price_at(0) == 1_800
    assert products["wp-pennant"].offers[0].price == 1_105
    assert {p.reason for p in feed.problems} == {"no_price", "not_for_sale"}


def test_a_shirt_with_five_pieces_that_is_said_to_be_out_of_stock_is_not_available() -> None:
    feed = read(sample("experimental_fashion_sample_9_products.csv"), "auto", FeedSettings())

    products = by_id(feed)
    assert len(products) == 9
    assert not products["woo-fasion-shirt-cream"].is_available
    assert products["woo-fasion-shirt"].offers[0].stock == 10


def test_wordpress_own_xml_is_refused_with_what_to_do() -> None:
    with pytest.raises(BadFeed, match="as CSV instead"):
        read(sample("sample_products.xml"), "auto", FeedSettings())
