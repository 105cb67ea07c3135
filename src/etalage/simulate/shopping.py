"""A day in the shop: visits ask for a decision, live with it, and tell what happened.

In:   a world, a day, and the way to the server.
Out:  events at the server, and the `Story`: who met which message, known only here.
Idea: the same steps as the tag and a shop's server take. A ghost tells `triggered` exactly as a message does;
      whether she is moved is decided by `world`, from what the server said it showed.

    visit ── POST /v1/decide ── triggered (every arm) ── view_promotion (shown) ── view_item ... ─┐
                                                        purchase, when her moment comes ── POST /v1/batch
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any

from msgspec import Struct

from etalage.domain.money import decimal_text
from etalage.domain.time import DAY, SECOND, iso
from etalage.simulate import draw
from etalage.simulate.catalogue import Piece, lines, looked_at
from etalage.simulate.client import Client, Event
from etalage.simulate.person import Purchase, Visit, device, may_measure, purchase
from etalage.simulate.truth import Met
from etalage.simulate.world import World

CURRENCY = "EUR"
EVENTS_A_CALL = 400  # the server takes 500, and a megabyte
FIRES = 0.9  # of visits in which a moment other than `load` comes: some leave before
SEEN = 0.95  # of messages shown: half of it in view for a second
ADDS_TO_CART = 0.15  # of visits
_SECOND_LOOK = 40 * SECOND  # between two products
_USER_AGENTS = {
    "phone": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1",
    "desktop": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/126.0.0.0 Safari/537.36",
    "tablet": "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1",
}


class Story(Struct):
    """What happened in the shop so far, as only the simulation can know it."""

    met: dict[tuple[int, str], Met] = {}  # first meetings of the measured
    saw: dict[int, list[tuple[int, str]]] = {}  # (moment, experience)
    decisions: int = 0
    events: int = 0
    orders: int = 0

    def shown_before(self, person: int, moment: int) -> frozenset[str]:
        """Give the messages she had seen by a moment."""
        return frozenset(name for at, name in self.saw.get(person, ()) if at <= moment)


class Day(Struct, frozen=True):
    """Who comes on one day, and until when it lasts."""

    visits: Sequence[Visit]
    buyers: Sequence[tuple[int, int]]  # (moment, person) of those who would buy, if at all
    ends: int  # micros after the start of the world


class Shop(Struct, frozen=True):
    """What a day is played with."""

    world: World
    client: Client
    pieces: Sequence[Piece]
    slots: tuple[str, ...]
    start: int  # micros: the first moment of the world


def play_day(shop: Shop, story: Story, day: Day, threads: Executor) -> None:
    """Play one day: all visits ask, then everything that happened is told.

    Args:
        shop: what to play with.
        story: what happened before; goes on here.
        day: who comes.
        threads: that ask and tell at the same time.
    """
    visits, now = day.visits, shop.start + day.ends
    arrivals = [landed(shop, visit) for visit in visits if may_measure(shop.world, visit.person)]
    tell(shop, story, arrivals, now=now, threads=threads)
    answers = threads.map(lambda visit: ask(shop, visit), visits)
    events = [
        event
        for visit, answer in zip(visits, answers, strict=True)
        for event in live(shop, story, visit, answer)
    ]
    for moment, person in day.buyers:
        bought = purchase(shop.world, person, story.shown_before(person, moment))
        if bought is not None:
            events.append(order(shop, story, bought))
    tell(shop, story, events, now=now, threads=threads)


def landed(shop: Shop, visit: Visit) -> Event:
    """Give the page view a visit begins with; it carries her consent."""
    page = _page(looked_at(shop.world, visit.person, visit.at // DAY, shop.pieces)[0])
    called = f"{visit.number}-page"
    return _event(shop, visit.person, "", visit.at, page, called=called) | {"type": "page"}


def ask(shop: Shop, visit: Visit) -> list[dict[str, Any]]:
    """Ask what to show on the page a visit begins with."""
    page = _page(looked_at(shop.world, visit.person, visit.at // DAY, shop.pieces)[0])
    question = {
        "anonymousId": visitor_id(shop.world, visit.person),
        "consent": consent(shop.world, visit.person),
        "page": page,
        "slots": shop.slots,
    }
    answer = shop.client.decide(question, now=shop.start + visit.at)
    decisions: list[dict[str, Any]] = answer["decisions"]
    return decisions


def live(
    shop: Shop, story: Story, visit: Visit, answer: Iterable[Mapping[str, Any]]
) -> Iterator[Event]:
    """Live through a visit with what was decided; give what the shop can tell of it."""
    story.decisions += 1
    measured = may_measure(shop.world, visit.person)
    for entry in answer:
        at = _moment_of(shop.world, visit, entry)
        if at is None:
            continue
        if entry["show"]:
            story.saw.setdefault(visit.person, []).append((at, entry["experience"]))
        if "id" in entry:
            story.met.setdefault(
                (visit.person, entry["experience"]),
                Met(visit.person, entry["experience"], entry["variant"], entry["show"], at),
            )
            yield from _told_by_message(shop, visit, entry, at)
    if measured:
        yield from _told_by_browsing(shop, visit)


def order(shop: Shop, story: Story, bought: Purchase) -> Event:
    """Give the event by which the shop's server tells of an order."""
    story.orders += 1
    found, shipping = lines(shop.world, bought.person, bought.value, shop.pieces)
    number = f"N{shop.world.seed}-{bought.person:06d}"
    properties = {
        "transaction_id": number,
        "value": _amount(bought.value),
        "shipping": _amount(shipping),
        "currency": CURRENCY,
        "items": [
            _item(line.piece) | {"price": _amount(line.price), "quantity": line.quantity}
            for line in found
        ],
    }
    return _event(shop, bought.person, "purchase", bought.at, properties, called=number)


