"""Commands of `etalage`, each in a process of its own that is forked from one which has loaded them already.

A command as a person starts it loads for a second or two on a core before it does anything; that this works, tests
of `etalage serve`, `simulate` and `replay` show, which start programs.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from subprocess import CompletedProcess, TimeoutExpired

_FAMILIES = "bandit checking keeping planning privacy segments".split()
_loaded = multiprocessing.get_context("forkserver")
_loaded.set_forkserver_preload([f"etalage.cli.{name}" for name in ("main", *_FAMILIES)])


def etalage(*arguments: str | Path, timeout: float = 120) -> CompletedProcess[str]:
    """Run a command, and wait for its end."""
    words = ["etalage", *map(str, arguments)]
    with tempfile.TemporaryDirectory(prefix="etalage-command-") as folder:
        process = _loaded.Process(target=_run, args=(words, dict(os.environ), folder))
        process.start()
        process.join(timeout)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise TimeoutExpired(words, timeout)
        code = process.exitcode
        said, warned = (Path(folder, name).read_text("utf-8") for name in ("out", "err"))
    return CompletedProcess(words, code, said, warned)


def _run(words: list[str], environment: Mapping[str, str], folder: str) -> None:
    os.environ.clear()
    os.environ.update(environment)
    for number, name in ((1, "out"), (2, "err")):
        file = os.open(Path(folder, name), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(file, number)
        os.close(file)
    sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115  until the process ends
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115  idem
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115  idem
    sys.argv = words
    from etalage.cli.main import main

    main()
