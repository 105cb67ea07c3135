"""The range of Noord: about 300 styles, written out from hand-made texts with a fixed seed.

In:   `range.yaml` (kinds, places, sizes, colours), `texts_*.yaml` (what is said of each kind) and `first.yaml`.
Out:  `Style`s: title, description and reviews in Dutch and English, colours, drawing; `rows` of the feed for new ones.
Idea: the same file of the shop's feed that any shop would have (`noord.csv`) stays the one catalogue: this module
      wrote its newer rows, and adds what a feed does not carry. Every choice is a hashed draw, so nothing changes
      between two runs: `python -m etalage.simulate.storefront.range` writes the same file again.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from hashlib import blake2b
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

import yaml
from msgspec import Struct

SEED = "noord-1"
FIRST_NUMBER = 601
SITE = "https://noord.example"
BRANDS = ("Noord", "Noord", "Noord", "Waterkant", "Eems", "Plons")
NEVER_SEEN = 0.04  # of sizes: sold out
LOW = 0.14  # of sizes: the last few
ON_SALE = 0.17
CHEAP = 15  # euro: below it nothing is reduced
SALES = (0.8, 0.75, 0.85, 0.7)
COLUMNS = (
    "artikelnummer;group;titel;omschrijving;categorie;merk;prijs;actieprijs;voorraad;maat;kleur;gender;url;afbeelding;look"
).split(";")
Pair = tuple[str, str]  # Dutch, English
T = TypeVar("T")


class Review(Struct, frozen=True):
    """What somebody said of a product."""

    who: str
    town: str
    stars: int
    text: Pair
    day: int  # days ago


class Style(Struct, frozen=True):
    """What the shop shows of a product beside its feed."""

    id: str
    title: Pair
    description: Pair
    draw: str
    colours: tuple[str, ...]  # Dutch names, as in the feed
    reviews: tuple[Review, ...]

    @property
    def stars(self) -> float:
        """Give the mean of its reviews."""
        return sum(one.stars for one in self.reviews) / len(self.reviews)


def chance(*about: object) -> float:
    """Draw from [0, 1): the same question always gets the same answer."""
    text = ":".join(map(str, (SEED, *about))).encode()
    return int.from_bytes(blake2b(text, digest_size=7).digest(), "big") / (1 << 56)


def pick(options: Sequence[T], *about: object) -> T:
    """Draw one of several."""
    return options[int(chance(*about) * len(options))]


def shuffled(options: Sequence[T], *about: object) -> list[T]:
    """Give them in a drawn order."""
    order = sorted(range(len(options)), key=lambda i: chance(*about, i))
    return [options[i] for i in order]


@cache
def plan() -> Mapping[str, Any]:
    """Read what kinds of things there are."""
    return _read("range")


@cache
def dyes() -> dict[str, tuple[str, str]]:
    """Give per colour of the feed its English name and its dye."""
    return {name: (en, dye) for name, (en, dye) in _colours()}


@cache
def styles() -> dict[str, Style]:
    """Give all styles by id, the first ones first."""
    known = [*_first(), *_written()]
    return {style.id: style for style in known}


def rows() -> Iterator[dict[str, str]]:
    """Give the feed's rows of the written styles."""
    for number, kind, _ in _numbered():
        yield from _rows(f"N-{number}", kind)


def _read(name: str) -> Mapping[str, Any]:
    text = files(__package__).joinpath(f"{name}.yaml").read_text("utf-8")
    read: Mapping[str, Any] = yaml.safe_load(text)
    return read


@cache
def _texts() -> dict[str, Any]:
    texts: dict[str, Any] = {**_read("texts_wear"), **_read("texts_gear")}
    for name, own in texts.items():
        if "like" in own:
            texts[name] = {**texts[own["like"]], **own}
    return texts


def _colours() -> Iterator[tuple[str, tuple[str, str]]]:
    for group in ("colours", "more_colours"):
        yield from plan()[group].items()


