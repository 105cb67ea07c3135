"""From a call over HTTP to the log and its account: what gets in, what does not, and why."""

from __future__ import annotations

import gc
import gzip
from collections import Counter
from random import Random

import httpx
import msgspec
import pytest
from shop import BROWSER, NOON, YES, Opening, Said, Shop, basic, identify, names, order, track, view

from etalage.api.hot import Hot
from etalage.api.rooms import Rooms
from etalage.app import key_hash
from etalage.collect.call import Item
from etalage.decide.token import issue_visitor_token
from etalage.domain.arrival import Arrival
from etalage.domain.time import DAY, HOUR, SECOND, iso
from etalage.flow.account import intake

CALLS = {
    "track": ("t", {"event": "Product Viewed", "properties": {"product_id": "S-1"}}, "view_item"),
    "identify": ("i", {"userId": "C-7", "traits": {"country": "NL"}}, "identify"),
    "page": ("p", {"name": "Home", "properties": {"path": "/"}}, "page_view"),
    "screen": ("s", {"name": "Home"}, "page_view"),
    "group": ("g", {"groupId": "club"}, "identify"),
    "alias": ("a", {"previousId": "karel", "userId": "C-7"}, "link"),
}


def said(**fields: object) -> Said:
    return {"anonymousId": "karel", "context": {"consent": YES}} | fields


@pytest.mark.parametrize("call", CALLS)
def test_each_call_of_segment_has_a_long_and_a_short_path(shop: Shop, call: str) -> None:
    short, fields, name = CALLS[call]

    for number, path in enumerate([f"/v1/{call}", f"/v1/{short}", f"/v1/{call}/"]):
        reply = shop.post(path, said(messageId=f"m{number}", **fields))
        assert (reply.status, reply.body) == (200, {"success": True})

    assert names(shop.events(name)) == [name] * 3
    assert shop.account() == {"accepted": 3}


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/b", "/beacon/v1/batch"])
def test_a_batch_has_a_long_a_short_and_a_beacon_path(shop: Shop, path: str) -> None:
    calls = [said(type=call, **fields) for call, (_, fields, _) in CALLS.items()]

    assert shop.post(path, {"batch": calls}).status == 200

    assert shop.account() == {"accepted": 6}


def test_rudderstacks_merge_is_answered_and_holds_nothing(shop: Shop) -> None:
    assert shop.post("/v1/merge", {"mergeProperties": []}).status == 200

    assert shop.account() == {}


def test_a_body_may_say_that_it_is_plain_text(shop: Shop) -> None:
    call = said(event="Product Viewed", properties={"product_id": "S-1"})

    reply = shop.post("/v1/t", call, headers={"content-type": "text/plain"})

    assert reply.status == 200
    assert names(shop.events("view_item")) == ["view_item"]


def test_a_key_may_stand_in_five_places(shop: Shop) -> None:
    key = shop.server_key
    call = said(event="cart_opened")
    ways: list[tuple[str, Said, dict[str, str]]] = [
        ("/v1/track", call, {"authorization": basic(f"{key}:")}),
        ("/v1/track", call, {"authorization": basic(key)}),
        ("/v1/track", call, {"x-api-key": key}),
        ("/v1/track", call | {"writeKey": key}, {}),
        (f"/v1/track?writeKey={key}", call, {}),
        ("/v1/track", call, {"authorization": f"Bearer {key}"}),
        ("/v1/track", call | {"writeKey": key}, {"authorization": "Bearer of-another-kind"}),
        ("/v1/batch", {"batch": [call | {"type": "track"}], "writeKey": key}, {}),
    ]

    for number, (path, body, headers) in enumerate(ways):
        numbered = body if "batch" in body else body | {"messageId": f"m{number}"}
        assert shop.post(path, numbered, key=None, headers=headers).status == 200, path

    assert shop.account() == {"accepted": len(ways)}


def test_a_body_may_be_packed(shop: Shop) -> None:
    packed = gzip.compress(msgspec.json.encode({"batch": [view("S-1"), view("S-2")]}))

    assert shop.post("/v1/batch", packed, headers={"content-encoding": "gzip"}).status == 200

    assert shop.account() == {"accepted": 2}


def test_five_hundred_events_fit_in_one_call_and_one_more_does_not(shop: Shop) -> None:
    calls = [track("cart_opened", f"v{n}") for n in range(501)]

    assert shop.batch(*calls[:500]) == {"accepted": 500}

    reply = shop.post("/v1/batch", {"batch": calls})
    assert (reply.status, reply.code) == (413, "too-large")
    assert shop.account() == {"accepted": 500}


