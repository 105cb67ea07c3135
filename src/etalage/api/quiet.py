"""The quiet half of the HTTP face: everything that is not asked a thousand times a second.

In:   the shops, a clock, and whether the doors are still open.
Out:  an ASGI application on Starlette's router; which addresses there are stands in described.ROUTES.
Idea: handlers are plain functions and run in threads, because they read stores. Each refusal is an error of ours
      with its code; what is not one is left to the front, which tells the caller an id and nothing else.
"""

from __future__ import annotations

import gzip
import ipaddress
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from functools import lru_cache

import msgspec
from starlette.exceptions import HTTPException
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Router
from starlette.routing import Route as StarletteRoute

from etalage.api import me, metrics, pages, reds, tag
from etalage.api.described import ROUTES, openapi
from etalage.api.logs import log
from etalage.api.profile import key_of, profile
from etalage.api.rooms import Rooms
from etalage.api.wire import Message, Receive, Scope, Send, error_body
from etalage.collect.call import key_in
from etalage.decide.page_rules import PROTECTED_SEGMENTS
from etalage.deliver.merge_fields import Situation
from etalage.deliver.public_config import for_tag, public_config
from etalage.domain.experience import Language
from etalage.errors import (
    EtalageError,
    NotAllowed,
    NotFound,
    NotYet,
    Overloaded,
    QuotaExceeded,
    Unauthorized,
)
from etalage.flow.configuration import Configuration
from etalage.flow.open_shop import OpenShop
from etalage.flow.privacy import erase, receipt

MOST_BEHIND = 5_000  # events that profiles may be behind the log before calls go elsewhere
CONFIG_SECONDS = 5  # a browser may keep the public configuration; a closed shutter works within 10
RETRY_SECONDS = 5
FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")
# Pages need no script, style or picture; a page that does brings a policy of its own (/me).
SAFE: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (
        b"content-security-policy",
        b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
)


class Doors:
    """Whether this process takes new calls; closed once, at the beginning of the end.

    A process that is leaving answers on the connections it has; another one takes its place.
    """

    def __init__(self, closing: Callable[[], None] | None = None) -> None:
        self.is_open = True
        self.is_leaving = False
        self._closing = closing

    def close(self) -> None:
        """Become unready, and tell whoever must know."""
        self.is_open = False
        if self._closing is not None:
            self._closing()


