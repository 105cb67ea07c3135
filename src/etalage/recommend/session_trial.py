"""Step 4 of 8, recommend: what answers best in this shop: the newest tenth of its sessions is predicted.

In:   the clicks of all sessions, numbered from 0 and sorted in the order in which they ended.
Out:  a `Trial`: the method, how much of a session's own products to mix in, and the figures of all candidates.
Idea: in some shops people go back and forth between a few products, and a session's own products are the best guess.
      Whether that is so here is measured, not assumed. Every second of the tried sessions chooses; the others judge,
      so that no figure on the card was picked for being high.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np

from etalage.recommend.session_index import Clicks, index_sessions
from etalage.recommend.session_recipe import vstan
from etalage.recommend.session_rules import learn_rules, popularity_order
from etalage.recommend.session_scorer import SessionScorer

TRIED = 500  # sessions that are predicted before a model is used
TOP = 20
MIXTURES = (0.25, 0.5, 1.0)  # 1: the session's own products stand above all others
MARGIN = 0.005  # a mixture has to be so much better before it is used
FADES = 0.9  # per place among the session's own products

Method = Literal["knn", "rules"]
Listed = list[tuple[int, float]]  # (item, score), best first


class Trial(NamedTuple):
    """What was chosen, and why. Rates are HR@20 over the sessions that judge."""

    method: Method
    repeats: float
    predictions: int
    hit_rate: float
    knn_hit_rate: float
    rules_hit_rate: float
    own_hit_rate: float
    popular_hit_rate: float


def own_items(seen: Sequence[int]) -> list[int]:
    """Give a session's own items but the current one: those of most clicks first, of equals the newest.

    >>> own_items([1, 2, 2, 3, 4])
    [2, 3, 1]
    """
    newest = {item: at for at, item in enumerate(seen)}
    newest.pop(seen[-1])
    return sorted(newest, key=lambda item: (-seen.count(item), -newest[item]))


def mixed(best: Listed, seen: Sequence[int], repeats: float) -> Listed:
    """Bring a session's own items forward in a list, by a share of its highest score."""
    own = own_items(seen) if repeats else []
    if not own or not best:
        return best
    scores = dict(best)
    for place, item in enumerate(own):
        scores[item] = scores.get(item, 0.0) + repeats * best[0][1] * FADES**place
    return sorted(scores.items(), key=lambda line: -line[1])


def tried(clicks: Clicks, items: int, judges: Sequence[int] | None = None) -> Trial:
    """Predict the newest sessions from those before by each candidate; choose, and judge.

    Args:
        clicks: of all sessions.
        items: how many there are.
        judges: the sessions to try on are of these, in their order; of all, where nothing is said.
    """
    among = range(int(clicks.session.max(initial=-1)) + 1) if judges is None else judges
    asking = among[len(among) - min(TRIED, len(among) // 10) :]
    sums: dict[tuple[bool, str], list[float]] = {}
    for number, asked in enumerate(_asked(clicks, items, asking)):
        for name, ranks in asked.items():
            total = sums.setdefault((bool(number % 2), name), [0.0, 0.0, 0.0])
            hits = [rank for rank in ranks if 0 < rank <= TOP]
            total[0] += len(hits)
            total[1] += sum(1 / rank for rank in hits)
            total[2] += len(ranks)

    def worth(name: str) -> float:
        hits, reciprocal, count = sums.get((False, name), (0.0, 0.0, 0.0))
        return (hits + reciprocal) / max(1.0, count)

    def rate(name: str) -> float:
        hits, _, count = sums.get((True, name), (0.0, 0.0, 0.0))
        return round(hits / max(1.0, count), 6)

    best = max(MIXTURES, key=lambda share: worth(_name(share)))
    repeats = best if worth(_name(best)) > worth("knn") + MARGIN else 0.0
    answering = _name(repeats)
    method: Method = "rules" if worth("rules") > worth(answering) else "knn"
    return Trial(
        method=method,
        repeats=repeats if method == "knn" else 0.0,
        predictions=int(sums.get((True, "knn"), (0, 0, 0))[2]),
        hit_rate=rate("rules" if method == "rules" else answering),
        knn_hit_rate=rate("knn"),
        rules_hit_rate=rate("rules"),
        own_hit_rate=rate("own"),
        popular_hit_rate=rate("popular"),
    )


def _name(repeats: float) -> str:
    return f"knn+{repeats}" if repeats else "knn"


def _asked(clicks: Clicks, items: int, asking: Sequence[int]) -> Iterator[dict[str, list[int]]]:
    """Give for each tried session the ranks of its true items by each candidate; 0 = not in the list."""
    if not asking:
        return
    known = clicks.only(clicks.session < asking[0])
    scorer = SessionScorer(index_sessions(known, items), vstan())
    rules = learn_rules(known, items)
    popular = popularity_order(known, items)[: 2 * TOP].tolist()
    starts, stops = (np.searchsorted(clicks.session, asking, side) for side in ("left", "right"))
    for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
        one = clicks.only(np.arange(start, stop))
        viewed = [int(i) for at, i in enumerate(one.item) if not at or i != one.item[at - 1]]
        ranks: dict[str, list[int]] = {}
        for place in range(1, len(viewed)):
            seen, true = viewed[:place], viewed[place]
            best = scorer.best(seen, now=float(one.time[0]), count=2 * TOP)
            own = own_items(seen)
            lists = {
                "knn": [item for item, _ in best],
                "rules": rules.after(seen[-1])[0][:TOP].tolist(),
                "own": [*own, *(item for item in popular if item not in own)],
                "popular": popular,
                **{_name(m): [item for item, _ in mixed(best, seen, m)] for m in MIXTURES},
            }
            for name, listed in lists.items():
                ranks.setdefault(name, []).append(_rank(listed, seen[-1], true))
        if ranks:
            yield ranks


def _rank(listed: Sequence[int], current: int, true: int) -> int:
    """Give the place of the true item, from 1; the item on screen is no answer."""
    others = [item for item in listed if item != current]
    return others.index(true) + 1 if true in others else 0
