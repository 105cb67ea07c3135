"""Whatever is sent, the answer is JSON: a success, or an error with a code; never a failure of ours."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from random import Random

import msgspec
import pytest
from shop import NOON, YES, Said, Shop, experience, names, segment, track, view

from etalage.decide.token import issue_visitor_token
from etalage.domain.ids import ProductId
from etalage.domain.product import Catalogue, Offer, Product
from etalage.domain.time import DAY, iso
from etalage.errors import BadInput
from etalage.flow import nightly
from etalage.flow.account import intake
from etalage.flow.look_back import rebuild
from etalage.flow.replay import replay_all

ROUTES = ["/v1/track", "/v1/i", "/v1/page", "/v1/a", "/v1/batch", "/v1/decide", "/v1/rank"]
CODES = {"bad-json", "bad-input", "too-large", "unauthorized", "forbidden", "not-found"}
BIG = 2**63
BOMB = gzip.compress(b" " * 5_000_000)  # five thousand bytes


def told(shop: Shop, path: str, body: bytes, *, key: str | None = "", **headers: str) -> str:
    """Send something, and give 'ok' or the code of the error; anything else fails the test."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    reply = shop.post(path, body, key=key, headers=sent)
    assert reply.headers["content-type"] == "application/json"
    if reply.status == 200:
        return "ok"
    error = reply.body["error"]
    assert 400 <= reply.status < 500, (path, body[:200], reply.body)
    assert error["code"] in CODES
    assert error["message"]
    assert error["docs"] == f"/docs/errors/{error['code']}"
    assert "Traceback" not in error["message"]
    return str(error["code"])


NO_JSON = {
    "nothing": b"",
    "white space": b"  \n ",
    "half": b'{"batch":[',
    "text": b"hello",
    "NaN": b"NaN",
    "html": b"<html></html>",
    "two documents": b"{}{}",
    "latin-1": '{"a":"é"}'.encode("latin-1"),
    "utf-16": '{"a":1}'.encode("utf-16"),
    "a list": b"[]",
    "a number": b"7",
    "null": b"null",
    "brackets": b"[" * 5_000,
    "objects": b'{"a":' * 5_000,
    "half a letter": b'{"a":"\\ud800"}',
    "bytes": bytes(range(256)),
}


@pytest.mark.parametrize("path", ROUTES)
def test_what_is_no_json_object_is_refused_with_a_code(shop: Shop, path: str) -> None:
    for name, body in NO_JSON.items():
        assert told(shop, path, body) == "bad-json", name
        assert told(shop, path, body, key=None) in {"bad-json", "unauthorized"}, name
    assert shop.account() == {}


@pytest.mark.parametrize("path", ROUTES)
def test_a_body_that_is_too_large_or_packed_to_hide_it_is_refused(shop: Shop, path: str) -> None:
    large = msgspec.json.encode({"batch": [], "a": "x" * 1_100_000})

    assert told(shop, path, large) == "too-large"
    assert told(shop, path, BOMB, content_encoding="gzip") == "too-large"
    assert told(shop, path, gzip.compress(b"{}")[:-3], content_encoding="gzip") == "bad-json"
    assert told(shop, path, b"{}", content_encoding="gzip") == "bad-json"
    assert told(shop, path, gzip.compress(gzip.compress(b"{}")), content_encoding="gzip") == "bad-json"  # fmt: skip
    assert told(shop, path, b"{}", content_encoding="br") == "bad-input"


def values() -> list[object]:
    """Give what a field might hold instead of what it should."""
    deep: object = 1
    for _ in range(60):
        deep = [deep] if _ % 2 else {"a": deep}
    return [
        None, True, 0, -1, 1.5, -0.0, 1e308, BIG, -BIG, BIG * 4, "", " ", "x" * 9_000, "\0", "\u202e", "é" * 300,
        "null", [], [[]], [None], ["a", 7, {}], {}, {"a": {}}, {"": ""}, {"__proto__": {"a": 1}},
        {"constructor": 1, "prototype": 2}, dict.fromkeys(map(str, range(300)), 1), deep, "9" * 400, "\ufffe",
        "'; DROP TABLE events; --", "{{7*7}}", "<script>alert(1)</script>", "../../etc/passwd", "http://[::1", "//", "?", "#",
        "%", "%zz", "2026-13-45T99:99:99Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "inf", "NaN",
    ]  # fmt: skip


