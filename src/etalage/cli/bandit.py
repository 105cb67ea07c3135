"""`etalage bandit`: how an experience that divides by itself stands."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from functools import cache, partial
from importlib.resources import files
from typing import Annotated, Literal

import msgspec
import typer
from babel.numbers import format_decimal, format_percent
from rich.table import Table

from etalage.cli.console import (
    DataOption,
    JsonOption,
    NowOption,
    ShopOption,
    opened,
    out,
    print_json,
)
from etalage.domain.experience import Language
from etalage.flow.show_bandit import Standing, show_bandit

bandit = typer.Typer(
    no_args_is_help=True, help="Show how an experience that divides by itself stands."
)


def add_to(commands: typer.Typer) -> None:
    """Add this family of commands."""
    commands.add_typer(bandit, name="bandit")


@bandit.callback()
def _group() -> None:
    """Keep `show` a command of its own."""


@bandit.command(epilog="Example: etalage bandit show welcome-back --data shop")
def show(
    experience: Annotated[str, typer.Argument(help="A live experience.")],
    data: DataOption,
    shop: ShopOption = None,
    json: JsonOption = False,
    lang: Annotated[Literal["nl", "en"], typer.Option(help="Language of the sentences.")] = "nl",
    now: NowOption = None,
) -> None:
    """Show arms, counts, chances and shares, the policy in force, and why it is too early if it is."""
    with opened(data, shop, now=now) as (_, ports, moment):
        standing = show_bandit(ports, experience, now=moment)
    if json:
        print_json(msgspec.to_builtins(standing))
        return
    _tell(standing, lang)


def _tell(standing: Standing, lang: Language) -> None:
    say = partial(_say, lang)
    out.print(
        say(
            "head",
            name=standing.experience,
            by=say(standing.by),
            control=_percent(standing.control, lang),
            policy=standing.policy,
        )
    )
    out.print(say(standing.state, when=_said(standing.made, lang), version=standing.version))
    heads = (say(key) for key in ("arm", "visitors", "conversions", "best", "share"))
    table = Table(*heads)
    for arm in standing.arms:
        table.add_row(
            arm.arm,
            _number(arm.visitors, lang),
            _number(arm.conversions, lang),
            "-" if arm.best is None else _percent(arm.best, lang, digits=1),
            _percent(arm.share, lang, digits=1),
        )
    out.print(table)
    for one in standing.pictures:
        out.print(
            say(
                "picture",
                picture=one.picture or say("everybodys"),
                variant=one.variant,
                visitors=_number(one.visitors, lang),
                share=_percent(one.share, lang, digits=1),
            )
        )
    out.print(
        say(
            "about",
            even=_percent(standing.even, lang),
            even_policy=standing.even_policy,
            floor=_percent(standing.floor, lang),
            delay=format_decimal(standing.delay, format="#,##0.0", locale=lang),
            half_life=str(standing.half_life),
        )
    )
    if standing.context:
        learned = ", ".join(standing.features) or say("nothing_learned")
        out.print(say("context", learned=learned))


def _said(made: int | None, lang: Language) -> str:
    if made is None:
        return _say(lang, "never")
    return datetime.fromtimestamp(made / 1e6, UTC).isoformat(sep=" ", timespec="minutes")


def _percent(share: float, lang: Language, *, digits: int = 0) -> str:
    shape = f"#,##0.{'0' * digits}%" if digits else "#,##0%"
    return format_percent(share, format=shape, locale=lang)


def _number(value: int, lang: Language) -> str:
    return format_decimal(value, locale=lang)


def _say(lang: Language, key: str, **fields: str) -> str:
    return words()[lang][key].format(**fields)


@cache
def words() -> dict[str, dict[str, str]]:
    """Give all sentences, by language and key."""
    return tomllib.loads((files("etalage.cli") / "bandit.toml").read_text(encoding="utf-8"))
