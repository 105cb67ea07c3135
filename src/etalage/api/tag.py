"""The tag's files: the short-lived loader, and the tag itself under its hash for ever.

In:   the built files (tag/built, committed: a shop needs no node) and a write key.
Out:  their bytes with the headers that let any page of the shop load, check and keep them.
Idea: whoever pins the hash (Subresource Integrity) gets exactly these bytes or nothing; whoever takes the loader
      gets a new version within a minute. Neither says anything about a person or a plan.
"""

from __future__ import annotations

import base64
import hashlib
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from etalage.errors import NotFound

LOADER_SECONDS = 60
YEAR_SECONDS = 31_536_000
# Any page may fetch it and compare it with its digest; what it holds is the same for everybody.
_OPEN: Mapping[str, str] = {
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
    "timing-allow-origin": "*",
}


class Built(NamedTuple):
    """The tag as it was built: its bytes, the same compressed, and what pins them."""

    plain: bytes
    brotli: bytes
    hash: str  # in its address
    integrity: str  # in a snippet
    loader: str


@cache
def sentences() -> bytes:
    """Give what `etalage("diagnose")` says, by language and reason."""
    text = files("etalage.api").joinpath("tag_words.toml").read_text("utf-8")
    return msgspec.json.encode(tomllib.loads(text))


def sentences_file(_: Request) -> Response:
    """Answer those sentences: for a page of any shop, and about nobody."""
    headers = {**_OPEN, "cache-control": "public, max-age=3600"}
    return Response(sentences(), headers=headers, media_type="application/json")


def diagnose_file(_: Request) -> Response:
    """Answer the module that checks an installation; the tag loads it only for a developer who asks."""
    body = files("etalage.tag").joinpath("built", "diagnose.js").read_bytes()
    headers = {**_OPEN, "cache-control": f"public, max-age={LOADER_SECONDS}"}
    return Response(body, headers=headers, media_type="text/javascript")


@cache
def built() -> Built:
    """Read the built files."""
    folder = files("etalage.tag").joinpath("built")
    plain = folder.joinpath("tag.js").read_bytes()
    digest = hashlib.sha384(plain).digest()
    return Built(
        plain=plain,
        brotli=folder.joinpath("tag.js.br").read_bytes(),
        hash=digest.hex()[:16],
        integrity=f"sha384-{base64.b64encode(digest).decode()}",
        loader=folder.joinpath("loader.js").read_text("utf-8"),
    )


def loader(write_key: str) -> str:
    """Write the loader of one shop. The key was found in Records, so it is one of ours and no other text."""
    tag = built()
    told = {"KEY": write_key, "HASH": tag.hash, "INTEGRITY": tag.integrity}
    written = tag.loader
    for place, value in told.items():
        written = written.replace(place, value)
    return written


def loader_file(request: Request, write_key: str) -> Response:
    """Answer the short-lived loader."""
    body = loader(write_key).encode()
    etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    return _script(request, body, etag, f"public, max-age={LOADER_SECONDS}")


def tag_file(request: Request, named: str) -> Response:
    """Answer the tag under its hash; another hash is another file, and not here."""
    tag = built()
    if named != tag.hash:
        raise NotFound("there is no tag of this hash here; print the snippet again")
    keeps = f"public, max-age={YEAR_SECONDS}, immutable"
    if _takes_brotli(request.headers.get("accept-encoding", "")):
        return _script(request, tag.brotli, f'"{tag.hash}-br"', keeps, encoding="br")
    return _script(request, tag.plain, f'"{tag.hash}"', keeps)


def _script(
    request: Request, body: bytes, etag: str, keeps: str, *, encoding: str | None = None
) -> Response:
    headers = {**_OPEN, "etag": etag, "cache-control": keeps, "vary": "Accept-Encoding"}
    if encoding is not None:
        headers["content-encoding"] = encoding
    known = [
        t.strip().removeprefix("W/") for t in request.headers.get("if-none-match", "").split(",")
    ]
    if etag in known:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="text/javascript")


def _takes_brotli(accepted: str) -> bool:
    """Tell whether a browser takes brotli; `br;q=0` is a no."""
    for part in accepted.split(","):
        name, _, quality = part.strip().partition(";")
        if name == "br":
            return quality.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False
