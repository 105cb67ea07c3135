"""The language of segments is closed: what is right is read, what is wrong is refused with its place and a hint."""

from __future__ import annotations

import json

import pytest

from etalage.domain import segment as tree
from etalage.domain.event import Event, Line
from etalage.domain.ids import EventId, ProductId
from etalage.domain.time import ShopZone
from etalage.errors import BadSegment, EtalageError, Unknown
from etalage.segment.features import counted, feature_of, features, where_json, where_of
from etalage.segment.live import compile_live
from etalage.segment.parse import MAX_CHAIN, MAX_DEPTH, MAX_NODES, parse

DESIGN = {
    "all": [
        {
            "did": "view_item",
            "where": {"category": {"under": "Hond > Voer"}},
            "times": {"at_least": 3},
            "within": "30d",
        },
        {"not": {"did": "purchase", "within": "30d"}},
        {"any": [{"trait": "country", "is": "NL"}, {"context": "utm_source", "in": ["newsletter"]}]},
        {"phase": {"is": "consideration"}},
        {"rfm": {"recency": {"at_least": 4}}},
        {"in": "loyal-customers"},
    ]
}  # fmt: skip
LOYAL = {"loyal-customers": {"did": "purchase", "times": {"at_least": 5}}}


def read(written: object, **known: object) -> tree.Node:
    return parse(written, currency="EUR", known=known)


def event(name: str, lines: tuple[Line, ...] = ()) -> Event:
    return Event(EventId("e"), name, 0, 0, "claimed", "browser", lines=lines)


def test_the_example_of_the_design_is_read() -> None:
    node = parse(DESIGN, currency="EUR", known=LOYAL)

    assert isinstance(node, tree.AllOf)
    viewed, not_bought, either, phase, recency, loyal = node.parts
    assert viewed == tree.Did(
        "view_item",
        (("category", (tree.Test("under", "Hond > Voer"),)),),
        tree.Range(at_least=3),
        window=tree.Window(days=30),
    )
    assert not_bought == tree.Not(tree.Did("purchase", window=tree.Window(days=30)))
    assert either == tree.AnyOf(
        (
            tree.Trait("country", (tree.Test("is", "NL"),)),
            tree.OfContext("utm_source", (tree.Test("is", "newsletter"),)),
        )
    )
    assert phase == tree.Fact("phase", "phase", (tree.Test("is", "consideration"),))
    assert recency == tree.Fact("rfm", "recency", (tree.Test("at_least", 4),))
    assert loyal == tree.In("loyal-customers", tree.Did("purchase", times=tree.Range(at_least=5)))


def test_amounts_are_kept_in_minor_units_and_scores_in_millionths() -> None:
    spent = read({"did": "purchase", "sum": {"at_least": 50.10}})
    priced = read({"did": "view_item", "where": {"price": {"between": [5, 9.95]}}})
    score = read({"score": "churn", "at_least": 0.7})

    assert isinstance(spent, tree.Did)
    assert spent.sum == tree.Range(at_least=5010)
    assert isinstance(priced, tree.Did)
    assert dict(priced.where)["price"] == (tree.Test("at_least", 500), tree.Test("at_most", 995))
    assert score == tree.Fact("score", "churn", (tree.Test("at_least", 700_000),))


def test_an_amount_of_an_event_counts_in_the_currency_of_the_shop_only() -> None:
    node = read({"did": "purchase", "where": {"value": {"at_least": 20}}})

    assert isinstance(node, tree.Did)
    assert dict(node.where)["currency"] == (tree.Test("is", "EUR"),)


def test_yen_have_no_decimals() -> None:
    node = parse({"did": "purchase", "sum": {"at_least": 500}}, currency="JPY")

    assert isinstance(node, tree.Did)
    assert node.sum == tree.Range(at_least=500)
    with pytest.raises(BadSegment):
        parse({"did": "purchase", "sum": {"at_least": 500.5}}, currency="JPY")


def test_never_is_written_as_at_most_zero_times() -> None:
    node = read({"did": "purchase", "times": {"at_most": 0}})

    assert isinstance(node, tree.Did)
    assert node.times.holds(0)
    assert not node.times.holds(1)


# ---- what is refused ---------------------------------------------------------------------------------

