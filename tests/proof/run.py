"""`make proof`: everything in full, what measures time after the rest; then the table, printed and in docs/proof.md.

python tests/proof/run.py [arguments of pytest]     for instance -k exactly_once, for one part
"""

from __future__ import annotations

import os
import subprocess
import sys

import figures

TURNS = (("-n", "auto", "-m", "not alone"), ("-m", "alone"))
PASSED, NOTHING_TO_DO = 0, 5  # what pytest says


def main(chosen: list[str]) -> int:
    """Run what was not measured yet; give 0 if nothing failed."""
    codes = [_tested(*turn, *chosen) for turn in TURNS]
    figures.write_table()
    print("\n" + figures.table())  # noqa: T201  that is what it is for
    if not chosen and set(codes) == {PASSED}:
        figures.begin_anew()
    return int(not set(codes) <= {PASSED, NOTHING_TO_DO})


def _tested(*arguments: str) -> int:
    command = [sys.executable, "-m", "pytest", "-rA", *arguments, "tests/proof"]
    environment = {**os.environ, "ETALAGE_PROOF": "1"}
    return subprocess.run(command, cwd=figures.ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