TRACK: Said = {
    "type": "track",
    "event": "Product Added",
    "anonymousId": "karel",
    "userId": "C-7",
    "messageId": "m-1",
    "timestamp": iso(NOON - DAY),
    "sentAt": iso(NOON),
    "properties": {
        "product_id": "S-1",
        "price": 5,
        "quantity": 1,
        "currency": "EUR",
        "category": "Hond > Voer",
        "items": [{"item_id": "S-1", "price": 5, "quantity": 2}],
        "order_id": "A-1",
        "total": "50,00",
        "token": "d-abc",
        "url": "https://noord.example/p?utm_source=a",
    },
    "context": {
        "consent": YES,
        "page": {"url": "/", "referrer": "https://a.example/", "type": "home"},
        "campaign": {"source": "mail"},
        "userAgent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0",
        "locale": "nl-NL",
        "location": {"country": "NL"},
        "traits": {"email": "k@noord.example"},
        "sessionId": 17,
        "gpc": False,
    },
    "traits": {"email": "k@noord.example", "country": "NL"},
    "signature": "1.a",
    "visitorToken": "v1.a.1.b",
    "previousId": "fatima",
    "groupId": "club",
    "integrations": {"All": True},
}
DECIDE: Said = {
    "anonymousId": "karel",
    "userId": "C-7",
    "visitorToken": "v1.a.1.b",
    "consent": YES,
    "page": {
        "url": "https://noord.example/p/1?sort=price",
        "type": "product",
        "product_id": "S-1",
        "category": "Hond > Voer",
        "referrer": "https://a.example/",
        "title": "x",
        "query": "voer",
        "language": "nl",
        "user_agent": "Mozilla/5.0",
    },
    "cart": [{"product_id": "S-1", "quantity": 2}],
    "slots": ["overlay"],
    "events": [],
    "explain": True,
    "ids": ["S-1", "S-2"],
}


def spoiled(whole: object) -> Iterator[object]:
    """Give copies of a body in each of which one part is something else."""
    if isinstance(whole, dict):
        for name, inner in whole.items():
            yield from ({**whole, name: value} for value in values())
            yield from ({**whole, name: part} for part in _deeper(inner))
            yield {key: value for key, value in whole.items() if key != name}


def _deeper(whole: object) -> Iterator[object]:
    if isinstance(whole, list) and whole:
        yield from ([part] for part in spoiled(whole[0]))
        yield [whole[0]] * 600
    else:
        yield from spoiled(whole)


def text_of(body: object) -> bytes:
    """Write what msgspec would not: numbers of any size, NaN."""
    return json.dumps(body).encode()


def ready(shop: Shop) -> Shop:
    """Give the shop something to decide about."""
    offer = Offer("S-1", price=99_999_999, availability="in_stock")
    product = Product(ProductId("S-1"), "Voer", (offer,), (("Hond", "Voer"),))
    catalogue = Catalogue("c1", "EUR", {product.id: product})
    shop.ports.records.put_catalogue(catalogue, source="test", actor="ann", now=NOON)
    in_cart: Said = {"context": "cart_value", "at_least": 0}
    shop.go_live(segment("cart", {"any": [in_cart, {"did": "view_item"}]}), experience("hoi"), experience("you", segment="cart"))  # fmt: skip
    return shop


def test_no_part_of_an_event_can_be_anything_that_breaks_intake(shop: Shop) -> None:
    sent = 0
    for call in ("track", "identify", "page", "alias", "group"):
        rng = Random(call)
        for lot in _lots(
            [_one(body, call) for body in rng.sample(list(spoiled(TRACK)), k=200)], 50
        ):
            assert told(shop, "/v1/batch", b'{"batch":[%b]}' % b",".join(map(text_of, lot))) == "ok"
            sent += len(lot)

    found = intake(shop.ports)
    assert found["received"] == sent
    assert int(str(found["accepted"])) > sent // 4
    assert int(str(found["quarantined"])) > sent // 10
    shop.events()
    shop.ports.warehouse.ask("SELECT count(*), count(DISTINCT visitor), sum(value) FROM events")


