"""A proof says its promise, its bar and its figure: printed, and kept for the table in docs/proof.md.

python tests/proof/figures.py      writes the table from what the last `make proof` measured
"""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

FULL = (
    os.environ.pop("ETALAGE_PROOF", "") == "1"
)  # taken away: to the server it would be an unknown setting
ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "artefacts" / "proof.ndjson"
PAGE = ROOT / "docs" / "proof.md"
BEGIN, END = "<!-- figures begin -->", "<!-- figures end -->"


def times(small: int, full: int) -> int:
    """Give how often: a few in `make test`, all in `make proof`."""
    return full if FULL else small


def tell(promise: str, bar: str, **counts: int) -> None:
    """Print one line of evidence, and keep it if it is the full count; parts of one promise are added up."""
    print(f"\nproof: {promise} | bar: {bar} | figure: {_written(counts)}")  # noqa: T201  that is what a proof is for
    if not FULL:
        return
    KEPT.parent.mkdir(exist_ok=True)
    line = {
        "promise": promise,
        "bar": bar,
        "counts": counts,
        "commit": _said("git", "rev-parse", "--short", "HEAD"),
        "date": dt.datetime.now(tz=dt.UTC).date().isoformat(),
    }
    with KEPT.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def write_table() -> None:
    """Put the newest figure of each promise into docs/proof.md; those that were not measured again stay."""
    head, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    table, tail = rest.split(END)
    rows = {row.split("|")[1].strip(): row for row in table.splitlines() if row.startswith("| ")}
    rows.pop("promise", None)
    lines = KEPT.read_text(encoding="utf-8").splitlines() if KEPT.exists() else []
    sums: dict[str, Counter[str]] = {}
    for line in lines:
        said = json.loads(line)
        counts = sums.setdefault(said["promise"], Counter())
        counts.update(said["counts"])
        cells = (said["promise"], said["bar"], _written(counts), said["commit"], said["date"])
        rows[said["promise"]] = f"| {' | '.join(cells)} |"
    title = "| promise | bar | figure | commit | date |\n|---|---|---|---|---|"
    made = "\n".join([BEGIN, title, *rows.values(), END])
    PAGE.write_text(head + made + tail, encoding="utf-8")


def _written(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in counts.items())


def _said(*command: str) -> str:
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()


if __name__ == "__main__":
    write_table()
