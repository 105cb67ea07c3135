"""Pictures chosen by what they were worth: each as often as its share, and kept for the set time."""

from __future__ import annotations

from collections import Counter
from math import sqrt
from typing import Any

import pytest
from decide_examples import NOW, experience, facts

from etalage.decide.choose import choose
from etalage.domain.experience import Variant
from etalage.domain.ids import ExperienceName
from etalage.domain.policy import PictureWeighing, WeighedArm
from etalage.domain.time import DAY
from etalage.errors import Unknown
from etalage.recommend.artwork import artwork, drawn_picture
from etalage.unify.person import EMPTY

HELP = ExperienceName("help")
UNITS = [f"{number:032x}" for number in range(6_000)]
WEIGHED = {
    "": WeighedArm(0, 100_000),
    "dog": WeighedArm(0, 700_000),
    "bike": WeighedArm(0, 200_000),
}


def image(**more: Any) -> dict[str, Any]:
    creatives = [
        {"name": "dog", "url": "/dog.svg", "alt": "Een hond", "tags": ["Honden"]},
        {"name": "bike", "url": "/bike.svg", "alt": "Een fiets", "tags": ["Fietsen"]},
    ]
    given = {"type": "image", "url": "/coast.svg", "alt": "De kust", "creatives": creatives}
    return given | {"by": "bandit"} | more


def variant(**more: Any) -> Variant:
    (found,) = experience(variants=[{"name": "a", "content": {"nl": [image(**more)]}}]).variants
    return found


def shown(unit: str, now: int = NOW, weighed: dict[str, WeighedArm] | None = None) -> str:
    told = WEIGHED if weighed is None else weighed
    return drawn_picture(HELP, variant(), told, unit, now)


def near(counts: Counter[str], **shares: float) -> bool:
    total = counts.total()
    return all(
        abs(counts[name.strip("_")] / total - share) < 4.5 * sqrt(share * (1 - share) / total)
        for name, share in shares.items()
    )


def test_each_picture_is_shown_as_often_as_its_share() -> None:
    pictured = variant()
    drawn = Counter(drawn_picture(HELP, pictured, WEIGHED, unit, NOW) for unit in UNITS)

    assert near(drawn, _=0.1, dog=0.7, bike=0.2)


def test_before_the_first_weighing_all_are_shown_alike_and_a_new_one_begins_evenly() -> None:
    pictured = variant()
    first = Counter(drawn_picture(HELP, pictured, {}, unit, NOW) for unit in UNITS)
    known = {"": WeighedArm(0, 250_000), "dog": WeighedArm(0, 750_000)}
    later = Counter(drawn_picture(HELP, pictured, known, unit, NOW) for unit in UNITS)

    assert near(first, _=1 / 3, dog=1 / 3, bike=1 / 3)
    assert near(later, _=1 / 6, dog=1 / 2, bike=1 / 3)


def test_a_person_keeps_hers_for_seven_days_and_may_get_another_after_them() -> None:
    changes = [
        [shown(unit, NOW + day * DAY) != shown(unit, NOW + (day + 1) * DAY) for day in range(21)]
        for unit in UNITS[:60]
    ]

    assert all(sum(days[start : start + 7]) <= 1 for days in changes for start in range(15))
    assert sum(map(sum, changes)) > 20


def test_not_everybody_changes_picture_on_the_same_day() -> None:
    changed = [
        sum(shown(u, NOW + day * DAY) != shown(u, NOW + (day + 1) * DAY) for u in UNITS[:80])
        for day in range(7)
    ]

    assert min(changed) > 0


@pytest.mark.parametrize(
    ("purposes", "is_drawn"),
    [(("device", "measure", "personalise"), True), (("device", "personalise"), False)],
)
def test_only_who_may_be_measured_is_drawn(purposes: tuple[str, ...], is_drawn: bool) -> None:
    live = experience(variants=[{"name": "a", "content": {"nl": [image()]}}])
    only_dog = {"": WeighedArm(0, 0), "dog": WeighedArm(0, 1_000_000), "bike": WeighedArm(0, 0)}
    weighed = [PictureWeighing(HELP, live.variants[0].name, NOW, only_dog)]
    asked = facts(purposes=purposes)

    found = artwork(choose(asked, [live]), {HELP: live}, asked, EMPTY, weighed)

    assert found == ({HELP: "dog"} if is_drawn else {})


def test_what_chooses_a_picture_is_one_of_two() -> None:
    assert variant().by_bandit
    assert not variant(by="affinity").by_bandit
    with pytest.raises(Unknown, match="bandit"):
        variant(by="bandits")
