"""Govern: what is known of a visitor, in words she can judge.

In:   what may be read of her (a part of a fold), the catalogue, the shop's days.
Out:  rows of plain text, each with what she can do about it. The page only draws them.
Idea: everything here is made from facts that a decision could use too; nothing is guessed for the occasion. What
      she is shown says which arm she is in no more than the page itself did: things not seen are counted, not named.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files

from babel import Locale
from babel.dates import format_date
from msgspec import Struct

from etalage.domain.event import Scalar
from etalage.domain.experience import Language
from etalage.domain.ids import CONTROL, HOLDOUT, ProductId
from etalage.domain.product import CATEGORY_SEPARATOR, Catalogue
from etalage.domain.profile import HOLDOUT_EXPERIENCE, Fold, Part, Written
from etalage.domain.time import ShopZone

LOCALES: Mapping[Language, str] = {"nl": "nl_NL", "en": "en_GB"}
MOST_CATEGORIES, MOST_SEARCHES, MOST_BOUGHT, MOST_SHOWN = 3, 3, 5, 12
_GHOSTS = frozenset({CONTROL, HOLDOUT})
_PRODUCT, _EXPERIENCE = "product:", "experience:"


class Row(Struct, frozen=True, omit_defaults=True):
    """Something that is known, how we know it, and what she can do about it."""

    title: str
    detail: str = ""
    do: str = ""  # trait, answer, fresh, unlink, no, yes
    name: str = ""  # of the trait, product or experience
    value: str = ""


class Teller(Struct, frozen=True):
    """What it takes to tell anything."""

    language: Language
    zone: ShopZone
    catalogue: Catalogue
    shop: str

    def say(self, key: str, **values: object) -> str:
        """Fill in a sentence; values are put in as they are."""
        said = words()[self.language][key]
        for name, value in {"shop": self.shop, **values}.items():
            said = said.replace("{" + name + "}", str(value))
        return said

    def day(self, at: int) -> str:
        """Write the shop day of a moment: 5 november."""
        when = self.zone.date(self.zone.day(at))
        return str(format_date(when, format="d MMMM", locale=LOCALES[self.language]))

    def product(self, product: str) -> str:
        """Give the title of a product, or else its number."""
        found = self.catalogue.find(product)
        return product if found is None else found.title


@cache
def words() -> dict[Language, dict[str, str]]:
    """Give the words of the page, by language."""
    text = files("etalage.govern").joinpath("me_words.toml").read_text("utf-8")
    found: dict[Language, dict[str, str]] = tomllib.loads(text)  # type: ignore[assignment]
    return found


# ---- What we wrote down --------------------------------------------------------------------------------


def known(part: Part, teller: Teller) -> list[Row]:
    """Tell what was remembered, the most telling first."""
    return [
        *_looked(part, teller),
        *_searched(part, teller),
        *_shopped(part, teller),
        *_stated(part, teller),
        *_around(part, teller),
    ]


def favourite(part: Part) -> str | None:
    """Give the category she looks at most, if she does more than glance."""
    seen = _categories(part)
    name, count = max(seen.items(), key=lambda one: (one[1], one[0]), default=("", 0))
    return _last(name) if count > 1 else None


def _categories(part: Part) -> Counter[str]:
    return Counter(
        category
        for event in part.recents
        if event.name == "view_item"
        for category in {line.category for line in event.lines if line.category}
    )


def _last(category: str) -> str:
    return category.rpartition(CATEGORY_SEPARATOR)[2].lower()


def _looked(part: Part, teller: Teller) -> Iterator[Row]:
    for category, count in sorted(_categories(part).items(), key=lambda one: (-one[1], one[0]))[
        :MOST_CATEGORIES
    ]:
        times = [
            event.time
            for event in part.recents
            if event.name == "view_item" and category in {line.category for line in event.lines}
        ]
        key = "looked" if count > 1 else "looked-one"
        said = teller.say(key, n=count, category=_last(category))
        yield Row(said, _period(times, teller), do="fresh")


def _period(times: Iterable[int], teller: Teller) -> str:
    moments = list(times)
    first, last = teller.day(min(moments)), teller.day(max(moments))
    if first == last:
        return teller.say("on", when=first)
    return teller.say("between", first=first, last=last)


def _searched(part: Part, teller: Teller) -> Iterator[Row]:
    newest: dict[str, int] = {}
    for event in reversed(part.recents):
        if event.query:
            newest.setdefault(event.query, event.time)
    for query, at in list(newest.items())[:MOST_SEARCHES]:
        yield Row(
            teller.say("searched", query=query), teller.say("on", when=teller.day(at)), "fresh"
        )


def _shopped(part: Part, teller: Teller) -> Iterator[Row]:
    cart = sorted(teller.product(product) for product, line in part.cart.items() if line.quantity)
    if cart:
        yield Row(teller.say("cart", products=", ".join(cart)), teller.say("cart-how"))
    newest = sorted(part.bought.items(), key=lambda one: (-one[1], one[0]))[:MOST_BOUGHT]
    for product, at in newest:
        said = teller.say("bought", product=teller.product(product))
        yield Row(said, teller.say("on", when=teller.day(at)))


def _stated(part: Part, teller: Teller) -> Iterator[Row]:
    for kind, written, how in (
        ("trait", part.traits, "trait-how"),
        ("answer", part.preferences, "answer-how"),
        ("", part.scores, "score-how"),
    ):
        for name, one in sorted(written.items()):
            if one.value is not None:
                value = _value(one.value)
                said = teller.say("trait", name=_plain(name), value=value)
                yield Row(said, teller.say(how, when=teller.day(one.time)), kind, name, value)


def _value(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _plain(name: str) -> str:
    return name.replace("_", " ").replace("-", " ").replace(".", " ").capitalize()


def _around(part: Part, teller: Teller) -> Iterator[Row]:
    country = next((event.country for event in reversed(part.recents) if event.country), None)
    if country is not None:
        named = Locale.parse(LOCALES[teller.language]).territories.get(country, country)
        yield Row(teller.say("lives", country=named), teller.say("lives-how"), "fresh")
    kinds = sorted({event.device for event in part.recents if event.device})
    if kinds:
        devices = _joined([teller.say(kind) for kind in kinds], teller.say("and"))
        yield Row(teller.say("uses", devices=devices), teller.say("uses-how"))
    if part.days:
        count = len(part.days)
        said = teller.say("days", n=count) if count > 1 else teller.say("days-one")
        first = teller.day(teller.zone.start(min(part.days)))
        yield Row(said, teller.say("first", when=first))


def _joined(items: list[str], link: str) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {link} {items[-1]}"


# ---- What she saw --------------------------------------------------------------------------------------


class Message(Struct, frozen=True):
    """What is known of an experience that is live."""

    title: str
    why: str


def shown(part: Part, live: Mapping[str, Message], teller: Teller) -> list[Row]:
    """Tell what she saw and why, and what she does not want."""
    refused = {name: one for name, one in part.refused.items() if one.value is True}
    rows = [_refused(name, one, live, teller) for name, one in sorted(refused.items())]
    seen: dict[str, int] = {}
    for event in reversed(part.recents):
        name = event.properties.get("promotion_id")
        if event.name == "view_promotion" and isinstance(name, str) and name in live:
            seen.setdefault(name, event.time)
    for name, at in list(seen.items())[:MOST_SHOWN]:
        if _EXPERIENCE + name not in refused:
            message = live[name]
            when = teller.say("shown-when", when=teller.day(at))
            rows.append(Row(message.title, f"{when} {message.why}", "no", _EXPERIENCE + name))
    return rows


def _refused(name: str, said: Written, live: Mapping[str, Message], teller: Teller) -> Row:
    if name.startswith(_PRODUCT):
        title = teller.product(name.removeprefix(_PRODUCT))
    else:
        plain = name.removeprefix(_EXPERIENCE)
        title = live[plain].title if plain in live else _plain(plain)
    return Row(title, teller.say("no-said", when=teller.day(said.time)), "yes", name)


def unseen(fold: Fold, teller: Teller) -> str | None:
    """Say that something was not shown, and never what."""
    held = [
        name
        for name, arms in fold.arms.items()
        if name != HOLDOUT_EXPERIENCE
        and min(arms.items(), key=lambda one: (one[1].time, one[1].id))[0] in _GHOSTS
    ]
    if not held:
        return None
    return teller.say("unseen-one" if len(held) == 1 else "unseen-many")


def refusable(name: str) -> tuple[str, str] | None:
    """Part what she refuses into kind and name: ('product', 'S-1')."""
    kind, sign, rest = name.partition(":")
    return (kind, ProductId(rest)) if sign and rest and kind in {"product", "experience"} else None
