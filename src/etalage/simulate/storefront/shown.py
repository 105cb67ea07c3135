"""What each page shows, as plain values for its template, and what it pushes into the dataLayer.

In:   where we stand: the shelves, a language, the moment.
Out:  dictionaries; the pushes are GA4's, as a real shop makes them (conventions 1), the linked data schema.org's (13).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import ceil, cos, pi, sin
from typing import Any
from urllib.parse import urlencode

from msgspec import Struct

from etalage.domain.product import Offer
from etalage.simulate.storefront.ink import closed
from etalage.simulate.storefront.orders import DELIVERY, FREE_FROM
from etalage.simulate.storefront.range import dyes, slug_of
from etalage.simulate.storefront.shelves import (
    LOW,
    PER_PAGE,
    PRICES,
    SORTS,
    Good,
    Shelves,
    Tongue,
    chosen,
    colours_in,
    en_of,
    sizes_in,
    wish_of,
)
from etalage.simulate.storefront.texts import money, say, words

Told = dict[str, Any]
HERO = (("back", "N-502", ""), ("shown", "N-603", "okergeel"), ("side", "N-696", "menierood"))
WINDOW = ("N-101", "N-696", "N-785", "N-817", "N-734", "N-771", "N-112", "N-803", "N-849", "N-760")
MENU = (("dames", "jassen"), ("heren", "jassen"), ("kinderen",), ("accessoires",), ("tassen",), ("fietsen",), ("honden",), ("kamperen",))  # fmt: skip
USED_UP = frozenset(
    {"coffee", "canister", "biscuits", "bottle"}
)  # drawings that are no sign for a door
IN_PAGE = "cart_more cart_less cart_remove subtotal delivery free total vat to_checkout choose_size added follow_who follow_events follow_segments follow_candidates follow_nobody follow_none follow_off follow_is follow_is_not follow_warming follow_shown follow_hidden follow_held follow_outside purpose_device purpose_measure purpose_personalise purpose_email purpose_ads"


class Stand(Struct, frozen=True):
    """Where a page is made."""

    shelves: Shelves
    tongue: Tongue
    now: int
    root: str

    @property
    def base(self) -> str:
        """Where pages of this language begin."""
        return self.root if self.tongue == "nl" else f"{self.root}/en"

    def name(self, part: str) -> str:
        """Give a category's name in this language."""
        return part if self.tongue == "nl" else en_of(part)


def home(stand: Stand) -> Told:
    """Show the front page."""
    goods = stand.shelves.goods
    window = [goods[key] for key in WINDOW if key in goods and goods[key].product.is_available]
    reduced = [g for g in goods.values() if g.was(stand.now) and g.product.is_available][2:7]
    doors = []
    for slugs in MENU:
        path = stand.shelves.categories[slugs]
        lasting = [g for g in stand.shelves.under(path) if g.style.draw not in USED_UP]
        first = lasting[-1]
        doors.append(
            {
                "href": f"{stand.base}/c/{'/'.join(slugs)}",
                "text": _named(stand, path),
                "picture": _picture(stand, first),
            }
        )
    hero = [
        {"place": place, "src": f"{stand.root}/beeld/los-{goods[key].picture(colour or None)}"}
        for place, key, colour in HERO
        if not colour or colour in goods[key].colours
    ]
    return {
        "tell": {"type": "home"},
        "isobars": isobars(),
        "hero": hero,
        "cards": [card(stand, g) for g in window[:5]],
        "sale": [card(stand, g) for g in reduced],
        "doors": doors,
        "pushes": [listed(stand, window[:5], "home_list", say(stand.tongue, "list_title"))],
        "data": {"items": items(stand, [*window[:5], *reduced])},
    }


def category(
    stand: Stand, path: tuple[str, ...], slugs: tuple[str, ...], given: Mapping[str, Sequence[str]]
) -> Told:
    """Show a category."""
    goods = stand.shelves.under(path)
    here = f"{stand.base}/c/{'/'.join(slugs)}"
    trail = _trail(stand, path, slugs)
    told = _list(
        stand, goods, given, here=here, list_id=f"cat_{'_'.join(slugs)}", name=_named(stand, path)
    )
    below = {p: s for s, p in stand.shelves.categories.items()}
    return told | {
        "tell": {"type": "category", "category": " > ".join(path)},
        "heading": _named(stand, path),
        "trail": trail,
        "linked": breadcrumbs(trail),
        "is_search": False,
        "asked": "",
        "below": [
            {"href": f"{stand.base}/c/{'/'.join(below[p])}", "text": stand.name(p[-1])}
            for p in stand.shelves.below(path)
        ],
    }


