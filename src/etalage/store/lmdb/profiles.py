"""Store, LMDB: the folds of one shop's visitors.

In:   folds, links and orders, changed in transactions by several processes at a time.
Out:  the same, read in microseconds.
Idea: all of this can be made again from the log, so a commit need not wait for the very last sync: after a
      power cut LMDB opens at an earlier whole transaction, and `position`, written in the same one, says from
      where the log is to be folded again.

Tables:  folds   visitor -> fold         linked  customer key -> visitors (sorted duplicates)
         orders  digest of transaction -> what is known of it
         marks   visitor -> nothing (to be folded again)          meta  position, features
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import TypeVar

import msgspec

from etalage.domain.ids import VisitorKey
from etalage.domain.profile import ActiveFeature, Fold, OrderClaim, Written
from etalage.ports import FoldHead, ProfilesWrite
from etalage.store.lmdb.copying import put_all, records
from etalage.store.lmdb.environment import GIB, Environment, Transaction
from etalage.store.lmdb.reading import POSITION, TABLES, Reader, Tables, fold_in, tables_of
from etalage.store.lmdb.record import DIGEST_BYTES, framed, payload_of
from etalage.store.lmdb.warm import Warm

T = TypeVar("T")

_encode = msgspec.msgpack.Encoder().encode
_decode_features = msgspec.msgpack.Decoder(tuple[ActiveFeature, ...]).decode
_decode_order = msgspec.msgpack.Decoder(OrderClaim).decode


class LmdbProfiles:
    """The answer of LMDB to `ports.Profiles`."""

    def __init__(self, path: Path | str, *, map_size: int = 16 * GIB) -> None:
        self._env = Environment(
            Path(path), TABLES, map_size=map_size, dupsort=("linked",), metasync=False
        )
        self._warm: Warm[VisitorKey, Fold] = Warm()
        self._reader = Reader(self._warm)
        self._env.bind(self._bind)

    def _bind(self) -> None:
        self._reader.tables = tables_of(self._env)

    def _view(self, txn: Transaction) -> _View:
        return _View(self._reader.tables, txn, self._warm)

    def at_one_moment(self) -> AbstractContextManager[object]:
        """Let this thread read at one moment; see `ports.Profiles.at_one_moment`."""
        return self._env.at_one_moment()

    def get(self, visitor: VisitorKey) -> Fold | None:
        """Give the fold of a visitor; None if there is none."""
        return self._env.ask(self._reader.fold, visitor)

    def head(self, visitor: VisitorKey) -> FoldHead | None:
        """Give the first fields of a fold: 2 us where the whole fold of a busy visitor takes 12 to 400."""
        return self._env.ask(self._reader.head, visitor)

    def many(self, visitors: Iterable[VisitorKey]) -> dict[VisitorKey, Fold]:
        """Give the folds that exist, read at one moment."""
        with self._env.read() as txn:
            return {v: fold for v in visitors if (fold := self._reader.fold(txn, v)) is not None}

    def linked_to(self, customer: VisitorKey) -> tuple[VisitorKey, ...]:
        """Give the visitors whose fold is linked to this customer key, in order of key."""
        return self._env.ask(self._reader.linked, customer)

    def order(self, transaction: str) -> OrderClaim:
        """Give what is known of a transaction."""
        with self._env.read() as txn:
            return self._view(txn).order(transaction)

    def position(self) -> int:
        """Give the log position up to which the folds are complete."""
        return self._env.ask(self._reader.position, POSITION)

    def features(self) -> tuple[ActiveFeature, ...]:
        """Give the conditions that are counted, in the order in which they came into force."""
        with self._env.read() as txn:
            return self._view(txn).features()

    def marked(self) -> frozenset[VisitorKey]:
        """Give the visitors that wait to be folded again."""
        with self._env.read() as txn, txn.cursor(self._env.table("marks")) as cursor:
            return frozenset(VisitorKey(key.decode()) for key in cursor.iternext(values=False))

    def update(self, change: Callable[[ProfilesWrite], T]) -> T:
        """Run `change` in one write transaction; again from the start if the map had to grow."""

        def run(txn: Transaction) -> T:
            view = self._view(txn)
            view.position = view.stored_position()
            result = change(view)
            view.put_position()
            return result

        return self._env.write(run)

    def visitors(self) -> Iterator[tuple[VisitorKey, Fold]]:
        """Give all folds, in order of key, as of the moment of the call."""
        walk = self._walk()
        next(walk)  # opens the transaction now, not at the first fold
        return (row for row in walk if row is not None)

    def _walk(self) -> Iterator[tuple[VisitorKey, Fold] | None]:
        with self._env.read() as txn, txn.cursor(self._env.table("folds")) as cursor:
            yield None
            for key, record in cursor:
                yield VisitorKey(key.decode()), fold_in(key, record)

    def renew(self, gone: Callable[[], Iterable[VisitorKey]]) -> None:
        """Copy what is alive into new files; see `ports.Profiles.renew`."""

        def copy(txn: Transaction, new: Environment) -> None:
            for table in TABLES:
                put_all(new, table, records(self._env, txn, table), dupsort=table == "linked")

        def finish(_txn: Transaction, new: Environment, _state: None) -> None:
            removed = tuple(gone())

            def remove(txn: Transaction) -> None:
                view = _View(tables_of(new), txn, self._warm)
                for visitor in removed:
                    view.remove(visitor)

            new.write(remove)

        self._env.renew(copy, finish)

    def close(self) -> None:
        """Release the files."""
        self._env.close()


class _View:
    """The tables within one transaction; those of a write transaction are its `ports.ProfilesWrite`."""

    def __init__(self, tables: Tables, txn: Transaction, warm: Warm[VisitorKey, Fold]) -> None:
        self._txn, self._warm = txn, warm
        self._reader = Reader(warm)
        self._reader.tables = tables
        self._folds, self._linked, self._orders, self._marks, self._meta = tables
        # Links as this transaction last saw them: `put` need not read again the fold that `get` just gave.
        self._links: dict[VisitorKey, str | None] = {}
        self.position = 0

    def get(self, visitor: VisitorKey) -> Fold | None:
        fold = self._reader.fold(self._txn, visitor)
        self._links[visitor] = None if fold is None else _customer(fold.link)
        return fold

    def head(self, visitor: VisitorKey) -> FoldHead | None:
        return self._reader.head(self._txn, visitor)

    def put(self, visitor: VisitorKey, fold: Fold) -> None:
        key = visitor.encode()
        self._relink(visitor, _customer(fold.link))
        record = framed(key, _encode(fold))
        self._txn.put(key, record, db=self._folds)
        self._warm.put(visitor, record[:DIGEST_BYTES], fold, len(record))

    def remove(self, visitor: VisitorKey) -> None:
        self._relink(visitor, None)
        self._txn.delete(visitor.encode(), db=self._folds)
        self._warm.forget(visitor)
        self.unmark(visitor)

    def _relink(self, visitor: VisitorKey, new: str | None) -> None:
        if visitor not in self._links:
            head = self.head(visitor)
            self._links[visitor] = None if head is None else _customer(head.link)
        old = self._links[visitor]
        if old == new:
            return
        if old is not None:
            self._txn.delete(old.encode(), visitor.encode(), db=self._linked)
        if new is not None:
            self._txn.put(new.encode(), visitor.encode(), db=self._linked)
        self._links[visitor] = new

    def order(self, transaction: str) -> OrderClaim:
        key = _order_key(transaction)
        record = self._txn.get(key, db=self._orders)
        if record is None:
            return OrderClaim()
        return _decode_order(payload_of(key, record, "the record of an order"))

    def put_order(self, transaction: str, claim: OrderClaim) -> None:
        key = _order_key(transaction)
        self._txn.put(key, framed(key, _encode(claim)), db=self._orders)

    def remove_order(self, transaction: str) -> None:
        self._txn.delete(_order_key(transaction), db=self._orders)

    def features(self) -> tuple[ActiveFeature, ...]:
        record = self._txn.get(b"features", db=self._meta)
        if record is None:
            return ()
        return _features_of(record)

    def put_features(self, features: Sequence[ActiveFeature]) -> None:
        self._txn.put(b"features", framed(b"features", _encode(features)), db=self._meta)

    def mark(self, visitor: VisitorKey) -> None:
        key = visitor.encode()
        self._txn.put(key, framed(key, b""), db=self._marks)

    def unmark(self, visitor: VisitorKey) -> None:
        self._txn.delete(visitor.encode(), db=self._marks)

    def clear(self) -> None:
        for table in (self._folds, self._linked, self._orders, self._marks, self._meta):
            self._txn.drop(table, delete=False)
        self._links.clear()
        self.position = 0

    def stored_position(self) -> int:
        return self._reader.position(self._txn)

    def put_position(self) -> None:
        record = framed(POSITION, _encode(self.position))
        self._txn.put(POSITION, record, db=self._meta)


@lru_cache(maxsize=64)  # of all shops of this process: read with every commit, hardly ever new
def _features_of(record: bytes) -> tuple[ActiveFeature, ...]:
    return _decode_features(payload_of(b"features", record, "the list of counted conditions"))


def _customer(link: Written | None) -> str | None:
    return None if link is None or link.value is None else str(link.value)


def _order_key(transaction: str) -> bytes:
    """Digest the shop's own number: it may be longer than a key of LMDB."""
    return blake2b(transaction.encode(), digest_size=16).digest()
