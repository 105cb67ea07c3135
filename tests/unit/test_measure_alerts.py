"""Alerts: one per cause, from night to night; what broke in measuring; and how it is said."""

from __future__ import annotations

import numpy as np
import pytest
from kpi_worlds import ordinary, series
from msgspec.structs import replace

from etalage.domain.alert import Alert
from etalage.measure.watch.alert_lines import told, words
from etalage.measure.watch.alerts import AGAIN_DAYS, carry_on, figures
from etalage.measure.watch.anomaly import WINDOW
from etalage.measure.watch.breaks import Book, Intake, Seen, ShownDay, Signal, breaks
from etalage.measure.watch.daily import KpiRow, series_of

TODAY = 20_000
QUIET = range(TODAY - 40, TODAY)


def drop_world(*, days: int = WINDOW + AGAIN_DAYS, low: range | None = None) -> np.ndarray:
    made = ordinary(np.random.default_rng(11), 3_000, days)
    made[:] = np.round(3_000 * np.array([1, 1, 1, 1, 1, 1.3, 1.2])[np.arange(days) % 7])
    if low is not None:
        made[list(low)] //= 2
    return made


# ---- figures -----------------------------------------------------------------------------------------


def test_a_drop_of_four_days_is_one_alert_and_is_over_when_it_is() -> None:
    days = drop_world(low=range(70, 74))

    (found,) = figures([series(days)], (), today=len(days))

    assert (found.key, found.since, found.last, found.state) == (
        "figure:orders:down",
        70,
        73,
        "over",
    )
    assert found.details["seen"] == pytest.approx(found.details["expected"] / 2, rel=0.02)


def test_a_drop_that_goes_on_is_open_and_keeps_its_first_day() -> None:
    days = drop_world(low=range(80, 84))

    nights = [figures([series(days)], (), today=today) for today in (81, 82, 83, 84)]

    assert [[(one.since, one.last, one.state) for one in night] for night in nights] == [
        [(80, 80, "open")],
        [(80, 81, "open")],
        [(80, 82, "open")],
        [(80, 83, "open")],
    ]


def test_today_is_never_judged() -> None:
    days = drop_world()
    days[-1] = 3

    assert figures([series(days)], (), today=len(days) - 1) == []


def test_a_marked_day_raises_no_alert() -> None:
    days = drop_world(low=range(80, 81))

    assert figures([series(days)], {80}, today=84) == []
    assert figures([series(days)], (), today=84) != []


def test_among_many_figures_a_single_odd_one_still_is_found() -> None:
    days, odd = drop_world(), drop_world(low=range(83, 84))
    many = [series(days, f"revenue:{n}") for n in range(30)]

    found = figures([*many, series(odd)], (), today=84)

    assert [one.key for one in found] == ["figure:orders:down"]


# ---- from night to night -----------------------------------------------------------------------------


def alert(since: int = 100, last: int = 100, **fields: object) -> Alert:
    made = Alert(
        key="tracking:event:purchase", kind="tracking", name="purchase", since=since, last=last
    )
    return replace(made, **fields)


def test_the_same_night_twice_changes_nothing() -> None:
    once = carry_on([], [alert()], today=101)

    assert carry_on(once, [alert()], today=101) == once == [alert()]


def test_what_goes_on_is_the_same_alert_and_is_not_told_again() -> None:
    known = [alert(told=5)]

    (now,) = carry_on(known, [alert(since=101, last=101)], today=102)

    assert (now.since, now.last, now.told, now.state) == (100, 101, 5, "open")


def test_a_watch_that_becomes_an_alert_is_told_again() -> None:
    (now,) = carry_on([alert(told=5, grade="watch")], [alert(last=102)], today=103)

    assert (now.grade, now.told) == ("alert", None)


