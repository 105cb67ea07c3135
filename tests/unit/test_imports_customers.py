"""Customers from tables: what is taken over, and what must never leave the file."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from etalage.connect.imports.items import Given, ImportSettings, Skipped
from etalage.connect.imports.read import read_import
from etalage.errors import BadInput

MAGENTO = (
    "email,_website,created_at,dob,firstname,middlename,lastname,gender,password_hash,rp_token,"
    "_address_street,_address_postcode,_address_city,_address_country_id\n"
    "karel@example.com,base,2024-01-02 03:04:05,1980-05-06,Karel,van der,Linden,Male,geheim-hash,geheim-token,"
    '"Dorpsstraat\n1\nA",1234AB,Utrecht,NL\n'
    ",,,,,,,,,,Ander adres 2,4321BA,Zeist,NL\n"
)


def customers(tmp_path: Path, content: str, **settings: object) -> list[Given]:
    path = tmp_path / "customers.csv"
    path.write_text(content, encoding="utf-8")
    told = ImportSettings(**settings)  # type: ignore[arg-type]
    return list(read_import(path, "customers", "auto", told, scratch=tmp_path))


def test_shopifys_customer_is_an_identify_without_the_apostrophes(tmp_path: Path) -> None:
    content = (
        "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Zip,Default Address Phone,Note\n"
        "'5412312140,Jip,de Vries,jip@example.com,yes,'1234AB,'+31612345678,klaagt vaak\n"
    )

    (found,) = customers(tmp_path, content)

    assert isinstance(found, dict)
    assert (found["type"], found["userId"]) == ("identify", "5412312140")
    assert found["traits"] == {
        "email": "jip@example.com",
        "firstName": "Jip",
        "lastName": "de Vries",
        "phone": "+31612345678",
        "address": {"postalCode": "1234AB"},
    }


def test_magentos_tussenvoegsel_is_part_of_the_name_and_a_second_address_no_second_customer(
    tmp_path: Path,
) -> None:
    (found,) = customers(tmp_path, MAGENTO)

    assert isinstance(found, dict)
    assert found["traits"] == {
        "email": "karel@example.com",
        "firstName": "Karel",
        "lastName": "van der Linden",
        "gender": "Male",
        "birthday": "1980-05-06",
        "createdAt": "2024-01-02T02:04:05.000000Z",
        "address": {
            "street": "Dorpsstraat\n1\nA",
            "postalCode": "1234AB",
            "city": "Utrecht",
            "country": "NL",
        },
    }


def test_passwords_and_tokens_never_leave_the_file(tmp_path: Path) -> None:
    assert b"geheim" not in msgspec.json.encode(customers(tmp_path, MAGENTO))


@pytest.mark.parametrize("number", ["0", "guest", "", "NaN", "(not set)"])
def test_who_has_no_number_and_no_mail_address_is_skipped(tmp_path: Path, number: str) -> None:
    assert customers(tmp_path, f"customer_id,email,voornaam\n{number},,Jip\n") == [
        Skipped(1, "no_customer")
    ]


def test_a_table_that_names_nobody_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="customer_id or email"):
        customers(tmp_path, "voornaam,plaats\nJip,Utrecht\n")
