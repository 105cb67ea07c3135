"""A refusal says what to do: the nearest name, or all names when there are few."""

from __future__ import annotations

from etalage.errors import BadInput, Unknown


def test_a_misspelled_name_is_answered_with_the_nearest_one() -> None:
    refused = Unknown("slot", "overly", ["top_bar", "overlay"])

    assert str(refused) == "unknown slot 'overly'; did you mean 'overlay'?"
    assert refused.nearest == "overlay"


def test_a_name_that_is_like_none_is_answered_with_what_there_is() -> None:
    refused = Unknown("shop", "zuid", ["noord"])

    assert str(refused) == "unknown shop 'zuid'; there is: noord"
    assert refused.nearest is None


def test_a_list_too_long_to_read_is_not_given() -> None:
    many = [f"product-{number}" for number in range(40)]

    assert str(Unknown("column", "xyz", many)) == "unknown column 'xyz'"
    assert str(Unknown("segment", "xyz", ())) == "unknown segment 'xyz'; there is none yet"


def test_a_refusal_names_the_one_of_several_things_it_is_about() -> None:
    refused = BadInput("goal is missing", field="goal").about("experience welcome")

    assert (str(refused), refused.message) == ("experience welcome: goal is missing",) * 2
    assert refused.field == "goal"
