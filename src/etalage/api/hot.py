"""The hot routes as one raw ASGI callable: intake, decide, rank.

    who sends?  key ──> shop          (never from the path or the body's shop)
    from where? origin ──> 403        (a browser names it with every POST)
    when?       Etalage-Now           (simulated shops, server key)

Then one call into flow, and one answer. What a step refuses is a JSON error with a code.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple
from urllib.parse import parse_qs

import msgspec

from etalage.api import metrics
from etalage.api.meet import Asking, meet, met_to_rank, recorded, taken, written
from etalage.api.rooms import Rooms
from etalage.api.wire import (
    JSON,
    PRIVATE,
    Headers,
    Heard,
    Receive,
    Scope,
    Send,
    allowed,
    answer,
    cookie,
    error_body,
    heard,
    read_body,
    retry_after,
)
from etalage.collect.call import CALL_TYPES, Item, items_of, key_in, open_call, split
from etalage.collect.clock import EARLIEST
from etalage.collect.fields import language_of
from etalage.collect.intake import Door, Received
from etalage.collect.parse import Document, parse_batch
from etalage.decide import token
from etalage.domain.time import SECOND, Micros, micros
from etalage.errors import BadInput, EtalageError, Forbidden
from etalage.flow.asked import asker, body_of, context_of, slots_of, stated_by
from etalage.flow.called import first_name
from etalage.flow.configuration import Configuration
from etalage.flow.ingest import Taken, door_of, sender_of
from etalage.flow.open_shop import OpenShop
from etalage.flow.quota import Work
from etalage.flow.serve import Question, encoded, order, serve
from etalage.ports import ApiKey

Clock = Callable[[], Micros]

SHORT = ("t", "i", "p", "s", "g", "a", "b")
INTAKE = frozenset(f"/v1/{name}" for name in (*CALL_TYPES, "batch", "merge", *SHORT)) | {
    "/beacon/v1/batch"
}
DECIDE, RANK = "/v1/decide", "/v1/rank"
PATHS = INTAKE | {DECIDE, RANK}
# 2100: a simulation needs no later day, and a calendar ends somewhere.
LATEST = 4_102_444_800 * SECOND
VISITOR_COOKIE = "etalage_visitor"
# What the browser libraries of Segment and RudderStack set besides, above all when they try again; none is read.
CALL_HEADERS = (
    b"authorization, content-type, x-retry-count, anonymousid, sentat, rsa-recovered, rsa-retry-attempt,"
    b" rsa-retry-reason, rsa-since-first-attempt, rsa-since-last-attempt"
)
SUCCESS = b'{"success":true}'


def wall_clock() -> Micros:
    """Give the time of this machine."""
    return Micros(time.time_ns() // 1000)


class Hot:
    """Answers the hot paths for all shops of this process."""

    def __init__(self, rooms: Rooms, clock: Clock = wall_clock) -> None:
        self._rooms = rooms
        self._clock = clock
        self._most = max(
            (shop.settings.body_bytes for shop in rooms.shops.values()), default=1_000_000
        )
        self._doorways: dict[OpenShop, _Doorway] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call; what is refused is answered with its code."""
        headers: Headers = []
        try:
            if scope["method"] == "OPTIONS":
                await answer(send, 204, b"", self._preflight(heard(scope)))
                return
            path: str = scope["path"].rstrip("/")
            call = await self._received(path, scope, receive)
            headers = call.cors  # from here on the shop's own page may read also what is refused
            body = await self._answer(path, call)
        except EtalageError as error:
            metrics.count_error(error.code)
            await answer(
                send, error.status, error_body(error), [JSON, *retry_after(error), *headers]
            )
            return
        await answer(send, 200, body, [JSON, PRIVATE, *headers])

    async def _received(self, path: str, scope: Scope, receive: Receive) -> _Call:
        raw = await read_body(receive, most=self._most)
        said = heard(scope)
        encoding = said.get(b"content-encoding")
        if path in INTAKE:
            document = open_call(path, raw, encoding=encoding)
        else:
            document = parse_batch(raw, encoding=encoding, events="events")
        return self._opened(said, scope["query_string"], document)

    async def _answer(self, path: str, call: _Call) -> bytes:
        call.shop.allow(call.key.kind, _work(path, call.document), now=call.door.received.now)
        if path in INTAKE:
            return await self._take(call, split(path, call.document))
        return await (self._rank(call) if path == RANK else self._decide(call))

    # ---- Whose call is this, and when ----------------------------------------------------------------

    def _opened(self, said: Heard, asked: bytes, document: Document) -> _Call:
        query = parse_qs(asked.decode("latin-1")).get("writeKey") if asked else None
        key = key_in(
            document.fields,
            authorization=said.get(b"authorization"),
            api_key=said.get(b"x-api-key"),
            query=query[0] if query else None,
        )
        shop, found = self._rooms.find(key)
        cors = _cors(shop, found, said.get(b"origin"))
        received = Received(
            now=self._now(said, shop, found),
            user_agent=_agent(said, document, shop),
            staff=document.fields.get("staff") is True,
            gpc=said.get(b"sec-gpc") == "1",
            prefetch="prefetch" in said.get(b"sec-purpose", ""),
        )
        visitor_id = _visitor_id(said, document, shop) if found.kind == "write" else None
        door = self._door(shop, found, received, visitor_id)
        return _Call(shop, found, door, document, key or "", cors)

    def _door(
        self, shop: OpenShop, key: ApiKey, received: Received, visitor_id: str | None
    ) -> Door:
        """Open the door for one call; what is the same for all calls with a key is made once for what is live."""
        live = shop.configuration
        doorway = self._doorways.get(shop)
        if doorway is None or doorway.live is not live:
            doorway = self._doorways[shop] = _Doorway(live, {})
        door = doorway.by_key.get(key.hash)
        if door is None:
            door = door_of(sender_of(key), received, live, shop.ports, visitor_id=None)
            doorway.by_key[key.hash] = door
        return Door(door.sender, door.settings, received, visitor_id)

    def _now(self, heard: Heard, shop: OpenShop, key: ApiKey) -> Micros:
        said = heard.get(b"etalage-now")
        if said is None:
            return self._clock()
        if key.kind != "server" or not shop.configuration.shop.simulated:
            raise Forbidden(
                "Etalage-Now is for simulated shops, with the server key", field="Etalage-Now"
            )
        try:
            now = micros(datetime.fromisoformat(said))
        except (ValueError, TypeError) as error:
            raise BadInput(
                "Etalage-Now is a moment in ISO 8601 with its zone", field="Etalage-Now"
            ) from error
        if not EARLIEST <= now < LATEST:
            raise BadInput("Etalage-Now is between 1995 and 2100", field="Etalage-Now")
        return now

    def _preflight(self, said: Heard) -> Headers:
        """Answer a browser that asks first: the origins of all shops here may call; the call itself is checked."""
        origin = said.get(b"origin", "")
        shops = self._rooms.shops.values()
        if not any(origin in shop.configuration.shop.origins for shop in shops):
            raise Forbidden("this origin is not one of the shop's", field="Origin")
        return [
            *allowed(origin),
            (b"access-control-allow-methods", b"POST"),
            (b"access-control-allow-headers", CALL_HEADERS),
            (b"access-control-max-age", b"600"),
        ]

    # ---- Intake --------------------------------------------------------------------------------------

    async def _take(self, call: _Call, items: list[Item]) -> bytes:
        started = time.perf_counter()
        await self._commit(call, taken(call.shop, items, call.door, key=call.key_text))
        metrics.observe_intake(len(items), time.perf_counter() - started)
        return SUCCESS

    async def _commit(self, call: _Call, judged: Taken) -> None:
        if judged.arrivals or judged.rejected:
            await written(call.shop, judged)

    # ---- Decide and rank -----------------------------------------------------------------------------

    async def _decide(self, call: _Call) -> bytes:
        started = time.perf_counter()
        shop, door = call.shop, call.door
        body = body_of(call.document.fields)
        visitor = None if door.received.staff else asker(body, door)
        stated = stated_by(body, door)
        items = items_of(call.document)
        met = await meet(shop, door, Asking(body, visitor, stated, items, call.key_text))
        fresh = None
        if visitor is None and call.key.kind == "write" and "device" in stated.granted:
            fresh = token.issue_visitor_token(
                secrets.token_urlsafe(16), door.received.now, shop.ports.keys.secret("visitor")
            )
        page = context_of(body, door, shop.configuration)
        question = Question(
            now=door.received.now,
            page=page,
            slots=() if shop.configuration.shop.closed else slots_of(body, shop.configuration),
            person=met.person,
            opened=tuple(sorted(stated.granted)),
            language=page.language or shop.configuration.shop.language,
            explain=body.explain and call.key.kind == "server",
            position=met.position,
            visitor_token=fresh,
            first_name=first_name(items, door, met.person),
            degraded=met.degraded,
        )
        answered = serve(
            question, shop.configuration, shop.shelf, token_secret=shop.ports.keys.secret("token")
        )
        said = recorded(shop, answered)
        metrics.count_skipped(answered.decision.skipped)
        metrics.observe_decision(time.perf_counter() - started)
        return encoded(said)

    async def _rank(self, call: _Call) -> bytes:
        body = body_of(call.document.fields)
        visitor = asker(body, call.door)
        person = met_to_rank(call.shop, visitor, gpc=call.door.received.gpc)
        placed = order(
            [str(product) for product in body.ids],
            person,
            call.shop.shelf,
            now=call.door.received.now,
            language=language_of(body.page.language) or call.shop.configuration.shop.language,
        )
        return msgspec.json.encode({"products": placed})


