"""Who is one person: only what the shop signed or its server said makes two browsers one, and it can be undone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from shop import NO, NOON, YES, Said, Shop, experience, identify, segment, skipped, track, view

from etalage.collect.identity import signature_of
from etalage.decide.token import issue_visitor_token
from etalage.domain.ids import PLACEHOLDERS
from etalage.domain.time import DAY, HOUR, MINUTE, SECOND

LOOKERS = {"did": "view_item", "times": {"at_least": 2}, "within": "30d"}


def token_of(shop: Shop, browser: str) -> str:
    return issue_visitor_token(browser, NOON, shop.ports.keys.secret("visitor"))


def signature(
    shop: Shop, user: str, browser: str, *, hours: int = 1, by: Shop | None = None
) -> str:
    return signature_of(
        (by or shop).ports.keys.secret("identify"),
        shop=shop.created.shop.id,
        user=user,
        visitor=browser,
        expires=(NOON + hours * HOUR) // SECOND,
    )


def signed_in(shop: Shop, browser: str, user: str, signed: object) -> dict[str, int]:
    """Let a browser say who she is, with what the shop's page gave it."""
    call = identify(browser, user, signature=signed)
    return shop.batch(call, key=shop.write_key, token=token_of(shop, browser))


def visitors_of(shop: Shop, browser: str) -> set[str]:
    return set(shop.person(browser).visitors)


def test_a_browser_that_the_shop_signed_in_is_hers(shop: Shop) -> None:
    for browser in ("phone", "laptop"):
        assert signed_in(shop, browser, "C-7", signature(shop, "C-7", browser)) == {"accepted": 1}

    assert visitors_of(shop, "phone") == {shop.key_of("phone"), shop.key_of("laptop")}
    assert [event.trust for event in shop.events("identify")] == ["signed", "signed"]


def test_a_browser_that_only_says_who_she_is_is_nobodys(shop: Shop) -> None:
    shop.batch(identify("laptop", "C-7"))
    good = signature(shop, "C-7", "phone")
    wrong: list[object] = [
        None,
        "",
        7,
        [good],
        good[:-1] + ("0" if good[-1] != "0" else "1"),
        good.upper(),
        "é" + good,
        good + "é",
        signature(shop, "C-7", "laptop"),  # of another browser
        signature(shop, "C-8", "phone"),  # of another customer
        signature(shop, "C-7", "phone", hours=-1),  # of an hour ago
        good.replace(good.partition(".")[0], "9" * 10),
    ]

    for signed in wrong:
        assert signed_in(shop, "phone", "C-7", signed) == {"accepted": 1}, signed

    assert visitors_of(shop, "phone") == {shop.key_of("phone")}
    assert {event.trust for event in shop.events("identify")} == {"confirmed", "claimed"}


def test_a_signature_is_of_no_use_without_the_token_of_that_browser(shop: Shop) -> None:
    shop.batch(identify("laptop", "C-7"))
    call = identify("phone", "C-7", signature=signature(shop, "C-7", "phone"))

    shop.batch(call, key=shop.write_key)
    shop.batch(call, key=shop.write_key, token=token_of(shop, "tablet"))

    assert visitors_of(shop, "phone") == {shop.key_of("phone")}
    assert visitors_of(shop, "laptop") == {shop.key_of("laptop")}


def test_what_a_browser_claims_of_itself_never_becomes_personal_data(shop: Shop) -> None:
    shop.batch(identify("phone", "C-7", email="k@noord.example"), key=shop.write_key)

    event = shop.events("identify")[0]
    assert (event.customer, event.personal) == (None, None)


def test_the_server_says_who_she_is(shop: Shop) -> None:
    shop.batch(identify("phone", "C-7"), identify("laptop", "C-7"))

    assert visitors_of(shop, "laptop") == {shop.key_of("phone"), shop.key_of("laptop")}


def test_an_alias_of_the_server_links_too(shop: Shop) -> None:
    alias = {"type": "alias", "previousId": "phone", "userId": "C-7", "context": {"consent": YES}}

    assert shop.batch(identify("laptop", "C-7"), alias) == {"accepted": 2}

    assert visitors_of(shop, "laptop") == {shop.key_of("phone"), shop.key_of("laptop")}


def test_a_mail_address_of_a_customer_leads_to_her(shop: Shop) -> None:
    shop.batch(identify("phone", "C-7", email="Karel@Noord.example"))
    shop.batch(identify("laptop", None, email=" karel@noord.EXAMPLE "))

    assert {shop.key_of("phone"), shop.key_of("laptop")} <= visitors_of(shop, "phone")


def test_one_device_knows_what_the_other_did(shop: Shop) -> None:
    shop.go_live(segment("lookers", LOOKERS), experience("hoi", segment="lookers"))
    shop.batch(view("S-1", "phone"), view("S-2", "laptop"))
    assert shop.ask("laptop")["decisions"] == []

    shop.batch(identify("phone", "C-7"), identify("laptop", "C-7"))

    for device in ("phone", "laptop"):
        assert [one["show"] for one in shop.ask(device)["decisions"]] == [True]


