"""The body of a call: one JSON document within its bounds, and one bad event that harms nobody else."""

from __future__ import annotations

import gzip
import zlib

import msgspec
import pytest
from collect_examples import EXAMPLE, body, call
from hypothesis import given
from hypothesis import strategies as st

from etalage.collect.bound import bounded
from etalage.collect.call import open_call, split
from etalage.collect.cut import cut
from etalage.collect.parse import MAX_BODY_BYTES, parse_batch
from etalage.collect.refusal import Refusal
from etalage.errors import BadInput, BadJson, EtalageError, TooLarge


def refused(raw: bytes) -> str:
    with pytest.raises(Refusal) as caught:
        bounded(raw)
    return caught.value.reason


@pytest.mark.parametrize("encoding", [None, "", "identity", "gzip", "x-gzip", "deflate", "GZIP"])
def test_a_body_may_be_packed_once(encoding: str | None) -> None:
    text = body(call())
    packed = {"gzip": gzip.compress, "x-gzip": gzip.compress, "deflate": zlib.compress}
    sent = packed.get((encoding or "").lower(), bytes)(text)

    assert len(split("/v1/batch", open_call("/v1/batch", sent, encoding=encoding))) == 1


def test_a_bare_deflate_stream_is_read_too() -> None:
    packer = zlib.compressobj(wbits=-15)
    sent = packer.compress(body(call())) + packer.flush()

    assert parse_batch(sent, encoding="deflate").events is not None


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = gzip.compress(b" " * 500_000_000, compresslevel=9, mtime=0)

    with pytest.raises(TooLarge):
        parse_batch(bomb, encoding="gzip")


@pytest.mark.parametrize(
    ("sent", "encoding"),
    [
        (
            gzip.compress(gzip.compress(b"{}", mtime=0), mtime=0),
            "gzip",
        ),  # a second layer is no JSON
        (gzip.compress(b"{}", mtime=0)[:-4], "gzip"),  # cut off
        (
            gzip.compress(b"{}", mtime=0) + gzip.compress(b"{}", mtime=0),
            "gzip",
        ),  # a second one behind it
        (b"{}", "gzip"),
        (b"{}", "br"),
        (b"{}", "gzip, gzip"),
    ],
)
def test_a_body_that_is_not_packed_as_it_says_is_refused(sent: bytes, encoding: str) -> None:
    with pytest.raises(BadInput):
        parse_batch(sent, encoding=encoding)


def test_a_body_of_more_than_a_megabyte_is_refused() -> None:
    with pytest.raises(TooLarge):
        open_call("/v1/track", b"{" + b" " * MAX_BODY_BYTES + b"}")


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"[]",
        b"{",
        b"null",
        b"<html>",
        b"{} {}",
        b'\xef\xbb\xbf{"batch":[]}',
        b'{"a":"\xff"}',
        b"[" * 100_000,
    ],
)
@pytest.mark.parametrize("path", ["/v1/batch", "/v1/track"])
def test_what_is_not_one_json_object_is_a_bad_request(sent: bytes, path: str) -> None:
    with pytest.raises(BadJson):
        open_call(path, sent)


@pytest.mark.parametrize("sent", [b"", b"[]", b"{", b"null", b'{"a":\xff}', b'"{}"', b"{}{}"])
def test_of_a_question_that_is_no_object_the_reason_is_the_same_as_of_a_batch(sent: bytes) -> None:
    with pytest.raises(BadJson) as of_question:
        parse_batch(sent, events="events")
    with pytest.raises(BadJson) as of_batch:
        open_call("/v1/batch", sent)

    assert of_question.value.message == of_batch.value.message
    assert "not one JSON object" in of_question.value.message


@pytest.mark.parametrize("key", ["events", "\\u0065vents"])
def test_the_events_of_a_question_are_found_however_their_name_is_written(key: str) -> None:
    document = parse_batch(
        b'{"slots":["a"],"%b":[{"type":"page"}]}' % key.encode(), events="events"
    )

    assert document.events == (b'{"type":"page"}',)
    assert document.fields == {"slots": ["a"]}


def test_five_hundred_events_are_the_most_of_a_call() -> None:
    assert len(open_call("/v1/batch", body(*[{}] * 500)).events or ()) == 500
    with pytest.raises(TooLarge):
        open_call("/v1/batch", body(*[{}] * 501))


