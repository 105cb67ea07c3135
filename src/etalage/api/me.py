"""The visitor's own page over HTTP: three files, a token to open it, what is known, and what she asks.

    the shop's page ── visitor token (+ signed login) ──> POST /v1/me/token ──> token of half an hour
          └── link: /me#k=KEY&t=TOKEN      the fragment: in no log, no referrer, no query
    /me ── POST /v1/me, /v1/me/{deed} with that token, from this very host

In:   the shops, a clock.
Out:  handlers for the router. What is about her is read and done in threads, and never kept by a browser or proxy.
Idea: the page itself is the same for everybody and holds nothing. Its policy lets it load and ask this host alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import cache, partial
from importlib.resources import files
from typing import cast

import msgspec
from jinja2 import Environment, StrictUndefined, Template
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from etalage.api.pages import OTHER, language_of, reason_texts
from etalage.api.rooms import Rooms
from etalage.api.wire import read_body
from etalage.collect.call import key_in
from etalage.collect.identity import is_signed
from etalage.collect.parse import parse_batch
from etalage.decide.token import read_visitor_token
from etalage.domain.experience import Language
from etalage.domain.ids import VisitorKey, is_placeholder, visitor_key
from etalage.domain.time import iso
from etalage.errors import BadInput, EtalageError, Forbidden, NotFound, Unauthorized
from etalage.flow.me import told
from etalage.flow.me_deeds import DEEDS, HEAVY, Acting, Asked, Deed, do
from etalage.flow.open_shop import OpenShop
from etalage.govern.me_token import Opened, issue_me_token, read_me_token
from etalage.govern.me_told import words
from etalage.govern.privacy_page import page as readable_page
from etalage.ports import ApiKey

SECRET = "me"  # noqa: S105  the name of the shop's secret for these tokens, and not the secret
VISITOR_COOKIE = "etalage_visitor"
MOST_BYTES = 20_000  # of a call
FILES: Mapping[str, str] = {
    "me.js": "text/javascript",
    "me-draw.js": "text/javascript",
    "me.css": "text/css",
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
PRIVATE = {"cache-control": "private, no-store"}
Handler = Callable[[Request], Awaitable[Response]]


class MePage:
    """The handlers, by address."""

    def __init__(self, rooms: Rooms, clock: Callable[[], int]) -> None:
        self._rooms = rooms
        self._clock = clock
        self.handlers: Mapping[str, Handler] = {
            "/v1/me/token": self._answering(self._token),
            "/v1/me": self._answering(self._known),
            "/v1/me/{deed}": self._answering(self._deed),
        }

    def _answering(self, answer: Callable[[Request, _Call], Response]) -> Handler:
        async def handle(request: Request) -> Response:
            raw = await read_body(request.receive, most=MOST_BYTES)
            return await run_in_threadpool(partial(self._answer, answer, request, raw))

        return handle

    def _answer(
        self, answer: Callable[[Request, _Call], Response], request: Request, raw: bytes
    ) -> Response:
        fields = parse_batch(
            raw, encoding=request.headers.get("content-encoding"), events="batch"
        ).fields
        shop, key = self._rooms.find(_key(request, fields))
        if key.kind != "write":
            raise Unauthorized("this address takes the write key (wk_...), which is public")
        return answer(request, _Call(shop, key, fields, self._clock()))

    # ---- Who ---------------------------------------------------------------------------------------

    def _token(self, request: Request, call: _Call) -> Response:
        """Give the token that opens the page of a browser; of the person, if the shop signed that she is logged in."""
        shop, now, cors = call.shop, call.now, _cors(request, call.shop)
        shop.allow(call.key.kind, {"questions": 1}, now=now)
        shown = call.fields.get("visitorToken") or request.cookies.get(VISITOR_COOKIE)
        visitor_id = read_visitor_token(shown, shop.ports.keys.secret("visitor"))
        if visitor_id is None:
            raise _refused_token()
        customer = _signed_in(call, visitor_id)
        secret = shop.ports.keys.secret(SECRET)
        text, ends = issue_me_token(visitor_id, customer, secret, now=now)
        return _json({"token": text, "expires": iso(ends)}, PRIVATE | cors)

    def _opened(self, request: Request, call: _Call) -> Opened:
        """Read the token; a page of another host, the shop's own too, gets nothing with it."""
        if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
            raise Forbidden("this is for the visitor's own page only", field="Origin")
        secret = call.shop.ports.keys.secret(SECRET)
        opened = read_me_token(call.fields.get("token"), secret, now=call.now)
        if opened is None:
            raise _refused_token()
        return opened

    # ---- What --------------------------------------------------------------------------------------

    def _known(self, request: Request, call: _Call) -> Response:
        opened = self._opened(request, call)
        call.shop.allow(call.key.kind, {"questions": 1}, now=call.now)
        return self._page(request, call, opened, {})

    def _deed(self, request: Request, call: _Call) -> Response:
        deed = cast("Deed", request.path_params["deed"])
        if deed not in DEEDS:
            raise NotFound("there is nothing at this address")
        opened = self._opened(request, call)
        work: Mapping[str, int] = {"queries": 1} if deed in HEAVY else {"events": 1}
        call.shop.allow(call.key.kind, work, now=call.now)  # type: ignore[arg-type]
        try:
            asked = msgspec.convert(call.fields, Asked)
        except msgspec.ValidationError as error:
            raise BadInput(str(error)) from error
        # Whoever has a token of this page is a person, also in a browser that a test drives.
        agent = request.headers.get("user-agent", "").replace("HeadlessChrome", "Chrome")
        acting = Acting(call.shop, opened, call.key.label, call.now, _gpc(request), agent)
        done = do(deed, asked, acting)
        if deed == "download":
            return self._copy(request, call, done)
        return self._page(request, call, opened, {"receipt": done} if deed == "erase" else {})

    def _page(
        self, request: Request, call: _Call, opened: Opened, more: Mapping[str, object]
    ) -> Response:
        language = _language(request, call.fields)
        now = self._clock()  # what was just said is a moment old, and counts
        said = told(call.shop, opened, language, now=max(now, call.now), gpc=_gpc(request))
        return _json({**said, **more}, PRIVATE)

    def _copy(self, request: Request, call: _Call, copy: Mapping[str, object]) -> Response:
        if call.fields.get("format") != "html":
            return _json(copy, PRIVATE)
        language = _language(request, call.fields)
        reasons = reason_texts()
        texts = {**reasons["intake"][language], **reasons["decision"][language]}
        return _json({"page": readable_page(copy, language, texts)}, PRIVATE)