def test_rudderstack_says_who_in_the_context_and_when_under_another_name(shop: Shop) -> None:
    call = identify(
        "karel", "C-7", context={"traits": {"country": "NL", "email": "k@noord.example"}}
    )
    call["originalTimestamp"] = iso(NOON - HOUR)

    assert shop.batch(call) == {"accepted": 1}

    event = shop.events("identify")[0]
    assert event.properties == {"country": "NL"}
    assert event.time == NOON - HOUR
    assert event.personal is not None


def test_a_clock_that_is_three_years_off_is_put_right(shop: Shop) -> None:
    wrong = NOON - 3 * 365 * DAY
    call = view("S-1") | {"timestamp": iso(wrong), "sentAt": iso(wrong + 7 * SECOND)}

    assert shop.batch(call) == {"accepted": 1}

    assert shop.events("view_item")[0].time == NOON - 7 * SECOND


def test_what_the_future_sends_happened_now(shop: Shop) -> None:
    assert shop.batch(view("S-1", at=NOON + DAY)) == {"accepted": 1}

    assert shop.events("view_item")[0].time == NOON


def test_one_bad_event_keeps_its_neighbours(shop: Shop) -> None:
    bad = [{"type": "track"}, 7, None, [], {"type": "dance"}, view("S-9", price="many")]

    for event in bad:
        body = msgspec.json.encode({"batch": [view("S-1"), event, view("S-2")]})
        assert shop.post("/v1/batch", body).status == 200

    broken = b'{"batch":[%b,{"a":"\\ud800"},{"type":NaN},%b]}'
    both = tuple(msgspec.json.encode(view(product)) for product in ("S-1", "S-2"))
    assert shop.post("/v1/batch", broken % both).status == 200
    assert shop.account() == {
        "accepted": 2 * len(bad) + 2,
        "quarantined: no_event_name": 1,
        "quarantined: not_an_object": 3,
        "quarantined: no_type": 1,
        "quarantined: bad_money": 1,
        "quarantined: bad_field": 2,
    }


def test_the_same_batch_five_times_counts_once(shop: Shop) -> None:
    calls = [view(f"S-{n}") for n in range(20)] + [order("A-1"), identify("karel", "C-7")]

    first = shop.batch(*calls)
    again = [shop.batch(*calls) for _ in range(4)]

    assert first == {"accepted": 22}
    assert again == [{"duplicate": 22}] * 4
    assert Counter(names(shop.events())) & Counter(view_item=99, purchase=99) == {
        "view_item": 20,
        "purchase": 1,
    }


def test_a_call_leaves_nothing_behind_for_the_collector_of_reference_cycles(shop: Shop) -> None:
    gc.collect()
    before = _of_calls()  # of tests before this one, if somebody still holds them
    gc.disable()
    try:
        for number in range(20):
            assert shop.batch(view(f"S-{number}"), {}) == {
                "accepted": 1,
                "quarantined: no_type": 1,
            }
        shop.opened.commits.submit(()).result()  # until then the committer holds its last batch
        left = _of_calls()
    finally:
        gc.enable()

    known = {id(one) for one in before}
    assert [one for one in left if id(one) not in known] == []


def _of_calls() -> list[object]:
    return [one for one in gc.get_objects() if isinstance(one, Item | Arrival)]


def test_an_event_without_an_id_is_known_again_by_what_it_says(shop: Shop) -> None:
    call = track("cart_opened", at=NOON - HOUR)
    del call["messageId"]

    assert shop.batch(call, call) == {"accepted": 1, "duplicate": 1}
    assert shop.batch(call | {"sentAt": iso(NOON)}) == {"duplicate": 1}


def test_everything_received_is_accounted_for_exactly(shop: Shop) -> None:
    rng = Random(2)
    told = Counter[str]()
    sent = 0
    seen: list[Said] = []
    while sent < 2_000:
        lot = [_anything(rng, seen, told) for _ in range(rng.randrange(1, 200))]
        sent += len(lot)
        key = shop.server_key
        assert shop.post("/v1/batch", {"batch": lot}, key=key).status == 200
        shop.now += SECOND

    found = intake(shop.ports)

    assert found["received"] == sent
    assert {
        name: found[name] for name in ("accepted", "duplicate", "quarantined", "refused")
    } == told
    assert sum(found["reasons"].values()) == told["quarantined"] + told["refused"]  # type: ignore[attr-defined]
    theirs = [e for e in shop.events() if e.name not in {"consent", "configuration"}]
    assert len(theirs) == told["accepted"]
    assert len(list(shop.ports.log.quarantine())) == told["quarantined"]


