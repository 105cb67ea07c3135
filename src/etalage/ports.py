"""All we ask of the outside world: six ports. `store/` answers them, `app.py` picks the answers by URL.

Steps never see these; `flow/` hands them what they need. One contract suite (tests/contract) runs on every answer.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal, NamedTuple, Protocol, TypeVar, runtime_checkable

from msgspec import Struct

from etalage.domain.arrival import Arrival, Entered, Rejected
from etalage.domain.consent import Purpose, Register
from etalage.domain.event import Event
from etalage.domain.ids import VisitorKey
from etalage.domain.privacy import Erasure, Verdict
from etalage.domain.product import Catalogue
from etalage.domain.profile import ActiveFeature, Fold, OrderClaim, Written

T = TypeVar("T")


# ---- The event log: the truth -------------------------------------------------------------------------


class Account(Struct, frozen=True, order=True):
    """One line of the account of intake."""

    key: str
    day: int
    outcome: str
    reason: str  # "" for accepted and duplicate
    count: int


class EventLog(Protocol):
    """Append-only memory of what happened. Appending twice is appending once.

    Positions count from 1, without gaps, in the order of commits over all processes. A record carries its
    position and a digest over position and payload; reading a record whose digest differs raises `Damaged`.
    """

    def append(
        self, arrivals: Sequence[Arrival], rejected: Sequence[Rejected] = ()
    ) -> list[Entered]:
        """Write events, ids and counts in one transaction and sync; returning means it is on disk.

        An arrival whose identity is known is a `duplicate` (same digest) or quarantined as `id_conflict`
        (another digest); one whose `once` is known is a `duplicate`. Twice in one call counts as twice.
        """
        ...

    def head(self) -> int:
        """Give the position of the newest event; 0 for an empty log."""
        ...

    def read(self, after: int, *, upto: int | None = None) -> Iterator[tuple[int, Event]]:
        """Give the events with after < position <= upto, in order, sealed or not."""
        ...

    def account(self) -> list[Account]:
        """Give the exact counts of everything received, in order."""
        ...

    def quarantine(self) -> Iterator[Rejected]:
        """Give what was set aside, oldest first."""
        ...

    def check_room(self) -> None:
        """Raise the `Overloaded` that `append` would raise now; nothing if it may write."""
        ...

    def close(self) -> None:
        """Release files and threads; what was acknowledged stays."""
        ...


class Manifest(Struct, frozen=True):
    """Which part of the log lies in Parquet: all events up to `sealed_to`, in these files together, each once."""

    sealed_to: int = 0
    files: tuple[str, ...] = ()


class Archive(Protocol):
    """Reads sealed events back, for those whom the log itself no longer holds."""

    def read(self, after: int, upto: int) -> Iterator[tuple[int, Event]]:
        """Give all events with after < position <= upto, in order."""
        ...


@runtime_checkable
class Sealable(Protocol):
    """What an event log offers to whoever rolls it into Parquet."""

    def head(self) -> int:
        """Give the position of the newest event; 0 for an empty log."""
        ...

    def manifest(self) -> Manifest:
        """Give what is sealed now."""
        ...

    def seal(self, upto: int, files: Sequence[str], *, removed: Sequence[str] = ()) -> None:
        """State at once that all events up to `upto` are in `files`, the whole list of files from now on.

        A file of the present list that is neither in `files` nor in `removed` means that somebody else
        sealed in between: `Conflict`. The files must be on disk before the call.
        """
        ...

    def snapshot(self) -> AbstractContextManager[tuple[Manifest, Iterator[tuple[int, Event]]]]:
        """Give the manifest and every event behind it, at one moment: together exactly the log, each once."""
        ...

    def prune(self, upto: int) -> int:
        """Drop events up to `upto`, never unsealed ones, that the archive now answers for; give how many."""
        ...


ShutReason = Literal["erased", "restricted"]


class Rewritten(Struct, frozen=True):
    """What was changed in place, and what was thrown away."""

    events: int = 0
    old_files: tuple[str, ...] = ()  # replaced; there until nobody can be reading them
    quarantine: int = 0


@runtime_checkable
class Erasable(Protocol):
    """What an event log offers to whoever removes people from it. Positions stay as they are."""

    def shut(self, visitors: Iterable[VisitorKey], reason: ShutReason | None) -> None:
        """Refuse events of (or naming) these visitors from now on; None lets them in again, but never the erased."""
        ...

    def shut_out(self) -> dict[VisitorKey, ShutReason]:
        """Give everybody who is shut out."""
        ...

    def note(self, name: str) -> int:
        """Give a number kept with the events; 0 if there is none. It is restored with them."""
        ...

    def put_note(self, name: str, number: int) -> None: ...
    def renew(self, verdicts: Mapping[int, Verdict], keep: Callable[[Rejected], bool]) -> Rewritten:
        """Carry out verdicts on the events kept here and drop set-aside records that `keep` does not want.

        Afterwards no file of the log holds a byte of what went, whether or not there was anything to change.
        """
        ...

    def forget_ids(self, events_day: int, *, orders_day: int, kept: Container[bytes]) -> int:
        """Let go of ids received before a shop day, but for those in `kept`; give how many.

        Those under which an event comes in only once (orders) stay until `orders_day`.
        """
        ...


class Aside(Struct, frozen=True):
    """Something in the quarantine, with the number under which it lies there."""

    number: int
    rejected: Rejected


class Retried(Struct, frozen=True):
    """Something that was set aside, and what it is now that it was sent again."""

    aside: Aside
    arrivals: tuple[Arrival, ...]
    rejected: tuple[Rejected, ...] = ()


@runtime_checkable
class Replayable(Protocol):
    """What an event log offers to whoever sends again what was set aside."""

    def aside(self, reason: str) -> Iterator[Aside]:
        """Give what was set aside for a reason, oldest first."""
        ...

    def retry(self, retried: Sequence[Retried]) -> list[list[Entered] | None]:
        """Take each out of the quarantine and enter what it is now, all in one transaction.

        The account then says what became of it in the end: one less is quarantined, and what is received stays.
        Gives what became of its arrivals; None for what does not lie there any more, which is left alone.
        """
        ...


# ---- Profiles: folds per visitor, rebuildable ---------------------------------------------------------


class FoldHead(Struct, frozen=True, array_like=True):
    """The first fields of a `Fold`, in its order: who she is and what she allows, without what she did."""

    first_seen: int
    link: Written | None
    consent: dict[Purpose, Register]


class ProfilesWrite(Protocol):
    """One write transaction: reads see its own writes; all of it becomes visible at once, or nothing."""

    position: int  # up to which log position the folds are complete; set it before leaving

    def get(self, visitor: VisitorKey) -> Fold | None: ...
    def put(self, visitor: VisitorKey, fold: Fold) -> None:
        """Store a fold, and keep the index of links (see `linked_to`) in step with `fold.link`."""
        ...

    def order(self, transaction: str) -> OrderClaim: ...
    def put_order(self, transaction: str, claim: OrderClaim) -> None: ...
    def remove_order(self, transaction: str) -> None: ...
    def features(self) -> tuple[ActiveFeature, ...]:
        """Give the conditions that are counted, in the order in which they came into force."""
        ...

    def put_features(self, features: Sequence[ActiveFeature]) -> None: ...
    def remove(self, visitor: VisitorKey) -> None:
        """Forget one visitor's fold and its links; a mark to fold her again goes too."""
        ...

    def mark(self, visitor: VisitorKey) -> None:
        """Ask for this visitor to be folded again from the log by the background process."""
        ...

    def unmark(self, visitor: VisitorKey) -> None:
        """Say that it is done. Live events go on storing a marked fold, so storing it is no sign of that."""
        ...

    def clear(self) -> None:
        """Forget everything, before a rebuild."""
        ...


