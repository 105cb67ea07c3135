"""An experience is read strictly: what is misspelled is named, what is dangerous is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from decide_examples import body, experience, products_variant

from etalage.connect.files import read_files
from etalage.decide.parse_experience import parse_experience, uses
from etalage.domain.experience import Experience
from etalage.errors import BadExperience, EtalageError, Unknown

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "experiences"


def test_the_examples_in_the_repository_are_right() -> None:
    written = read_files([EXAMPLES])

    read = [parse_experience(one.name, one.body) for one in written]

    assert [e.name for e in read] == ["free-delivery", "popular-here", "welcome-back"]
    assert uses(read[2]) == [("segment", "lookers")]
    assert uses(read[1]) == []


def test_an_experience_survives_being_written_as_json() -> None:
    read = experience(variants=[products_variant()], form="products")

    assert msgspec.json.decode(msgspec.json.encode(read), type=Experience) == read


@pytest.mark.parametrize(
    ("changes", "field", "nearest"),
    [
        ({"priorty": 3}, "priorty", "priority"),
        ({"trigger": {"on": "exitintent"}}, "trigger.on", "exit_intent"),
        (
            {"trigger": {"on": "load", "page": {"url": {"prefx": "/p"}}}},
            "trigger.page.url.prefx",
            "prefix",
        ),
        ({"form": "popups"}, "form", "popup"),
        ({"phase": "awarness"}, "phase", "awareness"),
        ({"requires": ["emial"]}, "requires[0]", "email"),
        (
            {"variants": [products_variant(strategy="popular")]},
            "variants[0].products.strategy",
            "popular_now",
        ),
    ],
)
def test_a_misspelled_name_is_answered_with_the_nearest_one(
    changes: dict[str, Any], field: str, nearest: str
) -> None:
    with pytest.raises(Unknown) as refused:
        parse_experience("help", body(**changes))

    assert refused.value.field == field
    assert refused.value.nearest == nearest


def _with_block(**block: Any) -> dict[str, Any]:
    always = {"type": "text", "text": "Hallo"}
    return {"variants": [{"name": "a", "content": {"nl": [always, block]}}]}


@pytest.mark.parametrize(
    "changes",
    [
        {"gain": None},
        {"gain": {"nl": "Alleen Nederlands"}},
        {"gain": {"nl": "Nog 3 over", "en": "x"}},
        {"gain": {"nl": "Dag {{shop.name}}", "en": "x"}},
        {"goal": None},
        {"purpose": None},
        {"variants": []},
        {"variants": [{"name": "control", "content": {"nl": [{"type": "text", "text": "x"}]}}]},
        {"variants": [{"name": "a", "content": {}}]},
        {"trigger": {"on": "delay"}},
        {"trigger": {"on": "scroll", "percent": 101}},
        {"trigger": {"on": "load", "seconds": 3}},
        {"trigger": {"on": "load", "page": {"url": {"prefix": "p"}}}},
        {"form": "popup"},  # without a cap
        {"form": "products"},  # without products
        {"caps": [{"times": 0, "per": "day"}]},
        {"caps": [{"times": 51, "per": "ever"}]},
        {"caps": [{"times": 1, "per": "day"}, {"times": 2, "per": "day"}]},
        {"priority": 101},
        {"priority": True},
        {"allocation": {"kind": "fixed", "control": 0.1}},
        {"allocation": {"kind": "split", "control": 1}},
        {"allocation": {"kind": "split", "control": float("nan")}},
        {"schedule": {"from": "2026-12-02", "until": "2026-12-01"}},
        {"schedule": {"from": "2026-02-30"}},
        {"schedule": {"until": "9999-12-31"}},
        {"schedule": {"from": "yesterday"}},
        {"goal": {"event": "purchase", "window_days": 0}},
        _with_block(type="button", label="Weg"),
        _with_block(type="button", label="Kijk", link="/x", closes=True),
        _with_block(type="button", label="Kijk", link="javascript:alert(1)"),
        _with_block(type="button", label="Kijk", link="http://shop.example/"),
        _with_block(type="button", label="Kijk", link="//evil.example/"),
        _with_block(type="button", label="Kijk", link="/\\evil.example/"),
        _with_block(type="button", label="Kijk", link="https://shop.example@evil.example/"),
        _with_block(type="button", label="Kijk", link="https://evil.example/\u202egpj"),
        _with_block(type="image", url="data:image/svg+xml,x", alt="x"),
        _with_block(type="countdown", ends="schedule"),
        _with_block(type="question", text="Wat?", preference="pet", options=["hond"]),
        _with_block(type="text", text="a\x00b"),
        _with_block(type="text", text="a\u202eb"),
        _with_block(type="text", text=""),
        _with_block(type="text", text="x" * 1001),
        _with_block(type="product_list", title="x"),  # without products
        {
            "variants": [
                {"name": "a", "content": {"nl": [{"type": "text", "text": "{{cart.value}}"}]}}
            ]
        },
    ],
)
def test_an_experience_that_breaks_a_rule_is_refused_with_its_place(
    changes: dict[str, Any],
) -> None:
    with pytest.raises(EtalageError) as refused:
        parse_experience("help", body(**changes))

    assert refused.value.field
    assert refused.value.code in {"bad-experience", "unknown-name"}


@pytest.mark.parametrize("wrong", [None, [], "text", 3, {1: 2}])
def test_a_body_that_is_no_object_is_refused(wrong: Any) -> None:
    with pytest.raises(BadExperience):
        parse_experience("help", wrong)


@pytest.mark.parametrize("name", ["", "Help", "a b", "../x", "holdout", "x" * 65, "-a"])
def test_a_name_that_could_be_misread_is_refused(name: str) -> None:
    with pytest.raises(BadExperience):
        parse_experience(name, body())


def test_shares_that_do_not_add_up_are_refused() -> None:
    block = {"nl": [{"type": "text", "text": "x"}]}
    halves = [
        {"name": "a", "share": 0.5, "content": block},
        {"name": "b", "share": 0.4, "content": block},
    ]

    with pytest.raises(BadExperience, match="add up to 1"):
        experience(variants=halves, allocation={"kind": "split"})


def test_a_link_to_a_domain_that_is_not_listed_is_refused() -> None:
    with_link = body(**_with_block(type="button", label="Kijk", link="https://elsewhere.example/x"))

    with pytest.raises(BadExperience, match="not a listed domain"):
        parse_experience("help", with_link, domains=frozenset({"shop.example"}))


def test_a_day_that_is_named_as_the_end_is_included() -> None:
    read = experience(schedule={"from": "2026-12-01", "until": "2026-12-24"})

    assert (read.schedule.start, read.schedule.until) == ("2026-12-01T00:00", "2026-12-25T00:00")


def test_a_variant_that_names_the_product_on_the_page_is_known_as_such() -> None:
    named = experience(**_with_block(type="text", text="Over {{product.title|dit artikel}}"))

    assert named.is_about_product
    assert not experience().is_about_product
