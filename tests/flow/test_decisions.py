"""From a question of a page to an answer: who gets what, who is kept from it, and why nothing happened."""

from __future__ import annotations

import pytest
from shop import (  # fmt: skip
    NO,
    NOON,
    YES,
    Opening,
    Said,
    Shop,
    by_experience,
    experience,
    identify,
    names,
    segment,
    skipped,
    track,
    view,
)

from etalage.decide.replay import read_record
from etalage.decide.token import issue_visitor_token, read_visitor_token
from etalage.domain.ids import ProductId
from etalage.domain.product import Catalogue, Offer, Product
from etalage.domain.time import DAY, HOUR, MINUTE
from etalage.flow import publish

HALF = {"kind": "split", "control": 0.5}
BAR: Said = {"form": "bar", "caps": []}


def triggered(token: object, visitor: str = "karel", **said: object) -> Said:
    return track("triggered", visitor, token=token, **said)


def token_of(shop: Shop, browser: str) -> str:
    return issue_visitor_token(browser, NOON, shop.ports.keys.secret("visitor"))


def known(shop: Shop, *visitors: str) -> None:
    shop.batch(*(view("S-1", visitor) for visitor in visitors))


def test_half_of_the_people_are_kept_from_it_and_nothing_tells_them_what(shop: Shop) -> None:
    shop.go_live(experience("hoi", allocation=HALF))
    people = [f"v{number}" for number in range(60)]
    known(shop, *people)

    arms: dict[str, list[Said]] = {"a": [], "control": []}
    for visitor in people:
        entry = by_experience(shop.ask(visitor))["hoi"]
        arms[entry["variant"]].append(entry)
        assert by_experience(shop.ask(visitor))["hoi"]["variant"] == entry["variant"]

    assert 15 < len(arms["control"]) < 45
    assert all(one["show"] and one["content"]["blocks"] and one["why"] for one in arms["a"])
    for ghost in arms["control"]:
        assert ghost["show"] is False
        assert {"content", "why", "products"}.isdisjoint(ghost)
        assert (ghost["trigger"], ghost["propensity"]) == ({"on": "load"}, 0.5)


def test_the_moment_counts_in_every_arm_alike(shop: Shop) -> None:
    shop.go_live(experience("hoi", allocation=HALF))
    people = [f"v{number}" for number in range(20)]
    known(shop, *people)

    seen = set()
    for visitor in people:
        entry = by_experience(shop.ask(visitor))["hoi"]
        seen.add(entry["variant"])
        assert shop.batch(triggered(entry["id"], visitor)) == {"accepted": 1}
        shown = shop.events("triggered")[-1].shown
        assert shown is not None
        assert (shown.experience, shown.arm) == ("hoi", entry["variant"])

    assert seen == {"a", "control"}


def test_the_holdout_gets_nothing_and_is_counted_all_the_same(opening: Opening) -> None:
    shop = opening(holdout_share=0.999999)
    shop.go_live(experience("hoi"))
    known(shop, "karel")

    answer = shop.ask("karel", explain=True)

    assert [(one["show"], one["variant"]) for one in answer["decisions"]] == [(False, "holdout")]
    assert skipped(answer) == {"hoi": "in_holdout"}
    assert shop.batch(triggered(answer["decisions"][0]["id"])) == {"accepted": 1}


def test_the_token_of_somebody_else_counts_for_nobody(shop: Shop) -> None:
    shop.go_live(experience("hoi"))
    known(shop, "karel", "fatima")
    hers = by_experience(shop.ask("fatima"))["hoi"]["id"]
    altered = hers[:-1] + ("A" if hers[-1] != "A" else "B")

    for token in (hers, altered, "d-", "", None, 7, hers + "=", hers.upper(), "d-" + "A" * 600):
        assert shop.batch(triggered(token)) == {"refused: invalid_token": 1}, token
    for event in ("view_promotion", "select_promotion"):
        assert shop.batch(track(event, token=hers)) == {"refused: invalid_token": 1}
        assert shop.batch(track(event, promotion_id="summer")) == {"accepted": 1}  # the shop's own

    assert shop.events("triggered") == []


def test_a_browser_tells_of_its_moment_with_its_two_tokens(shop: Shop) -> None:
    shop.go_live(experience("hoi"))
    token = token_of(shop, "phone")
    answer = shop.ask(None, key=shop.write_key, visitorToken=token, consent=YES)
    entry = by_experience(answer)["hoi"]

    moment = triggered(entry["id"], "anything")
    assert shop.batch(moment, key=shop.write_key) == {"refused: invalid_token": 1}
    assert shop.batch(moment, key=shop.write_key, token=token) == {"accepted": 1}