def _numbered() -> Iterator[tuple[int, Mapping[str, Any], str]]:
    """Give number, kind and name: a name is used once per noun, and far apart elsewhere."""
    places = plan()["places"].split()
    number, used = FIRST_NUMBER, dict.fromkeys(places, 0)
    taken: set[tuple[str, str]] = set()
    for kind in plan()["kinds"]:
        noun = kind["noun"][0]
        for i in range(kind["count"]):
            free = [p for p in places if (noun, p) not in taken]
            place = min(free, key=lambda p: (used[p], chance("place", noun, i, p)))
            used[place] += 1
            taken.add((noun, place))
            yield number, kind, place.replace("-", " ")
            number += 1


def _written() -> Iterator[Style]:
    seen: set[str] = set()
    for i, (number, kind, place) in enumerate(_numbered()):
        key = f"N-{number}"
        description = _description(_texts()[kind["text"]], i, key, seen)
        title = (f"{kind['noun'][0]} {place}", f"{kind['noun'][1]} {place}")
        yield Style(
            key,
            title,
            description,
            kind["draw"],
            _colours_of(key, kind),
            reviews(key, kind["text"]),
        )


def _first() -> Iterator[Style]:
    feed = {row["group"]: row for row in feed_rows() if int(row["group"][2:]) < FIRST_NUMBER}
    for key, (draw, text, title, description) in _read("first").items():
        row = feed[key]
        yield Style(
            key,
            (row["titel"], title),
            (row["omschrijving"], description),
            draw,
            (row["kleur"],) if row["kleur"] else (),
            reviews(key, text),
        )


def feed_rows() -> list[dict[str, str]]:
    """Read the feed as it stands in the folder above."""
    text = files("etalage.simulate").joinpath("noord.csv").read_text("utf-8")
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


def _description(texts: Mapping[str, list[Pair]], i: int, key: str, seen: set[str]) -> Pair:
    """Put three or four sentences together that nobody has together yet."""
    for attempt in range(200):
        chosen = [pick(texts[part], part, key, attempt) for part in ("made", "detail", "use")]
        if i % 4 == 1:
            chosen = [chosen[2], chosen[0], chosen[1]]
        elif i % 4 == 2:  # noqa: PLR2004  four orders in turn
            chosen = [chosen[0], chosen[2], chosen[1]]
        elif i % 4 == 3:  # noqa: PLR2004  idem
            more = [d for d in texts["detail"] if d != chosen[1]]
            chosen = [chosen[1], chosen[0], pick(more, "more", key, attempt), chosen[2]]
        told = " ".join(dutch for dutch, _ in chosen)
        if told not in seen:
            seen.add(told)
            return told, " ".join(english for _, english in chosen)
    raise AssertionError(f"not enough texts for {key}")


def reviews(key: str, text: str) -> tuple[Review, ...]:
    """Write one to six opinions of a product; they differ."""
    texts, general = _texts()[text], _texts()
    count = 1 + int(chance("reviews", key) * min(6, len(texts["good"]) + 1))
    level = 0.35 + 0.5 * chance("level", key)  # some things are simply better
    good, bad = shuffled(texts["good"], "good", key), shuffled(texts["bad"], "bad", key)
    moments = shuffled(general["moments"], "moment", key)
    shop = shuffled(general["shop"], "shop", key)
    people = shuffled(plan()["people"], "people", key)
    found = []
    for i in range(count):
        stars = _stars(chance("stars", key, i), level)
        liked, missed = good[i % len(good)], bad[i % len(bad)]
        closing = general["closing"]
        parts: list[Pair] = {
            5: [moments[i], liked, pick(closing["good"], "end", key, i)],
            4: [liked, missed, pick(closing["mixed"], "end", key, i)],
            3: [moments[i], missed, liked],
            2: [moments[i], missed, pick(closing["poor"], "end", key, i)],
        }[stars]
        if chance("shop", key, i) < 0.3:  # noqa: PLR2004  a third also says how the shop did
            parts = [*parts[:2], shop[i]]
        if chance("short", key, i) < 0.2 and stars in {4, 5}:  # noqa: PLR2004  some are brief
            parts = parts[-2:] if stars == 5 else parts[:2]  # noqa: PLR2004
        said = " ".join(p[0] for p in parts), " ".join(p[1] for p in parts)
        town = pick(plan()["towns"], "town", key, i)
        found.append(Review(people[i], town, stars, said, 3 + int(chance("day", key, i) * 400)))
    return tuple(sorted(found, key=lambda one: one.day))


