"""Every tree has one sentence in Dutch and one in English, and other trees have other sentences."""

# ruff: noqa: RUF001  Dutch and English have their own quotation marks

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etalage.domain.event import GA4_NAMES, NOT_ACTIVITY, OUR_NAMES
from etalage.segment.fields import CONTEXT_FIELDS, EVENT_FIELDS, LINE_FIELDS, OPERATORS_OF, Kind
from etalage.segment.parse import parse
from etalage.segment.sentence import Language, sentence, words

KNOWN = {"vast": {"did": "purchase", "times": {"at_least": 5}}}
OF_THE_SHOP = {"configuration", "feature"}  # written by the engine, about nobody
ACTIVITY = (GA4_NAMES | OUR_NAMES) - NOT_ACTIVITY - OF_THE_SHOP
LANGUAGES: tuple[Language, ...] = ("nl", "en")


def told(written: object, language: Language = "nl") -> str:
    text = sentence(
        parse(written, currency="EUR", known=KNOWN), language, currency="EUR",
        names={"vast": "Vaste klanten"},
    )  # fmt: skip
    return text.replace("\u00a0", " ")


EXAMPLES = [
    (
        {"did": "view_item", "where": {"category": {"under": "Hond > Voer"}}, "times": {"at_least": 3}, "within": "30d"},
        "Bezoekers die in de afgelopen 30 dagen minstens 3 keer een artikel in Hond > Voer bekeken.",
        "Visitors who viewed an item in Hond > Voer at least 3 times in the last 30 days.",
    ),
    (
        {"not": {"did": "purchase", "within": "1d"}},
        "Bezoekers die vandaag niets kochten.",
        "Visitors who did not buy anything today.",
    ),
    (
        {"did": "purchase", "sum": {"at_least": 50}, "since": "2026-03-01", "until": "2026-03-31"},
        "Bezoekers die van 1 maart 2026 tot en met 31 maart 2026 voor in totaal minstens € 50,00 iets kochten.",
        "Visitors who bought something from 1 March 2026 up to and including 31 March 2026 for at least €50.00 in all.",
    ),
    (
        {"did": "add_to_cart", "within": "36h", "where": {"brand": {"in": ["Acme", "Bo"]}, "price": {"between": [5, 10]}}},
        ("Bezoekers die in de afgelopen 36 uur een artikel in de winkelwagen legden waarvan het merk ‘Acme’ of ‘Bo’ is"
        " en de prijs van € 5,00 tot en met € 10,00 is."),
        ("Visitors who put an item in the cart whose brand is ‘Acme’ or ‘Bo’ and price is from €5.00 to €10.00"
        " in the last 36 hours."),
    ),
    (
        {"any": [{"trait": "land", "is": "NL"}, {"all": [{"context": "weekday", "in": [6, 7]}, {"in": "vast"}]}]},
        ("Bezoekers van wie het kenmerk ‘land’ ‘NL’ is of (bij wie nu de weekdag zaterdag of zondag is en die in het"
        " segment ‘Vaste klanten’ zitten)."),
        ("Visitors whose trait ‘land’ is ‘NL’ or (for whom now the weekday is Saturday or Sunday and who are in the"
        " segment ‘Vaste klanten’)."),
    ),
    (
        {"not": {"all": [{"phase": {"is": "consideration"}}, {"score": "churn", "at_least": 0.7}]}},
        ("Bezoekers die niet horen bij de bezoekers (van wie de fase overweging is en van wie de score ‘churn’"
        " minstens 0,7 is)."),
        ("Visitors who are not among the visitors (whose phase is consideration and whose score ‘churn’ is at"
        " least 0.7)."),
    ),
    (
        {"did": "session", "order": [{"did": "view_item"}, {"did": "add_to_cart"}], "times": {"at_least": 2}, "within": "7d"},
        ("Bezoekers die in de afgelopen 7 dagen minstens 2 keer in één bezoek achtereenvolgens een artikel bekeken en"
        " daarna een artikel in de winkelwagen legden."),
        ("Visitors who viewed an item and then put an item in the cart within one visit at least 2 times in the last"
        " 7 days."),
    ),
    (
        {"preference": "maat", "exists": False},
        "Bezoekers van wie de voorkeur ‘maat’ niet bekend is.",
        "Visitors whose preference ‘maat’ is not known.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("written", "dutch", "english"), EXAMPLES)
def test_a_tree_is_told_in_natural_dutch_and_english(
    written: object, dutch: str, english: str
) -> None:
    assert told(written, "nl") == dutch
    assert told(written, "en") == english


def keys(table: object) -> object:
    return {k: keys(v) for k, v in table.items()} if isinstance(table, dict) else None


def test_both_languages_have_the_same_words_and_every_field_has_one() -> None:
    dutch, english = words("nl"), words("en")

    for part in ("phrases", "tests", "labels", "phases", "weekdays", "events"):
        assert getattr(dutch, part).keys() == getattr(english, part).keys()
    fields = LINE_FIELDS.keys() | EVENT_FIELDS.keys() | CONTEXT_FIELDS.keys()
    assert fields <= dutch.labels.keys()
    assert dutch.events.keys() >= ACTIVITY


@pytest.mark.parametrize("language", LANGUAGES)
def test_other_thresholds_windows_and_values_are_other_sentences(language: Language) -> None:
    trees: list[object] = [{"did": "view_item"}]
    trees += [{"did": "view_item", "times": {"at_least": n}} for n in range(2, 40)]
    trees += [{"did": "view_item", "times": {"at_most": n}} for n in range(40)]
    trees += [{"did": "view_item", "times": {"is": n}} for n in range(1, 40)]
    trees += [{"did": "view_item", "times": {"between": [1, n]}} for n in range(2, 40)]
    trees += [{"did": "view_item", "within": f"{n}d"} for n in range(1, 60)]
    trees += [{"did": "view_item", "within": f"{n}h"} for n in range(1, 49)]
    trees += [
        {"did": "view_item", key: f"2026-01-{n:02}"}
        for n in range(1, 32)
        for key in ("since", "until")
    ]
    trees += [{"did": "purchase", "sum": {"at_least": n / 100}} for n in range(1, 200)]
    trees += [{"trait": "x", op: 3} for op in ("is", "at_least", "at_most")]
    trees += [{"trait": "x", op: "A"} for op in ("is", "contains", "starts_with", "under")]
    trees += [{"trait": "x", "is": value} for value in (True, False)]
    trees += [{"trait": "x", op: "2026-01-01"} for op in ("before", "after")]
    trees += [{"score": "x", "at_least": n / 1_000_000} for n in range(50)]

    sentences = [told(written, language) for written in trees]

    assert len(set(sentences)) == len(sentences)


TEXT = st.text(min_size=1, max_size=20).filter(
    lambda t: not any("\ud800" <= c <= "\udfff" or c == "\x00" for c in t)
)
NUMBER = st.integers(-1000, 1000)


def value_test(kind: Kind, operator: str) -> st.SearchStrategy[dict[str, object]]:
    textual = kind in {"text", "path"}
    values: dict[str, st.SearchStrategy[object]] = {
        "is": TEXT if textual else NUMBER,
        "in": st.lists(TEXT if textual else NUMBER, min_size=1, max_size=4),
        "exists": st.booleans(),
        "between": st.tuples(NUMBER, NUMBER).map(sorted),
        "at_least": NUMBER,
        "at_most": NUMBER,
        "before": st.dates().map(str),
        "after": st.dates().map(str),
    }
    return values.get(operator, TEXT).map(lambda value: {operator: value})


def any_test(kind: Kind) -> st.SearchStrategy[dict[str, object]]:
    return st.sampled_from(sorted(OPERATORS_OF[kind])).flatmap(lambda op: value_test(kind, op))


EVENT = {**LINE_FIELDS, **EVENT_FIELDS, "properties.een naam": "any"}
WHERE = st.sampled_from(sorted(EVENT)).flatmap(
    lambda field: any_test(EVENT[field]).map(lambda test: {field: test})  # type: ignore[arg-type]
)
NAMES = st.sampled_from([*sorted(ACTIVITY), "eigen-gebeurtenis"])
STEP = st.fixed_dictionaries({"did": NAMES}, optional={"where": WHERE})
WINDOW = st.sampled_from([{}, {"within": "3h"}, {"within": "1d"}, {"until": "2026-01-01"}])
TIMES = st.sampled_from([{}, {"times": {"at_most": 0}}, {"times": {"is": 1}}])
SUM = st.sampled_from([{}, {"sum": {"between": [1, 2]}}, {"sum": {"at_most": 0}}])
DID = st.tuples(STEP, WINDOW, TIMES, SUM).map(
    lambda parts: {k: v for p in parts for k, v in p.items()}
)
ORDER = st.tuples(st.lists(STEP, min_size=2, max_size=4), WINDOW, TIMES).map(
    lambda parts: {"did": "session", "order": parts[0], **parts[1], **parts[2]}
)
REGISTER = st.sampled_from(["trait", "preference"]).flatmap(
    lambda form: any_test("any").map(lambda test: {form: "x", **test})
)
CONTEXT = st.sampled_from(sorted(CONTEXT_FIELDS)).flatmap(
    lambda field: any_test(CONTEXT_FIELDS[field]).map(lambda test: {"context": field, **test})
)
FACT = st.one_of(
    any_test("text").map(lambda test: {"persona": test}),
    any_test("text").map(lambda test: {"phase": test}),
    any_test("number").map(lambda test: {"rfm": {"recency": test}}),
    any_test("score").map(lambda test: {"score": "churn", **test}),
)
LEAF = st.one_of(DID, ORDER, REGISTER, CONTEXT, FACT, st.just({"in": "vast"}))
TREE = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(TREE, st.sampled_from(LANGUAGES))
def test_every_tree_has_a_sentence_without_holes(written: object, language: Language) -> None:
    text = told(written, language)

    assert text.startswith("Bezoekers " if language == "nl" else "Visitors ")
    assert text.endswith(".")
    assert "  " not in text
    assert "{" not in text.replace("‘{", "") or "{" in str(written)
