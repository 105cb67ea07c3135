"""Artwork: one message, a picture per person, held for a while, and the same again when the decision is made again."""

from __future__ import annotations

from typing import Any

import pytest
from decide_examples import NOW, catalogue, experience, facts, product
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from etalage.decide.choose import choose
from etalage.decide.compose import compose
from etalage.decide.replay import read_record, replay, written
from etalage.deliver.message import Message
from etalage.domain.decision import Decision, DecisionFacts, DecisionRecord, Versions
from etalage.domain.event import Line
from etalage.domain.experience import Experience, Wanted
from etalage.domain.ids import ExperienceName
from etalage.domain.profile import Part, Recent
from etalage.domain.time import DAY
from etalage.errors import BadExperience
from etalage.recommend.artwork import Picture, artwork, picture_for, pictures_of
from etalage.recommend.popular import PopularIndex, Popularity, PopularModel
from etalage.recommend.shelf import Shelf
from etalage.recommend.strategy import recommend
from etalage.unify.person import EMPTY

HELP = ExperienceName("help")
PICTURES = (Picture("dog", ["Honden"]), Picture("bike", ["Fietsen", "Gazelle"]))


def looked(*acts: tuple[str, float], brand: str | None = None) -> Part:
    """Give somebody who looked at things of these categories, so many days ago."""
    recents = tuple(
        Recent(
            NOW - round(days * DAY), f"e{n}", "view_item", (Line("p", category=path, brand=brand),)
        )
        for n, (path, days) in enumerate(acts)
    )
    ordered = tuple(sorted(recents, key=lambda one: (one.time, one.id)))
    return replace(EMPTY, recents=ordered, days={one.time // DAY: 1 for one in ordered})


def image(**more: Any) -> dict[str, Any]:
    creatives = [
        {"name": "dog", "url": "/dog.svg", "alt": "Een hond", "tags": ["Honden"]},
        {"name": "bike", "url": "/bike.svg", "alt": "Een fiets", "tags": ["Fietsen"]},
    ]
    return {"type": "image", "url": "/coast.svg", "alt": "De kust", "creatives": creatives} | more


def live(**more: Any) -> Experience:
    return experience(variants=[{"name": "a", "content": {"nl": [image(**more)]}}])


def decided(part: Part | None, given_facts: DecisionFacts | None = None) -> Decision:
    asked, one = given_facts or facts(), live()
    chosen = choose(asked, [one])
    pictures = artwork(chosen, {HELP: one}, asked, part)
    return compose(asked, chosen, {}, {HELP: one}, pictures)


DOGS = looked(("Honden > Jassen", 3), ("Honden > Jassen", 2), ("Honden > Koekjes", 1))


def test_who_looks_at_dog_coats_sees_the_dog_and_who_cycles_the_bicycle() -> None:
    bikes = looked(*((f"Fietsen > {n}", 1.0 + n) for n in range(3)))

    assert decided(DOGS).entries[0].artwork == "dog"
    assert decided(bikes).entries[0].artwork == "bike"


def test_a_brand_is_a_tag_too_and_spelling_does_not_matter() -> None:
    part = looked(*(("Elders", n) for n in (1, 2, 3)), brand="GAZELLE")

    assert picture_for(PICTURES, part, NOW, seed="s") == "bike"


@pytest.mark.parametrize(
    "part",
    [
        EMPTY,
        looked(("Honden", 1), ("Honden", 2)),  # two acts are no taste
        looked(*(("Dames > Jassen", n) for n in range(1, 6))),  # no picture of that
        looked(("Honden", 1), *(("Dames", n) for n in range(1, 9))),  # hardly
    ],
)
def test_without_a_taste_for_any_of_them_everybody_sees_the_same(part: Part) -> None:
    assert decided(part).entries[0].artwork is None


def test_who_may_not_be_known_sees_the_picture_for_everybody() -> None:
    unknown = facts(purposes=("device", "measure"))

    assert decided(DOGS, unknown).entries[0].artwork is None
    assert decided(None).entries[0].artwork is None


def test_a_picture_stays_for_a_week_whatever_she_looks_at_meanwhile() -> None:
    first = NOW // DAY * DAY
    dogs = [(first + n, "Honden") for n in range(3)]
    bikes = [(first + DAY + n, "Fietsen") for n in range(30)]
    recents = tuple(
        Recent(at, f"e{n:03}", "view_item", (Line("p", category=path),))
        for n, (at, path) in enumerate([*dogs, *bikes])
    )
    part = replace(EMPTY, recents=recents, days={first // DAY: 3, first // DAY + 1: 30})

    pictures = [picture_for(PICTURES, part, first + day * DAY + 5, seed="s") for day in range(9)]

    assert pictures == ["dog"] * 7 + ["bike"] * 2


@given(
    st.lists(st.sampled_from(["Honden", "Fietsen", "Dames"]), min_size=3, max_size=12), st.text()
)
def test_the_same_past_and_seed_give_the_same_picture(paths: list[str], seed: str) -> None:
    part = looked(*((path, n + 1) for n, path in enumerate(paths)))

    found = picture_for(PICTURES, part, NOW, seed=seed)

    assert found in {None, "dog", "bike"}
    assert found == picture_for(tuple(reversed(PICTURES)), part, NOW, seed=seed)


def test_equal_ones_are_drawn_by_unit_and_both_come_up() -> None:
    part = looked(*((path, n + 1) for n, path in enumerate(["Honden", "Fietsen"] * 2)))
    same = replace(part, recents=tuple(replace(one, time=NOW - DAY) for one in part.recents))

    drawn = {picture_for(PICTURES, same, NOW, seed=f"unit-{n}") for n in range(40)}

    assert drawn == {"dog", "bike"}


def test_a_decision_made_again_has_the_same_picture_and_a_forged_one_is_found_out() -> None:
    asked, one = facts(), live()
    decision = decided(DOGS)
    record = DecisionRecord(
        facts=asked, decision=decision, versions=Versions("1", "7"), artwork={HELP: "dog"}
    )

    assert replay(read_record(written(record)), [one]) is None
    forged = replace(record, artwork={HELP: "bike"})
    assert replay(forged, [one]) == ["entries[0].artwork: 'dog' -> 'bike'"]


def test_a_picture_that_is_gone_gives_way_to_the_one_for_everybody() -> None:
    asked, one = facts(), live()

    decision = compose(asked, choose(asked, [one]), {}, {HELP: one}, {HELP: "ship"})

    assert decision.entries[0].artwork is None


def test_only_the_chosen_picture_leaves_the_server() -> None:
    one = live()
    message = Message(one, {})

    def drawn(picture: str | None) -> list[dict[str, object]]:
        return message.content(one.variants[0], "nl", picture).drawn(None)  # type: ignore[arg-type]

    assert drawn("dog") == [{"type": "image", "url": "/dog.svg", "alt": "Een hond"}]
    assert drawn(None) == [{"type": "image", "url": "/coast.svg", "alt": "De kust"}]


def test_a_picture_keeps_the_link_of_its_message() -> None:
    one = live(link="/mend")

    drawn = Message(one, {}).content(one.variants[0], "nl", "bike").drawn(None)  # type: ignore[arg-type]

    assert drawn[0]["link"] == "/mend"


@pytest.mark.parametrize(
    ("creatives", "field"),
    [
        ([{"name": "a", "url": "http://x", "alt": "x", "tags": ["x"]}], "url"),
        ([{"name": "a", "url": "/x", "alt": "x", "tags": []}], "tags"),
        ([{"name": "a", "url": "/x", "alt": "x", "tags": ["x"]}] * 2, "creatives"),
        ([{"name": "a", "url": "/x", "alt": "nog 3", "tags": ["x"]}], "alt"),
    ],
)
def test_a_wrong_creative_is_refused_by_the_name_of_its_field(
    creatives: list[Any], field: str
) -> None:
    with pytest.raises(BadExperience) as refused:
        live(creatives=creatives)

    assert field in str(refused.value.field)


def test_both_languages_have_the_same_creatives() -> None:
    content = {"nl": [image()], "en": [image(creatives=[])]}

    with pytest.raises(BadExperience, match="creatives"):
        experience(variants=[{"name": "a", "content": content}])


def test_a_product_has_a_picture_for_who_likes_what_it_shows() -> None:
    plain = product("coat", category="Dames > Jassen")
    links = (
        "https://shop.example/i/coat-dog.jpg#tags=Honden+Honden_>_Jassen",
        "https://shop.example/i/back.jpg",
    )
    coat = replace(plain, images=links)
    shop = catalogue(coat, product("hat", category="Dames > Hoeden"))
    ranked = tuple(Popularity(i, 100 - n, 10, 3) for n, i in enumerate(shop.products))
    shelf = Shelf(shop, PopularIndex(PopularModel("v", NOW, ranked), shop))

    hers = recommend(Wanted("popular_now"), facts(), DOGS, shelf)
    others = recommend(Wanted("popular_now"), facts(), EMPTY, shelf)

    assert [one.image for one in hers.candidates] == [links[0], None]
    assert [one.image for one in others.candidates] == [None, None]
    assert pictures_of(coat)[0].tags == ["Honden", "Honden > Jassen"]
