"""What a shop puts into its pages: complete for each platform, and never with a secret that nobody asked for."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import get_args

import pytest

from etalage.api.tag import built
from etalage.cli.snippets import Platform, written
from etalage.collect.identity import signature_of
from etalage.errors import BadInput

KEY, BASE = "wk_0123456789abcdef", "https://etalage.noord.example"


@pytest.mark.parametrize("platform", get_args(Platform))
def test_each_platform_gets_its_tag_and_no_placeholder_is_left(platform: Platform) -> None:
    said = written(platform, key=KEY, base=BASE, shop="noord")

    assert f"{BASE}/tag/{KEY}.js" in said
    assert re.findall(r"\{\{[A-Z]+\}\}", said) == []


@pytest.mark.parametrize("platform", get_args(Platform))
def test_on_each_platform_the_page_waits_for_nothing_of_ours(platform: Platform) -> None:
    said = written(platform, key=KEY, base=BASE, shop="noord")
    if platform == "page":
        said = said.partition("Where no inline script is allowed")[0]  # which says what that costs

    assert ".blob() })" in said
    assert not re.search(rf"<script[^>]* (src|async)=|script src=.{re.escape(BASE)}", said)


@pytest.mark.parametrize("platform", ["woocommerce", "magento", "shopify", "lightspeed"])
def test_each_shop_platform_is_told_how_the_visitor_comes_into_the_order(
    platform: Platform,
) -> None:
    said = written(platform, key=KEY, base=BASE, shop="noord")

    assert "etalage_visitor" in said


def test_the_page_snippet_pins_the_bytes_and_names_what_a_policy_must_allow() -> None:
    said = written("page", key=KEY, base=BASE)

    assert f'integrity="{built().integrity}" crossorigin="anonymous"' in said
    for line in (f"connect-src {BASE}", "trusted-types etalage", f"script-src {BASE}"):
        assert line in said


def test_the_signature_of_the_snippets_is_the_one_that_intake_checks() -> None:
    said = written("woocommerce", key=KEY, base=BASE, shop="noord", secret="5e" * 32)
    message = re.search(r'"(noord\|[^"]*)"', said)
    assert message is not None
    filled = (
        message[1]
        .replace("$user", "17")
        .replace("$visitor", "v-1")
        .replace("$expires", "1795292584")
    )

    made = hmac.new(bytes.fromhex("5e" * 32), filled.encode(), hashlib.sha256).hexdigest()

    own = signature_of(
        bytes.fromhex("5e" * 32), shop="noord", user="17", visitor="v-1", expires=1795292584
    )
    assert own == f"1795292584.{made}"


def test_the_tag_manager_snippet_says_what_it_costs() -> None:
    assert "What it costs" in written("gtm", key=KEY, base=BASE)


@pytest.mark.parametrize(
    "base", ["etalage.example", 'https://x" onload=1', "javascript:alert(1)", ""]
)
def test_an_address_that_is_none_is_refused(base: str) -> None:
    with pytest.raises(BadInput):
        written("page", key=KEY, base=base)
