"""What a report tells besides figures, through the real engine: what ran, for whom, who was erased, what is fixed."""

from __future__ import annotations

from shop import Said, Shop, experience, order, segment, track, view

from etalage.domain.report import ExperienceReport
from etalage.domain.time import DAY
from etalage.flow.report import FIXED, report_all
from etalage.measure.grouping import every_group, grouped


def met(shop: Shop, numbers: range) -> None:
    """Let visitors look at two coats, meet the message, and let every second one buy."""
    for number in numbers:
        visitor = f"v-{number}"
        shop.batch(view("S-1", visitor), view("S-2", visitor))
        decided: Said = shop.ask(visitor)["decisions"][0]
        shop.batch(track("triggered", visitor, token=decided["id"]))
        if number % 2:
            shop.batch(order(f"N-{number}", visitor))


def live(shop: Shop) -> None:
    shop.go_live(segment("lookers", {"did": "view_item", "times": {"at_least": 2}}))
    allocation = {"kind": "split", "control": 0.5}
    said: Said = {"segment": "lookers", "principle": "liking", "phase": "consideration"}
    shop.go_live(experience("hoi", form="bar", caps=[], allocation=allocation, **said))


def reported(shop: Shop, *, keep: bool = True) -> ExperienceReport:
    (found,) = report_all(shop.ports, now=shop.now + 8 * DAY, keep=keep)
    return found


def test_a_report_says_what_ran_and_for_whom(shop: Shop) -> None:
    live(shop)

    about = reported(shop).about

    assert about is not None
    assert (about.form, about.segment, about.principle) == ("bar", "lookers", "liking")
    assert (about.version, about.state) == (1, "live")
    assert about.gain
    assert about.purpose


def test_the_segments_of_the_moment_are_in_the_log_of_the_decision(shop: Shop) -> None:
    live(shop)
    met(shop, range(2))

    (first, second) = shop.events("decision")

    assert first.properties == {"matched": "lookers"}
    assert second.properties == {"matched": "lookers"}


def test_whoever_was_erased_is_counted_beside_the_figures(shop: Shop) -> None:
    live(shop)
    met(shop, range(4))
    assert reported(shop).erased == 0
    gone = shop.key_of("v-1")

    shop.ports.keys.add_erasure([gone], actor="ann", requested=shop.now)

    assert reported(shop).erased == 1


def test_the_cap_that_a_first_analysis_fixed_stays(shop: Shop) -> None:
    live(shop)
    met(shop, range(6))
    assert reported(shop).revenue_cap is not None
    fixed = [line for line in shop.ports.records.audit_lines() if line.action == FIXED]
    assert fixed == []  # six persons are no analysis yet

    shop.ports.records.audit("etalage", FIXED, "experience/hoi#1", now=shop.now, after="123")

    assert reported(shop).revenue_cap == 123


def test_reports_stand_beside_each_other_and_are_not_added_up(shop: Shop) -> None:
    live(shop)

    groups = every_group([reported(shop)])

    assert [(group.by, group.value) for group in groups] == [
        ("phase", "consideration"),
        ("principle", "liking"),
        ("form", "bar"),
    ]
    assert [one.name for one in grouped([reported(shop)], "form")[0].reports] == ["hoi"]
