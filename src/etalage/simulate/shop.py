"""Make a simulated shop: Noord with its catalogue, its segments and its experiences, approved and live.

In:   a data directory, the experiences it should have, and the moment at which it opens.
Out:  the shop with its keys; only such a shop lets a caller say what time it is.

What opens stores is loaded only by who opens them: the demo does that in a process apart.
"""

from __future__ import annotations

from collections.abc import Collection
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from msgspec import Struct

from etalage.config import load
from etalage.connect.files import Written, read_files
from etalage.domain.ids import ShopId
from etalage.domain.product import Catalogue
from etalage.errors import Conflict
from etalage.simulate.catalogue import noord

NAME, DOMAIN = "Noord", "noord.example"
AUTHOR, APPROVER = "ann", "bob"
# What each message does to the chance to buy. Design 12: one helps, one does nothing, one harms.
EFFECTS = {"maathulp": 0.30, "gratis-ruilen": 0.0, "nieuwsbrief": -0.25, "verder-kijken": 0.10}
HELPS = "maathulp"
EVERYBODY = frozenset(
    {"maathulp", "gratis-ruilen", "nieuwsbrief"}
)  # come to whoever lands on a product
# What a visitor of the demo's pages meets besides; simulated shoppers only land on products, and meet none of them.
BESIDES = (
    "nieuws-over-zoeken",
    "drie-lijsten",
    "fijn-dat-je-er-bent",
    "bijna-gratis",
    "hulp-bij-weggaan",
    "vergeten-in-de-mand",
    "maak-het-compleet",
    "reparatie-voor-jou",
)
ADD_LINK = "/shop/winkelmand?leg={offer}"  # the basket's page puts it in
FREE_DELIVERY_FROM = 6_000  # cents, as the shop's own basket counts


class Opened(Struct, frozen=True):
    """A simulated shop, ready to be served."""

    shop: ShopId
    write_key: str
    server_key: str
    catalogue: Catalogue
    slots: tuple[str, ...]  # which simulated shoppers ask for
    variants: dict[str, str]  # the first of each message, by experience


def open_shop(
    directory: Path,
    *,
    now: int,
    name: str = NAME,
    experiences: Collection[str] = tuple(EFFECTS),
    seed: int = 1,
    at: str | None = None,
    holdout: float = 0.0,
) -> Opened:
    """Make a simulated shop in a data directory.

    Args:
        directory: the workspace; may hold other shops.
        now: micros, when it opens; its experiences are live from then on.
        name: of the shop.
        experiences: which of ours it has.
        at: address of the server that shows the shop's pages, where links lead and pages may ask from;
            none by default: then they lead to a domain that is nobody's.
        seed: with the name it fixes all pseudonyms, and so who is in which arm.
        holdout: share of all persons who get no message at all.

    Raises:
        Conflict: the directory already has a shop of this name.
    """
    from etalage.app import create_shop, new_shop, open_ports
    from etalage.flow.publish import Draft, apply, approve

    world = f"{name}:{seed}"
    places: dict[str, object] = {"holdout_share": holdout}
    if at is not None:
        own = [at, at.replace("127.0.0.1", "localhost")]
        places |= {
            "origins": own,
            "free_delivery_from": FREE_DELIVERY_FROM,
            "add_link": ADD_LINK,
        }
    shop = new_shop(name, DOMAIN, simulated=True, salt=world, **places)
    created = create_shop(directory, shop, now=now, world=world)
    written = documents(experiences)
    catalogue = noord() if at is None else noord("/shop")  # within the shop, on whichever host
    _, ports = open_ports(directory, created.shop.id, settings=load(directory))
    try:
        ports.records.put_catalogue(catalogue, source="noord.csv", actor=AUTHOR, now=now)
        drafts = [Draft(one.kind, one.name, one.body) for one in written]
        apply(ports, drafts, actor=AUTHOR, now=now)
        for one in written:
            approve(ports, f"{one.kind}:{one.name}", actor=APPROVER, now=now)
    finally:
        ports.close()
    slots = (str(one.body["slot"]) for one in written if one.name in EFFECTS)
    return Opened(
        created.shop.id,
        created.write_key,
        created.server_key,
        catalogue,
        tuple(sorted(set(slots))),
        {one.name: first_variant(one) for one in written if one.kind == "experience"},
    )


def first_variant(experience: Written) -> str:
    """Give the name of the first variant of an experience."""
    variants: Any = experience.body["variants"]
    return str(variants[0]["name"])


def refuse_real(directory: Path) -> None:
    """See to it that no simulated shopper comes near a real shop.

    Raises:
        Conflict: the directory holds a shop that is not simulated, or something else than shops.
    """
    from etalage.app import open_ports, shops_in

    settings = load(directory)
    for name in shops_in(directory):
        shop, ports = open_ports(directory, name, settings=settings)
        ports.close()
        if not shop.simulated:
            says = f"{directory} holds the shop '{name}', which is a real one: simulate elsewhere"
            raise Conflict(says, field="data")


def documents(experiences: Collection[str]) -> list[Written]:
    """Read the named experiences and the segments they use, as files of any shop; used ones first."""
    with as_file(files("etalage.simulate")) as home:
        wanted = [one for one in read_files([home / "experiences"]) if one.name in set(experiences)]
        used = {one.body.get("segment") for one in wanted}
        segments = [one for one in read_files([home / "segments"]) if one.name in used]
    return [*segments, *wanted]