def test_it_comes_no_more_often_than_its_cap(shop: Shop) -> None:
    shop.go_live(experience("hoi", caps=[{"times": 2, "per": "day"}]))
    known(shop, "karel")

    for _ in range(2):
        entry = by_experience(shop.ask("karel"))["hoi"]
        shop.batch(triggered(entry["id"]))
    answer = shop.ask("karel", explain=True)
    assert (answer["decisions"], skipped(answer)) == ([], {"hoi": "capped"})

    shop.now += DAY
    assert "hoi" in by_experience(shop.ask("karel"))


def test_a_ghost_uses_up_its_cap_like_the_message(shop: Shop) -> None:
    never = {"kind": "split", "control": 0.999999}
    shop.go_live(experience("hoi", allocation=never, caps=[{"times": 1, "per": "session"}]))
    known(shop, "karel")
    ghost = by_experience(shop.ask("karel"))["hoi"]
    assert ghost["variant"] == "control"

    shop.batch(triggered(ghost["id"]))

    assert skipped(shop.ask("karel", explain=True)) == {"hoi": "capped"}


def test_a_place_holds_one_message_and_the_other_lost_to_it(shop: Shop) -> None:
    first, second = experience("first", priority=80, **BAR), experience("second", **BAR)
    shop.go_live(first, second)
    known(shop, "karel")

    answer = shop.ask("karel", explain=True)

    assert list(by_experience(answer)) == ["first"]
    assert skipped(answer) == {"second": "lost_to:first"}


def test_a_ghost_keeps_nobody_from_the_place(shop: Shop) -> None:
    never = {"kind": "split", "control": 0.999999}
    shop.go_live(experience("first", priority=80, allocation=never, **BAR), experience("second", **BAR))  # fmt: skip
    known(shop, "karel")

    answer = by_experience(shop.ask("karel"))

    assert {name: one["show"] for name, one in answer.items()} == {"first": False, "second": True}


def test_an_arm_stays_hers_when_the_shares_change(shop: Shop) -> None:
    shop.go_live(experience("hoi"))
    known(shop, "karel")
    shop.batch(triggered(by_experience(shop.ask("karel"))["hoi"]["id"]))

    shop.now += HOUR
    shop.go_live(experience("hoi", allocation={"kind": "split", "control": 0.999999}))

    known(shop, "fatima")
    assert by_experience(shop.ask("karel"))["hoi"]["variant"] == "a"
    assert by_experience(shop.ask("fatima"))["hoi"]["variant"] == "control"


def test_a_person_has_one_arm_on_all_her_devices(shop: Shop) -> None:
    shop.go_live(experience("hoi", allocation=HALF))
    for number in range(12):
        devices = (f"phone{number}", f"laptop{number}")
        for device in devices:
            shop.batch(view("S-1", device), identify(device, f"C-{number}0"))
            shop.now += MINUTE

        arms = {by_experience(shop.ask(device))["hoi"]["variant"] for device in devices}
        assert len(arms) == 1


def test_reasons_are_told_to_the_shop_and_to_nobody_else(shop: Shop) -> None:
    shop.go_live(segment("buyers", {"did": "purchase", "within": "30d"}), experience("hoi", segment="buyers"))  # fmt: skip
    known(shop, "karel")
    token = token_of(shop, "phone")

    assert skipped(shop.ask("karel", explain=True)) == {"hoi": "not_in_segment"}
    assert "skipped" not in shop.ask("karel")
    assert "skipped" not in shop.ask(None, key=shop.write_key, visitorToken=token, consent=YES, explain=True)  # fmt: skip


@pytest.mark.parametrize(
    "page",
    [
        {"type": "checkout", "url": "https://noord.example/"},
        {"type": "account", "url": "https://noord.example/"},
        {"url": "https://noord.example/nl/checkout/payment?step=2"},
        {"url": "/kassa"},
        {"url": "/Mijn-Account/orders"},
    ],
)
def test_nothing_is_shown_where_people_pay_or_sign_in(shop: Shop, page: Said) -> None:
    shop.go_live(experience("hoi"))
    known(shop, "karel")

    answer = shop.ask("karel", page=page, explain=True)

    assert (answer["decisions"], skipped(answer)) == ([], {"hoi": "protected_page"})


