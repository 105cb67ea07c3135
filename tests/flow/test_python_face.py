"""The Python face answers what the command line answers, and shows itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import one_day
import pytest

from etalage import notebook
from etalage.errors import NoShop


@pytest.fixture(scope="module")
def face(tmp_path_factory: pytest.TempPathFactory) -> Iterator[notebook.ShopFace]:
    """The shop of docs/one-day.md after its day, with its keys put back in their place."""
    directory = tmp_path_factory.mktemp("face") / "shop"
    day = asyncio.run(one_day.live(directory))
    while day.shop.ports.log.head() < 16:
        time.sleep(0.01)
    keys = day.shop.ports.keys
    day.shop.close()
    opened = notebook.ShopFace(directory)
    opened._ports.keys.close()
    opened._ports = opened._ports._replace(keys=keys)
    yield opened
    opened.close()


def test_events_are_a_relation_that_can_be_asked_further(face: notebook.ShopFace) -> None:
    counted = face.events.aggregate("name, count(*) AS n", "name").fetchall()

    assert dict(counted)["view_item"] == 2


def test_a_tree_has_a_size_and_a_sentence(face: notebook.ShopFace) -> None:
    now = one_day.micros_of("2026-09-17T12:00:00+00:00")
    lookers = face.segment("lookers")

    # One person looked. As on the command line, nothing is said of so few: not how many, not who, and not all of three.
    size, members = lookers.size(now=now), lookers.members(now=now)
    assert (size.people, size.of, size.few_inside) == (None, None, True)
    assert repr(size) == repr(members)
    assert "Fewer than 10 people, or nobody, are in it" in repr(size)
    assert members == []
    assert repr(lookers).startswith("Visitors who viewed")


def test_a_decision_shows_itself_as_a_table(face: notebook.ShopFace) -> None:
    answered = face.decide("v-phone", ["home_top", "overlay"])

    # a long time later: the segment looks back 30 days, her arm of exit-help is kept for ever
    assert ("exit-help", "overlay", "control", "ghost") in answered.rows()
    assert "<table>" in answered._repr_html_()


def test_a_report_says_what_is_known_and_no_more(face: notebook.ShopFace) -> None:
    reports = face.report(now=one_day.micros_of("2026-09-24T12:00:00+00:00"))

    assert "too early" in repr(reports)
    assert {one["experience"] for one in reports.json()} == {"exit-help", "welcome-back"}
    assert "<svg" not in reports._repr_html_()  # no interval, no picture


def test_hostile_text_is_shown_as_text() -> None:
    shown = notebook._table(("a",), [("<script>alert(1)</script>",)])

    assert "<script>" not in shown


def test_opening_a_folder_without_a_shop_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NoShop, match="etalage init"):
        notebook.ShopFace(tmp_path)
