"""A real shop behind a real server: its experiences are one of each form and moment, each in a place of its own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from etalage import app
from etalage.config import load
from etalage.domain.event import Event
from etalage.domain.ids import ProductId
from etalage.domain.product import Catalogue, Offer, Product
from etalage.flow import publish
from etalage.simulate.server import serving

YES = {"device": True, "measure": True, "personalise": True}


@dataclass
class Noord:
    """The running shop."""

    address: str
    directory: Path
    created: app.Created

    @property
    def loader(self) -> str:
        return f'<script async src="{self.address}/tag/{self.created.write_key}.js"></script>'

    def decide(self, **settings: object) -> None:
        """Change settings while it runs, as a person does; the server takes over within a second."""
        _, ports = app.open_ports(self.directory, self.created.shop.id, settings=SETTINGS)
        try:
            ports.records.change_shop(settings, actor="ann", now=time.time_ns() // 1000)
        finally:
            ports.close()
        time.sleep(1.3)

    def events(self, *names: str) -> list[Event]:
        """Read the log beside the running server."""
        _, ports = app.open_ports(self.directory, self.created.shop.id, settings=SETTINGS)
        try:
            return [event for _, event in ports.log.read(0) if not names or event.name in names]
        finally:
            ports.close()


SETTINGS = load()
CATALOGUE = Catalogue(
    "c1",
    "EUR",
    {
        ProductId(f"S-{n}"): Product(
            id=ProductId(f"S-{n}"),
            title=f"Storm {n}",
            offers=(Offer(f"S-{n}", price=7995 + n, availability="in_stock"),),
            link=f"/p/{n}",
            image=f"/{n}.svg",
            categories=(("Dames", "Jassen"),),
        )
        for n in range(1, 7)
    },
)


def text(said: str, level: int = 0) -> dict[str, Any]:
    return {"type": "text", "text": said} | ({"level": level} if level else {})


def experience(
    slot: str, form: str, on: dict[str, Any], blocks: list[dict[str, Any]], **more: Any
) -> dict[str, Any]:
    """Write an experience that everybody with consent sees."""
    variant: dict[str, Any] = {"name": "a", "content": {"nl": blocks, "en": blocks}}
    if "products" in more:
        variant["products"] = more.pop("products")
    caps = [{"times": 9, "per": "session"}] if form in {"popup", "toast"} else []
    return {
        "title": slot,
        "slot": slot,
        "form": form,
        "trigger": on,
        "variants": [variant],
        "allocation": {"kind": "split", "control": 0},
        "caps": caps,
        "goal": {"event": "purchase"},
        "purpose": "Hulp",
        "gain": {"nl": "Je kiest sneller de goede maat.", "en": "You find your size sooner."},
    } | more


ON_LOAD = {"on": "load"}
_POPUP = [
    text("Nog even over je maat?", 2),
    {"type": "image", "url": "/jas.svg", "alt": "Storm, geel"},
    text(
        "De Storm valt ruim. Zit je tussen twee maten in, neem dan de kleinste. Ruilen is gratis."
    ),
    {"type": "button", "label": "Bekijk de maattabel", "link": "/maattabel"},
    {"type": "button", "label": "Later", "closes": True},
]
GHOST = {"allocation": {"kind": "split", "control": 0.99999}}


def _on(moment: str, page: str, **numbers: int) -> dict[str, Any]:
    return {"on": moment, **numbers, "page": {"url": {"exact": page}}}


EXPERIENCES: dict[str, dict[str, Any]] = {
    "banner": experience(
        "home_top", "inline", ON_LOAD, [text("Klaar voor regen", 2), text("Alles voor nat weer.")]
    ),
    "banner-ghost": experience("home_ghost", "inline", ON_LOAD, [text("Spook")], **GHOST),
    "shelf": experience(
        "home_shelf",
        "products",
        ON_LOAD,
        [{"type": "product_list", "title": "Door jou bekeken"}],
        products={"strategy": "recently_viewed", "size": 4, "at_least": 1},
    ),
    "strip": experience(
        "strip", "bar", _on("load", "/balk"), [text("Gratis bezorging vanaf € 60")]
    ),
    "size-help": experience("overlay", "popup", _on("load", "/popup"), _POPUP),
    "size-help-ghost": experience("overlay", "popup", _on("load", "/spook"), _POPUP, **GHOST),
    "exit-help": experience("overlay", "popup", _on("exit_intent", "/weg"), _POPUP),
    "after-delay": experience("overlay", "toast", _on("delay", "/wacht", seconds=1), _POPUP[:1]),
    "half-way": experience("overlay", "toast", _on("scroll", "/lang", percent=50), _POPUP[:1]),
    "in-cart": experience("overlay", "toast", _on("add_to_cart", "/mandje"), _POPUP[:1]),
    "searched": experience("overlay", "toast", _on("search", "/zoek"), _POPUP[:1]),
    "third-view": experience("overlay", "toast", _on("view_count", "/teller", views=3), _POPUP[:1]),
    "long-idle": experience("overlay", "toast", _on("idle", "/stil", seconds=5), _POPUP[:1]),
    "cart-left": experience(
        "overlay", "toast", _on("cart_idle", "/mandje-stil", seconds=30), _POPUP[:1]
    ),
    "back-again": experience("overlay", "toast", _on("return", "/terug", days=7), _POPUP[:1]),
    "first-of-two": experience(
        "overlay", "toast", _on("load", "/twee"), [text("Voorrang", 2)], priority=90
    ),
    "second-of-two": experience(
        "aside", "toast", _on("load", "/twee"), [text("Achteraan", 2)], priority=10
    ),
    "not-for-me": experience("refusable", "bar", _on("load", "/nee"), [text("Weg ermee")]),
}


@contextmanager
def noord(directory: Path, origin: str) -> Iterator[Noord]:
    """Make the shop, let everything go live, and serve it."""
    shop = app.new_shop("Noord", "noord.example", simulated=True, salt="s", origins=(origin,))
    now = time.time_ns() // 1000
    created = app.create_shop(directory, shop, now=now)
    _, ports = app.open_ports(directory, shop.id, settings=SETTINGS)
    ports.records.put_catalogue(CATALOGUE, source="test", actor="ann", now=now)
    drafts = [publish.Draft("experience", name, body) for name, body in EXPERIENCES.items()]
    publish.apply(ports, drafts, actor="ann", now=now)
    for name in EXPERIENCES:
        publish.approve(ports, f"experience:{name}", actor="bob", now=now)
    ports.close()
    with serving(directory) as address:
        yield Noord(address, directory, created)
