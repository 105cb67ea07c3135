"""Store: a file for each part of a shop that is red, for whoever looks from another process.

In:   what is red, since when, what it said.
Out:  DIR/shops/noord/red/PART; its age alone says since when, because on a full disk it may well stay empty.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, unquote

import msgspec

from etalage.flow.health import Red


class FileSigns:
    """Answers `flow.health.Signs` with small files."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def put(self, red: Red) -> None:
        """Write it down, as well as the disk allows; who was first stays."""
        try:
            self._directory.mkdir(mode=0o700, exist_ok=True)
            with self._path(red.part).open("xb") as file:
                file.write(msgspec.json.encode(red))
        except OSError:
            return

    def remove(self, part: str) -> None:
        """Take it away."""
        try:
            self._path(part).unlink(missing_ok=True)
        except OSError:
            return

    def all(self) -> list[Red]:
        """Give what is written."""
        try:
            paths = sorted(self._directory.iterdir())
        except OSError:
            return []
        return [red for path in paths if (red := _read(path)) is not None]

    def _path(self, part: str) -> Path:
        return self._directory / quote(part, safe="")


def _read(path: Path) -> Red | None:
    try:
        written = path.stat().st_mtime
        return msgspec.json.decode(path.read_bytes(), type=Red)
    except OSError:  # it is gone already
        return None
    except msgspec.DecodeError:
        says = "there was no room to write down more"
        return Red(unquote(path.name), int(written * 1_000_000), says)
