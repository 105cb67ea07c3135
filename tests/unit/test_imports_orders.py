"""Orders as shops' systems export them: what counts as an order, who bought, and each line once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from etalage.connect.imports.items import Given, ImportSettings, Skipped
from etalage.connect.imports.read import detect, read_import
from etalage.errors import BadInput

SHOPIFY = (
    "Name,Email,Financial Status,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,Created at,"
    "Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Billing Name,Billing Zip,Billing Country,"
    "Note Attributes,Cancelled at,Refunded Amount,Id\n"
    "#1001,jip@example.com,paid,EUR,99.90,4.95,18.20,104.85,LENTE,10.00,2026-09-03 10:15:00 +0200,1,Jas M,79.95,J-M,"
    'Jip de Vries,\'1234AB,NL,"kanaal: web\netalage_visitor: v-1",,0.00,5001\n'
    "#1001,,,,,,,,,,,2,Sokken,9.98,S-1,,,,,,,\n"
    ",,,,,,,,,,,1,Kaart,0.00,K-1,,,,,,,\n"
    "#1002,fatima@example.com,pending,EUR,10,0,0,10,,,2026-09-03 11:15:00 +0200,1,Kaart,10,K-1,,,,,,,5002\n"
    "#1003,karel@example.com,refunded,EUR,10,0,0,10,,,2026-09-03 12:15:00 +0200,1,Kaart,10,K-1,,,,,,10.00,5003\n"
    "#1004,karel@example.com,paid,EUR,10,0,0,10,,,2026-09-03 12:15:00 +0200,1,Kaart,10,K-1,,,,,"
    "2026-09-04 12:15:00 +0200,,5004\n"
)


def orders(
    tmp_path: Path, content: str, format_name: str = "auto", **settings: object
) -> list[Given]:
    path = tmp_path / "orders"
    path.write_text(content, encoding="utf-8")
    (tmp_path / "gathered.sqlite").unlink(missing_ok=True)
    told = ImportSettings(**settings)  # type: ignore[arg-type]
    return list(read_import(path, "orders", format_name, told, scratch=tmp_path))


def items(given: list[Given]) -> list[dict[str, Any]]:
    return [one for one in given if isinstance(one, dict)]


def skipped(given: list[Given]) -> list[tuple[int, str]]:
    return [(one.row, one.reason) for one in given if isinstance(one, Skipped)]


def test_shopifys_rows_of_one_order_are_one_order(tmp_path: Path) -> None:
    order = items(orders(tmp_path, SHOPIFY))[0]

    assert (order["event"], order["timestamp"]) == (
        "Order Completed",
        "2026-09-03T08:15:00.000000Z",
    )
    assert order["anonymousId"] == "v-1"
    assert order["properties"] == {
        "order_id": "#1001",
        "currency": "EUR",
        "total": "104.85",
        "tax": "18.20",
        "shipping": "4.95",
        "discount": "10.00",
        "coupon": "LENTE",
        "products": [
            {"product_id": "J-M", "sku": "J-M", "name": "Jas M", "price": "79.95", "quantity": 1},
            {"product_id": "S-1", "sku": "S-1", "name": "Sokken", "price": "9.98", "quantity": 2},
            {"product_id": "K-1", "sku": "K-1", "name": "Kaart", "price": "0.00", "quantity": 1},
        ],
    }
    assert order["context"]["traits"] == {
        "email": "jip@example.com",
        "lastName": "Jip de Vries",
        "address": {"postalCode": "1234AB", "country": "NL"},
    }


def test_orders_that_do_not_count_are_skipped_with_their_reason(tmp_path: Path) -> None:
    assert skipped(orders(tmp_path, SHOPIFY)) == [(4, "not_paid"), (6, "cancelled")]


def test_a_refunded_order_is_an_order_and_a_refund(tmp_path: Path) -> None:
    told = [(i["event"], i["properties"]["order_id"]) for i in items(orders(tmp_path, SHOPIFY))]

    assert told[1:] == [("Order Completed", "#1003"), ("Order Refunded", "#1003")]


def test_the_same_file_gives_the_same_ids_again(tmp_path: Path) -> None:
    once, again = (
        [item["messageId"] for item in items(orders(tmp_path / name, SHOPIFY))]
        for name in ("a", "b")
        if not (tmp_path / name).mkdir()
    )

    assert once == again
    assert len(set(once)) == 3


def test_any_table_of_orders_is_read_with_a_mapping(tmp_path: Path) -> None:
    content = "Bon;Wanneer;Klant;Art;Stuks;Prijs\n7;03-09-2026;C-9;A;2;9,95\n8;2026-09-03 12:00;0;B;1;5,00\n"
    mapping = {
        "Bon": "order_id",
        "Wanneer": "time",
        "Klant": "customer_id",
        "Art": "sku",
        "Stuks": "quantity",
    }

    given = orders(tmp_path, content, "csv", mapping=mapping)

    (order,) = items(given)
    assert skipped(given) == [(1, "bad_time")]  # 03-09 is March or September: we do not guess
    assert "userId" not in order  # customer 0 stands for a guest
    assert order["timestamp"] == "2026-09-03T10:00:00.000000Z"
    assert order["properties"]["currency"] == "EUR"
    assert order["properties"]["products"] == [
        {"product_id": "B", "sku": "B", "price": "5,00", "quantity": 1}
    ]
    with pytest.raises(BadInput, match="order_id"):
        orders(tmp_path, "a,b\n1,2\n", "csv")


def test_woocommerces_orders_tell_their_times_in_utc_and_our_visitor_in_their_meta(
    tmp_path: Path,
) -> None:
    order = {
        "id": 727,
        "number": "727",
        "status": "processing",
        "currency": "EUR",
        "date_created": "2026-09-03T10:15:00",
        "date_created_gmt": "2026-09-03T08:15:00",
        "total": "29.35",
        "total_tax": "5.09",
        "customer_id": 0,
        "billing": {"email": "jip@example.com", "first_name": "Jip", "postcode": "1234 AB"},
        "meta_data": [{"id": 1, "key": "_etalage_visitor", "value": "v-1"}],
        "line_items": [
            {"product_id": 93, "sku": "", "name": "Kaart", "quantity": 2, "price": 3.0},
            {"product_id": 94, "sku": "S-1", "name": "Sokken", "quantity": 1, "price": 9.98},
        ],
        "coupon_lines": [{"code": "lente", "discount": "1.00"}],
        "refunds": [],
    }
    path = json.dumps([order, order | {"status": "wc-on-hold"}, order | {"status": "cancelled"}])

    given = orders(tmp_path, path, "woocommerce")

    (found,) = items(given)
    assert skipped(given) == [(2, "not_paid"), (3, "cancelled")]
    assert (found["timestamp"], found["anonymousId"]) == ("2026-09-03T08:15:00.000000Z", "v-1")
    assert "userId" not in found
    assert [line["product_id"] for line in found["properties"]["products"]] == ["93", "S-1"]
    assert (found["properties"]["total"], found["properties"]["coupon"]) == ("29.35", "lente")


def test_magentos_parent_and_child_are_one_line(tmp_path: Path) -> None:
    order = {
        "increment_id": "000000012",
        "created_at": "2026-09-03 08:15:00",
        "status": "complete",
        "base_currency_code": "EUR",
        "grand_total": 84.9,
        "customer_id": 17,
        "customer_email": "fatima@example.com",
        "customer_middlename": "el",
        "customer_lastname": "Idrissi",
        "items": [
            {
                "item_id": 1,
                "sku": "J1-M",
                "product_type": "configurable",
                "name": "Jas",
                "price_incl_tax": 79.95,
                "qty_ordered": 1,
            },
            {
                "item_id": 2,
                "parent_item_id": 1,
                "sku": "J1-M",
                "product_type": "simple",
                "price": 0,
                "qty_ordered": 1,
            },
            {
                "item_id": 3,
                "sku": "S-1",
                "product_type": "simple",
                "price_incl_tax": 4.95,
                "qty_ordered": 1,
            },
        ],
    }
    path = tmp_path / "orders"
    path.write_text(json.dumps({"items": [order], "search_criteria": {}, "total_count": 1}))

    assert detect(path, "orders") == "magento"
    (found,) = items(orders(tmp_path, path.read_text()))
    assert found["userId"] == "17"
    assert found["context"]["traits"]["lastName"] == "el Idrissi"
    assert [(line["sku"], line["price"]) for line in found["properties"]["products"]] == [
        ("J1-M", 79.95),
        ("S-1", 4.95),
    ]
