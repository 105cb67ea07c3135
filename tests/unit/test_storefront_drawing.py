"""The drawings of Noord: every product its own, small, and readable to whoever cannot see them."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from etalage.simulate.catalogue import noord
from etalage.simulate.storefront.drawing import KINDS, picture
from etalage.simulate.storefront.range import styles
from etalage.simulate.storefront.shelves import Shelves, drawn

SVG = "{http://www.w3.org/2000/svg}"


def test_every_drawing_is_an_svg_of_less_than_six_kilobytes_with_title_and_description() -> None:
    for key, style in styles().items():
        for colour in style.colours or (None,):
            text = picture(key, colour)
            tree = ET.fromstring(text)  # noqa: S314  our own text

            assert len(text.encode()) < 6_000, key
            assert tree.tag == f"{SVG}svg"
            assert (tree.findtext(f"{SVG}title") or "").startswith(style.title[0])
            assert tree.findtext(f"{SVG}desc") == style.description[0]


def test_no_two_products_have_the_same_drawing_also_without_their_colours_and_weather() -> None:
    shapes = [re.sub(r"<(title|desc|style).*?</\1>", "", picture(key)) for key in styles()]

    assert len(set(shapes)) == len(shapes)


def test_a_drawing_is_the_same_every_time_and_every_kind_is_used() -> None:
    picture.cache_clear()
    first = picture("N-601")
    picture.cache_clear()

    assert picture("N-601") == first
    assert {style.draw for style in styles().values()} == set(KINDS)


def test_drawings_hold_no_script_and_no_address_of_others() -> None:
    for key in styles():
        text = picture(key).replace("http://www.w3.org/2000/svg", "")
        assert "http" not in text
        assert "<script" not in text


def test_a_picture_is_found_by_product_and_one_of_its_colours_only() -> None:
    shelves = Shelves(noord())

    assert drawn("n-101.svg", shelves) == picture("N-101")
    assert drawn("n-101-okergeel.svg", shelves) == picture("N-101", "okergeel")
    assert drawn("los-n-101.svg", shelves) == picture("N-101", grounded=False)
    for wrong in ("n-101-paars.svg", "n-999.svg", "../noord.csv", "n-101.png", "n-101", ".svg"):
        assert drawn(wrong, shelves) is None
