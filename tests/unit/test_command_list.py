"""What `etalage --help` lists is what there is, word for word, and listing it loads no shop."""

from __future__ import annotations

import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from etalage.cli.main import FAMILIES, LISTED, asked_for, listed, whole


def said(commands: typer.Typer) -> str:
    return CliRunner().invoke(commands, ["--help"], env={"COLUMNS": "120"}).output


def test_the_list_of_commands_is_that_of_the_commands_themselves() -> None:
    assert said(listed(None)) == said(whole())
    assert {family for family, _ in LISTED.values()} == set(FAMILIES)


@pytest.mark.parametrize("command", sorted(LISTED))
def test_a_command_that_is_asked_for_is_the_real_one(command: str) -> None:
    of_one = CliRunner().invoke(listed(command), [command, "--help"])
    of_all = CliRunner().invoke(whole(), [command, "--help"])

    assert (of_one.exit_code, of_one.output) == (0, of_all.output)


def test_listing_commands_loads_no_store() -> None:
    program = "import sys; from etalage.cli.main import listed; listed(None); print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    ).stdout.split()

    assert {"etalage.app", "duckdb", "sqlalchemy", "numpy", "uvicorn"}.isdisjoint(loaded)
    assert "etalage.cli.main" in loaded


def test_only_what_stands_first_is_a_command() -> None:
    assert asked_for(["--version"]) is None
    assert asked_for([]) is None
    assert asked_for(["serve", "--data", "shop"]) == "serve"
