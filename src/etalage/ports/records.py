"""Records: what people decided."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, Protocol

from msgspec import Struct

from etalage.domain.alert import Alert
from etalage.domain.product import Catalogue

DocumentKind = Literal["segment", "experience", "strategy"]
DocumentState = Literal["draft", "in_review", "approved", "live", "paused", "ended"]


class Document(Struct, frozen=True):
    """One version of something the shop wrote: immutable, named by the hash of its body."""

    kind: DocumentKind
    name: str
    version: int  # counts from 1 per (kind, name)
    hash: str  # SHA-256 of the canonical JSON of the body, hex
    body: dict[str, object]
    state: DocumentState
    author: str
    created: int  # micros
    approved_by: str | None = None
    approved: int | None = None
    approved_hash: str | None = None  # of the document together with all that it uses


class ApiKey(Struct, frozen=True):
    """A key by its hash; secrets are never stored in the clear."""

    hash: str  # SHA-256, hex
    kind: Literal["write", "server"]
    label: str  # "wk_ab12" : enough to name it in an account, too little to use it
    purposes: tuple[
        str, ...
    ] = ()  # under which this server source sends without a consent of its own
    basis: str = ""
    revoked: int | None = None


class AuditLine(Struct, frozen=True):
    """Who did what to which object; each line carries the hash of the one before."""

    number: int
    at: int
    actor: str
    action: str
    object: str
    before: str | None
    after: str | None
    chain: str


class Records(Protocol):
    """What people decided: settings of the shop, keys, documents, approvals, the catalogue, the audit."""

    def generation(self) -> int:
        """Give a number that grows with every change; a process compares it once a second."""
        ...

    def shop(self) -> dict[str, object]:
        """Give the shop's own settings: id, name, domain, currency, zone, origins, orders, simulated ..."""
        ...

    def change_shop(self, changes: Mapping[str, object], *, actor: str, now: int) -> None: ...

    def keys(self) -> list[ApiKey]: ...
    def add_key(self, key: ApiKey, *, actor: str, now: int) -> None: ...
    def revoke_key(self, key_hash: str, *, actor: str, now: int) -> None:
        """Make a key invalid from now on; once revoked it stays so."""
        ...

    def document(
        self, kind: DocumentKind, name: str, version: int | None = None
    ) -> Document | None:
        """Give a version, the newest by default; None if there is none."""
        ...

    def documents(self, kind: DocumentKind | None = None) -> list[Document]:
        """Give the newest version of each, by kind and name."""
        ...

    def live(self, kind: DocumentKind) -> list[Document]:
        """Give what is live: per name the version that went live last and was not paused or ended since."""
        ...

    def add_draft(
        self, kind: DocumentKind, name: str, body: Mapping[str, object], *, author: str, now: int
    ) -> Document:
        """Store a new version as a draft; the same body as the newest version gives that version back."""
        ...

    def set_state(
        self,
        document: Document,
        state: DocumentState,
        *,
        actor: str,
        now: int,
        approved_hash: str | None = None,
    ) -> Document:
        """Move a version through its life; refuses (`Conflict`) if it changed in between."""
        ...

    def catalogue(self, version: str | None = None) -> Catalogue | None:
        """Give the accepted catalogue, the newest by default; older versions stay 30 days for replay."""
        ...

    def put_catalogue(self, catalogue: Catalogue, *, source: str, actor: str, now: int) -> None: ...
    def prune_catalogues(self, now: int) -> int:
        """Forget catalogues that were replaced over 30 days ago; give how many."""
        ...

    def alerts(self) -> list[Alert]:
        """Give all alerts that are kept: open ones first, the newest before the older."""
        ...

    def change_alerts(self, change: Callable[[list[Alert]], Sequence[Alert]]) -> list[Alert]:
        """Let a function of the alerts there are say which there are from now on, while nobody else changes them."""
        ...

    def audit(
        self,
        actor: str,
        action: str,
        obj: str,
        *,
        now: int,
        before: str | None = None,
        after: str | None = None,
    ) -> None: ...
    def audit_lines(self) -> list[AuditLine]: ...
    def verify_audit(self, anchor: AuditLine | None = None) -> int | None:
        """Name the first broken line; None if the chain is whole and still holds the `anchor`."""
        ...

    def close(self) -> None: ...
