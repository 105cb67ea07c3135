"""Store, LMDB: one environment that several processes and threads share, with a map that grows by itself.

In:   a directory and the names of its tables.
Out:  short read transactions, and write transactions that are run again where the map was too small.
Idea: LMDB may only change the size of its map while this process has no transaction open. So transactions are
      counted, and whoever closes the last one makes the change that is waiting. Nobody is kept waiting for it
      but the writer that needs the room. In the same way it opens the files anew when they were renewed
      (`exchange`): by this process or by another.
From: http://www.lmdb.tech/doc/ (mdb_env_set_mapsize, MDB_MAP_RESIZED, mdb_reader_check).
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias, TypeVar

import lmdb
from lmdb import _Database as Table

from etalage.errors import Conflict, Damaged, Overloaded
from etalage.store.lmdb import exchange

K = TypeVar("K")
T = TypeVar("T")
Transaction: TypeAlias = "lmdb.Transaction[bytes]"

GIB = 1 << 30
SYNC_MAP = 0  # the size that asks LMDB to take over what another process made it
MAX_READERS = 512  # slots in the lock file: threads x processes that read at one moment
SPARE_READERS = 8  # finished read transactions kept for the next reader; a third of a read's cost
LOOK_SECONDS = 0.1  # how long a reader may go on with files that were renewed by another process
PATIENCE_SECONDS = 30.0  # a reader that stays longer than this keeps a full map from growing
RESERVE_BYTES = 256 << 20  # safety.md 7: refuse before the disk is full ...
RESERVE_SHARE = 20  # ... or at one 20th of a small disk


class Environment:
    """An open LMDB directory. A process may have the same directory open only once."""

    def __init__(
        self,
        path: Path,
        tables: Sequence[str],
        *,
        map_size: int,
        dupsort: Sequence[str] = (),
        metasync: bool = True,
    ) -> None:
        self.path = path
        self._names, self._dupsort = tuple(tables), frozenset(dupsort)
        self._map_size, self._metasync = map_size, metasync
        self._lock = threading.RLock()  # taken by itself where nobody waits: a third of the time
        self._gate = threading.Condition(self._lock)
        self._open = 0
        self.held = threading.local()  # the transaction in which a thread reads at one moment
        self._wanted: int | None = None
        self._is_outdated = False
        self._binding: Callable[[], None] | None = None
        self._open_files()

    def _open_files(self) -> None:
        with exchange.holding(self.path):
            self._open_named_files(self.path)

    def _open_named_files(self, path: Path) -> None:
        exchange.recover(path)
        path.mkdir(parents=True, exist_ok=True)
        self._env = _opened(
            path, map_size=self._map_size, tables=len(self._names), metasync=self._metasync
        )
        self._env.reader_check()  # slots of processes that were killed would keep old pages for ever
        self._tables = {
            name: self._env.open_db(name.encode(), dupsort=name in self._dupsort)
            for name in self._names
        }
        self._identity = exchange.identity(path)
        self._looked = time.monotonic()
        exchange.sync(path)
        exchange.sync(path.parent)

    def bind(self, binding: Callable[[], None]) -> None:
        """Call `binding` now and whenever the files were opened anew: handles of tables belong to open files."""
        self._binding = binding
        binding()

    def table(self, name: str) -> Table:
        """Give the handle of a table."""
        return self._tables[name]

    def read(self) -> _Reading:
        """Read at one moment. Keep it short: pages that others free meanwhile cannot be used again."""
        return _Reading(self, holds=False)

    def ask(self, question: Callable[[Transaction, K], T], about: K) -> T:
        """Ask one thing in a transaction of its own, or in the one that this thread holds already."""
        held: Transaction | None = getattr(self.held, "txn", None)
        if held is not None:
            return question(held, about)
        with self.read() as txn:
            return question(txn, about)

    def at_one_moment(self) -> _Reading:
        """Let all that this thread reads in the block be of one moment, in one transaction; write nothing in it."""
        return _Reading(self, holds=True)

    def write(self, change: Callable[[Transaction], T]) -> T:
        """Run `change` in one write transaction, on disk when this returns.

        It is run again from the start if the map had to grow, so it may change nothing but the transaction.
        """
        while True:
            txn = self.begin(write=True)
            try:
                result = change(txn)
                txn.commit()
            except lmdb.MapFullError:
                full = True
            except lmdb.DiskError as error:
                raise Overloaded(f"the disk of {self.path} does not take more: {error}") from error
            else:
                full = False
            finally:
                txn.abort()  # does nothing after a commit
                self.leave()
            if not full:
                return result
            self._resize(self._env.info()["map_size"] * 2)

    def refuse_when_nearly_full(self) -> None:
        """Raise `Overloaded` while the disk still has room for what is already being written."""
        disk = os.statvfs(self.path)
        free = disk.f_bavail * disk.f_frsize
        reserve = reserve_of(disk)
        if free < reserve:
            raise Overloaded(
                f"the disk of {self.path} has {free >> 20} MB left and keeps {reserve >> 20} MB in reserve; "
                "make room and it goes on by itself"
            )

    def renew(
        self,
        copy: Callable[[Transaction, Environment], T],
        finish: Callable[[Transaction, Environment, T], None],
    ) -> None:
        """Put new files in the place of these, holding only what is copied into them. One caller at a time.

        Args:
            copy: copies from one moment while others go on writing; gives what `finish` needs to know.
            finish: copies what was written since; nobody writes meanwhile.
        """
        exchange.sweep(self.path)
        new = Environment(
            exchange.next_of(self.path),
            self._names,
            map_size=self._map_size,
            dupsort=tuple(self._dupsort),
            metasync=self._metasync,
        )
        try:
            with self.read() as txn:
                state = copy(txn, new)

            def take_place(txn: Transaction) -> None:
                finish(txn, new, state)
                new.close()
                exchange.exchange(self.path)

            self.write(take_place)
        finally:
            new.close()
        self._reopen()

    def close(self) -> None:
        """Close files; open readers end."""
        self._env.close()

    def begin(self, *, write: bool) -> Transaction:
        """Begin a transaction; whoever does calls `leave` when it has ended."""
        while True:
            if not write and time.monotonic() - self._looked > LOOK_SECONDS:
                self._look()
            with self._lock:
                self._open += 1
            try:
                txn = self._env.begin(write=write)
            except lmdb.MapResizedError:
                self.leave()
                self._resize(SYNC_MAP)
            except lmdb.ReadersFullError:
                self.leave()
                if not self._env.reader_check():
                    raise
            except BaseException:
                self.leave()
                raise
            else:
                # Only who holds the lock of the files that bear the name may write.
                if not write or exchange.identity(self.path) == self._identity:
                    return txn
                txn.abort()
                self.leave()
                self._reopen()

    def leave(self) -> None:
        """Say that a transaction has ended; make the change that waited for it."""
        with self._lock:
            self._open -= 1
            if not self._open and self._is_outdated:
                self._apply_new_files()
            if not self._open and self._wanted is not None:
                self._apply_wanted()

    def _look(self) -> None:
        """See whether the files were renewed; if so, take the new ones at the first moment nobody reads."""
        self._looked = time.monotonic()
        if exchange.identity(self.path) == self._identity:
            return
        with self._gate:
            self._is_outdated = True
            if not self._open:
                self._apply_new_files()

    def _reopen(self) -> None:
        """Wait until the new files are open."""
        with self._gate:
            self._is_outdated = True
            if not self._open:
                self._apply_new_files()
            elif not self._gate.wait_for(lambda: not self._is_outdated, PATIENCE_SECONDS):
                raise Overloaded(f"{self.path} was renewed and cannot be opened while it is read")

    def _apply_new_files(self) -> None:
        if exchange.identity(self.path) != self._identity:
            self._env.close()
            self._open_files()
            if self._binding is not None:
                self._binding()
        self._is_outdated = False
        self._gate.notify_all()

    def _resize(self, size: int) -> None:
        """Give the map another size as soon as no transaction of this process is open."""
        with self._gate:
            if self._wanted is None or size > self._wanted:
                self._wanted = size
            if not self._open:
                self._apply_wanted()
            elif not self._gate.wait_for(lambda: self._wanted is None, PATIENCE_SECONDS):
                self._wanted = None
                raise Overloaded(f"{self.path} is full and cannot grow while it is being read")

    def _apply_wanted(self) -> None:
        if self._wanted == SYNC_MAP or (self._wanted or 0) > self._env.info()["map_size"]:
            self._env.set_mapsize(self._wanted or SYNC_MAP)
        self._wanted = None
        self._gate.notify_all()


class _Reading:
    """A read transaction for a block, or the one that this thread holds already; a generator would take thrice as long."""

    __slots__ = ("_env", "_holds", "_own")

    def __init__(self, env: Environment, *, holds: bool) -> None:
        self._env, self._holds = env, holds
        self._own: Transaction | None = None

    def __enter__(self) -> Transaction:
        held: Transaction | None = getattr(self._env.held, "txn", None)
        if held is not None:
            return held
        own = self._own = self._env.begin(write=False)
        if self._holds:
            self._env.held.txn = own
        return own

    def __exit__(self, *_: object) -> None:
        if self._own is not None:
            if self._holds:
                self._env.held.txn = None
            self._own.abort()
            self._env.leave()


def reserve_of(disk: os.statvfs_result) -> int:
    """Give the bytes of a disk that must stay free."""
    return min(RESERVE_BYTES, disk.f_blocks * disk.f_frsize // RESERVE_SHARE)


def _opened(path: Path, *, map_size: int, tables: int, metasync: bool) -> lmdb.Environment:
    try:
        return lmdb.open(
            str(path),
            map_size=map_size,
            max_dbs=tables,
            max_readers=MAX_READERS,
            max_spare_txns=SPARE_READERS,
            metasync=metasync,
            mode=0o600,
        )
    except (lmdb.InvalidError, lmdb.CorruptedError, lmdb.VersionMismatchError) as error:
        raise Damaged(f"{path / 'data.mdb'} is no LMDB file any more: {error}") from error
    except lmdb.Error as error:
        if "already open" in str(error):  # two sets of locks on one file would be no locks at all
            raise Conflict(f"{path} is already open in this program; close it first") from error
        raise
