"""Who may let what go live, and when an approval lapses."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given
from msgspec.structs import replace

from etalage.domain.canonical import digest
from etalage.errors import Conflict, NotApproved
from etalage.govern.approve import (
    MOVES,
    Move,
    Uses,
    content_hash,
    go_live,
    is_still_approved,
    may_approve,
    may_move,
    one_spelling,
)
from etalage.ports import Document, DocumentKind

NOW = 1_795_000_000_000_000


def written(
    kind: DocumentKind, name: str, body: dict[str, object], *, version: int = 1
) -> Document:
    return Document(
        kind=kind,
        name=name,
        version=version,
        hash=digest(body),
        body=body,
        state="draft",
        author="ann",
        created=NOW,
    )


def nothing(_: Document) -> list[Document]:
    return []


def approved(document: Document, uses: Uses = nothing) -> Document:
    """Give the document as it is after bob's word was carried out."""
    for move in go_live(document, actor="bob", uses=uses, now=NOW):
        assert move.document == document
        document = replace(document, state=move.to)
        if move.approved_hash is not None:
            document = replace(
                document, approved_by="bob", approved=NOW, approved_hash=move.approved_hash
            )
    return document


def shop_of(*documents: Document) -> Uses:
    """Resolve what a body names under `uses`, from these documents."""
    by_name = {document.name: document for document in documents}

    def uses(document: Document) -> list[Document]:
        names = document.body.get("uses", [])
        assert isinstance(names, list)
        return [by_name[name] for name in names]

    return uses


LOYAL = written("segment", "loyal", {"tree": {"trait": "country", "is": "NL"}})
WELCOME = written("experience", "welcome-back", {"slot": "overlay", "uses": ["loyal"]})


def test_a_draft_is_approved_and_goes_live_by_the_word_of_another() -> None:
    moves = go_live(LOYAL, actor="bob", uses=nothing, now=NOW)

    assert [(move.to, move.approved_hash) for move in moves] == [
        ("approved", content_hash(LOYAL, nothing)),
        ("live", None),
    ]


def test_the_version_that_was_live_ends_after_the_new_one_is_live() -> None:
    old = approved(LOYAL)
    new = written("segment", "loyal", {"tree": {"trait": "country", "is": "BE"}}, version=2)
    other = approved(written("segment", "other", {}))

    moves = go_live(new, actor="bob", uses=nothing, now=NOW, live=[old, other])

    assert [(move.document.version, move.to) for move in moves] == [
        (2, "approved"),
        (2, "live"),
        (1, "ended"),
    ]
    assert moves[-1] == Move(old, "ended")


@pytest.mark.parametrize(
    "spelling", ["ann", "Ann", " ann ", "ANN\t", "\uff41nn", "a\u200bnn", "ann\ufeff"]
)
def test_an_author_cannot_approve_her_own_under_another_spelling(spelling: str) -> None:
    with pytest.raises(NotApproved, match="written by ann"):
        go_live(LOYAL, actor=spelling, uses=nothing, now=NOW)


def test_composed_and_decomposed_letters_are_the_same_person() -> None:
    by_zoe = replace(LOYAL, author="Zo\u00eb  de Wit")

    with pytest.raises(NotApproved):
        may_approve(by_zoe, "ZOE\u0308 DE WIT", NOW)


@given(st.text(max_size=12))
def test_a_spelling_once_made_equal_stays_equal(name: str) -> None:
    assert one_spelling(one_spelling(name)) == one_spelling(name)
    assert one_spelling(f" {name}\u200b ") == one_spelling(name)


@pytest.mark.parametrize("nobody", ["", "  ", "\u200b"])
def test_nobody_cannot_approve(nobody: str) -> None:
    with pytest.raises(NotApproved, match="say who"):
        may_approve(LOYAL, nobody, NOW)


def test_what_is_ended_cannot_be_approved_again() -> None:
    with pytest.raises(NotApproved, match="is ended"):
        may_approve(replace(LOYAL, state="ended"), "bob", NOW)


def test_nothing_is_approved_before_it_was_written() -> None:
    with pytest.raises(NotApproved, match="clocks"):
        may_approve(LOYAL, "bob", NOW - 1)


def test_an_experience_waits_until_its_segment_is_live() -> None:
    with pytest.raises(NotApproved, match=r"segment 'loyal' \(version 1\), which is draft"):
        go_live(WELCOME, actor="bob", uses=shop_of(LOYAL), now=NOW)


