"""Magento's product export: configurable products, sizes and stock; also on Magento's own sample data."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest

from etalage.collect.feed import Feed, catalogue_of, judge
from etalage.connect.catalogue.detect import detect, read
from etalage.connect.catalogue.magento import attributes_in, categories
from etalage.connect.catalogue.settings import FeedSettings
from etalage.domain.product import Product
from etalage.domain.time import micros
from etalage.errors import BadFeed

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "feeds" / "magento.csv"
SAMPLE = ROOT.parent / "shared" / "data" / "catalogue_magento_apparel" / "products.csv"
IN_SALE = micros(datetime(2026, 11, 30, 22, tzinfo=UTC))  # 23:00 in Amsterdam, on the last day
AFTER_SALE = micros(datetime(2026, 11, 30, 23, tzinfo=UTC))


def by_id(feed: Feed) -> dict[str, Product]:
    return {str(product.id): product for product in feed.products}


def test_a_configurable_product_carries_its_sizes_colours_and_stock() -> None:
    coat = by_id(read(EXAMPLE, "auto", FeedSettings()))["J1"]

    assert [(o.id, o.size, o.colour, o.price, o.stock, o.availability) for o in coat.offers] == [
        ("J1-M-Geel", "M", "Geel", 7_995, 5, "in_stock"),
        ("J1-L-Geel", "L", "Geel", 7_995, 0, "out_of_stock"),
    ]
    assert coat.sizes_available() == {"M"}
    assert coat.labels["material"] == "Wol, katoen"


def test_the_category_is_the_deepest_without_its_root() -> None:
    coat = by_id(read(EXAMPLE, "auto", FeedSettings()))["J1"]

    assert coat.category == "Dames > Jassen"
    assert categories(r"Default Category/Broek\/Rok,Default Category") == (("Broek/Rok",),)


def test_a_store_view_changes_texts_and_nothing_else() -> None:
    coat = by_id(read(EXAMPLE, "auto", FeedSettings()))["J1"]

    assert (coat.title, coat.description, len(coat.offers)) == ("Regenjas", "Droog en warm", 2)


def test_a_store_view_that_is_not_there_leaves_the_default_texts() -> None:
    coat = by_id(read(EXAMPLE, "auto", FeedSettings(store_view="de")))["J1"]

    assert (coat.title, coat.description) == ("Raincoat", "Dry & warm")


def test_a_special_price_lasts_until_the_midnight_of_its_last_day() -> None:
    offer = by_id(read(EXAMPLE, "auto", FeedSettings()))["J1"].offers[1]

    assert (offer.price_at(IN_SALE), offer.price_at(AFTER_SALE)) == (6_995, 7_995)


def test_a_disabled_variant_and_one_that_is_not_in_the_file_are_noted() -> None:
    problems = read(EXAMPLE, "auto", FeedSettings()).problems

    assert {(p.reason, p.detail) for p in problems} == {
        ("not_for_sale", "J1-XL-Geel"),
        ("missing_variant", "J1-XXL-Geel"),
    }


def test_what_is_said_to_be_out_of_stock_is_so_whatever_was_counted() -> None:
    bag = by_id(read(EXAMPLE, "auto", FeedSettings()))["B1"]

    assert (bag.offers[0].price, bag.is_available) == (2_000, False)


def test_stock_that_is_not_managed_has_no_count() -> None:
    gift = by_id(read(EXAMPLE, "auto", FeedSettings()))["G1"].offers[0]

    assert (gift.stock, gift.is_available) == (None, True)


def test_relative_addresses_become_whole_ones_with_the_shops_address() -> None:
    bag = by_id(read(EXAMPLE, "auto", FeedSettings(base_url="https://shop.example/")))["B1"]

    assert bag.link == "https://shop.example/bag.html"
    assert bag.image == "https://shop.example/media/catalog/product/b/1.jpg"


def test_a_shop_that_sends_skus_of_variants_gets_a_product_per_variant() -> None:
    feed = read(EXAMPLE, "auto", FeedSettings(product_id="row"))

    assert set(by_id(feed)) == {"J1-M-Geel", "J1-L-Geel", "B1", "G1"}


def test_attributes_may_hold_commas_and_quotes() -> None:
    assert attributes_in('size=M,material=Wol, zijde,"color=Geel"') == {
        "size": "M",
        "material": "Wol, zijde",
        "color": "Geel",
    }


def test_a_file_without_magentos_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("sku,name\nA,Jas\n")

    with pytest.raises(BadFeed, match="product_type, price"):
        read(path, "magento", FeedSettings())


@pytest.fixture(scope="module")
def sample() -> Feed:
    if not SAMPLE.exists():
        pytest.skip(f"{SAMPLE.parent.name} is not beside this checkout")
    return read(SAMPLE, "auto", FeedSettings(currency="USD"))


def test_the_sample_gives_147_products_with_1847_variants(sample: Feed) -> None:
    judge(sample, None)

    assert detect(SAMPLE) == "magento"
    assert (sample.rows, len(sample.products), sample.problems) == (1_994, 147, ())
    assert sum(len(product.offers) for product in sample.products) == 1_847


def test_two_products_of_the_sample_as_read_by_eye(sample: Feed) -> None:
    products = by_id(sample)

    hoodie, trousers = products["MH01"], products["WP01"]
    assert (hoodie.title, len(hoodie.offers)) == ("Chaz Kangeroo Hoodie", 15)
    assert hoodie.sizes_available() == {"XS", "S", "M", "L", "XL"}
    assert {offer.colour for offer in hoodie.offers} == {"Black", "Gray", "Orange"}
    assert {(offer.price, offer.stock) for offer in hoodie.offers} == {(5_200, 100)}
    assert hoodie.category == "Men > Tops > Hoodies & Sweatshirts"
    assert hoodie.description.endswith("• Drawstring-adjustable hood.\n• Machine wash/dry.")
    assert trousers.sizes_available() == {"28", "29"}
    assert {offer.colour for offer in trousers.offers} == {"Black", "Gray", "White"}


def test_every_variant_of_the_sample_has_the_size_price_and_stock_of_its_row(sample: Feed) -> None:
    with SAMPLE.open(encoding="utf-8", newline="") as file:
        rows = {row["sku"]: row for row in csv.DictReader(file) if row["product_type"] == "simple"}

    for product in sample.products:
        for offer in product.offers:
            row = rows.pop(offer.id)
            assert f"size={offer.size}," in row["additional_attributes"] + ","
            assert f"color={offer.colour}," in row["additional_attributes"] + ","
            assert (offer.price, offer.stock) == (round(float(row["price"]) * 100), int(row["qty"]))
    assert not rows


def test_a_third_of_the_sample_missing_is_refused(sample: Feed) -> None:
    shrunk = Feed(sample.products[:100], (), 1_400, sample.currency)

    with pytest.raises(BadFeed, match="147 to 100"):
        judge(shrunk, catalogue_of(sample))
