"""Step 4 of 8, recommend: `again`, `forgotten` and `often_forgotten`, what people need once more.

In:   her own orders, and the model of what people buy again.
Out:  products, best first, each with the rhythm or the count that brought it here.
Idea: three lists that promise different things, and so fall back differently. `again` is a list to buy from: what is due,
      then what she bought before, then what people like her buy. `forgotten` is a reminder: only what she bought at least
      three times and is due now; two is the least that is worth a reminder, and nothing else may fill it. What others
      forget is the same list for everybody: the control of the reminder, and no substitute for it.
"""

from __future__ import annotations

from collections.abc import Iterator

from etalage.domain.experience import MILLION
from etalage.domain.ids import ProductId
from etalage.domain.profile import Part
from etalage.recommend.again_shelf import AgainShelf
from etalage.recommend.cadence import LEAST_TIMES, Due
from etalage.recommend.guards import Limits
from etalage.recommend.shelf import Proposal, Shelf

IS_DUE = 0.5  # a weight above this is due (methods 1.5)
_WEEKS_FROM = 14  # days: a longer rhythm is told in weeks
_HALF, _QUARTER = MILLION // 2, MILLION // 4


def again(limits: Limits, part: Part | None, shelf: Shelf) -> Iterator[Proposal]:
    """Propose what is due for her, then what else she bought, then what people with such baskets buy."""
    model = shelf.learned(AgainShelf)
    if model is None or part is None or not part.baskets:
        return
    known = model.due(part.baskets, limits.now)
    due = [one for one in known if _is_due(one, model)]
    rest = sorted((one for one in known if one not in due), key=lambda one: -one.frequency)
    for one, score in _scaled([(one, _score(one, model)) for one in due]):
        yield _proposal(one, _HALF + score // 2)
    for one, score in _scaled([(one, one.frequency) for one in rest]):
        yield _proposal(one, _QUARTER + score // 4)
    alike = model.alike([one.product for one in known])
    most = max((score for _, score in alike), default=1.0)
    for product, share in alike:
        yield Proposal(ProductId(product), round(_QUARTER * share / most), "alike")


def forgotten(limits: Limits, part: Part | None, shelf: Shelf) -> Iterator[Proposal]:
    """Propose only what she bought three times or more, and is due now."""
    model = shelf.learned(AgainShelf)
    if model is None or part is None:
        return
    known = [one for one in model.due(part.baskets, limits.now) if one.times >= LEAST_TIMES]
    due = [(one, _score(one, model)) for one in known if _is_due(one, model)]
    for one, score in _scaled(due):
        yield _proposal(one, score)


def often_forgotten(_: Limits, __: Part | None, shelf: Shelf) -> Iterator[Proposal]:
    """Propose what people forget most often, the same for everybody."""
    model = shelf.learned(AgainShelf)
    if model is None:
        return
    for product, share in model.often_forgotten:
        yield Proposal(ProductId(product), round(share * MILLION), "often_forgotten")


def _is_due(one: Due, model: AgainShelf) -> bool:
    return one.weight > IS_DUE or (not model.asks_whether_due and one.gap_days is None)


def _score(one: Due, model: AgainShelf) -> float:
    return one.score if model.asks_whether_due else one.frequency


def _scaled(scored: list[tuple[Due, float]]) -> Iterator[tuple[Due, int]]:
    """Bring scores to millionths of the highest, in their order."""
    most = max((score for _, score in scored), default=1.0) or 1.0
    for one, score in sorted(scored, key=lambda pair: (-pair[1], pair[0].product)):
        yield one, round(MILLION * score / most)


def _proposal(one: Due, score: int) -> Proposal:
    """Say the rhythm where it is her own, else how often she bought it: both are hers."""
    product = ProductId(one.product)
    if one.gap_days is None or not one.is_own:
        if one.times == 1:
            return Proposal(product, score, "again")
        return Proposal(product, score, "again_times", str(one.times))
    if one.gap_days < _WEEKS_FROM:
        return Proposal(product, score, "again_days", str(round(one.gap_days)))
    return Proposal(product, score, "again_weeks", str(round(one.gap_days / 7)))