def test_what_is_not_found_any_more_is_over_and_what_comes_back_later_is_another() -> None:
    (over,) = carry_on([alert(told=5)], [], today=102)
    again = carry_on([over], [alert(since=120, last=120)], today=121)

    assert over.state == "over"
    assert [(one.since, one.state, one.told) for one in again] == [
        (120, "open", None),
        (100, "over", 5),
    ]


def test_alerts_that_are_long_over_are_forgotten() -> None:
    assert carry_on([alert(state="over")], [], today=100 + 400) == []


# ---- what broke --------------------------------------------------------------------------------------


def daily(name: str, count: int, *, until: int = TODAY, kind: str = "event") -> list[Signal]:
    return [Signal(kind, name, day, count) for day in QUIET if day < until]


def keys(seen: Seen, marked: tuple[int, ...] = ()) -> list[str]:
    return [one.key for one in breaks(seen, marked, today=TODAY)]


def test_an_event_that_always_came_and_stops_is_named_with_its_first_silent_day() -> None:
    rows = [*daily("page_view", 900), *daily("add_to_cart", 40, until=TODAY - 2)]

    (found,) = breaks(Seen(signals=tuple(rows)), (), today=TODAY)

    assert (found.key, found.since, found.last) == (
        "tracking:event:add_to_cart",
        TODAY - 2,
        TODAY - 1,
    )


def test_what_comes_now_and_then_may_stay_away() -> None:
    seldom = [row for row in daily("refund", 30, until=TODAY - 1) if row.day % 3]
    rare = daily("sign_up", 3, until=TODAY - 2)
    young = [row for row in daily("share", 90, until=TODAY - 1) if row.day > TODAY - 9]

    assert keys(Seen(signals=(*daily("page_view", 900), *seldom, *rare, *young))) == []


def test_a_page_type_and_the_consent_signal_have_words_of_their_own() -> None:
    rows = [
        *daily("page_view", 900),
        *daily("consent", 80, until=TODAY - 1),
        *daily("product", 400, until=TODAY - 1, kind="page_type"),
    ]

    assert keys(Seen(signals=tuple(rows))) == ["tracking:consent", "tracking:page_type:product"]


def test_where_nothing_comes_at_all_that_is_said_once() -> None:
    rows = [*daily("page_view", 900, until=TODAY - 1), *daily("add_to_cart", 40, until=TODAY - 1)]

    assert keys(Seen(signals=tuple(rows))) == ["tracking:nothing"]


def test_silence_on_a_marked_day_is_no_break() -> None:
    rows = [*daily("page_view", 900), *daily("add_to_cart", 40, until=TODAY - 1)]

    assert keys(Seen(signals=tuple(rows)), marked=(TODAY - 1,)) == []


def books(day: int, **last: int) -> Book:
    told = last if day >= TODAY - 3 else {}
    return Book(**{"day": day, "orders": 50, "nameless": 0, "valueless": 0, "unfound": 5} | told)


def test_orders_that_lose_their_number_or_amount_are_named() -> None:
    assert keys(Seen(books=tuple(books(d, nameless=20) for d in QUIET))) == ["tracking:nameless"]
    assert keys(Seen(books=tuple(books(d, valueless=20) for d in QUIET))) == ["tracking:valueless"]
    assert keys(Seen(books=tuple(books(d, valueless=1) for d in QUIET))) == []


def test_fewer_orders_that_find_their_visitor_are_named() -> None:
    (found,) = breaks(Seen(books=tuple(books(d, unfound=30) for d in QUIET)), (), today=TODAY)

    assert found.key == "tracking:joined"
    assert found.details["was"] == pytest.approx(0.9)
    assert float(found.details["share"]) == pytest.approx(1 - (3 * 30 + 4 * 5) / 350, abs=1e-4)


def test_a_message_whose_moment_comes_and_that_nobody_sees_is_named() -> None:
    rows = tuple(ShownDay("quiz", day, 20, 0) for day in QUIET)
    fine = tuple(ShownDay("welcome", day, 20, 3) for day in QUIET)

    assert keys(Seen(shown=(*rows, *fine), live=("quiz", "welcome"))) == ["tracking:unseen:quiz"]
    assert keys(Seen(shown=rows, live=())) == []