def test_an_approval_stands_while_nothing_changes() -> None:
    uses = shop_of(approved(LOYAL))
    live = approved(WELCOME, uses)

    assert is_still_approved(live, uses)
    assert go_live(live, actor="bob", uses=uses, now=NOW) == []


def test_what_is_live_and_approved_already_asks_nothing_of_its_author() -> None:
    assert go_live(approved(LOYAL), actor="ann", uses=nothing, now=NOW) == []


def test_a_changed_segment_lapses_the_approval_of_the_experience_that_uses_it() -> None:
    live = approved(WELCOME, shop_of(approved(LOYAL)))
    changed = approved(replace(LOYAL, version=2, body={"tree": {"trait": "country", "is": "BE"}}))
    uses = shop_of(changed)

    lapsed = not is_still_approved(live, uses)
    again = go_live(live, actor="bob", uses=uses, now=NOW)

    assert lapsed
    assert [move.to for move in again] == ["approved", "live"]
    assert is_still_approved(approved(live, uses), uses)


def test_a_change_deep_below_lapses_every_approval_above_it() -> None:
    below = written("segment", "below", {"tree": 1})
    middle = written("segment", "middle", {"uses": ["below"]})
    above = written("experience", "above", {"uses": ["middle"]})
    below_live = approved(below)
    middle_live = approved(middle, shop_of(below_live))
    above_live = approved(above, shop_of(below_live, middle_live))
    below_changed = approved(replace(below, version=2, body={"tree": 2}))
    uses = shop_of(below_changed, middle_live)

    assert not is_still_approved(middle_live, uses)
    assert not is_still_approved(above_live, uses)
    with pytest.raises(NotApproved, match="whose approval has lapsed"):
        go_live(above_live, actor="bob", uses=uses, now=NOW)


def test_a_new_version_that_says_the_same_keeps_the_approval_of_what_uses_it() -> None:
    live = approved(WELCOME, shop_of(approved(LOYAL)))

    assert is_still_approved(live, shop_of(approved(replace(LOYAL, version=7, author="carl"))))


def test_any_change_of_the_text_itself_lapses_its_approval() -> None:
    live = approved(LOYAL)

    assert not is_still_approved(
        replace(live, body={**live.body, "title": {"nl": "Trouw"}}), nothing
    )
    assert not is_still_approved(replace(live, name="loyal-2"), nothing)
    assert not is_still_approved(replace(live, approved_by=" ANN"), nothing)
    assert not is_still_approved(replace(live, approved_hash=None), nothing)


def test_segments_that_use_each_other_in_a_circle_are_refused() -> None:
    hen = approved(written("segment", "hen", {}))
    egg = approved(written("segment", "egg", {}))
    uses = shop_of(replace(hen, body={"uses": ["egg"]}), replace(egg, body={"uses": ["hen"]}))

    with pytest.raises(NotApproved, match="hen > egg > hen"):
        content_hash(replace(hen, body={"uses": ["egg"]}), uses)


def test_a_shared_part_is_looked_up_once_however_often_it_is_used() -> None:
    levels = [written("segment", "s0", {})]
    levels += [
        written("segment", f"s{n}", {"uses": [f"s{n - 1}", f"s{n - 1}"]}) for n in range(1, 40)
    ]
    asked: list[str] = []
    find = shop_of(*levels)

    def uses(document: Document) -> list[Document]:
        asked.append(document.name)
        return find(document)

    content_hash(levels[-1], uses)

    assert sorted(asked) == sorted(level.name for level in levels)


@given(st.permutations(["loyal", "new", "away"]))
def test_the_order_in_which_uses_are_found_does_not_change_the_hash(order: list[str]) -> None:
    parts = {name: written("segment", name, {"tree": name}) for name in order}
    one = content_hash(WELCOME, lambda d: list(parts.values()) if d == WELCOME else [])
    other = content_hash(
        WELCOME, lambda d: [parts[n] for n in sorted(parts)] if d == WELCOME else []
    )

    assert one == other


def test_a_life_has_only_the_moves_of_its_table() -> None:
    may_move(replace(LOYAL, state="live"), "paused")
    with pytest.raises(Conflict, match="is draft and can become in_review, approved, ended, not"):
        may_move(LOYAL, "live")
    with pytest.raises(Conflict, match="can become nothing"):
        may_move(replace(LOYAL, state="ended"), "live")


def test_only_what_is_or_was_approved_can_go_live() -> None:
    assert {state for state, to in MOVES.items() if "live" in to} == {"approved", "paused"}
