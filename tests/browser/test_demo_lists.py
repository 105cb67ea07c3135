"""Four things of the demo that shops know from elsewhere: three lists, a reminder, a look, and a picture of one's own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from demo_shop import Demo
from playwright.sync_api import Locator, Page, expect
from test_demo_journey import ASKED, accept, picture, put_in_basket, soon, until_drawn

DOG_COATS = ("hondenjas-monster-817", "hondenjas-workum-819", "hondenjas-griend-823")
LANGUAGES = pytest.mark.parametrize(("language", "base"), [("nl", ""), ("en", "/en")])


def sign_in(page: Page, demo: Demo, base: str, name: str) -> None:
    """Let her accept and sign in; from then on the shop says, signed, who she is."""
    page.goto(f"{demo.shop}{base}/account")
    accept(page)
    page.get_by_role("button", name=name).click()
    expect(page.locator('[data-behaviour="signed-in"] h2')).to_contain_text(name)
    page.wait_for_timeout(1_200)  # the server has heard of it


def look_at_dog_coats(page: Page, demo: Demo, base: str) -> None:
    page.goto(f"{demo.shop}{base}/")
    accept(page)
    for slug in DOG_COATS:
        page.goto(f"{demo.shop}{base}/p/{slug}")
        soon(page, ASKED)
        page.wait_for_timeout(1_200)


def reasons(place: Locator) -> list[str]:
    return place.locator("li small").all_inner_texts()


@LANGUAGES
def test_somebody_who_buys_again_and_again_is_reminded_beside_her_basket_and_adds_with_one_tap(
    coming: Callable[..., Page], demo: Demo, artefacts: Path, language: str, base: str
) -> None:
    page = coming(demo.visitor(), phone=language == "en")
    sign_in(page, demo, base, "Fatima")
    page.goto(f"{demo.shop}{base}/p/wandelsokken-klei")
    put_in_basket(page)

    place = until_drawn(page, f"{demo.shop}{base}/winkelmand", "cart_again")

    title = "Misschien bijna op?" if language == "nl" else "Running low, perhaps?"
    expect(place.get_by_role("heading")).to_have_text(title)
    rhythm = r"ongeveer elke \d+ weken" if language == "nl" else r"every \d+ weeks or so"
    assert len(reasons(place)) == 3
    assert all(re.search(rhythm, said) for said in reasons(place))
    picture(page, artefacts, f"reminder-{language}", whole=True)

    address, name = page.url, place.locator("li b").first.inner_text()
    place.locator("li a").first.click()

    expect(page.locator(".lines li")).to_have_count(2)
    assert page.url == address
    expect(page.locator('[data-behaviour="say"]')).not_to_be_empty()
    kept = json.loads(page.evaluate("sessionStorage.noord_cart"))
    assert [line["quantity"] for line in kept] == [1, 1]
    expect(place.locator("li b", has_text=name)).to_have_count(
        0
    )  # what is in the basket is not due
    picture(page, artefacts, f"reminder-added-{language}", whole=True)


def test_the_other_arm_shows_what_people_forget_most_and_a_no_takes_it_away(
    coming: Callable[..., Page], demo: Demo, artefacts: Path
) -> None:
    page = coming(demo.visitor())
    sign_in(page, demo, "", "Karel")
    page.goto(f"{demo.shop}/p/wandelsokken-klei")
    put_in_basket(page)

    place = until_drawn(page, f"{demo.shop}/winkelmand", "cart_again")

    assert set(reasons(place)) == {"Wordt vaak vergeten"}
    picture(page, artefacts, "reminder-control-nl", whole=True)
    place.get_by_role("button", name="Nee, dank je").click()
    expect(place.locator("li")).to_have_count(0)


def test_an_address_that_adds_works_when_it_is_opened_itself(
    coming: Callable[..., Page], demo: Demo
) -> None:
    page = coming(demo.visitor())
    page.goto(f"{demo.shop}/winkelmand?leg=N-861")

    expect(page.locator(".lines li")).to_have_count(1)
    assert page.url == f"{demo.shop}/winkelmand"  # a reload adds nothing


@LANGUAGES
def test_a_product_page_shows_a_whole_look_of_which_every_piece_can_be_bought(
    coming: Callable[..., Page], demo: Demo, artefacts: Path, language: str, base: str
) -> None:
    page = coming(demo.visitor(maak_het_compleet="samengesteld"), phone=language == "en")
    page.goto(f"{demo.shop}{base}/")
    accept(page)

    place = until_drawn(page, f"{demo.shop}{base}/p/regenjas-texel", "product_look")

    title = "Maak het compleet" if language == "nl" else "Complete the look"
    expect(place.get_by_role("heading")).to_have_text(title)
    curated = "Samengesteld bij" if language == "nl" else "Put together with"
    assert [said.startswith(curated) for said in reasons(place)][:3] == [True] * 3
    picture(page, artefacts, f"look-{language}", whole=True)
    place.locator("li a").first.click()
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator('[data-behaviour="buy"] button[type="submit"]')).to_be_enabled()


@LANGUAGES
def test_the_banner_has_the_picture_of_what_she_looked_at_and_keeps_it(
    coming: Callable[..., Page], demo: Demo, artefacts: Path, language: str, base: str
) -> None:
    token = demo.visitor(reparatie_voor_jou="eigen-beeld", drie_lijsten="voor-jou")
    page = coming(token, phone=language == "en")
    look_at_dog_coats(page, demo, base)

    place = until_drawn(page, f"{demo.shop}{base}/", "home_banner")

    image = place.locator(".text img").first
    expect(image).to_have_attribute("src", "/shop/beeld/buiten-hond.svg")
    expect(image).to_have_attribute("alt", re.compile("hond" if language == "nl" else "dog"))
    assert image.evaluate("(e) => e.decode().then(() => e.naturalWidth)") > 0
    picture(page, artefacts, f"artwork-{language}")
    heading = "Speciaal voor jou" if language == "nl" else "Especially for you"
    list_place = until_drawn(page, f"{demo.shop}{base}/", "home_list")
    expect(list_place.get_by_role("heading").first).to_have_text(heading)
    picture(page, artefacts, f"for-you-{language}", whole=True)

    for slug in ("tent-zuiderduin-829", "tent-bries-834"):
        page.goto(f"{demo.shop}{base}/p/{slug}")
        page.wait_for_timeout(1_200)
    place = until_drawn(page, f"{demo.shop}{base}/", "home_banner")
    expect(place.locator(".text img").first).to_have_attribute("src", "/shop/beeld/buiten-hond.svg")


def test_who_looked_at_nothing_sees_the_picture_for_everybody(
    coming: Callable[..., Page], demo: Demo, artefacts: Path
) -> None:
    page = coming(demo.visitor(reparatie_voor_jou="eigen-beeld"))
    page.goto(f"{demo.shop}/")
    accept(page)

    place = until_drawn(page, f"{demo.shop}/", "home_banner")

    expect(place.locator(".text img").first).to_have_attribute("src", "/shop/beeld/buiten-kust.svg")
    picture(page, artefacts, "artwork-nobody-nl")
