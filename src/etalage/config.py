"""Settings: one table from which come the file, the environment, `etalage serve --help`, and docs/reference/settings.md.

A setting is read, later ones winning, from: its default, `etalage.toml` in the data directory, the environment
(`ETALAGE_` + its name in capitals). An unknown name is an error that gives the nearest one. What belongs to one shop
and is decided by people (name, domain, currency, zone, origins, where orders come from) is not here: Records holds it.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any

from etalage.errors import BadInput, Unknown

FILE = "etalage.toml"
PREFIX = "ETALAGE_"
# Read elsewhere, before there is a configuration: where that lies, and a secret that never stands in a file of settings.
NOT_SETTINGS = frozenset({"ETALAGE_DATA", "ETALAGE_MASTER_KEY"})


def setting(
    default: object, unit: str, says: str, *, between: tuple[float, float] | None = None
) -> Any:
    """Declare one row of the table."""
    return field(default=default, metadata={"unit": unit, "help": says, "between": between})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of one installation; frozen, so that a value already read cannot change."""

    # fmt: off
    host: str = setting("127.0.0.1", "address", "Address the server listens on.")
    port: int = setting(8400, "port", "Port the server listens on.", between=(1, 65535))
    keys: str = setting("", "directory", "Where keys are kept; empty: beside the data directory, NAME.keys.")
    commit_window_ms: float = setting(5.0, "ms", "How long the committer waits for more before it syncs.", between=(0, 100))
    queued_events: int = setting(20_000, "events", "More waiting than this is refused with 429.", between=(100, 10_000_000))
    body_bytes: int = setting(1_000_000, "bytes", "Largest request as it is sent; unpacked it may never be more than 1 MB.", between=(1_000, 1_048_576))
    journal_days: int = setting(30, "days", "How long sealed events and their ids stay in the journal.", between=(1, 400))
    keep_orders_days: int = setting(2_557, "days", "How long orders are kept: seven years, for the shop's books.", between=(1, 36_525))
    keep_events_days: int = setting(396, "days", "How long other events are kept, and profiles without activity.", between=(1, 36_525))
    keep_decisions_days: int = setting(183, "days", "How long decisions are kept, to be replayed or explained.", between=(1, 36_525))
    keep_searches_days: int = setting(90, "days", "How long the free text of searches is kept.", between=(1, 36_525))
    keep_quarantine_days: int = setting(30, "days", "How long events are kept that could not be read.", between=(1, 36_525))
    roll_seconds: float = setting(60.0, "s", "How often the journal is sealed into Parquet.", between=(1, 86_400))
    popular_seconds: float = setting(300.0, "s", "How often 'popular now' is counted again.", between=(1, 86_400))
    popular_least_visitors: int = setting(10, "visitors", "Fewer different visitors keep a product off public lists.", between=(1, 1_000))
    journal_gb: float = setting(64.0, "GB", "Room reserved (not used) for the journal's map.", between=(0.05, 4_096))
    profiles_gb: float = setting(64.0, "GB", "Room reserved (not used) for the profiles' map.", between=(0.05, 4_096))
    warehouse_memory: str = setting("2GB", "size", "Most memory for one question over all events.")
    warehouse_threads: int = setting(2, "threads", "Cores for one question over all events.", between=(1, 256))
    log_level: str = setting("info", "level", "debug, info, warning or error.")
    # fmt: on


def load(directory: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings of a data directory.

    Raises:
        Unknown: a name in the file or the environment that is no setting.
        BadInput: a value of the wrong type or out of its range, or a file that is no TOML.
    """
    values: dict[str, object] = {}
    if directory is not None and (directory / FILE).exists():
        values |= _from_file(directory / FILE)
    values |= _from_environment(os.environ if environment is None else environment)
    known = {row.name: row for row in fields(Settings)}
    for name in values:
        if name not in known:
            raise Unknown("setting", name, known, field=name)
    checked: dict[str, Any] = {name: _checked(known[name], v) for name, v in values.items()}
    return Settings(**checked)


def table() -> list[tuple[str, str, object, str, str]]:
    """Give the table itself: name, type, default, unit, meaning; docs and --help are made from it."""
    return [
        (row.name, str(row.type), row.default, row.metadata["unit"], row.metadata["help"])
        for row in fields(Settings)
        if row.default is not MISSING
    ]


def _from_file(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{path.name} cannot be read: {error}") from error


def _from_environment(environment: Mapping[str, str]) -> dict[str, object]:
    return {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environment.items()
        if name.startswith(PREFIX) and name not in NOT_SETTINGS
    }


def _checked(row: Any, value: object) -> object:
    kind = type(row.default)
    try:
        converted = kind(value) if not isinstance(value, bool) else _no_bool()
    except (TypeError, ValueError) as error:
        raise BadInput(
            f"{row.name} must be {_KINDS[kind]}, not {value!r}", field=row.name
        ) from error
    limits = row.metadata["between"]
    if limits is not None and not limits[0] <= converted <= limits[1]:
        raise BadInput(f"{row.name} must lie between {limits[0]} and {limits[1]}", field=row.name)
    return converted


_KINDS = {int: "a whole number", float: "a number", str: "a text"}


def _no_bool() -> object:
    raise ValueError("a truth value")