def search(stand: Stand, asked: str, given: Mapping[str, Sequence[str]]) -> Told:
    """Show what a search found."""
    goods = stand.shelves.search(asked)
    key = "search_empty" if not asked else "search_for" if goods else "search_none"
    here = f"{stand.base}/zoeken"
    told = _list(
        stand,
        goods,
        given,
        here=here,
        list_id="search_results",
        name=say(stand.tongue, "search"),
        asked=asked,
    )
    heading = say(stand.tongue, key, q=asked)
    trail = [
        {"href": f"{stand.base}/", "text": "Noord"},
        {"href": here, "text": say(stand.tongue, "search")},
    ]
    pushes = [{"event": "view_search_results", "search_term": asked}, *told["pushes"]]
    return told | {
        "tell": {"type": "search", "query": asked} if asked else {"type": "search"},
        "heading": heading,
        "trail": trail,
        "linked": breadcrumbs(trail),
        "is_search": True,
        "asked": asked,
        "below": [],
        "pushes": pushes if asked else [],
    }


def product(stand: Stand, good: Good, colour: str, home_url: str) -> Told:
    """Show a product in one of its colours."""
    tongue = stand.tongue
    shown = next((c for c in good.colours if slug_of(c) == colour), None) or next(
        iter(good.colours), None
    )
    offers = [_offer(stand, o) for o in good.sizes(shown)]
    one = offers[0] if len(offers) == 1 and not offers[0]["size"] else None
    slugs = next(s for s, p in stand.shelves.categories.items() if p == good.path)
    trail = _trail(stand, good.path, slugs)
    trail.append({"href": f"{stand.base}/p/{good.slug}", "text": good.title(tongue)})
    similar = [
        g for g in stand.shelves.under(good.path) if g.id != good.id and g.product.is_available
    ]
    near = sorted(similar, key=lambda g: (abs(g.price(stand.now) - good.price(stand.now)), g.id))[
        :5
    ]
    return {
        "tell": {"type": "product", "product_id": good.id, "category": " > ".join(good.path)},
        "card": card(stand, good),
        "colour": {"text": _colour(stand, shown)} if shown else None,
        "picture": f"{stand.root}/beeld/{good.picture(shown)}",
        "colours": [
            {
                "text": _colour(stand, c),
                "is_here": c == shown,
                "href": f"{stand.base}/p/{good.slug}?kleur={slug_of(c)}",
                "picture": f"{stand.root}/beeld/{good.picture(c)}",
            }
            for c in good.colours
        ],
        "description": good.description(tongue),
        "offers": offers,
        "has_sizes": one is None,
        "says": one["says"] if one else say(tongue, "pick_size"),
        "level": one["level"] if one else "ask",
        "brand": good.product.brand or "Noord",
        "reviews": [
            {
                "stars": r.stars,
                "text": r.text[tongue == "en"],
                "who": r.who,
                "town": r.town,
                "days": r.day,
            }
            for r in good.style.reviews
        ],
        "similar": [card(stand, g) for g in near],
        "trail": trail,
        "canonical": f"{home_url}{stand.base}/p/{good.slug}",
        "linked": [linked(stand, good, home_url), breadcrumbs(trail)],
        "pushes": [
            {
                "event": "view_item",
                "ecommerce": {
                    "currency": "EUR",
                    "value": good.price(stand.now) / 100,
                    "items": [item(stand, good)],
                },
            }
        ],
        "data": {
            "items": items(stand, [good, *near]),
            "good": {
                "id": good.id,
                "title": good.title(tongue),
                "picture": f"{stand.root}/beeld/{good.picture(shown)}",
                "href": f"{stand.base}/p/{good.slug}",
                "offers": {o.id: _buyable(stand, o) for o in good.sizes(shown)},
            },
        },
    }


