"""Whose call it is, and which events are in it: every way in which Segment's and RudderStack's libraries call."""

from __future__ import annotations

import base64

import msgspec
import pytest
from collect_examples import EXAMPLE, body, call

from etalage.collect.call import items_of, key_in, open_call, split
from etalage.collect.parse import parse_batch
from etalage.errors import BadInput, NotFound


def basic(credentials: str) -> str:
    return "Basic " + base64.b64encode(credentials.encode()).decode()


@pytest.mark.parametrize(
    ("fields", "ways"),
    [
        ({}, {"authorization": basic("KEY:")}),
        ({}, {"authorization": basic("KEY")}),
        ({}, {"authorization": basic("KEY:ignored").replace("Basic", "basic")}),
        ({}, {"authorization": "Bearer KEY"}),
        ({"writeKey": "KEY"}, {"authorization": "Bearer of-oauth"}),
        ({"writeKey": "KEY"}, {}),
        ({}, {"query": "KEY"}),
        ({}, {"api_key": "KEY"}),
    ],
)
def test_the_key_is_found_wherever_it_is_sent(
    fields: dict[str, object], ways: dict[str, str]
) -> None:
    assert key_in(fields, **ways) == "KEY"


@pytest.mark.parametrize(
    ("fields", "authorization"),
    [
        ({}, None),
        ({"writeKey": 7}, None),
        ({"writeKey": ""}, ""),
        ({}, "Basic %%%"),
        ({}, "Bearer "),
        ({}, "Digest x"),
    ],
)
def test_a_call_without_a_key_has_none(
    fields: dict[str, object], authorization: str | None
) -> None:
    assert key_in(fields, authorization=authorization) is None


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/v1/track", "track"),
        ("/v1/t", "track"),
        ("/v1/identify", "identify"),
        ("/v1/i", "identify"),
        ("/v1/page", "page"),
        ("/v1/p", "page"),
        ("/v1/screen", "screen"),
        ("/v1/s", "screen"),
        ("/v1/group", "group"),
        ("/v1/g", "group"),
        ("/v1/alias", "alias"),
        ("/v1/a/", "alias"),
    ],
)
def test_the_path_says_what_a_single_call_is(path: str, kind: str) -> None:
    (item,) = split(path, open_call(path, b'{"type":"something else","writeKey":"KEY"}'))

    assert item.type == kind


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/b", "/beacon/v1/batch"])
def test_a_batch_is_split_into_its_events(path: str) -> None:
    document = open_call(path, body(call(), call("add_to_cart"), writeKey="KEY"))

    assert [item.fields()["event"] for item in split(path, document)] == [
        "view_item",
        "add_to_cart",
    ]
    assert document.fields == {"writeKey": "KEY"}


def test_the_context_around_a_batch_lies_under_that_of_each_event() -> None:
    sent = body(
        {"context": {"locale": "nl-NL"}},
        {},
        {"sentAt": "own"},
        context={"locale": "en-GB", "timezone": "Europe/Amsterdam"},
        integrations={"All": True},
        sentAt="around",
    )

    events = [item.fields() for item in split("/v1/batch", open_call("/v1/batch", sent))]

    assert events[0]["context"] == {"locale": "nl-NL", "timezone": "Europe/Amsterdam"}
    assert events[1]["context"] == {"locale": "en-GB", "timezone": "Europe/Amsterdam"}
    assert [event["sentAt"] for event in events] == ["around", "around", "own"]


def test_a_batch_without_its_list_is_a_bad_request() -> None:
    with pytest.raises(BadInput, match="'batch'"):
        split("/v1/batch", open_call("/v1/batch", b'{"writeKey":"KEY"}'))


def test_rudderstacks_merge_is_answered_and_has_no_events() -> None:
    assert split("/v1/merge", open_call("/v1/merge", b'{"mergeProperties":[]}')) == []


def test_an_unknown_call_does_not_exist() -> None:
    with pytest.raises(NotFound):
        open_call("/v1/unknown", b"{}")


def test_a_decision_carries_events_under_a_name_of_its_own() -> None:
    document = parse_batch(
        b'{"anonymousId":"v-1","events":[{"type":"track"}],"slots":["a"]}', events="events"
    )

    assert document.fields == {"anonymousId": "v-1", "slots": ["a"]}
    assert [item.raw for item in items_of(document)] == [b'{"type":"track"}']
    assert parse_batch(b'{"slots":[],"events":null}', events="events").events is None


def test_what_is_set_aside_can_be_sent_again_and_holds_no_key() -> None:
    (single,) = split("/v1/track", open_call("/v1/track", EXAMPLE))
    (batched,) = split(
        "/v1/batch", open_call("/v1/batch", body(call(), context={"locale": "nl"}, sentAt="x"))
    )

    for item in (single, batched):
        again = split("/v1/batch", open_call("/v1/batch", item.original(without="KEY")))
        assert b"KEY" not in item.original(without="KEY")
        assert [one.type for one in again] == [item.type]
        assert again[0].fields() == item.fields() | ({"writeKey": ""} if item is single else {})


def test_what_is_no_json_is_set_aside_as_it_came() -> None:
    document = open_call("/v1/batch", b'{"batch":[{"price":NaN}]}')
    (item,) = split("/v1/batch", document)

    assert item.original() == b'{"batch":[{"price":NaN}]}'
    assert msgspec.json.decode(item.original().replace(b"NaN", b"1")) == {"batch": [{"price": 1}]}
