"""Step 4 of 8, recommend: sessions that ended since the model was learned, added to the served index.

In:   the model's file, and the sessions that ended after it, asked by the same question.
Out:  a small file beside the model's; and the model with those sessions, which answers as if it were learned now.
Idea: the night learns what had ended by then; what ends later lies in a second, small part of the same layout
      (`session_index.with_ended`). The file is made whole each time, from the log: nothing is added twice or lost,
      who was erased is not in it, and a process that is killed takes it up again. It holds the newest sessions up to
      a limit; what does not fit waits for the night.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec import Struct, convert, to_builtins

from etalage.domain.time import DAY
from etalage.recommend.model_file import Unusable, digest, from_bytes, packed, to_bytes, unpacked
from etalage.recommend.model_kind import Lesson
from etalage.recommend.session_index import LIVE_SESSIONS, with_ended
from etalage.recommend.session_model import (
    GAP,
    SessionModel,
    clicks_of,
    parameters,
    question,
    read,
)

KIND = "sessions-live"
LAYOUT = 1
LOOKED_BACK = (
    2 * DAY
)  # before the model was learned: a session begins, and its day is counted, within that


class Since(Struct, frozen=True):
    """What the file says of itself."""

    base: str  # version of the model that it belongs to
    sessions: int
    left_out: int  # older ones, for which there was no room


def learn_live(lesson: Lesson, content: bytes | None, *, room: int = LIVE_SESSIONS) -> bytes | None:
    """Write the sessions that ended since the model in `content` was learned; None where there is no such model."""
    base = read(content)
    if isinstance(base, Unusable) or not base.card.is_worth_it:
        return None
    bound = parameters(
        lesson.now,
        visitors_needed=lesson.visitors_needed,
        erased=lesson.erased,
        since=base.card.made - LOOKED_BACK,
        after=base.card.made - GAP,
        known=base.products,
        known_needed=base.needed,
    )
    rows = lesson.ask(question(), bound)
    return _written(rows[-room:], base, left_out=max(0, len(rows) - room))


def with_live(base: SessionModel, content: bytes | None) -> tuple[SessionModel, str]:
    """Give the model with the sessions of the file, and the version it has then.

    A file that is damaged, or belongs to another model, adds nothing: the next one is on its way.
    """
    found = from_bytes(content, KIND, LAYOUT)
    if isinstance(found, Unusable) or found.said.get("base") != base.card.version:
        return base, base.card.version
    if not convert(found.said, Since).sessions:
        return base, base.card.version
    codes = {product: code for code, product in enumerate(base.products)}
    clicks = clicks_of(_rows(found.arrays), codes)
    index = with_ended(base.past, clicks, len(codes))
    grown = SessionModel(base.card, tuple(codes), index, base.rules)
    return grown, f"{base.card.version}+{digest(found.arrays)[:8]}"


def _written(rows: Sequence[Sequence[Any]], base: SessionModel, *, left_out: int) -> bytes:
    codes: dict[str, int] = {}
    items = [codes.setdefault(str(p), len(codes)) for _, viewed, *_ in rows for p in viewed]
    arrays = {
        "ends": np.array([ended for ended, *_ in rows], np.float64),
        "lengths": np.array([len(viewed) for _, viewed, *_ in rows], np.int32),
        "items": np.array(items, np.int32),
        "products": packed(tuple(codes)),
    }
    said = Since(base.card.version, len(rows), left_out)
    return to_bytes(KIND, LAYOUT, to_builtins(said), arrays)


def _rows(arrays: dict[str, Any]) -> list[tuple[float, list[str]]]:
    names = unpacked(arrays["products"])
    starts = np.cumsum(arrays["lengths"])[:-1]
    parts = np.split(arrays["items"], starts)
    return [
        (float(ended), [names[code] for code in part.tolist()])
        for ended, part in zip(arrays["ends"].tolist(), parts, strict=True)
    ]
