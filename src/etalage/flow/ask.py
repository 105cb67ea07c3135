"""Batch questions about people: the size and members of a segment, who is in no segment at all."""

from __future__ import annotations

from msgspec import Struct

from etalage.domain.segment import Node, has_context
from etalage.domain.shop import Shop
from etalage.domain.time import ShopZone
from etalage.flow.configuration import tree_of
from etalage.ports import Ports, Questions
from etalage.segment.parse import parse
from etalage.segment.sql import members_sql, size_sql
from etalage.unify.batch import view_statements


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


def size(ports: Ports, node: Node, shop: Shop, *, now: int) -> Size:
    """Count the people of a segment exactly, over the log as it stands."""
    asked = size_sql(node, zone=ShopZone(shop.zone), currency=shop.currency, now=now)
    with ports.warehouse.session() as questions:
        _prepare(questions)
        people = questions.ask(asked.sql, asked.parameters).rows[0][0]
        everybody = questions.ask("SELECT count(*) FROM known_people").rows[0][0]
    return Size(int(str(people)), int(str(everybody)), has_context(node))


def members(ports: Ports, node: Node, shop: Shop, *, now: int, limit: int) -> list[str]:
    """Give the people of a segment by their pseudonyms, in order of key."""
    asked = members_sql(node, zone=ShopZone(shop.zone), currency=shop.currency, now=now)
    with ports.warehouse.session() as questions:
        _prepare(questions)
        text = f"SELECT person FROM ({asked.sql}) ORDER BY person LIMIT {int(limit)}"
        rows = questions.ask(text, asked.parameters).rows
    return [str(person) for (person,) in rows]


def _prepare(questions: Questions) -> None:
    for statement in view_statements():
        questions.prepare(statement)
