"""`etalage simulate`: a world of one's own, played through a real server, and truth beside measurement.

In:   a world, and where its shop should stay.
Out:  the report of that shop beside the truth.
Idea: the shop is as real as any, except that its server lets itself be told what time it is. So everything else can be
      tried on it afterwards.
"""

from __future__ import annotations

from pathlib import Path

from etalage.api.slim import few_arenas
from etalage.domain.ids import ShopId
from etalage.domain.time import DAY
from etalage.errors import BadInput, Unknown
from etalage.simulate.apart import apart
from etalage.simulate.beside import Language, known
from etalage.simulate.demo import Shown, ending_in_order, moment, place, play
from etalage.simulate.run import Played
from etalage.simulate.server import serving
from etalage.simulate.shop import EFFECTS, EVERYBODY, Opened, open_shop, refuse_real
from etalage.simulate.shopping import Story
from etalage.simulate.truth import WINDOW
from etalage.simulate.world import World


def simulate(
    world: World,
    directory: Path | None = None,
    *,
    straight: bool = False,
    language: Language = "nl",
) -> Shown:
    """Play a world in a shop of its own, and give truth and report.

    Args:
        world: with effects of messages of ours.
        directory: where the shop stays, to be looked at afterwards; a temporary one by default.
        straight: write into its log, without a server: for large shops that only reports are tried on.
        language: of the progress bar.

    Raises:
        BadInput: too few days, or what only a server can answer for is asked for without one.
        Unknown: a message that simulated shoppers never meet.
        Conflict: the directory holds a shop that is not simulated, or the same one already.
    """
    _refuse(world, directory, straight=straight)
    few_arenas()
    with ending_in_order(), place(directory) as data:
        start = moment() - world.days * DAY
        opened = apart(
            open_shop,
            data,
            now=start,
            name=f"Noord {world.seed}",
            experiences=tuple(world.effects),
            seed=world.seed,
            holdout=world.holdout,
        )
        if straight:
            return apart(_written, data, opened, world, start=start)
        with serving(data) as url:
            return play(url, data, opened, world, start=start, language=language)


def _written(data: Path, opened: Opened, world: World, *, start: int) -> Shown:
    """Write a world into the log of its shop, and make its report."""
    from etalage.app import open_ports
    from etalage.config import load
    from etalage.flow.report import report_all
    from etalage.simulate.straight import beside, write

    end = start + world.days * DAY
    _, ports = open_ports(data, ShopId(opened.shop), settings=load(data))
    try:
        tried, orders = write(ports, world, opened.variants, start=start)
        reports = report_all(ports, now=end)
    finally:
        ports.close()
    told = known(reports, world)
    compared = beside(world, tried, opened.variants, told, start=start)
    return Shown(Played(world, Story(orders=orders), start, end), compared)


def _refuse(world: World, directory: Path | None, *, straight: bool) -> None:
    """Refuse what would end in nothing, before anything is made."""
    least = WINDOW // DAY + 1
    if world.days < least:
        says = f"{world.days} days: an order counts up to {least - 1} days after a message, so at least {least}"
        raise BadInput(says, field="days")
    for name in world.effects:
        if name not in EFFECTS:
            raise Unknown("experience", name, EFFECTS, field="effects")
    if not world.effects:
        raise BadInput("without a message there is nothing to measure", field="effects")
    if world.holdout and not straight and not EVERYBODY.intersection(world.effects):
        says = "only a message that comes to everybody tells who is held out: add " + " or ".join(
            sorted(EVERYBODY)
        )
        raise BadInput(says, field="holdout")
    if straight and not world.needs_no_server:
        says = "devices, sign-ins, bots and faults need a server: leave out --straight"
        raise BadInput(says, field="straight")
    if directory is not None and directory.exists():
        apart(refuse_real, directory)