def test_no_part_of_a_single_call_can_be_anything_that_breaks_it(shop: Shop) -> None:
    rng = Random(3)
    for path in ("/v1/track", "/v1/identify", "/v1/p", "/v1/g", "/v1/alias"):
        for body in rng.sample(list(spoiled(TRACK)), k=25):
            said = told(
                shop, path, text_of(body), key=rng.choice([shop.server_key, shop.write_key])
            )
            assert said in {"ok", "bad-json"}


@pytest.mark.parametrize("kind", ["server", "write"])
def test_no_part_of_a_question_can_be_anything_that_breaks_an_answer(shop: Shop, kind: str) -> None:
    ready(shop)
    key = shop.server_key if kind == "server" else shop.write_key
    token = issue_visitor_token("phone", NOON, shop.ports.keys.secret("visitor"))
    whole = DECIDE if kind == "server" else DECIDE | {"visitorToken": token}
    rng = Random(4)
    answers = []
    for body in rng.sample(list(spoiled(whole)), k=250):
        answers.append(told(shop, "/v1/decide", text_of(body), key=key))
        told(shop, "/v1/rank", text_of(body), key=key)

    assert 100 < answers.count("ok") < len(answers)
    assert (
        {"ok", "bad-input", "bad-json"}
        <= set(answers)
        <= {"ok", "bad-input", "bad-json", "too-large"}
    )
    assert shop.events("decision")
    assert replay_all(shop.ports).is_faithful


def test_a_cart_of_any_size_is_added_up(shop: Shop) -> None:
    ready(shop)
    shop.batch(view("S-1"))

    for quantity in (0, -1, 10**6, 2**40, 2**53, 2**62):
        cart = [{"product_id": "S-1", "quantity": quantity}] * 200
        said = told(shop, "/v1/decide", text_of(DECIDE | {"cart": cart}))
        assert said in {"ok", "bad-input", "bad-json"}

    assert shop.events("decision")
    assert replay_all(shop.ports).is_faithful


def _one(body: object, call: str) -> Said:
    """Make a spoiled event another event than the others."""
    assert isinstance(body, dict)
    own = {"messageId": f"m-{id(body)}"} if body.get("messageId") == "m-1" else {}
    return body | own | {"type": call}


def _lots(bodies: list[object], size: int) -> Iterator[list[object]]:
    for start in range(0, len(bodies), size):
        yield bodies[start : start + size]


def test_names_that_mean_something_to_a_program_are_set_aside_or_dropped(shop: Shop) -> None:
    hostile = ["__proto__", "constructor", "prototype"]
    harmless = ["toString", "__class__", "$where", "a.b", "'; --", "<b>", "\u202eabc", "", " "]

    for name in hostile:
        assert shop.batch(track("cart_opened", **{name: 1})) == {"quarantined: hostile_name": 1}
        assert shop.batch(track("cart_opened", context={"page": {name: 1}})) == {"quarantined: hostile_name": 1}  # fmt: skip
    for name in harmless:
        assert shop.batch(track("cart_opened", **{name: 1})) == {"accepted": 1}

    assert all(event.properties == {} for event in shop.events("cart_opened"))


@pytest.mark.parametrize("name", ["", "../x", "a/b", "Lookers", "x" * 65, "@holdout", "a\nb"])
def test_a_segment_with_a_name_that_is_none_is_refused(shop: Shop, name: str) -> None:
    with pytest.raises(BadInput, match="a name has small letters"):
        shop.go_live(segment(name, {"did": "view_item"}))
    assert list(shop.ports.records.documents("segment")) == []


