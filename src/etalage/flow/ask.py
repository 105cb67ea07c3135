"""Questions of people rather than pages: the size and members of a segment, what would be decided or recommended.

The command line and the Python face ask these; nothing is changed or logged by asking.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import msgspec
from msgspec import Struct

from etalage.domain.context import Context
from etalage.domain.decision import Answer, DecisionFacts, Recommended
from etalage.domain.experience import StrategyName, Wanted
from etalage.domain.ids import VisitorKey
from etalage.domain.profile import KeptLine, Recent
from etalage.domain.segment import Node, has_context
from etalage.domain.shop import Shop, shop_from
from etalage.domain.time import ShopZone
from etalage.errors import Unknown
from etalage.flow.configuration import Configuration, configure, tree_of
from etalage.flow.learn import ready_models
from etalage.flow.nightly import popular_now
from etalage.flow.serve import Question, serve
from etalage.flow.who import person_behind
from etalage.ports import Ports, Questions
from etalage.recommend.popular import EMPTY, PopularIndex
from etalage.recommend.shelf import Shelf
from etalage.recommend.strategy import recommend
from etalage.segment.parse import parse
from etalage.segment.sql import PROGRAMS, members_sql, programs_statement, size_sql
from etalage.unify.batch import view_statements
from etalage.unify.person import EMPTY as NO_PAST

NOBODY = VisitorKey("0" * 32)  # stands for somebody of whom only a few views are known
STRATEGIES: dict[str, StrategyName] = {name: name for name in get_args(StrategyName)}


class Size(Struct, frozen=True):
    """How many people a segment has."""

    people: int
    of: int  # all people who may be known
    at_most: bool  # it asks about the moment too, which batch does not know


def node_of(ports: Ports, tree: object, shop: Shop) -> Node:
    """Read a tree that may refer to the shop's segments."""
    newest = ports.records.documents("segment")
    known = {document.name: tree_of(document) for document in newest}
    return parse(tree, known=known, currency=shop.currency)


def segment_named(ports: Ports, name: str, shop: Shop) -> Node:
    """Read the newest version of one of the shop's segments; `Unknown` gives the nearest name."""
    document = ports.records.document("segment", name)
    if document is None:
        known = [other.name for other in ports.records.documents("segment")]
        raise Unknown("segment", name, known, field="segment")
    return node_of(ports, tree_of(document), shop)


def size(ports: Ports, node: Node, shop: Shop, *, now: int) -> Size:
    """Count the people of a segment exactly, over the log as it stands."""
    asked = size_sql(
        node, zone=ShopZone(shop.zone), currency=shop.currency, now=now, programs=PROGRAMS
    )
    with ports.warehouse.session() as questions:
        _prepare(questions)
        people = questions.ask(asked.sql, asked.parameters).rows[0][0]
        everybody = questions.ask("SELECT count(*) FROM known_people").rows[0][0]
    return Size(int(str(people)), int(str(everybody)), has_context(node))


def members(ports: Ports, node: Node, shop: Shop, *, now: int, limit: int) -> list[str]:
    """Give the people of a segment by their pseudonyms, in order of key."""
    asked = members_sql(
        node, zone=ShopZone(shop.zone), currency=shop.currency, now=now, programs=PROGRAMS
    )
    with ports.warehouse.session() as questions:
        _prepare(questions)
        text = f"SELECT person FROM ({asked.sql}) ORDER BY person LIMIT {int(limit)}"
        rows = questions.ask(text, asked.parameters).rows
    return [str(person) for (person,) in rows]


def decision_for(
    ports: Ports, visitor: VisitorKey, slots: Sequence[str], page: Context, *, now: int
) -> Answer:
    """Decide as the server would for a visitor, with the reason for everything that is not shown."""
    live = configure(ports)
    question = Question(
        now=now,
        page=page,
        slots=tuple(slots),
        person=person_behind(ports.profiles, visitor),
        language=live.shop.language,
        explain=True,
        position=ports.profiles.position(),
    )
    shelf = _shelf(ports, live)
    return serve(question, live, shelf, token_secret=ports.keys.secret("token")).answer


def recommended(
    ports: Ports, strategy: str, visitor: VisitorKey | None, *, most: int, now: int
) -> Recommended:
    """List what a strategy recommends, to somebody or to nobody in particular, within all guards.

    Raises:
        Unknown: no such strategy.
    """
    if strategy not in STRATEGIES:
        raise Unknown("strategy", strategy, STRATEGIES, field="strategy")
    person = None if visitor is None else person_behind(ports.profiles, visitor)
    facts = DecisionFacts(
        now=now,
        zone=shop_from(ports.records.shop()).zone,
        visitor=None if person is None else person.asking,
        purposes=() if person is None else tuple(sorted(person.open)),
    )
    part = None if person is None else person.part
    shelf = _shelf(ports, configure(ports))
    return recommend(Wanted(STRATEGIES[strategy], size=most), facts, part, shelf)


def recommended_after(
    ports: Ports, strategy: str, session: Sequence[str], *, most: int, now: int
) -> Recommended:
    """List what a strategy recommends to somebody of whom only these views are known, oldest first.

    Raises:
        Unknown: no such strategy.
    """
    if strategy not in STRATEGIES:
        raise Unknown("strategy", strategy, STRATEGIES, field="strategy")
    views = tuple(
        Recent(now - len(session) + place, str(place), "view_item", (KeptLine(product),))
        for place, product in enumerate(session)
    )
    facts = DecisionFacts(
        now=now,
        zone=shop_from(ports.records.shop()).zone,
        visitor=NOBODY,
        purposes=("personalise",),
        page=Context(page_type="product", product=session[-1] if session else None),
    )
    part = msgspec.structs.replace(NO_PAST, recents=views)
    shelf = _shelf(ports, configure(ports))
    return recommend(Wanted(STRATEGIES[strategy], size=most), facts, part, shelf)


def _shelf(ports: Ports, live: Configuration) -> Shelf:
    index = PopularIndex(popular_now(ports) or EMPTY, live.catalogue)
    return Shelf(live.catalogue, index, live.shop.sensitive, ready_models(ports.models))


def _prepare(questions: Questions) -> None:
    for statement in (*view_statements(), programs_statement()):
        questions.prepare(statement)
