"""The reference is what the code says."""

from __future__ import annotations

from pathlib import Path

import pytest

from etalage.cli.reference import pages

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"


@pytest.mark.parametrize("name", ["settings.md", "reasons.md", "errors.md", "http.md"])
def test_the_page_is_what_the_code_says(name: str) -> None:
    assert (REFERENCE / name).read_text(encoding="utf-8") == pages()[name], "run: make docs"