def test_unlinked_is_as_if_never_linked(shop: Shop) -> None:
    shop.batch(view("S-1", "phone"), view("S-2", "laptop"), identify("laptop", "C-7"))
    alone = shop.person("phone")
    hers = shop.person("laptop")

    shop.now += MINUTE
    shop.batch(identify("phone", "C-7"))
    assert shop.did("phone") == shop.did("laptop") == ["view_item", "view_item"]
    shop.now += MINUTE
    assert shop.batch(track("unlink", "phone")) == {"accepted": 1}

    after = shop.person("phone")
    assert (after.part, after.visitors, after.oldest) == (alone.part, alone.visitors, alone.oldest)
    assert (after.open, after.fold.consent) == (alone.open, alone.fold.consent)
    assert shop.person("laptop") == hers
    shop.batch(view("S-3", "phone"))
    assert shop.did("laptop") == ["view_item"]


def test_a_browser_used_by_two_belongs_to_the_one_who_signed_in_last(shop: Shop) -> None:
    shop.batch(identify("hers", "C-7"), identify("his", "C-8"), identify("shared", "C-7"))
    shop.now += MINUTE
    shop.batch(identify("shared", "C-8"))

    assert visitors_of(shop, "shared") == {shop.key_of("shared"), shop.key_of("his")}
    assert visitors_of(shop, "hers") == {shop.key_of("hers")}


def placeholders() -> Iterator[str]:
    yield from sorted(PLACEHOLDERS)
    yield from (" Guest ", "NULL", "Undefined")


@pytest.mark.parametrize("way", ["identify", "alias", "link"])
def test_what_systems_fill_in_for_nobody_links_nobody(shop: Shop, way: str) -> None:
    for number, user in enumerate(placeholders()):
        for browser in (f"a{number}", f"b{number}"):
            call: Said = identify(browser, user)
            if way == "alias":
                call |= {"type": "alias", "previousId": browser}
            if way == "link":
                call = track("link", browser, user=user)
            shop.batch(call, view("S-1", browser))

        assert shop.did(f"a{number}") == ["view_item"], user


def test_a_placeholder_is_no_visitor_either(shop: Shop) -> None:
    assert shop.batch(view("S-1", "undefined")) == {"quarantined: no_id": 1}

    shop.batch(view("S-1", None, user="C-7"))
    shop.go_live(segment("seen", {"did": "view_item", "within": "30d"}), experience("hoi", segment="seen"))  # fmt: skip
    answer = shop.ask("undefined", userId="C-7")  # the browser knows no id, the shop knows hers
    assert [one["show"] for one in answer["decisions"]] == [True]


def test_more_than_twenty_browsers_are_no_person(shop: Shop) -> None:
    for number in range(20):
        shop.now += DAY if number == 10 else 0  # no more than ten a day
        shop.batch(identify(f"b{number}", "C-7"), view("S-1", f"b{number}"))
    assert len(shop.did("b0")) == 20
    shop.now += DAY

    shop.batch(identify("b20", "C-7"), view("S-1", "b20"))

    assert shop.person("b0").quarantined
    assert shop.did("b0") == shop.did("b20") == ["view_item"]
    # Nobody's consent speaks for somebody who stands alone.
    assert shop.batch(view("S-1", None, user="C-7", consent=None)) == {"refused: no_consent": 1}
    shop.now += MINUTE
    shop.ask("b20", consent=NO)
    assert shop.did("b0") == ["view_item"]


def test_a_number_that_everybody_sends_links_ten_visitors_a_day_and_no_more(shop: Shop) -> None:
    said = [identify(f"b{number}", "C-7") for number in range(13)]

    assert shop.batch(*said[:12]) == {"accepted": 10, "quarantined: merge_limit": 2}
    assert shop.batch(said[12]) == {"quarantined: merge_limit": 1}
    assert shop.batch(identify("b3", "C-7"), identify("x", "C-8")) == {"accepted": 2}
    assert len(shop.ports.profiles.linked_to(shop.key_of("C-7", "user"))) == 10

    shop.now += DAY
    assert shop.batch(identify("b13", "C-7")) == {"accepted": 1}


def test_a_customer_is_known_by_her_number_alone(shop: Shop) -> None:
    bar = experience("hoi", segment="lookers", form="bar", caps=[])
    shop.go_live(segment("lookers", LOOKERS), bar)
    shop.batch(identify("phone", "C-7"), view("S-1", "phone"), view("S-2", "phone"))

    assert [one["show"] for one in shop.ask(None, userId="C-7")["decisions"]] == [True]
    shop.now += MINUTE
    answer = shop.ask(None, userId="C-7", consent={"personalise": False}, explain=True)
    assert skipped(answer) == {"hoi": "no_consent"}
    assert shop.did("phone") == []
