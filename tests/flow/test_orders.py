"""How an order of the shop's server finds the visitor who placed it."""

from __future__ import annotations

from collections import Counter

from shop import NOON, YES, Opening, Said, Shop, experience, identify, order, track, view

from etalage.decide.token import issue_visitor_token
from etalage.domain.ids import IdentifierKind
from etalage.domain.time import DAY, HOUR, MINUTE
from etalage.flow import nightly
from etalage.flow.report import report_all
from etalage.measure.shape import to_json
from etalage.unify.batch import view_statements

CUSTOMER: tuple[str, IdentifierKind] = ("C-7", "user")  # known by her number alone


def claim(shop: Shop, browser: str, number: str, **said: object) -> dict[str, int]:
    """Let a browser's thank-you page say which order it placed."""
    token = issue_visitor_token(browser, NOON, shop.ports.keys.secret("visitor"))
    call = order(number, browser, total="1,00", **said)
    return shop.batch(call, key=shop.write_key, token=token)


def found(shop: Shop) -> dict[str, tuple[str | None, str]]:
    """Tell of each order whose it is and how it was found, as the warehouse sees it."""
    with shop.ports.warehouse.session() as questions:
        for statement in view_statements():
            questions.prepare(statement)
        rows = questions.ask("SELECT transaction, visitor, how FROM orders").rows
    return {str(number): (None if who is None else str(who), str(how)) for number, who, how in rows}


def bought(shop: Shop, visitor: str) -> int:
    """Count the orders that a profile knows of."""
    return Counter(shop.did(visitor))["purchase"]


def reported(shop: Shop) -> Said:
    return to_json(report_all(shop.ports, now=shop.now)[0])


def test_an_order_that_names_our_visitor_is_hers(shop: Shop) -> None:
    shop.batch(order("A-1", "karel"))

    assert found(shop) == {"A-1": (shop.key_of("karel"), "visitor")}
    assert bought(shop, "karel") == 1


def test_a_browser_that_placed_the_order_says_who_and_the_server_says_how_much(shop: Shop) -> None:
    assert claim(shop, "karel", "A-1") == {"accepted": 1}
    assert bought(shop, "karel") == 0

    shop.batch(order("A-1", None))

    assert found(shop) == {"A-1": (shop.key_of("karel"), "claim")}
    recents = shop.person("karel").part.recents  # type: ignore[union-attr]
    assert [(one.name, one.value) for one in recents] == [("purchase", 5000)]


def test_the_browser_may_be_later_than_the_server(shop: Shop) -> None:
    shop.batch(order("A-1", None))
    shop.now += 23 * HOUR

    assert claim(shop, "karel", "A-1") == {"accepted": 1}

    assert found(shop) == {"A-1": (shop.key_of("karel"), "claim")}
    assert bought(shop, "karel") == 1


def test_a_claim_of_another_day_finds_nothing(shop: Shop) -> None:
    shop.batch(order("A-1", None))
    shop.now += DAY + MINUTE

    claim(shop, "karel", "A-1")

    assert found(shop) == {"A-1": (None, "none")}
    assert bought(shop, "karel") == 0


def test_an_order_of_a_known_customer_is_hers(shop: Shop) -> None:
    shop.batch(view("S-1", "phone"), identify("phone", "C-7"))

    shop.batch(order("A-1", None, user="C-7"))

    assert found(shop) == {"A-1": (shop.key_of("C-7", "user"), "identifier")}
    assert sorted(shop.did("phone")) == ["purchase", "view_item"]


def test_a_second_browser_that_claims_an_order_is_refused(shop: Shop) -> None:
    claim(shop, "karel", "A-1")

    assert claim(shop, "thief", "A-1") == {"refused: conflicting_claim": 1}
    assert claim(shop, "karel", "A-1") == {"duplicate": 1}
    shop.batch(order("A-1", None))
    assert claim(shop, "thief", "A-1") == {"refused: conflicting_claim": 1}

    assert found(shop) == {"A-1": (shop.key_of("karel"), "claim")}
    assert bought(shop, "thief") == 0