@pytest.mark.parametrize(
    "envelope",
    [
        b'{"writeKey":"a","writeKey":"b","batch":[]}',
        b'{"writeKey" : "a", "writeKey" : "b", "batch":[]}',
        b'{"batch":[{"type":"track"}],"batch":[]}',
        b'{"batch":[],"context":{"consent":{"measure":false,"measure":true}}}',
        b'{"batch":[],"context":{"consent":{"measure":false},"consent":{"measure":true}}}',
        b'{"batch":[],"write\\u004bey":"a","writeKey":"b"}',
        b'{"batch":[],"__proto__":{}}',
        b'{"batch":[],"a":9007199254740993}',
        b'{"batch":[],"a":NaN}',
        b'{"batch":[],"a":"\\ud800"}',
        b'{"batch":{"0":{}}}',
    ],
)
def test_an_envelope_that_can_be_read_in_two_ways_is_refused(envelope: bytes) -> None:
    with pytest.raises(BadJson):
        parse_batch(envelope)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"[]", "not_an_object"),
        (b'"track"', "not_an_object"),
        (b'{"a":NaN}', "bad_field"),
        (b'{"a":-Infinity}', "bad_field"),
        (b'{"a":1e999}', "bad_field"),
        (b'{"a":9007199254740993}', "bad_field"),
        (b'{"a":[1,{"b":[-9007199254740993]}]}', "bad_field"),
        (b'{"a":1e300}', "bad_field"),
        (b'{"a":"\\ud800"}', "bad_field"),
        (b'{"a":"\\udc00\\ud800"}', "bad_field"),
        (b'{"a":"\xed\xa0\x80"}', "bad_field"),
        (b'{"a":"\\u0000"}', "bad_field"),
        (b'{"a\\u0000":1}', "bad_field"),
        (b'{"a":["x",{"b":"y\\u0000"}]}', "bad_field"),
        (b'{"a":"' + b"x" * 8193 + b'"}', "too_large"),
        (b'{"a":["' + "é".encode() * 4097 + b'"]}', "too_large"),
        (b'{"a":"' + b"x" * 32_768 + b'"}', "too_large"),
        (
            b'{"properties":{' + b",".join(b'"p%d":1' % i for i in range(201)) + b"}}",
            "too_many_properties",
        ),
        (b'{"a":' * 33 + b"1" + b"}" * 33, "too_deep"),
        (b'{"a":' + b"[" * 32 + b"]" * 32 + b"}", "too_deep"),
        (b'{"a":' + b"[" * 10_000 + b"]" * 10_000 + b"}", "too_deep"),
        (b'{"properties":{"__proto__":{}}}', "hostile_name"),
        (b'{"properties":{"items":[{"constructor":1}]}}', "hostile_name"),
        (b'{"context":{"\\u005f_proto__":1}}', "hostile_name"),
        (b'{"prototype":1}', "hostile_name"),
        (b'{"userId":"a","userId":"b"}', "ambiguous"),
        (b'{"userId" :"a","userId"\t:"b","x":"\\":"}', "ambiguous"),
        (b'{"user\\u0049d":"a","userId":"b"}', "ambiguous"),
        (b'{"context":{"consent":{"measure":false,"measure":true}}}', "ambiguous"),
        (b'{"context":{"consent":{"categoryPreferences":{"a":false,"a":true}}}}', "ambiguous"),
        (
            b'{"context":{"consentManagement":{"deniedConsentIds":["a"],"deniedConsentIds":[]}}}',
            "ambiguous",
        ),
        (b'{"context":{},"context":{"consent":{"measure":true}}}', "ambiguous"),
        (b'{"event":"consent","properties":{"measure":false,"measure":true}}', "ambiguous"),
    ],
)
def test_every_limit_of_an_event_has_its_reason(raw: bytes, reason: str) -> None:
    assert refused(raw) == reason


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":9007199254740992,"b":-9007199254740992,"c":1.5}',
        b'{"a":"' + b"x" * 8192 + b'"}',
        b'{"a":' * 32 + b"1" + b"}" * 32,
        b'{"properties":{' + b",".join(b'"p%d":1' % i for i in range(200)) + b"}}",
        b'{"a":"\\\\u0000 is how NUL is written"}',
        b'{"a":"the __proto__ of a coat", "b" : "x\\": y"}',
    ],
)
def test_what_is_just_within_the_limits_is_let_in(raw: bytes) -> None:
    assert bounded(raw) == msgspec.json.decode(raw)


def test_a_repeated_property_takes_its_last_value() -> None:
    assert bounded(b'{"properties":{"a":1,"a":2}}') == {"properties": {"a": 2}}


@given(
    value=st.dictionaries(
        st.text(max_size=8),
        st.recursive(
            st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.text(max_size=5), inner, max_size=3)
            ),
            max_leaves=8,
        ),
        max_size=5,
    ),
    indent=st.sampled_from([0, 2, -1]),
)
def test_whatever_is_unambiguous_is_read_as_it_was_written(
    value: dict[str, object], indent: int
) -> None:
    text = msgspec.json.encode(value)
    raw = text if indent < 0 else msgspec.json.format(text, indent=indent)

    if b"\\u0000" in raw:
        assert refused(raw) == "bad_field"
    else:
        assert bounded(raw) == value


@pytest.mark.parametrize(
    "bad",
    [
        b'{"a":NaN}',
        b'{"a":"\\ud800"}',
        b'{"a":}',
        b'{"a" 1}',
        b'{"a":1e999}',
        b"[" * 40 + b"]" * 40,
        b"7",
    ],
)
def test_one_bad_event_of_a_batch_leaves_its_neighbours_alone(bad: bytes) -> None:
    good = msgspec.json.encode(call())

    document = parse_batch(
        b'{"context":{"a":"[,]"},"batch":[' + b", ".join([good, bad, good]) + b'],"sentAt":"x"}'
    )

    assert document.events == (good, bad, good)
    assert document.fields == {"context": {"a": "[,]"}, "sentAt": "x"}
    with pytest.raises(Refusal):
        bounded(bad)


@given(
    st.lists(st.dictionaries(st.text(max_size=5), st.text(max_size=9), max_size=3), max_size=5),
    st.text(max_size=5),
)
def test_cutting_finds_the_events_that_reading_finds(
    events: list[dict[str, str]], other: str
) -> None:
    text = msgspec.json.encode(
        {"x": other, "y": ["batch"], "batch": events, "z": [[], {"batch": [1]}]}
    )

    found = cut(text, "batch")

    assert found is not None
    assert [msgspec.json.decode(event) for event in found[1]] == events
    assert msgspec.json.decode(found[0]) == msgspec.json.decode(text) | {"batch": None}


@given(st.binary(max_size=300))
def test_no_bytes_can_do_more_than_be_refused(sent: bytes) -> None:
    for raw in (sent, b'{"batch":[' + sent + b"]}"):
        try:
            document = parse_batch(raw)
        except EtalageError:
            continue
        for event in document.events or ():
            try:
                bounded(event)
            except Refusal:
                continue


def test_the_example_of_the_conventions_is_read() -> None:
    assert bounded(EXAMPLE)["event"] == "Product Added"