def test_the_record_of_a_decision_keeps_of_the_page_no_more_than_an_event_would(shop: Shop) -> None:
    shop.ports.records.put_catalogue(
        Catalogue("1", "EUR", {ProductId("S-1"): Product(ProductId("S-1"), "Gele regenjas")}),
        source="feed", actor="ann", now=NOON,
    )  # fmt: skip
    shop.go_live(experience("hoi"))
    hidden = "fatima@mail.example"
    page = {
        "type": "search",
        "url": f"https://noord.example/zoek?q={hidden}&utm_source={hidden}",
        "query": f"regenjas {hidden} 0612345678",
        "category": hidden,
        "product_id": hidden,
        "language": hidden,
        "referrer": f"https://{hidden}/inbox?to={hidden}",
    }
    cart = [{"product_id": hidden}, {"product_id": "S-1", "quantity": 10**15}]

    shop.ask("karel", consent=YES, page=page, cart=cart, slots=["overlay", hidden, "x" * 8_000])

    (decision,) = shop.events("decision")
    record = read_record(str(decision.record))
    assert record.facts.page.query == "regenjas"
    assert record.facts.cart == ("S-1",)
    assert record.facts.slots == ("overlay",)
    for part in ("fatima", "0612345678"):
        assert part not in str(decision)


def test_a_place_that_was_not_asked_for_stays_empty(shop: Shop) -> None:
    shop.go_live(experience("hoi"))
    known(shop, "karel")

    assert skipped(shop.ask("karel", slots=["footer"], explain=True)) == {"hoi": "wrong_slot"}
    assert skipped(shop.ask("karel", slots=[], explain=True)) == {"hoi": "wrong_slot"}


def test_what_she_does_not_want_she_does_not_get(shop: Shop) -> None:
    shop.go_live(experience("hoi"))
    known(shop, "karel")

    shop.batch(track("feedback", experience="hoi"))

    assert skipped(shop.ask("karel", explain=True)) == {"hoi": "refused_by_visitor"}


def test_a_paused_message_is_gone_at_once(shop: Shop) -> None:
    shop.go_live(experience("hoi"))
    known(shop, "karel")

    publish.pause(shop.ports, "hoi", actor="bob", now=shop.now)
    shop.opened.refresh(shop.now)

    assert shop.ask("karel")["decisions"] == []


# ---- A browser with the public key --------------------------------------------------------------------


def test_a_new_browser_gets_a_token_if_it_allows_its_device_and_none_otherwise(shop: Shop) -> None:
    secret = shop.ports.keys.secret("visitor")

    for consent in (NO, {}, {"measure": True}, None):
        assert "visitorToken" not in shop.ask("v-1", key=shop.write_key, consent=consent)
    one, other = (shop.ask("v-1", key=shop.write_key, consent=YES)["visitorToken"] for _ in "ab")

    assert one != other
    assert read_visitor_token(one, secret) not in {None, "v-1"}
    again = shop.ask("v-1", key=shop.write_key, consent=YES, visitorToken=one)
    assert "visitorToken" not in again
    assert "visitorToken" not in shop.ask("v-1", consent=YES)  # a server has no browser


def test_the_public_key_shows_nobody_elses_profile(shop: Shop) -> None:
    shop.go_live(segment("seen", {"did": "view_item", "within": "30d"}), experience("hoi", segment="seen"))  # fmt: skip
    shop.batch(view("S-1", "karel"), identify("karel", "C-7"))
    own = token_of(shop, "phone")

    for said in (
        {"anonymousId": "karel", "consent": YES},
        {"anonymousId": "karel", "userId": "C-7", "visitorToken": own, "consent": YES},
        {"userId": "C-7", "visitorToken": token_of(shop, "phone")[:-2] + "AA"},
        {"anonymousId": "karel", "visitorToken": own},
    ):
        asked = {"page": {"url": "/"}, "slots": ["overlay"]} | said
        reply = shop.post("/v1/decide", asked, key=shop.write_key)
        assert reply.body["decisions"] == []
    assert shop.ask("karel")["decisions"] != []

    shop.batch(view("S-1", "karel"), key=shop.write_key, token=own)
    answer = shop.ask("karel", key=shop.write_key, visitorToken=own)
    assert [one["show"] for one in answer["decisions"]] == [True]


