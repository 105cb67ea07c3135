"""What is live now, compiled once: the shop's settings, keys, segments, experiences and catalogue.

In:   Records (what people decided) and the counted conditions of the profiles.
Out:  a frozen `Configuration`; a decision reads it and nothing else of what people decided.
Idea: its `version` is the digest of all it was made from. The log holds, per version, which versions of which
      documents that were, so that a decision can be computed again long after.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec
from msgspec import Struct

from etalage.decide import parse_experience as reader
from etalage.domain.canonical import digest
from etalage.domain.experience import LANGUAGES, Experience
from etalage.domain.ids import FeatureId, SegmentName
from etalage.domain.policy import Policies
from etalage.domain.product import Catalogue
from etalage.domain.segment import Node, has_history
from etalage.domain.shop import Shop, shop_from, to_settings
from etalage.domain.time import ShopZone
from etalage.flow.plan import LiveSegment, Plan
from etalage.flow.policies import policies_now
from etalage.flow.remember import Memorist
from etalage.govern.approve import is_still_approved
from etalage.ports import ApiKey, Document, DocumentKind, Ports
from etalage.segment.features import features
from etalage.segment.live import compile_live
from etalage.segment.parse import parse
from etalage.segment.sentence import sentence


class Configuration(Struct, frozen=True):
    """All that people decided, as of one moment."""

    version: str
    generation: int
    shop: Shop
    zone: ShopZone
    how: Memorist
    keys: dict[str, ApiKey]  # by hash
    segments: dict[SegmentName, LiveSegment]
    experiences: tuple[Experience, ...]
    plan: Plan  # what can be known of them before anyone asks
    lapsed: tuple[str, ...]  # live experiences that changed under their approval: not served
    documents: tuple[tuple[DocumentKind, str, int], ...]
    catalogue: Catalogue
    words: frozenset[str]  # of the catalogue: a search keeps these in the clear, and only these
    is_settled: (
        bool  # False: a segment (or its newest version) still counts the past; look again soon
    )


class Composition(Struct, frozen=True):
    """What a configuration was made of, as the log keeps it."""

    version: str
    documents: tuple[tuple[DocumentKind, str, int], ...]
    shop: dict[str, object]


def configure(ports: Ports, policies: Policies | None = None) -> Configuration:
    """Compile what is live now, with the policies of bandits that are given or else those in force."""
    records = ports.records
    generation = records.generation()
    shop = shop_from(records.shop())
    live = records.live("segment")
    trees = {document.name: tree_of(document) for document in live}
    warm = {feature.id for feature in ports.profiles.features() if feature.warm}
    segments = [_live_segment(d, trees, shop, warm, ports) for d in live]
    by_name = {segment.name: segment for segment in segments}
    served, lapsed = _experiences(records.live("experience"), live, shop)
    catalogue = records.catalogue() or Catalogue("", shop.currency, {})
    experiences = tuple(read_experience(document, shop) for document in served)
    documents = tuple((d.kind, d.name, d.version) for d in [*live, *served])
    return Configuration(
        version=digest([to_settings(shop), sorted(documents)])[:16],
        generation=generation,
        shop=shop,
        zone=ShopZone(shop.zone),
        how=Memorist(ShopZone(shop.zone), shop.currency),
        keys={key.hash: key for key in records.keys() if key.revoked is None},  # noqa: SIM118  a port, no mapping
        segments=by_name,
        experiences=experiences,
        plan=Plan(experiences, by_name, catalogue, shop, policies or policies_now(ports)),
        lapsed=lapsed,
        documents=documents,
        catalogue=catalogue,
        words=catalogue_words(catalogue),
        is_settled=all(
            served.is_warm and served.version == newest.version
            for served, newest in zip(segments, live, strict=True)
        ),
    )


def weighed(known: Configuration, policies: Policies) -> Configuration:
    """Give the same configuration under other policies: nothing that people decided has changed."""
    plan = Plan(known.experiences, known.segments, known.catalogue, known.shop, policies)
    return msgspec.structs.replace(known, plan=plan)


def tree_of(document: Document) -> object:
    """Give the tree of a segment's document."""
    return document.body.get("tree")


