"""A message that is changed while it runs: what was measured before stays, unless everybody is drawn anew."""

from __future__ import annotations

from shop import Said, Shop, experience, segment, track, view

from etalage.domain.report import ExperienceReport
from etalage.domain.time import DAY
from etalage.flow import publish
from etalage.flow.report import report_all


def went_live(shop: Shop, *, control: float = 0.5, **said: object) -> None:
    drawn = {"kind": "split", "control": control} | {k: said.pop(k) for k in ("salt",) if k in said}
    shop.go_live(experience("hoi", form="bar", caps=[], allocation=drawn, **said))


def met(shop: Shop, numbers: range) -> None:
    """Let visitors meet the message."""
    for visitor in (f"v-{number}" for number in numbers):
        shop.batch(view("S-1", visitor))
        decided: Said = shop.ask(visitor)["decisions"][0]
        shop.batch(track("triggered", visitor, token=decided["id"]))


def reported(shop: Shop) -> ExperienceReport:
    (found,) = report_all(shop.ports, now=shop.now)
    return found


def triggered(report: ExperienceReport) -> int:
    return sum(arm.triggered for arm in report.arms)


def test_a_mended_text_keeps_everybody_who_met_the_message_before(shop: Shop) -> None:
    went_live(shop)
    met(shop, range(10))
    began, shop.now = shop.now, shop.now + 3 * DAY

    went_live(shop, purpose="to be tested, without the typing error")
    met(shop, range(5, 15))  # five of them once more

    assert (reported(shop).started, triggered(reported(shop))) == (began, 15)


def test_an_approval_that_was_asked_again_changes_no_figure(shop: Shop) -> None:
    shop.go_live(segment("lookers", {"did": "view_item"}))
    went_live(shop, segment="lookers")
    met(shop, range(6))
    began, shop.now = shop.now, shop.now + 3 * DAY

    shop.go_live(segment("lookers", {"did": "view_item", "times": {"at_least": 1}}))
    publish.approve(shop.ports, "experience:hoi", actor="bob", now=shop.now)

    assert (reported(shop).started, triggered(reported(shop))) == (began, 6)


def test_arms_that_were_filled_with_other_shares_are_held_against_those(shop: Shop) -> None:
    went_live(shop, control=0.5)
    met(shop, range(8))
    shop.now += 3 * DAY

    went_live(shop, control=0.25)
    met(shop, range(8, 12))

    ratio = reported(shop).sample_ratio
    assert ratio is not None
    assert ratio.expected == {"control": 8 * 0.5 + 4 * 0.25, "a": 8 * 0.5 + 4 * 0.75}


def test_another_salt_is_another_experiment(shop: Shop) -> None:
    went_live(shop)
    met(shop, range(6))
    shop.now += 3 * DAY

    went_live(shop, salt="2")
    met(shop, range(6, 10))

    assert (reported(shop).started, triggered(reported(shop))) == (shop.now, 4)
