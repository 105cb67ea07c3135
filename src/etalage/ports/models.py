"""Models: what was learned, as files with a version."""

from __future__ import annotations

from typing import Protocol


class Models(Protocol):
    """Files that replace each other as a whole: a reader sees the old one or the new one."""

    def get(self, name: str) -> bytes | None:
        """Give the newest file of this name; None if there is none or it is damaged."""
        ...

    def put(self, name: str, content: bytes) -> None: ...
    def stamp(self, name: str) -> int:
        """Give a number that changes with the file; 0 if there is none."""
        ...
