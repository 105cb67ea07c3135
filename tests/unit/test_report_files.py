"""`etalage report --html --pdf --mail`: the files a client gets."""

from __future__ import annotations

from pathlib import Path

import pytest
from report_examples import NOW, harmful, total

from etalage.cli.report_files import Files, write_files
from etalage.domain.ids import ShopId
from etalage.domain.shop import Shop
from etalage.errors import BadInput

SHOP = Shop(id=ShopId("noord"), name="Noord", domain="noord.example")


def test_the_files_asked_for_are_written_and_no_others(tmp_path: Path) -> None:
    files = Files(
        html=tmp_path / "rapport.html",
        pdf=tmp_path / "rapport.pdf",
        mail=tmp_path / "mail.html",
        link="https://noord.example/rapport",
    )

    written = write_files([total(), harmful()], files, shop=SHOP, lang="nl", now=NOW)

    assert {path.name for path in written} == {path.name for path in tmp_path.iterdir()}
    assert {path.name for path in written} == {
        "rapport.html",
        "rapport.pdf",
        "mail.html",
        "mail.txt",
    }
    assert "Noord" in (tmp_path / "rapport.html").read_text(encoding="utf-8")
    assert (tmp_path / "rapport.pdf").read_bytes().startswith(b"%PDF")
    assert "https://noord.example/rapport" in (tmp_path / "mail.txt").read_text(encoding="utf-8")


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    files = Files(html=tmp_path / "nergens" / "rapport.html")

    with pytest.raises(BadInput, match="nergens"):
        write_files([harmful()], files, shop=SHOP, lang="nl", now=NOW)


def test_a_link_that_is_no_address_is_refused(tmp_path: Path) -> None:
    files = Files(mail=tmp_path / "mail.html", link="javascript:alert(1)")

    with pytest.raises(BadInput):
        write_files([harmful()], files, shop=SHOP, lang="nl", now=NOW)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "rapport"
    folder.mkdir()

    with pytest.raises(BadInput, match="cannot be written") as refused:
        write_files([total()], Files(html=folder), shop=SHOP, lang="nl", now=NOW)

    assert refused.value.field == "rapport"


def test_no_file_takes_the_place_of_another(tmp_path: Path) -> None:
    one = tmp_path / "rapport.html"
    text = tmp_path / "mail.txt"

    for files in (Files(html=one, pdf=one), Files(mail=text)):
        with pytest.raises(BadInput, match="two files"):
            write_files([total()], files, shop=SHOP, lang="nl", now=NOW)

    assert not list(tmp_path.iterdir())
