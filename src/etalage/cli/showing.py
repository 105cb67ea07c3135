"""`etalage demo | simulate`: a shop whose true behaviour is known, beside what was measured."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from etalage.cli.console import JsonOption, err, out, print_json
from etalage.simulate import beside as besides
from etalage.simulate import demo as simulated
from etalage.simulate import simulation
from etalage.simulate.asked import asked_world
from etalage.simulate.server import SERVER_KEY, WRITE_KEY

if TYPE_CHECKING:  # what serves is loaded by who serves: the demo itself only looks on
    from etalage.api.rooms import Rooms
    from etalage.api.server import Application

LangOption = Annotated[Literal["nl", "en"], typer.Option(help="Language of the sentences.")]
DirOption = Annotated[
    Path | None, typer.Option("--data", help="Where its data goes; a temporary place by default.")
]

# The server of the demo: as `etalage serve`, and the shop beside it. No command: it is of use to the demo alone.
SHOP_PROGRAM = ("-c", "from etalage.cli.showing import serve_shop; serve_shop()")


def add_to(commands: typer.Typer) -> None:
    """Add this family of commands."""
    commands.command(epilog="Example: etalage demo --port 9000 --lang en")(demo)
    commands.command(
        epilog="Example: etalage simulate --days 28 --visitors-per-day 2000 --effect 0.3 --seed 1 --json"
    )(simulate)


def demo(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the server; 0: a free one.")
    ] = simulated.PORT,
    data: DirOption = None,
    headless: Annotated[bool, typer.Option("--headless", help="Stop after the report.")] = False,
    seed: Annotated[int, typer.Option(help="Another world.")] = simulated.SEED,
    lang: LangOption = "nl",
    json: JsonOption = False,
) -> None:
    """Show a living shop: 28 days of simulated shoppers, and the report beside the truth."""
    simulated.demo(
        data,
        port=port,
        seed=seed,
        headless=headless,
        json=json,
        language=lang,
        program=SHOP_PROGRAM,
    )


def serve_shop() -> None:
    """Be the server of the demo: told where and at which port by arguments, its keys by the environment."""
    from etalage import app
    from etalage.cli import running
    from etalage.config import load
    from etalage.simulate.storefront.orders import sending
    from etalage.simulate.storefront.pages import ROOT, storefront

    directory, port = Path(sys.argv[-3]), int(sys.argv[-1])
    write_key, server_key = os.environ.pop(WRITE_KEY), os.environ.pop(SERVER_KEY)

    def beside(rooms: Rooms) -> dict[str, Application]:
        shop = rooms.shops[app.the_shop(directory)]
        return {ROOT: storefront(shop, write_key=write_key, tell=sending(server_key))}

    settings = load(directory)
    running.serve(directory, host=settings.host, port=port, settings=settings, beside=beside)


def simulate(
    days: Annotated[int | None, typer.Option(help="At least 8.  [default: 28]")] = None,
    visitors_per_day: Annotated[
        int | None, typer.Option(help="Who come for the first time.  [default: 2000]")
    ] = None,
    effect: Annotated[
        float | None,
        typer.Option(help="Of one message; 0.3 = 30% more buyers.  [default: 0.3]"),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Another world.  [default: 1]")] = None,
    groups: Annotated[
        str | None,
        typer.Option(
            help="Shares and effects of shoppers who are moved differently: loyal=0.4:0.6,others=0.6:0",
        ),
    ] = None,
    consent: Annotated[
        float | None, typer.Option(help="Share that allows to be measured.  [default: 0.85]")
    ] = None,
    holdout: Annotated[
        float | None,
        typer.Option(help="Share that is shown no message at all.  [default: 0]"),
    ] = None,
    bots: Annotated[int | None, typer.Option(help="Programs that come each day.")] = None,
    faults: Annotated[
        str | None,
        typer.Option(
            help="Shares of events: dropped, doubled, late, skewed, treated_lost: dropped=0.01,late=0.1"
        ),
    ] = None,
    world: Annotated[
        Path | None,
        typer.Option(metavar="FILE.yaml", help="All there is to say of a world; options win."),
    ] = None,
    straight: Annotated[
        bool,
        typer.Option(
            "--straight",
            help="Write into the log, without a server or decisions: for large shops to try reports on.",
        ),
    ] = False,
    data: DirOption = None,
    lang: LangOption = "nl",
    json: JsonOption = False,
) -> None:
    """Play messages with planted effects through a real server, and print truth beside measurement."""
    decided = asked_world(
        world,
        days=days,
        visitors_per_day=visitors_per_day,
        effect=effect,
        seed=seed,
        groups=groups,
        consent_share=consent,
        holdout=holdout,
        bots=bots,
        faults=faults,
    )
    try:
        shown = simulation.simulate(decided, data, straight=straight, language=lang)
    except KeyboardInterrupt:
        err.print(besides.say(lang, "stopped" if data is None else "stopped_half"), markup=False)
        raise typer.Exit(1) from None
    if json:
        print_json(besides.to_json(shown.compared))
        return
    out.print(besides.table(shown.compared, shown.played, lang))
    for sentence in besides.sentences(shown.compared, lang):
        out.print(sentence, markup=False, highlight=False)
    for note in besides.notes(shown.compared, lang):
        out.print(note, style="dim", markup=False, highlight=False)
