"""Reports made by hand, one for each state: what a client may get to read."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec.structs import replace

from etalage.domain.ids import CONTROL, ExperienceName, VariantName
from etalage.domain.report import (
    ANY_MESSAGE,
    OVERALL,
    About,
    ArmFigures,
    Coverage,
    Effect,
    ExperienceReport,
    Guardrail,
    Interval,
    Joined,
    Note,
    Part,
    Point,
    RatioFigure,
    SampleRatio,
    State,
    Tally,
    Unsettled,
)
from etalage.domain.time import DAY, micros

START = micros(datetime(2026, 8, 30, 22, tzinfo=UTC))  # 31 August in Amsterdam
WEEKS = 10
LOOK = START + 7 * WEEKS * DAY  # counted up to and including 8 November
NOW = LOOK + 2 * DAY
A, B, HOLDOUT = VariantName("antwoord"), VariantName("bekeken"), VariantName("holdout")

ABOUT = About(
    title="Hulp voor wie twijfelt",
    form="popup",
    slot="overlay",
    trigger="exit_intent",
    purpose="Beantwoord waar iemand over twijfelt.",
    gain={
        "nl": "Je weet hoe ruilen en bezorgen gaan voordat je kiest.",
        "en": "You know how exchanging works before you choose.",
    },
    segment="twijfelaars",
    phase="consideration",
    principle="authority",
    version=3,
)


def effect(
    lift: float, low: float, high: float, *, counted: int = 61_240, base: float = 0.0343
) -> Effect:
    """Make an effect whose numbers follow from its lift."""
    worth = 8_200  # minor units per conversion
    spread = Interval(low=low * base, high=high * base)
    return Effect(
        difference=lift * base,
        difference_interval=spread,
        extra_conversions=lift * base * counted,
        extra_conversions_interval=spread.times(counted),
        lift=lift,
        lift_interval=Interval(low=low, high=high),
        p=0.001,
        look=LOOK,
        potential=lift * base * counted * 2,
        cost_of_control=lift * base * counted,
        extra_revenue=lift * base * counted * worth,
        extra_revenue_interval=Interval(
            low=low * base * counted * worth * 0.8, high=high * base * counted * worth * 1.1
        ),
        extra_revenue_uncapped=lift * base * counted * worth * 1.04,
    )


def history(lift: float, low: float, high: float, base: float = 0.0343) -> tuple[Point, ...]:
    """Let an interval grow narrow, week after week, from the third on."""
    points = []
    for week in range(2, WEEKS + 1):
        wider = (WEEKS / week) ** 0.8
        middle = lift + 0.03 * ((-1) ** week) * (WEEKS - week) / WEEKS
        of_lift = Interval(low=middle + (low - lift) * wider, high=middle + (high - lift) * wider)
        points.append(
            Point(
                at=START + 7 * week * DAY,
                counted=12_242 * week,
                difference=middle * base,
                difference_interval=of_lift.times(base),
                lift=middle,
                lift_interval=of_lift,
            )
        )
    last = replace(
        points[-1],
        lift=lift,
        lift_interval=Interval(low=low, high=high),
        difference=lift * base,
        difference_interval=Interval(low=low * base, high=high * base),
    )
    return (*points[:-1], last)


def days(conversions: int, counted: int) -> tuple[Tally, ...]:
    """Count up to a total, evenly, from the eighth day on."""
    open_days, whole = 7, 7 * WEEKS
    return tuple(
        Tally(
            at=START + day * DAY,
            counted=counted * (day - open_days) // (whole - open_days),
            conversions=conversions * (day - open_days) // (whole - open_days),
            revenue_capped=conversions * (day - open_days) // (whole - open_days) * 8_200,
        )
        for day in range(open_days + 1, whole + 1)
    )


def arm(
    name: VariantName, conversions: int, state: State | None = None, found: Effect | None = None
) -> ArmFigures:
    """Make the figures of an arm of 61,240 persons."""
    shown = name != CONTROL
    points: tuple[Point, ...] = ()
    if found is not None and found.lift is not None and found.lift_interval is not None:
        points = history(found.lift, found.lift_interval.low, found.lift_interval.high)
    return ArmFigures(
        arm=name,
        visitors=70_105,
        triggered=65_018,
        exposures=52_311 if shown else 0,
        clicks=6_904 if shown else 0,
        counted=61_240,
        conversions=conversions,
        orders=conversions + 40,
        revenue=conversions * 8_200,
        revenue_capped=conversions * 8_100,
        state=state,
        effect=found,
        history=points,
        days=days(conversions, 61_240),
    )


def _whole(state: State, *arms: ArmFigures) -> ExperienceReport:
    counts = {one.arm: one.triggered for one in arms}
    each = sum(counts.values()) / len(counts)
    return ExperienceReport(
        name=ExperienceName("hulp-bij-weggaan"),
        state=state,
        goal="purchase",
        window=7 * DAY,
        currency="EUR",
        started=START,
        now=NOW,
        look=LOOK,
        trust="confirmed",
        coverage=Coverage(
            measurable=round(sum(counts.values()) / 0.288), reached=sum(counts.values())
        ),
        joined=Joined(by_way={"visitor": 5_100, "claim": 1_400, "identifier": 300, "none": 231}),
        arms=arms,
        sample_ratio=SampleRatio(
            counts=counts, expected=dict.fromkeys(counts, each), p_fixed=0.6, p_continuous=0.9
        ),
        crossed=312,
        crossed_share=0.002,
        revenue_cap=38_900,
        notes=(Note(key="crossed", count=312),),
        about=ABOUT,
    )


def verified() -> ExperienceReport:
    """An effect of 11%, between 2.9% and 19.1%, in a second variant undecided; with parts and guardrails."""
    best = effect(0.11, 0.029, 0.191)
    vague = effect(0.052, -0.041, 0.145)
    made = _whole(
        "verified_effect",
        arm(CONTROL, 2_101),
        arm(A, 2_332, "verified_effect", best),
        arm(B, 2_210, "undecided", vague),
    )
    parts = (
        _part("device", "mobile", "verified_effect", effect(0.15, 0.02, 0.28, counted=38_000)),
        _part("device", "desktop", "undecided", effect(0.04, -0.11, 0.19, counted=23_000)),
        _part("segment", "twijfelaars", "undecided", effect(0.13, -0.01, 0.27, counted=20_000)),
        _part("phase", "loyalty", "too_early", None),
    )
    guardrails = (
        Guardrail(
            name="return_rate", arm=A, treated=0.081, control=0.079, p_harm=0.4, state="fine"
        ),
        Guardrail(
            name="unsubscribe", arm=A, treated=None, control=None, p_harm=None, state="unsettled"
        ),
    )
    ratios = (
        RatioFigure(
            name="revenue_per_order",
            arm=A,
            treated=8_240.0,
            control=8_190.0,
            difference=50.0,
            interval=Interval(low=-210.0, high=310.0),
        ),
    )
    notes = (*made.notes, Note(key="several_variants", count=2))
    return replace(made, parts=parts, guardrails=guardrails, ratios=ratios, notes=notes)


def _part(dimension: str, value: str, state: State, found: Effect | None) -> Part:
    waits = Unsettled(reason="too_few_conversions", need=100, have=41)
    arms = (
        ArmFigures(arm=CONTROL, triggered=9_000, counted=8_400, conversions=280),
        ArmFigures(
            arm=A,
            triggered=9_100,
            counted=8_500,
            conversions=310,
            state=state,
            effect=found or waits,
        ),
    )
    return Part(dimension=dimension, value=value, arms=arms, state=state)  # type: ignore[arg-type]


def harmful() -> ExperienceReport:
    """It costs 40 to 373 buyers."""
    found = effect(-0.098, -0.1776, -0.019)
    arms = arm(CONTROL, 2_101), arm(A, 1_895, "harmful", found)
    return _whole("harmful", *arms)


def no_difference() -> ExperienceReport:
    """The whole interval lies within 10%."""
    found = effect(0.004, -0.041, 0.049)
    arms = arm(CONTROL, 2_101), arm(A, 2_109, "no_relevant_difference", found)
    return _whole("no_relevant_difference", *arms)


def undecided() -> ExperienceReport:
    """The planned end was reached; zero is still possible."""
    found = effect(0.052, -0.041, 0.145)
    made = _whole("undecided", arm(CONTROL, 2_101), arm(A, 2_210, "undecided", found))
    waits = Unsettled(reason="interval_wide", need=210_000, have=122_480, expected=NOW + 49 * DAY)
    about = replace(ABOUT, state="ended")
    return replace(made, unsettled=waits, ends=LOOK - 7 * DAY, about=about)


def too_early() -> ExperienceReport:
    """6,100 of 16,786 are counted; an answer on 7 December."""
    waits = Unsettled(
        reason="interval_wide",
        need=16_786,
        have=6_100,
        expected=micros(datetime(2026, 12, 7, 12, tzinfo=UTC)),
    )
    arms = [
        replace(
            arm(name, 103),
            visitors=3_200,
            triggered=n,
            counted=3_050,
            exposures=seen,
            clicks=clicked,
            state=None if name == CONTROL else "too_early",
            effect=None if name == CONTROL else waits,
        )
        for name, n, seen, clicked in ((CONTROL, 3_042, 0, 0), (A, 3_058, 2_911, 96))
    ]
    return replace(
        _whole("too_early", *arms), unsettled=waits, coverage=Coverage(41_200, 6_100), notes=()
    )


def unmet() -> ExperienceReport:
    """Its moment came for nobody yet."""
    young = too_early()
    waits = Unsettled(reason="nobody_triggered", need=1)
    arms = tuple(
        ArmFigures(arm=one.arm, state=one.state, effect=one.effect and waits) for one in young.arms
    )
    return replace(
        young, arms=arms, unsettled=waits, coverage=Coverage(41_200, 0), sample_ratio=None
    )


def no_control() -> ExperienceReport:
    """Everybody was shown it, on purpose: nothing is measured."""
    (_, only) = too_early().arms
    waits = Unsettled(reason="no_control")
    return replace(
        too_early(),
        arms=(replace(only, effect=waits),),
        unsettled=waits,
        sample_ratio=None,
        coverage=Coverage(41_200, 3_058),
    )


def broken() -> ExperienceReport:
    """The arms are not filled as configured, and few orders are joined."""
    made = _whole("broken", arm(CONTROL, 2_101), arm(A, 2_332, "broken"))
    counts = {CONTROL: 9_412, A: 8_671}
    return replace(
        made,
        faults=("sample_ratio", "joined_orders"),
        joined=Joined(by_way={"visitor": 2_100, "none": 3_900}),
        sample_ratio=SampleRatio(
            counts=counts,
            expected=dict.fromkeys(counts, 9_041.5),
            p_fixed=1e-8,
            p_continuous=1e-6,
        ),
    )


def total() -> ExperienceReport:
    """All messages together against one in ten."""
    found = replace(effect(0.081, 0.021, 0.141, counted=371_000), cost_of_control=1_030 / 9)
    made = _whole(
        "verified_effect",
        replace(arm(HOLDOUT, 1_399), counted=41_200, triggered=41_260, exposures=0, clicks=0),
        replace(
            arm(ANY_MESSAGE, 13_600, "verified_effect", found),
            counted=371_000,
            triggered=371_340,
            exposures=301_200,
            clicks=31_800,
            days=(),
        ),
    )
    counts = {ANY_MESSAGE: 371_340, HOLDOUT: 41_260}
    ratio = SampleRatio(
        counts=counts,
        expected={ANY_MESSAGE: 371_340.0, HOLDOUT: 41_260.0},
        p_fixed=0.9,
        p_continuous=0.9,
    )
    return replace(
        made,
        name=OVERALL,
        control=HOLDOUT,
        about=None,
        sample_ratio=ratio,
        coverage=Coverage(412_600, 371_340),
    )


BY_STATE = {
    "too_early": too_early,
    "verified_effect": verified,
    "no_relevant_difference": no_difference,
    "undecided": undecided,
    "harmful": harmful,
    "broken": broken,
}