def read_experience(document: Document, shop: Shop) -> Experience:
    """Read an experience's document."""
    domains = frozenset({shop.domain})
    return reader.parse_experience(document.name, document.body, domains=domains)


def used_by(documents: Iterable[Document], shop: Shop) -> Callable[[Document], list[Document]]:
    """Give the function that tells what a document uses, among these (the last of a name counts)."""
    known = {(document.kind, document.name): document for document in documents}

    def uses(document: Document) -> list[Document]:
        if document.kind == "experience":
            named = reader.uses(read_experience(document, shop))
            return [known[used] for used in named if used in known]
        return [
            known["segment", name]
            for name in sorted(segments_in(tree_of(document)))
            if ("segment", name) in known
        ]

    return uses


def segments_in(tree: object) -> set[str]:
    """Find the names of other segments that a written tree refers to."""
    if isinstance(tree, Mapping):
        own = {tree["in"]} if set(tree) == {"in"} and isinstance(tree["in"], str) else set()
        return own.union(*(segments_in(part) for part in tree.values()))
    if isinstance(tree, list):
        return set().union(*(segments_in(part) for part in tree))
    return set()


def _live_segment(
    document: Document, trees: Mapping[str, object], shop: Shop, warm: set[FeatureId], ports: Ports
) -> LiveSegment:
    """Compile a segment: the newest approved version whose conditions are all counted, or that one, warming."""
    zone = ShopZone(shop.zone)
    for version in range(document.version, 0, -1):
        older = (
            document if version == document.version else _approved(ports, document.name, version)
        )
        if older is None:
            continue
        node = parse(tree_of(older), known=trees, currency=shop.currency)
        if all(feature.id in warm for feature in features(node)):
            return _compiled(older, node, zone, shop, is_warm=True)
    node = parse(tree_of(document), known=trees, currency=shop.currency)
    return _compiled(document, node, zone, shop, is_warm=False)


def _approved(ports: Ports, name: str, version: int) -> Document | None:
    found = ports.records.document("segment", name, version)
    return found if found is not None and found.approved is not None else None


def _compiled(
    document: Document, node: Node, zone: ShopZone, shop: Shop, *, is_warm: bool
) -> LiveSegment:
    return LiveSegment(
        name=SegmentName(document.name),
        version=document.version,
        node=node,
        holds=compile_live(node, zone=zone, currency=shop.currency),
        is_warm=is_warm,
        is_contextual=not has_history(node),
        sentences={lang: sentence(node, lang, currency=shop.currency) for lang in LANGUAGES},
        titles=_titles(document),
    )


def _titles(document: Document) -> dict[str, str]:
    said = document.body.get("title")
    if isinstance(said, str):
        return dict.fromkeys(LANGUAGES, said)
    return {str(k): str(v) for k, v in said.items()} if isinstance(said, dict) else {}


def _experiences(
    live: list[Document], segments: list[Document], shop: Shop
) -> tuple[list[Document], tuple[str, ...]]:
    """Part what is live into what may be served and what changed under its approval."""
    uses = used_by([*live, *segments], shop)
    served = [document for document in live if is_still_approved(document, uses)]
    lapsed = tuple(document.name for document in live if document not in served)
    return served, lapsed


def catalogue_words(catalogue: Catalogue) -> frozenset[str]:
    """Give the words that the catalogue itself uses: titles, brands and categories, in lower case."""
    texts = (
        text
        for product in catalogue.products.values()
        for text in (product.title, product.brand or "", product.category or "")
    )
    return frozenset(word for text in texts for word in text.casefold().split() if len(word) > 1)


def composition(configuration: Configuration) -> bytes:
    """Write what a configuration was made of, for the log."""
    shop = to_settings(configuration.shop)
    return msgspec.json.encode(Composition(configuration.version, configuration.documents, shop))