UNKNOWN = [
    ({"did": "view_item", "where": {"categori": {"is": "x"}}}, "where.categori", "category"),
    ({"all": [{"did": "a", "where": {"utm_sorce": {"is": "x"}}}]}, "all[0].where.utm_sorce", "utm_source"),
    ({"trait": "country", "iss": "NL"}, "iss", "is"),
    ({"did": "x", "where": {"brand": {"start_with": "A"}}}, "where.brand.start_with", "starts_with"),
    ({"alll": [{"did": "x"}]}, "alll", "all"),
    ({"not": {"triat": "x", "is": 1}}, "not.triat", "trait"),
    ({"did": "x", "witin": "3d"}, "witin", "within"),
    ({"did": "x", "times": {"atleast": 3}}, "times.atleast", "at_least"),
    ({"context": "page_typ", "is": "home"}, "context", "page_type"),
    ({"rfm": {"recensy": {"is": 1}}}, "rfm.recensy", "recency"),
    ({"in": "loyal-custmers"}, "in", "loyal-customers"),
    ({"did": "session", "order": [{"did": "a"}, {"did": "b", "were": {}}]}, "order[1].were", "where"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "place", "nearest"), UNKNOWN)
def test_an_unknown_name_is_refused_with_the_nearest_one(
    written: object, place: str, nearest: str
) -> None:
    with pytest.raises(Unknown) as refused:
        parse(written, currency="EUR", known=LOYAL)

    assert refused.value.field == place
    assert refused.value.nearest == nearest
    assert nearest in refused.value.message


BAD = [
    ("did", None),
    ([], None),
    ({}, None),
    ({"did": "x", "trait": "y"}, None),
    ({"all": []}, "all"),
    ({"any": {"did": "x"}}, "any"),
    ({"all": [{"did": "x"}, 5]}, "all[1]"),
    ({"did": 5}, "did"),
    ({"did": ""}, "did"),
    ({"did": "drop table;"}, "did"),
    ({"did": "consent"}, "did"),
    ({"did": "session"}, "did"),
    ({"did": "x", "where": {}}, "where"),
    ({"did": "x", "where": {"brand": "Acme"}}, "where.brand"),
    ({"did": "x", "where": {"brand": {}}}, "where.brand"),
    ({"did": "x", "where": {"brand": {"at_least": 3}}}, "where.brand.at_least"),
    ({"did": "x", "where": {"brand": {"is": True}}}, "where.brand.is"),
    ({"did": "x", "where": {"quantity": {"is": True}}}, "where.quantity.is"),
    ({"did": "x", "where": {"quantity": {"is": "3"}}}, "where.quantity.is"),
    ({"did": "x", "where": {"quantity": {"is": float("nan")}}}, "where.quantity.is"),
    ({"did": "x", "where": {"quantity": {"at_least": float("inf")}}}, "where.quantity.at_least"),
    ({"did": "x", "where": {"quantity": {"is": 1.5}}}, "where.quantity.is"),
    ({"did": "x", "where": {"quantity": {"is": 2**60}}}, "where.quantity.is"),
    ({"did": "x", "where": {"price": {"at_least": 1.005}}}, "where.price.at_least"),
    ({"did": "x", "where": {"price": {"at_least": 10**11}}}, "where.price.at_least"),
    ({"did": "x", "where": {"price": {"is": 1}, "currency": {"is": "USD"}}}, "where.currency"),
    ({"did": "x", "where": {"brand": {"in": []}}}, "where.brand.in"),
    ({"did": "x", "where": {"brand": {"in": "Acme"}}}, "where.brand.in"),
    ({"did": "x", "where": {"brand": {"in": ["a", 1]}}}, "where.brand.in[1]"),
    ({"did": "x", "where": {"brand": {"in": ["a"] * 501}}}, "where.brand.in"),
    ({"did": "x", "where": {"brand": {"exists": "yes"}}}, "where.brand.exists"),
    ({"did": "x", "where": {"brand": {"contains": ""}}}, "where.brand.contains"),
    ({"did": "x", "where": {"brand": {"is": "x" * 501}}}, "where.brand.is"),
    ({"did": "x", "where": {"brand": {"is": "\ud800"}}}, "where.brand.is"),
    ({"did": "x", "where": {"quantity": {"between": [1]}}}, "where.quantity.between"),
    ({"did": "x", "where": {"quantity": {"between": [5, 1]}}}, "where.quantity"),
    ({"did": "x", "where": {"quantity": {"between": [1, 5], "at_least": 2}}}, "where.quantity.at_least"),
    ({"did": "x", "where": {'properties.a"b': {"is": 1}}}, 'where.properties.a"b'),
    ({"did": "x", "where": {"properties.": {"is": 1}}}, "where.properties."),
    ({"did": "x", "where": {"properties.a": {"is": 1.5}}}, "where.properties.a.is"),
    ({"did": "x", "where": {"properties.a": {"before": "1-2-2026"}}}, "where.properties.a.before"),
    ({"did": "x", "times": 3}, "times"),
    ({"did": "x", "times": {"at_least": -1}}, "times"),
    ({"did": "x", "times": {"at_least": 0}}, "times"),
    ({"did": "x", "times": {"at_least": 4, "at_most": 2}}, "times"),
    ({"did": "x", "times": {"is": 4, "at_most": 7}}, "times"),
    ({"did": "x", "times": {"at_least": True}}, "times.at_least"),
    ({"did": "x", "sum": {}}, "sum"),
    ({"did": "x", "within": "30"}, "within"),
    ({"did": "x", "within": 30}, "within"),
    ({"did": "x", "within": "0d"}, "within"),
    ({"did": "x", "within": "49h"}, "within"),
    ({"did": "x", "within": "9999d"}, "within"),
    ({"did": "x", "within": "7d", "since": "2026-01-01"}, "since"),
    ({"did": "x", "since": "2026-02-30"}, "since"),
    ({"did": "x", "until": "gisteren"}, "until"),
    ({"did": "x", "since": "2026-02-02", "until": "2026-02-01"}, "since"),
    ({"did": "view_item", "order": [{"did": "a"}, {"did": "b"}]}, "did"),
    ({"did": "session", "order": [{"did": "a"}]}, "order"),
    ({"did": "session", "order": [{"did": "a"}, "b"]}, "order[1]"),
    ({"did": "session", "order": [{"did": "a"}] * 11}, "order"),
    ({"did": "session", "order": [{"did": "a"}, {"did": "session"}]}, "order[1].did"),
    ({"trait": "country"}, ""),
    ({"trait": 5, "is": "NL"}, "trait"),
    ({"phase": "consideration"}, "phase"),
    ({"phase": {"at_least": 3}}, "phase.at_least"),
    ({"rfm": {}}, "rfm"),
    ({"score": "churn", "at_least": 0.1234567}, "at_least"),
    ({"context": "hour", "is": "nine"}, "is"),
    ({"in": 5}, "in"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "place"), BAD, ids=[str(i) for i in range(len(BAD))])
