"""Step 1 of 8, cut: take a batch apart without reading its events.

In:   the text of a JSON object, and the name of the key that holds the events.
Out:  the object without its events, and each event as it was written.
Idea: only used where a strict reader refuses the whole: one event with NaN or half a character must not take its
      neighbours along. Strings and brackets are enough to see where each event begins and ends.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{},]', re.DOTALL)


def cut(text: bytes, key: str) -> tuple[bytes, list[bytes]] | None:
    """Cut the events out of a batch; None if there is no such list or its brackets do not match."""
    wanted = f'"{key}"'.encode()
    depth, last = 0, b""
    begin = start = -1
    events: list[bytes] = []
    for found in _TOKEN.finditer(text):
        token = found.group()
        if token in b"[{":
            depth += 1
            if token == b"[" and depth == 2 and last == wanted and begin < 0:  # noqa: PLR2004  in the object
                begin, start = found.start(), found.end()
        elif token in b"]}":
            depth -= 1
            if depth == 1 and start >= 0:
                events.append(text[start : found.start()].strip())
                envelope = text[:begin] + b"null" + text[found.end() :]
                return envelope, events if events != [b""] else []
        elif token == b"," and depth == 2 and start >= 0:  # noqa: PLR2004  between two events
            events.append(text[start : found.start()].strip())
            start = found.end()
        elif depth == 1:
            last = token
    return None