def line(stand: Stand, offer: str) -> Told | None:
    """Give what the basket keeps of one form of a product; None if it cannot be bought."""
    for good in stand.shelves.goods.values():
        found = next((o for o in good.offers if o.id == offer and o.is_available), None)
        if found is not None:
            return {
                "id": good.id,
                "title": good.title(stand.tongue),
                "picture": f"{stand.root}/beeld/{good.picture(found.colour)}",
                "href": f"{stand.base}/p/{good.slug}",
                "offer": found.id,
                "quantity": 1,
                "item": item(stand, good),
                **_buyable(stand, found),
            }
    return None


def _buyable(stand: Stand, offer: Offer) -> Told:
    """Give what the basket has to know of a form of a product: price, its name, and how many there are."""
    parts = (_colour(stand, offer.colour), offer.size)
    return {
        "price": offer.price_at(stand.now),
        "variant": " / ".join(part for part in parts if part),
        "most": offer.stock if offer.stock is not None else 9,
    }


def _list(
    stand: Stand,
    goods: list[Good],
    given: Mapping[str, Sequence[str]],
    *,
    here: str,
    list_id: str,
    name: str,
    asked: str = "",
) -> Told:
    wish = wish_of(given)
    kept = chosen(goods, wish, stand.now)
    pages = max(1, ceil(len(kept) / PER_PAGE))
    page = min(max(wish.page, 1), pages)
    part = kept[(page - 1) * PER_PAGE : page * PER_PAGE]
    asking = {k: v for k, v in given.items() if k in {"maat", "kleur", "prijs", "afgeprijsd", "sorteer"}}  # fmt: skip
    if asked:
        asking["q"] = [asked]
    links = [
        {
            "text": n,
            "is_here": n == page,
            "href": f"{here}?{urlencode([*((k, x) for k, v in asking.items() for x in v), ('pagina', n)])}",
        }
        for n in range(1, pages + 1)
    ]
    return {
        "here": here,
        "list_id": list_id,
        "wish": wish,
        "total": len(kept),
        "cards": [card(stand, g) for g in part],
        "links": links,
        "sizes": sizes_in(goods)[:24],
        "colours": [
            {"value": c, "text": _colour(stand, c), "dye": dyes()[c][1]} for c in colours_in(goods)
        ],
        "prices": ["", *PRICES],
        "sorts": SORTS,
        "filters_open": not wish.is_plain,
        "pushes": [listed(stand, part, list_id, name)] if part else [],
        "data": {"items": items(stand, part), "list": {"id": list_id, "name": name}},
    }


def card(stand: Stand, good: Good) -> Told:
    """Show a product in a list."""
    was = good.was(stand.now)
    return {
        "id": good.id,
        "title": good.title(stand.tongue),
        "href": f"{stand.base}/p/{good.slug}",
        "picture": _picture(stand, good),
        "price": money(good.price(stand.now), stand.tongue),
        "was": money(was, stand.tongue) if was else None,
        "gone": not good.product.is_available,
        "stars": f"{good.style.stars:.1f}".replace(".", "," if stand.tongue == "nl" else "."),
        "reviews": len(good.style.reviews),
    }


def item(stand: Stand, good: Good, index: int | None = None) -> Told:
    """Give GA4's item of a product."""
    levels = {
        f"item_category{'' if i == 1 else i}": part for i, part in enumerate(good.path, start=1)
    }
    was = good.was(stand.now)
    told: Told = {
        "item_id": good.id,
        "item_name": good.product.title,
        "item_brand": good.product.brand or "Noord",
        **levels,
        "price": good.price(stand.now) / 100,
        "quantity": 1,
    }
    if was:
        told["discount"] = (was - good.price(stand.now)) / 100
    return told if index is None else {**told, "index": index}


def items(stand: Stand, goods: Iterable[Good]) -> Told:
    """Give the items of a page by id, for what a visitor does with them."""
    return {good.id: item(stand, good) for good in goods}


def listed(stand: Stand, goods: Sequence[Good], list_id: str, name: str) -> Told:
    """Give the push of a list that is shown."""
    return {
        "event": "view_item_list",
        "ecommerce": {
            "currency": "EUR",
            "item_list_id": list_id,
            "item_list_name": name,
            "items": [item(stand, good, i) for i, good in enumerate(goods)],
        },
    }