def test_what_breaks_a_rule_is_refused_with_its_place(written: object, place: str | None) -> None:
    with pytest.raises(BadSegment) as refused:
        read(written)

    assert refused.value.field == place


def test_conditions_may_lie_so_deep_and_no_deeper() -> None:
    written: object = {"did": "x"}
    for _ in range(MAX_DEPTH - 1):
        written = {"not": written}

    read(written)
    with pytest.raises(BadSegment, match="deep"):
        read({"not": written})


def test_a_tree_of_a_thousand_levels_is_refused_without_harm() -> None:
    written: object = {"did": "x"}
    for _ in range(100_000):
        written = {"not": written}

    with pytest.raises(BadSegment, match="deep"):
        read(written)


def test_a_segment_may_have_so_many_conditions_and_no_more() -> None:
    read({"any": [{"did": "x"}] * (MAX_NODES - 1)})

    with pytest.raises(BadSegment, match="conditions"):
        read({"any": [{"did": "x"}] * MAX_NODES})


def test_segments_that_refer_to_each_other_in_a_circle_are_refused() -> None:
    with pytest.raises(BadSegment, match="a > b > a"):
        read({"in": "a"}, a={"in": "b"}, b={"not": {"in": "a"}})


def test_an_error_inside_a_segment_referred_to_says_where() -> None:
    with pytest.raises(Unknown) as refused:
        read({"not": {"in": "a"}}, a={"trait": "x", "iz": 1})

    assert refused.value.field == "not.in(a).iz"


