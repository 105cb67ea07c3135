"""Sends again what was set aside, one record at a time, and ends this process without a word.

`python cut_off_replay.py DIR REASON COMMITS before|after` : before or after the log took that many.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from shop import SETTINGS

from etalage import app
from etalage.domain.arrival import Entered, Reason
from etalage.flow import send_again
from etalage.flow.configuration import configure
from etalage.ports import Retried
from etalage.store.lmdb.journal import LmdbEventLog

CUT_OFF = 77


def main(directory: str, reason: Reason, commits: str, when: str) -> None:
    _, ports = app.open_ports(Path(directory), app.the_shop(Path(directory)), settings=SETTINGS)
    left = int(commits)
    retry = LmdbEventLog.retry

    def ending(log: LmdbEventLog, retried: Sequence[Retried]) -> list[list[Entered] | None]:
        nonlocal left
        if not left and when == "before":
            os._exit(CUT_OFF)
        done = retry(log, retried)
        left -= 1
        if left <= 0 and when == "after":
            os._exit(CUT_OFF)  # on disk, and not yet remembered
        return done

    LmdbEventLog.retry = ending  # type: ignore[method-assign]
    send_again.AT_ONCE = 1
    for _ in send_again.send_again(ports, configure(ports), reason):
        pass
    ports.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4])  # type: ignore[arg-type]
