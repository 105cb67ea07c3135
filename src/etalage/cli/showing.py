"""`etalage demo | simulate`: a shop whose true behaviour is known, beside what was measured."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from etalage.cli.console import JsonOption, out, print_json
from etalage.simulate import beside as besides
from etalage.simulate import demo as simulated

LangOption = Annotated[Literal["nl", "en"], typer.Option(help="Language of the sentences.")]
DirOption = Annotated[
    Path | None, typer.Option("--data", help="Where its data goes; a temporary place by default.")
]


def add_to(commands: typer.Typer) -> None:
    """Add this family of commands."""
    commands.command(epilog="Example: etalage demo --port 9000 --lang en")(demo)
    commands.command(
        epilog="Example: etalage simulate --days 28 --visitors-per-day 500 --effect 0.3 --json"
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
    simulated.demo(data, port=port, seed=seed, headless=headless, json=json, language=lang)


def simulate(
    days: Annotated[int, typer.Option(min=8, max=365)] = 28,
    visitors_per_day: Annotated[int, typer.Option(min=1, max=100_000)] = 2_000,
    effect: Annotated[
        float, typer.Option(min=-0.99, max=9, help="Relative: 0.3 = 30% more buyers.")
    ] = 0.3,
    seed: Annotated[int, typer.Option(help="Another world.")] = 1,
    data: DirOption = None,
    lang: LangOption = "nl",
    json: JsonOption = False,
) -> None:
    """Play one message with a planted effect through a real server, and print truth beside measurement."""
    shown = simulated.simulate(
        data, days=days, visitors_per_day=visitors_per_day, effect=effect, seed=seed, language=lang
    )
    if json:
        print_json(besides.to_json(shown.compared))
        return
    out.print(besides.table(shown.compared, shown.played, lang))
    for sentence in besides.sentences(shown.compared, lang):
        out.print(sentence, markup=False, highlight=False)
