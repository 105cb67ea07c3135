"""What may lie on the disk after a power cut, played from the trace of `record.c`.

In:   the files before, the trace, a moment in it.
Out:  a directory as a disk might hold it: all that was synced, and of what came later any part of it.

What is synced:   bytes before the last sync of their file; bytes of a call that syncs by itself (O_DSYNC);
                  names (create, rename, remove) before the last sync of their directory.
What is not:      each sector of 512 bytes has any of the contents it had since; of the names, which file systems
                  write down in order, any number of the next ones. The call at the moment of the cut is under way.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

SECTOR = 512
_MADE_ANEW = {"lock.mdb", "records.db-shm"}  # maps of memory, which nobody reads after a restart


class Call(NamedTuple):
    """One call that changed files."""

    op: str
    offset: int
    path: str  # below the directory
    data: bytes


def calls(trace: Path, root: Path) -> list[Call]:
    """Read a trace."""
    raw, at, found = trace.read_bytes(), 0, []
    prefix = f"{root}/"
    while at < len(raw):
        op = chr(raw[at])
        offset = int.from_bytes(raw[at + 1 : at + 9], "little")
        length = int.from_bytes(raw[at + 9 : at + 11], "little")
        size = int.from_bytes(raw[at + 11 : at + 15], "little")
        path = raw[at + 15 : at + 15 + length].decode()
        data = raw[at + 15 + length : at + 15 + length + size]
        at += 15 + length + size
        if op == "r":
            data = data.decode().removeprefix(prefix).encode()
        found.append(Call(op, offset, path.removeprefix(prefix), data))
    return found


@dataclass
class File:
    """A file: what is on disk for certain, and what happened to it since."""

    synced: bytearray
    pending: list[Call] = field(default_factory=list)

    def sync(self) -> None:
        for call in self.pending:
            _apply(self.synced, call)
        self.pending.clear()

    def after_cut(self, rng: random.Random) -> bytes:
        """Give what may be left of it."""
        held = bytearray(self.synced)
        share = rng.choice((0.0, 0.5, 0.9, 1.0))
        for call in self.pending:
            if call.op == "t":
                if rng.random() < share:
                    _apply(held, call)
                continue
            for part in _sectors(call):
                if rng.random() < share:
                    _apply(held, part)
        return bytes(held)


@dataclass
class Disk:
    """All files of a directory, by name, while a trace is played."""

    files: dict[str, File]
    folders: set[str]
    names: list[Call] = field(default_factory=list)  # changes of names that are not synced
    known: dict[str, File] = field(default_factory=dict)  # by their names as the process sees them

    @classmethod
    def of(cls, directory: Path) -> Disk:
        """Take over a directory; all of it is on disk."""
        paths = [(path, str(path.relative_to(directory))) for path in directory.rglob("*")]
        files = {name: File(bytearray(path.read_bytes())) for path, name in paths if path.is_file()}
        folders = {name for path, name in paths if path.is_dir()} | {""}
        return cls(files, folders, known=dict(files))

    def play(self, call: Call) -> None:
        """Let a call happen."""
        if call.op in "wt":
            self._file(call.path).pending.append(call)
        elif call.op == "W":
            self._write_through(call)
        elif call.op == "s":
            self._sync(call.path)
        else:
            self._name(call)

    def _write_through(self, call: Call) -> None:
        """Only these bytes are on disk for certain; what waited for the same file may still be missing."""
        file = self._file(call.path)
        _apply(file.synced, call)
        file.pending.append(call)

    def _file(self, path: str) -> File:
        name = path.removesuffix(" (deleted)")
        return self.known.setdefault(name, File(bytearray()))

    def _sync(self, path: str) -> None:
        if path in self.known:
            self.known[path].sync()
            return
        # A directory: its names are down, and so is whatever the file system wrote down before them.
        within = [n for n, call in enumerate(self.names) if path in _folders(call)]
        for call in self.names[: within[-1] + 1 if within else 0]:
            _rename(self.files, self.folders, call, self.created)
        del self.names[: within[-1] + 1 if within else 0]

    @property
    def created(self) -> dict[int, File]:
        return self._created

    _created: dict[int, File] = field(default_factory=dict)

    def _name(self, call: Call) -> None:
        if call.op == "c":
            file = File(bytearray())
            self.known[call.path] = file
            self._created[id(call)] = file
        elif call.op == "u":
            self.known.pop(call.path, None)
        elif call.op == "r":
            moved = self.known.pop(call.path, None)
            if moved is not None:
                self.known[call.data.decode()] = moved
        self.names.append(call)

    def after_cut(self, to: Path, rng: random.Random) -> None:
        """Write a directory as the disk may hold it now."""
        files, folders = dict(self.files), set(self.folders)
        for call in self.names[: rng.randint(0, len(self.names))]:
            _rename(files, folders, call, self.created)
        shutil.rmtree(to, ignore_errors=True)
        for folder in sorted(folders):
            (to / folder).mkdir(parents=True, exist_ok=True)
        for name, file in files.items():
            if Path(name).name not in _MADE_ANEW:
                (to / name).parent.mkdir(parents=True, exist_ok=True)
                (to / name).write_bytes(file.after_cut(rng))


def cut(before: Path, trace: Sequence[Call], moment: int, to: Path, rng: random.Random) -> None:
    """Cut the power while call `moment` is under way."""
    disk = Disk.of(before)
    for call in trace[:moment]:
        disk.play(call)
    if moment < len(trace) and trace[moment].op in "wW":
        disk.play(trace[moment]._replace(op="w"))  # begun, and not done
    disk.after_cut(to, rng)


def _rename(
    files: dict[str, File], folders: set[str], call: Call, created: dict[int, File]
) -> None:
    if call.op == "c":
        files[call.path] = created[id(call)]
    elif call.op == "m":
        folders.add(call.path)
    elif call.op == "u":
        files.pop(call.path, None)
        folders.discard(call.path)
    elif call.path in files:
        files[call.data.decode()] = files.pop(call.path)


def _folders(call: Call) -> set[str]:
    names = [call.path, *([call.data.decode()] if call.op == "r" else [])]
    return {"" if (folder := str(Path(name).parent)) == "." else folder for name in names}


def _apply(held: bytearray, call: Call) -> None:
    if call.op == "t":
        del held[call.offset :]
        held.extend(bytes(call.offset - len(held)))
        return
    held.extend(bytes(max(0, call.offset - len(held))))
    held[call.offset : call.offset + len(call.data)] = call.data


def _sectors(call: Call) -> Iterator[Call]:
    at, end = call.offset, call.offset + len(call.data)
    while at < end:
        upto = min(end, (at // SECTOR + 1) * SECTOR)
        data = call.data[at - call.offset : upto - call.offset]
        yield call._replace(offset=at, data=data)
        at = upto
