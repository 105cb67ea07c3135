"""Two shops in one process, each full of data that carries its own mark, and the way to ask them anything.

Whatever a shop knows holds its mark or one of its pseudonyms; so an answer that tells of it can be found out.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import msgspec
from canaries import stored
from shop import (  # fmt: skip
    BROWSER,
    NOON,
    Shop,
    basic,
    create,
    experience,
    identify,
    open_shop,
    order,
    segment,
    track,
    view,
)

from etalage.api.hot import Hot
from etalage.api.quiet import Quiet
from etalage.api.rooms import Rooms
from etalage.api.server import Front
from etalage.decide.token import issue_visitor_token
from etalage.domain.ids import ProductId
from etalage.domain.product import Catalogue, Offer, Product
from etalage.domain.time import Micros
from etalage.flow import nightly
from etalage.flow.privacy import erase, restrict
from etalage.govern.me_token import issue_me_token

LATER = NOON + 10_000_000
ELSEWHERE = ("203.0.113.7", 4711)
OWN_WORDS = re.compile(
    rb'"(?:id|visitorToken|hash|signature)":"[^"]*"|"erasure":\d+'
)  # another in each answer


@dataclass
class Filled:
    """A shop with a mark in everything it knows, and its ids by kind."""

    shop: Shop
    mark: str
    ids: dict[str, str] = field(default_factory=dict)
    nowhere: dict[str, str] = field(default_factory=dict)  # of the same forms, in no shop

    def fill(self) -> None:
        """Let people shop, say who they are, be decided about, be erased; and people of the shop decide."""
        shop, mark = self.shop, self.mark
        self._stock()
        shown = experience(
            f"{mark}-bar", title=f"bar {mark}", form="bar", caps=[], slot=f"{mark}-slot"
        )
        there = segment(f"{mark}-lookers", {"did": "view_item", "times": {"at_least": 1}})
        shop.go_live(there, shown, experience(f"{mark}-hoi", segment=f"{mark}-lookers"))
        me, user, mail = f"{mark}-browser", f"{mark}-customer", f"{mark}@shop.example"
        shop.batch(
            view(f"{mark}-1", me, message=f"{mark}-message", brand=f"{mark}-brand"),
            track("search", me, query=f"jas {mark}-1"),
            track("preference", me, kleur=f"{mark}-kleur"),
            identify(me, user, email=mail, firstName=f"{mark}-name", country="NL"),
            order(f"{mark}-order", me),
            view(f"{mark}-1", f"{mark}-gone"),
            view(f"{mark}-1", f"{mark}-frozen"),
            view(f"{mark}-1", f"{mark}-leaver"),
            order(f"{mark}-bad", me, total="veel"),
            view("S-2", me),
        )
        shop.now += 1
        answer = shop.ask(me, slots=["overlay", f"{mark}-slot"])
        shop.events()
        how = shop.opened.configuration.how
        erase(shop.ports, f"{mark}-gone", how, actor="ann", now=NOON)
        restrict(shop.ports, f"{mark}-frozen", how, on=True, actor="ann", now=NOON)
        nightly.count_popular(shop.night())
        shop.opened.refresh(NOON)
        self.ids = {
            "visitor": me,
            "leaver": f"{mark}-leaver",
            "user": user,
            "email": mail,
            "named user": f"user:{user}",
            "named email": f"email:{mail}",
            "pseudonym": shop.key_of(me),
            "experience": f"{mark}-hoi",
            "variant": f"{mark}-bar/a",
            "segment": f"{mark}-lookers",
            "slot": f"{mark}-slot",
            "product": f"{mark}-1",
            "message": f"{mark}-message",
            "transaction": f"{mark}-order",
            "shop": f"{mark}-{shop.created.shop.id}",
            "server key": shop.server_key,
            "write key": shop.write_key,
            "visitor token": issue_visitor_token(me, NOON, shop.ports.keys.secret("visitor")),
            "decision token": answer["decisions"][0]["id"],
            "me token": issue_me_token(me, None, shop.ports.keys.secret("me"), now=LATER)[0],
        }
        self.nowhere = self._nowhere()

    def _stock(self) -> None:
        offers = (Offer("o", price=2_500, availability="in_stock"),)
        products = {
            ProductId(f"{self.mark}-{number}"): Product(
                ProductId(f"{self.mark}-{number}"),
                f"title {self.mark}",
                offers,
                ((f"{self.mark}-category",),),
                f"{self.mark}-brand",
            )
            for number in range(3)
        }
        products |= {
            ProductId(f"S-{n}"): msgspec.structs.replace(one, id=ProductId(f"S-{n}"))
            for n, one in enumerate(products.values())
        }
        records = self.shop.ports.records
        records.put_catalogue(
            Catalogue("v1", "EUR", products), source="test", actor="ann", now=NOON
        )

    def _nowhere(self) -> dict[str, str]:
        other = secrets.token_hex(len(self.mark) // 2)
        own = {kind: value.replace(self.mark, other) for kind, value in self.ids.items()}
        return own | {
            "pseudonym": secrets.token_hex(16),
            "server key": f"sk_{secrets.token_hex(24)}",
            "write key": f"wk_{secrets.token_hex(16)}",
            "visitor token": issue_visitor_token(f"{other}-browser", NOON, secrets.token_bytes(32)),
            "me token": issue_me_token(
                f"{other}-browser", None, secrets.token_bytes(32), now=LATER
            )[0],
            "decision token": f"d-{secrets.token_urlsafe(len(self.ids['decision token']) * 3 // 4)}",
        }

    def all_it_has(self) -> str:
        """Read every store of this shop, its account, and what people decided."""
        ports = self.shop.ports
        self.shop.events()
        records = ports.records
        rest = (
            records.shop(),
            records.keys(),
            records.documents(),
            records.live("experience"),
            records.catalogue(),
            ports.log.account(),
            ports.keys.erasures(),
            ports.models.get(nightly.POPULAR),
            self.shop.opened.configuration.version,
        )
        return stored(self.shop) + msgspec.json.encode(rest).decode()

    def pseudonyms(self) -> frozenset[str]:
        """Give everybody this shop knows."""
        return frozenset(visitor for visitor, _ in self.shop.ports.profiles.visitors())


@dataclass
class Answered:
    """An answer, without the id that was asked for and what is drawn anew each time."""

    status: int
    told: str
    headers: tuple[tuple[str, str], ...]

    def tells_of(self, other: Filled) -> list[str]:
        """Name what it tells of another shop."""
        said = self.told + repr(self.headers)
        return [one for one in (other.mark, *other.pseudonyms()) if one in said]


@dataclass
class Two:
    """Both shops behind one door."""

    ours: Filled
    theirs: Filled
    runner: asyncio.Runner

    def __post_init__(self) -> None:
        opened = (self.ours.shop.opened, self.theirs.shop.opened)
        rooms = Rooms({one.configuration.shop.id: one for one in opened})
        self.front = Front(Hot(rooms, lambda: Micros(LATER)), Quiet(rooms, lambda: LATER))

    def ask(
        self,
        method: str,
        path: str,
        *,
        key: str | None,
        about: str,
        body: object = None,
        query: Mapping[str, str] | None = None,
        cookie: str | None = None,
    ) -> Answered:
        """Ask as somebody elsewhere would."""
        headers = {"user-agent": BROWSER}
        if key is not None:
            headers["authorization"] = basic(f"{key}:")
        if cookie is not None:
            headers["cookie"] = f"etalage_visitor={cookie}"
        content = None if body is None else msgspec.json.encode(body)

        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.front, client=ELSEWHERE)
            async with httpx.AsyncClient(transport=transport, base_url="http://e") as client:
                return await client.request(
                    method, path, content=content, headers=headers, params=query
                )

        reply = self.runner.run(asked())
        told = (
            OWN_WORDS.sub(b"", reply.content)
            .decode()
            .replace(about, "ID")
            .replace(about[:60], "ID")
        )
        kept = tuple((n, v) for n, v in sorted(reply.headers.items()) if n != "content-length")
        return Answered(reply.status_code, told, kept)


def two_shops(directory: Path, runner: asyncio.Runner) -> Two:
    """Make and fill both."""
    filled = [
        Filled(open_shop(directory, create(directory, name), runner), secrets.token_hex(5))
        for name in ("Noord", "Zuid")
    ]
    for one in filled:
        one.fill()
    return Two(*filled, runner)


def value_at(place: str, value: str) -> dict[str, Any]:
    """Write a value at a place such as `properties.order_id` or `cart[].product_id`.

    >>> value_at("cart[].product_id", "S-1")
    {'cart': [{'product_id': 'S-1'}]}
    """
    made: Any = value
    for name in reversed(place.split(".")):
        made = {name[:-2]: [made]} if name.endswith("[]") else {name: made}
    said: dict[str, Any] = made
    return said


def merged(body: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Put more into a body, objects into objects."""
    both = dict(body)
    for name, value in more.items():
        own = both.get(name)
        both[name] = (
            merged(own, value) if isinstance(own, dict) and isinstance(value, dict) else value
        )
    return both


def names_in(places: Iterable[str]) -> set[str]:
    """Give the fields of a body that places begin with."""
    return {place.partition(".")[0].removesuffix("[]") for place in places}
