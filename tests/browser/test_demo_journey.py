"""What somebody sees who opens the demo: she accepts, looks at three products, comes home, and it has changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from demo_shop import Demo
from playwright.sync_api import Locator, Page, expect

RAIN_JACKETS = ("regenjas-texel", "regenjas-schiermonnikoog", "regenjas-ameland-kort")
ASKED = "performance.getEntriesByType('resource').some((one) => one.name.endsWith('/v1/decide'))"
ALL_SHOWN = {
    "nieuws_over_zoeken": "eigen-woorden",
    "drie_lijsten": "laatst-bekeken",
    "fijn_dat_je_er_bent": "groet",
    "bijna_gratis": "bedrag",
    "hulp_bij_weggaan": "antwoord",
}


def soon(page: Page, said: str) -> None:
    """Wait until something holds in the page; its policy lets nobody poll with `eval`."""
    for _ in range(80):
        if page.evaluate(said):
            return
        page.wait_for_timeout(100)
    raise AssertionError(said)


def accept(page: Page) -> None:
    page.locator('.consent button[value="all"]').click()
    soon(page, "(JSON.parse(localStorage.etalage || '{}').token || '').length > 20")


def look_at(page: Page, demo: Demo, *slugs: str, language: str = "") -> None:
    for slug in slugs:
        page.goto(f"{demo.shop}{language}/p/{slug}")
        soon(page, ASKED)
        page.wait_for_timeout(1_200)  # what she looked at is told within a second


def until_drawn(page: Page, address: str, slot: str) -> Locator:
    """Open a page; where the answer came later than 300 ms what she saw has stayed, so she looks again."""
    for _ in range(6):
        page.goto(address)
        place = page.locator(f'[data-etalage-slot="{slot}"]')
        message = place.locator(".why").first
        place.evaluate("(e) => e.scrollIntoView({block: 'center'})")
        try:
            message.wait_for(state="attached", timeout=2_500)
        except Exception:  # noqa: BLE001, S112  the machine was slow
            continue
        return place
    raise AssertionError(f"nothing was drawn in {slot}: {page.evaluate('etalage(`diagnose`)')}")


def picture(page: Page, artefacts: Path, name: str, *, whole: bool = False) -> None:
    page.wait_for_timeout(400)  # what arrives has arrived
    page.screenshot(path=artefacts / f"demo-{name}.png", full_page=whole)


@pytest.mark.parametrize("language", ["nl", "en"])
def test_after_three_products_of_a_category_home_has_changed_and_says_why(
    coming: Callable[..., Page], demo: Demo, artefacts: Path, language: str
) -> None:
    base = "" if language == "nl" else "/en"
    page = coming(demo.visitor(**ALL_SHOWN), phone=language == "en")
    page.goto(f"{demo.shop}{base}/")
    picture(page, artefacts, f"home-before-{language}")
    before = page.locator('[data-etalage-slot="home_list"] h2').inner_text()
    accept(page)
    look_at(page, demo, *RAIN_JACKETS, language=base)

    place = until_drawn(page, f"{demo.shop}{base}/", "home_list")

    heading = place.get_by_role("heading").first
    expect(heading).to_have_text("Dit bekeek je" if language == "nl" else "You looked at these")
    assert heading.inner_text() != before
    picture(page, artefacts, f"home-after-{language}")
    assert place.get_by_role("listitem").count() >= 3
    place.locator(".why summary").click()
    why = (
        "Je vindt terug wat je bekeek" if language == "nl" else "You find what you looked at again"
    )
    expect(place.get_by_text(why)).to_be_visible()
    picture(page, artefacts, f"home-why-{language}")


def test_the_banner_of_the_front_page_follows_what_she_searched_for(
    coming: Callable[..., Page], demo: Demo, artefacts: Path
) -> None:
    page = coming(demo.visitor(**ALL_SHOWN))
    page.goto(f"{demo.shop}/")
    accept(page)
    page.goto(f"{demo.shop}/zoeken?q=regenbroek")
    soon(page, ASKED)
    page.wait_for_timeout(1_200)

    place = until_drawn(page, f"{demo.shop}/", "home_hero")

    expect(place.get_by_role("heading", name="Je zocht naar regenbroek")).to_be_visible()
    picture(page, artefacts, "banner-nl")


def test_who_comes_back_is_greeted_and_without_a_signature_by_no_name(
    coming: Callable[..., Page], demo: Demo, artefacts: Path
) -> None:
    token = demo.visitor(**ALL_SHOWN)
    first = coming(token)
    first.goto(f"{demo.shop}/p/regenjas-texel")
    accept(first)
    soon(first, ASKED)
    first.wait_for_timeout(1_200)

    page = coming(token, away_days=3)
    page.goto(f"{demo.shop}/zoeken")
    accept(page)
    place = until_drawn(page, f"{demo.shop}/", "top_bar")

    expect(place.get_by_text("Welkom terug, fijn dat je er bent.")).to_be_visible()
    picture(page, artefacts, "greeting-nl")


def test_who_signed_in_is_greeted_by_her_first_name(
    coming: Callable[..., Page], demo: Demo, artefacts: Path
) -> None:
    page = coming(demo.visitor(**ALL_SHOWN), away_days=3)
    page.goto(f"{demo.shop}/account")
    accept(page)
    page.locator('button[value="nieuw"]').click()
    expect(page.locator('[data-behaviour="signed-in"] h2')).to_contain_text("Noor")

    place = until_drawn(page, f"{demo.shop}/", "top_bar")

    expect(place.get_by_text("Welkom terug, Noor.")).to_be_visible()
    picture(page, artefacts, "greeting-name-nl")


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_amount_to_free_delivery_follows_the_basket(
    coming: Callable[..., Page], demo: Demo, artefacts: Path, language: str
) -> None:
    base = "" if language == "nl" else "/en"
    page = coming(demo.visitor(**ALL_SHOWN), phone=language == "en")
    page.goto(f"{demo.shop}{base}/p/wandelsokken-klei")
    accept(page)
    put_in_basket(page)
    place = until_drawn(page, f"{demo.shop}{base}/winkelmand", "cart_bar")
    first = amount_in(place)
    picture(page, artefacts, f"basket-{language}")

    page.locator(".amount button").last.click()

    for _ in range(40):
        page.wait_for_timeout(100)
        if amount_in(place) not in {None, first}:
            break
    else:  # the answer came too late for what is in view: the next page has it
        until_drawn(page, page.url, "cart_bar")
    after = amount_in(place)
    price = page.locator(".sums span").nth(1).inner_text()
    assert after == pytest.approx(60 - cents(price) / 100)
    picture(page, artefacts, f"basket-after-{language}")
    for _ in range(7):
        page.locator(".amount button").last.click()
    expect(place.locator(".why")).to_have_count(0)  # it is free now: nothing to say


@pytest.mark.parametrize("language", ["nl", "en"])
def test_who_leaves_is_asked_once_and_kindly(
    coming: Callable[..., Page], demo: Demo, artefacts: Path, language: str
) -> None:
    base = "" if language == "nl" else "/en"
    page = coming(demo.visitor(**ALL_SHOWN), phone=language == "en")
    page.goto(f"{demo.shop}{base}/c/dames/jassen")
    accept(page)
    page.goto(f"{demo.shop}{base}/c/dames/jassen")
    soon(page, ASKED)
    page.wait_for_timeout(700)
    expect(page.get_by_role("dialog")).to_have_count(0)

    page.evaluate(
        "document.dispatchEvent(new MouseEvent('mouseout', {clientY: -1, bubbles: true}))"
    )

    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    picture(page, artefacts, f"leaving-{language}")
    dialog.get_by_role(
        "button", name="Verder kijken" if language == "nl" else "Look further"
    ).click()
    expect(dialog).to_have_count(0)


def test_a_category_is_put_in_her_order_below_what_she_sees(
    coming: Callable[..., Page], demo: Demo
) -> None:
    stranger = coming(demo.visitor())
    stranger.goto(f"{demo.shop}/c/dames")
    own = ids_of(stranger)
    page = coming(demo.visitor())
    page.goto(f"{demo.shop}/")
    accept(page)
    last = own[-1]
    for one in (last, own[-2]):
        stranger.locator(f'[data-id="{one}"] a').first.click()
        look_at(page, demo, stranger.url.rsplit("/", 1)[-1])
        stranger.go_back()
    page.goto(f"{demo.shop}/c/dames")

    for _ in range(5):
        page.wait_for_timeout(900)
        if ids_of(page) != own:
            break
        page.reload()

    assert sorted(ids_of(page)) == sorted(own)
    assert ids_of(page).index(last) < own.index(last)
    assert ids_of(page)[:3] == own[:3], "what was in view stayed"


def put_in_basket(page: Page) -> None:
    sizes = page.locator(".sizes input:enabled + span, .sizes span")
    if sizes.count():
        page.locator(".sizes label:has(input:enabled)").first.click()
    page.locator('[data-behaviour="buy"] button[type="submit"]').click()
    expect(page.locator(".basket-count")).to_be_visible()


def cents(money: str) -> int:
    return int("".join(c for c in money if c.isdigit()))


def amount_in(place: Locator) -> float | None:
    said = place.locator(".text > p").first
    return cents(said.inner_text()) / 100 if said.count() else None


def ids_of(page: Page) -> list[str]:
    found: list[str] = page.locator(".grid [data-id]").evaluate_all(
        "all => all.map((e) => e.dataset.id)"
    )
    return found


def test_the_shop_tells_how_long_a_page_was_in_view(
    coming: Callable[..., Page], demo: Demo
) -> None:
    before = len(demo.events("user_engagement"))
    page = coming(demo.visitor(**ALL_SHOWN))
    page.goto(f"{demo.shop}/")
    accept(page)
    page.goto(f"{demo.shop}/p/regenjas-texel")
    soon(page, ASKED)
    page.wait_for_timeout(1_500)
    page.goto(f"{demo.shop}/zoeken")
    soon(page, ASKED)
    page.wait_for_timeout(1_200)

    told = demo.events("user_engagement")[before:]

    jacket = [event for event in told if event.page_type == "product"]
    assert [event.name for event in jacket] == ["user_engagement"]
    assert 1_500 <= int(jacket[0].properties["engagement_time_msec"]) < 60_000
    assert "measure" in jacket[0].purposes
