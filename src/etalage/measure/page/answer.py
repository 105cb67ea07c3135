"""Step 7 of 8, measure: the answer on top: the sentence, what stands behind it, and four figures.

In:   a report.
Out:  a headline with the interval in its middle, a lead with the counts, key figures; each interval before its estimate.
Idea: while it is too early there are counts and a date; where the measurement is broken there is its cause.
"""

from __future__ import annotations

from etalage.domain.report import Effect, ExperienceReport, Unsettled
from etalage.measure.lines import FAR_AWAY
from etalage.measure.page.model import Figure
from etalage.measure.page.say import words
from etalage.measure.page.told import SETTLED, Told, mirrored, rate
from etalage.measure.verdict import name_of

Headline = tuple[str, str, str]


def headline(told: Told) -> Headline:
    """Say in one sentence what is known; its middle part is what matters most."""
    speaker = told.speaker
    effect = told.effect(speaker) if speaker else None
    fields = {
        "title": told.quoted,
        "more": told.goal("more"),
        "many": told.goal("many"),
        "when": when_known(told),
        **(_range(told, effect) if effect else {}),
    }
    parts = words(told.say.language)["all" if told.is_total else "one"][told_state(told)]
    first, middle, last = (part.format(**fields) for part in parts)
    return first[:1].upper() + first[1:], middle, last


def told_state(told: Told) -> str:
    """Give the state as it is told: without an effect to name, what is decided cannot be told as such.

    Where nobody is kept from a message it is not too early: it cannot be measured.
    """
    state = told.reported.state
    if told.speaker is not None or state not in SETTLED:
        return name_of(told.reported)
    return "undecided_few" if state == "undecided" else "too_early"


def _range(told: Told, effect: Effect) -> dict[str, str]:
    if told.reported.state == "harmful":
        lost = mirrored(effect.extra_conversions_interval)
        low, high, best = told.counts(lost, -effect.extra_conversions)
    else:
        low, high, best = told.lift(effect)
    return {"low": low, "high": high, "best": best}


def when_known(told: Told) -> str:
    """Say when there will be an answer."""
    missing = open_question(told.reported)
    expected = missing.expected
    if missing.reason == "nobody_triggered":
        return told.own("when.nobody_triggered")
    if expected is None and missing.reason == "windows_open":
        return told.say("when.windows_open", window=told.days)
    if expected is None:
        return told.say("when.unknown")
    if expected - told.reported.now > FAR_AWAY:
        return told.say("when.never")
    return told.say("when.by", date=told.say.weekday(expected))


def open_question(reported: ExperienceReport) -> Unsettled:
    """Give what is missing; if nothing is said of it, the windows are not over."""
    return reported.unsettled or Unsettled(reason="windows_open", need=1)


def when_ran(told: Told) -> str:
    """Say since when it runs and up to when is counted."""
    about = told.reported.about
    state = about.state if about and about.state in {"paused", "ended"} else "live"
    return told.say(f"when.{state}", **period(told))


def period(told: Told) -> dict[str, str]:
    """Give the first and the last day that is counted."""
    reported = told.reported
    last = max(reported.look - 1, reported.started)  # a look is the first moment after its day
    return {"start": told.say.date(reported.started), "look": told.say.date(last)}


def lead(told: Told) -> str:
    """Say what stands behind the headline: the counts of both groups, or what is missing, or what is broken."""
    reported, say = told.reported, told.say
    if reported.state == "broken":
        return " ".join(_fault(told, fault) for fault in reported.faults)
    speaker = told.speaker
    if speaker is not None:
        treated, control = speaker, told.control
        return told.own(
            "lead.settled",
            treated=say.number(treated.counted),
            treated_did=say.number(treated.conversions),
            treated_rate=say.percent(rate(treated), digits=2),
            control=say.number(control.counted),
            control_did=say.number(control.conversions),
            control_rate=say.percent(rate(control), digits=2),
            did=told.goal("did"),
        )
    missing = open_question(reported)
    return told.own(
        f"lead.{missing.reason}",
        need=say.number(missing.need),
        have=say.number(missing.have),
        window=told.days,
        many=told.goal("many"),
    )


def _fault(told: Told, fault: str) -> str:
    share = told.reported.joined.share or 0.0
    return told.own(f"lead.{fault}", counts=filled(told), share=told.say.percent(share))


def filled(told: Told) -> str:
    """Name how many fell into each group."""
    ratio = told.reported.sample_ratio
    counts = ratio.counts.items() if ratio else ()
    return ", ".join(f"{told.arm(arm)} {told.say.number(n)}" for arm, n in counts)


# ---- Key figures -----------------------------------------------------------------------------------------


def figures(told: Told) -> tuple[Figure, ...]:
    """Give the figures below the headline."""
    speaker = told.speaker
    effect = told.effect(speaker) if speaker else None
    if effect is not None:
        return (*_gains(told, effect), _money(told, effect), _last(told, effect))
    if told.reported.state == "broken":
        return (_ratio(told), _joined(told), _no_amount(told, "broken"), coverage(told))
    why = "control" if told_state(told) == "no_control" else "early"
    return (_expected(told), _counted(told), _no_amount(told, why), coverage(told))


