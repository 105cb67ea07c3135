"""`etalage bandit`: how an experience that divides by itself stands."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import msgspec
import typer
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
from etalage.flow.show_bandit import Standing, show_bandit

bandit = typer.Typer(
    no_args_is_help=True, help="Show how an experience that divides by itself stands."
)
_STATES = {
    "too_few_days": "Too early: nothing is weighed before two full days; until then all get the same.",
    "too_few_visitors": "Too early: nothing is weighed before each variant has 100 visitors; until then all get the same.",
    "due": "Enough was seen; it is weighed at the next turn of the night shift.",
}


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
    now: NowOption = None,
) -> None:
    """Show arms, counts, chances and shares, the policy in force, and why it is too early if it is."""
    with opened(data, shop, now=now) as (_, ports, moment):
        standing = show_bandit(ports, experience, now=moment)
    if json:
        print_json(msgspec.to_builtins(standing))
        return
    _tell(standing)


def _tell(standing: Standing) -> None:
    out.print(f"{standing.experience}: by {standing.by}, control {standing.control:.0%}, policy {standing.policy}")  # fmt: skip
    out.print(_STATES.get(standing.state) or f"Weighed {_said(standing.made)}, policies {standing.version}.")  # fmt: skip
    table = Table("arm", "visitors", "conversions", "chance to be best", "share now")
    for arm in standing.arms:
        best = "-" if arm.best is None else f"{arm.best:.1%}"
        table.add_row(
            arm.arm, f"{arm.visitors:,}", f"{arm.conversions:,}", best, f"{arm.share:.1%}"
        )
    out.print(table)
    for one in standing.pictures:
        name = one.picture or "everybody's"
        out.print(f"picture {name} of {one.variant}: {one.visitors:,} visitors, {one.share:.1%}")
    out.print(
        f"Of all, {standing.even:.0%} is divided evenly (policy {standing.even_policy}); no arm gets less than "
        f"{standing.floor:.0%} of who see a variant. A conversion comes after {standing.delay:.1f} days, and counts for half "
        f"after {standing.half_life}. Do not compare conversions by visitors here: `etalage report` does that rightly."
    )
    if standing.context:
        learned = ", ".join(standing.features) or "nothing yet (from 1,000 conversions)"
        out.print(f"What suits whom is learned of: {learned}.")


def _said(made: int | None) -> str:
    if made is None:
        return "never"
    return datetime.fromtimestamp(made / 1e6, UTC).isoformat(sep=" ", timespec="minutes")
