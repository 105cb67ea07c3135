"""Files of events: GA4's names in rows or JSON, Segment's calls, and what sloppy exports make of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etalage.connect.imports.items import Given, ImportSettings, Skipped
from etalage.connect.imports.read import detect, read_import
from etalage.connect.imports.values import identifier, time_of
from etalage.errors import BadFeed, BadInput, Unknown

HEADER = "event_name,time,client_id,item_id,item_category,item_brand,price,quantity,value,currency,transaction_id,id\n"


def events(
    tmp_path: Path, content: str | bytes, format_name: str = "auto", **settings: object
) -> list[Given]:
    path = tmp_path / "events"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_file(path, format_name, **settings)


def read_file(path: Path, format_name: str = "auto", **settings: object) -> list[Given]:
    scratch = path.parent / "scratch"
    scratch.mkdir(exist_ok=True)
    (scratch / "gathered.sqlite").unlink(missing_ok=True)
    told = ImportSettings(**settings)  # type: ignore[arg-type]
    return list(read_import(path, "events", format_name, told, scratch=scratch))


def parquet(tmp_path: Path, sql: str) -> Path:
    path = tmp_path / "events.parquet"
    duckdb.sql(f"COPY ({sql}) TO '{path}' (FORMAT parquet)")
    return path


def only(given: list[Given]) -> dict[str, object]:
    (item,) = given
    assert isinstance(item, dict)
    return item


def test_a_row_becomes_a_call_in_segments_form(tmp_path: Path) -> None:
    row = "add_to_cart,2026-09-03T10:15:00+02:00,v-1,S-42,Dames > Jassen,Noord,79.95,2,159.90,EUR,,e-1\n"

    assert events(tmp_path, HEADER + row) == [
        {
            "type": "track",
            "event": "add_to_cart",
            "messageId": "e-1",
            "anonymousId": "v-1",
            "timestamp": "2026-09-03T08:15:00.000000Z",
            "properties": {
                "value": "159.90",
                "currency": "EUR",
                "items": [
                    {
                        "item_id": "S-42",
                        "item_brand": "Noord",
                        "item_category": "Dames > Jassen",
                        "price": "79.95",
                        "quantity": 2,
                    }
                ],
            },
        }
    ]


def test_amounts_go_on_as_the_shop_wrote_them(tmp_path: Path) -> None:
    row = 'purchase;2026-09-03;v-1;S-42;;;"€ 1.234,50";1;"1.234,50";EUR;T-1;e-1\n'

    item = only(events(tmp_path, HEADER.replace(",", ";") + row))

    assert item["properties"]["value"] == "1.234,50"  # type: ignore[index]


def test_a_naive_time_is_of_the_shops_zone(tmp_path: Path) -> None:
    row = "view_item,2026-07-01 12:00:00,v-1,A,,,,,,,,e-1\n"

    amsterdam, utc = (
        only(events(tmp_path, HEADER + row, zone=z)) for z in ("Europe/Amsterdam", "UTC")
    )

    assert amsterdam["timestamp"] == "2026-07-01T10:00:00.000000Z"
    assert utc["timestamp"] == "2026-07-01T12:00:00.000000Z"


@pytest.mark.parametrize(
    "number",
    [1795292584, "1795292584", 1795292584000, 1795292584000000, 1795292584.0, "1795292584000000"],
)
def test_numbers_since_1970_are_seconds_milliseconds_or_microseconds(number: object) -> None:
    assert time_of(number, "Europe/Amsterdam") == "2026-11-21T20:23:04.000000Z"


@pytest.mark.parametrize(
    "text", ["", "NaT", "yesterday", "32-13-2026", "99999999999999999999", "-1795292584"]
)
def test_an_event_without_a_readable_time_is_skipped_and_never_counts_as_now(
    tmp_path: Path, text: str
) -> None:
    assert events(tmp_path, HEADER + f"view_item,{text},v-1,A,,,,,,,,e-1\n") == [
        Skipped(1, "bad_time")
    ]


def test_an_event_that_tells_no_id_gets_one_from_its_content(tmp_path: Path) -> None:
    rows = "view_item,1795292584,v-1,A,,,,,,,,\n" * 2 + "view_item,1795292584,v-1,B,,,,,,,,\n"

    first, again, other = (
        i["messageId"] for i in events(tmp_path, HEADER + rows) if isinstance(i, dict)
    )

    assert first == again != other


def test_rows_of_one_transaction_are_one_order_with_all_its_lines(tmp_path: Path) -> None:
    rows = (
        "purchase,1795292584,v-1,A,,,10,1,25,EUR,T-1,e-1\n"
        "view_item,1795292585,v-2,C,,,,,,,,e-3\n"
        "purchase,1795292584,v-1,B,,,15,1,25,EUR,T-1,e-2\n"
    )

    viewed, order = events(tmp_path, HEADER + rows)

    assert isinstance(viewed, dict)
    assert isinstance(order, dict)
    assert viewed["event"] == "view_item"
    assert [line["item_id"] for line in order["properties"]["items"]] == ["A", "B"]  # type: ignore[index]
    assert order["properties"]["value"] == "25"  # type: ignore[index]


def test_an_order_of_which_each_row_tells_its_own_amount_is_added_up_by_its_lines(
    tmp_path: Path,
) -> None:
    rows = (
        "purchase,1795292584,v-1,A,,,10,1,10,EUR,T-1,e-1\n"
        "purchase,1795292584,v-1,B,,,15,2,30,EUR,T-1,e-2\n"
    )

    order = only(events(tmp_path, HEADER + rows))

    assert "value" not in order["properties"]  # type: ignore[operator]


def test_the_row_of_an_order_that_stands_there_twice_is_the_same_order_twice(
    tmp_path: Path,
) -> None:
    given = events(tmp_path, HEADER + "purchase,1795292584,v-1,A,,,10,1,10,EUR,T-1,\n" * 2)

    assert len(given) == 2
    assert given[0] == given[1]


def test_without_a_visitor_the_session_stands_in_for_one(tmp_path: Path) -> None:
    content = "event_name,time,session\nview_item,1795292584,s-9\n"

    item = only(events(tmp_path, content))

    assert (item["anonymousId"], item["context"]) == ("s-9", {"sessionId": "s-9"})


def test_own_headings_are_mapped(tmp_path: Path) -> None:
    content = "soort;moment;bezoeker;artikel\nview_item;1795292584;v-1;A\n"
    mapping = {
        "soort": "event_name",
        "moment": "time",
        "bezoeker": "client_id",
        "artikel": "item_id",
    }

    item = only(events(tmp_path, content, "csv", mapping=mapping))

    assert item["properties"] == {"items": [{"item_id": "A"}]}
    with pytest.raises(Unknown, match="did you mean 'item_id'"):
        events(tmp_path, content, "csv", mapping=mapping | {"artikel": "itm_id"})
    with pytest.raises(BadInput, match="--map COLUMN=event_name"):
        events(tmp_path, content, "csv")


def test_parquet_keeps_ids_exact_and_drops_what_is_not_a_number(tmp_path: Path) -> None:
    path = parquet(
        tmp_path,
        "SELECT 'view_item' AS event_name, TIMESTAMP '2026-07-01 10:00:00' AS time, 5412312140 AS client_id,"
        " 9007199254740993 AS item_id, 'nan'::DOUBLE AS price, 'NaN' AS brand, 541.0::DOUBLE AS user_id",
    )

    item = only(read_file(path, zone="UTC"))

    assert detect(path, "events") == "parquet"
    assert (item["anonymousId"], item["userId"]) == ("5412312140", "541")
    assert item["properties"] == {"items": [{"item_id": "9007199254740993"}]}


def test_moments_with_a_zone_in_parquet_are_read(tmp_path: Path) -> None:
    path = parquet(
        tmp_path,
        "SELECT 'x' AS event_name, TIMESTAMPTZ '2026-07-01 10:00:00+02' AS time, 'v' AS client_id",
    )

    assert only(read_file(path))["timestamp"] == "2026-07-01T08:00:00.000000Z"


def test_a_row_of_nothing_but_nan_is_skipped(tmp_path: Path) -> None:
    nothing = ", ".join(f"'nan'::DOUBLE AS {name}" for name in ("event_name", "time", "client_id"))

    assert read_file(parquet(tmp_path, f"SELECT {nothing}")) == [Skipped(1, "bad_time")]


def test_a_parquet_file_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    path = parquet(tmp_path, "SELECT 'x' AS event_name, 1 AS time")
    path.write_bytes(path.read_bytes()[:100])

    with pytest.raises(BadFeed, match="Parquet"):
        read_file(path)


def test_ga4s_export_to_bigquery_is_read(tmp_path: Path) -> None:
    event = {
        "event_name": "purchase",
        "event_timestamp": "1795292584000001",
        "user_pseudo_id": "1234567890.1700000000",
        "event_params": [
            {"key": "ga_session_id", "value": {"int_value": 1795292000}},
            {"key": "page_location", "value": {"string_value": "https://shop.example/bedankt"}},
            {"key": "currency", "value": {"string_value": "EUR"}},
        ],
        "ecommerce": {"transaction_id": "T-1", "purchase_revenue": 79.95},
        "device": {"category": "mobile"},
        "geo": {"country": "Netherlands"},
        "items": [{"item_id": "S-42", "price": 79.95, "quantity": 1, "item_revenue": 79.95}],
    }

    item = only(events(tmp_path, json.dumps(event) + "\n"))

    assert item["anonymousId"] == "1234567890.1700000000"
    assert item["timestamp"] == "2026-11-21T20:23:04.000001Z"
    assert item["properties"] == {
        "value": 79.95,
        "currency": "EUR",
        "transaction_id": "T-1",
        "items": [{"item_id": "S-42", "price": 79.95, "quantity": 1}],
    }
    assert item["context"] == {
        "page": {"url": "https://shop.example/bedankt"},
        "device": {"type": "mobile"},
        "location": {"country": "Netherlands"},
        "sessionId": "1795292000",
    }


def test_how_long_a_page_was_looked_at_is_read_from_ga4s_export_and_from_a_table(
    tmp_path: Path,
) -> None:
    exported = {
        "event_name": "user_engagement",
        "event_timestamp": "1795292584000001",
        "user_pseudo_id": "1234567890.1700000000",
        "event_params": [{"key": "engagement_time_msec", "value": {"int_value": 12345}}],
    }
    table = (
        "event_name,time,client_id,engagement_time_msec\nuser_engagement,1795292584,karel,12345\n"
    )

    told = [
        only(events(tmp_path, json.dumps(exported) + "\n")),
        only(events(tmp_path, table)),
    ]

    assert told[0]["properties"] == {"engagement_time_msec": 12345}
    assert told[1]["properties"] == {"engagement_time_msec": "12345"}  # intake reads it


def test_segments_calls_pass_as_they_are_but_for_the_delivery(tmp_path: Path) -> None:
    call = {
        "type": "track",
        "event": "Product Viewed",
        "messageId": "m-1",
        "anonymousId": "v-1",
        "timestamp": "2024-01-02T03:04:05.678Z",
        "sentAt": "2024-01-02T03:04:06.000Z",
        "receivedAt": "2024-01-02T03:04:07.000Z",
        "writeKey": "old",
        "properties": {"product_id": "42"},
    }

    item = only(events(tmp_path, json.dumps(call)))

    assert item == {
        "type": "track",
        "event": "Product Viewed",
        "messageId": "m-1",
        "anonymousId": "v-1",
        "timestamp": "2024-01-02T03:04:05.678000Z",
        "properties": {"product_id": "42"},
    }


def test_a_batch_is_opened_with_its_context_under_that_of_each_call(tmp_path: Path) -> None:
    batch = {
        "batch": [
            {"type": "page", "timestamp": 1795292584, "messageId": "1", "context": {"a": 2}},
            "no call",
        ],
        "context": {"a": 1, "b": 1},
    }

    page, broken = events(tmp_path, json.dumps(batch))

    assert isinstance(page, dict)
    assert page["context"] == {"a": 2, "b": 1}
    assert broken == Skipped(1, "not_an_object")


@pytest.mark.parametrize(
    "line",
    ["{", "[1]", '"text"', '{"a": NaN}', "[" * 5_000 + "]" * 5_000, '{"type": "track"', "null"],
)
def test_one_bad_line_keeps_its_neighbours(tmp_path: Path, line: str) -> None:
    good = '{"type":"track","event":"x","messageId":"1","timestamp":1795292584}'

    first, bad, last = events(tmp_path, f"{good}\n{line}\n{good}\n", "segment")

    assert first == last
    assert bad == Skipped(2, "not_an_object")


def test_a_line_of_two_megabytes_is_skipped_and_the_next_one_read(tmp_path: Path) -> None:
    good = '{"type":"track","event":"x","messageId":"1","timestamp":1795292584}'
    long = '{"type":"track","x":"' + "a" * 2_000_000 + '"}'

    first, bad, last = events(tmp_path, f"{good}\n{long}\n{good}", "segment")

    assert first == last
    assert bad == Skipped(2, "too_large")


def test_every_row_is_accounted_for(tmp_path: Path) -> None:
    rows = (
        "view_item,1795292584,v-1,A,,,,,,,,e-1\n"
        "view_item,soon,v-1,A,,,,,,,,e-2\n"
        "view_item,1795292584,v-1,A,,,,,,,,e-3,too,many\n"
        "view_item,1795292584,v-1,A"
    )

    given = events(tmp_path, HEADER + rows)

    assert [one.reason for one in given if isinstance(one, Skipped)] == [
        "bad_time",
        "too_many_cells",
        "cut_off",
    ]
    assert len(given) == 4


@pytest.mark.parametrize("content", [b"", b"<!doctype html><html></html>"])
def test_what_is_no_file_of_events_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(BadFeed):
        events(tmp_path, content)


@given(st.integers(min_value=0, max_value=2**62))
def test_any_exact_integer_keeps_its_digits(number: int) -> None:
    assert identifier(number) == identifier(str(number)) == str(number)


@given(st.datetimes(min_value=datetime(1974, 1, 1), max_value=datetime(2100, 1, 1)))  # noqa: DTZ001  hypothesis asks naive ones
def test_a_moment_reads_the_same_as_text_and_as_microseconds(when: datetime) -> None:
    aware = when.replace(tzinfo=UTC)
    since_1970 = (
        int((aware - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * 10**6 + when.microsecond
    )

    assert time_of(aware.isoformat(), "UTC") == time_of(since_1970, "Europe/Amsterdam")