class Profiles(Protocol):
    """Folds per visitor. Derived from the log: losing them costs a rebuild and nothing else."""

    def at_one_moment(self) -> AbstractContextManager[object]:
        """Let this thread read as of one moment until the end of the block, at the cost of one read; write nothing in it."""
        ...

    def get(self, visitor: VisitorKey) -> Fold | None: ...
    def head(self, visitor: VisitorKey) -> FoldHead | None:
        """Give the first fields of a fold, at a sixth of the cost of the whole."""
        ...

    def many(self, visitors: Iterable[VisitorKey]) -> dict[VisitorKey, Fold]:
        """Give the folds that exist, read at one moment."""
        ...

    def linked_to(self, customer: VisitorKey) -> tuple[VisitorKey, ...]:
        """Give the visitors whose fold is linked to this customer key, in order of key."""
        ...

    def order(self, transaction: str) -> OrderClaim: ...
    def position(self) -> int: ...
    def features(self) -> tuple[ActiveFeature, ...]: ...
    def marked(self) -> frozenset[VisitorKey]:
        """Give the visitors that wait to be folded again."""
        ...

    def update(self, change: Callable[[ProfilesWrite], T]) -> T:
        """Run `change` in one write transaction; writers of all processes wait for each other."""
        ...

    def visitors(self) -> Iterator[tuple[VisitorKey, Fold]]:
        """Give all folds, in order of key, as of the moment of the call."""
        ...

    def renew(self, gone: Callable[[], Iterable[VisitorKey]]) -> None:
        """Leave no byte in any file of what was removed or changed before; `gone` names whom to remove on the way.

        Changes by others meanwhile may be lost together with the position: whoever calls this catches up after.
        """
        ...

    def close(self) -> None: ...


