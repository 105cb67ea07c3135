"""A day in the shop: visits ask for a decision, live with it, and tell what happened.

In:   a world, a day, and the way to the server.
Out:  events at the server, and the `Story`: who met which message, known only here.
Idea: the same steps as the tag and a shop's server take. A ghost tells `triggered` exactly as a message does;
      whether she is moved is decided by `world`, from what the server said it showed.

    visit ── POST /v1/decide ── triggered (every arm) ── view_promotion (shown) ── view_item ... ─┐
                                                        purchase, when her moment comes ── POST /v1/batch
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from math import log
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from etalage.domain.ids import HOLDOUT
from etalage.domain.money import decimal_text
from etalage.domain.time import DAY, SECOND
from etalage.simulate import draw, faults, robots
from etalage.simulate.catalogue import Piece, lines, looked_at
from etalage.simulate.client import Client, Event
from etalage.simulate.envelope import consent, is_measured, visitor_id, wrap
from etalage.simulate.person import (
    Purchase,
    Sight,
    Visit,
    purchase,
    signs_in,
    visits,
)
from etalage.simulate.total import Drawn, Saw, sights
from etalage.simulate.truth import Met
from etalage.simulate.world import World

CURRENCY = "EUR"
EVENTS_A_CALL = 400  # the server takes 500, and a megabyte
FIRES = 0.9  # of visits in which a moment other than `load` comes: some leave before
SEEN = 0.95  # of messages shown: half of it in view for a second
ADDS_TO_CART = {None: 0.15, "awareness": 0.05, "consideration": 0.15, "purchase": 0.4}  # of visits
_SECOND_LOOK = 40 * SECOND  # between two products
_LOOK_MSEC, _LOOK_SPREAD, _LONGEST_LOOK = (
    15_000,
    0.8,
    39_000,
)  # the middle one; sigma of the logarithm; ms


class Story(Struct):
    """What happened in the shop so far, as only the simulation can know it."""

    met: dict[tuple[int, str], Met] = {}  # first meetings of the measured
    saw: dict[int, list[Saw]] = {}
    drawn: dict[int, Drawn] = {}  # of whom the holdout was drawn: the measured
    late: list[Event] = []  # arrive tomorrow
    decisions: int = 0
    events: int = 0
    orders: int = 0

    def shown_before(self, person: int, moment: int) -> dict[str, Sight]:
        """Give the messages she had seen by a moment, each with how often."""
        return sights(self.saw.get(person, ()), moment)

    def draw(self, visit: Visit, answer: Iterable[Mapping[str, Any]]) -> None:
        """Note in which arm of the holdout she is: of the first answer that tells it, by any message of an experiment."""
        arms = [entry["variant"] for entry in answer if "id" in entry]
        if arms and visit.person not in self.drawn:
            self.drawn[visit.person] = Drawn(visit.person, visit.at, HOLDOUT in arms)

    def meet(self, met: Met) -> None:
        """Note that the moment of a message came to her: her first, or once more."""
        known = self.met.get((met.person, met.experience))
        if known is None:
            self.met[met.person, met.experience] = met
        else:
            again = replace(known, again=(*known.again, met.at))
            self.met[met.person, met.experience] = again


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
    tell(shop, story, list(_arrivals(shop, visits)), now=now, threads=threads)
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
    tomorrow = day.ends < shop.world.days * DAY
    arriving, later = faults.through(shop.world, events, now=now, tomorrow=tomorrow)
    tell(shop, story, [*story.late, *arriving], now=now, threads=threads)
    story.late = later


def _arrivals(shop: Shop, visits: Iterable[Visit]) -> Iterator[Event]:
    """Give how the visits of those begin who may be measured: a page, and for some their customer number."""
    for visit in visits:
        if not is_measured(shop.world, visit):
            continue
        yield landed(shop, visit)
        if shop.world.signs_in and signs_in(shop.world, visit.person):
            called = f"{visit.number}-sign-in"
            told = _event(shop, visit, "", visit.at, {}, called=called)
            number = f"C-{shop.world.seed}-{visit.person}"
            yield told | {"type": "identify", "userId": number}


def landed(shop: Shop, visit: Visit) -> Event:
    """Give the page view a visit begins with; it carries her consent."""
    page = _page(looked_at(shop.world, visit.person, visit.at // DAY, shop.pieces)[0])
    called = f"{visit.number}-page"
    return _event(shop, visit, "", visit.at, page, called=called) | {"type": "page"}


def ask(shop: Shop, visit: Visit) -> list[dict[str, Any]]:
    """Ask what to show on the page a visit begins with."""
    page = _page(looked_at(shop.world, visit.person, visit.at // DAY, shop.pieces)[0])
    question = {
        "anonymousId": visitor_id(shop.world, visit),
        "consent": consent(shop.world, visit),
        "page": page,
        "slots": shop.slots,
    }
    answer = shop.client.decide(question, now=shop.start + visit.at)
    decisions: list[dict[str, Any]] = answer["decisions"]
    return decisions


def live(
    shop: Shop, story: Story, visit: Visit, answer: Collection[Mapping[str, Any]]
) -> Iterator[Event]:
    """Live through a visit with what was decided; give what the shop can tell of it."""
    story.decisions += 1
    robot = robots.is_one(visit.person)
    if not robot:
        story.draw(visit, answer)
    for entry in answer:
        at = _moment_of(shop.world, visit, entry)
        if at is None or (robot and not robots.tells(shop.world, show=entry["show"])):
            continue
        if entry["show"] and not robot:
            story.saw.setdefault(visit.person, []).append((at, entry["experience"]))
        if "id" in entry:
            if not robot:
                name, arm = entry["experience"], entry["variant"]
                story.meet(Met(visit.person, name, arm, entry["show"], at))
            yield from _told_by_message(shop, visit, entry, at)
    if is_measured(shop.world, visit) and not robot:
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
    last = _visit_before(shop.world, bought)
    return _event(shop, last, "purchase", bought.at, properties, called=number)


def tell(shop: Shop, story: Story, events: Sequence[Event], *, now: int, threads: Executor) -> None:
    """Send events in large calls; `now` is not before the newest of them."""
    calls = [events[i : i + EVENTS_A_CALL] for i in range(0, len(events), EVENTS_A_CALL)]
    for _ in threads.map(lambda call: shop.client.send(call, now=now), calls):
        pass
    story.events += len(events)


def _visit_before(world: World, bought: Purchase) -> Visit:
    """Give the visit on whose device she buys: the last one before."""
    if not world.second_device:
        return Visit(bought.at, bought.person, 0)
    return [visit for visit in visits(world, bought.person) if visit.at <= bought.at][-1]


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
    yield _event(shop, visit, "triggered", at, properties, called=f"t-{called}")
    seen = draw.uniform(shop.world.seed, visit.person, visit.at // DAY, f"sees {name}") < SEEN
    if entry["show"] and seen and shop.world.views:
        later = at + SECOND
        yield _event(shop, visit, "view_promotion", later, properties, called=f"p-{called}")


def _told_by_browsing(shop: Shop, visit: Visit) -> Iterator[Event]:
    world, person, day = shop.world, visit.person, visit.at // DAY
    if not world.views:
        return
    looked = looked_at(world, person, day, shop.pieces)
    for i, piece in enumerate(looked):
        at = visit.at + SECOND + i * _SECOND_LOOK
        called = f"{visit.number}-view-{i}"
        yield _event(shop, visit, "view_item", at, _one(piece), called=called)
        if world.page_time:
            yield _looked(shop, visit, at, i)
    if draw.uniform(world.seed, person, day, "adds to cart") < ADDS_TO_CART[visit.phase]:
        at = visit.at + len(looked) * _SECOND_LOOK
        called = f"{visit.number}-cart"
        yield _event(shop, visit, "add_to_cart", at, _one(looked[-1]), called=called)


def _looked(shop: Shop, visit: Visit, at: int, which: int) -> Event:
    """Give how long she looked at one product, as a page tells when it is left."""
    world, day = shop.world, visit.at // DAY
    mu = log(_LOOK_MSEC)
    drawn = draw.lognormal(
        world.seed, visit.person, day, f"looks at {which}", mu=mu, sigma=_LOOK_SPREAD
    )
    msec = min(1 + int(drawn), _LONGEST_LOOK)
    told = {"engagement_time_msec": msec}
    called = f"{visit.number}-looked-{which}"
    return _event(shop, visit, "user_engagement", at + 1_000 * msec, told, called=called)


def _event(
    shop: Shop, visit: Visit, name: str, at: int, properties: Mapping[str, object], *, called: str
) -> Event:
    return wrap(shop.world, visit, name, properties, at=at, start=shop.start, called=called)


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
