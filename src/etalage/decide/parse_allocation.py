"""Step 5 of 8, decide: read how an experience divides its people.

In:   the field `allocation`, and how many variants there are.
Out:  an `Allocation`, or a refusal that says what would be right.
Idea: with up to three variants a split tells most; above that a bandit is the default (design 7).
"""

from __future__ import annotations

from typing import get_args

from msgspec.structs import replace

from etalage.decide.read_body import Body, name, one_of, share
from etalage.domain.experience import MILLION, Allocation, AllocationKind, BanditGoal, Experience
from etalage.errors import BadExperience

MOST_SPLIT = 3  # variants; of more a bandit is the default (design 7)
_DEFAULT_CONTROL = MILLION // 2  # a pilot: 50/50 (design 7)
_BANDIT_CONTROL = MILLION // 5  # a bandit belongs to a programme: 20%
CONTEXT = ("device", "returning", "phase", "page")  # what a bandit may ask, beside segments
OF_SEGMENT = "segment:"


def standard_floor(arms: int) -> int:
    """Give the least share of an arm unless the shop says otherwise: .05, and .10 of two."""
    return MILLION // 10 if arms <= 2 else MILLION // 20  # noqa: PLR2004  methods 2.1


def parse_allocation(read: Body, variants: int) -> Allocation:
    """Read the field `allocation` of an experience with so many variants."""
    value = read.get("allocation")
    several = "split" if variants <= MOST_SPLIT else "bandit"
    body = Body({"kind": several} if value is None else value, "allocation")
    kind: AllocationKind = body.one_of("kind", get_args(AllocationKind))
    control = body.get("control")
    standard = {"fixed": 0, "split": _DEFAULT_CONTROL, "bandit": _BANDIT_CONTROL}[kind]
    allocation = Allocation(
        kind=kind,
        control=standard if control is None else share(control, "allocation.control"),
        salt=body.text_or_none("salt", longest=40) or "1",
    )
    if kind == "bandit":
        allocation = replace(allocation, **_of_bandit(body, variants))
    body.done()
    return allocation


def _of_bandit(body: Body, variants: int) -> dict[str, object]:
    """Read what only a bandit has."""
    floor, by = body.get("floor"), body.get("by")
    least = standard_floor(variants) if floor is None else share(floor, body.at("floor"))
    if not 0 < least * variants <= MILLION // 2:
        most = MILLION // 2 / max(variants, 1) / MILLION
        raise BadExperience(
            f"{body.at('floor')} must be above 0 and at most {most:.3g}: half remains to be divided",
            field=body.at("floor"),
        )
    return {
        "floor": least,
        "half_life": body.number("half_life", 28, least=1, most=365),
        "by": "conversions" if by is None else one_of(by, get_args(BanditGoal), body.at("by")),
        "context": tuple(_asked(item, at) for item, at in body.items("context", most=20)),
    }


def _asked(value: object, at: str) -> str:
    """Read one thing that a bandit may know: of the page, of her past, or whether she is in a segment."""
    if isinstance(value, str) and value.startswith(OF_SEGMENT):
        return OF_SEGMENT + name(value.removeprefix(OF_SEGMENT), at)
    return one_of(value, CONTEXT, at)


def check_bandit(experience: Experience) -> None:
    """Refuse a bandit that has nothing to divide, or that was told how to."""
    if experience.allocation.kind != "bandit":
        return
    if len(experience.variants) < 2:  # noqa: PLR2004  one has nothing to be compared with
        raise BadExperience("a bandit needs two variants or more; use split", field="allocation")
    if len({variant.share for variant in experience.variants}) > 1:
        raise BadExperience("a bandit divides by itself: leave out share", field="variants")
    if experience.allocation.by == "revenue" and experience.goal.event != "purchase":
        raise BadExperience(
            "a bandit by revenue needs the goal purchase: nothing else brings any",
            field="allocation.by",
        )
