"""Step 5 of 8, decide: read which products a variant shows, and what the shop says about their order.

In:   the object `products` of a variant.
Out:  a `Wanted`, or a refusal that names the field.
"""

from __future__ import annotations

from typing import get_args

from etalage.decide.read_body import Body, text
from etalage.domain.experience import Boost, StrategyName, Wanted
from etalage.domain.ids import ProductId
from etalage.errors import BadExperience

LARGEST = 24  # products of a list
_MOST_WITHOUT = 200
_MOST_CATEGORIES = 50
_MOST_BOOSTS = 8


def parse_wanted(value: object, path: str) -> Wanted:
    """Read what a list wants, strictly."""
    body = Body(value, path)
    wanted = Wanted(
        strategy=body.one_of("strategy", get_args(StrategyName)),
        size=body.number("size", 4, least=1, most=LARGEST),
        at_least=body.number("at_least", 1, least=1, most=LARGEST),
        under=body.text_or_none("under"),
        same_category=body.flag("same_category"),
        last_category=body.flag("last_category"),
        only_where=body.one_of_or_none("only_where", get_args(StrategyName)),
        price_from=body.number_or_none("price_from", least=0, most=10**9),
        price_to=body.number_or_none("price_to", least=0, most=10**9),
        pins=_products(body, "pins", most=LARGEST),
        without=_products(body, "without", most=_MOST_WITHOUT),
        not_under=tuple(text(v, at) for v, at in body.items("not_under", most=_MOST_CATEGORIES)),
        per_brand=body.number_or_none("per_brand", least=1, most=LARGEST),
        per_category=body.number_or_none("per_category", least=1, most=LARGEST),
        boosts=tuple(_boost(v, at) for v, at in body.items("boosts", most=_MOST_BOOSTS)),
    )
    body.done()
    _fits_together(wanted, body)
    return wanted


def _products(body: Body, field: str, *, most: int) -> tuple[ProductId, ...]:
    return tuple(ProductId(text(value, at)) for value, at in body.items(field, most=most))


def _boost(value: object, path: str) -> Boost:
    """Read `{"label": "margin", "is": "high", "percent": 150}` or `{"new_days": 30, "percent": 130}`."""
    body = Body(value, path)
    label = body.text_or_none("label")
    boost = Boost(
        percent=body.number("percent", None, least=10, most=500),
        label=label,
        value=None if label is None else body.text("is"),
        new_days=body.number_or_none("new_days", least=1, most=365),
    )
    body.done()
    if (boost.label is None) == (boost.new_days is None):
        raise BadExperience(f"{path} needs either a label or new_days", field=path)
    return boost


def _fits_together(wanted: Wanted, body: Body) -> None:
    if wanted.at_least > wanted.size:
        raise BadExperience(f"{body.path} needs more than it shows", field=body.at("at_least"))
    both = set(wanted.pins) & set(wanted.without)
    if both:
        raise BadExperience(
            f"{body.path} puts {min(both)!r} first and leaves it out", field=body.at("pins")
        )
