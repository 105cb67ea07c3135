"""Step 3 of 8, segment: who comes much less than she used to, as facts with a date: a lead signal of leaving.

In:   the rows of `sql/engagement.sql`.
Out:  `score` events, one per person whose engagement fell by half or came back.
Idea: everybody is compared with herself: who came twice a week and stays away a month says more than who comes once
      a year. Only days are counted, never what she looked at. The score stands in the log under her newest consent
      epoch: it goes with her consent, and with her when she is erased.
From: methods 8 and 5.4; the gamma-Poisson model of how often somebody comes (Fader, Hardie, Lee 2005).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files

from etalage.domain.event import Event
from etalage.segment.scores import score_event

AT_ONCE = 50_000  # people a night; whoever is left is written the next


def question() -> str:
    """Give the SQL that engagement is counted with."""
    return (files("etalage.segment") / "sql" / "engagement.sql").read_text(encoding="utf-8")


def engagement_events(rows: Iterable[Mapping[str, object]], *, now: int) -> Iterator[Event]:
    """Write what changed of each person as an event; 1,000,000 is as engaged as ever."""
    for row in rows:
        said = {
            "engagement": int(str(row["engagement"])),
            "engagement.sure": int(str(row["sure"])),
        }
        yield score_event(row, said, now=now, sort="engagement")
