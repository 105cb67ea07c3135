"""The reference page names everything that the code knows, and nothing that it does not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from etalage.domain.decision import GuardReason, SkipReason
from etalage.domain.experience import Experience, Form, Moment, StrategyName
from etalage.domain.merge_field import MERGE_FIELDS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "experiences.md").read_text(
    "utf-8"
)
NAMED = set(re.findall(r"`([a-z_.]+)(?::[^`]*)?`", PAGE))


@pytest.mark.parametrize("words", [SkipReason, GuardReason, Form, Moment, StrategyName])
def test_each_word_of_a_closed_list_has_its_line(words: object) -> None:
    assert set(get_args(words)) <= NAMED


def test_each_field_and_each_merge_field_is_described() -> None:
    assert set(Experience.__struct_fields__) - {"name"} <= NAMED
    assert MERGE_FIELDS <= NAMED


def test_no_reason_is_described_that_is_never_given() -> None:
    described = set(
        re.findall(r"^\| `([a-z_]+)", PAGE.split("## Why something was not shown")[1], re.MULTILINE)
    )

    assert described == set(get_args(SkipReason))
