"""`etalage alerts | scoreboard`: what should be looked at, and how the shop's figures move."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.padding import Padding
from rich.text import Text

from etalage.cli.console import (
    AsOption,
    DataOption,
    JsonOption,
    NowOption,
    ShopOption,
    opened,
    out,
    print_json,
)
from etalage.domain.shop import Shop
from etalage.errors import BadInput
from etalage.flow import alerts as flow
from etalage.flow import scoreboard as board
from etalage.flow.nightly import own_time
from etalage.measure.watch.alert_lines import ToldAlert, iso_day, told
from etalage.measure.watch.marks import dutch_holidays
from etalage.measure.watch.scoreboard_lines import lines
from etalage.ports import Ports

LanguageOption = Annotated[Literal["nl", "en"], typer.Option(help="Language of the sentences.")]
AnyDataOption = Annotated[
    Path | None,
    typer.Option("--data", help="The data directory.", envvar="ETALAGE_DATA", metavar="DIR"),
]

alert_commands = typer.Typer(
    invoke_without_command=True,
)


def add_to(commands: typer.Typer) -> None:
    """Add this family of commands."""
    commands.command(epilog="Example: etalage scoreboard --data shop --json")(scoreboard)
    commands.add_typer(alert_commands, name="alerts")


@alert_commands.callback(epilog="Example: etalage alerts --data shop --lang en")
def alerts(
    context: typer.Context,
    data: AnyDataOption = None,
    shop: ShopOption = None,
    new: Annotated[
        bool,
        typer.Option(
            "--new", help="Only what was not given out before, and note that it is now: for a mail."
        ),
    ] = False,
    over: Annotated[bool, typer.Option("--over", help="Also what is over.")] = False,
    json: JsonOption = False,
    lang: LanguageOption = "nl",
    now: NowOption = None,
) -> None:
    """Tell what should be looked at: figures out of the ordinary, tracking that broke, messages that do harm."""
    if context.invoked_subcommand is not None:
        return
    if data is None:
        raise BadInput("say which data directory: --data DIR", field="data")
    with opened(data, shop, now=now) as (known, ports, machine):
        moment = _time(known, ports, machine, now)
        flow.look_out(ports, now=moment, only_due=True)
        every = flow.untold(ports, now=moment) if new else ports.records.alerts()
        said = [told(one, lang) for one in every if over or new or one.state == "open"]
        judged = flow.judged_to(ports)
    if json:
        upto = None if judged is None else iso_day(judged - 1)
        print_json({"judgedUpTo": upto, "alerts": said})
        return
    for one in said:
        _show(one)
    if not said:
        out.print("Nothing out of the ordinary." if lang == "en" else "Niets bijzonders.")


def _time(shop: Shop, ports: Ports, machine: int, asked: str | None) -> int:
    """Give what time it is: in a simulated shop its own, as for the night shift, unless somebody asked for another."""
    return own_time(ports.log, machine) if shop.simulated and asked is None else machine


def _show(one: ToldAlert) -> None:
    color = {"watch": "yellow", "alert": "red"}[one.grade] if one.state == "open" else "dim"
    out.print(Text(one.says, style=f"bold {color}"))
    for line in (one.means, one.look):
        out.print(Padding(Text(line), (0, 0, 0, 2)))
    out.print(Padding(Text(f"{one.key}  {one.since} .. {one.last}", style="dim"), (0, 0, 1, 2)))


@alert_commands.command(
    epilog='Example: etalage alerts mark 2026-11-27 "sale" --as ann --data shop'
)
def mark(
    day: Annotated[str, typer.Argument(metavar="DATE", help="A day of the shop, ISO 8601.")],
    word: Annotated[str, typer.Argument(metavar="WORD", help="What is special about it.")],
    data: DataOption,
    actor: AsOption,
    shop: ShopOption = None,
) -> None:
    """Mark a day (sale, holiday, deploy): its figures raise no alert, and nothing is expected by them."""
    with opened(data, shop) as (_, ports, now):
        flow.mark(ports, {day: word}, actor=actor, now=now)
        out.print(f"{day} is marked: {word}", markup=False, highlight=False)


@alert_commands.command(epilog="Example: etalage alerts unmark 2026-11-27 --as ann --data shop")
def unmark(
    day: Annotated[str, typer.Argument(metavar="DATE", help="A marked day.")],
    data: DataOption,
    actor: AsOption,
    shop: ShopOption = None,
) -> None:
    """Take the mark of a day away."""
    with opened(data, shop) as (known, ports, now):
        if day not in known.marked_days:
            raise BadInput(f"{day} is not marked", field="marked_days")
        flow.mark(ports, {day: None}, actor=actor, now=now)
        out.print(f"{day} is an ordinary day", markup=False, highlight=False)


@alert_commands.command(epilog="Example: etalage alerts holidays 2027 --mark --as ann --data shop")
def holidays(
    year: Annotated[int, typer.Argument(min=1970, max=2199)],
    data: DataOption,
    shop: ShopOption = None,
    mark_them: Annotated[bool, typer.Option("--mark", help="Mark them all.")] = False,
    actor: Annotated[str, typer.Option("--as", help="Who does this.")] = "",
) -> None:
    """List the holidays of the Netherlands in a year, to be marked where the shop sells otherwise on them."""
    days = dutch_holidays(year)
    if mark_them:
        if not actor.strip():
            raise BadInput("say who marks them: --as NAME", field="as")
        with opened(data, shop) as (known, ports, now):
            new = {day: word for day, word in days.items() if day not in known.marked_days}
            flow.mark(ports, new, actor=actor, now=now)
    for day, word in days.items():
        out.print(f"{day}  {word}", markup=False, highlight=False)


def scoreboard(
    data: DataOption,
    shop: ShopOption = None,
    json: JsonOption = False,
    lang: LanguageOption = "nl",
    now: NowOption = None,
) -> None:
    """Show what leads and what lags, this week beside last year's and the last four, with how sure that is."""
    with opened(data, shop, now=now) as (known, ports, machine):
        found = board.scoreboard(ports, now=_time(known, ports, machine, now))
    if json:
        print_json(found)
        return
    for line in lines(found, lang):
        out.print(line, markup=False, highlight=False, soft_wrap=True)
