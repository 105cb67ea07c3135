"""Do something once in a process of its own, so that what it loads and leaves behind goes with it.

In:   a function and what it is given.
Out:  what it gives; what it raises is raised here.
Idea: a demo runs for hours, and needs what opens a shop and reckons its report for a second each: half its memory.
      A copy of this process is safe only while it has one thread; with more the work is done in place.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def apart(work: Callable[P, R], *args: P.args, **named: P.kwargs) -> R:
    """Do it in a copy of this process, which ends before this returns.

    Args:
        work: a function of a module; what it is given and gives can be pickled.
        args: for it.
        named: for it.
    """
    if threading.active_count() > 1:
        return work(*args, **named)
    with ProcessPoolExecutor(1, get_context("fork"), _leave_interrupts_to_the_parent) as pool:
        return pool.submit(work, *args, **named).result()


def _leave_interrupts_to_the_parent() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
