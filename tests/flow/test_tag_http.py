"""The tag's files over HTTP: pinned, compressed, kept for ever or for a minute, and only with a write key."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable

import httpx
import pytest
from shop import Shop

from etalage.api.quiet import Quiet
from etalage.api.rooms import Rooms
from etalage.api.tag import built

Asking = Callable[..., httpx.Response]


@pytest.fixture
def ask(shop: Shop) -> Asking:
    rooms = Rooms({shop.opened.configuration.shop.id: shop.opened})
    quiet = Quiet(rooms, lambda: shop.now)

    def get(path: str, **headers: str) -> httpx.Response:
        async def call() -> httpx.Response:
            transport = httpx.ASGITransport(app=quiet)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://e.example"
            ) as client:
                sent = {name.replace("_", "-"): value for name, value in headers.items()}
                return await client.get(path, headers=sent)

        return shop.runner.run(call())

    return get


def test_the_tag_is_kept_for_ever_and_is_what_the_loader_pins(shop: Shop, ask: Asking) -> None:
    loader = ask(f"/tag/{shop.write_key}.js")
    tag = ask(f"/tag/{shop.write_key}.{built().hash}.js", accept_encoding="identity")

    assert loader.headers["cache-control"] == "public, max-age=60"
    assert tag.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert tag.headers["content-type"].startswith("text/javascript")
    digest = base64.b64encode(hashlib.sha384(tag.content).digest()).decode()
    assert f"sha384-{digest}" in loader.text
    for answer in (loader, tag):
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [("br", "br"), ("gzip, br;q=0.9", "br"), ("gzip", None), ("br;q=0", None), ("identity", None)],
)
def test_who_takes_brotli_gets_it(
    shop: Shop, ask: Asking, accepted: str, encoding: str | None
) -> None:
    answer = ask(f"/tag/{shop.write_key}.{built().hash}.js", accept_encoding=accepted)

    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["vary"] == "Accept-Encoding"


def test_an_unchanged_file_is_not_sent_twice(shop: Shop, ask: Asking) -> None:
    path = f"/tag/{shop.write_key}.js"

    again = ask(path, if_none_match=ask(path).headers["etag"])

    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", ["wk_unknown.js", "wk_unknown.0000.js"])
def test_an_unknown_key_gets_nothing(ask: Asking, name: str) -> None:
    assert ask(f"/tag/{name}").status_code == 401


def test_a_server_key_or_another_hash_gets_nothing(shop: Shop, ask: Asking) -> None:
    assert ask(f"/tag/{shop.server_key}.js").status_code == 401
    assert ask(f"/tag/{shop.write_key}.0123456789abcdef.js").status_code == 404