def _anything(rng: Random, seen: list[Said], told: Counter[str]) -> object:
    """Draw something to send, and tell beforehand what must become of it."""
    visitor = f"v{rng.randrange(40)}"
    new = track("cart_opened", visitor, step=len(seen))
    nonsense = [7, None, "event", {}, {"type": "track"}, track("", visitor), view("S-1", None)]
    drawn: list[tuple[str, object]] = [
        ("accepted", new),
        ("accepted", order(f"A-{told['accepted']}", visitor)),
        ("duplicate", rng.choice(seen) if seen else None),
        ("quarantined", rng.choice(seen) | {"event": "something_else"} if seen else None),
        ("quarantined", rng.choice(nonsense)),
        ("quarantined", track("cart_opened", visitor, deep=_nested(40))),
        ("refused", view("S-1", "jip", consent=None)),
        ("refused", view("S-1", visitor, context={"userAgent": "Googlebot/2.1"})),
    ]
    outcome, event = rng.choice(drawn if seen else drawn[:1])
    told[outcome] += 1
    if event is new:
        seen.append(new)
    return event


def _nested(depth: int) -> Said:
    return {"a": _nested(depth - 1)} if depth else {}


def test_programs_are_not_counted_as_people(shop: Shop) -> None:
    crawler = {"user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"}
    by_browser = track("cart_opened", "karel")

    shop.post("/v1/batch", {"batch": [by_browser]}, key=shop.write_key, headers=crawler)
    shop.post("/v1/batch", {"batch": [by_browser]}, key=shop.write_key, headers={"user-agent": ""})
    shop.batch(track("cart_opened", context={"userAgent": crawler["user-agent"]}))
    shop.batch(track("cart_opened", context={"webdriver": True, "userAgent": BROWSER}))
    assert shop.account() == {"refused: bot": 4}

    # The header of a server is the server's own: it says nothing of the visitor.
    shop.post("/v1/batch", {"batch": [by_browser]}, headers={"user-agent": "python-requests/2"})
    assert shop.account() == {"refused: bot": 4, "accepted": 1}


def test_a_stolen_message_id_does_not_keep_her_event_out(shop: Shop) -> None:
    assert shop.batch(view("S-1", "thief", message="hers")) == {"accepted": 1}

    assert shop.batch(view("S-1", "fatima", message="hers")) == {"accepted": 1}
    assert shop.did("fatima") == ["view_item"]


def test_the_same_id_with_other_content_is_set_aside_and_the_first_stays(shop: Shop) -> None:
    shop.batch(view("S-1", message="m-one"))

    assert shop.batch(view("S-2", message="m-one")) == {"quarantined: id_conflict": 1}

    assert [e.product for e in shop.events("view_item")] == ["S-1"]
    aside = list(shop.ports.log.quarantine())
    assert [one.reason for one in aside] == ["id_conflict"]
    original = shop.ports.keys.unseal_shop(aside[0].sealed or b"")
    assert b"S-2" in original
    assert shop.server_key.encode() not in original


def test_a_server_is_believed_and_a_browser_only_claims(shop: Shop) -> None:
    shop.batch(view("S-1", "karel"))
    shop.batch(view("S-2", "karel"), key=shop.write_key)

    by_server, by_browser = shop.events("view_item")

    assert (by_server.trust, by_server.source) == ("confirmed", "server")
    assert (by_browser.trust, by_browser.source) == ("claimed", "browser")
    assert by_server.visitor == shop.key_of("karel")
    assert by_browser.visitor == shop.key_of("karel", "claimed")  # no token can ever select it


def test_a_browser_may_not_say_what_only_the_shop_may(shop: Shop) -> None:
    only_ours = ["link", "unlink", "score", "coupon_issued", "Order Refunded"]
    never = ["decision", "feature", "configuration", "purchase_claim"]

    for event in only_ours:
        call = track(event, "karel", user="C-7", order_id="A-1")
        assert shop.batch(call, key=shop.write_key) == {"refused: not_from_browser": 1}, event
    for event in never:
        for key in (shop.write_key, shop.server_key):
            assert shop.batch(track(event, "karel"), key=key) == {"quarantined: bad_field": 1}


