"""Where the files of one shop lie, for those who look after all of them together."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from etalage.domain.ids import ShopId
from etalage.store.damage import Damage


class Home(Struct, frozen=True):
    """One shop's directories in an embedded workspace."""

    shop: ShopId
    path: Path  # DIR/shops/noord
    keys: Path  # DIR.keys/noord

    @property
    def journal(self) -> Path:
        """The event log."""
        return self.path / "journal"

    @property
    def profiles(self) -> Path:
        """The folds."""
        return self.path / "profiles"

    @property
    def events(self) -> Path:
        """The sealed log."""
        return self.path / "events"

    @property
    def models(self) -> Path:
        """What was learned."""
        return self.path / "models"

    @property
    def records(self) -> Path:
        """What people decided."""
        return self.path / "records.db"

    @property
    def is_new(self) -> bool:
        """Whether nobody has opened it yet: it has no log, and nothing that was made from one."""
        return not any(path.exists() for path in (self.journal, self.profiles, self.events))

    def named(self, path: Path) -> str:
        """Name a file as people see it from the data directory."""
        return f"shops/{self.shop}/{path.relative_to(self.path)}"


class Verified(Struct, frozen=True):
    """What a look at all files of a shop came to."""

    damage: tuple[Damage, ...]
    events: int  # in the log
    files: int  # looked at
