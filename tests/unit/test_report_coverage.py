"""The plot of coverage: whom a message reached, of all who could be measured, and who of them saw it."""

from __future__ import annotations

import re

from msgspec.structs import replace
from page_text import Seen
from report_examples import HOLDOUT, A, too_early, total, verified

from etalage.domain.ids import VariantName
from etalage.domain.report import Coverage, ExperienceReport
from etalage.domain.time import ShopZone
from etalage.measure.lines import Language
from etalage.measure.page.build import page
from etalage.measure.page.counts import funnel
from etalage.measure.page.coverage import coverage
from etalage.measure.page.html import html
from etalage.measure.page.model import Plot
from etalage.measure.page.say import Say
from etalage.measure.page.told import Told

AMSTERDAM = ShopZone("Europe/Amsterdam")


def drawn(reported: ExperienceReport, language: Language = "en") -> Plot | None:
    return coverage(Told(reported, Say(language=language, zone=AMSTERDAM)))


def table(plot: Plot | None) -> dict[str, tuple[str, str]]:
    assert plot is not None
    return {name.text: (many.text, share.text) for name, many, share in plot.table.rows}


def bars(drawing: str) -> list[float]:
    """Give how long each bar is, of everything drawn."""
    return [float(width) for width in re.findall(r'<rect[^>]* width="([\d.]+)"', drawing)]


def test_who_was_reached_is_divided_over_the_groups_and_who_saw_it() -> None:
    assert table(drawn(verified())) == {
        "Measurable": ("677,271", "100.0%"),
        "Reached": ("195,054", "28.8%"),
        "Saw variant antwoord": ("52,311", "7.7%"),
        "Variant antwoord, not in view": ("12,707", "1.9%"),
        "Saw variant bekeken": ("52,311", "7.7%"),
        "Variant bekeken, not in view": ("12,707", "1.9%"),
        "Control group": ("65,018", "9.6%"),
    }


def test_who_saw_it_without_being_compared_is_named_apart() -> None:
    some = replace(too_early(), coverage=Coverage(measurable=41_200, reached=6_150))

    assert table(drawn(some))["Outside the comparison"] == ("50", "0.12%")


def test_of_all_messages_together_it_says_who_saw_any() -> None:
    assert table(drawn(total())) == {
        "Measurable": ("412,600", "100.0%"),
        "Reached": ("371,340", "90.0%"),
        "Saw a message": ("301,200", "73.0%"),
        "Saw none": ("70,140", "17.0%"),
    }


def test_one_in_ten_thousand_is_still_seen() -> None:
    few = replace(too_early(), coverage=Coverage(measurable=61_000_000, reached=6_100))

    plot = drawn(few)

    assert plot is not None
    assert min(bars(plot.narrow)) > 0
    assert "0.01%" in plot.narrow


def test_nothing_is_drawn_outside_its_frame_whatever_is_counted() -> None:
    odd = replace(too_early(), coverage=Coverage(measurable=10, reached=6_100))

    plot = drawn(odd)

    assert plot is not None
    assert max(bars(plot.narrow)) <= 350


def test_where_nobody_was_reached_it_is_said_and_not_drawn() -> None:
    nobody = replace(
        too_early(),
        coverage=Coverage(measurable=500, reached=0),
        arms=tuple(replace(arm, triggered=0, exposures=0) for arm in too_early().arms),
    )

    assert drawn(nobody) is None
    built = page([nobody], shop="Noord", zone=AMSTERDAM, language="en", views=())
    assert "Reached Nobody yet" in Seen(html(built)).text


def test_a_long_name_leaves_room_for_the_count() -> None:
    arms = verified().arms
    long = replace(arms[1], arm=VariantName("een-heel-lange-naam-voor-een-variant-van-de-winkel"))

    plot = drawn(replace(verified(), arms=(arms[0], long)))

    assert plot is not None
    words = re.findall(r'<text x="16"[^>]*>([^<]*)</text>', plot.paper)
    counts = re.findall(r'text-anchor="end"[^>]*>([^<]*)</text>', plot.paper)
    assert all(len(w) + len(c) <= 42 for w, c in zip(words, counts, strict=True))


def test_the_holdout_is_no_variant_that_nobody_saw() -> None:
    held = replace(too_early().arms[0], arm=HOLDOUT, triggered=310)
    one = replace(
        too_early(),
        arms=(*too_early().arms, held),
        coverage=Coverage(measurable=41_200, reached=6_410),
    )

    assert table(drawn(one))["Holdout"] == ("310", "0.75%")
    assert not [name for name in table(drawn(one)) if "holdout" in name.lower()][1:]
    told = Told(one, Say(language="en", zone=AMSTERDAM))
    assert [arm.arm for arm in told.variants] == [A]
    way = funnel(told)
    assert way is not None
    saw = next(row for row in way.table.rows if row[0].text == "Saw it")
    assert [cell.text for cell in saw[1:]] == ["–", "2,911", "–"]  # noqa: RUF001
