"""`etalage plan`: whether a message can be decided, before it starts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from etalage.cli.console import (
    DataOption,
    JsonOption,
    NowOption,
    ShopOption,
    opened,
    out,
    print_json,
)
from etalage.connect.files import SUFFIXES, read_files
from etalage.domain.experience import Experience
from etalage.errors import BadInput
from etalage.flow.planning import experience_named, experience_written, forecast
from etalage.measure.lines import Language
from etalage.measure.planning.lines import headline, instead, sentences, table, to_json
from etalage.measure.planning.outlook import DEFAULT_LIFT, Forecast
from etalage.ports import Ports


def add_to(commands: typer.Typer) -> None:
    """Add this family of commands."""
    commands.command(epilog="Example: etalage plan welcome-back --data shop --lift 0.2")(plan)


def plan(
    experience: Annotated[
        str,
        typer.Argument(
            metavar="EXPERIENCE|FILE", help="One experience, live or not; or a YAML file with some."
        ),
    ],
    data: DataOption,
    shop: ShopOption = None,
    lift: Annotated[
        float, typer.Option(help="The effect one hopes for, relative: 0.1 is 10% more.")
    ] = DEFAULT_LIFT,
    json: JsonOption = False,
    lang: Annotated[Literal["nl", "en"], typer.Option(help="Language of the sentences.")] = "nl",
    now: NowOption = None,
) -> None:
    """Say whether a message can be decided, by when, and what could be decided instead."""
    if not 0 < lift <= 4:  # noqa: PLR2004  five times as many
        raise BadInput("a lift lies above 0 and is at most 4; 0.1 is 10% more", field="lift")
    with opened(data, shop, now=now) as (_, ports, moment):
        told = [forecast(ports, one, now=moment, lift=lift) for one in _asked(ports, experience)]
    if json:
        print_json([to_json(one) for one in told])
        return
    for one in told:
        _print(one, lang)


def _asked(ports: Ports, said: str) -> list[Experience]:
    """Read what is meant: a file if it looks like one, else the name of an experience."""
    path = Path(said)
    if path.suffix not in SUFFIXES and not path.is_dir():
        return [experience_named(ports, said)]
    written = [one for one in read_files([path]) if one.kind == "experience"]
    if not written:
        raise BadInput(f"there is no experience in {path}", field="experience")
    return [experience_written(ports, one.name, one.body) for one in written]


def _print(told: Forecast, language: Language) -> None:
    said = Text(headline(told, language))
    said.highlight_words([f"{told.experience}:"], style="bold")
    out.print(said)
    for line in sentences(told, language):
        out.print(Padding(Text(line), (0, 0, 0, 2)))
    rows = table(told, language)
    if rows:
        out.print(Padding(_designs(rows), (1, 0, 1, 2)))
    title, *offers = instead(told, language) or [""]
    if title:
        out.print(Padding(Text(title, style="bold"), (0, 0, 0, 2)))
    for offer in offers:
        out.print(Padding(Text(f"- {offer}"), (0, 0, 0, 2)))


def _designs(rows: list[list[str]]) -> Table:
    titles, *designs = rows
    made = Table(box=None, pad_edge=False, header_style="bold")
    for number, title in enumerate(titles):
        made.add_column(title, justify="right" if number else "left")
    for design in designs:
        made.add_row(*design)
    return made
