"""No two shops meet: every route, with every id it may take, asked with the key of another shop (safety 1, promise 7).

The questions are made from the table of routes and the schemas of their bodies: a route, a parameter or a field that
stands there and is not known here fails. For each id the other shop's is asked, and one that exists nowhere: the
answers must be the same, tell nothing of the other shop, and leave all its stores as they were.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from shop import NOON, YES
from two_shops import Answered, Two, merged, names_in, two_shops, value_at

from etalage.api.described import ROUTES, Route, openapi

ANYBODY = ("visitor", "user", "email", "pseudonym")
PERSON = (*ANYBODY, "named user", "named email")
OTHER_NAMES = (
    "experience",
    "variant",
    "segment",
    "slot",
    "product",
    "message",
    "transaction",
    "shop",
)
EVENT = {
    "messageId": ("message",),
    "anonymousId": ANYBODY,
    "userId": ("user", "email", "pseudonym"),
    "previousId": ("visitor", "user"),
    "groupId": ("user", "shop"),
    "writeKey": ("write key", "server key"),
    "visitorToken": ("visitor token",),
    "properties.product_id": ("product",),
    "properties.order_id": ("transaction",),
    "properties.promotion_id": ("experience",),
    "properties.token": ("decision token",),
    "properties.shop": ("shop",),
    "traits.email": ("email",),
    "context.traits.email": ("email",),
    "context.shop": ("shop",),
}
# Of each kind of body: where an id may stand, of which kinds.
BODIES: dict[str, dict[str, tuple[str, ...]]] = {
    "Event": EVENT,
    "Batch": {
        "writeKey": ("write key", "server key"),
        "visitorToken": ("visitor token",),
        "context.shop": ("shop",),
        **{f"batch[].{place}": kinds for place, kinds in EVENT.items()},
    },
    "Question": {
        "anonymousId": ANYBODY,
        "userId": ("user", "email", "pseudonym"),
        "visitorToken": ("visitor token",),
        "writeKey": ("write key", "server key"),
        "page.product_id": ("product",),
        "page.category": ("shop",),
        "cart[].product_id": ("product",),
        "slots[]": ("slot", "experience"),
        "events[].anonymousId": ANYBODY,
        "events[].userId": ("user",),
    },
    "List": {
        "anonymousId": ANYBODY,
        "userId": ("user", "email"),
        "visitorToken": ("visitor token",),
        "writeKey": ("write key", "server key"),
        "page.product_id": ("product",),
        "ids[]": ("product",),
    },
    "Opening": {
        "writeKey": ("write key", "server key"),
        "visitorToken": ("visitor token", "me token", "decision token"),
        "userId": ("user", "email"),
        "signature": ("user",),
    },
    "Mine": {
        "writeKey": ("write key", "server key"),
        "token": ("me token", "visitor token", "decision token"),
        "name": ("product", "experience"),
    },
}
# Fields in the schemas that name nothing and nobody.
NO_IDS = {"type", "event", "timestamp", "sentAt", "consent", "explain"}
NO_IDS |= {"language", "purpose", "granted", "on", "kind", "value", "refused", "format"}
# Of each address with a part that is chosen: which kinds of ids are put there.
PARTS: dict[str, tuple[str, ...]] = {
    "/v1/config/{write_key}": ("server key", "shop", "visitor token"),
    "/tag/{write_key}.js": ("shop", "visitor token"),
    "/tag/{write_key}.{hash}.js": ("shop", "visitor token"),
    "/v1/profiles/{id:path}": (*PERSON, *OTHER_NAMES, "leaver", "visitor token", "decision token"),
    "/docs/errors/{code}": OTHER_NAMES,
    "/me/{file}": ("shop", "visitor token", "me token"),
    "/v1/me/{deed}": OTHER_NAMES,
}
# What stands in its place while something else is put into the body.
ELSEWISE = {"/v1/me/{deed}": "download"}
# The part is the key itself.
BY_KEY = {"/v1/config/{write_key}", "/tag/{write_key}.js", "/tag/{write_key}.{hash}.js"}
PLAIN = {
    "/healthz",
    "/readyz",
    "/metrics",
    "/openapi.json",
    "/docs/reasons",
    "/docs/tag",
    "/docs/tag.js",
    "/me",
}
# With the key of its own shop these tell nothing more of an id that exists.
SAYS_NOTHING = {"/v1/merge", "/docs/errors/{code}", "/me/{file}", *PLAIN}
THERE = [route for route in ROUTES if not route.later]
_numbers = itertools.count()
QUERY = {
    "writeKey": "write key",
    "visitorToken": "visitor token",
    "anonymousId": "visitor",
    "shop": "shop",
}


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory, runner: asyncio.Runner) -> Iterator[Two]:
    both = two_shops(tmp_path_factory.mktemp("two") / "data", runner)
    yield both
    both.ours.shop.close()
    both.theirs.shop.close()


def named(route: Route) -> str:
    return f"{route.method} {route.path}"


# ---- The table is whole ------------------------------------------------------------------------------


@pytest.mark.parametrize("route", THERE, ids=named)
def test_every_route_and_every_field_of_its_body_is_known_here(route: Route) -> None:
    schemas: dict[str, Any] = json.loads(openapi())["components"]["schemas"]

    if route.takes is None:
        assert route.path in PLAIN or (set(re.findall("{.*?}", route.path)) and route.path in PARTS)
    else:
        places = BODIES[route.takes]
        assert set(schemas[route.takes]["properties"]) <= names_in(places) | NO_IDS


# ---- Asked with our key about what is theirs ---------------------------------------------------------


def questions(route: Route, two: Two) -> Iterator[tuple[str, str, str]]:
    """Give the places of a route, and what is put there: the other shop's, and what exists nowhere."""
    theirs, nowhere = two.theirs.ids, two.theirs.nowhere
    places = {f"body {p}": kinds for p, kinds in BODIES.get(route.takes or "", {}).items()}
    if "{" in route.path:
        places["path"] = PARTS[route.path]
    places |= {f"query {name}": (kind,) for name, kind in QUERY.items()}
    places["cookie"] = ("visitor token",)
    for place, kinds in places.items():
        for kind in kinds:
            yield place, theirs[kind], nowhere[kind]


