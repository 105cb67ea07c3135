"""Every sentence of safety.md 3 "Input" and "Public key, origins, identity" with a hostile case, as raw bytes over HTTP.

(Feeds and imports: tests/unit/test_catalogue_child.py, test_feed_guard.py; merges: test_identity.py.)
"""

from __future__ import annotations

import gzip
import json
import zlib

import pytest
from shop import BROWSER, YES, Shop, basic, identify, track, view

from etalage.decide.token import issue_visitor_token
from etalage.domain.ids import PLACEHOLDERS

CONSENT = json.dumps(YES).encode()


def event(more: bytes = b"", *, who: bytes = b'"karel"', consent: bytes = CONSENT) -> bytes:
    """Write an event byte by byte."""
    return b'{"type":"track","event":"view_item","anonymousId":%s,"context":{"consent":%s}%s}' % (who, consent, more)  # fmt: skip


def properties(said: bytes) -> bytes:
    return event(b',"properties":{%s}' % said)


def nested(levels: int) -> bytes:
    return properties(b'"a":' + b'{"a":' * levels + b"1" + b"}" * levels)


def many(count: int) -> bytes:
    return properties(b",".join(b'"p%d":1' % n for n in range(count)))


# ---- One event: what becomes of it, while its neighbour is kept ---------------------------------------

