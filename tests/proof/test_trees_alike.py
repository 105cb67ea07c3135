"""Random trees of conditions over random shops: live over folds and in SQL over the log they name the same people.

What occurred is counted, so that a green run also says what was compared.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

from figures import tell, times
from random_segments import Grower
from random_worlds import CURRENCY, ZONE, grow_world
from test_parity import KNOWN, PEOPLE, asked, batch, named, remembered

from etalage.domain.context import Context
from etalage.domain.segment import has_context
from etalage.segment.live import compile_live
from etalage.segment.parse import parse
from etalage.segment.sql import members_sql
from etalage.store.memory.journal import MemoryEventLog

TREES = 25  # in each world
FORMS = "all any not did order trait context phase persona rfm score preference in"
TESTS = "is at_least at_most between contains starts_with under exists before after"
CARRIED = "where times sum since until"
EDGES = "DST day,midnight,late,duplicate,link,unlink,withdrawal,within hours,within days".split(",")
REQUIRED = [*FORMS.split(), *TESTS.split(), *CARRIED.split(), *EDGES]


def page_view(rng: Random, log: MemoryEventLog) -> Context:
    """Give a logged page view as the context of a decision."""
    _, event = rng.choice([row for row in log.read(0) if row[1].name == "page_view"])
    local = ZONE.local(event.time)
    texts = "url page_type query referrer utm_source utm_medium utm_campaign device country region"
    return Context(
        product=event.product,
        category=event.category,
        language=event.language,
        hour=local.hour,
        weekday=local.isoweekday(),
        cart_value=rng.choice([None, 1000, 2500]),
        **{name: getattr(event, name) for name in texts.split()},
    )


def test_a_segment_names_the_same_people_live_and_in_sql(tmp_path: Path) -> None:
    worlds, often = times(6, 20), times(12, 50)
    seen: Counter[str] = Counter()
    compared = split = 0
    for seed in range(worlds):
        rng = Random(seed)
        grower = Grower(rng, seen)
        trees = [grower.tree(context=i % 4 == 0) for i in range(TREES)]
        nodes = [parse(tree, currency=CURRENCY, known=KNOWN) for tree in trees]
        world = grow_world(rng, people=PEOPLE)
        log, people = remembered(world, nodes)
        seen += world.edges
        connection = batch(log, tmp_path)

        for tree, node in zip(trees, nodes, strict=True):
            is_in = compile_live(node, zone=ZONE, currency=CURRENCY)
            told = {"zone": ZONE, "currency": CURRENCY, "now": world.now}
            anyway = asked(connection, members_sql(node, **told))
            contexts = [page_view(rng, log) for _ in range(3)] if has_context(node) else [None]
            for context in contexts:
                live = named(is_in, people, context or Context(), world.now)
                rows = asked(connection, members_sql(node, context=context, **told))
                assert len(rows) == len(set(rows)), tree
                known = {key for key in live if people[key].part is not None}
                assert set(rows) == known, (seed, tree, set(rows) ^ known)
                assert set(anyway) >= set(rows), tree  # without a context it is "at most"
                compared += len(people)
                split += 0 < len(rows) < len(people)
        connection.close()

    tell(
        "A segment names the same people live and in SQL",
        "0 people differ; every form, test and edge 50 times",
        trees=worlds * TREES,
        people=compared,
        rarest=min(seen[what] for what in REQUIRED),
        different=0,
    )
    for what, number in sorted(seen.items()):
        print(f"{number:>8} {what}")  # noqa: T201  what was compared
    assert {what: seen[what] for what in REQUIRED if seen[what] < often} == {}
    assert split >= worlds * TREES // 3