def test_a_long_chain_of_segments_is_refused() -> None:
    known: dict[str, object] = {f"s{i}": {"in": f"s{i + 1}"} for i in range(MAX_CHAIN + 1)}
    known[f"s{MAX_CHAIN + 1}"] = {"did": "x"}

    read({"in": "s2"}, **known)
    with pytest.raises(BadSegment, match="refer"):
        read({"in": "s0"}, **known)


def test_segments_that_multiply_are_refused_before_they_are_large() -> None:
    known: dict[str, object] = {
        f"s{i}": {"any": [{"in": f"s{i + 1}"}] * 90} for i in range(MAX_CHAIN - 1)
    }
    known[f"s{MAX_CHAIN - 1}"] = {"did": "x"}

    with pytest.raises(BadSegment, match="more than"):
        read({"in": "s0"}, **known)


@pytest.mark.parametrize("written", [w for w, *_ in UNKNOWN] + [w for w, _ in BAD])
def test_a_refusal_has_a_code_and_says_something(written: object) -> None:
    with pytest.raises(EtalageError) as refused:
        parse(written, currency="EUR", known=LOYAL)

    assert refused.value.code in {"bad-segment", "unknown-name"}
    assert len(refused.value.message) > 10


# ---- what is counted ---------------------------------------------------------------------------------


def test_equal_conditions_are_counted_once_however_they_are_written() -> None:
    one = read(
        {
            "did": "view_item",
            "where": {"brand": {"in": ["b", "a"]}, "quantity": {"between": [1, 2]}},
        }
    )
    other = read(
        {
            "all": [
                {
                    "did": "view_item",
                    "within": "7d",
                    "times": {"at_least": 3},
                    "where": {"quantity": {"at_most": 2, "at_least": 1}, "brand": {"in": ["a", "b", "a"]}},
                },
                {"did": "view_item", "within": "3h"},
                {"did": "session", "order": [{"did": "view_item"}, {"did": "purchase"}]},
            ]
        }
    )  # fmt: skip

    assert features(one) == features(other)
    assert len(features(one)) == 1


def test_one_and_true_and_a_text_are_different_conditions() -> None:
    values: list[object] = [1, True, "1"]
    nodes = [read({"did": "x", "where": {"properties.a": {"is": value}}}) for value in values]

    assert len({feature.id for node in nodes for feature in features(node)}) == 3


def test_a_condition_survives_being_stored() -> None:
    node = read(
        {"did": "x", "where": {"price": {"in": [5, 1]}, "properties.a": {"in": [True, 1, "z"]}}}
    )
    (feature,) = features(node)

    where = where_of(json.loads(json.dumps(where_json(feature.where))))

    assert where == feature.where
    assert feature_of("x", where).id == feature.id


def test_counting_is_told_per_event_and_once_per_condition() -> None:
    node = read({"any": [{"did": "x"}, {"did": "x", "within": "2d"}, {"did": "y"}]})

    told = counted((*features(node), *features(node)))

    assert [len(told(event(name))) for name in ("x", "y", "z")] == [1, 1, 0]


def test_a_condition_on_a_category_is_found_from_every_category_below_it() -> None:
    under = {"did": "x", "where": {"category": {"under": "Hond > Voer"}}}
    exact = {"did": "x", "where": {"category": {"is": "Hond > Voer"}}}
    brand = {"did": "x", "where": {"brand": {"is": "Noord"}}}
    (below,), (same,), (other,) = (features(read(tree)) for tree in (under, exact, brand))
    told = counted((below, same, other))

    def conditions(*categories: str | None) -> set[str]:
        lines = tuple(Line(ProductId("p"), category=category) for category in categories)
        return set(told(event("x", lines)))

    assert conditions("Hond > Voer") == {below.id, same.id}
    assert conditions("Kat", "Hond > Voer > Nat") == {below.id}
    assert conditions("Hond > Voer > > Nat") == {below.id}
    assert conditions("Hond", "Hond > Voerbak", "", None) == set()
    assert told(event("x", (Line(ProductId("p"), brand="Noord"),))) == [other.id]


def test_every_tree_that_is_read_compiles() -> None:
    assert compile_live(
        parse(DESIGN, currency="EUR", known=LOYAL), zone=ShopZone("UTC"), currency="EUR"
    )
