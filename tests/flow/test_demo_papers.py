"""The demo's shop has a report for its client from its first day, in both languages, on the web and on paper."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from etalage.domain.time import DAY, micros
from etalage.simulate.papers import write_papers
from etalage.simulate.shop import open_shop


def test_a_shop_of_the_demo_writes_its_report_in_both_languages(tmp_path: Path) -> None:
    start = micros(datetime(2026, 11, 1, 9, tzinfo=UTC))
    opened = open_shop(tmp_path / "noord", now=start)

    papers = write_papers(tmp_path / "noord", opened.shop, now=start + DAY)

    assert [path.name for path in papers] == [
        "report-nl.html",
        "report-nl.pdf",
        "report-en.html",
        "report-en.pdf",
    ]
    dutch, english = (path.read_text(encoding="utf-8") for path in papers[::2])
    assert "Nog te vroeg" in dutch
    assert "De aanleiding is nog bij niemand voorgekomen." in dutch
    assert "Too early" in english
    assert all(path.read_bytes().startswith(b"%PDF") for path in papers[1::2])
