"""`etalage decide | recommend`: ask as a page would, and see why."""

from __future__ import annotations

from typing import Annotated, get_args

import msgspec
import typer

from etalage.cli.console import (
    DataOption,
    JsonOption,
    NowOption,
    ShopOption,
    opened,
    out,
    print_json,
)
from etalage.domain.context import Context
from etalage.domain.decision import DecisionFacts
from etalage.domain.experience import StrategyName, Wanted
from etalage.domain.ids import visitor_named
from etalage.errors import Unknown
from etalage.flow.configuration import Configuration, configure
from etalage.flow.nightly import popular_now
from etalage.flow.serve import Question, serve
from etalage.flow.who import person_behind
from etalage.ports import Ports
from etalage.recommend.popular import EMPTY, PopularIndex
from etalage.recommend.strategy import Shelf
from etalage.recommend.strategy import recommend as recommended

STRATEGIES: dict[str, StrategyName] = {name: name for name in get_args(StrategyName)}
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
        live = configure(ports)
        local = live.zone.local(moment)
        context = Context(
            page_type=page, product=product, hour=local.hour, weekday=local.isoweekday()
        )
        question = Question(
            now=moment,
            page=context,
            slots=tuple(s.strip() for s in slots.split(",") if s.strip()),
            person=person_behind(ports.profiles, visitor_named(ports.keys.pepper, who)),
            language=known.language,
            explain=True,
            position=ports.profiles.position(),
        )
        answered = serve(
            question, live, _shelf(ports, live), token_secret=ports.keys.secret("token")
        )
        if json:
            print_json(answered.answer)
            return
        for entry in answered.answer.decisions:
            sign = "shows" if entry.show else "ghost"
            out.print(f"[bold]{entry.experience}[/bold] {entry.variant} in {entry.slot}: {sign}")
            for line in entry.why.values() if entry.why else ():
                out.print(f"  {line}", style="dim", markup=False)
        for skipped in answered.answer.skipped or []:
            out.print(
                f"{skipped.experience}: not shown, {skipped.reason}", style="yellow", markup=False
            )


def recommend(
    strategy: Annotated[str, typer.Argument(help="popular_now or recently_viewed.")],
    data: DataOption,
    profile: Annotated[str | None, typer.Option(help="A visitor id, or user:NUMBER.")] = None,
    n: Annotated[int, typer.Option("--n", min=1, max=100)] = 20,
    shop: ShopOption = None,
    json: JsonOption = False,
    now: NowOption = None,
) -> None:
    """List what a strategy recommends, within all guards."""
    if strategy not in STRATEGIES:
        raise Unknown("strategy", strategy, STRATEGIES, field="strategy")
    wanted = Wanted(STRATEGIES[strategy], size=n)
    with opened(data, shop, now=now) as (known, ports, moment):
        person = (
            None
            if profile is None
            else person_behind(ports.profiles, visitor_named(ports.keys.pepper, profile))
        )
        facts = DecisionFacts(
            now=moment,
            zone=known.zone,
            visitor=None if person is None else person.asking,
            purposes=() if person is None else tuple(sorted(person.open)),
        )
        part = None if person is None else person.part
        found = recommended(wanted, facts, part, _shelf(ports, configure(ports)))
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


def _shelf(ports: Ports, live: Configuration) -> Shelf:
    return Shelf(live.catalogue, PopularIndex(popular_now(ports) or EMPTY, live.catalogue))
