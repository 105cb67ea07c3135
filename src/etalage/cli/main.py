"""The commands of `etalage`, put together."""

from __future__ import annotations

from typing import Annotated

import typer

from etalage.cli import (
    bench,
    checking,
    deciding,
    documents,
    evaluating,
    importing,
    keeping,
    privacy,
    reporting,
    segments,
    serving,
    shops,
    showing,
    snippets,
)
from etalage.cli.console import fail
from etalage.errors import EtalageError
from etalage.flow.serve import CODE

commands = typer.Typer(
    name="etalage",
    help="The digital salesperson of a web shop: the right message, and the proof of what it was worth.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
for family in (
    serving,
    importing,
    shops,
    snippets,
    segments,
    documents,
    deciding,
    reporting,
    evaluating,
    checking,
    keeping,
    privacy,
    showing,
    bench,
):
    family.add_to(commands)


def _version(*, asked: bool) -> None:
    if asked:
        typer.echo(f"etalage {CODE}")
        raise typer.Exit


@commands.callback()
def _root(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=lambda asked: _version(asked=asked), is_eager=True)
    ] = False,
) -> None:
    """Read the options that stand before a command."""


def main() -> None:
    """Run a command; every error of ours is a sentence and exit code 1, never a stack trace."""
    try:
        commands()
    except EtalageError as error:
        try:
            fail(error)
        except typer.Exit as leaving:
            raise SystemExit(leaving.exit_code) from error
