"""Tokens: only this shop makes them, only this visitor uses them, and nothing else is read."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from decide_examples import FATIMA, KAREL, NOW, SECRET, experience, facts, split
from hypothesis import given
from hypothesis import strategies as st

from etalage.decide.choose import choose
from etalage.decide.compose import compose
from etalage.decide.token import (
    issue,
    issue_visitor_token,
    read,
    read_visitor_token,
    tokens_of,
)
from etalage.domain.event import Shown
from etalage.domain.ids import ExperienceName, VariantName

OTHER_SHOP = b"o" * 32
SHOWN = Shown(
    ExperienceName("welcome-back"), VariantName("b"), str(KAREL), 450_000, "0123456789", NOW
)
TOKEN = issue(SHOWN, SECRET, KAREL)
VISITOR_TOKEN = issue_visitor_token("v-1", NOW, SECRET)


def test_a_token_says_to_its_visitor_what_was_decided() -> None:
    assert TOKEN.startswith("d-")
    assert len(TOKEN) < 160
    assert read(TOKEN, SECRET, KAREL) == SHOWN


@given(
    st.builds(
        Shown,
        st.text(max_size=64).map(ExperienceName),
        st.text(max_size=64).map(VariantName),
        st.one_of(st.text(max_size=40), st.text("0123456789abcdef", min_size=32, max_size=32)),
        st.integers(0, 1_000_000),
        st.text("0123456789abcdef", max_size=10),
        st.integers(0, 2**53),
    )
)
def test_whatever_is_issued_is_read_back(shown: Shown) -> None:
    token = issue(shown, SECRET, KAREL)

    assert read(token, SECRET, KAREL) == (shown if len(token) <= 512 else None)


def test_another_visitor_and_another_shop_cannot_use_it() -> None:
    assert read(TOKEN, SECRET, FATIMA) is None
    assert read(TOKEN, OTHER_SHOP, KAREL) is None


def test_no_changed_character_and_no_missing_one_is_accepted() -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for place in range(2, len(TOKEN)):
        for character in (
            alphabet[(alphabet.index(TOKEN[place]) + step) % 64] for step in (1, 16, 63)
        ):
            assert read(TOKEN[:place] + character + TOKEN[place + 1 :], SECRET, KAREL) is None
        assert read(TOKEN[:place], SECRET, KAREL) is None
        assert read(TOKEN + TOKEN[:place], SECRET, KAREL) is None


HOSTILE: list[Any] = [
    None,
    1,
    b"d-",
    [],
    {},
    "",
    "d-",
    "d-=",
    "d-" + "A" * 22,
    "d-" + "A" * 100_000,
    "D-" + TOKEN[2:],
    TOKEN + "=",
    TOKEN + "\n",
    " " + TOKEN,
    TOKEN.replace("-", "\u2010"),
    "d-\ud800",
    "d-" + base64.urlsafe_b64encode(b"\xdf\xff\xff\xff\xff" * 9).decode(),
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_no_token(text: Any) -> None:
    assert read(text, SECRET, KAREL) is None
    assert read_visitor_token(text, SECRET) is None


@given(st.text())
def test_no_text_at_all_breaks_the_reader(text: str) -> None:
    assert read("d-" + text, SECRET, KAREL) is None
    assert read_visitor_token("v1." + text, SECRET) is None


def test_a_visitor_token_says_who_the_browser_is() -> None:
    assert VISITOR_TOKEN.startswith("v1.v-1.")
    assert read_visitor_token(VISITOR_TOKEN, SECRET) == "v-1"


def test_a_visitor_token_of_another_shop_or_with_another_id_is_nothing() -> None:
    assert read_visitor_token(VISITOR_TOKEN, OTHER_SHOP) is None
    assert read_visitor_token(VISITOR_TOKEN.replace("v-1", "v-2"), SECRET) is None
    for place in range(len(VISITOR_TOKEN)):
        assert read_visitor_token(VISITOR_TOKEN[:place], SECRET) is None


@pytest.mark.parametrize("visitor_id", ["", "a.b", "a b", "é", "x" * 65, "a\n"])
def test_an_id_that_is_not_ours_gets_no_token(visitor_id: str) -> None:
    with pytest.raises(ValueError, match="a visitor id has"):
        issue_visitor_token(visitor_id, NOW, SECRET)


def test_only_entries_of_an_experiment_get_a_token_ghosts_included() -> None:
    live = {e.name: e for e in (experience("one"), split("two", control=0.999999, slot="overlay"))}
    measured, contextual = facts(), facts(visitor=None, unit=None, purposes=())

    tokens = tokens_of(
        compose(measured, choose(measured, live.values()), {}, live), KAREL, SECRET, now=NOW
    )
    none = tokens_of(
        compose(contextual, choose(contextual, live.values()), {}, live), None, SECRET, now=NOW
    )

    assert {name: read(t, SECRET, KAREL).arm for name, t in tokens.items()} == {
        "one": "a",
        "two": "control",
    }  # type: ignore[union-attr]
    assert none == {}
