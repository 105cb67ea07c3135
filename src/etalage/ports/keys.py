"""Keys: what makes pseudonyms and personal fields readable; kept apart from all data."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from etalage.domain.ids import VisitorKey
from etalage.domain.privacy import Erasure


class Keys(Protocol):
    """The shop's secrets and one AES key per person. Has its own directory and its own backups."""

    @property
    def pepper(self) -> bytes:
        """The secret under which identifiers are digested (32 bytes)."""
        ...

    def secret(self, purpose: str) -> bytes:
        """Give a 32-byte secret of the shop for one purpose ("token", "visitor", "identify", "quarantine")."""
        ...

    def seal(self, person: VisitorKey, plain: bytes) -> bytes:
        """Encrypt under the person's key (AES-256-GCM, nonce in front), made durable if it is new."""
        ...

    def seal_many(self, fields: Sequence[tuple[VisitorKey, bytes]]) -> list[bytes]:
        """Encrypt several at the cost of one sync; `KeyDestroyed` for any of them seals none."""
        ...

    def unseal(self, person: VisitorKey, sealed: bytes) -> bytes | None:
        """Decrypt; None when the person's key was destroyed."""
        ...

    def at_one_moment(self) -> AbstractContextManager[object]:
        """Let this thread read as of one moment until the end of the block, at the cost of one read; write nothing in it."""
        ...

    def is_destroyed(self, person: VisitorKey) -> bool:
        """Tell whether this person was erased: nothing can be sealed for her any more."""
        ...

    def seal_shop(self, plain: bytes) -> bytes:
        """Encrypt what belongs to no person yet (quarantine) under the shop's own secret."""
        ...

    def unseal_shop(self, sealed: bytes) -> bytes:
        """Decrypt what `seal_shop` gave; `Damaged` if it is not that."""
        ...

    def destroy(self, person: VisitorKey) -> bool:
        """Destroy a person's key for ever: all her sealed fields become unreadable."""
        ...

    def erasures(self) -> list[Erasure]:
        """Give the ledger of erasures, oldest first. It lies with the keys: no restore of data takes it back."""
        ...

    def add_erasure(self, visitors: Sequence[VisitorKey], *, actor: str, requested: int) -> Erasure:
        """Write a new line into the ledger, on disk when this returns."""
        ...

    def put_erasure(self, erasure: Erasure) -> None:
        """Write how far an erasure is."""
        ...

    def close(self) -> None: ...
