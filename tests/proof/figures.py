"""A proof says its promise, its bar and its figure: printed, and kept for the table in docs/proof.md.

`make proof` takes hours, and may be stopped: each test that passed is noted under artefacts/proof, and not measured
again until all have been. (`rm -r artefacts/proof` begins anew.)
"""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

FULL = (
    os.environ.pop("ETALAGE_PROOF", "") == "1"
)  # taken away: to the server it would be an unknown setting
ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / "artefacts" / "proof"
FIGURES, DONE = STATE / "figures.ndjson", STATE / "done"
PAGE = ROOT / "docs" / "proof.md"
BEGIN, END = "<!-- figures begin -->", "<!-- figures end -->"
TITLE = "| promise | bar | figure | when | commit |\n|---|---|---|---|---|"

Figure = int | float | str


def times(small: int, full: int) -> int:
    """Give how often: a few in `make test`, all in `make proof`."""
    return full if FULL else small


def tell(promise: str, bar: str, **figures: Figure) -> None:
    """Print one line of evidence, and keep it if it is the full count; parts of one promise are added up."""
    print(f"\nproof: {promise} | bar: {bar} | figure: {_written(figures)}")  # noqa: T201  that is what a proof is for
    if FULL:
        line = {
            "promise": promise,
            "bar": bar,
            "figures": figures,
            "by": os.environ.get("PYTEST_CURRENT_TEST", ""),
            "when": dt.datetime.now(tz=dt.UTC).date().isoformat(),
            "commit": commit(),
        }
        _append(FIGURES, json.dumps(line))


def note_done(test: str) -> None:
    """Note that a test passed with its full count."""
    _append(DONE, test)


def done() -> frozenset[str]:
    """Give the tests that passed with their full count since the proof was begun."""
    return (
        frozenset(DONE.read_text(encoding="utf-8").splitlines()) if DONE.exists() else frozenset()
    )


def begin_anew() -> None:
    """Forget what was measured: the next proof measures all of it."""
    for path in (FIGURES, DONE):
        path.unlink(missing_ok=True)


def table() -> str:
    """Give the table of docs/proof.md."""
    return PAGE.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0].strip()


def write_table() -> None:
    """Put the newest figure of each promise into docs/proof.md; those that were not measured again stay."""
    rows = {row.split("|")[1].strip(): row for row in table().splitlines() if row.startswith("| ")}
    rows.pop("promise", None)
    kept = FIGURES.read_text(encoding="utf-8").splitlines() if FIGURES.exists() else []
    rows |= table_rows(json.loads(line) for line in kept)
    head, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    made = "\n".join([BEGIN, TITLE, *rows.values(), END])
    PAGE.write_text(head + made + rest.split(END)[1], encoding="utf-8")


def table_rows(lines: Iterable[dict[str, object]]) -> dict[str, str]:
    """Give a row per promise: the newest figures of each test, added up over the tests that share one promise."""
    newest = {(line["promise"], line["by"]): line for line in lines}
    rows, sums = {}, dict[object, dict[str, Figure]]()
    for (promise, _), line in newest.items():
        sums[promise] = _added(sums.get(promise, {}), line["figures"])  # type: ignore[arg-type]  as `tell` wrote it
        cells = (promise, line["bar"], _written(sums[promise]), line["when"], line["commit"])
        rows[str(promise)] = f"| {' | '.join(map(str, cells))} |"
    return rows


def commit() -> str:
    """Give the commit that is measured."""
    command = ("git", "rev-parse", "--short", "HEAD")
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return said.stdout.strip()


def _added(one: Mapping[str, Figure], other: Mapping[str, Figure]) -> dict[str, Figure]:
    both = {**one, **other}
    counts = (name for name in one if isinstance(one[name], int) and name in other)
    return both | {name: one[name] + other[name] for name in counts}  # type: ignore[operator]  both are counts


def _append(path: Path, line: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def _written(figures: Mapping[str, Figure]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {_said(value)}" for name, value in figures.items())


def _said(value: Figure) -> str:
    return value if isinstance(value, str) else f"{value:,}"
