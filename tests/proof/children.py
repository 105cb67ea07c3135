"""Looking at a directory in a child of its own: whatever is wrong with it ends the child and nobody else."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

PATIENCE = 120.0  # s, on a machine that does other things too

# Children do not inherit what their parent holds open.
_clean = multiprocessing.get_context("forkserver")
_clean.set_forkserver_preload(["etalage.keeping", "furnished", "power_writer"])


def asked(task: Callable[..., object], *arguments: object) -> tuple[str, Any]:
    """Let a child do something; give ("said", its answer), or ("failed", why there is none)."""
    ours, theirs = _clean.Pipe(duplex=False)
    child = _clean.Process(target=_do, args=(theirs, task, arguments))
    child.start()
    theirs.close()
    try:
        answer: tuple[str, Any] = ours.recv() if ours.poll(PATIENCE) else ("failed", "no answer")
    except EOFError:
        answer = ("failed", "ended without a word")
    finally:
        ours.close()
    child.kill()
    child.join()
    child.close()
    return answer


def _do(said: Connection, task: Callable[..., object], arguments: tuple[object, ...]) -> None:
    try:
        said.send(("said", task(*arguments)))
    except Exception as error:  # noqa: BLE001  whatever it is, who asked wants to know
        said.send(("failed", repr(error)))
