"""A log of which every event lies in Parquet already, for benches that write the files themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from etalage.domain.event import Event
from etalage.errors import Conflict
from etalage.ports import Manifest


class Sealed:
    """What a warehouse asks of a log; there is nothing in it but the manifest."""

    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest

    def head(self) -> int:
        """Give the position of the last event."""
        return self._manifest.sealed_to

    def manifest(self) -> Manifest:
        """Give the files."""
        return self._manifest

    def seal(self, upto: int, files: Sequence[str], *, removed: Sequence[str] = ()) -> None:
        """Refuse: a bench seals nothing."""
        raise Conflict(f"a bench seals nothing: {upto} in {files} without {removed}")

    @contextmanager
    def snapshot(self) -> Iterator[tuple[Manifest, Iterator[tuple[int, Event]]]]:
        """Give the files, and no event besides."""
        yield self._manifest, iter(())

    def prune(self, upto: int) -> int:  # noqa: ARG002  the port's
        """Drop nothing."""
        return 0