def linked(stand: Stand, good: Good, home_url: str) -> Told:
    """Describe a product to search engines: a ProductGroup with its variants (conventions 13)."""
    tongue = stand.tongue
    rating = {
        "@type": "AggregateRating",
        "ratingValue": round(good.style.stars, 1),
        "reviewCount": len(good.style.reviews),
    }
    variants = []
    for offer in good.offers:
        asked = {
            "@type": "Offer",
            "url": f"{home_url}{stand.base}/p/{good.slug}",
            "priceCurrency": "EUR",
            "price": (offer.price_at(stand.now) or 0) / 100,
            "itemCondition": "https://schema.org/NewCondition",
            "availability": f"https://schema.org/{'InStock' if offer.is_available else 'OutOfStock'}",
        }
        variants.append(
            {
                "@type": "Product",
                "sku": offer.id,
                "name": f"{good.title(tongue)} {offer.size or ''}".strip(),
                "image": [f"{home_url}{stand.root}/beeld/{good.picture(offer.colour)}"],
                **({"size": offer.size} if offer.size else {}),
                **({"color": _colour(stand, offer.colour)} if offer.colour else {}),
                "offers": asked,
            }
        )
    return {
        "@context": "https://schema.org/",
        "@type": "ProductGroup",
        "name": good.title(tongue),
        "description": good.description(tongue),
        "productGroupID": good.id,
        "variesBy": ["https://schema.org/size", "https://schema.org/color"],
        "brand": {"@type": "Brand", "name": good.product.brand or "Noord"},
        "aggregateRating": rating,
        "hasVariant": variants,
    }


def breadcrumbs(trail: Sequence[Mapping[str, str]]) -> Told:
    """Describe the way to a page."""
    return {
        "@context": "https://schema.org/",
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": i, "name": c["text"], "item": c["href"]}
            for i, c in enumerate(trail, start=1)
        ],
    }


def menu(stand: Stand) -> list[dict[str, str]]:
    """Give the links of the header."""
    return [
        {
            "href": f"{stand.base}/c/{'/'.join(slugs)}",
            "text": _named(stand, stand.shelves.categories[slugs]),
        }
        for slugs in MENU
    ]


def page_data(stand: Stand, data: Told) -> Told:
    """Add what the modules of every page need: addresses, texts, the delivery rules."""
    texts = words(stand.tongue)
    return {
        "base": stand.base,
        "root": stand.root,
        "tongue": stand.tongue,
        "free_from": FREE_FROM,
        "delivery": DELIVERY,
        "words": {key: texts[key] for key in IN_PAGE.split()},
        **data,
    }


def isobars() -> list[str]:
    """Draw the weather map behind the front page."""
    lines = []
    for ring in range(1, 11):
        points = []
        for i in range(24):
            a = 2 * pi * i / 24
            r = (34 + 46 * ring) * (
                1
                + 0.12 * sin(2 * a + 0.4)
                + 0.09 * cos(3 * a - ring / 5)
                + 0.04 * sin(5 * a + ring)
            )
            points.append((840 + 1.35 * r * cos(a), 240 + r * sin(a)))
        lines.append(closed(points))
    return lines


def _offer(stand: Stand, offer: Offer) -> Told:
    left = offer.stock if offer.stock is not None else LOW + 1
    level = "gone" if not offer.is_available else "low" if left <= LOW else ""
    key = {"gone": "gone_size", "low": "last", "": "in_stock"}[level]
    return {
        "id": offer.id,
        "size": offer.size or "",
        "can": offer.is_available,
        "level": level,
        "says": say(stand.tongue, key, n=left),
    }


def _trail(stand: Stand, path: tuple[str, ...], slugs: tuple[str, ...]) -> list[dict[str, str]]:
    parts = [
        {
            "href": f"{stand.base}/c/{'/'.join(slugs[: i + 1])}",
            "text": stand.name(part),
        }
        for i, part in enumerate(path)
    ]
    return [{"href": f"{stand.base}/", "text": "Noord"}, *parts]


def _named(stand: Stand, path: tuple[str, ...]) -> str:
    """Name a category so that it can be told from its like: coats of women, coats of men."""
    if path[0] in {"Dames", "Heren", "Kinderen"} and len(path) > 1:
        own = stand.name(path[-1])
        who = stand.name(path[0]).lower()
        return f"{own} {who}" if stand.tongue == "nl" else f"{own} for {who}"
    return stand.name(path[-1])


def _picture(stand: Stand, good: Good) -> str:
    return f"{stand.root}/beeld/{good.picture()}"


def _colour(stand: Stand, name: str | None) -> str:
    if not name:
        return ""
    return name if stand.tongue == "nl" else dyes()[name][0]
