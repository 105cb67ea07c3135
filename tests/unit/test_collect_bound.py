"""An event within bounds is read the same whether its text is plain enough for a glance or is walked over."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etalage.collect import bound
from etalage.collect.bound import MAX_NUMBER, bounded
from etalage.collect.refusal import Refusal

TEXTS = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        ['":', '"', "\\u0000", "\0", "__proto__", "7e9", "1" * 20, "constructor", ": ", "a"]
    ),
)
NUMBERS = st.one_of(
    st.integers(-(2**60), 2**60),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([MAX_NUMBER, MAX_NUMBER + 1, 1e15, 1e16, -1e300, 0.1 + 0.2]),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), TEXTS, NUMBERS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=12,
)


def walked(raw: bytes, patch: pytest.MonkeyPatch) -> Any:
    """Read an event as if no text were plain."""
    with patch.context() as patched:
        patched.setattr(bound, "_is_plain", lambda _raw: False)
        return outcome(raw)


def outcome(raw: bytes) -> Any:
    try:
        return bounded(raw)
    except Refusal as refusal:
        return refusal.reason


@given(
    event=st.dictionaries(TEXTS, VALUES, max_size=5),
    spaced=st.booleans(),
    is_ascii=st.booleans(),
    twice=st.booleans(),
)
@settings(max_examples=300, deadline=None)
def test_a_glance_says_what_a_walk_says(
    event: dict[str, Any], *, spaced: bool, is_ascii: bool, twice: bool
) -> None:
    separators = (", ", ": ") if spaced else (",", ":")
    text = json.dumps(event, separators=separators, ensure_ascii=is_ascii)
    if twice:
        text = (
            '{"type":1,"context":{"consent":{"ads":true}},' + text[1:] if event else '{"a":1,"a":2}'
        )
    raw = text.encode(errors="replace")
    assert outcome(raw) == walked(raw, pytest.MonkeyPatch())


@pytest.mark.parametrize(
    ("raw", "refused"),
    [
        (b'{"a":1,"a":2}', "ambiguous"),
        (b'{"a":"\\u0022:","a":2}', "ambiguous"),
        (b'{"a":"\\":","context":{},"a":2}', "ambiguous"),
        (b'{"a":{"__proto__":1}}', "hostile_name"),
        (b'{"a":{"\\u005f_proto__":1}}', "hostile_name"),
        (b'{"a":9007199254740993}', "bad_field"),
        (b'{"a":[-9e99]}', "bad_field"),
        (b'{"a":[1,9E99]}', "bad_field"),
        (b'{"a":"\\u0000"}', "bad_field"),
        (b'{"a":' + b"[" * 40 + b"]" * 40 + b"}", "too_deep"),
        (b'{"a":"' + b"x" * 8_200 + b'"}', "too_large"),
        (b"{" + b",".join(b'"k%d":1' % n for n in range(201)) + b"}", "too_many_properties"),
    ],
)
def test_what_is_out_of_bounds_is_seen_at_a_glance(raw: bytes, refused: str) -> None:
    assert outcome(raw) == refused


@pytest.mark.parametrize(
    "raw", [b'{"id":"3f2b7e21-0e11-4e22","n":9007199254740,"p":[1.5,-2],"t":"a: b"}']
)
def test_an_ordinary_event_is_not_walked_over(raw: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(_value: object, _depth: int) -> int:
        raise AssertionError

    monkeypatch.setattr(bound, "_keys_in_object", never)
    assert bounded(raw) == json.loads(raw)
