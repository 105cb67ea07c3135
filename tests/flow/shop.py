"""A simulated shop in a directory of its own: what goes in over HTTP, and what the stores then hold.

Events are made as a shop's server would write them; the people are Karel, Fatima, and Jip, who never gives consent.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec

from etalage import app
from etalage.api.hot import Hot
from etalage.api.rooms import Rooms
from etalage.config import Settings
from etalage.domain.event import Event
from etalage.domain.ids import IdentifierKind, VisitorKey, visitor_key
from etalage.domain.profile import Person
from etalage.domain.time import micros
from etalage.flow import nightly, publish
from etalage.flow.account import received
from etalage.flow.open_shop import OpenShop
from etalage.flow.who import person_behind
from etalage.ports import Ports

NOON = micros(datetime(2026, 5, 12, 10, tzinfo=UTC))  # of a Tuesday in Amsterdam
YES = {"device": True, "measure": True, "personalise": True}
NO = {"device": False, "measure": False, "personalise": False}
ALLOWED = ("device", "measure", "personalise")
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
SETTINGS = Settings(commit_window_ms=0, warehouse_threads=1, journal_gb=0.2, profiles_gb=0.2)

Said = dict[str, Any]

_numbers = itertools.count(1)


@dataclass
class Reply:
    """What came back."""

    status: int
    body: Any
    headers: httpx.Headers

    @property
    def code(self) -> str:
        """The code of an error."""
        return str(self.body["error"]["code"])


@dataclass
class Shop:
    """An open shop, and its keys."""

    directory: Path
    created: app.Created
    opened: OpenShop
    runner: asyncio.Runner
    now: int = NOON
    others: list[OpenShop] = field(default_factory=list)  # served by the same process

    @property
    def ports(self) -> Ports:
        return self.opened.ports

    @property
    def server_key(self) -> str:
        return self.created.server_key

    @property
    def write_key(self) -> str:
        return self.created.write_key

    # ---- over HTTP -----------------------------------------------------------------------------------

    def post(
        self,
        path: str,
        body: object = None,
        *,
        key: str | None = "",
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send bytes as they are, and anything else as JSON; an empty `key` stands for the server key."""
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        sent = {"user-agent": BROWSER, "content-type": "application/json"}
        if key is not None:
            sent["authorization"] = basic(f"{key or self.server_key}:")
        return self.runner.run(self._post(path, content, sent | dict(headers or {})))

    async def _post(self, path: str, content: bytes, headers: dict[str, str]) -> Reply:
        rooms = Rooms({one.configuration.shop.id: one for one in [self.opened, *self.others]})
        transport = httpx.ASGITransport(app=Hot(rooms, lambda: self.now))
        async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as client:
            sent = [(name, value.encode("latin-1")) for name, value in headers.items()]
            reply = await client.post(path, content=content, headers=sent)
        return Reply(reply.status_code, reply.json(), reply.headers)

    def batch(self, *events: Said, key: str = "", token: str | None = None) -> dict[str, int]:
        """Send events in one call; give what became of them, by outcome and reason."""
        body: Said = {"batch": events} | ({} if token is None else {"visitorToken": token})
        before = self.account()
        reply = self.post("/v1/batch", body, key=key)
        assert reply.status == 200, reply.body
        return dict(self.account() - before)

    def ask(self, visitor: str | None, *, key: str = "", **said: object) -> Said:
        """Ask for a decision about the overlay of the home page."""
        page = {"type": "home", "url": "https://noord.example/"}
        body: Said = {"anonymousId": visitor, "page": page, "slots": ["overlay"]} | said
        reply = self.post("/v1/decide", body, key=key)
        assert reply.status == 200, reply.body
        answer: Said = reply.body
        return answer

    # ---- what the stores hold ------------------------------------------------------------------------

    def account(self) -> Counter[str]:
        """Count what was received, by outcome and reason."""
        lines = received(self.ports).items()
        return Counter({f"{what}: {why}" if why else what: n for (what, why), n in lines})

    def events(self, *names: str) -> list[Event]:
        """Give what is in the log, decisions that nobody waited for included."""
        self.opened.commits.submit(()).result()
        return [e for _, e in self.ports.log.read(0) if not names or e.name in names]

    def key_of(self, identifier: str, kind: IdentifierKind = "visitor") -> VisitorKey:
        """Give the pseudonym of an identifier."""
        return visitor_key(self.ports.keys.pepper, kind, identifier)

    def person(self, visitor: str, kind: IdentifierKind = "visitor") -> Person:
        """Give the person behind a visitor, as she may be known now."""
        return self.person_of(self.key_of(visitor, kind))

    def person_of(self, visitor: VisitorKey) -> Person:
        """Give the person behind a pseudonym."""
        return person_behind(self.ports.profiles, visitor)

    def did(self, visitor: str, kind: IdentifierKind = "visitor") -> list[str]:
        """Give the names of what may be known that a person did, in order."""
        part = self.person(visitor, kind).part
        return [] if part is None else [recent.name for recent in part.recents]

    # ---- people who decide ---------------------------------------------------------------------------

    def go_live(self, *drafts: publish.Draft) -> None:
        """Let documents go live: Ann writes them, Bob approves."""
        publish.apply(self.ports, drafts, actor="ann", now=self.now)
        for draft in drafts:
            publish.approve(self.ports, f"{draft.kind}:{draft.name}", actor="bob", now=self.now)
        self.opened.refresh(self.now)

    def night(self) -> nightly.Night:
        """Give what the night shift works with."""
        return nightly.Night(self.ports, self.opened.configuration.how, self.now, 1)

    def close(self) -> None:
        """Finish what was accepted."""
        self.opened.close()


