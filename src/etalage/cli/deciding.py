"""`etalage decide | recommend`: ask as a page would, and see why."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
import typer

from etalage.api.pages import reason_texts
from etalage.cli.console import (
    DataOption,
    JsonOption,
    NowOption,
    ShopOption,
    err,
    opened,
    out,
    print_json,
)
from etalage.cli.models import show_models
from etalage.config import load
from etalage.domain.context import Context
from etalage.domain.ids import visitor_named
from etalage.domain.time import ShopZone
from etalage.flow.ask import decision_for, recommended, recommended_after
from etalage.flow.learn import learn_models
from etalage.ports import Ports

MODELS_COMMANDS = {"train", "show"}  # reserved: no strategy is called so
WhoOption = Annotated[
    str,
    typer.Option("--as", help="A visitor id, or user:NUMBER, or email:ADDRESS.", metavar="PROFILE"),
]


def add_to(commands: typer.Typer) -> None:
    """Add this family of commands."""
    commands.command(
        epilog="Example: etalage decide --as v-1 --slots home_top,overlay --data shop --json"
    )(decide)
    commands.command(epilog="Example: etalage recommend popular_now --n 10 --data shop --json")(
        recommend
    )


def decide(
    data: DataOption,
    who: WhoOption,
    slots: Annotated[str, typer.Option(help="Places on the page: A,B")],
    page: Annotated[
        str, typer.Option(help="Type of the page: home, category, product ...")
    ] = "home",
    product: Annotated[str | None, typer.Option(help="The product on the page.")] = None,
    shop: ShopOption = None,
    json: JsonOption = False,
    now: NowOption = None,
) -> None:
    """Decide as the server would, show the reasons for everything that is not shown, log nothing."""
    with opened(data, shop, now=now) as (known, ports, moment):
        local = ShopZone(known.zone).local(moment)
        context = Context(
            page_type=page, product=product, hour=local.hour, weekday=local.isoweekday()
        )
        wanted = [slot.strip() for slot in slots.split(",") if slot.strip()]
        visitor = visitor_named(ports.keys.pepper, who)
        answer = decision_for(ports, visitor, wanted, context, now=moment)
        _note_unused(wanted, ports)
        if json:
            print_json(answer)
            return
        for entry in answer.decisions:
            sign = "shows" if entry.show else "ghost"
            out.print(f"[bold]{entry.experience}[/bold] {entry.variant} in {entry.slot}: {sign}")
            for line in entry.why.values() if entry.why else ():
                out.print(f"  {line}", style="dim", markup=False)
        for skipped in answer.skipped or []:
            out.print(
                f"{skipped.experience}: not shown, {skipped.reason}", style="yellow", markup=False
            )
            out.print(f"  {_meaning(skipped.reason)}", style="dim", markup=False)
        if not answer.decisions and not answer.skipped:
            out.print("No experience is live: etalage apply FILE, then etalage approve NAME.")


def _meaning(reason: str) -> str:
    return reason_texts()["decision"]["en"][reason.partition(":")[0]]


def _note_unused(wanted: list[str], ports: Ports) -> None:
    """Tell of a slot that no live experience fills: mostly a misspelled one."""
    used = {str(d.body.get("slot")) for d in ports.records.live("experience")}
    for slot in wanted:
        if used and slot not in used:
            err.print(
                f"note: no live experience uses slot '{slot}'; there is: {', '.join(sorted(used))}",
                markup=False,
                highlight=False,
            )


def recommend(
    strategy: Annotated[
        str,
        typer.Argument(
            help="A strategy, such as for_you, also_viewed or popular_now; or train, or show: the models."
        ),
    ],
    data: DataOption,
    profile: Annotated[str | None, typer.Option(help="A visitor id, or user:NUMBER.")] = None,
    session: Annotated[
        str | None,
        typer.Option(help="Products just looked at, oldest first.", metavar="P1,P2,..."),
    ] = None,
    n: Annotated[int, typer.Option("--n", min=1, max=100)] = 20,
    shop: ShopOption = None,
    json: JsonOption = False,
    lang: Annotated[
        Literal["nl", "en"], typer.Option(help="Of show: language of the words; JSON is English.")
    ] = "nl",
    now: NowOption = None,
) -> None:
    """List what a strategy recommends, within all guards; learn the models now, or show their cards."""
    with opened(data, shop, now=now) as (_, ports, moment):
        if strategy in MODELS_COMMANDS:
            if strategy == "train":
                needed = load(data).popular_least_visitors
                learn_models(ports, now=moment, visitors_needed=needed)
            show_models(ports, lang, json=json)
            return
        if session is not None:
            viewed = [product.strip() for product in session.split(",") if product.strip()]
            found = recommended_after(ports, strategy, viewed, most=n, now=moment)
        else:
            visitor = None if profile is None else visitor_named(ports.keys.pepper, profile)
            found = recommended(ports, strategy, visitor, most=n, now=moment)
        if json:
            print_json(
                {
                    "asked": found.asked,
                    "used": found.used,
                    "products": msgspec.to_builtins(found.candidates),
                }
            )
            return
        catalogue = ports.records.catalogue()
        for place, candidate in enumerate(found.candidates, 1):
            product = None if catalogue is None else catalogue.products.get(candidate.product)
            title = "" if product is None else product.title
            out.print(
                f"{place:>3}  {candidate.product}  {title}  ({candidate.because})", markup=False
            )
        if not found.candidates:
            out.print(_why_nothing(strategy, profile, has_catalogue=catalogue is not None))


def _why_nothing(strategy: str, profile: str | None, *, has_catalogue: bool) -> str:
    if not has_catalogue:
        return "Nothing: the shop has no catalogue yet (etalage import catalogue FILE)."
    if strategy == "recently_viewed" and profile is None:
        return "Nothing: recently_viewed is about somebody; say whom with --profile."
    return "Nothing passes the guards yet: too few visitors, no stock, or no price that is certain."
