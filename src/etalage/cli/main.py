"""The commands of `etalage`, put together: of a call only the family that it names is loaded.

Idea: loading everything takes a second and 90 MB, which is much to be told what there is. So what the list of
commands says of each stands here; a test holds it to what the commands say of themselves.
"""

from __future__ import annotations

import errno
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, NoReturn

import typer

from etalage.errors import BadInput, EtalageError

# What a file system answers where a place that a person named cannot be used.
OF_A_PLACE = frozenset(
    {
        errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT,
        errno.ENOTDIR, errno.EISDIR, errno.ENOSPC, errno.ENAMETOOLONG,
    }
)  # fmt: skip

# By module of this folder, in the order in which a person meets them.
FAMILIES = (
    "serving",
    "importing",
    "shops",
    "snippets",
    "segments",
    "documents",
    "deciding",
    "planning",
    "reporting",
    "bandit",
    "alerts",
    "evaluating",
    "checking",
    "keeping",
    "privacy",
    "showing",
    "bench",
)
# By command: its family, and its line in the list; groups of commands come last there.
LISTED = {
    "init": ("serving", "Make a shop and print its keys; the server key is shown this once."),
    "serve": ("serving", "Open the doors of all shops in a data directory."),
    "snippet": (
        "snippets",
        "Print what goes into the pages of a shop: the tag, and where possible the signed identity and the visitor in the order.",
    ),
    "apply": (
        "documents",
        "Show what files would change, then store them as drafts for somebody else to approve.",
    ),
    "approve": (
        "documents",
        "Let the newest version go live, with the segments it uses; never by the one who wrote it.",
    ),
    "pause": ("documents", "Take an experience off the shop at once."),
    "export": (
        "documents",
        "Write segments and experiences as YAML files; applying them again changes nothing.",
    ),
    "decide": (
        "deciding",
        "Decide as the server would, show the reasons for everything that is not shown, log nothing.",
    ),
    "recommend": (
        "deciding",
        "List what a strategy recommends, within all guards; learn the models now, or show their cards.",
    ),
    "plan": (
        "planning",
        "Say whether a message can be decided, by when, and what could be decided instead.",
    ),
    "report": (
        "reporting",
        "Report on experiences: interval first, and what is not known yet as such.",
    ),
    "scoreboard": (
        "alerts",
        "Show what leads and what lags, this week beside last year's and the last four, with how sure that is.",
    ),
    "evaluate": ("evaluating", "Measure methods and baselines on data whose outcome is known."),
    "doctor": (
        "checking",
        "Account for everything that was received, and say how the stores are; exit code 1 if a file is damaged.",
    ),
    "replay": (
        "checking",
        "Compute every logged decision again from its record; exit code 1 if one differs.",
    ),
    "backup": (
        "keeping",
        "Back up all shops, encrypted and read back; a server may go on meanwhile. Without its keys a backup says nothing.",
    ),
    "restore": ("keeping", "Make a data directory from a backup: all of it, checked, or nothing."),
    "upgrade": (
        "keeping",
        "Bring a data directory to the format of this version; opening it does the same.",
    ),
    "demo": (
        "showing",
        "Show a living shop: 28 days of simulated shoppers, and the report beside the truth.",
    ),
    "simulate": (
        "showing",
        "Play messages with planted effects through a real server, and print truth beside measurement.",
    ),
    "bench": (
        "bench",
        "Measure decisions, serving, intake, segments, recommending, growth, reports, simulation and the page; a ratio is value over floor.",
    ),
    "import": ("importing", "Take over a file: catalogue, events, orders, customers."),
    "shop": ("shops", "Show and change the settings of a shop."),
    "segment": ("segments", "Check, count and list segments."),
    "bandit": ("bandit", "Show how an experience that divides by itself stands."),
    "alerts": (
        "alerts",
        "Tell what should be looked at: figures out of the ordinary, tracking that broke, messages that do harm.",
    ),
    "privacy": (
        "privacy",
        "Give, erase or freeze what is kept of a person; carry out how long things are kept.",
    ),
}


def whole() -> typer.Typer:
    """Give all commands."""
    commands = _empty()
    for family in FAMILIES:
        import_module(f"etalage.cli.{family}").add_to(commands)
    return commands


def listed(asked: str | None) -> typer.Typer:
    """Give the list of commands, of which the one that is asked for can be run."""
    commands = _empty()
    if asked in LISTED:
        import_module(f"etalage.cli.{LISTED[asked][0]}").add_to(commands)
        return commands
    for name, (_, says) in LISTED.items():
        commands.command(name, help=says)(_nothing)
    return commands


def asked_for(arguments: Sequence[str]) -> str | None:
    """Give the command that is named in arguments; None if there is none before them all."""
    return arguments[0] if arguments and not arguments[0].startswith("-") else None


def _empty() -> typer.Typer:
    commands = typer.Typer(
        name="etalage",
        help="The digital salesperson of a web shop: the right message, and the proof of what it was worth.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
    )
    commands.callback()(_root)
    return commands


def _nothing() -> None:
    """Stand for a command in the list."""


def _version(*, asked: bool) -> None:
    if asked:
        from etalage.flow.serve import CODE

        typer.echo(f"etalage {CODE}")
        raise typer.Exit


def _root(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=lambda asked: _version(asked=asked), is_eager=True)
    ] = False,
) -> None:
    """Read the options that stand before a command."""


def main() -> None:
    """Run a command; every error of ours is a sentence and exit code 1, never a stack trace.

    So is a place that cannot be written or read: that is for who gave it, and no fault in the program.
    """
    try:
        listed(asked_for(sys.argv[1:]))()
    except EtalageError as error:
        _fail(error)
    except OSError as error:
        if error.errno not in OF_A_PLACE or error.filename is None:
            raise
        _fail(BadInput(f"{error.filename}: {str(error.strerror).lower()}"))


def _fail(error: EtalageError) -> NoReturn:
    from etalage.cli.console import fail

    try:
        fail(error)
    except typer.Exit as leaving:
        raise SystemExit(leaving.exit_code) from error