TABLE: dict[str, tuple[bytes, str]] = {
    "as it should be": (event(), "accepted"),
    "depth 32 is deep enough": (nested(30), "accepted"),
    "depth 33": (nested(31), "quarantined: too_deep"),
    "200 properties": (many(200), "accepted"),
    "201 properties": (many(201), "quarantined: too_many_properties"),
    "a text of 8 KB": (properties(b'"coupon":"%s"' % (b"x" * 8192)), "accepted"),
    "a text of more than 8 KB": (properties(b'"coupon":"%s"' % (b"x" * 8193)), "quarantined: too_large"),
    "8 KB in letters of two bytes": (properties(b'"coupon":"%s"' % ("é" * 4097).encode()), "quarantined: too_large"),
    "an event of more than 32 KB": (properties(b",".join(b'"p%d":"%s"' % (n, b"x" * 7000) for n in range(5))), "quarantined: too_large"),
    "no UTF-8": (properties(b'"coupon":"\xff\xfe"'), "quarantined: bad_field"),
    "an overlong letter": (properties(b'"coupon":"\xc0\xaf"'), "quarantined: bad_field"),
    "a lone surrogate": (properties(b'"coupon":"\\ud800"'), "quarantined: bad_field"),
    "a lone surrogate in a name": (properties(b'"\\udc00":1'), "quarantined: bad_field"),
    "NUL": (properties(b'"coupon":"a\\u0000b"'), "quarantined: bad_field"),
    "NUL in a name": (properties(b'"a\\u0000b":1'), "quarantined: bad_field"),
    "NaN": (properties(b'"index":NaN'), "quarantined: bad_field"),
    "Infinity": (properties(b'"index":-Infinity'), "quarantined: bad_field"),
    "1e999": (properties(b'"index":1e999'), "quarantined: bad_field"),
    "2^53": (properties(b'"index":9007199254740992'), "accepted"),
    "2^53 + 2": (properties(b'"index":9007199254740994'), "quarantined: bad_field"),
    "a huge fraction": (properties(b'"index":-1e300'), "quarantined: bad_field"),
    "a repeated name in the envelope": (event(b',"anonymousId":"fatima"'), "quarantined: ambiguous"),
    "a repeated name, spelled otherwise": (event(b',"anonymous\\u0049d":"fatima"'), "quarantined: ambiguous"),
    "a repeated name in consent": (event(consent=b'{"device":true,"measure":false,"measure":true}'), "quarantined: ambiguous"),
    "a repeated consent": (b'{"type":"track","event":"view_item","anonymousId":"karel","context":{"consent":{"measure":false},"consent":%s}}' % CONSENT, "quarantined: ambiguous"),
    "elsewhere the last one wins": (properties(b'"coupon":"a","coupon":"b"'), "accepted"),
    "an id of 2^53 + 2": (event(who=b"9007199254740994"), "quarantined: bad_field"),
    "an id that is a fraction": (event(who=b"17.0"), "quarantined: bad_field"),
    "an id that is true": (event(who=b"true"), "quarantined: bad_field"),
    "an id that is a list": (event(who=b'["karel"]'), "quarantined: bad_field"),
    "an id with a letter of no width": (event(who='"kar\u200bel"'.encode()), "quarantined: bad_field"),
    "an id that turns the text around": (event(who='"\u202ekarel"'.encode()), "quarantined: bad_field"),
    "an id with a soft hyphen": (event(who='"kar\u00adel"'.encode()), "quarantined: bad_field"),
    "an id with a line end": (event(who=b'"kar\\nel"'), "quarantined: bad_field"),
    "consent in words": (event(consent=b'{"device":"true","measure":1,"personalise":"yes"}'), "refused: no_consent"),
    "consent in numbers": (event(consent=b'{"device":1,"measure":1}'), "refused: no_consent"),
    "consent in a list": (event(consent=b"[true]"), "refused: no_consent"),
    "an amount below zero": (properties(b'"product_id":"S-1","price":-1'), "quarantined: bad_money"),
    "an amount beyond all orders": (properties(b'"value":1e13'), "quarantined: bad_money"),
    "an amount that is true": (properties(b'"value":true'), "quarantined: bad_money"),
    "an amount in words": (properties(b'"value":"1 EUR; DROP"'), "quarantined: bad_money"),
    "an amount in no currency": (properties(b'"value":5,"currency":"XYZ"'), "quarantined: bad_money"),
    "a missing currency": (properties(b'"value":5'), "accepted"),
    "__proto__": (properties(b'"__proto__":{"a":1}'), "quarantined: hostile_name"),
    "__proto__, spelled otherwise": (properties(b'"\\u005f_proto__":1'), "quarantined: hostile_name"),
    "constructor, deep": (properties(b'"a":[{"b":{"constructor":1}}]'), "quarantined: hostile_name"),
    "prototype in consent": (event(consent=b'{"prototype":{},"measure":true}'), "quarantined: hostile_name"),
    "a list instead of an event": (b"[1]", "quarantined: not_an_object"),
    "a text instead of an event": (b'"view_item"', "quarantined: not_an_object"),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_each_event_is_judged_alone_and_its_neighbour_is_kept(shop: Shop, name: str) -> None:
    raw, expected = TABLE[name]
    neighbour = json.dumps(view("S-9", "fatima")).encode()
    before = shop.account()

    reply = shop.post("/v1/batch", b'{"batch":[%s,%s]}' % (raw, neighbour))

    assert reply.status == 200, reply.body
    became = dict(shop.account() - before)
    assert became == ({"accepted": 2} if expected == "accepted" else {"accepted": 1, expected: 1})
    assert [e.product for e in shop.events("view_item") if e.product == "S-9"] == ["S-9"]


# ---- One body -----------------------------------------------------------------------------------------

WHOLE = b'{"batch":[%s]}' % event()
BODIES: dict[str, tuple[bytes, str | None, str]] = {
    "as it should be": (WHOLE, None, "ok"),
    "packed once": (gzip.compress(WHOLE), "gzip", "ok"),
    "deflated": (zlib.compress(WHOLE), "deflate", "ok"),
    "packed twice": (gzip.compress(gzip.compress(WHOLE)), "gzip", "bad-json"),
    "two encodings": (gzip.compress(WHOLE), "gzip, gzip", "bad-input"),
    "a bomb": (gzip.compress(b" " * 50_000_000), "gzip", "too-large"),
    "a deflated bomb": (zlib.compress(b" " * 50_000_000), "deflate", "too-large"),
    "two members": (gzip.compress(WHOLE) + gzip.compress(WHOLE), "gzip", "bad-json"),
    "cut off": (gzip.compress(WHOLE)[:-4], "gzip", "bad-json"),
    "more than 1 MB": (b'{"batch":[],"a":"%s"}' % (b"x" * (1 << 20)), None, "too-large"),
    "501 events": (b'{"batch":[%s]}' % b",".join([event()] * 501), None, "too-large"),
    "two documents": (WHOLE + WHOLE, None, "bad-json"),
    "something behind it": (WHOLE + b"x", None, "bad-json"),
    "a byte order mark": (b"\xef\xbb\xbf" + WHOLE, None, "bad-json"),
    "UTF-16": (WHOLE.decode().encode("utf-16"), None, "bad-json"),
    "a repeated envelope": (b'{"sentAt":"a","sentAt":"b","batch":[]}', None, "bad-json"),
    "a list that is none": (b'{"batch":{"0":1}}', None, "bad-json"),
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_a_body_is_one_document_in_one_wrapping(shop: Shop, name: str) -> None:
    body, encoding, expected = BODIES[name]

    reply = shop.post("/v1/batch", body, headers={} if encoding is None else {"content-encoding": encoding})  # fmt: skip

    assert ("ok" if reply.status == 200 else reply.code) == expected, reply.body
    if reply.status != 200:
        field = reply.body["error"].get("field")
        assert field is None or " " not in field  # the name of a field, never a text about it
        assert shop.account() == {}


# ---- Ids that look alike, and ids of nobody ------------------------------------------------------------


def test_ids_that_only_look_alike_are_kept_apart_and_two_spellings_of_one_are_one(
    shop: Shop,
) -> None:
    alike = [
        "karel",
        "k\u0430rel",
        "\uff4barel",
        "kare\u217c",
        "KAREL",
        "karel\u3164",
        "karel\ufe0f",
    ]
    for number, who in enumerate(alike):
        shop.batch(view(f"S-{number}", who))
    assert len({e.visitor for e in shop.events("view_item")}) == len(alike)

    shop.batch(view("A", "ren\u00e9"), view("B", "rene\u0301"), view("C", "  ren\u00e9 "))
    assert len(shop.did("ren\u00e9")) == 3


def test_a_browser_cannot_choose_whose_it_is(shop: Shop) -> None:
    token = issue_visitor_token("phone", shop.now, shop.ports.keys.secret("visitor"))
    shop.batch(view("S-1", "karel"), identify("karel", "C-7"))
    asked = [
        ({"anonymousId": "karel", "userId": "C-7"}, {}),
        ({"anonymousId": "karel"}, {"x-visitor-id": "karel", "cookie": "etalage_visitor=karel"}),
        ({"visitorToken": "karel", "userId": "C-7"}, {}),
        ({"visitorToken": token[:-1] + ("A" if token[-1] != "A" else "B")}, {}),
    ]
    for body, headers in asked:
        for call in ({"type": "track", "event": "view_item"}, {"type": "identify"}):
            said = {"batch": [call | {k: v for k, v in body.items() if k != "visitorToken"} | {"context": {"consent": YES}}]}  # fmt: skip
            said |= {k: v for k, v in body.items() if k == "visitorToken"}
            shop.post("/v1/batch?anonymousId=karel", said, key=shop.write_key, headers=headers)

    assert shop.did("karel") == ["view_item"]
    assert shop.ports.profiles.linked_to(shop.key_of("C-7", "user")) == (shop.key_of("karel"),)


@pytest.mark.parametrize("origin", ["null", "https://noord.example.evil.test", "https://evil-noord.example", "http://noord.example", "https://noord.example:8443", "https://noord.example/", "HTTPS://NOORD.EXAMPLE", ""])  # fmt: skip
def test_only_the_exact_origin_is_the_shops_page(shop: Shop, origin: str) -> None:
    headers = {"origin": origin, "user-agent": BROWSER}

    reply = shop.post("/v1/batch", WHOLE, key=shop.write_key, headers=headers)

    assert (reply.status, reply.code) == (403, "forbidden")
    assert shop.account() == {}


def test_what_stands_for_nobody_is_no_customer(shop: Shop) -> None:
    unfilled = ["{{customer.id}}", "${userId}", "%%ID%%", "<%= id %>", "000000", " NULL "]
    for number, user in enumerate([*sorted(PLACEHOLDERS), *unfilled]):
        shop.batch(identify(f"v-{number}", user), track("x_y", f"v-{number}"))
    for mail in ("none@noord.example", "No-Reply@noord.example", "guest@noord.example"):
        shop.batch(identify("v-1", None, email=mail))

    linked = [e for e in shop.events("identify") if e.customer is not None]
    assert linked == []


def test_a_telephone_number_or_a_mail_address_stays_nowhere(shop: Shop) -> None:
    for said in ("06-12345678", "bel +31 6 1234 5678", "0031612345678", "(020) 123 45 67", "k@noord.example"):  # fmt: skip
        shop.batch(track("generate_lead", coupon=said, method="pin"), identify("karel", None, group=said))  # fmt: skip

    kept = [e.properties for e in shop.events("generate_lead", "identify")]
    assert all("coupon" not in one and "group" not in one for one in kept)
    assert {"method": "pin"} in kept


def test_the_public_key_reads_nothing(shop: Shop) -> None:
    shop.batch(view("S-1", "karel"))
    answer = shop.post("/v1/decide", {"anonymousId": "karel", "slots": ["overlay"], "page": {"url": "/"}, "explain": True}, key=shop.write_key).body  # fmt: skip

    assert "skipped" not in answer
    assert "karel" not in json.dumps(answer)
    wrong = shop.post("/v1/batch", WHOLE, key=None, headers={"authorization": basic("wk_" + "0" * 30 + ":")})  # fmt: skip
    assert wrong.status == 401
