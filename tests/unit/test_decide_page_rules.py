"""Page rules: three plain kinds of rules, and pages on which nothing is ever shown."""

from __future__ import annotations

import fnmatch
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etalage.decide.page_rules import fits_page, fits_url, is_protected
from etalage.domain.context import Context
from etalage.domain.experience import PageRule, UrlRule


@pytest.mark.parametrize(
    ("page", "protected"),
    [
        (Context(page_type="checkout", url="/x"), True),
        (Context(page_type="account"), True),
        (Context(url="/nl/afrekenen/betaling?step=2"), True),
        (Context(url="https://shop.example/checkout"), True),
        (Context(url="/LOGIN.html"), True),
        (Context(url="/mijn-account/"), True),
        (Context(url="/p/login-mat"), False),
        (Context(url="/p/42?next=/checkout"), False),
        (Context(url="/", page_type="home"), False),
        (Context(url="/cart", page_type="cart"), False),
        (Context(), False),
    ],
)
def test_login_payment_and_checkout_are_protected(page: Context, protected: bool) -> None:
    assert is_protected(page) == protected


def test_a_shop_can_protect_more_pages() -> None:
    assert is_protected(Context(url="/zorgverlof/aanvraag"), frozenset({"aanvraag"}))


@pytest.mark.parametrize(
    ("kind", "rule", "url", "fits"),
    [
        ("exact", "/p/42", "/p/42?utm_source=x", True),
        ("exact", "/p/42", "/p/421", False),
        ("exact", "/p?id=1", "/p?id=1", True),
        ("exact", "/p?id=1", "/p?id=2", False),
        ("exact", "/p/42", "https://shop.example/p/42#a", True),
        ("prefix", "/hond/", "/hond/voer", True),
        ("prefix", "/hond/", "/hondenmand", False),
        ("glob", "/*/voer", "/hond/voer", True),
        ("glob", "/*/voer", "/hond/voer/nat", False),
        ("glob", "*-aanbieding*", "/a/zomer-aanbieding-2", True),
        ("glob", "/a*a", "/a", False),
        ("glob", "/[ab]", "/a", False),
        ("glob", "/?", "/a", False),
    ],
)
def test_a_rule_over_the_path(kind: str, rule: str, url: str, fits: bool) -> None:
    assert fits_url(UrlRule(kind, rule), url) == fits  # type: ignore[arg-type]


@given(st.text("ab*", max_size=8), st.text("ab", max_size=10))
def test_a_glob_means_what_it_means_elsewhere(pattern: str, path: str) -> None:
    expected = re.fullmatch(fnmatch.translate("/" + pattern), "/" + path) is not None

    assert fits_url(UrlRule("glob", "/" + pattern), "/" + path) == expected


def test_a_hostile_glob_takes_no_time() -> None:
    begun = time.process_time()

    assert not fits_url(UrlRule("glob", "/" + "a*" * 200 + "b"), "/" + "a" * 5_000)

    assert time.process_time() - begun < 0.5


def test_what_is_not_known_of_a_page_does_not_fit() -> None:
    assert not fits_page(PageRule(url=UrlRule("prefix", "/")), Context())
    assert not fits_page(PageRule(types=("home",)), Context())
    assert not fits_page(PageRule(under="Hond"), Context())
    assert fits_page(PageRule(), Context())


def test_all_parts_of_a_rule_must_hold() -> None:
    rule = PageRule(types=("product",), under="Hond > Voer")

    assert fits_page(rule, Context(page_type="product", category="Hond > Voer > Nat"))
    assert not fits_page(rule, Context(page_type="product", category="Hond > Voerbak"))
    assert not fits_page(rule, Context(page_type="category", category="Hond > Voer"))
