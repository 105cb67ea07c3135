"""How long it takes to learn, and the most memory it takes, each in a process of its own.

In:   a size.
Out:  seconds by the clock and on all cores together, and peak memory; of EASE also the bare inverse of the same size
      by LAPACK in the same run, its floor.
Idea: the peak of a process never goes down, so what is measured has a process to itself: python -m, one JSON line.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import msgspec
import numpy as np

from etalage.bench.memory import peak_mb
from etalage.bench.rows import Row, row
from etalage.recommend.session_index import Longs

MB_PER_GB = 1e9 / 2**20
PEOPLE_PER_ITEM = 10
CLICKS = 4  # of a session
ITEMS = 20_000  # of the sessions
OF_A_PERSON = 20
SEED = 5


def build_rows(*, sessions: int, products: int) -> list[Row]:
    """Measure EASE at so many products, and the session model of so many sessions."""
    ease, bare = _apart("ease", products), _apart("inverse", products)
    model = _apart("sessions", sessions)
    return [
        row(f"ease, {products:,} products: learn", ease["seconds"], "s", floor=bare["seconds"]),
        row(f"ease, {products:,} products: memory", ease["gb"], "GB", floor=bare["gb"]),
        row(f"ease, {products:,} products: time on cores", ease["cores"], "s", floor=bare["cores"]),
        row(f"session model, {sessions:,} sessions: learn", model["seconds"], "s"),
        row(f"session model, {sessions:,} sessions: time on cores", model["cores"], "s"),
        row(f"session model, {sessions:,} sessions: memory", model["gb"], "GB"),
    ]


def _apart(what: str, size: int) -> dict[str, float]:
    command = [sys.executable, "-m", "etalage.bench.recommend_builds", what, str(size)]
    said = subprocess.run(command, check=True, capture_output=True)  # noqa: S603  our own module
    return msgspec.json.decode(said.stdout, type=dict[str, float])


def _ease(products: int) -> Callable[[], object]:
    from etalage.recommend.ease import Had, learn_ease

    user, item = had(products)
    return lambda: learn_ease(Had(user, item), products)


def _inverse(products: int) -> Callable[[], object]:
    """Invert a matrix of the size and precision that EASE inverts, and do nothing else."""
    from scipy.linalg.lapack import get_lapack_funcs

    from etalage.recommend.ease import SINGLE_ABOVE

    square = np.full((products, products), 0.1, np.float32 if products > SINGLE_ABOVE else float)
    square[np.diag_indices(products)] += products
    factor, invert = get_lapack_funcs(("potrf", "potri"), (square,))

    def bare() -> object:
        lower, _ = factor(square.T, lower=1, overwrite_a=1)
        return invert(lower, lower=1, overwrite_c=1)

    return bare


def _sessions(count: int) -> Callable[[], object]:
    from etalage.recommend.session_model import session_model, write

    rows = list(_rows(count))
    return lambda: write(session_model(rows, 0))


def had(products: int, *, people: int | None = None) -> tuple[Longs, Longs]:
    """Make people of twenty products each, of which few are popular."""
    rng = np.random.default_rng(SEED)
    user = np.repeat(np.arange(people or products * PEOPLE_PER_ITEM), OF_A_PERSON)
    return user, (products * rng.random(len(user)) ** 3).astype(np.int64)


def _rows(count: int) -> Iterator[tuple[float, list[str]]]:
    """Give sessions as the warehouse does: each id a text of its own."""
    rng = np.random.default_rng(SEED)
    for session in range(count):
        group = ITEMS * rng.random() ** 3
        items = (group + 50 * rng.random(CLICKS)).astype(int) % ITEMS
        yield session * 2.0, [f"product-{item}" for item in items.tolist()]


MADE: dict[str, Callable[[int], Callable[[], object]]] = {
    "ease": _ease,
    "inverse": _inverse,
    "sessions": _sessions,
}


def _measured(what: str, size: int) -> dict[str, float]:
    work = MADE[what](size)
    began, used = time.perf_counter(), time.process_time()
    work()
    seconds, cores = time.perf_counter() - began, time.process_time() - used
    return {"seconds": seconds, "cores": cores, "gb": peak_mb() / MB_PER_GB}


if __name__ == "__main__":
    sys.stdout.write(msgspec.json.encode(_measured(sys.argv[1], int(sys.argv[2]))).decode())