def test_a_key_said_twice_where_it_matters_is_set_aside(shop: Shop) -> None:
    twice = b'{"batch":[{"type":"track","event":"a_b","anonymousId":"k","anonymousId":"f"},{"type":"track","event":"a_b","anonymousId":"k","context":{"consent":{"measure":false,"measure":true}}}]}'

    assert told(shop, "/v1/batch", twice) == "ok"
    assert shop.account() == {"quarantined: ambiguous": 2}
    assert told(shop, "/v1/batch", b'{"batch":[],"batch":[]}') in {"ok", "bad-json"}
    assert told(shop, "/v1/decide", b'{"anonymousId":"k","anonymousId":"f"}') == "bad-json"
    assert told(shop, "/v1/decide", b'{"consent":{"device":false,"device":true}}') == "bad-json"


@pytest.mark.parametrize("path", ["/v1/t", "/v1/batch", "/v1/decide"])
def test_no_header_breaks_a_call(shop: Shop, path: str) -> None:
    body = msgspec.json.encode(
        {"batch": [], "event": "a_b", "anonymousId": "karel", "messageId": "m"}
    )
    odd = [
        "",
        " ",
        "x" * 5_000,
        "é",
        "\u0080",
        "=;=;",
        "1",
        "null",
        '"',
        "Basic",
        "Basic ===",
        "Bearer",
        "basic Og==",
    ]

    for value in odd:
        for name in ("authorization", "x-api-key", "cookie", "origin", "sec-gpc", "sec-purpose", "user-agent", "etalage-now"):  # fmt: skip
            for key in (shop.server_key, shop.write_key):
                own = {} if name == "authorization" else {"authorization": f"Bearer {key}"}
                told(shop, path, body, key=None, **{name.replace("-", "_"): value}, **own)


def test_a_time_that_is_none_is_refused_wherever_it_is_said(shop: Shop) -> None:
    for said in ("yesterday", "2026-05-12", "2026-05-12T10:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1778580000", ""):  # fmt: skip
        for path in ("/v1/batch", "/v1/decide"):
            assert told(shop, path, b'{"batch":[]}', etalage_now=said) == "bad-input", said

    for said in ("yesterday", "1890-01-01", -5, 1e300, True, [], {}):
        call = view("S-1") | {"timestamp": said}
        assert shop.batch(call) == {"quarantined: bad_field": 1}, said


def test_a_clock_three_years_off_is_put_right_in_either_direction(shop: Shop) -> None:
    for years in (-3, 3):
        wrong = NOON + years * 365 * DAY
        call = view("S-1") | {"timestamp": iso(wrong), "sentAt": iso(wrong)}
        assert shop.batch(call) == {"accepted": 1}

    assert {event.time for event in shop.events("view_item")} == {NOON}


def test_after_all_that_the_shop_still_works(shop: Shop) -> None:
    for body in NO_JSON.values():
        shop.post("/v1/batch", body)

    assert shop.batch(view("S-1")) == {"accepted": 1}
    assert names(shop.events("view_item")) == ["view_item"]


def test_an_amount_beyond_any_order_is_set_aside_also_if_its_lines_add_up_to_it(shop: Shop) -> None:
    line = {"product_id": "S-1", "price": 10**10, "quantity": 100_000}

    assert shop.batch(track("view_cart", products=[line] * 190)) == {"quarantined: bad_money": 1}
    assert shop.batch(track("view_cart", value=10**11)) == {"quarantined: bad_money": 1}
    assert shop.batch(view("S-1")) == {"accepted": 1}

    assert nightly.seal(shop.night()) > 0


def test_whatever_got_in_can_be_sealed_counted_and_made_again(shop: Shop) -> None:
    ready(shop)
    rng = Random(6)
    for lot in _lots(
        [_one(body, "track") for body in rng.sample(list(spoiled(TRACK)), k=400)], 100
    ):
        shop.post("/v1/batch", text_of({"batch": lot}))

    sealed = nightly.seal(shop.night())
    nightly.count_popular(shop.night())
    nightly.score_people(shop.night())

    assert sealed > 100
    before = dict(shop.ports.profiles.visitors())
    rebuild(shop.ports.log, shop.ports.profiles, shop.opened.configuration.how)
    assert dict(shop.ports.profiles.visitors()) == before