def tell(shop: Shop, story: Story, events: Sequence[Event], *, now: int, threads: Executor) -> None:
    """Send events in large calls; `now` is not before the newest of them."""
    calls = [events[i : i + EVENTS_A_CALL] for i in range(0, len(events), EVENTS_A_CALL)]
    for _ in threads.map(lambda call: shop.client.send(call, now=now), calls):
        pass
    story.events += len(events)


def visitor_id(world: World, person: int) -> str:
    """Give the id under which her browser is known."""
    return f"v-{world.seed}-{person}"


def consent(world: World, person: int) -> dict[str, bool]:
    """Give what she allows."""
    return dict.fromkeys(("device", "measure", "personalise"), may_measure(world, person))


def _moment_of(world: World, visit: Visit, entry: Mapping[str, Any]) -> int | None:
    """Give when the moment of an entry comes in this visit; None if it does not. The same in every arm."""
    trigger = entry["trigger"]
    if trigger["on"] == "load":
        return visit.at + SECOND
    purpose = f"fires {entry['experience']}"
    if draw.uniform(world.seed, visit.person, visit.at // DAY, purpose) >= FIRES:
        return None
    return visit.at + (1 + int(trigger.get("seconds", 10))) * SECOND


def _told_by_message(
    shop: Shop, visit: Visit, entry: Mapping[str, Any], at: int
) -> Iterator[Event]:
    name = entry["experience"]
    properties = {
        "token": entry["id"],
        "promotion_id": name,
        "creative_name": entry["variant"],
        "creative_slot": entry["slot"],
    }
    called = f"{visit.number}-{name}"
    yield _event(shop, visit.person, "triggered", at, properties, called=f"t-{called}")
    seen = draw.uniform(shop.world.seed, visit.person, visit.at // DAY, f"sees {name}") < SEEN
    if entry["show"] and seen and shop.world.views:
        later = at + SECOND
        yield _event(shop, visit.person, "view_promotion", later, properties, called=f"p-{called}")


def _told_by_browsing(shop: Shop, visit: Visit) -> Iterator[Event]:
    world, person, day = shop.world, visit.person, visit.at // DAY
    if not world.views:
        return
    looked = looked_at(world, person, day, shop.pieces)
    for i, piece in enumerate(looked):
        at = visit.at + SECOND + i * _SECOND_LOOK
        called = f"{visit.number}-view-{i}"
        yield _event(shop, person, "view_item", at, _one(piece), called=called)
    if draw.uniform(world.seed, person, day, "adds to cart") < ADDS_TO_CART:
        at = visit.at + len(looked) * _SECOND_LOOK
        called = f"{visit.number}-cart"
        yield _event(shop, person, "add_to_cart", at, _one(looked[-1]), called=called)


def _event(
    shop: Shop, person: int, name: str, at: int, properties: Mapping[str, object], *, called: str
) -> Event:
    world = shop.world
    context = {
        "consent": consent(world, person),
        "userAgent": _USER_AGENTS[device(world, person)],
    }
    told = {
        "type": "track",
        "event": name,
        "anonymousId": visitor_id(world, person),
        "messageId": f"{world.seed}-{person}-{called}",
        "timestamp": iso(shop.start + at),
        "properties": properties,
        "context": context,
    }
    return {name: value for name, value in told.items() if value != ""}


def _page(piece: Piece) -> dict[str, object]:
    return {
        "url": piece.link,
        "type": "product",
        "product_id": piece.id,
        "category": piece.category,
    }


def _one(piece: Piece) -> dict[str, object]:
    return {
        "currency": CURRENCY,
        "value": _amount(piece.price),
        "items": [_item(piece) | {"price": _amount(piece.price), "quantity": 1}],
    }


def _item(piece: Piece) -> dict[str, object]:
    return {"item_id": piece.id, "category": piece.category}


def _amount(cents: int) -> str:
    return decimal_text(cents, CURRENCY)
