"""Step 3 of 8, segment: scores that depend on everybody, as facts with a date.

In:   the rows of `sql/scores.sql`.
Out:  `score` events, one per person whose phase or RFM changed.
Idea: a quintile needs all buyers, so it cannot be folded; it is counted at night and written into the log like
      anything else that happens. It falls in the person's newest consent epoch, and goes with it.
From: methods 5.1 (RFM) and 5.4 (phase; without the modelled chance to buy, which a later version brings).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files

from etalage.domain.event import Event, Scalar
from etalage.domain.ids import EventId, VisitorKey

RFM = ("recency", "frequency", "monetary")


def question() -> str:
    """Give the SQL that scores are counted with."""
    return (files("etalage.segment") / "sql" / "scores.sql").read_text(encoding="utf-8")


def score_events(rows: Iterable[Mapping[str, object]], *, now: int) -> Iterator[Event]:
    """Write the changed scores of each person as an event."""
    for row in rows:
        properties: dict[str, Scalar] = {"phase": str(row["phase"])}
        for side in RFM:
            if row[side] is not None:
                properties[f"rfm.{side}"] = int(str(row[side]))
        yield score_event(row, properties, now=now, sort="score")


def score_event(
    row: Mapping[str, object], properties: Mapping[str, Scalar], *, now: int, sort: str
) -> Event:
    """Write scores of a person, under her newest visitor and consent epoch; said twice in a night it is one event."""
    said = f"{row['person']}:{now}".encode()
    return Event(
        id=EventId(f"{sort}:{hashlib.blake2b(said, digest_size=12).hexdigest()}"),
        name="score",
        time=now,
        received=now,
        trust="confirmed",
        source="engine",
        visitor=VisitorKey(str(row["visitor"])),
        properties=dict(properties),
        purposes=("personalise",),
        epoch=int(str(row["epoch"])),
    )
