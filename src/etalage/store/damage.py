"""What was found damaged in a shop's files, in words for a person who must do something about it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

# How it can be made whole without a backup; "backup": only from one. "unfinished": by leaving out the last change.
Mend = Literal["rebuild", "from_parquet", "from_journal", "count_again", "unfinished", "backup"]


class Damage(Struct, frozen=True):
    """One damaged place."""

    file: str  # below the data directory, or below the key directory
    place: str  # "event 17", "page 4", "settings/currency"; empty: the whole file
    says: str
    mend: Mend = "backup"

    def __str__(self) -> str:
        where = f"{self.file}, {self.place}" if self.place else self.file
        return f"{where}: {self.says}"
