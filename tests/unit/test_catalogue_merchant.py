"""Google's merchant feeds, XML and TSV, as shops write them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from etalage.collect.feed import Feed
from etalage.connect.catalogue.detect import detect, read
from etalage.connect.catalogue.settings import FeedSettings
from etalage.domain.product import Offer, Product
from etalage.domain.time import micros
from etalage.errors import BadFeed

FEEDS = Path(__file__).resolve().parents[2] / "examples" / "feeds"
IN_SALE = micros(datetime(2026, 11, 25, tzinfo=UTC))
AFTER_SALE = micros(datetime(2026, 12, 1, tzinfo=UTC))


def rss(tmp_path: Path, *items: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "feed.xml"
    text = (
        f'<?xml version="1.0" encoding="{encoding}"?><rss xmlns:g="http://base.google.com/ns/1.0"><channel>'
        + "".join(f"<item>{item}</item>" for item in items)
        + "</channel></rss>"
    )
    path.write_bytes(text.encode(encoding))
    return path


def item(name: str = "A", **attributes: str) -> str:
    told = {"id": name, "title": f"Product {name}", "price": "10.00 EUR", **attributes}
    return "".join(f"<g:{key}>{value}</g:{key}>" for key, value in told.items())


def only(feed: Feed) -> tuple[Product, Offer]:
    (product,) = feed.products
    (offer,) = product.offers
    return product, offer


def reasons(feed: Feed) -> list[tuple[int, str]]:
    return [(problem.row, problem.reason) for problem in feed.problems]


def test_rows_of_one_item_group_are_one_product_with_its_sizes() -> None:
    feed = read(FEEDS / "merchant.xml", "auto", FeedSettings())

    coat, hat = feed.products
    assert (coat.id, coat.title, feed.rows, feed.currency) == ("S-42", "Regenjas Noord", 3, "EUR")
    assert [(o.id, o.size, o.colour, o.availability) for o in coat.offers] == [
        ("S-42-M", "M", "geel", "in_stock"),
        ("S-42-L", "L", "geel", "out_of_stock"),
    ]
    assert coat.sizes_available() == {"M"}
    assert coat.category == "Dames > Jassen > Regenjassen"
    assert coat.description == "Waterdicht & warm."
    assert coat.images == ("https://shop.example/i/42b.jpg", "https://shop.example/i/42c.jpg")
    assert (coat.gender, coat.labels["custom_label_0"]) == ("female", "marge-hoog")
    assert (hat.offers[0].price, hat.is_available) == (1_995, False)
    assert feed.problems == ()


def test_a_shop_whose_tag_sends_row_ids_gets_a_product_per_row() -> None:
    feed = read(FEEDS / "merchant.xml", "merchant", FeedSettings(product_id="row"))

    assert [product.id for product in feed.products] == ["S-42-M", "S-42-L", "T-7"]


def test_a_sale_price_counts_only_within_its_period() -> None:
    coat = read(FEEDS / "merchant.xml", "auto", FeedSettings()).products[0]

    assert (coat.price_at(IN_SALE), coat.price_at(AFTER_SALE)) == (7_995, 8_995)


def test_the_shipping_price_is_not_the_price() -> None:
    coat = read(FEEDS / "merchant.xml", "auto", FeedSettings()).products[0]

    assert coat.offers[0].price == 8_995


def test_a_tsv_with_spaces_in_its_names_reads_as_the_xml_does() -> None:
    feed = read(FEEDS / "merchant.tsv", "auto", FeedSettings())

    coat, hat = feed.products
    assert detect(FEEDS / "merchant.tsv") == "merchant"
    assert [(o.id, o.size, o.availability) for o in coat.offers] == [
        ("S-42-M", "M", "in_stock"),
        ("S-42-L", "L", "out_of_stock"),
    ]
    assert coat.categories == (("Dames", "Jassen"), ("Dames", "Regen"))
    assert coat.images == ("https://shop.example/i/42b.jpg", "https://shop.example/i/42c,d.jpg")
    assert hat.title == 'Muts Duin 12" breed'


def test_an_atom_feed_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "feed.xml"
    path.write_text(
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0"><title>x</title>'
        '<entry><g:id>A</g:id><title>Jas</title><link href="https://shop.example/a"/>'
        "<g:price>10 EUR</g:price><g:availability>in stock</g:availability></entry></feed>"
    )

    product, offer = only(read(path, "auto", FeedSettings()))

    assert (product.title, product.link, offer.price) == ("Jas", "https://shop.example/a", 1_000)


@pytest.mark.parametrize(
    "text", ["NaN EUR", "-5.00 EUR", "0 EUR", "1e308", "99999999999999 EUR", "gratis"]
)
def test_an_impossible_price_is_unknown_and_noted(tmp_path: Path, text: str) -> None:
    feed = read(rss(tmp_path, item(price=text)), "auto", FeedSettings())

    assert only(feed)[1].price is None
    assert reasons(feed) == [(1, "bad_price")]


def test_a_missing_price_is_unknown_and_noted(tmp_path: Path) -> None:
    feed = read(rss(tmp_path, item(price="")), "auto", FeedSettings())

    assert only(feed)[1].price is None
    assert reasons(feed) == [(1, "no_price")]


def test_a_sale_price_above_the_price_is_not_promised(tmp_path: Path) -> None:
    feed = read(rss(tmp_path, item(sale_price="12.00 EUR")), "auto", FeedSettings())

    assert only(feed)[1].sale_price is None
    assert reasons(feed) == [(1, "bad_sale_price")]


def test_a_sale_with_an_unreadable_period_is_not_promised(tmp_path: Path) -> None:
    told = item(sale_price="9.00 EUR", sale_price_effective_date="soon/later")
    feed = read(rss(tmp_path, told), "auto", FeedSettings())

    assert only(feed)[1].sale_price is None
    assert reasons(feed) == [(1, "bad_period")]


def test_an_amount_in_another_currency_than_the_rest_is_unknown(tmp_path: Path) -> None:
    feed = read(rss(tmp_path, item("A"), item("B", price="10.00 USD")), "auto", FeedSettings())

    assert [product.offers[0].price for product in feed.products] == [1_000, None]
    assert (feed.currency, reasons(feed)) == ("EUR", [(2, "other_currency")])


def test_of_two_rows_with_one_id_the_first_counts(tmp_path: Path) -> None:
    feed = read(rss(tmp_path, item("A"), item("A", price="12.00 EUR")), "auto", FeedSettings())

    assert only(feed)[1].price == 1_000
    assert reasons(feed) == [(2, "duplicate_id")]


def test_one_bad_row_leaves_its_neighbours(tmp_path: Path) -> None:
    feed = read(
        rss(tmp_path, item("A"), item("", title="x"), item("C", title=" ")), "auto", FeedSettings()
    )

    assert [product.id for product in feed.products] == ["A"]
    assert reasons(feed) == [(2, "no_id"), (3, "no_title")]


@pytest.mark.parametrize("name", ["jas 🧥 maat M", "👩‍👩‍👧", "1004856123", "ä/b?c=d", "0001"])
def test_unusual_ids_are_kept_as_they_are(tmp_path: Path, name: str) -> None:
    feed = read(rss(tmp_path, item(name)), "auto", FeedSettings())

    assert only(feed)[0].id == name


def test_an_id_with_a_control_character_or_without_end_is_refused(tmp_path: Path) -> None:
    feed = read(rss(tmp_path, item("a&#9;b"), item("x" * 300)), "auto", FeedSettings())

    assert reasons(feed) == [(1, "bad_id"), (2, "bad_id")]


@pytest.mark.parametrize(
    ("text", "available"),
    [
        ("in stock", True),
        ("In_Stock", True),
        ("http://schema.org/InStock", True),
        ("op voorraad", True),
        ("backorder", True),
        ("out of stock", False),
        ("uitverkocht", False),
        ("preorder", False),
        ("wie weet", False),
    ],
)
def test_availability_is_read_in_old_new_and_dutch_spelling(
    tmp_path: Path, text: str, available: bool
) -> None:
    feed = read(rss(tmp_path, item(availability=text)), "auto", FeedSettings())

    assert only(feed)[0].is_available is available
    assert bool(feed.problems) is (text == "wie weet")


def test_a_stock_count_beside_out_of_stock_is_not_believed(tmp_path: Path) -> None:
    feed = read(
        rss(tmp_path, item(availability="out of stock", quantity="7")), "auto", FeedSettings()
    )

    assert not only(feed)[0].is_available


def test_a_feed_in_windows_1252_is_read_as_it_says(tmp_path: Path) -> None:
    feed = read(rss(tmp_path, item(title="Café"), encoding="cp1252"), "auto", FeedSettings())

    assert only(feed)[0].title == "Café"


def test_a_feed_in_another_encoding_than_it_says_is_refused(tmp_path: Path) -> None:
    path = rss(tmp_path, item(title="Café"), encoding="cp1252")
    path.write_bytes(path.read_bytes().replace(b"cp1252", b"utf-8"))

    with pytest.raises(BadFeed, match="not in the encoding"):
        read(path, "auto", FeedSettings())


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
def test_a_feed_that_was_cut_off_is_refused(tmp_path: Path, share: float) -> None:
    path = rss(tmp_path, *(item(str(n)) for n in range(10, 40)))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])

    with pytest.raises(BadFeed, match="cut off"):
        read(path, "auto", FeedSettings())


def test_nesting_deeper_than_64_levels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFeed, match="64 levels"):
        read(rss(tmp_path, "<a>" * 70 + "</a>" * 70), "auto", FeedSettings())


def test_a_billion_laughs_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "feed.xml"
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(10))
    path.write_text(f"<!DOCTYPE rss [{entities}]><rss><item><id>&l9;</id></item></rss>")

    with pytest.raises(BadFeed, match="document type or entities"):
        read(path, "auto", FeedSettings())


def test_a_feed_cannot_read_our_files(tmp_path: Path) -> None:
    path = tmp_path / "feed.xml"
    path.write_text(
        '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><item><id>&x;</id></item></rss>'
    )

    with pytest.raises(BadFeed, match="document type or entities"):
        read(path, "auto", FeedSettings())


def test_a_long_feed_is_read_item_by_item(tmp_path: Path) -> None:
    feed = read(rss(tmp_path, *(item(f"P-{n}") for n in range(3_000))), "auto", FeedSettings())

    assert (feed.rows, len(feed.products)) == (3_000, 3_000)
