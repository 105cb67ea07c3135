"""What people decide, on its way to being live: apply makes drafts, approve lets them go live.

In:   documents as files hold them, and who does it.
Out:  the difference first; new versions; and, with the approval of somebody else, what is live.
Idea: everything is read and checked as if it were live already, before anything is stored. A segment that goes
      live brings its counted conditions into force by an event in the log, and is `warming` until the past is counted.
      Of an experience that goes live the sample is fixed for which it was planned (planning.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec import Struct

from etalage.decide.parse_experience import uses
from etalage.domain.arrival import engines_own
from etalage.domain.event import Event
from etalage.domain.ids import EventId
from etalage.domain.profile import ActiveFeature
from etalage.domain.segment import Feature, Node
from etalage.domain.shop import Shop, shop_from
from etalage.domain.time import ShopZone
from etalage.errors import BadInput, Conflict, EtalageError, NotApproved, NotFound, Unknown
from etalage.flow import planning
from etalage.flow.configuration import read_experience, tree_of, used_by
from etalage.flow.look_back import back_fill
from etalage.flow.remember import FEATURE, Memorist, remember
from etalage.govern.approve import Uses, go_live, may_approve
from etalage.ports import Document, DocumentKind, Ports
from etalage.segment.features import features, where_json
from etalage.segment.parse import parse

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")  # of a segment: it becomes part of file names
KINDS: tuple[DocumentKind, ...] = ("segment", "experience")  # used ones first


class Draft(Struct, frozen=True):
    """A document as somebody wrote it, before it is stored."""

    kind: DocumentKind
    name: str
    body: dict[str, object]


class Change(Struct, frozen=True):
    """What applying a draft would change, or has changed."""

    kind: DocumentKind
    name: str
    before: dict[str, object] | None
    after: dict[str, object]
    document: Document | None = None  # once it is stored

    @property
    def is_new(self) -> bool:
        """Whether anything differs from the newest version."""
        return self.before != self.after


def plan(ports: Ports, drafts: Sequence[Draft]) -> list[Change]:
    """Check drafts against everything there is, and tell what they would change.

    Raises:
        BadSegment, BadExperience, Unknown: a draft is not right; nothing is stored.
    """
    shop = shop_from(ports.records.shop())
    newest = {(d.kind, d.name): d.body for d in ports.records.documents()}
    _check(drafts, newest, shop)
    return [
        Change(d.kind, d.name, newest.get((d.kind, d.name)), d.body)
        for d in sorted(drafts, key=lambda d: (KINDS.index(d.kind), d.name))
    ]


def apply(ports: Ports, drafts: Sequence[Draft], *, actor: str, now: int) -> list[Change]:
    """Store drafts as new versions; what is unchanged stays as it is."""
    if not actor.strip():
        raise BadInput("say who applies this: --as NAME", field="as")
    return [
        msgspec.structs.replace(
            change,
            document=ports.records.add_draft(
                change.kind, change.name, change.after, author=actor, now=now
            ),
        )
        for change in plan(ports, drafts)
    ]


def approve(ports: Ports, name: str, *, actor: str, now: int) -> list[Document]:
    """Let the newest version of a document go live, and with it the newest versions of all it uses.

    Raises:
        NotFound, Unknown: there is no document of this name.
        NotApproved: the actor wrote it, or part of what it uses.
    """
    shop = shop_from(ports.records.shop())
    newest = ports.records.documents()
    wanted = _named(newest, name)
    uses = used_by(newest, shop)
    bound = _with_used(wanted, uses)
    for document in bound:  # all or nothing: nobody approves half of a message
        if document.state != "live":
            may_approve(document, actor, now)
    changed = [
        moved for document in bound if (moved := _go_live(ports, document, actor, now, shop))
    ]
    _count_conditions(ports, bound, shop, now)
    for document in changed:
        if document.kind == "experience" and document.state == "live":
            planning.fix(ports, document, now=now)
    return changed


def pause(ports: Ports, name: str, *, actor: str, now: int) -> Document:
    """Take a live experience off the shop at once; `approve` is needed to change it, not to stop it."""
    live = [d for d in ports.records.live("experience") if d.name == name]
    if not live:
        raise _not_live(ports, name)
    return ports.records.set_state(live[0], "paused", actor=actor, now=now)


def _not_live(ports: Ports, name: str) -> EtalageError:
    """Say why an experience cannot be paused."""
    newest = {d.name: d.state for d in ports.records.documents() if d.kind == "experience"}
    if name in newest:
        return Conflict(
            f"experience '{name}' is not live; its state is {newest[name]}", field="name"
        )
    return Unknown("experience", name, newest, field="name")


def _check(
    drafts: Sequence[Draft], newest: Mapping[tuple[DocumentKind, str], object], shop: Shop
) -> None:
    trees = {
        name: body["tree"]
        for (kind, name), body in newest.items()
        if kind == "segment" and isinstance(body, Mapping) and "tree" in body
    }
    for draft in drafts:
        if draft.kind not in KINDS:
            raise Unknown("kind of document", draft.kind, KINDS)
        if draft.kind == "segment":
            check_fields(draft)
            trees[draft.name] = draft.body["tree"]
    for draft in drafts:
        try:
            _check_body(draft, trees, shop)
        except EtalageError as error:
            raise error.about(f"{draft.kind} {draft.name}") from error


def _check_body(draft: Draft, trees: Mapping[str, object], shop: Shop) -> None:
    if draft.kind == "segment":
        if not _NAME.fullmatch(draft.name):
            raise BadInput(
                "a name has small letters, digits, '-' and '_', at most 64", field="name"
            )
        parse(draft.body["tree"], known=trees, currency=shop.currency)
        return
    document = Document("experience", draft.name, 1, "", draft.body, "draft", "", 0)
    used = [named for _, named in uses(read_experience(document, shop)) if named not in trees]
    if not used:
        return
    unknown = Unknown("segment", used[0], trees, field="segment")
    if unknown.nearest is None:
        raise NotFound(
            f"there is no segment '{used[0]}' yet: apply its file too, in the same call or before",
            field="segment",
        )
    raise unknown


def check_fields(draft: Draft) -> None:
    """Refuse what a segment's document does not have: beside its tree there is a title, and nothing else."""
    for field in draft.body:
        if field not in {"tree", "title"}:
            unknown = Unknown("field", field, ["tree", "title"], field=field)
            raise unknown.about(f"segment {draft.name}")
    if "tree" not in draft.body:
        raise BadInput(f"segment '{draft.name}' has no tree", field="tree")


