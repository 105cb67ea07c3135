"""Giving back memory that a process does not need while it waits.

In:   a process that has just done much, or that nobody asks anything.
Out:  the same process, holding less.
Idea: three things stay behind after work: objects that only the collector finds, pieces of memory that are free but
      not returned, and pages of files that were read once. The first two are returned; for the third the system is
      told that it need not keep them for us. They stay in its cache and come back by themselves when read.

Only pages that nobody can have written to through the mapping are named: shared mappings of our stores (LMDB writes
to the file, not to the map) and program code. Linux with glibc; elsewhere only objects are collected.
"""

from __future__ import annotations

import ctypes
import gc
import re
import sys
import time
from pathlib import Path

LOOK_SECONDS = 15.0
LITTLE = 0.2  # of one core: then nobody waits for what has to be read from the system's cache again
HARDLY_ANY = 0.03  # then this goes for program code too

_DONTNEED = 4  # MADV_DONTNEED
_ARENAS = -8  # M_ARENA_MAX: pools from which threads take memory; each keeps what was once taken
_MOST_ARENAS = 2
_LEAST_BYTES = 1 << 20  # smaller mappings are not worth the call
_MAPPED = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ \S+\s+(/.*)")
_STORE = "/data.mdb"


def few_arenas() -> None:
    """Let threads share two pools of memory; call this before there are many."""
    library = _library()
    if library is not None:
        library.mallopt(_ARENAS, _MOST_ARENAS)


def give_back(*, collect: bool = True, code: bool = True) -> None:
    """Return what is not needed now.

    Args:
        collect: look for objects that only the collector finds; nothing else runs in this process meanwhile.
        code: also let go of program code, for a process that sleeps for a while.
    """
    if collect:
        gc.collect()
    library = _library()
    if library is None:
        return
    library.malloc_trim(0)
    for start, length in _pages(code=code):
        library.madvise(ctypes.c_void_p(start), ctypes.c_size_t(length), _DONTNEED)


class Rest:
    """Gives back what a server does not need while it has little to do; a busy one is left alone."""

    def __init__(self) -> None:
        self._looked, self._used = time.monotonic(), time.process_time()

    def look(self) -> None:
        """Look whether there was little to do since the last look; call this every second."""
        now, used = time.monotonic(), time.process_time()
        if now - self._looked < LOOK_SECONDS:
            return
        share = (used - self._used) / (now - self._looked)
        self._looked, self._used = now, used
        if share < LITTLE:
            give_back(collect=False, code=share < HARDLY_ANY)


def _pages(*, code: bool) -> list[tuple[int, int]]:
    found = []
    for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines():
        mapped = _MAPPED.match(line)
        if mapped is None:
            continue
        start, end = int(mapped[1], 16), int(mapped[2], 16)
        is_store = mapped[3] == "r--s" and mapped[4].endswith(_STORE)
        is_code = code and mapped[3] == "r-xp"
        if (is_store or is_code) and end - start >= _LEAST_BYTES:
            found.append((start, end - start))
    return found


def _library() -> ctypes.CDLL | None:
    """Give the C library, if it is one that knows these calls."""
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "malloc_trim") else None
