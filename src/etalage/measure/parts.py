"""Step 7 of 8, measure: the same comparison among those who have one thing in common.

In:   all that is known of one experience.
Out:  per segment, device and journey phase a `Part`.
Idea: who looks at twenty groups finds one that reacts, by chance alone. So the 5% is divided among them, and none of
      them says anything about the whole: a part is a reason for a next experiment, not a result.
      A person is in the parts of her first moment; who is in two segments is in two parts, so nothing is added up.
"""

from __future__ import annotations

from collections import Counter
from typing import get_args

import msgspec

from etalage.domain.report import Dimension
from etalage.measure.case import Case
from etalage.measure.questions import Entered

MOST_PARTS = 8  # of each dimension: those with the most persons

Key = tuple[Dimension, str]


def parts_of(case: Case) -> list[tuple[Key, Case]]:
    """Give a case for each part, those with the most persons first; none for what all have in common."""
    persons: Counter[Key] = Counter()
    for row in case.entries:
        persons[row.dimension, row.value] += row.persons
    everybody = case.triggered
    told: list[Key] = []
    for dimension in get_args(Dimension):
        sizes = {key: n for key, n in persons.items() if key[0] == dimension and n < everybody}
        told += sorted(sizes, key=lambda key: (-sizes[key], key[1]))[:MOST_PARTS]
    return [(key, _part(case, key, slices=len(told))) for key in told]


def _part(case: Case, key: Key, *, slices: int) -> Case:
    return msgspec.structs.replace(
        case,
        entered=tuple(
            Entered(
                experience=row.experience,
                policy="",
                arm=row.arm,
                crossed=False,
                day=0,
                propensity=None,
                first=case.plan.started,
                persons=row.persons,
                visitors=row.visitors,
            )
            for row in case.entries
            if (row.dimension, row.value) == key
        ),
        outcomes=tuple(row for row in case.parts if (row.dimension, row.value) == key),
        exposed=(),
        parts=(),
        entries=(),
        slices=slices,
    )
