"""Experiences, facts and products that the tests of decide, deliver and recommend share."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

from etalage.decide.parse_experience import parse_experience
from etalage.domain.context import Context
from etalage.domain.decision import DecisionFacts
from etalage.domain.experience import Experience
from etalage.domain.ids import ProductId, VisitorKey
from etalage.domain.product import Catalogue, Offer, Product
from etalage.domain.time import micros

NOW = micros(datetime(2026, 11, 20, 12, 0, tzinfo=UTC))
KAREL = VisitorKey("a" * 32)
FATIMA = VisitorKey("f" * 32)
SECRET = b"s" * 32

BODY: dict[str, Any] = {
    "title": "Help bij het kiezen",
    "trigger": {"on": "load"},
    "slot": "below",
    "form": "inline",
    "variants": [
        {"name": "a", "content": {"nl": [{"type": "text", "text": "Hulp nodig?"}]}},
    ],
    "allocation": {"kind": "fixed"},
    "goal": {"event": "purchase"},
    "purpose": "Helpen kiezen",
    "gain": {"nl": "Je kiest makkelijker.", "en": "You choose more easily."},
}


def body(**changes: Any) -> dict[str, Any]:
    """Give a right body with some fields changed; a change to None takes the field away."""
    changed = copy.deepcopy(BODY) | changes
    return {field: value for field, value in changed.items() if value is not None}


def experience(name: str = "help", **changes: Any) -> Experience:
    return parse_experience(name, body(**changes))


def split(name: str = "help", control: float = 0.5, **changes: Any) -> Experience:
    return experience(name, allocation={"kind": "split", "control": control}, **changes)


def products_variant(name: str = "a", **wanted: Any) -> dict[str, Any]:
    return {
        "name": name,
        "content": {"nl": [{"type": "product_list", "title": "Populair"}]},
        "products": {"strategy": "popular_now"} | wanted,
    }


def facts(**changes: Any) -> DecisionFacts:
    """Give the facts of a known visitor who allowed everything, on a product page."""
    given: dict[str, Any] = {
        "now": NOW,
        "zone": "Europe/Amsterdam",
        "visitor": KAREL,
        "unit": str(KAREL),
        "purposes": ("device", "measure", "personalise"),
        "page": Context(url="/p/42", page_type="product", product="S-42", category="Hond > Voer"),
        "slots": ("below", "overlay"),
    }
    return DecisionFacts(**(given | changes))


def product(
    product_id: str,
    *,
    price: int | None = 1000,
    stock: int | None = 5,
    category: str = "Hond > Voer",
    sizes: tuple[str | None, ...] = (None,),
    brand: str | None = None,
) -> Product:
    offers = tuple(
        Offer(
            id=f"{product_id}-{size}", price=price, stock=stock, availability="in_stock", size=size
        )
        for size in sizes
    )
    return Product(
        id=ProductId(product_id),
        title=f"Titel {product_id}",
        offers=offers,
        categories=(tuple(category.split(" > ")),),
        brand=brand,
        link=f"https://shop.example/p/{product_id}",
        image=f"https://shop.example/i/{product_id}.jpg",
    )


def catalogue(*products: Product) -> Catalogue:
    return Catalogue(version="c1", currency="EUR", products={p.id: p for p in products})
