"""`etalage segment`: is it right, how large is it, who is in it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

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
from etalage.connect.files import read_files
from etalage.domain.segment import Node, has_context
from etalage.domain.shop import Shop
from etalage.errors import BadJson
from etalage.flow.ask import node_of, segment_named
from etalage.flow.groups import FEWEST, Group, group_of, people_of
from etalage.flow.never_match import doubts
from etalage.flow.publish import Draft, check_fields
from etalage.ports import Ports
from etalage.segment.features import features
from etalage.segment.sentence import sentence

WhatArgument = Annotated[
    str,
    typer.Argument(
        metavar="NAME|FILE", help="A segment of the shop, or a file with a tree (YAML, JSON)."
    ),
]
segment = typer.Typer(no_args_is_help=True, help="Check, count and list segments.")


def add_to(commands: typer.Typer) -> None:
    """Add this family of commands."""
    commands.add_typer(segment, name="segment")


@segment.command(epilog="Example: etalage segment check loyal.yaml --data shop")
def check(
    what: WhatArgument, data: DataOption, shop: ShopOption = None, json: JsonOption = False
) -> None:
    """Say in Dutch and English what a segment means, what is wrong with it, and which names match nothing."""
    with opened(data, shop) as (known, ports, _):
        node = _node(what, ports, known)
        doubted = doubts(ports, node, known)
        said = {
            "name": what,
            "nl": sentence(node, "nl", currency=known.currency),
            "en": sentence(node, "en", currency=known.currency),
            "counted": [feature.id for feature in features(node)],
            "at_most": has_context(node),
            "warnings": [msgspec.structs.asdict(one) for one in doubted],
        }
        if json:
            print_json(said)
            return
        out.print(said["nl"], markup=False)
        out.print(said["en"], style="dim", markup=False)
        for one in doubted:
            out.print(f"{one.kind} '{one.name}' {one.says}", style="yellow", markup=False)


@segment.command("size", epilog="Example: etalage segment size loyal --data shop --json")
def size_(
    what: WhatArgument,
    data: DataOption,
    shop: ShopOption = None,
    json: JsonOption = False,
    now: NowOption = None,
) -> None:
    """Count its people exactly, over the log as it stands; of fewer than ten the number is not told."""
    with opened(data, shop, now=now) as (known, ports, moment):
        node = _node(what, ports, known)
        group = group_of(ports, node, known, now=moment)
        if not group.is_told:
            _tell_too_few(what, group, json=json)
            return
        if json:
            print_json({"name": what, **_numbers(group)})
            return
        out.print(repr(group))
        out.print(sentence(node, "nl", currency=known.currency), style="dim", markup=False)


@segment.command("members", epilog="Example: etalage segment members loyal --data shop --json")
def members_(
    what: WhatArgument,
    data: DataOption,
    shop: ShopOption = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="At most so many.")] = 100,
    json: JsonOption = False,
    now: NowOption = None,
) -> None:
    """List its people by their pseudonyms, if they are ten or more."""
    with opened(data, shop, now=now) as (known, ports, moment):
        node = _node(what, ports, known)
        group, found = people_of(ports, node, known, now=moment, limit=limit)
        if not group.is_told:
            _tell_too_few(what, group, json=json, members=[])
            return
        if json:
            print_json({"name": what, "members": found})
            return
        for person in found:
            out.print(person, highlight=False)


def _tell_too_few(what: str, group: Group, *, json: bool, **said: object) -> None:
    """Say that a segment, or all outside it, are fewer than ten, and no more."""
    if json:
        told = {**(said or _numbers(group)), "fewer_than": FEWEST, "outside": group.few_outside}
        print_json({"name": what, **told})
        return
    out.print(repr(group))


def _numbers(group: Group) -> dict[str, object]:
    return {"people": group.people, "of": group.of, "at_most": group.at_most}


def _node(what: str, ports: Ports, shop: Shop) -> Node:
    """Read the tree of a named segment or of a file."""
    path = Path(what)
    if path.suffix in {".json", ".yaml", ".yml"} or path.exists():
        return node_of(ports, _tree_in(path), shop)
    return segment_named(ports, what, shop)


def _tree_in(path: Path) -> object:
    if path.suffix != ".json":
        written = read_files([path])[0]
        check_fields(Draft(written.kind, written.name, written.body))
        return written.body["tree"]
    try:
        return msgspec.json.decode(path.read_bytes())
    except (msgspec.DecodeError, OSError) as error:
        raise BadJson(f"{path.name}: {error}") from error
