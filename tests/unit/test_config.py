"""Settings: one table; a file, the environment, and nothing that is ignored in silence."""

from __future__ import annotations

import ast
from dataclasses import fields
from pathlib import Path

import pytest

from etalage import app
from etalage.config import FILE, Settings, load, table
from etalage.errors import BadInput, Unknown

SOURCE = Path(__file__).resolve().parents[2] / "src" / "etalage"


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('port = 8500\nhost = "0.0.0.0"\n')

    assert load(tmp_path, {}).port == 8500
    assert load(tmp_path, {"ETALAGE_PORT": "8600"}).port == 8600
    assert load(tmp_path, {"ETALAGE_PORT": "8600"}).host == "0.0.0.0"  # noqa: S104  only read
    assert load(tmp_path, {}).roll_seconds == Settings().roll_seconds


def test_a_name_that_is_no_setting_is_refused_with_the_nearest_one(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("prot = 8500\n")

    with pytest.raises(Unknown, match="did you mean 'port'"):
        load(tmp_path, {})
    with pytest.raises(Unknown, match="did you mean 'journal_days'"):
        load(None, {"ETALAGE_JOURNAL_DAY": "3"})


@pytest.mark.parametrize(
    ("name", "value"),
    [("ETALAGE_PORT", "no"), ("ETALAGE_PORT", "0"), ("ETALAGE_ROLL_SECONDS", "nan")],
)
def test_a_value_that_is_none_is_refused(name: str, value: str) -> None:
    with pytest.raises(BadInput):
        load(None, {name: value})


def test_a_truth_value_is_no_number_and_a_broken_file_is_none(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("port = true\n")
    with pytest.raises(BadInput, match="port must be"):
        load(tmp_path, {})
    (tmp_path / FILE).write_text("port = \n")
    with pytest.raises(BadInput, match="cannot be read"):
        load(tmp_path, {})


def test_what_says_where_the_data_lies_is_no_setting() -> None:
    assert load(None, {"ETALAGE_DATA": "shop", "ETALAGE_MASTER_KEY": "x"}) == Settings()


def test_every_setting_is_read_somewhere() -> None:
    """A row of the table that nothing reads would promise what does not happen."""
    read = {
        f"{node.value.id if isinstance(node.value, ast.Name) else getattr(node.value, 'attr', '')}.{node.attr}"
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
    }
    unread = {row.name for row in fields(Settings)} - {
        name.removeprefix(f"{holder}.")
        for name in read
        for holder in ("settings", "_settings")
        if name.startswith(f"{holder}.")
    }
    assert unread == set()
    assert {row[0] for row in table()} == {row.name for row in fields(Settings)}


def test_a_shop_with_a_purpose_or_a_currency_that_is_none_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is no currency"):
        app.new_shop("Noord", "noord.example", currency="euro")
    shop = app.new_shop("Noord", "noord.example")
    with pytest.raises(Unknown, match="did you mean 'measure'"):
        app.create_shop(tmp_path / "data", shop, now=1, purposes=("mesure",), basis="contract")
    assert not (tmp_path / "data").exists()