def test_much_more_refused_than_before_is_named_but_robots_are_nobodys_fault() -> None:
    def rows(reason: str) -> tuple[Intake, ...]:
        return tuple(Intake(day, reason, 400 if day == TODAY - 1 else 10, 1_000) for day in QUIET)

    assert keys(Seen(intake=rows("no_consent"))) == ["tracking:refused:no_consent"]
    assert keys(Seen(intake=rows("bot"))) == []


def test_an_empty_shop_has_no_alerts() -> None:
    assert breaks(Seen(), (), today=TODAY) == []
    assert figures(series_of([]), (), today=TODAY) == []


def test_figures_begin_when_the_shop_began_to_tell_of_them() -> None:
    """Orders of years before were imported; visitors are known since last week, and that is no rise."""
    orders = [KpiRow(day, "orders", None, 200, None, 200, 200) for day in range(TODAY - 90, TODAY)]
    visitors = [
        KpiRow(day, "visitors", None, 5_000, None, 5_000, 5_000) for day in range(TODAY - 7, TODAY)
    ]
    assert figures(series_of([*orders, *visitors]), (), today=TODAY) == []


# ---- in words ----------------------------------------------------------------------------------------


def test_every_sentence_stands_in_both_languages_with_the_same_fields() -> None:
    from string import Formatter

    def fields(text: str) -> set[str]:
        return {field for _, field, _, _ in Formatter().parse(text) if field}

    dutch, english = words()["nl"], words()["en"]
    assert dutch.keys() == english.keys()
    assert dutch["names"].keys() == english["names"].keys()
    for key in dutch.keys() - {"names"}:
        assert fields(dutch[key]) == fields(english[key]), key


@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_kind_of_alert_can_be_said(language: str) -> None:
    rows = [
        *daily("page_view", 900),
        *daily("add_to_cart", 40, until=TODAY - 1),
        *daily("consent", 80, until=TODAY - 1),
        *daily("product", 400, until=TODAY - 1, kind="page_type"),
    ]
    seen = Seen(
        signals=tuple(rows),
        books=tuple(books(d, nameless=20, valueless=20, unfound=30) for d in QUIET),
        shown=tuple(ShownDay("quiz", day, 20, 0) for day in QUIET),
        live=("quiz",),
        intake=tuple(Intake(d, "bad_field", 400 if d == TODAY - 1 else 1, 900) for d in QUIET),
    )
    nothing = breaks(Seen(signals=tuple(daily("page_view", 9, until=TODAY - 4))), (), today=TODAY)
    found = [
        *breaks(seen, (), today=TODAY),
        *nothing,
        *figures([series(drop_world(low=range(80, 84)), "revenue:EUR")], (), today=84),
        alert(key="harmful:quiz", kind="harmful", name="quiz"),
        alert(key="harmful:*", kind="harmful", name="*"),
        alert(key="tracking:sample_ratio:quiz", name="quiz"),
    ]
    assert len({one.key for one in found}) == len(found) == 13

    for one in found:
        said = told(one, language)  # type: ignore[arg-type]  one of the two
        assert said.says
        assert "{" not in said.says + said.means + said.look


def test_a_harmful_message_comes_with_the_command_that_pauses_it() -> None:
    said = told(alert(key="harmful:quiz", kind="harmful", name="quiz"), "en")

    assert said.command == "etalage pause quiz --as NAME --data DIR"
    assert said.command in said.look


def test_what_others_named_cannot_write_on_the_terminal() -> None:
    said = told(alert(name="\x1b[2J{evil}" + "x" * 500, details={"usual": 4}), "nl")

    assert "\x1b" not in said.says
    assert "{evil}" in said.says
    assert len(said.says) < 200
