"""Store, files: models, each a file that is replaced in one step.

Idea: written aside, synced, renamed, and the directory synced: a reader has the old one or the new one. The first
32 bytes are the digest of the rest; a file that does not have it counts as none, and its user falls back.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path

from etalage.errors import BadInput

_DIGEST_BYTES = 32
_NAME = re.compile(r"[a-z0-9_-]{1,64}")


class FileModels:
    """The answer of a directory to `ports.Models`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)

    def get(self, name: str) -> bytes | None:
        """Give the newest file of this name; None if there is none or it is damaged."""
        try:
            raw = self._path(name).read_bytes()
        except FileNotFoundError:
            return None
        digest, content = raw[:_DIGEST_BYTES], raw[_DIGEST_BYTES:]
        return content if hashlib.sha256(content).digest() == digest else None

    def damaged(self) -> list[str]:
        """Give the names whose file is not what was written."""
        names = sorted(path.stem for path in self._directory.glob("*.model"))
        return [name for name in names if self.get(name) is None]

    def forget(self, name: str) -> None:
        """Remove a file that is of no use; whoever made it makes it again."""
        self._path(name).unlink(missing_ok=True)

    def put(self, name: str, content: bytes) -> None:
        """Replace the file of this name."""
        path = self._path(name)
        handle, aside = tempfile.mkstemp(dir=self._directory, prefix=".aside-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(content).digest() + content)
                file.flush()
                os.fsync(file.fileno())
            Path(aside).replace(path)
        except OSError:
            Path(aside).unlink(missing_ok=True)
            raise
        folder = os.open(self._directory, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def stamp(self, name: str) -> int:
        """Give a number that changes with the file; 0 if there is none."""
        try:
            found = self._path(name).stat()
        except FileNotFoundError:
            return 0
        return hash((found.st_mtime_ns, found.st_ino)) or 1

    def _path(self, name: str) -> Path:
        if _NAME.fullmatch(name) is None:
            raise BadInput(f"'{name}' is no name for a model")
        return self._directory / f"{name}.model"