class _Doorway(NamedTuple):
    """The door of a shop under one configuration, for each key the same but for what comes with a call."""

    live: Configuration
    by_key: dict[str, Door]


class _Call(msgspec.Struct, frozen=True):
    """One call, with its sender known."""

    shop: OpenShop
    key: ApiKey
    door: Door
    document: Document
    key_text: str
    cors: Headers


def _visitor_id(said: Heard, document: Document, shop: OpenShop) -> str | None:
    """Read our own visitor token, from the body or the first-party cookie; a wrong one is none."""
    shown = document.fields.get("visitorToken") or cookie(said, VISITOR_COOKIE)
    return token.read_visitor_token(shown, shop.ports.keys.secret("visitor"))


def _agent(heard: Heard, document: Document, shop: OpenShop) -> str | None:
    """Give the program that calls. In a demo a headless browser with its test cookie is let through as itself."""
    said = heard.get(b"user-agent")
    if shop.configuration.shop.simulated and document.fields.get("demo") is True:
        return (said or "").replace("HeadlessChrome", "Chrome")
    return said


def _cors(shop: OpenShop, key: ApiKey, origin: str | None) -> Headers:
    """Let the shop's own pages read the answer; a browser of anybody else is refused (exact match, safety 3)."""
    if origin is None or key.kind == "server":
        return []
    if origin not in shop.configuration.shop.origins:
        raise Forbidden("this origin is not one of the shop's", field="Origin")
    return allowed(origin)


def _work(path: str, document: Document) -> dict[Work, int]:
    """Count what a call brings, for the shop's quota."""
    if path in INTAKE:
        return {"events": 1 if document.events is None else len(document.events)}
    return {"events": len(document.events), "questions": 1} if document.events else {"questions": 1}
