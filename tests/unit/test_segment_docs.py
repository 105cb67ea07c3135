"""Every tree in docs/reference/segments.md can be read."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from etalage.segment.parse import parse

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "segments.md"
TEXT = PAGE.read_text(encoding="utf-8")
TREES = [*re.findall(r"`(\{.*\})`", TEXT), *re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)]


@pytest.mark.parametrize("written", TREES)
def test_a_tree_in_the_reference_can_be_read(written: str) -> None:
    parse(json.loads(written), currency="EUR", known={"loyal-customers": {"did": "purchase"}})


def test_the_reference_has_an_example_of_each_form() -> None:
    assert len(TREES) > 10
