"""What a shop decides about the tag: colours that load nothing, places that can be found, and a shutter."""

from __future__ import annotations

import msgspec
import pytest

from etalage.api.tag import sentences
from etalage.deliver.explain import WORDS
from etalage.deliver.public_config import for_tag
from etalage.domain.ids import ShopId
from etalage.domain.shop import THEME, Shop, changed
from etalage.errors import BadInput, Unknown

NOORD = Shop(id=ShopId("noord"), name="Noord", domain="noord.example")


@pytest.mark.parametrize(
    "colour",
    [
        "#f6c200",
        "#fff",
        "teal",
        "rgb(246, 194, 0)",
        "oklch(0.7 0.1 200)",
        "light-dark(#fff, #132630)",
    ],
)
def test_a_colour_is_taken_as_it_is_written(colour: str) -> None:
    look = str(for_tag(changed(NOORD, {"theme": {"accent": colour}}))["look"])

    assert f"--accent:var(--etalage-accent,{colour});" in look


@pytest.mark.parametrize(
    "colour",
    [
        "url(https://evil.example)",
        "red;color:blue",
        "expression(1)",
        "var(--x)",
        "image-set('x' 1x)",
        "",
        "#ff",
        "red}",
    ],
)
def test_what_is_no_colour_is_refused(colour: str) -> None:
    with pytest.raises(BadInput):
        changed(NOORD, {"theme": {"accent": colour}})


def test_a_token_that_does_not_exist_is_answered_with_the_nearest() -> None:
    with pytest.raises(Unknown, match="accent"):
        changed(NOORD, {"theme": {"acent": "#fff"}})
    assert len(THEME) == 8


@pytest.mark.parametrize(
    "change",
    [
        {"slots": {"Home Top": ".x"}},
        {"slots": {"home": ""}},
        {"data_layer": "a b"},
        {"theme": {"round": "5 px"}},
    ],
)
def test_other_settings_of_the_tag_are_checked_too(change: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        changed(NOORD, change)


def test_the_shutter_and_the_words_stand_in_the_public_configuration() -> None:
    said = for_tag(changed(NOORD, {"closed": True}))

    assert said["off"] is True
    words = said["words"]
    assert isinstance(words, dict)
    assert words["nl"]["why"] == WORDS["nl"]["tag-why"] == "Waarom zie ik dit?"
    assert set(words["nl"]) == set(words["en"])


def test_diagnose_has_the_same_sentences_in_both_languages() -> None:
    said = msgspec.json.decode(sentences())

    assert set(said["nl"]) == set(said["en"])
    assert all(said["nl"][name].count("*") == said["en"][name].count("*") for name in said["nl"])
