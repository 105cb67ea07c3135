"""The range of Noord: everything is said in two languages, nothing twice, and the feed is what the texts make."""

from __future__ import annotations

from pathlib import Path

from etalage.simulate.catalogue import noord
from etalage.simulate.storefront import range as stock
from etalage.simulate.storefront.ink import mix
from etalage.simulate.storefront.range import plan, rows, styles
from etalage.simulate.storefront.shelves import Shelves, chosen, wish_of
from etalage.simulate.storefront.texts import leaflet, money, say, words

CATALOGUE = noord()
SHELVES = Shelves(CATALOGUE)


def test_every_product_of_the_feed_is_told_in_both_languages_and_no_two_alike() -> None:
    told = styles()

    assert set(told) == set(CATALOGUE.products)
    assert len(told) >= 300
    for place in (0, 1):
        assert len({one.title[place] for one in told.values()}) == len(told)
        assert len({one.description[place] for one in told.values()}) == len(told)
    assert all(one.description[0] != one.description[1] for one in told.values())
    assert all(40 <= len(text) <= 420 for one in told.values() for text in one.description)


def test_reviews_differ_within_a_product_and_not_everybody_is_pleased() -> None:
    opinions = [one.reviews for one in styles().values()]

    assert all(1 <= len(reviews) <= 6 for reviews in opinions)
    assert all(len({r.text for r in reviews}) == len(reviews) for reviews in opinions)
    assert all(len({r.who for r in reviews}) == len(reviews) for reviews in opinions)
    assert {r.stars for reviews in opinions for r in reviews} == {2, 3, 4, 5}
    assert all(20 <= len(text) <= 400 for reviews in opinions for r in reviews for text in r.text)


def test_the_feed_is_what_the_texts_make_with_the_fixed_seed() -> None:
    feed = Path(stock.__file__).parents[1] / "noord.csv"

    assert stock.written() == feed.read_text(encoding="utf-8")


def test_prices_and_stock_are_those_of_a_real_shop() -> None:
    written = list(rows())
    prices = [float(row["prijs"].replace(",", ".")) for row in written]
    stocks = [int(row["voorraad"]) for row in written]

    assert min(prices) >= 7
    assert max(prices) <= 400
    for row in written:
        assert not row["actieprijs"] or float(row["actieprijs"].replace(",", ".")) < float(
            row["prijs"].replace(",", ".")
        )
    assert 0.02 < stocks.count(0) / len(stocks) < 0.15
    assert 0.05 < sum(0 < n <= 3 for n in stocks) / len(stocks) < 0.3


def test_every_category_colour_and_text_has_its_english() -> None:
    parts = {part for p in CATALOGUE.products.values() for part in p.categories[0]}
    colours = {o.colour for p in CATALOGUE.products.values() for o in p.offers if o.colour}

    assert parts <= set(plan()["categories"])
    assert colours <= set(stock.dyes())
    assert set(words("nl")) == set(words("en"))
    for name in ("bezorgen", "reparatie", "maattabel", "maathulp", "contact", "privacy"):
        assert leaflet(name, "nl") != leaflet(name, "en")


def test_a_filter_keeps_only_what_can_be_bought_in_that_size_and_colour() -> None:
    coats = SHELVES.under(("Dames", "Jassen"))

    kept = chosen(coats, wish_of({"maat": ["M"], "kleur": ["okergeel"]}), 0)

    assert 0 < len(kept) < len(coats)
    for good in kept:
        assert any(o.size == "M" and o.colour == "okergeel" and o.is_available for o in good.offers)


def test_sorting_by_price_puts_the_cheapest_first_and_unknown_wishes_change_nothing() -> None:
    tents = SHELVES.under(("Kamperen",))

    prices = [g.price(0) for g in chosen(tents, wish_of({"sorteer": ["prijs"]}), 0)]

    assert prices == sorted(prices)
    assert chosen(tents, wish_of({"sorteer": ["boos"], "pagina": ["x"]}), 0) == tents


def test_a_search_finds_by_name_colour_and_english_and_names_come_first() -> None:
    assert SHELVES.search("poncho vlieland")[0].title("nl") == "Fietsponcho Vlieland"
    assert SHELVES.search("umbrella")
    assert all("okergeel" in good.colours for good in SHELVES.search("okergeel muts"))
    assert SHELVES.search("zeppelin") == []
    assert SHELVES.search("  ") == []


def test_a_text_put_into_a_sentence_is_not_read_as_a_pattern() -> None:
    assert say("nl", "search_none", q="{q}") == "Niets gevonden voor \u2018{q}\u2019"


def test_money_is_written_as_the_language_writes_it() -> None:
    assert money(17_900, "nl") == "€\xa0179,00"
    assert money(17_900, "en") == "€179.00"


def test_mixing_a_colour_with_itself_gives_it_back() -> None:
    for dye in ("#f0b400", "#1f7088", "#000000"):
        assert mix(dye, "#ffffff", 1.0) == dye
