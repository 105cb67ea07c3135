"""`etalage recommend show` says of each model what it is for, whether it is used, and its figures, in both languages."""

from __future__ import annotations

from typing import get_args

import pytest
from msgspec.structs import fields

from etalage.cli.models import HEAD, lines_of, words
from etalage.domain.experience import Language
from etalage.flow.learn import KINDS, OF_CATALOGUE
from etalage.flow.uplift import UpliftCard
from etalage.recommend import profile_model, session_model
from etalage.recommend.again_model import AgainCard
from etalage.recommend.catalogue_past import PastCard
from etalage.recommend.model_file import WhyNone
from etalage.recommend.similar_model import SimilarCard
from etalage.recommend.together_model import TogetherCard

CARDS = (
    AgainCard,
    TogetherCard,
    session_model.Card,
    profile_model.Card,
    UpliftCard,
    PastCard,
    SimilarCard,
)
LANGUAGES: tuple[Language, ...] = ("nl", "en")
KNN = {
    "model": "sessions",
    "used": True,
    "reason": None,
    "made": 1_764_000_000_000_000,
    "sessions": 12_345,
    "method": "knn",
    "predictions": 250,
    "hit_rate": 0.964,
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_model_field_and_reason_has_words_and_no_word_is_idle(language: Language) -> None:
    shown = {field.name for card in CARDS for field in fields(card)} - {*HEAD, "experiences"}

    said = words()[language]

    assert set(said["field"]) == shown
    assert set(said["what"]) == {kind.name for kind in (*KINDS, *OF_CATALOGUE)}
    assert set(said["why"]) == {*get_args(WhyNone), "unmeasured"}


def test_moments_numbers_and_shares_are_written_as_people_write_them() -> None:
    lines = lines_of(KNN, "nl")

    assert "  in gebruik" in lines
    assert "  gemaakt: 2025-11-24 16:00 UTC" in lines
    assert "  bezoeken: 12.345" in lines
    assert "  goed geraden: 96,4%" in lines


def test_where_nothing_was_measured_no_figure_is_shown() -> None:
    young = KNN | {"used": False, "reason": "below_popular", "predictions": 0, "hit_rate": 0.0}

    lines = lines_of(young, "en")

    assert "too little was seen yet" in lines[1]
    assert not [line for line in lines if "%" in line]


def test_a_model_that_was_not_learned_says_how_it_will_be() -> None:
    absent = {"model": "again", "used": False, "reason": "absent"}

    lines = lines_of(absent, "en")

    assert lines == [
        "again: what somebody buys again, and when",
        (
            "  not in use: not learned yet; the server does so within the hour, "
            "or do it now with `etalage recommend train`"
        ),
    ]
