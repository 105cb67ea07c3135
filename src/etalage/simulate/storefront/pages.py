"""The pages of the shop as a web application: what is at each address under /shop/.

In:   the open shop (its catalogue is the one the engine uses), its keys, a clock.
Out:  an ASGI application; `etalage demo` hands it to the server, `etalage serve` never has it.
Idea: every page is whole without a script: looking, searching, filtering. What a visitor does afterwards
      (basket, consent, order) is in the ES modules of `static/`.

    /shop/                 home            /shop/winkelmand   basket        /shop/beeld/NAME.svg   drawings
    /shop/c/A/B/C          category        /shop/kassa        checkout      /shop/bestellen        POST an order
    /shop/zoeken?q=        search          /shop/bedankt      thanks        /shop/inloggen         POST a customer
                                                                            /shop/regel/OFFER      a line of the basket
    /shop/p/SLUG           product         /shop/account      account       /shop/meekijken        POST the panel
    /shop/en/...           the same in English
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from importlib.resources import files
from typing import Any, cast
from urllib.parse import urlencode

import jinja2
import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route

from etalage.errors import BadInput, EtalageError
from etalage.flow.open_shop import OpenShop
from etalage.simulate.storefront import orders, shown
from etalage.simulate.storefront.follow import follow
from etalage.simulate.storefront.shelves import Shelves, Tongue, drawn
from etalage.simulate.storefront.texts import leaflet, say

ROOT = "/shop"
LEAFLETS = ("bezorgen", "reparatie", "maattabel", "maathulp", "contact", "privacy", "nieuwsbrief")
DAY_SECONDS = 86_400
LARGEST_BODY = 20_000  # bytes of an order
SCRIPTS = ("shop.js", "basket.js", "buying.js", "choice.js", "following.js", "layer.js", "looking.js", "self.js")  # fmt: skip
_STATIC = {**dict.fromkeys(SCRIPTS, "text/javascript"), "mark.svg": "image/svg+xml"}
_SVG_POLICY = "default-src 'none'; style-src 'unsafe-inline'"  # a drawing carries its own style

Tell = Callable[[dict[str, object], Request], None]


def storefront(
    shop: OpenShop,
    *,
    write_key: str,
    tell: Tell,
    clock: Callable[[], int] = lambda: time.time_ns() // 1000,
) -> Starlette:
    """Make the shop's web application, to be mounted at /shop.

    Args:
        shop: as the server opened it; only one made by `demo` or `simulate`.
        write_key: public, stands in the pages.
        tell: gives an order to Etalage as the shop's server would (with the server key).
        clock: micros now.

    Raises:
        BadInput: the shop is a real one.
    """
    if not shop.configuration.shop.simulated:
        raise BadInput("the demo shop is only for a shop made by the demo", field="shop")
    return _Storefront(shop, write_key, tell, clock).application()


class _Storefront:
    def __init__(
        self, shop: OpenShop, write_key: str, tell: Tell, clock: Callable[[], int]
    ) -> None:
        self.shop, self.write_key, self.tell, self.clock = shop, write_key, tell, clock
        self.shelves = Shelves(shop.configuration.catalogue)
        self.templates = jinja2.Environment(
            loader=jinja2.PackageLoader(__package__),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=False,
        )

    def application(self) -> Starlette:
        routes = [
            Route("/static/{name}", self.static),
            Route("/beeld/{name}", self.drawing),
            Route("/regel/{offer}", self.line),
            Route("/bestellen", self.order, methods=["POST"]),
            Route("/inloggen", self.sign_in, methods=["POST"]),
            Route("/meekijken", self.follow, methods=["POST"]),
            *self._pages("/en", "en"),
            *self._pages("", "nl"),
        ]
        handlers = {HTTPException: self.missing, EtalageError: self.refused, Exception: self.failed}
        mounted = [Mount(ROOT, routes=routes)]
        return Starlette(routes=mounted, exception_handlers=cast("Any", handlers))

    def _pages(self, prefix: str, tongue: Tongue) -> Iterator[Route]:
        made: Mapping[str, Callable[[Request, Tongue], Response]] = {
            "/": self.home,
            "/c/{path:path}": self.category,
            "/zoeken": self.search,
            "/p/{slug}": self.product,
            "/winkelmand": self.cart,
            "/kassa": self.checkout,
            "/bedankt": self.thanks,
            "/account": self.account,
            **{f"/{name}": self.leaflet for name in LEAFLETS},
        }
        for path, handler in made.items():
            yield Route(prefix + path, _in(handler, tongue))

    # ---- pages ----

    def home(self, request: Request, tongue: Tongue) -> Response:
        if request.query_params.get("lang") == "en" and tongue == "nl":
            return RedirectResponse(f"{ROOT}/en/", 303)
        return self._page(request, tongue, "home.html", shown.home(self._stand(tongue)))

    def category(self, request: Request, tongue: Tongue) -> Response:
        slugs = tuple(request.path_params["path"].strip("/").split("/"))
        path = self.shelves.categories.get(slugs)
        if path is None:
            raise HTTPException(404)
        given = _query(request)
        return self._page(
            request, tongue, "list.html", shown.category(self._stand(tongue), path, slugs, given)
        )

    def search(self, request: Request, tongue: Tongue) -> Response:
        asked = " ".join(request.query_params.get("q", "").split())[:100]
        told = shown.search(self._stand(tongue), asked, _query(request))
        return self._page(request, tongue, "list.html", told)

    def product(self, request: Request, tongue: Tongue) -> Response:
        good = self.shelves.by_slug.get(request.path_params["slug"])
        if good is None:
            raise HTTPException(404)
        colour = request.query_params.get("kleur", "")
        home = f"{request.url.scheme}://{request.url.netloc}"
        return self._page(
            request, tongue, "product.html", shown.product(self._stand(tongue), good, colour, home)
        )

    def cart(self, request: Request, tongue: Tongue) -> Response:
        return self._page(request, tongue, "cart.html", {"tell": {"type": "cart"}})

    def checkout(self, request: Request, tongue: Tongue) -> Response:
        return self._page(request, tongue, "checkout.html", {"tell": {"type": "checkout"}})

    def thanks(self, request: Request, tongue: Tongue) -> Response:
        return self._page(request, tongue, "thanks.html", {"tell": {"type": "other"}})

    def account(self, request: Request, tongue: Tongue) -> Response:
        told = {"tell": {"type": "account"}, "customers": orders.CUSTOMERS}
        return self._page(request, tongue, "account.html", told)

    def leaflet(self, request: Request, tongue: Tongue) -> Response:
        name = request.url.path.rsplit("/", 1)[-1]
        return self._page(
            request,
            tongue,
            "leaflet.html",
            {"tell": {"type": "other"}, "page": leaflet(name, tongue)},
        )

    # ---- what pages are made of ----

    def static(self, request: Request) -> Response:
        name = request.path_params["name"]
        kept = {"cache-control": "no-cache", **_GUARDS}
        if name == "noord.css":
            return Response(_css(), headers=kept, media_type="text/css")
        if name not in _STATIC:
            raise HTTPException(404)
        text = files(__package__).joinpath("static", name).read_text("utf-8")
        return Response(text, headers=kept, media_type=_STATIC[name])

    def drawing(self, request: Request) -> Response:
        svg = drawn(request.path_params["name"], self.shelves)
        if svg is None:
            raise HTTPException(404)
        kept = {
            "cache-control": f"public, max-age={DAY_SECONDS}",
            "content-security-policy": _SVG_POLICY,
            **_GUARDS,
        }
        return Response(svg, headers=kept, media_type="image/svg+xml")

    # ---- what a visitor does ----

    def line(self, request: Request) -> Response:
        tongue: Tongue = "en" if request.query_params.get("lang") == "en" else "nl"
        told = shown.line(self._stand(tongue), request.path_params["offer"])
        if told is None:
            raise HTTPException(404)
        return _json(told)

    async def order(self, request: Request) -> Response:
        given = await _body(request)
        return await _threaded(lambda: self._ordered(given, request))

    def _ordered(self, given: dict[str, Any], request: Request) -> Response:
        made = orders.order_of(given, self.shelves, now=self.clock())
        visitor = orders.visitor_in(given, self.shop)
        self.tell(orders.told(made, visitor, given, now=self.clock()), request)
        return _json({"transaction_id": made.id, "order": made})

    async def sign_in(self, request: Request) -> Response:
        given = await _body(request)
        return _json(orders.customer(given, self.shop, now=self.clock()))

    async def follow(self, request: Request) -> Response:
        given = await _body(request)
        return await _threaded(lambda: _json(follow(self.shop, given, now=self.clock())))

    # ---- what goes wrong ----

    def missing(self, request: Request, error: HTTPException) -> Response:
        if error.status_code != 404:  # noqa: PLR2004  such as 405
            return Response(status_code=error.status_code, headers=dict(_GUARDS))
        return self._problem(request, 404, "missing")

    def refused(self, request: Request, error: EtalageError) -> Response:
        del request
        return _json({"error": {"code": error.code, "message": str(error)}}, status=error.status)

    def failed(self, request: Request, error: Exception) -> Response:
        del error
        return self._problem(request, 500, "error")

    def _problem(self, request: Request, status: int, what: str) -> Response:
        tongue: Tongue = "en" if request.url.path.startswith(f"{ROOT}/en") else "nl"
        told = {
            "tell": {"type": "other"},
            "heading": say(tongue, f"{what}_title"),
            "text": say(tongue, f"{what}_text"),
        }
        answer = self._page(request, tongue, "problem.html", told)
        answer.status_code = status
        return answer

    # ---- the frame around every page ----

    def _stand(self, tongue: Tongue) -> shown.Stand:
        return shown.Stand(self.shelves, tongue, self.clock(), ROOT)

    def _page(
        self, request: Request, tongue: Tongue, template: str, told: dict[str, Any]
    ) -> Response:
        nonce = secrets.token_urlsafe(16)
        stand = self._stand(tongue)
        path = request.url.path.removeprefix(f"{ROOT}/en").removeprefix(ROOT) or "/"
        asked = f"?{urlencode(request.query_params.multi_items())}" if request.url.query else ""
        frame: dict[str, Any] = {
            "nonce": nonce,
            "tongue": tongue,
            "t": lambda key, **fields: say(tongue, key, **fields),
            "root": ROOT,
            "base": stand.base,
            "other_nl": f"{ROOT}{path}",
            "other_en": f"{ROOT}/en{path}",
            "other": (f"{ROOT}/en{path}" if tongue == "nl" else f"{ROOT}{path}") + asked,
            "write_key": self.write_key,
            "menu": shown.menu(stand),
            "pushes": [],
            "data": {},
        }
        told["tell"] = {**told["tell"], "language": tongue}
        told["data"] = shown.page_data(stand, {**told.get("data", {}), "tell": told["tell"]})
        html = self.templates.get_template(template).render(frame | told)
        headers = {
            "content-security-policy": policy(nonce),
            "cache-control": "private, no-store",
            "content-language": tongue,
            **_GUARDS,
        }
        return Response(html, headers=headers, media_type="text/html")


_GUARDS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "strict-origin-when-cross-origin",
}


def policy(nonce: str) -> str:
    """Say what a page may load: its own things and what carries this answer's nonce; nothing of other hosts."""
    return (
        f"default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; "
        "img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'self'; require-trusted-types-for 'script'; trusted-types etalage"
    )


