"""Texts: merge fields are the only logic, HTML is refused, and numbers that persuade come from facts."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etalage.decide.honest_text import honest, typed_claim
from etalage.domain.merge_field import MERGE_FIELDS, MergeField, pieces_of
from etalage.errors import EtalageError

CLAIMS = """Nog 3 op voorraad
Nog maar 3 stuks
slechts twee over
Laatste 5 exemplaren
12 mensen kijken nu
12 andere mensen bekeken dit
Al 1.000+ klanten gingen je voor
tientallen klanten kozen dit
12x verkocht
12 keer bekeken
verkocht: 140
only 3 left
3 left in stock
just two remaining
17 people are viewing this
sold 12 times
Bestel nog 2 uur
nog \uff13 stuks
nog\u200b 3 stuks
NOG 3!
nog {{product.stock|3}} stuks""".splitlines()
PLAIN = """Vanaf € 50 gratis bezorgd
Nog € 12,50 tot gratis verzending
Nog {{product.stock}} op voorraad
Nog even denken?
Nog 10% korting
30 dagen bedenktijd
Voor 23:59 besteld, morgen in huis
Voor 22 uur besteld, morgen in huis
Lees 3 tips over honden
Al sinds 1957 een familiebedrijf
Wij <3 honden
Hond > Voer
2 jaar garantie
{{product.buyers|veel}} klanten kozen dit
1 + 1 gratis""".splitlines()


@pytest.mark.parametrize("text", CLAIMS)
def test_a_typed_claim_of_scarcity_or_crowds_is_refused(text: str) -> None:
    with pytest.raises(EtalageError, match="types a claim"):
        honest(text, "text")


@pytest.mark.parametrize("text", PLAIN)
def test_an_ordinary_text_with_a_number_is_not_taken_for_a_claim(text: str) -> None:
    assert honest(text, "text") == text


@pytest.mark.parametrize(
    "text",
    [
        "<b>x</b>",
        "<img src=x onerror=alert(1)>",
        "</p>",
        "<!--",
        "<?php",
        "\uff1cscript>",
        "a <SCRIPT",
        "{{shop.name|<i>}}",
    ],
)
def test_html_is_refused(text: str) -> None:
    with pytest.raises(EtalageError, match="has HTML"):
        honest(text, "text")


@pytest.mark.parametrize(
    "text",
    [
        "{{",
        "}}",
        "{{}}",
        "{{ }}",
        "{{7*7}}",
        "{{product}}",
        "{{product.__class__}}",
        "{{product.title.upper()}}",
        "{{{product.title}}}",
        "{{product.title|{{cart.value}}}}",
        "{{product.title",
        "product.title}}",
        "{{a}} }}",
        "{{PRODUCT.TITLE}}",
        "{{customer.password}}",
        "{{product.title|a{b}}",
    ],
)
def test_anything_between_braces_but_a_known_field_is_refused(text: str) -> None:
    with pytest.raises(EtalageError):
        pieces_of(text)


def test_a_misspelled_field_is_answered_with_the_nearest() -> None:
    with pytest.raises(EtalageError, match=r"did you mean 'product\.title'"):
        pieces_of("{{product.titel}}")


PIECES = st.one_of(
    st.text().filter(lambda t: "{" not in t and "}" not in t and t),
    st.builds(
        MergeField,
        st.sampled_from(sorted(MERGE_FIELDS)),
        st.one_of(st.none(), st.text().filter(lambda t: not set(t) & set("{}")).map(str.strip)),
    ),
)


def _as_text(piece: str | MergeField) -> str:
    if isinstance(piece, str):
        return piece
    return "{{" + piece.name + ("" if piece.fallback is None else "|" + piece.fallback) + "}}"


@given(st.lists(PIECES, max_size=6))
def test_whatever_is_written_as_pieces_is_read_as_those_pieces(
    pieces: list[str | MergeField],
) -> None:
    read = pieces_of("".join(_as_text(piece) for piece in pieces))

    assert "".join(map(_as_text, read)) == "".join(map(_as_text, pieces))
    assert [p for p in read if isinstance(p, MergeField)] == [
        p for p in pieces if isinstance(p, MergeField)
    ]


@given(st.text(alphabet="{}|ab.product title", max_size=40))
def test_no_text_breaks_the_parser_in_any_other_way_than_by_a_refusal(text: str) -> None:
    try:
        pieces = pieces_of(text)
    except EtalageError:
        return

    assert all(isinstance(p, str) or p.name in MERGE_FIELDS for p in pieces)


def test_a_claim_is_quoted_so_that_it_can_be_found() -> None:
    assert typed_claim("Mooi hondenvoer. Nog 3 op voorraad!") == "nog 3"


@pytest.mark.parametrize(
    "text", ["1." * 500, "nog " * 250, "1" * 1000, "1" + " " * 998 + "x", "12 a b " * 140]
)
def test_a_hostile_text_takes_no_time(text: str) -> None:
    begun = time.process_time()

    typed_claim(text)

    assert time.process_time() - begun < 0.5