# ---- Keys: what makes pseudonyms and personal fields readable; kept apart from all data ----------------


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


# ---- Records: what people decided ---------------------------------------------------------------------

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


# ---- The warehouse: batch questions over events -------------------------------------------------------

Row = tuple[object, ...]


class Answer(Struct, frozen=True):
    """Columns and rows of a question."""

    columns: tuple[str, ...]
    rows: list[Row]

    def dicts(self) -> list[dict[str, object]]:
        """Give the rows with their column names."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


class Questions(Protocol):
    """Several questions about one frozen moment of the log; used in one thread."""

    def ask(self, sql: str, parameters: Mapping[str, object] | None = None) -> Answer: ...
    def prepare(self, sql: str) -> None:
        """Create a temporary view or macro for the questions that follow."""
        ...


class Changing(Protocol):
    """The right to change sealed events, held while nobody seals."""

    def rewrite(self, verdicts: Mapping[int, Verdict]) -> Rewritten:
        """Carry out verdicts on sealed events: the files that hold one of them are written anew."""
        ...

    def sweep(self) -> None:
        """Remove old files at once, also under readers that are still in them."""
        ...


class Warehouse(Protocol):
    """Questions in SQL (DuckDB's dialect; other engines translate) over the table `events`.

    One row per event of the log as it stands at the call, sealed or not; columns as in `EVENT_COLUMNS`.
    """

    def ask(self, sql: str, parameters: Mapping[str, object] | None = None) -> Answer:
        """Answer one question. `$name` in the text is bound, never formatted in."""
        ...

    def session(self) -> AbstractContextManager[Questions]:
        """Freeze the log as it stands now, for several questions from one moment."""
        ...

    def relation(self) -> Any:
        """Give the events as the engine's own kind of table, for people who query in a notebook."""
        ...

    def roll(self, *, now: int) -> int:
        """Seal what the journal holds into daily Parquet; give how many events were sealed."""
        ...

    def changing(self) -> AbstractContextManager[Changing | None]:
        """Keep everybody else from sealing, and change sealed events; None while somebody else is at it."""
        ...

    def leftovers(self) -> frozenset[str]:
        """Give the files that still lie there and are no part of the log any more, for who is still reading them."""
        ...

    def close(self) -> None: ...


# ---- Models: what was learned, as files with a version ------------------------------------------------


class Models(Protocol):
    """Files that replace each other as a whole: a reader sees the old one or the new one."""

    def get(self, name: str) -> bytes | None:
        """Give the newest file of this name; None if there is none or it is damaged."""
        ...

    def put(self, name: str, content: bytes) -> None: ...
    def stamp(self, name: str) -> int:
        """Give a number that changes with the file; 0 if there is none."""
        ...


class Ports(NamedTuple):
    """One shop's ports, opened; closed together."""

    log: EventLog
    profiles: Profiles
    keys: Keys
    records: Records
    warehouse: Warehouse
    models: Models

    def close(self) -> None:
        """Release everything, in the order in which it depends on each other."""
        self.warehouse.close()
        self.profiles.close()
        self.log.close()
        self.records.close()
        self.keys.close()


# Name and DuckDB type of each column of `events`; the order of the Parquet files.
EVENT_COLUMNS: dict[str, str] = {
    "position": "BIGINT",
    "id": "VARCHAR",
    "name": "VARCHAR",
    "time": "BIGINT",
    "received": "BIGINT",
    "day": "INTEGER",  # shop day of `time`
    "trust": "VARCHAR",
    "source": "VARCHAR",
    "visitor": "VARCHAR",
    "customer": "VARCHAR",
    "session": "VARCHAR",
    "lines": "STRUCT(product VARCHAR, quantity BIGINT, price BIGINT, category VARCHAR, brand VARCHAR, "
    "size VARCHAR)[]",
    "category": "VARCHAR",
    "value": "BIGINT",
    "tax": "BIGINT",
    "currency": "VARCHAR",
    "transaction": "VARCHAR",
    "query": "VARCHAR",
    "url": "VARCHAR",
    "page_type": "VARCHAR",
    "referrer": "VARCHAR",
    "utm_source": "VARCHAR",
    "utm_medium": "VARCHAR",
    "utm_campaign": "VARCHAR",
    "device": "VARCHAR",
    "country": "VARCHAR",
    "region": "VARCHAR",
    "language": "VARCHAR",
    "experience": "VARCHAR",  # the six of `shown`, null without it
    "arm": "VARCHAR",
    "unit": "VARCHAR",
    "propensity": "BIGINT",
    "policy": "VARCHAR",
    "decided": "BIGINT",
    "properties": "VARCHAR",  # JSON object of scalars, '{}' if none
    "purposes": "VARCHAR[]",
    "epoch": "BIGINT",
    "personal": "BLOB",
    "record": "VARCHAR",
}
