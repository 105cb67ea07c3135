"""Customers who come back: the orders in Noord's own administration, of months ago and of today.

In:   the moment up to which the shop exists.
Out:  orders as the shop's server tells of them, by customer number.
Idea: what is used up is bought again, each thing in its own rhythm; now and then something is forgotten and ordered three
      days later; and a coat is bought with what goes with it. Shoppers of `world` buy once: who returns is only here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from etalage.domain.ids import ShopId
from etalage.domain.money import decimal_text
from etalage.domain.product import Catalogue
from etalage.domain.time import DAY, HOUR, iso
from etalage.simulate import draw
from etalage.simulate.client import Client, Event

SEED = 7
PEOPLE = 96
WEEKS = 28
ORDERS_A_CALL = 200
FORGETS = 0.18  # of what is due; it follows three days later
LATER = 3  # days
BUYS_KIT = 0.08  # of weeks
# What is used up, and how many weeks it lasts.
HABITS = {
    "N-861": 3,  # coffee
    "N-862": 4,
    "N-863": 4,  # gas
    "N-865": 3,  # dog biscuits
    "N-866": 4,
    "N-867": 6,  # coat soap
    "N-868": 6,  # wool wash
    "N-506": 8,  # spray
    "N-507": 8,  # socks
}
# What is bought together, piece by piece; of each the first more often than the second.
KITS = (
    (("N-101", "N-102"), ("N-110", "N-111"), ("N-112", "N-113"), ("N-503",)),
    (("N-201", "N-202"), ("N-210", "N-211"), ("N-212", "N-213"), ("N-503",)),
    (("N-103", "N-203"), ("N-504",), ("N-404", "N-405"), ("N-811", "N-812")),
    (("N-301", "N-304"), ("N-303", "N-302"), ("N-305", "N-306")),
    (("N-829", "N-830"), ("N-835", "N-836"), ("N-849", "N-850"), ("N-863",)),
    (("N-817", "N-818"), ("N-865",), ("N-502",)),
)
# Who can sign in, in days ago: her coffee, biscuits and wool wash are due, her gas is not.
_THREE_WEEKS = tuple(range(23, 180, 21))
KNOWN = {
    "K-1002": (
        *((days, ("N-861", "N-865")) for days in _THREE_WEEKS),
        *((days, ("N-868",)) for days in _THREE_WEEKS[1::2]),
        *((days, ("N-863",)) for days in (5, 33, 61, 89)),
    ),
    "K-1001": (
        *((days, ("N-867",)) for days in (44, 86, 128, 170)),
        *((days, ("N-862",)) for days in (30, 58, 86, 114)),
        (62, ("N-201", "N-210")),
    ),
}


class Bought(Struct, frozen=True, order=True):
    """One order of a customer."""

    at: int  # micros
    customer: str
    products: tuple[str, ...]

    @property
    def number(self) -> str:
        """Give its number, as the shop's administration has it."""
        return f"R{self.at // HOUR}-{self.customer}"


def orders(end: int) -> list[Bought]:
    """Give all orders of customers who come back, up to a moment; the oldest first."""
    found = [one for person in range(PEOPLE) for one in _of(person, end)]
    for customer, own in KNOWN.items():
        by_day: dict[int, tuple[str, ...]] = {}
        for days, products in own:
            by_day[days] = (*by_day.get(days, ()), *products)
        found += [Bought(end - days * DAY, customer, goods) for days, goods in by_day.items()]
    return sorted(one for one in found if one.at <= end)


def tell(client: Client, catalogue: Catalogue, bought: Sequence[Bought], *, now: int) -> None:
    """Tell of orders as the shop's server does."""
    for start in range(0, len(bought), ORDERS_A_CALL):
        part = bought[start : start + ORDERS_A_CALL]
        client.send([_event(one, catalogue) for one in part], now=now)


def bring(
    url: str, server_key: str, catalogue: Catalogue, *, since: int, upto: int, end: int
) -> None:
    """Tell of the orders of a stretch of time, of those who will have come back by `end`."""
    client = Client(url, server_key)
    try:
        tell(client, catalogue, [one for one in orders(end) if since < one.at <= upto], now=upto)
    finally:
        client.close()


def train(directory: Path, shop: ShopId, *, now: int) -> None:
    """Learn at once, as `etalage recommend train` does after a large import."""
    from etalage.app import open_ports
    from etalage.config import load
    from etalage.flow.learn import learn_models

    settings = load(directory)
    _, ports = open_ports(directory, shop, settings=settings)
    try:
        learn_models(ports, now=now, visitors_needed=settings.popular_least_visitors)
    finally:
        ports.close()


def _of(person: int, end: int) -> Iterator[Bought]:
    """Give the orders of one customer: on the same day of each week, and what she forgot three days later."""
    habits = _habits(person)
    early = draw.uniform(SEED, person, 0, "her day") < 0.5  # noqa: PLR2004  half of them early in the week
    last = end - (4 if early else 1) * DAY - int(9 * HOUR * draw.uniform(SEED, person, 0, "hour"))
    customer = f"K-{2001 + person}"
    shifts = {p: int(draw.uniform(SEED, person, 0, f"shift {p}") * HABITS[p]) for p in habits}
    for week in range(WEEKS, -1, -1):
        at = last - week * 7 * DAY
        due = [p for p in habits if (week + shifts[p]) % HABITS[p] == 0]
        late = [p for p in due if draw.uniform(SEED, person, week, f"forgets {p}") < FORGETS]
        now = [p for p in due if p not in late] + list(_kit(person, week))
        if now:
            yield Bought(at, customer, tuple(dict.fromkeys(now)))
        if late and at + LATER * DAY <= end:
            yield Bought(at + LATER * DAY, customer, tuple(late))


def _habits(person: int) -> list[str]:
    order = sorted(HABITS, key=lambda p: draw.uniform(SEED, person, 0, f"habit {p}"))
    return order[: 2 + int(3 * draw.uniform(SEED, person, 0, "habits"))]


def _kit(person: int, week: int) -> Iterable[str]:
    if draw.uniform(SEED, person, week, "kit") >= BUYS_KIT:
        return
    kit = KITS[int(draw.uniform(SEED, person, week, "which kit") * len(KITS))]
    for place, choice in enumerate(kit):
        if draw.uniform(SEED, person, week, f"takes {place}") < 0.8:  # noqa: PLR2004  most of it
            other = draw.uniform(SEED, person, week, f"other {place}") < 0.3  # noqa: PLR2004
            yield choice[-1] if other else choice[0]


def _event(one: Bought, catalogue: Catalogue) -> Event:
    items = [_item(product, one.at, catalogue) for product in one.products]
    cents = sum(_price(product, one.at, catalogue) for product in one.products)
    return {
        "type": "track",
        "event": "purchase",
        "userId": one.customer,
        "messageId": f"order-{one.number}",
        "timestamp": iso(one.at),
        "properties": {
            "transaction_id": one.number,
            "value": decimal_text(cents, catalogue.currency),
            "currency": catalogue.currency,
            "items": items,
        },
        "context": {"consent": dict.fromkeys(("device", "measure", "personalise"), True)},
    }


def _item(product: str, at: int, catalogue: Catalogue) -> Event:
    known = catalogue.find(product)
    return {
        "item_id": product,
        "category": "" if known is None else known.category or "",
        "price": decimal_text(_price(product, at, catalogue), catalogue.currency),
        "quantity": 1,
    }


def _price(product: str, at: int, catalogue: Catalogue) -> int:
    known = catalogue.find(product)
    return 0 if known is None else known.price_at(at) or 0