Opening = Callable[..., Shop]  # the fixture `opening`: opens one more, with settings of its own


def create(
    directory: Path, name: str = "Noord", *, world: str = "tests", **decided: object
) -> app.Created:
    """Make a simulated shop that a server may send to under no purposes of its own.

    Its secrets follow from world and name, so that who is in which arm is the same in every run.
    """
    purposes = decided.pop("purposes", ())
    shop = app.new_shop(name, f"{name.lower()}.example", simulated=True, salt="s", **decided)
    assert isinstance(purposes, tuple)
    return app.create_shop(
        directory,
        shop,
        now=NOON,
        purposes=purposes,
        basis="contract" if purposes else "",
        settings=SETTINGS,
        world=f"{world}/{name}",
    )


def open_shop(directory: Path, created: app.Created, runner: asyncio.Runner) -> Shop:
    """Open a shop."""
    opened = app.open_shop(directory, created.shop.id, settings=SETTINGS, now=NOON)
    return Shop(directory, created, opened, runner)


def copy(directory: Path, to: Path) -> Path:
    """Copy a workspace with its keys."""
    shutil.copytree(directory, to)
    shutil.copytree(directory.with_name(f"{directory.name}.keys"), to.with_name(f"{to.name}.keys"))
    return to


def basic(credentials: str) -> str:
    """Write credentials as a header."""
    return f"Basic {base64.b64encode(credentials.encode()).decode()}"


# ---- What is said ------------------------------------------------------------------------------------


def track(event: str, visitor: str | None = "karel", /, **said: Any) -> Said:
    """Write an event: `consent`, `at`, `message`, `user` and `context` stand for themselves, the rest are properties."""
    call = _call("track", visitor, said)
    return call | {"event": event, "properties": said}


def view(product: str, visitor: str | None = "karel", /, **said: Any) -> Said:
    """Write that a visitor looked at a product."""
    return track("view_item", visitor, product_id=product, **said)


def order(number: str, visitor: str | None = "karel", /, **said: Any) -> Said:
    """Write an order of one product; without a visitor it has to be found whose it is."""
    lines = [{"product_id": "S-1", "price": 25, "quantity": 2}]
    given = {"consent": None if visitor is None else YES, "total": "50,00", "products": lines}
    return track("Order Completed", visitor, order_id=number, **(given | said))


def identify(visitor: str | None, user: str | None, /, **said: Any) -> Said:
    """Write who a visitor is; the rest are traits."""
    signature = said.pop("signature", None)
    call = _call("identify", visitor, {"user": user} | said)
    traits = {k: v for k, v in said.items() if k not in _AROUND}
    return call | {"traits": traits} | ({} if signature is None else {"signature": signature})


_AROUND = ("consent", "at", "message", "user", "context")


def _call(kind: str, visitor: str | None, said: Said) -> Said:
    taken = {name: said.pop(name, None) for name in ("at", "message", "user", "context")}
    consent = said.pop("consent", YES)
    call: Said = {"type": kind, "messageId": taken["message"] or f"m-{next(_numbers)}"}
    call |= {} if visitor is None else {"anonymousId": visitor}
    call |= {} if taken["user"] is None else {"userId": taken["user"]}
    call |= {} if taken["at"] is None else {"timestamp": taken["at"] / 1_000_000}
    context = dict(taken["context"] or {}) | ({} if consent is None else {"consent": consent})
    return call | ({"context": context} if context else {})


# ---- What people wrote -------------------------------------------------------------------------------


def segment(name: str, tree: Said) -> publish.Draft:
    """Write a segment."""
    return publish.Draft("segment", name, {"tree": tree})


def experience(name: str, /, **said: object) -> publish.Draft:
    """Write a popup on the overlay that nobody is kept from (but one in a million)."""
    words = {"nl": [{"type": "text", "text": "Hallo"}], "en": [{"type": "text", "text": "Hello"}]}
    body: Said = {
        "title": name,
        "slot": "overlay",
        "form": "popup",
        "trigger": {"on": "load"},
        "variants": [{"name": "a", "content": words}],
        "goal": {"event": "purchase"},
        "purpose": "to be tested",
        "gain": {"nl": "Je ziet iets", "en": "You see something"},
        "caps": [{"times": 3, "per": "day"}],
        "allocation": {"kind": "split", "control": 0.000001},
    }
    return publish.Draft("experience", name, body | said)


def by_experience(answer: Said) -> dict[str, Said]:
    """Give the decisions of an answer by the name of their experience."""
    return {one["experience"]: one for one in answer["decisions"]}


def skipped(answer: Said) -> dict[str, str]:
    """Give the reasons of an answer by the name of the experience."""
    return {one["experience"]: one["reason"] for one in answer["skipped"]}


def names(events: Iterable[Event]) -> list[str]:
    """Give the names of events."""
    return [event.name for event in events]