def _in(
    handler: Callable[[Request, Tongue], Response], tongue: Tongue
) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        return handler(request, tongue)

    return answer


def _css() -> str:
    names = ("1-tokens.css", "2-noord.css", "3-pages.css")
    return "".join(files(__package__).joinpath("static", n).read_text("utf-8") for n in names)


def _query(request: Request) -> dict[str, list[str]]:
    return {name: request.query_params.getlist(name) for name in request.query_params}


async def _body(request: Request) -> dict[str, Any]:
    """Read a JSON object of a page of ours.

    Raises:
        BadInput: it is none, it is too large, or another site sent it.
    """
    own = f"{request.url.scheme}://{request.headers.get('host')}"
    if request.headers.get("origin", own) != own:
        raise BadInput("this address answers the shop's own pages only", field="Origin")
    raw = b""
    async for part in request.stream():
        raw += part
        if len(raw) > LARGEST_BODY:
            raise BadInput("that is more than an order", field="body")
    try:
        return msgspec.json.decode(raw, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise BadInput("the body is no JSON object", field="body") from error


async def _threaded(work: Callable[[], Response]) -> Response:
    from starlette.concurrency import run_in_threadpool  # it reads stores: not on the event loop

    return await run_in_threadpool(work)


def _json(body: object, *, status: int = 200) -> Response:
    headers = {"cache-control": "no-store", **_GUARDS}
    return Response(msgspec.json.encode(body), status, headers, media_type="application/json")
