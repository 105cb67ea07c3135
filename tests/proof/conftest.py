"""The long evidence. In `make test` each proof runs with a small count, in `make proof` (ETALAGE_PROOF=1) with all.

Proofs borrow the people and the calls of the flow tests, and the small demo of the browser tests. What passed in a full run that was stopped is not run again.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "flow"))
sys.path.append(str(Path(__file__).parents[1] / "browser"))

# `figures` is only imported where tests run: it takes ETALAGE_PROOF away, which further processes have to see first.


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what was measured before a full run was stopped."""
    import figures

    passed = figures.done() if figures.FULL else frozenset()
    for item in items:
        if item.nodeid in passed:
            item.add_marker(
                pytest.mark.skip("measured already; `rm -r artefacts/proof` begins anew")
            )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note what passed with its full count."""
    import figures

    report = yield
    if figures.FULL and report.when == "call" and report.passed:
        figures.note_done(item.nodeid)
    return report