def test_a_missing_wrong_or_revoked_key_opens_nothing(shop: Shop) -> None:
    call = {"batch": [view("S-1")]}

    for path in ("/v1/batch", "/v1/decide", "/v1/rank", "/v1/t"):
        for key in (None, "sk_of_nobody", "é", "Basic"):
            reply = shop.post(path, call, key=key)
            assert (reply.status, reply.code) == (401, "unauthorized")
    shop.ports.records.revoke_key(key_hash(shop.server_key), actor="ann", now=NOON)
    shop.opened.refresh(NOON)
    assert shop.post("/v1/batch", call).status == 401
    assert shop.account() == {}


def test_a_key_opens_its_own_shop_and_no_other(opening: Opening) -> None:
    noord, zuid = opening("Noord"), opening("Zuid")
    noord.others.append(zuid.opened)

    assert noord.post("/v1/batch", {"batch": [view("S-1")]}, key=zuid.server_key).status == 200
    assert (noord.account(), zuid.account()) == ({}, {"accepted": 1})

    assert noord.post("/v1/batch", {"batch": [view("S-1")]}).status == 200
    assert (noord.account(), zuid.account()) == ({"accepted": 1}, {"accepted": 1})
    # The same id is another pseudonym in another shop: nobody can be followed from one to the next.
    assert noord.key_of("karel") != zuid.key_of("karel")
    del noord.others[:]
    assert noord.post("/v1/batch", {"batch": []}, key=zuid.server_key).status == 401


def test_a_visitor_token_of_another_shop_selects_nobody(opening: Opening) -> None:
    noord, zuid = opening("Noord"), opening("Zuid")
    token = issue_visitor_token("fatima", NOON, zuid.ports.keys.secret("visitor"))

    noord.batch(view("S-1", "fatima"), key=noord.write_key, token=token)

    assert noord.events("view_item")[0].visitor == noord.key_of("fatima", "claimed")


def test_a_page_of_somebody_else_may_not_use_the_public_key(shop: Shop) -> None:
    call = {"batch": [view("S-1")]}

    for origin in (
        "https://evil.example",
        "null",
        "http://noord.example",
        "https://noord.example.evil",
    ):
        for path in ("/v1/batch", "/v1/decide"):
            reply = shop.post(path, call, key=shop.write_key, headers={"origin": origin})
            assert (reply.status, reply.code) == (403, "forbidden")
    assert shop.account() == {}

    own = {"origin": "https://noord.example"}
    reply = shop.post("/v1/batch", call, key=shop.write_key, headers=own)
    assert reply.status == 200
    assert reply.headers["access-control-allow-origin"] == "https://noord.example"


def test_the_shops_own_page_may_read_why_it_was_refused(shop: Shop) -> None:
    own = {"origin": "https://noord.example"}

    for path, body in (
        ("/v1/decide", {"slots": 7}),
        ("/v1/batch", {"batch": 7}),
        ("/v1/batch", {}),
    ):
        reply = shop.post(path, body, key=shop.write_key, headers=own)
        assert reply.status == 400
        allowed = reply.headers.get("access-control-allow-origin")
        assert allowed == (None if reply.code == "bad-json" else own["origin"])


def test_a_browser_that_asks_first_is_told_which_pages_may_call(shop: Shop) -> None:
    def asked(origin: str) -> httpx.Response:
        async def ask() -> httpx.Response:
            rooms = Rooms({shop.created.shop.id: shop.opened})
            transport = httpx.ASGITransport(app=Hot(rooms))
            async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
                return await client.options("/v1/decide", headers={"origin": origin})

        return shop.runner.run(ask())

    assert asked("https://noord.example").status_code == 204
    assert asked("https://noord.example").headers["access-control-allow-methods"] == "POST"
    assert asked("https://evil.example").status_code == 403


def test_only_the_server_of_a_simulated_shop_may_say_what_time_it_is(opening: Opening) -> None:
    simulated, real = opening("Noord"), opening("Zuid")
    real.ports.records.change_shop({"simulated": False}, actor="ann", now=NOON)
    real.opened.refresh(NOON)
    later = {"etalage-now": iso(NOON + DAY)}
    body = {"batch": [view("S-1")]}

    assert simulated.post("/v1/batch", body, headers=later).status == 200
    assert simulated.events("view_item")[0].received == NOON + DAY

    for shop, key in ((simulated, simulated.write_key), (real, real.server_key), (real, real.write_key)):  # fmt: skip
        for path in ("/v1/batch", "/v1/decide"):
            reply = shop.post(path, body, key=key, headers=later)
            assert (reply.status, reply.code) == (403, "forbidden")