def _named(documents: Sequence[Document], name: str) -> Document:
    kind, _, bare = name.rpartition(":")
    found = [d for d in documents if d.name == bare and kind in {"", d.kind}]
    if not found:
        if documents:
            raise Unknown("experience or segment", name, (d.name for d in documents), field="name")
        raise NotFound(f"nothing is named '{name}'; apply a file first", field="name")
    if len(found) > 1:
        raise NotApproved(
            f"'{name}' is both a segment and an experience: say segment:{name} or experience:{name}"
        )
    return found[0]


def _with_used(document: Document, uses: Uses) -> list[Document]:
    order: list[Document] = []
    for used in uses(document):
        order += [d for d in _with_used(used, uses) if d not in order]
    return [*order, document]


def _go_live(ports: Ports, document: Document, actor: str, now: int, shop: Shop) -> Document | None:
    """Make the moves of one document; None if it was live and approved already."""
    live = [d for kind in KINDS for d in ports.records.live(kind)]
    moves = go_live(
        document, actor=actor, uses=used_by([*live, document], shop), now=now,
        live=[d for d in live if d.kind == document.kind],
    )  # fmt: skip
    current: dict[tuple[str, int], Document] = {}
    for move in moves:
        key = (move.document.name, move.document.version)
        moved = ports.records.set_state(
            current.get(key, move.document), move.to, actor=actor, now=now,
            approved_hash=move.approved_hash,
        )  # fmt: skip
        current[key] = moved
    return current.get((document.name, document.version))


def _count_conditions(ports: Ports, documents: Iterable[Document], shop: Shop, now: int) -> None:
    """Bring the counted conditions of segments that went live into force, and count the past."""
    trees = {d.name: tree_of(d) for d in ports.records.live("segment")}
    nodes = [
        parse(tree_of(d), known=trees, currency=shop.currency)
        for d in documents
        if d.kind == "segment"
    ]
    how = Memorist(ShopZone(shop.zone), shop.currency)
    activate(ports, nodes, how, now=now)
    back_fill(ports.log, ports.profiles, how)


def activate(ports: Ports, nodes: Iterable[Node], how: Memorist, *, now: int) -> None:
    """Say in the log which conditions are counted from here on; those that are counted already are left alone."""
    known = {feature.id for feature in ports.profiles.features()}
    new = {f.id: f for node in nodes for f in features(node) if f.id not in known}
    if new:
        ports.log.append([engines_own(_in_force(feature, now)) for feature in new.values()])
    remember(ports.log, ports.profiles, how)


def _in_force(feature: Feature, now: int) -> Event:
    active = ActiveFeature(feature.id, feature.name, where_json(feature.where), position=0)
    return Event(
        id=EventId(f"feature:{feature.id}"),
        name=FEATURE,
        time=now,
        received=now,
        trust="confirmed",
        source="engine",
        record=msgspec.json.encode(active).decode(),
    )