def _gains(told: Told, effect: Effect) -> tuple[Figure, Figure]:
    lost = told.reported.state == "harmful"
    sign = -1 if lost else 1
    counted = effect.extra_conversions_interval
    of_lift = effect.lift_interval
    low, high, best = told.counts(
        mirrored(counted) if lost else counted, sign * effect.extra_conversions
    )
    if lost and of_lift is not None and effect.lift is not None:
        less, more, middle = told.percents(mirrored(of_lift), -effect.lift)
    else:
        less, more, middle = told.lift(effect)
    asked = told.asked("effect", "conversions")
    return (
        _interval(told, told.goal("lost" if lost else "extra"), (low, high, best), asked),
        _interval(
            told,
            told.say("figures.lost_percent" if lost else "figures.extra_percent"),
            (less, more, middle),
            asked,
        ),
    )


def _interval(
    told: Told,
    label: str,
    said: tuple[str, str, str],
    asked: tuple[str, ...],
    *,
    earned: bool = False,
) -> Figure:
    low, high, best = said
    return Figure(
        label=label,
        between=told.between(low, high),
        best=told.say("page.best", best=best),
        earned=earned,
        questions=asked,
    )


def _money(told: Told, effect: Effect) -> Figure:
    interval, best = effect.extra_revenue_interval, effect.extra_revenue
    asked = told.asked("effect", "revenue")
    if interval is None or best is None:
        return _no_amount(told, "few")
    if interval.high < 0:
        said = told.amounts(mirrored(interval), -best)
        return _interval(told, told.say("figures.lost_revenue"), said, asked)
    said = told.amounts(interval, best)
    earned = interval.low > 0 and told.reported.state == "verified_effect"
    return _interval(told, told.say("figures.extra_revenue"), said, asked, earned=earned)


def _no_amount(told: Told, why: str) -> Figure:
    say = told.say
    return Figure(
        label=say("figures.extra_revenue"),
        between=say("figures.no_amount"),
        best=say(f"figures.no_amount_{why}"),
    )


def _last(told: Told, effect: Effect) -> Figure:
    """Close with what measuring cost where it is the total, which reaches everybody; else with the coverage."""
    if not told.is_total:
        return coverage(told)
    lost = effect.difference_interval.times(max(told.control.counted, 1))
    low, high, _ = told.counts(lost, effect.cost_of_control)
    return Figure(
        label=told.say("figures.cost"),
        between=told.between(low, high),
        best=told.say(
            "figures.cost_best", many=told.goal("many"), control=told.arm(told.reported.control)
        ),
        questions=told.asked("effect", "conversions"),
    )


def coverage(told: Told) -> Figure:
    """Say whom it reached."""
    found, say = told.reported.coverage, told.say
    label, asked = say("figures.coverage"), told.asked("coverage")
    if found.share is None:
        return Figure(
            label=label,
            between=say("page.nothing"),
            best=say("figures.nobody_measurable"),
            questions=asked,
        )
    return Figure(
        label=label,
        between=say.percent(found.share),
        best=say(
            "figures.coverage_of",
            reached=say.number(found.reached),
            measurable=say.number(found.measurable),
        ),
        questions=asked,
    )


def _expected(told: Told) -> Figure:
    missing, say = open_question(told.reported), told.say
    label = say("figures.by")
    if missing.reason == "no_control":
        return Figure(label=label, between=say("figures.by_no_control"))
    if missing.expected is None:
        return Figure(label=label, between=say("figures.by_unknown"))
    if missing.expected - told.reported.now > FAR_AWAY:
        return Figure(label=label, between=say("figures.by_never"), best=say("figures.by_why"))
    return Figure(label=label, between=say.date(missing.expected), best=say("figures.by_why"))


def _counted(told: Told) -> Figure:
    missing, say = open_question(told.reported), told.say
    counted = sum(arm.counted for arm in told.reported.arms)
    best = say("figures.counted_closed")
    if missing.reason == "interval_wide" and missing.need:
        best = say("figures.counted_of", need=say.number(missing.need))
    return Figure(
        label=say("figures.counted"),
        between=say.number(counted),
        best=best,
        questions=told.asked("effect", "conversions"),
    )


def _ratio(told: Told) -> Figure:
    wrong = "sample_ratio" in told.reported.faults
    return Figure(
        label=told.say("figures.ratio"),
        between=told.say("figures.ratio_wrong" if wrong else "figures.ratio_right"),
        best=filled(told),
        questions=told.asked("sample_ratio", "triggered"),
    )


def _joined(told: Told) -> Figure:
    joined, say = told.reported.joined, told.say
    return Figure(
        label=say("figures.joined"),
        between=say("page.nothing") if joined.share is None else say.percent(joined.share),
        best=say("figures.joined_of", orders=say.number(joined.orders)),
        questions=told.asked("joined"),
    )
