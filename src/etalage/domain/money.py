"""Money: an integer number of minor units (cents) beside an ISO 4217 currency; never a float.

All texts in which shops write an amount are read here, and nowhere else (conventions.md, "Money may be").
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

CEILING = 10**12  # minor units; more than ten billion euro in one amount is a mistake

# Digits after the comma, where it is not two (ISO 4217).
_EXPONENT = (
    dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "UYI",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    )
    | dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3)
    | {"CLF": 4, "UYW": 4}
)
# ISO 4217, what is paid with today: codes for metals, tests and funds are no money of a shop.
CURRENCIES = frozenset(
    (
        "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF "
        "CHF CLF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD "
        "HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD "
        "LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP "
        "PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT "
        "TND TOP TRY TTD TWD TZS UAH UGX USD UYI UYU UYW UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG"
    ).split()
)
CENTS = 2
_EXACT = 1e10  # the ceiling in euros; so far two digits behind the point always come out the same
_SYMBOLS = {"€": "EUR", "$": "USD", "£": "GBP"}
_CODE = re.compile(r"[A-Z]{3}")
_AMOUNT = re.compile(r"-?[0-9][0-9.,'\u00a0\u202f ]*")


def exponent(currency: str) -> int:
    """Give the number of decimal digits of a currency: 2 for EUR, 0 for JPY."""
    return _EXPONENT.get(currency, 2)


def is_currency(code: str) -> bool:
    """Tell whether a text is the code of a currency of ISO 4217."""
    return code in CURRENCIES


def minor_units(amount: object, currency: str) -> int | None:
    """Read an amount as minor units of `currency`; None where it is no amount or beyond the ceiling.

    Accepts numbers and texts, Dutch ones included. A part of a cent is rounded half to even.

    >>> minor_units("€ 1.234,50", "EUR"), minor_units(79.95, "EUR"), minor_units("79.95 EUR", "EUR")
    (123450, 7995, 7995)
    """
    if isinstance(amount, bool) or amount is None:
        return None
    if type(amount) is float and -_EXACT < amount < _EXACT and exponent(currency) == CENTS:
        units = round(amount * 100)
        if units / 100 == amount:  # then these are the digits it is written with
            return units
    if isinstance(amount, str):
        text = _plain_number(amount)
        if text is None:
            return None
    elif isinstance(amount, int | float | Decimal):
        text = str(amount)
    else:
        return None
    try:
        scaled = Decimal(text).scaleb(exponent(currency))
        units = int(scaled.to_integral_value(rounding=ROUND_HALF_EVEN))
    except (InvalidOperation, ValueError, OverflowError):
        return None
    return units if abs(units) <= CEILING else None


def currency_in(text: str) -> str | None:
    """Find the currency an amount's text names itself: '79.95 EUR', '€ 79,95'."""
    for symbol, code in _SYMBOLS.items():
        if symbol in text:
            return code
    found = _CODE.search(text.upper())
    return found.group() if found else None


def decimal_text(units: int, currency: str) -> str:
    """Write minor units as a plain decimal: 7995 EUR -> '79.95'."""
    digits = exponent(currency)
    return f"{Decimal(units).scaleb(-digits):.{digits}f}"


def _plain_number(text: str) -> str | None:
    """Bring '1.234,50', '1,234.50', '79,95' and '12,-' to the form Decimal reads.

    With both separators the last one is the decimal one. A comma before exactly three digits separates
    thousands; a single dot is always decimal, because programs write '79.950' and people write '1.234,00'.
    """
    text = text.strip().removesuffix(",-").removesuffix(",--")
    found = _AMOUNT.search(text)
    if found is None or not _only_currency(text[: found.start()] + text[found.end() :]):
        return None
    number = re.sub(r"['\u00a0\u202f ]", "", found.group()).rstrip(".,")
    comma, dot = number.rfind(","), number.rfind(".")
    if comma >= 0 and dot >= 0:
        decimal = "," if comma > dot else "."
        thousands = "." if decimal == "," else ","
        return number.replace(thousands, "").replace(decimal, ".")
    separator = "," if comma >= 0 else "."
    if number.count(separator) > 1:
        return number.replace(separator, "")
    if separator == "," and len(number) - comma - 1 == 3:  # noqa: PLR2004  1,234 is a thousand
        return number.replace(",", "")
    return number.replace(",", ".")


def _only_currency(rest: str) -> bool:
    rest = rest.strip().upper()
    return rest in {"", "€", "$", "£", "EURO", "EUR €"} or _CODE.fullmatch(rest) is not None
