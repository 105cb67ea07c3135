"""Lives the day of docs/one-day.md through the real engine: sends its calls as they stand, reads its tables."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from etalage import app
from etalage.api.hot import Hot
from etalage.api.rooms import Rooms
from etalage.config import Settings
from etalage.connect.files import parse
from etalage.domain.ids import VisitorKey, visitor_key
from etalage.domain.time import Micros, micros
from etalage.flow import publish
from etalage.flow.open_shop import OpenShop
from etalage.store.committer import Committer
from etalage.store.memory.keys import MemoryKeys

PAGE = Path(__file__).resolve().parents[2] / "docs" / "one-day.md"
ROOT = b"one day in the life of a raincoat"[:32]  # fixes all pseudonyms, and with them all arms
NAMES = {"v-laptop": "visitor", "v-phone": "visitor", "C-1001": "user"}


@dataclass
class Day:
    """The shop after the day, and what it answered on the way."""

    shop: OpenShop
    answers: list[dict[str, object]] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)

    def key(self, name: str) -> VisitorKey:
        """Give the pseudonym of `v-laptop`, `v-phone` or `C-1001`."""
        kind = "user" if NAMES[name] == "user" else "visitor"
        return visitor_key(self.shop.ports.keys.pepper, kind, name)

    def name(self, key: str | None) -> str:
        """Give the name of a pseudonym."""
        return next((name for name in NAMES if self.key(name) == key), "" if key is None else "?")


def text() -> str:
    """Give the page."""
    return PAGE.read_text(encoding="utf-8")


def tables() -> list[list[list[str]]]:
    """Give all tables of the page, in order: lists of rows of cells, without their heads."""
    found: list[list[list[str]]] = []
    for line in text().splitlines():
        if not line.startswith("|"):
            continue
        cells = [cell.strip().strip("`") for cell in line.strip("|").split("|")]
        if set("".join(cells)) <= set("-"):
            found.append([])
            if len(found) > 1:
                found[-2].pop()  # the head of this table was taken for a row of the one before
            continue
        if found:
            found[-1].append(cells)
    return found


async def live(directory: Path) -> Day:
    """Open the shop of the page and send its calls."""
    created, day = _opened(directory)
    calls = re.findall(r"```http\n(.*?)```", text(), flags=re.DOTALL)
    transport = httpx.ASGITransport(app=Hot(Rooms({created.shop.id: day.shop})))
    auth = httpx.BasicAuth(created.server_key, "")
    async with httpx.AsyncClient(transport=transport, base_url="http://noord", auth=auth) as client:
        for call in calls:
            await _send(client, day, call)
    return day


async def _send(client: httpx.AsyncClient, day: Day, call: str) -> None:
    head, _, body = call.partition("\n\n")
    first, *rest = head.splitlines()
    headers = dict(line.split(": ", 1) for line in rest)
    for name, token in day.tokens.items():
        body = body.replace("{token:" + name + "}", token)
    answer = await client.post(first.split()[1], content=body, headers=headers)
    assert answer.status_code == 200, answer.text
    said = answer.json()
    day.answers.append(said)
    for entry in said.get("decisions", []):
        day.tokens[entry["experience"]] = entry["id"]


def _opened(directory: Path) -> tuple[app.Created, Day]:
    before = Micros(micros_of("2026-09-15T12:00:00+00:00"))
    new = app.new_shop("Noord", "noord.example", simulated=True, salt="noord")
    declared = ("measure", "personalise")
    created = app.create_shop(
        directory, new, now=before, purposes=declared, basis="the shop's privacy statement"
    )
    settings = Settings()
    _, ports = app.open_ports(directory, created.shop.id, settings=settings)
    ports.keys.close()
    ports = ports._replace(keys=MemoryKeys(ROOT))
    written = re.findall(r"```yaml\n(.*?)```", text(), flags=re.DOTALL)[0]
    drafts = [publish.Draft(w.kind, w.name, w.body) for w in parse(written, PAGE)]
    publish.apply(ports, drafts, actor="ann", now=before)
    for name in ("welcome-back", "exit-help"):
        publish.approve(ports, name, actor="bob", now=before)
    shop = OpenShop(
        ports,
        settings=settings,
        committing=lambda p, applied: Committer(p.log, applied),
        now=before,
    )
    return created, Day(shop)


def micros_of(iso: str) -> int:
    """Read a moment."""
    from datetime import datetime

    return micros(datetime.fromisoformat(iso))


def as_json(value: object) -> str:
    """Write a value as it stands in a table."""
    return json.dumps(value, ensure_ascii=False)
