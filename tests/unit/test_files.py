"""Configuration as files: what people write is read exactly, or refused with file and line."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TypeAlias

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from etalage.connect import yaml_text
from etalage.connect.files import (
    MAX_BYTES,
    Written,
    difference,
    dump,
    parse,
    read_files,
)
from etalage.domain.canonical import canonical_json
from etalage.errors import BadInput, EtalageError, NotFound, TooLarge, Unknown
from etalage.ports import DocumentKind

FILE = Path("shop.yaml")
EXAMPLE = """\
# The first message of Noord.
segment: loyal
title: {nl: Trouwe klanten, en: Loyal customers}
tree:
  all:
    - {did: purchase, times: {at_least: 3}, within: 365d}
    - {trait: country, in: [NL, no]}
---
experience: welcome-back
segment: loyal
slot: overlay
trigger: {on: exit_intent}
variants:
  a:
    blocks:
      - {text: "Welkom terug, {{first_name|klant}}!"}
"""

Body: TypeAlias = dict[str, object]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["on", "no", "NO", "~", "null", "", "007", "1e5", "0x1f", "2026-11-21", "<<"])
    | st.sampled_from(["=", "1_000", "12:30", "a\x85b", "\u2028", "a\r\n b "])
    | st.sampled_from(["- a", "a: b", "# no", "!x", "*a", "&a", "---", "..."])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


def body_for(kind: str) -> st.SearchStrategy[Body]:
    keys = st.text(max_size=8).filter(lambda key: key != kind) | st.just("on")
    return st.dictionaries(keys, VALUES, max_size=5)


@st.composite
def written(draw: st.DrawFn) -> Written:
    kind: DocumentKind = draw(st.sampled_from(["segment", "strategy", "experience"]))
    name = draw(st.from_regex(r"\A[a-z0-9][a-z0-9_-]{0,10}\Z"))
    return Written(kind, name, draw(body_for(kind)), FILE)


def kept(tmp_path: Path, content: str | bytes, name: str = "shop.yaml") -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


# ---- reading ----


def test_one_file_may_hold_a_segment_and_the_experience_that_uses_it() -> None:
    loyal, welcome = parse(EXAMPLE, FILE)

    assert (loyal.kind, loyal.name, loyal.line) == ("segment", "loyal", 2)
    assert loyal.body["title"] == {"nl": "Trouwe klanten", "en": "Loyal customers"}
    assert (welcome.kind, welcome.name, welcome.line) == ("experience", "welcome-back", 9)
    assert list(welcome.body) == ["segment", "slot", "trigger", "variants"]


def test_on_and_no_are_words_and_not_booleans() -> None:
    loyal, welcome = parse(EXAMPLE, FILE)

    assert welcome.body["trigger"] == {"on": "exit_intent"}
    assert loyal.body["tree"] == {
        "all": [
            {"did": "purchase", "times": {"at_least": 3}, "within": "365d"},
            {"trait": "country", "in": ["NL", "no"]},
        ]
    }


@pytest.mark.parametrize(
    ("plain", "value"),
    [
        ("true", True),
        ("True", "True"),
        ("yes", "yes"),
        ("null", None),
        ("", None),
        ("'true'", "true"),
        ("12", 12),
        ("-0.5", -0.5),
        ("1e3", 1000.0),
        ("007", "007"),
        ("0x1f", "0x1f"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("2026-11-21", "2026-11-21"),
        (".inf", ".inf"),
    ],
)
def test_a_plain_word_means_what_it_means_in_json(plain: str, value: object) -> None:
    (document,) = parse(f"segment: a\nv: {plain}\n", FILE)

    assert canonical_json(document.body) == canonical_json({"v": value})


def test_a_key_is_always_text() -> None:
    (document,) = parse("strategy: a\n1: x\ntrue: y\n'2': z\n", FILE)

    assert document.body == {"1": "x", "true": "y", "2": "z"}


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("segment: a\ntree: 1\ntree: 2\n", 3, "'tree' stands twice"),
        ("segment: a\nx: {y: 1, 'y': 2}\n", 2, "'y' stands twice"),
        ("segment: a\nx: &here 1\n", 2, "anchors"),
        ("segment: a\nx: *here\n", 2, "anchors"),
        ("segment: a\n*here : 1\n", 2, "anchors"),
        ("segment: a\nx: &here {}\n", 2, "anchors"),
        ("segment: a\n<<: {x: 1}\n", 2, "merging"),
        ("segment: a\nx: !!python/object/apply:os.system [ls]\n", 2, "tags"),
        ("segment: a\nx: !!python/name:os.system ''\n", 2, "tags"),
        ("segment: a\nx: !!str 5\n", 2, "tags"),
        ("segment: a\nx: !secret 5\n", 2, "tags"),
        ("segment: a\n!!str x: 5\n", 2, "tags"),
        ("segment: a\n? [x]\n: 5\n", 2, "a key must be a word"),
        ("segment: a\n?\n: 5\n", 2, "a key must be a word"),
        ("segment: a\nx: 9223372036854775808\n", 2, "too large"),
        ("segment: a\nx: 1e999\n", 2, "too large"),
        (f"segment: a\nx: {'9' * 9999}\n", 2, "too large"),
        ('segment: a\nx: "\\ud800"\n', 2, "half a character"),
        ("segment: a\nx: [1, 2\n", 3, "expected"),
        ("segment: a\n\tx: 1\n", 2, "cannot start any token"),
        ("segment: a\n\nx: \x07\n", 3, "does not allow"),
        (f"segment: a\nx: {'[' * 50_000}\n", 2, "nested deeper"),
        (f"segment: a\nx: {'{a: ' * 50_000}\n", 2, "nested deeper"),
        ("# nothing\n\n- segment: a\n", 3, "begin with"),
        ("just a text\n", 1, "begin with"),
        ("{}\n", 1, "begin with"),
        ("segment: Loyal Customers\n", 1, "the name of a segment"),
        ("segment: ../../etc/passwd\n", 1, "the name of a segment"),
        ("segment: {a: 1}\n", 1, "the name of a segment"),
        ("segment: 12\n", 1, "the name of a segment"),
        ("segment:\ntree: 1\n", 1, "the name of a segment"),
    ],
)
def test_what_is_not_ours_is_refused_with_its_line(text: str, line: int, reason: str) -> None:
    with pytest.raises(BadInput, match=reason) as refused:
        parse(text, FILE)

    assert refused.value.message.startswith(f"shop.yaml, line {line}:")


def test_many_laughs_are_refused_before_they_grow() -> None:
    laughs = "segment: a\na: &a [ha, ha]\n" + "".join(
        f"{c}: &{c} [*{p}, *{p}, *{p}, *{p}, *{p}, *{p}, *{p}, *{p}, *{p}]\n"
        for p, c in zip("abcdefgh", "bcdefghi", strict=True)
    )
    begun = time.process_time()

    with pytest.raises(BadInput, match="line 2: anchors"):
        parse(laughs, FILE)

    assert time.process_time() - begun < 1


def test_a_misspelt_first_key_gets_the_nearest_that_exists() -> None:
    with pytest.raises(Unknown, match=r"shop\.yaml, line 1.*'segmnt'; did you mean 'segment'"):
        parse("segmnt: loyal\n", FILE)


def test_what_the_document_is_must_be_its_first_key() -> None:
    with pytest.raises(Unknown, match="'slot'"):
        parse("slot: overlay\nexperience: welcome\n", FILE)


@pytest.mark.parametrize("text", ["", "# only a remark\n", "---\n---\n"])
def test_a_file_without_a_document_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="holds no document"):
        parse(text, FILE)


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("segmnt: a-{}[]\n'\"&*!|>%#?,\t<~1e."), max_size=60))
def test_any_text_is_read_or_refused_by_name(text: str) -> None:
    try:
        found = parse("segment: a\n" + text, FILE)
    except EtalageError:
        return

    assert parse(dump(found[:1]), FILE)[0].body == found[0].body


# ---- files ----


def test_files_and_directories_are_read_in_the_order_given(tmp_path: Path) -> None:
    folder = tmp_path / "noord"
    folder.mkdir()
    kept(folder, "segment: b\n", "2.yml")
    kept(folder, "segment: a\n", "1.yaml")
    kept(folder, "no yaml at all: [", "readme.md")
    last = kept(tmp_path, "\ufeffstrategy: c\n")

    found = read_files([folder, last])

    assert [(one.kind, one.name, one.path.name) for one in found] == [
        ("segment", "a", "1.yaml"),
        ("segment", "b", "2.yml"),
        ("strategy", "c", "shop.yaml"),
    ]


def test_the_same_document_in_two_files_is_refused_with_both_places(tmp_path: Path) -> None:
    first = kept(tmp_path, "segment: a\n", "first.yaml")
    second = kept(tmp_path, "# b\nexperience: a\n---\nsegment: a\n", "second.yaml")

    with pytest.raises(BadInput, match=r"second\.yaml, line 4: .*first\.yaml, line 1 already"):
        read_files([first, second])


def test_a_file_that_is_not_utf8_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="line 2: is not UTF-8"):
        read_files([kept(tmp_path, "segment: a\ntitle: café\n".encode("latin-1"))])


def test_a_file_of_more_than_a_megabyte_is_refused_unread(tmp_path: Path) -> None:
    head = b"segment: a\n#"
    allowed = kept(tmp_path, head + b"x" * (MAX_BYTES - len(head)), "allowed.yaml")
    large = kept(tmp_path, head + b"x" * (MAX_BYTES - len(head) + 1), "large.yaml")

    assert [one.name for one in read_files([allowed])] == ["a"]
    with pytest.raises(TooLarge):
        read_files([large])


def test_a_missing_file_and_an_empty_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"there is no file .*absent\.yaml"):
        read_files([tmp_path / "absent.yaml"])
    with pytest.raises(NotFound, match=r"holds no \.yaml file"):
        read_files([tmp_path])


# ---- writing ----


def test_an_export_reads_like_what_was_written() -> None:
    exported = dump(reversed(parse(EXAMPLE, FILE)))

    assert exported == (
        "segment: loyal\n"
        "title:\n"
        "  nl: Trouwe klanten\n"
        "  en: Loyal customers\n"
        "tree:\n"
        "  all:\n"
        "  - did: purchase\n"
        "    times:\n"
        "      at_least: 3\n"
        "    within: 365d\n"
        "  - trait: country\n"
        "    in:\n"
        "    - NL\n"
        "    - no\n"
        "---\n"
        "experience: welcome-back\n"
        "segment: loyal\n"
        "slot: overlay\n"
        "trigger:\n"
        "  on: exit_intent\n"
        "variants:\n"
        "  a:\n"
        "    blocks:\n"
        "    - text: Welkom terug, {{first_name|klant}}!\n"
    )


@settings(deadline=None)
@given(st.lists(written(), min_size=1, max_size=3, unique_by=lambda one: (one.kind, one.name)))
def test_applying_an_export_changes_nothing(documents: list[Written]) -> None:
    exported = dump(documents)
    again = parse(exported, FILE)

    bodies = {(one.kind, one.name): canonical_json(one.body) for one in documents}
    assert {(one.kind, one.name): canonical_json(one.body) for one in again} == bodies
    assert dump(again) == exported
    for one in again:
        before = next(d for d in documents if (d.kind, d.name) == (one.kind, one.name))
        assert list(one.body) == list(before.body)
        assert difference(before.body, one.body) == []


@settings(deadline=None)
@given(VALUES)
def test_every_value_of_json_survives_being_written(value: object) -> None:
    (page,) = yaml_text.read(yaml_text.write({"v": value}), name="x")

    assert canonical_json(page.value) == canonical_json({"v": value})


def test_a_text_shared_by_two_places_is_written_twice() -> None:
    shared = {"at_least": 3}

    exported = dump([Written("segment", "a", {"x": shared, "y": shared}, FILE)])

    assert exported == "segment: a\nx:\n  at_least: 3\ny:\n  at_least: 3\n"


def test_a_body_that_names_its_own_kind_cannot_be_exported() -> None:
    with pytest.raises(BadInput, match="has a key 'segment'"):
        dump([Written("segment", "a", {"segment": "b"}, FILE)])


# ---- the difference ----


def test_the_difference_shows_the_changed_lines_among_their_neighbours() -> None:
    old = {"slot": "overlay", "variants": {"a": {"text": "Hallo"}}}
    new = {"variants": {"a": {"text": "Welkom terug"}}, "slot": "overlay"}

    assert difference(old, new) == [
        "--- now",
        "+++ new",
        "@@ -1,4 +1,4 @@",
        " slot: overlay",
        " variants:",
        "   a:",
        "-    text: Hallo",
        "+    text: Welkom terug",
    ]


def test_the_difference_of_a_new_document_is_all_of_it() -> None:
    lines = difference(None, {"slot": "overlay", "priority": 3})

    assert [line for line in lines[3:] if not line.startswith("+")] == []
    assert lines[3:] == ["+priority: 3", "+slot: overlay"]


def test_another_order_of_keys_is_no_difference_and_another_number_is() -> None:
    assert difference({"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"d": 3, "c": 2}, "a": 1}) == []
    assert difference({"a": 1}, {"a": 1.0}) != []
    assert difference({"a": ["x", "y"]}, {"a": ["y", "x"]}) != []