def test_two_browsers_that_claim_one_order_in_one_call_are_told_apart(shop: Shop) -> None:
    both = [order("A-1", "karel"), order("A-1", "thief")]

    assert shop.batch(*both, key=shop.write_key) == {"accepted": 1, "refused: conflicting_claim": 1}


def test_a_browsers_order_is_never_money(shop: Shop) -> None:
    shop.go_live(experience("hoi"))

    claim(shop, "karel", "A-1")

    assert found(shop) == {}
    assert reported(shop)["orders_by_way"] == {}


def test_a_shop_without_server_orders_may_count_what_browsers_say_once(opening: Opening) -> None:
    shop = opening(orders="browser")

    assert claim(shop, "karel", "A-1") == {"accepted": 1}
    assert claim(shop, "thief", "A-1") == {"duplicate": 1}

    assert found(shop) == {"A-1": (shop.key_of("karel"), "visitor")}
    assert [event.trust for event in shop.events("purchase")] == ["claimed"]


def test_an_order_counts_once_however_often_and_by_whom_it_is_told(shop: Shop) -> None:
    assert shop.batch(order("A-1", "karel")) == {"accepted": 1}

    assert shop.batch(order("A-1", "karel"), order("A-1", "fatima")) == {"duplicate": 2}
    assert shop.batch(order("A-1", None, user="C-7")) == {"duplicate": 1}

    assert (bought(shop, "karel"), bought(shop, "fatima")) == (1, 0)


def test_an_order_that_was_given_to_the_customer_moves_to_the_browser_that_claims_it(
    shop: Shop,
) -> None:
    shop.batch(view("S-1", None, user="C-7"))
    shop.batch(order("A-1", None, user="C-7", consent=YES))
    assert sorted(shop.did(*CUSTOMER)) == ["purchase", "view_item"]

    claim(shop, "karel", "A-1")
    assert shop.ports.profiles.marked() == {shop.key_of(*CUSTOMER)}
    assert nightly.repair(shop.night()) == 1

    assert shop.ports.profiles.marked() == frozenset()
    assert shop.did(*CUSTOMER) == ["view_item"]
    assert bought(shop, "karel") == 1
    assert found(shop) == {"A-1": (shop.key_of("karel"), "claim")}


def test_an_order_of_a_customer_stays_one_when_her_own_browser_claims_it(shop: Shop) -> None:
    shop.batch(identify("phone", "C-7"))
    shop.batch(order("A-1", None, user="C-7", consent=YES))
    claim(shop, "phone", "A-1")

    nightly.repair(shop.night())

    assert bought(shop, "phone") == 1


def test_the_report_says_which_share_of_the_orders_found_somebody(shop: Shop) -> None:
    shop.go_live(experience("hoi"))
    shop.now += MINUTE
    orders: list[Said] = [
        order("A-1", "karel"),
        order("A-2", None),
        order("A-3", None),
        order("A-4", None, user="C-7", consent=YES),
        order("A-5", "jip", consent=None),
    ]
    shop.batch(*orders)
    claim(shop, "fatima", "A-2")

    report = reported(shop)

    assert report["orders_by_way"] == {"visitor": 1, "claim": 1, "identifier": 1, "none": 2}
    assert report["joined_share"] == 3 / 5


def test_a_refund_is_told_by_the_server_only(shop: Shop) -> None:
    shop.batch(order("A-1", "karel"))

    assert shop.batch(track("Order Refunded", order_id="A-1", total=50)) == {"accepted": 1}
    assert shop.batch(track("Order Refunded", order_id="A-1"), key=shop.write_key) == {
        "refused: not_from_browser": 1
    }


def test_an_order_without_a_number_is_set_aside(shop: Shop) -> None:
    call = order("A-1")
    del call["properties"]["order_id"]

    assert shop.batch(call) == {"quarantined: bad_field": 1}