def test_the_token_may_come_as_a_cookie_of_the_shop(shop: Shop) -> None:
    shop.go_live(segment("seen", {"did": "view_item", "within": "30d"}), experience("hoi", segment="seen"))  # fmt: skip
    token = token_of(shop, "phone")
    cookie = {"cookie": f"other=1; etalage_visitor={token}; last=2"}

    shop.post("/v1/batch", {"batch": [view("S-1")]}, key=shop.write_key, headers=cookie)

    asked = {"page": {"url": "/"}, "slots": ["overlay"]}
    reply = shop.post("/v1/decide", asked, key=shop.write_key, headers=cookie)
    assert [one["show"] for one in reply.body["decisions"]] == [True]


def test_events_sent_along_with_a_question_count_in_its_answer(shop: Shop) -> None:
    looked_twice = {"did": "view_item", "times": {"at_least": 2}, "within": "30d"}
    shop.go_live(segment("lookers", looked_twice), experience("hoi", segment="lookers"))
    views = [view("S-1"), view("S-2"), {"nonsense": 1}]

    answer = shop.ask("karel", events=views)

    assert [one["show"] for one in answer["decisions"]] == [True]
    assert shop.account() == {"accepted": 2, "quarantined: no_type": 1}


def test_a_text_may_name_what_she_searched_for_last(shop: Shop) -> None:
    shop.ports.records.put_catalogue(catalogue(), source="feed", actor="ann", now=NOON)
    asked = [{"type": "text", "text": "Nog op zoek naar {{search.query|iets}}?"}]
    shop.go_live(experience("zoek", variants=[{"name": "a", "content": {"nl": asked}}]))
    shop.batch(track("search", "karel", query="jassen"))
    known(shop, "wim")

    told = by_experience(shop.ask("karel"))["zoek"]["content"]["blocks"]
    untold = by_experience(shop.ask("wim"))["zoek"]["content"]["blocks"]

    assert told == [{"type": "text", "text": "Nog op zoek naar jassen?"}]
    assert untold == [{"type": "text", "text": "Nog op zoek naar iets?"}]


# ---- Lists in the order of this person ----------------------------------------------------------------


def catalogue() -> Catalogue:
    def product(number: str, *path: str) -> tuple[ProductId, Product]:
        offer = Offer(id=number, price=7995, availability="in_stock")
        key = ProductId(number)
        return key, Product(id=key, title=number, offers=(offer,), categories=(path,))

    listed = [
        product("coat-1", "Dames", "Jassen"),
        product("bowl-1", "Hond", "Bakken"),
        product("food-1", "Hond", "Voer"),
        product("food-2", "Hond", "Voer"),
    ]
    return Catalogue("c1", "EUR", dict(listed))


def test_a_list_comes_back_in_the_order_of_what_she_looked_at(shop: Shop) -> None:
    shop.ports.records.put_catalogue(catalogue(), source="test", actor="ann", now=NOON)
    shop.opened.refresh(NOON)
    listed = ["coat-1", "bowl-1", "unknown", "food-2", "food-1"]
    shop.batch(view("food-1", "karel"))

    def ranked(**said: object) -> list[str]:
        reply = shop.post("/v1/rank", {"ids": listed} | said)
        return [one["product_id"] for one in reply.body["products"]]

    assert ranked(anonymousId="karel") == ["food-2", "food-1", "bowl-1", "coat-1", "unknown"]
    assert ranked(anonymousId="fatima") == listed
    assert ranked() == listed
    body = {"ids": listed, "anonymousId": "karel"}
    reply = shop.post("/v1/rank", body, key=shop.write_key)
    assert [one["product_id"] for one in reply.body["products"]] == listed
    shop.now += MINUTE
    shop.ask("karel", consent=NO)
    assert ranked(anonymousId="karel") == listed


def test_an_answer_about_a_person_is_kept_by_no_cache(shop: Shop) -> None:
    reply = shop.post("/v1/decide", {"anonymousId": "karel", "slots": []})

    assert reply.headers["cache-control"] == "private, no-store"
    assert reply.headers["x-content-type-options"] == "nosniff"


def test_a_ghost_has_its_moment_but_cannot_be_seen(shop: Shop) -> None:
    shop.go_live(experience("hoi", allocation={"kind": "split", "control": 0.999999}))
    known(shop, "karel")
    ghost = by_experience(shop.ask("karel"))["hoi"]
    assert ghost["variant"] == "control"

    shop.batch(triggered(ghost["id"]), track("view_promotion", "karel", token=ghost["id"]))

    assert names(shop.events("triggered", "view_promotion")) == ["triggered"]
    assert shop.account()["refused: invalid_token"] == 1


def test_a_question_without_places_is_refused(shop: Shop) -> None:
    answer = shop.post("/v1/decide", {"anonymousId": "karel"})

    assert answer.code == "bad-input"