def asked(two: Two, route: Route, place: str, value: str, *, key: str | None) -> Answered:
    """Put a value at a place, and ask."""
    where, _, name = place.partition(" ")
    part = ELSEWISE.get(route.path, "unknown")
    path = re.sub("{.*?}", quote(value, safe="") if where == "path" else part, route.path)
    body = None if route.takes is None else base(route, name)
    if where == "body":
        assert body is not None
        body = at(body, name, value)
    return two.ask(
        route.method,
        path,
        key=key,
        about=value,
        body=body,
        query={name: value} if where == "query" else None,
        cookie=value if where == "cookie" else None,
    )


def base(route: Route, place: str) -> dict[str, Any]:
    """Write a body that is taken as it is, so that the id alone makes the difference."""
    who = f"somebody-{next(_numbers)}"  # another each time: nobody is linked so often in one day
    event: dict[str, Any] = {"type": "track", "event": "view_item", "anonymousId": who}
    event |= {"context": {"consent": YES}, "properties": {"product_id": "S-1"}}
    event["timestamp"] = NOON / 1_000_000
    if place.endswith("order_id"):
        event |= {"event": "Order Completed"}
        event["properties"] = {"total": "50,00", "products": [{"product_id": "S-1", "price": 50}]}
    elif place.endswith("token"):
        event["event"] = "triggered"
    elif place.endswith("promotion_id"):
        event["event"] = "view_promotion"
    elif place.endswith("email"):
        event |= {"type": "identify", "userId": f"C-{who}"}
    page = {"type": "home", "url": "https://noord.example/"}
    if route.takes == "Event":
        return event
    if route.takes == "Batch":
        return {"batch": [event]}
    if route.takes == "Question":
        return {"slots": ["overlay"], "page": page, "consent": YES, "explain": True}
    if route.takes in {"Opening", "Mine"}:
        return {}
    return {"ids": ["S-0", "S-2"], "page": page}


def at(body: dict[str, Any], place: str, value: str) -> dict[str, Any]:
    """Put a value into a body; events of a list begin as the base has them."""
    if place.startswith("batch[]."):
        return {"batch": [merged(body["batch"][0], value_at(place[8:], value))]}
    return merged(body, value_at(place, value))


@pytest.mark.parametrize("route", THERE, ids=named)
def test_nothing_of_another_shop_is_told_or_changed(route: Route, two: Two) -> None:
    ours, theirs = two.ours.shop, two.theirs
    before = theirs.all_it_has()
    crossings = []

    for place, value, nothing in questions(route, two):
        for key in (ours.server_key, ours.write_key, None):
            if key is None and place.endswith("writeKey"):
                continue  # a call with a key of theirs, and no other, is theirs
            answer = asked(two, route, place, value, key=key)
            other = asked(two, route, place, nothing, key=key)
            if answer.tells_of(theirs):
                crossings.append((place, value, "tells", answer.tells_of(theirs)))
            if answer != other:
                crossings.append((place, value, "differs", answer, other))

    assert not crossings, "\n".join(map(str, crossings[:3]))
    assert theirs.all_it_has() == before


@pytest.mark.parametrize("route", [r for r in THERE if r.key == "server"], ids=named)
def test_a_write_key_is_not_enough_where_the_server_key_is_needed(route: Route, two: Two) -> None:
    before = two.theirs.all_it_has()

    for place, value, _ in questions(route, two):
        for key in (two.ours.shop.write_key, two.theirs.shop.write_key, None):
            answer = asked(two, route, place, value, key=key)
            assert (answer.status, answer.tells_of(two.theirs)) == (401, []), place

    assert two.theirs.all_it_has() == before


# ---- Control: with its own key a shop does see it -----------------------------------------------------


@pytest.mark.parametrize("route", [r for r in THERE if r.path not in SAYS_NOTHING], ids=named)
def test_with_the_shop_s_own_key_the_same_questions_do_tell_or_change_something(
    route: Route, two: Two
) -> None:
    theirs = two.theirs
    before = theirs.all_it_has()
    told = False

    for place, value, nothing in questions(route, two):
        if route.method == "DELETE" and value != theirs.ids["leaver"]:
            continue  # the others are still needed
        its_own = theirs.shop.write_key if route.path in BY_KEY else value
        key = theirs.shop.write_key if route.key == "write" else theirs.shop.server_key
        answer = asked(two, route, place, its_own, key=key)
        other = asked(two, route, place, nothing, key=key)
        told = told or bool(answer.tells_of(theirs)) or answer != other

    assert told or theirs.all_it_has() != before


def test_figures_asked_with_one_key_do_not_move_when_another_shop_is_busy(two: Two) -> None:
    def figures() -> Answered:
        return two.ask("GET", "/metrics", key=two.ours.shop.server_key, about="-")

    before = figures()
    two.theirs.shop.batch({"type": "track"})
    for _ in range(3):
        two.ask("POST", "/v1/decide", key=two.theirs.shop.server_key, about="-", body={"slots": []})
        two.ask("POST", "/v1/decide", key=two.theirs.shop.server_key, about="-", body={})

    assert figures() == before
    assert two.theirs.shop.created.shop.id not in before.told
    assert two.ours.shop.created.shop.id in before.told