def _stars(drawn: float, level: float) -> int:
    if drawn < level:
        return 5
    left = (drawn - level) / (1 - level)
    return 4 if left < 0.55 else 3 if left < 0.85 else 2  # noqa: PLR2004  a few are not pleased


def _colours_of(key: str, kind: Mapping[str, Any]) -> tuple[str, ...]:
    if "colours" in kind:  # what is used up has one package
        return (shuffled(list(plan()["colours"]), "colour", key)[0],)
    several = 1 + int(chance("colours", key) ** 2 * 3) if kind["sizes"] != "one" else 1
    several += kind["sizes"] == "one" and chance("two", key) < 0.5  # noqa: PLR2004  half of them
    return tuple(shuffled(list(plan()["colours"]), "colour", key)[:several])


def _rows(key: str, kind: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    style = styles()[key]
    low, high = kind["price"]
    euro = low + round(chance("price", key) * (high - low) / 5) * 5
    cents = euro * 100 + 95 if euro < high else high * 100 - 5
    sale = ""
    if euro >= CHEAP and chance("sale", key) < ON_SALE:
        sale = _euro(int(cents * pick(SALES, "off", key)) // 100 * 100 + 95 - 100)
    slug = slug_of(f"{style.title[0]} {key[2:]}")
    several = len(style.colours) > 1
    for colour in style.colours:
        for size in plan()["sizes"][kind["sizes"]]:
            parts = [key, colour if several else "", size.replace("/", "-").replace(" ", "")]
            yield dict(
                zip(
                    COLUMNS,
                    (
                        "-".join(p for p in parts if p),
                        key,
                        style.title[0],
                        style.description[0],
                        kind["path"],
                        pick(BRANDS, "brand", key),
                        _euro(cents),
                        sale,
                        str(_stock(key, colour, size)),
                        size,
                        colour,
                        kind["gender"],
                        f"{SITE}/p/{slug}",
                        f"{SITE}/beeld/{key.lower()}.svg",
                        look_of(key),
                    ),
                    strict=True,
                )
            )


def look_of(key: str) -> str:
    """Give the looks a product belongs to, as its feed names them."""
    return "|".join(name for name, pieces in plan()["looks"].items() if key in pieces)


def _stock(key: str, colour: str, size: str) -> int:
    if chance("gone", key) < 0.02:  # noqa: PLR2004  a few are out altogether
        return 0
    drawn = chance("stock", key, colour, size)
    if drawn < NEVER_SEEN:
        return 0
    if drawn < NEVER_SEEN + LOW:
        return 1 + int(chance("last", key, colour, size) * 3)
    return 4 + int(chance("more", key, colour, size) * 36)


def _euro(cents: int) -> str:
    return f"{cents // 100},{cents % 100:02d}"


def slug_of(text: str) -> str:
    """Write a text as part of an address."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def written() -> str:
    """Give the whole feed as text: the first products as they are, the others anew."""
    first = [
        {**row, "look": look_of(row["group"])}
        for row in feed_rows()
        if int(row["group"][2:]) < FIRST_NUMBER
    ]
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, delimiter=";", lineterminator="\n")
    writer.writeheader()
    writer.writerows([*first, *rows()])
    return out.getvalue()


if __name__ == "__main__":  # pragma: no cover  run by hand after a change of the texts
    here = Path(__file__).resolve().parents[1] / "noord.csv"
    here.write_text(written(), encoding="utf-8")
