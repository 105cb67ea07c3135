"""The table of all routes, and /openapi.json made from it.

In:   the table below; the router and the front are held against it by a test, in both directions.
Out:  OpenAPI 3.1 of what this version answers. What a later version brings is in the table, not in the document.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Literal, NamedTuple

import msgspec

from etalage.collect.parse import MAX_EVENTS
from etalage.domain.decision import Answer
from etalage.flow.asked import MOST_LINES, MOST_SLOTS, CartItem, Page
from etalage.flow.serve import CODE, Placed

Key = Literal["none", "write", "any", "server"]
HOT_METHODS = ("POST", "OPTIONS")
JSON_TYPE = "application/json"


class Route(NamedTuple):
    """One row: a method at an address, and what it is for."""

    method: str
    path: str
    summary: str
    key: Key = "none"
    hot: bool = False  # answered by the raw callable
    takes: str | None = None  # schema of the body
    gives: str | None = None  # schema of the answer, if it is JSON of a known form
    media: str = JSON_TYPE  # of the answer
    errors: tuple[int, ...] = ()
    later: str = ""  # what a later version brings here; until then 404 `not-yet`


def _intake(path: str, takes: str, says: str) -> Route:
    return Route(
        "POST",
        path,
        says,
        key="any",
        hot=True,
        takes=takes,
        gives="Taken",
        errors=(400, 401, 403, 413, 429, 503),
    )


_CALLS = {
    "track": "Something a visitor did",
    "identify": "Who a visitor is",
    "page": "A page that was seen",
    "screen": "A screen of an app that was seen",
    "group": "The organisation a visitor belongs to",
    "alias": "Two ids of one visitor",
}

ROUTES: tuple[Route, ...] = (
    *(_intake(f"/v1/{name}", "Event", says) for name, says in _CALLS.items()),
    _intake("/v1/batch", "Batch", "Several events at once"),
    _intake("/v1/merge", "Event", "RudderStack's merge: accepted, and holds no event that is kept"),
    *(_intake(f"/v1/{name[0]}", "Event", f"Short for /v1/{name}") for name in _CALLS),
    _intake("/v1/b", "Batch", "Short for /v1/batch"),
    _intake("/beacon/v1/batch", "Batch", "A batch of RudderStack's, sent as the page is left"),
    Route(
        "POST",
        "/v1/decide",
        "What to show this visitor in these places",
        key="any",
        hot=True,
        takes="Question",
        gives="Answer",
        errors=(400, 401, 403, 413, 429, 503),
    ),
    Route(
        "POST",
        "/v1/rank",
        "Order a given list of products for this visitor",
        key="any",
        hot=True,
        takes="List",
        gives="Ranked",
        errors=(400, 401, 403, 413, 429, 503),
    ),
    Route(
        "GET",
        "/v1/config/{write_key}",
        "What the tag may know before consent: the same for everybody",
        gives="PublicConfig",
        errors=(401,),
    ),
    Route(
        "GET",
        "/tag/{write_key}.{hash}.js",
        "The tag itself, for ever the same under its hash",
        media="text/javascript",
        errors=(401, 404),
    ),
    Route(
        "GET",
        "/tag/{write_key}.js",
        "The loader of the tag: kept for a minute, names the hash",
        media="text/javascript",
        errors=(401,),
    ),
    Route("GET", "/docs/tag", "What the tag says of its own installation, in Dutch and English"),
    Route("GET", "/docs/tag.js", "What the tag loads to check its own installation"),
    Route(
        "GET",
        "/v1/profiles/{id:path}",
        "What is known of a person; id is an anonymousId, user:ID or email:ADDRESS. Each call is audited",
        key="server",
        gives="Profile",
        errors=(400, 401, 404, 429),
    ),
    Route(
        "DELETE",
        "/v1/profiles/{id:path}",
        "Erase a person: at once out of use, within a day out of the files. Gives the receipt, also when asked again",
        key="server",
        gives="Receipt",
        errors=(400, 401, 404, 409, 429),
    ),
    Route("GET", "/healthz", "Whether the process is alive"),
    Route(
        "GET", "/readyz", "Whether calls can be answered, and if not what is missing", errors=(503,)
    ),
    Route(
        "GET",
        "/metrics",
        "Figures for Prometheus: from this machine all, elsewhere with the server key those of its shop",
        media="text/plain",
        errors=(401,),
    ),
    Route("GET", "/openapi.json", "This document"),
    Route(
        "GET",
        "/docs/errors/{code}",
        "What an error means and what to do",
        media="text/html",
        errors=(404,),
    ),
    Route(
        "GET",
        "/docs/reasons",
        "Why something is not taken in, not shown or not recommended",
        media="text/html",
    ),
    Route("POST", "/ofrep/{rest:path}", "", key="any", later="OpenFeature's remote evaluation"),
    Route("GET", "/me", "The visitor's own page: the same for everybody", media="text/html"),
    Route(
        "GET", "/me/{file}", "A script or the style of that page", media="text/plain", errors=(404,)
    ),
    Route(
        "POST",
        "/v1/me/token",
        "A token of half an hour that opens a browser's own page; of the person, if the shop signed her in",
        key="write",
        takes="Opening",
        gives="MeToken",
        errors=(400, 401, 403, 413, 429),
    ),
    Route(
        "POST",
        "/v1/me",
        "What is known of whoever the token is for, in words; asked by /me only",
        key="write",
        takes="Mine",
        gives="Me",
        errors=(400, 401, 403, 413, 429),
    ),
    Route(
        "POST",
        "/v1/me/{deed}",
        "What she asks: consent, pause, feedback, rectify, restart, unlink, download or erase",
        key="write",
        takes="Mine",
        gives="Me",
        errors=(400, 401, 403, 404, 409, 413, 429),
    ),
    Route("GET", "/unsubscribe/{token}", "", later="unsubscribing from mail"),
    Route("POST", "/unsubscribe/{token}", "", later="unsubscribing from mail"),
    Route("GET", "/studio/{rest:path}", "", later="the studio"),
    Route("POST", "/studio/{rest:path}", "", later="the studio"),
    Route("GET", "/shop/{rest:path}", "", later="the demo shop in the browser"),
    Route("POST", "/v1/import/{kind}", "", key="server", later="imports over HTTP"),
    Route("POST", "/v1/webhooks/{platform}", "", later="webhooks of shop platforms"),
    Route("POST", "/v1/coupons/{code}/redeem", "", key="server", later="coupons"),
)
HOT_PATHS = frozenset(route.path for route in ROUTES if route.hot)

_TEXT = {"type": "string"}
_CONSENT = {
    "type": "object",
    "description": "Per purpose; only JSON true opens one.",
    "properties": {
        name: {"type": "boolean"} for name in ("device", "measure", "personalise", "email", "ads")
    },
}
_ID = {"type": ["string", "integer"]}
_EVENTS = {
    "type": "array",
    "maxItems": MAX_EVENTS,
    "items": {"$ref": "#/components/schemas/Event"},
}
# In every body that says who: with a server key the ids, with a write key the token.
_WHO: dict[str, object] = {
    "anonymousId": {"type": ["string", "integer", "null"]},
    "userId": {"type": ["string", "integer", "null"]},
    "visitorToken": {"type": ["string", "null"]},
    "writeKey": {"type": "string", "description": "The key, where a header cannot be set."},
}
_PROPERTIES = {
    "type": "object",
    "description": "As Segment or GA4 name them; those we keep are listed in the documentation.",
    "properties": {
        "product_id": _ID,
        "category": _TEXT,
        "query": _TEXT,
        "order_id": _ID,
        "total": {"type": ["number", "string"]},
        "currency": _TEXT,
        "token": _TEXT,
        "products": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "product_id": _ID,
                    "quantity": {"type": "integer"},
                    "price": {"type": ["number", "string"]},
                },
            },
        },
    },
}
_OWN: dict[str, object] = {
    "Event": {
        "type": "object",
        "description": "An event as Segment's libraries send it; consent stands in context.consent.",
        "properties": {
            "type": {"enum": list(_CALLS)},
            "event": _TEXT,
            "messageId": _TEXT,
            **_WHO,
            "previousId": _TEXT,
            "groupId": _TEXT,
            "timestamp": {"type": "string", "format": "date-time"},
            "properties": _PROPERTIES,
            "traits": {"type": "object", "properties": {"email": _TEXT, "country": _TEXT}},
            "context": {
                "type": "object",
                "properties": {
                    "consent": _CONSENT,
                    "page": {"type": "object", "properties": {"url": _TEXT, "referrer": _TEXT}},
                    "campaign": {"type": "object", "properties": {"name": _TEXT, "source": _TEXT}},
                    "userAgent": _TEXT,
                },
            },
        },
    },
    "Batch": {
        "type": "object",
        "required": ["batch"],
        "properties": {
            "batch": _EVENTS,
            "sentAt": {"type": "string", "format": "date-time"},
            "context": {"type": "object"},
            "writeKey": _TEXT,
            "visitorToken": _TEXT,
        },
    },
    "Taken": {
        "type": "object",
        "description": "The call is on disk; what each event became is counted, not told.",
        "required": ["success"],
        "properties": {"success": {"const": True}},
    },
    "Question": {
        "type": "object",
        "required": ["slots"],
        "properties": {
            **_WHO,
            "consent": _CONSENT,
            "page": {"$ref": "#/components/schemas/Page"},
            "cart": {
                "type": ["array", "null"],
                "maxItems": MOST_LINES,
                "items": {"$ref": "#/components/schemas/CartItem"},
            },
            "slots": {"type": "array", "maxItems": MOST_SLOTS, "items": _TEXT},
            "events": _EVENTS,
            "explain": {"type": "boolean"},
        },
    },
    "List": {
        "type": "object",
        "description": "Who asks, as in Question, and the ids to be ordered.",
        "required": ["ids"],
        "properties": {
            **_WHO,
            "page": {"$ref": "#/components/schemas/Page"},
            "ids": {"type": "array", "items": _ID},
        },
    },
    "Ranked": {
        "type": "object",
        "description": "The same ids in her order; a reason where there is one.",
        "required": ["products"],
        "properties": {
            "products": {"type": "array", "items": {"$ref": "#/components/schemas/Placed"}}
        },
    },
    "PublicConfig": {
        "type": "object",
        "required": ["version", "slots", "protected", "contextual"],
        "properties": {
            "version": _TEXT,
            "slots": {"type": "array", "items": _TEXT},
            "protected": {"type": "array", "items": _TEXT},
            "contextual": {"type": "array", "items": {"type": "object"}},
            "off": {"type": "boolean", "description": "The shutter is closed: nothing is shown."},
            "overlays": {"type": "array", "items": _TEXT},
            "selectors": {"type": "object", "additionalProperties": _TEXT},
            "look": {
                "type": "string",
                "description": "The style sheet of messages, in the shop's colours.",
            },
            "forms": {
                "type": "object",
                "description": "In what elements each kind of block is drawn.",
            },
            "events": {
                "type": "array",
                "items": _TEXT,
                "description": "What the tag takes from the dataLayer.",
            },
            "data_layer": _TEXT,
            "demo": {"type": "boolean"},
            "words": {"type": "object", "additionalProperties": {"type": "object"}},
        },
    },
    "Opening": {
        "type": "object",
        "description": "The visitor token, or the first-party cookie; with a login that the shop signed, the person.",
        "properties": {
            "writeKey": _TEXT,
            "visitorToken": _TEXT,
            "userId": _TEXT,
            "signature": _TEXT,
        },
    },
    "MeToken": {
        "type": "object",
        "required": ["token", "expires"],
        "properties": {"token": _TEXT, "expires": {"type": "string", "format": "date-time"}},
    },
    "Mine": {
        "type": "object",
        "required": ["token"],
        "properties": {
            "writeKey": _TEXT,
            "token": _TEXT,
            "language": _TEXT,
            "purpose": _TEXT,
            "granted": {"type": "boolean"},
            "on": {"type": "boolean"},
            "name": _TEXT,
            "kind": _TEXT,
            "value": _TEXT,
            "refused": {"type": "boolean"},
            "format": {"enum": ["json", "html"]},
        },
    },
    "Me": {
        "type": "object",
        "description": "The page in words, as it stands after a deed; of a download the copy, of an erasure also the "
        "receipt. Never cached.",
    },
    "Receipt": {
        "type": "object",
        "description": "What was done about an erasure, and when; signed with a secret of the shop.",
        "required": [
            "erasure",
            "by",
            "visitors",
            "steps",
            "done",
            "removed",
            "stays",
            "hash",
            "signature",
        ],
        "properties": {
            "erasure": {"type": "integer"},
            "by": _TEXT,
            "visitors": {"type": "integer"},
            "steps": {
                "type": "object",
                "additionalProperties": {"type": ["string", "null"], "format": "date-time"},
            },
            "done": {"type": "boolean"},
            "removed": {"type": "object", "additionalProperties": {"type": "integer"}},
            "stays": {"type": "array", "items": _TEXT},
            "hash": _TEXT,
            "signature": _TEXT,
        },
    },
    "Profile": {"type": "object", "description": "About a person: never cached, always audited."},
    "Error": {
        "type": "object",
        "required": ["error"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["code", "message", "docs"],
                "properties": {
                    "code": _TEXT,
                    "message": _TEXT,
                    "field": _TEXT,
                    "docs": _TEXT,
                    "id": {
                        "type": "string",
                        "description": "With code internal: finds it in our log.",
                    },
                },
            }
        },
    },
}
_SECURITY: dict[Key, list[dict[str, list[str]]]] = {
    "none": [],
    "write": [{"key": []}],
    "any": [{"key": []}],
    "server": [{"key": []}],
}


@cache
def openapi() -> bytes:
    """Write the document."""
    paths: dict[str, dict[str, object]] = {}
    for route in ROUTES:
        if not route.later:
            paths.setdefault(_public(route.path), {})[route.method.lower()] = _operation(route)
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Etalage",
                "version": CODE,
                "description": "Errors are explained at /docs/errors/{code}, reasons at /docs/reasons.",
            },
            "paths": paths,
            "components": {"schemas": _schemas(), "securitySchemes": _schemes()},
        }
    )


def _operation(route: Route) -> dict[str, object]:
    good: dict[str, object] = {"description": "Done"}
    if route.gives is not None or route.media != JSON_TYPE:
        schema = _ref(route.gives) if route.gives is not None else _TEXT
        good["content"] = {route.media: {"schema": schema}}
    wrong = {
        "description": "Refused, with a code",
        "content": {JSON_TYPE: {"schema": _ref("Error")}},
    }
    said: dict[str, object] = {
        "summary": route.summary,
        "responses": {"200": good, **{str(status): wrong for status in route.errors}},
        "security": _SECURITY[route.key],
    }
    if parameters := _parameters(_public(route.path)):
        said["parameters"] = parameters
    if route.takes is not None:
        said["requestBody"] = {
            "required": True,
            "content": {kind: {"schema": _ref(route.takes)} for kind in (JSON_TYPE, "text/plain")},
        }
    return said


def _public(path: str) -> str:
    """Write a path as OpenAPI does: how a part is matched is the router's affair."""
    return path.replace(":path}", "}")


def _parameters(path: str) -> list[dict[str, object]]:
    names = re.findall(r"\{(\w+)\}", path)
    return [{"name": name, "in": "path", "required": True, "schema": _TEXT} for name in names]


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _schemas() -> dict[str, object]:
    """Give our own schemas, and those of the types that answers are made from."""
    _, made = msgspec.json.schema_components(
        [Answer, Placed, Page, CartItem],
        ref_template="#/components/schemas/{name}",
        schema_hook=lambda _: {"description": "Of any form"},  # `object`
    )
    return {**made, **_OWN}


def _schemes() -> dict[str, object]:
    return {
        "key": {
            "type": "http",
            "scheme": "basic",
            "description": "The key is the user, the password is empty. Write keys (wk_) may send events and ask "
            "for their own visitor; server keys (sk_) also say for whom.",
        }
    }