class _Call(msgspec.Struct, frozen=True):
    """One call, with its shop known."""

    shop: OpenShop
    key: ApiKey
    fields: Mapping[str, object]
    now: int


def _refused_token() -> EtalageError:
    """Say the same of a token that is forged, of another shop or purpose, or over."""
    return Unauthorized(
        "this page was open too long, or was not opened from the shop", field="token"
    )


def _signed_in(call: _Call, visitor_id: str) -> VisitorKey | None:
    user = call.fields.get("userId")
    if not isinstance(user, str) or not user or is_placeholder(user):
        return None
    keys, shop = call.shop.ports.keys, call.shop.configuration.shop
    if not is_signed(
        call.fields.get("signature"),
        keys.secret("identify"),
        shop=shop.id,
        user=user,
        visitor=visitor_id,
        now=call.now,
    ):
        return None
    return visitor_key(keys.pepper, "user", user)


def _cors(request: Request, shop: OpenShop) -> dict[str, str]:
    """Let the shop's own pages ask for the token; a browser of anybody else is refused."""
    origin = request.headers.get("origin")
    if origin is None or request.headers.get("sec-fetch-site") == "same-origin":
        return {}
    if origin not in shop.configuration.shop.origins:
        raise Forbidden("this origin is not one of the shop's", field="Origin")
    return {"access-control-allow-origin": origin, "vary": "Origin"}


def _key(request: Request, fields: Mapping[str, object]) -> str | None:
    headers = request.headers
    return key_in(
        dict(fields),
        authorization=headers.get("authorization"),
        api_key=headers.get("x-api-key"),
    )


def _gpc(request: Request) -> bool:
    return request.headers.get("sec-gpc") == "1"


def _language(request: Request, fields: Mapping[str, object]) -> Language:
    said = fields.get("language")
    asked = said if isinstance(said, str) else None
    return language_of(asked, request.headers.get("accept-language"))


def _json(body: object, headers: Mapping[str, str]) -> Response:
    return Response(msgspec.json.encode(body), 200, headers, media_type="application/json")


# ---- The page itself -----------------------------------------------------------------------------------


def page(request: Request) -> Response:
    """Answer the page: the same for everybody."""
    language = language_of(request.query_params.get("lang"), request.headers.get("accept-language"))
    headers = {
        "content-security-policy": POLICY,
        "cache-control": "public, max-age=300",
        "vary": "Accept-Language",
        "cross-origin-opener-policy": "same-origin",
    }
    return Response(_page(language), headers=headers, media_type="text/html")


def page_file(request: Request) -> Response:
    """Answer a script or the style of the page."""
    name = request.path_params["file"]
    if name not in FILES:
        raise NotFound("there is nothing at this address")
    body = files("etalage.api").joinpath("me_page", name).read_bytes()
    headers = {"cache-control": "public, max-age=300"}
    return Response(body, headers=headers, media_type=FILES[name])


@cache
def _page(language: Language) -> str:
    said = words()[language]
    data = msgspec.json.encode(said).decode()
    return _template().render(language=language, other=OTHER[language], words=said, data=data)


@cache
def _template() -> Template:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True
    )
    text = files("etalage.api").joinpath("me_page", "me.html").read_text("utf-8")
    return environment.from_string(text)