class Quiet:
    """The application; an ASGI callable."""

    def __init__(self, rooms: Rooms, clock: Callable[[], int], doors: Doors | None = None) -> None:
        self._rooms = rooms
        self._clock = clock
        self._doors = doors or Doors()
        self._me = me.MePage(rooms, clock)
        self.router = Router([*self._routes()], redirect_slashes=False)
        self._answering = ExceptionMiddleware(
            self.router, handlers={EtalageError: _refused, HTTPException: self._unrouted}
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call; every answer carries the headers that keep a browser from guessing."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = {name.lower() for name, _ in message["headers"]}
                safe = [line for line in SAFE if line[0] not in own]
                message["headers"] = [*message["headers"], *safe]
            await send(message)

        scope["app"] = self  # tells the router to raise what it cannot answer, so that we say it
        await self._answering(scope, receive, sending)

    def _routes(self) -> Iterator[StarletteRoute]:
        answers: Mapping[str, Callable[[Request], Response | Awaitable[Response]]] = {
            **self._me.handlers,
            "/me": me.page,
            "/me/{file}": me.page_file,
            "/v1/config/{write_key}": self._config,
            "/v1/profiles/{id:path}": self._profile,
            "/tag/{write_key}.{hash}.js": self._tag,
            "/tag/{write_key}.js": self._loader,
            "DELETE /v1/profiles/{id:path}": self._erase,
            "/healthz": _alive,
            "/readyz": self._ready,
            "/metrics": self._metrics,
            "/openapi.json": _openapi,
            "/docs/errors/{code}": _error_page,
            "/docs/reasons": _reasons_page,
            "/docs/tag": tag.sentences_file,
            "/docs/tag.js": tag.diagnose_file,
        }
        for route in ROUTES:
            if route.later:
                yield StarletteRoute(route.path, _not_yet(route.later), methods=[route.method])
            elif not route.hot:
                said = answers.get(f"{route.method} {route.path}") or answers[route.path]
                yield StarletteRoute(route.path, said, methods=[route.method])

    # ---- what a browser or the shop's server asks ----

    def _config(self, request: Request) -> Response:
        live = self._rooms.write(request.path_params["write_key"]).configuration
        config = self._public(live)
        zips = "gzip" in request.headers.get("accept-encoding", "")
        etag = f'"{config["version"]}{"-gz" * zips}"'
        headers = {
            "etag": etag,
            "cache-control": f"public, max-age={CONFIG_SECONDS}",
            "vary": "Origin, Accept-Encoding",
        }
        if (origin := request.headers.get("origin")) in live.shop.origins:
            headers["access-control-allow-origin"] = str(origin)
        if etag in _tags(request.headers.get("if-none-match")):
            return Response(status_code=304, headers=headers)
        if not zips:
            return _json(config, headers=headers)
        headers["content-encoding"] = "gzip"
        body = _zipped(msgspec.json.encode(config))
        return Response(body, headers=headers, media_type="application/json")

    def _loader(self, request: Request) -> Response:
        self._rooms.write(request.path_params["write_key"])
        return tag.loader_file(request, request.path_params["write_key"])

    def _tag(self, request: Request) -> Response:
        self._rooms.write(request.path_params["write_key"])
        return tag.tag_file(request, request.path_params["hash"])

    def _public(self, live: Configuration) -> dict[str, object]:
        shop = live.shop
        situation = Situation(
            now=self._clock(),
            zone=live.zone,
            currency=shop.currency,
            shop=shop.name,
            free_delivery_from=shop.free_delivery_from,
        )
        protected = PROTECTED_SEGMENTS.union(shop.protected_pages)
        return public_config(live.experiences, situation, protected, for_tag(shop))

    def _profile(self, request: Request) -> Response:
        shop, key = self._rooms.server(_key(request))
        visitor = key_of(request.path_params["id"], shop.ports.keys.pepper)
        now = self._clock()
        shop.allow(key.kind, {"questions": 1}, now=now)
        # Before anything is read: no answer without its line in the audit.
        shop.ports.records.audit(f"key/{key.label}", "profile.read", f"visitor/{visitor}", now=now)
        found = profile(shop.ports.profiles, visitor, shop.configuration, now=now)
        if found is None:
            raise NotFound("nobody is known under this id", field="id")
        return _json(found, headers={"cache-control": "private, no-store"})

    def _erase(self, request: Request) -> Response:
        """Forget a person at once, and mark her files for the night; the answer is the receipt as it now stands."""
        shop, key = self._rooms.server(_key(request))
        name, how = request.path_params["id"], shop.configuration.how
        now = self._clock()
        shop.allow(key.kind, {"queries": 1}, now=now)
        done = erase(shop.ports, name, how, actor=f"key/{key.label}", now=now)
        headers = {"cache-control": "private, no-store"}
        return _json(receipt(shop.ports, done), headers=headers)

    # ---- what an operator asks ----

    def _ready(self, request: Request) -> Response:
        missing = [] if self._doors.is_open else ["closing"]
        for shop in self._rooms.shops.values():
            # To others than the operator a shop's name is nobody's business.
            place = f"{shop.configuration.shop.id}/" if _is_local(request) else ""
            missing += [f"{place}{name}" for name in not_ready(shop)]
        red = reds.told(self._rooms.shops.values(), is_local=_is_local(request))
        said = {"ready": not missing, "missing": sorted(set(missing)), "red": red}
        return _json(said, status=503 if missing else 200, headers={"cache-control": "no-store"})

    def _metrics(self, request: Request) -> Response:
        if _is_local(request):
            told = _figures(self._rooms.shops.values()) + metrics.of_process()
        else:  # what the process counts, it counts for all shops together
            told = _figures([self._rooms.server(_key(request))[0]])
        return Response(
            told,
            headers={"content-type": metrics.CONTENT_TYPE, "cache-control": "no-store"},
        )

    # ---- what is not there ----

    def _unrouted(self, request: Request, error: Exception) -> Response:
        """Answer where the router found nothing, or nothing for this method."""
        if not isinstance(error, HTTPException) or error.status_code != NotAllowed.status:
            return _refused(request, NotFound("there is nothing at this address"))
        allowed = ", ".join(sorted(self._methods(request.scope)))
        answer = _refused(request, NotAllowed(f"use {allowed} here"))
        answer.headers["allow"] = allowed
        return answer

    def _methods(self, scope: Scope) -> set[str]:
        return {
            method
            for route in self.router.routes
            if isinstance(route, StarletteRoute) and route.matches(scope)[0] != Match.NONE
            for method in route.methods or ()
        }


def not_ready(shop: OpenShop) -> list[str]:
    """Name what keeps a shop from answering as well as it soon will: `profiles` that still catch up.

    A red part is no reason: decisions go on without it, and elsewhere it is red too.
    """
    try:
        behind = shop.ports.log.head() - shop.ports.profiles.position()
    except Exception:  # noqa: BLE001  whatever a store says, the watch says it too
        return []
    return ["profiles"] if behind > MOST_BEHIND and not shop.health.degraded else []


def _figures(shops: Iterable[OpenShop]) -> bytes:
    """Write the figures of shops; what is red also where a store cannot be asked for the rest."""
    shops = list(shops)
    red = reds.exposition(shops)
    try:
        return metrics.of_shops(shops) + red
    except Exception as error:  # noqa: BLE001  then these figures are missing, and what is red says why
        log.error("no figures", exc_info=error)
        return red


def _alive(_: Request) -> Response:
    return _json({"alive": True}, headers={"cache-control": "no-store"})


def _openapi(_: Request) -> Response:
    return Response(openapi(), media_type="application/json")


def _error_page(request: Request) -> Response:
    page = pages.error_page(request.path_params["code"], _language(request))
    if page is None:
        raise NotFound("there is no error with this code")
    return _html(page)


def _reasons_page(request: Request) -> Response:
    return _html(pages.reasons_page(_language(request)))


def _language(request: Request) -> Language:
    return pages.language_of(
        request.query_params.get("lang"), request.headers.get("accept-language")
    )


def _not_yet(what: str) -> Callable[[Request], Response]:
    def answer(_: Request) -> Response:
        raise NotYet(f"{what}: comes with a later version")

    return answer


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, EtalageError)  # noqa: S101  registered for these only
    metrics.count_error(error.code)
    headers = {"cache-control": "no-store"}
    if isinstance(error, Unauthorized) and not request.url.path.startswith("/v1/me"):
        # Her own page is asked by a browser, which would ask the visitor for a password.
        headers["www-authenticate"] = 'Basic realm="etalage", charset="UTF-8"'
    if isinstance(error, Overloaded):
        headers["retry-after"] = str(RETRY_SECONDS)
    if isinstance(error, QuotaExceeded):
        headers["retry-after"] = str(error.seconds)
    return Response(error_body(error), error.status, headers, media_type="application/json")


@lru_cache(maxsize=64)
def _zipped(body: bytes) -> bytes:
    """Compress what every page asks for; it changes when something goes live, and by its tag nobody gets it twice."""
    return gzip.compress(body, mtime=0)


def _json(body: object, *, status: int = 200, headers: Mapping[str, str]) -> Response:
    return Response(msgspec.json.encode(body), status, headers, media_type="application/json")


def _html(page: str) -> Response:
    headers = {"cache-control": "public, max-age=3600", "vary": "Accept-Language"}
    return Response(page, headers=headers, media_type="text/html")


def _key(request: Request) -> str | None:
    """Find the key in a header; never in the address, which is written down on the way."""
    headers = request.headers
    return key_in({}, authorization=headers.get("authorization"), api_key=headers.get("x-api-key"))


def _tags(header: str | None) -> list[str]:
    return [tag.strip().removeprefix("W/") for tag in (header or "").split(",")]


def _is_local(request: Request) -> bool:
    """Tell whether the caller is on this machine itself, and not somebody behind a proxy on it."""
    if request.client is None or any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
