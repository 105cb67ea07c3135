"""The guard of feeds: what may replace the catalogue in use, and what may not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etalage.collect.feed import (
    Feed,
    Problem,
    catalogue_of,
    judge,
    refuse_other_documents,
    version_of,
)
from etalage.domain.ids import ProductId
from etalage.domain.product import Availability, Offer, Product
from etalage.errors import BadFeed


def product(name: str, *, cents: int | None = 1_995, stock: Availability = "in_stock") -> Product:
    offer = Offer(id=name, price=cents, availability=stock)
    return Product(id=ProductId(name), title=f"Product {name}", offers=(offer,))


def feed(
    products: list[Product], problems: tuple[Problem, ...] = (), currency: str = "EUR"
) -> Feed:
    left_out = len({problem.row for problem in problems})
    return Feed(tuple(products), problems, len(products) + left_out, currency)


def shop(count: int, *, first: int = 1_000) -> list[Product]:
    return [product(f"P-{n}", cents=first + n) for n in range(count)]


def test_a_first_feed_of_a_shop_is_taken() -> None:
    judge(feed(shop(3)), None)


def test_a_feed_like_the_one_before_is_taken() -> None:
    judge(feed(shop(95)), catalogue_of(feed(shop(100))))


def test_a_feed_without_rows_is_refused() -> None:
    with pytest.raises(BadFeed, match="no rows"):
        judge(feed([]), None)


def test_a_feed_that_ends_in_the_middle_of_a_row_is_refused_however_little_is_missing() -> None:
    cut = feed(shop(999), (Problem(1_000, "cut_off"),))

    with pytest.raises(BadFeed, match="in the middle of row 1000"):
        judge(cut, catalogue_of(feed(shop(1_000))))


@pytest.mark.parametrize("kept", [70, 100, 500])
def test_a_feed_that_lost_at_most_thirty_percent_is_taken(kept: int) -> None:
    judge(feed(shop(kept)), catalogue_of(feed(shop(100))))


def test_a_feed_that_shrank_by_31_percent_is_refused_and_says_how_much() -> None:
    with pytest.raises(BadFeed, match=r"from 100 to 69 products \(31%\)"):
        judge(feed(shop(69)), catalogue_of(feed(shop(100))))


def test_a_shop_may_allow_more_shrinking() -> None:
    judge(feed(shop(40)), catalogue_of(feed(shop(100))), most_shrink=0.7)


def test_one_unreadable_row_does_not_condemn_a_small_feed() -> None:
    judge(feed(shop(2), (Problem(3, "no_title"),)), None)


def test_a_feed_of_which_a_fifth_is_unreadable_is_refused_with_the_usual_reason() -> None:
    problems = tuple(Problem(row, "no_title") for row in range(20))

    with pytest.raises(BadFeed, match=r"20 of 100 rows could not be read.*no_title"):
        judge(feed(shop(80), problems), None)


def test_a_feed_with_many_repeated_ids_is_refused() -> None:
    problems = tuple(Problem(row, "duplicate_id") for row in range(20))

    with pytest.raises(BadFeed, match="ids are not unique"):
        judge(feed(shop(80), problems), None)


def test_a_missing_price_is_no_unreadable_row() -> None:
    judge(feed(shop(5), tuple(Problem(row, "no_price") for row in range(1, 6))), None)


@pytest.mark.parametrize("cents", [None, 0])
def test_a_feed_without_a_single_price_is_refused(cents: int | None) -> None:
    with pytest.raises(BadFeed, match="no row has a readable price"):
        judge(feed([product(f"P-{n}", cents=cents) for n in range(30)]), None)


def test_a_feed_in_which_everything_costs_the_same_is_refused() -> None:
    with pytest.raises(BadFeed, match="the same price"):
        judge(feed([product(f"P-{n}", cents=100) for n in range(30)]), None)


def test_a_small_shop_may_have_one_price() -> None:
    judge(feed([product(f"P-{n}", cents=100) for n in range(5)]), None)


@pytest.mark.parametrize("factor", [100, 0.01])
def test_cents_taken_for_euros_are_refused(factor: float) -> None:
    before = [product(f"P-{n}", cents=100_000 + 500 * n) for n in range(50)]
    after = [product(f"P-{n}", cents=int((100_000 + 500 * n) * factor)) for n in range(50)]

    with pytest.raises(BadFeed, match="median price"):
        judge(feed(after), catalogue_of(feed(before)))


def test_another_currency_than_before_is_refused() -> None:
    with pytest.raises(BadFeed, match="from EUR to USD"):
        judge(feed(shop(50), currency="USD"), catalogue_of(feed(shop(50))))


def test_a_feed_in_which_suddenly_everything_is_sold_out_is_refused() -> None:
    after = [product(f"P-{n}", cents=1_000 + n, stock="out_of_stock") for n in range(50)]

    with pytest.raises(BadFeed, match="nothing is in stock"):
        judge(feed(after), catalogue_of(feed(shop(50))))


@pytest.mark.parametrize(
    "page",
    [
        b"<!DOCTYPE html><html>",
        b"\xef\xbb\xbf\n <HTML lang=nl>",
        b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body>',
    ],
)
def test_a_web_page_is_no_feed(page: bytes) -> None:
    with pytest.raises(BadFeed, match="web page"):
        refuse_other_documents(page)


@pytest.mark.parametrize("nothing", [b"", b" \n\t", b"\xef\xbb\xbf"])
def test_an_empty_file_is_no_feed(nothing: bytes) -> None:
    with pytest.raises(BadFeed, match="empty"):
        refuse_other_documents(nothing)


@settings(max_examples=50)
@given(st.permutations(shop(6)))
def test_the_order_of_the_rows_does_not_change_the_version(products: list[Product]) -> None:
    assert version_of(products, "EUR") == version_of(shop(6), "EUR")


def test_another_price_or_currency_is_another_version() -> None:
    versions = {
        version_of(shop(3), "EUR"),
        version_of(shop(3), "USD"),
        version_of(shop(3, first=1_001), "EUR"),
    }

    assert len(versions) == 3
    assert all(len(version) == 16 for version in versions)
