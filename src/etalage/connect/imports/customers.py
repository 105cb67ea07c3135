"""Customers from a table: Shopify's, WooCommerce's and Magento's exports, or any CSV or Parquet.

In:   a path; columns by known headings and `--map`.
Out:  `identify` items with the traits that are told; who has neither a number nor a mail address is skipped.
Idea: only the columns named below are read. What has no name here (a password's hash, a reset token, a note)
      never leaves the file.
From: conventions.md 5 and 7.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from etalage.connect.imports.items import Given, ImportSettings, Item, Skipped, digest, filled
from etalage.connect.imports.names import columns_of
from etalage.connect.imports.rows import Fields, columns, table_rows
from etalage.connect.imports.values import identifier, text, time_of
from etalage.domain.ids import is_placeholder
from etalage.errors import BadInput

CUSTOMER_FIELDS: dict[str, tuple[str, ...]] = {
    "customer_id": ("customer_id", "id", "user_id", "customer", "klantnummer"),
    "email": ("email", "billing_email", "e_mail", "e_mailadres", "email_address"),
    "first_name": ("first_name", "firstname", "billing_first_name", "voornaam"),
    "middle_name": ("middle_name", "middlename", "tussenvoegsel"),
    "last_name": ("last_name", "lastname", "billing_last_name", "achternaam"),
    "phone": (
        "phone",
        "telephone",
        "_address_telephone",
        "billing_phone",
        "default_address_phone",
        "telefoon",
    ),
    "gender": ("gender", "geslacht"),
    "birthday": ("birthday", "dob", "birth_date", "geboortedatum"),
    "street": (
        "_address_street",
        "street",
        "billing_address_1",
        "default_address_address1",
        "address1",
        "straat",
    ),
    "postcode": ("_address_postcode", "postcode", "zip", "billing_postcode", "default_address_zip"),
    "city": (
        "_address_city",
        "city",
        "billing_city",
        "default_address_city",
        "plaats",
        "woonplaats",
    ),
    "country": (
        *("_address_country_id", "country", "country_code", "billing_country"),
        *("default_address_country_code", "land"),
    ),
    "created": ("created_at", "date_registered", "registered", "aangemaakt"),
}


def read(path: Path, settings: ImportSettings) -> Iterator[Given]:
    """Read customers; a row of Magento's without a mail address is another address of the one above."""
    header = columns(path)
    by_field = columns_of(header, CUSTOMER_FIELDS, settings.mapping)
    if not {"customer_id", "email"} & set(by_field):
        raise BadInput(
            "no column is known as customer_id or email; say which with --map", field="map"
        )
    is_magento = "_address_street" in header
    for row in table_rows(path):
        if isinstance(row, Skipped):
            yield row
            continue
        number, cells = row
        told = {field: cells[column] for field, column in by_field.items()}
        if not (is_magento and text(told.get("email")) is None):
            yield _identify(number, told, settings)


def _identify(number: int, told: Fields, settings: ImportSettings) -> Given:
    customer = identifier(_plain(told.get("customer_id")))
    customer = None if customer is None or is_placeholder(customer) else customer
    traits = _traits(told, settings)
    if customer is None and "email" not in traits:
        return Skipped(number, "no_customer")
    item: Item = filled({"type": "identify", "userId": customer, "traits": traits})
    return {"messageId": digest(item)} | item


def _traits(told: Fields, settings: ImportSettings) -> Item:
    plain = {field: text(_plain(cell)) for field, cell in told.items()}
    names = (plain.get("middle_name"), plain.get("last_name"))
    address = {
        "street": plain.get("street"),
        "postalCode": plain.get("postcode"),
        "city": plain.get("city"),
        "country": plain.get("country"),
    }
    return filled(
        {
            "email": plain.get("email"),
            "firstName": plain.get("first_name"),
            "lastName": " ".join(name for name in names if name),
            "phone": plain.get("phone"),
            "gender": plain.get("gender"),
            "birthday": plain.get("birthday"),
            "createdAt": time_of(told.get("created"), settings.zone),
            "address": filled(address),
        }
    )


def _plain(cell: object) -> object:
    """Take away the apostrophe that exports put before numbers and postcodes."""
    return cell.strip().removeprefix("'") if isinstance(cell, str) else cell
