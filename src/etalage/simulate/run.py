"""Play a world against a running server, day by day.

In:   the address and server key of a simulated shop, and a world.
Out:  `Played`: what happened, and who met which message; its truth can be asked for afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from msgspec import Struct

from etalage.domain.product import Catalogue
from etalage.domain.report import OVERALL
from etalage.domain.time import DAY
from etalage.simulate import robots
from etalage.simulate.catalogue import shelf
from etalage.simulate.client import Client
from etalage.simulate.person import agenda, buying_moment
from etalage.simulate.shopping import Day, Shop, Story, play_day
from etalage.simulate.total import total
from etalage.simulate.truth import Truth, truth
from etalage.simulate.world import World

CONNECTIONS = 8  # one keeps the server busy; where an answer waits for a disk, the others go on

Progress = Callable[[int, int], None]  # days done, of how many


class Played(Struct, frozen=True):
    """A world as it went."""

    world: World
    story: Story
    start: int  # micros
    end: int  # micros: the first moment after the last day

    def truth_at(self, looks: dict[str, int]) -> dict[str, Truth]:
        """Give what each experience, and all together, was worth, each as of a moment in micros."""
        upto = {name: look - self.start for name, look in looks.items()}
        whole = upto.pop(OVERALL, None)
        found = truth(self.world, self.story.met.values(), upto=upto)
        if whole is None:
            return found
        drawn, saw = self.story.drawn.values(), self.story.saw
        return found | {OVERALL: total(self.world, drawn, saw, upto=whole)}


def run(
    url: str,
    server_key: str,
    world: World,
    *,
    catalogue: Catalogue,
    slots: Sequence[str],
    start: int,
    progress: Progress | None = None,
) -> Played:
    """Play all days of a world.

    Args:
        url: of the server.
        server_key: of a shop that was made as simulated.
        world: who comes and what moves them.
        catalogue: of the shop.
        slots: places that its pages have.
        start: micros, the first moment of the world.
        progress: is told after every day.

    Raises:
        NotFound: nobody answers at the address.
        BadInput: the server refused a call.
    """
    client = Client(url, server_key)
    shop = Shop(world, client, shelf(catalogue, now=start), tuple(slots), start)
    story = Story()
    try:
        with ThreadPoolExecutor(CONNECTIONS) as threads:
            for number, day in enumerate(days(world), start=1):
                play_day(shop, story, day, threads)
                if progress is not None:
                    progress(number, world.days)
    finally:
        client.close()
    return Played(world, story, start, start + world.days * DAY)


def days(world: World) -> list[Day]:
    """Give who comes and who would buy, by day."""
    buyers: list[list[tuple[int, int]]] = [[] for _ in range(world.days)]
    for person in range(world.people):
        moment = buying_moment(world, person)
        if moment < world.days * DAY:
            buyers[moment // DAY].append((moment, person))
    return [
        Day(
            visits=sorted([*visits, *robots.visits_of_day(world, number)]),
            buyers=sorted(due),
            ends=(number + 1) * DAY,
        )
        for number, (visits, due) in enumerate(zip(agenda(world), buyers, strict=True))
    ]
