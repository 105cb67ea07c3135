"""The values in catalogue files: amounts, stock, categories, periods and descriptions as shops write them.

Every function reads one text, and says by None or an empty tuple that it holds nothing usable; the parsers
turn that into a named problem.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

from etalage.domain.ids import normalised
from etalage.domain.money import minor_units
from etalage.domain.product import Availability
from etalage.domain.time import micros

MAX_ID = 200  # characters; the merchant format allows 50
MAX_TITLE = 500
MAX_DESCRIPTION = 5_000  # characters, as in the merchant format
MAX_STOCK = 10**9  # pieces; more is no count
_NOTHING = frozenset({"", "nan", "none", "null", "undefined", "n/a", "#n/a"})

_AVAILABILITY: dict[str, Availability] = {
    **dict.fromkeys(
        (
            "instock",
            "1",
            "yes",
            "ja",
            "true",
            "opvoorraad",
            "availablefororder",
            "limitedavailability",
        ),
        "in_stock",
    ),
    **dict.fromkeys(
        ("outofstock", "0", "no", "nee", "false", "nietopvoorraad", "uitverkocht", "soldout"),
        "out_of_stock",
    ),
    **dict.fromkeys(
        ("discontinued", "instoreonly"),
        "out_of_stock",
    ),
    **dict.fromkeys(("preorder", "presale"), "preorder"),
    **dict.fromkeys(("backorder", "onbackorder", "nabestelling"), "backorder"),
    "onlineonly": "in_stock",
}
_GENDERS = {
    **dict.fromkeys(("female", "f", "women", "woman", "dames", "vrouw", "vrouwen"), "female"),
    **dict.fromkeys(("male", "m", "men", "man", "heren", "mannen"), "male"),
    "unisex": "unisex",
}
_MONTH_FIRST = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{2}|\d{4})(?:,? (\d{1,2}):(\d{2}) ?([AP]M)?)?")


def identifier(text: str) -> str | None:
    """Read an id: trimmed, in one spelling; '' where there is none, None where it cannot be one.

    Spaces and emoji inside are part of the id; control characters never are.
    """
    name = normalised(text)
    if name.casefold() in _NOTHING:
        return ""
    has_control = any(character < " " or character == "\x7f" for character in name)
    return None if has_control or len(name) > MAX_ID else name


def price(text: str, currency: str) -> int | None:
    """Read an asking price in minor units; None unless it is above zero."""
    units = minor_units(text, currency)
    return units if units is not None and units > 0 else None


def is_nothing(text: str) -> bool:
    """Tell whether a cell is what exports write for 'no value'."""
    return text.strip().casefold() in _NOTHING


def availability(text: str) -> Availability | None:
    """Read a stated availability, old and new spellings, schema.org's and Dutch ones.

    >>> availability("in stock"), availability("https://schema.org/OutOfStock"), availability("soon")
    ('in_stock', 'out_of_stock', None)
    """
    word = text.strip().casefold().rsplit("/", 1)[-1]
    return _AVAILABILITY.get(re.sub(r"[ _\-]", "", word))


def pieces(text: str) -> int | None:
    """Read a stock count; sold more than there was counts as none left."""
    try:
        count = int(float(text.strip().replace(",", ".")))
    except (ValueError, OverflowError):
        return None
    return max(count, 0) if count <= MAX_STOCK else None


def gender(text: str) -> str | None:
    """Read for whom it is made: female, male or unisex; None for anything else, or for several."""
    found = {_GENDERS.get(part.strip().casefold()) for part in re.split(r"[|,;]", text)}
    if found == {"female", "male"}:
        return "unisex"
    return found.pop() if len(found) == 1 else None


def path_of(text: str) -> tuple[str, ...]:
    """Split one category path on '>', or on '/' where there is none.

    >>> path_of("Dames > Jassen"), path_of("Gear/Bags")
    (('Dames', 'Jassen'), ('Gear', 'Bags'))
    """
    parts = text.split(">") if ">" in text else text.split("/")
    return tuple(part.strip() for part in parts if part.strip())


def paths_of(text: str) -> tuple[tuple[str, ...], ...]:
    """Split a cell that may hold several paths separated by commas.

    A comma inside a name ("Home, Garden > Tools") does not separate: either every piece is a path, or none is.

    >>> paths_of("Dames > Jassen, Dames > Regen"), paths_of("Home, Garden > Tools")
    ((('Dames', 'Jassen'), ('Dames', 'Regen')), (('Home, Garden', 'Tools'),))
    """
    parts = text.split(",")
    if 0 < sum(">" in part for part in parts) < len(parts):
        parts = [text]
    return tuple(dict.fromkeys(path for part in parts if (path := path_of(part))))


def moment_of(text: str, zone: str) -> int | None:
    """Read a time: ISO 8601, or month/day/year as Magento's admin writes it; without an offset in `zone`."""
    text = text.strip()
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        when_american = _american(text)
        if when_american is None:
            return None
        when = when_american
    try:
        return micros(when if when.tzinfo else when.replace(tzinfo=ZoneInfo(zone)))
    except OverflowError:
        return None


def end_of(text: str, zone: str) -> int | None:
    """Read the end of a period: a date without a time lasts until its midnight."""
    until = moment_of(text, zone)
    if until is None or ":" in text or "T" in text:
        return until
    local = datetime.fromtimestamp(until / 1e6, ZoneInfo(zone)).replace(tzinfo=None)
    return micros((local + timedelta(days=1)).replace(tzinfo=ZoneInfo(zone))) - 1


def _american(text: str) -> datetime | None:
    found = _MONTH_FIRST.fullmatch(text)
    if found is None:
        return None
    month, day, year, hour, minute, half = found.groups()
    hours = int(hour or 0)
    if half:
        hours = hours % 12 + (12 if half == "PM" else 0)
    full_year = int(year) + (2000 if len(year) == 2 else 0)  # noqa: PLR2004  two digits
    try:
        return datetime(full_year, int(month), int(day), hours, int(minute or 0))  # noqa: DTZ001  zone follows
    except ValueError:
        return None


class _Text(HTMLParser):
    """Collects what a reader of the page would see."""

    _BREAKS = frozenset("p br div li ul ol tr table h1 h2 h3 h4 h5 h6".split())
    _UNSEEN = frozenset({"script", "style", "template"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self._unseen += tag in self._UNSEEN
        if tag in self._BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._unseen = max(self._unseen - (tag in self._UNSEEN), 0)
        if tag in self._BREAKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(data)


def plain_text(html: str) -> str:
    r"""Turn a description, with or without HTML, into plain text of at most 5,000 characters.

    >>> plain_text("<p>Warm &amp; dry.</p><script>x()</script><p>&bull; Two pockets<br/>")
    'Warm & dry.\n• Two pockets'
    """
    if "<" in html or "&" in html:
        reader = _Text()
        reader.feed(html[: 20 * MAX_DESCRIPTION])
        reader.close()
        html = "".join(reader.parts)
    lines = (re.sub(r"[ \t\xa0\r]+", " ", line).strip() for line in html.split("\n"))
    return "\n".join(line for line in lines if line)[:MAX_DESCRIPTION]
