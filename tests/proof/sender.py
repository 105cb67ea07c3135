"""One of several processes that send the same events, each again and again, to a server that is killed meanwhile.

In:   a directory with `plan.json`, and the file `port` that says where the server is now; which sender this is.
Out:  one line in `sender-N.log` before each call, one when it was answered for, one when nobody listened, each with
      its number of events: from these files, and nothing else, is known what was sent, also after everything was
      stopped half way.
Idea: every sender draws the same plan from the same seed: how often each event goes out, by whom, in which order.

python tests/proof/sender.py DIRECTORY NUMBER
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec

from etalage.domain.time import HOUR, SECOND, iso

SENDERS = 5
MOST_TIMES = 5  # an event is sent once to so many times
BATCH = 100
CHUNK = 5_000  # events that are shuffled among each other
PER_VISITOR = 50
SPOILED = 20  # one in so many comes from a crawler, one in so many cannot be read
CONSENT = dict.fromkeys(("device", "measure", "personalise"), True)
CRAWLER = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0"
WAIT = 0.05  # s, before a call is tried again
LONGEST_CALL = 30.0  # s


class Plan(msgspec.Struct):
    """What to send."""

    events: int
    server_key: str
    began: int  # micros; the events are of the day before


class Sent(msgspec.Struct, frozen=True):
    """What a sender's log says."""

    batches: int  # answered for
    events: int  # in these
    unanswered: int  # events of calls that may have arrived


def kind(number: int) -> str:
    """Say what has to become of an event: accepted, refused or quarantined."""
    return {0: "refused", 1: "quarantined"}.get(number % SPOILED, "accepted")


def visitor(number: int) -> str:
    """Say who did it."""
    return f"v-{number // PER_VISITOR}"


def event(number: int, plan: Plan) -> dict[str, object]:
    """Write an event; every time the same."""
    at = plan.began - 20 * HOUR + number % PER_VISITOR * 60 * SECOND
    agent = CRAWLER if kind(number) == "refused" else BROWSER
    return {
        "type": "track",
        "event": "view_item",
        "messageId": f"m-{number}",
        "anonymousId": visitor(number),
        "timestamp": iso(at) if kind(number) != "quarantined" else ["no", "moment"],
        "properties": {"item_id": f"S-{number}"},
        "context": {"consent": CONSENT, "userAgent": agent},
    }


def calls(plan: Plan, sender: int) -> Iterator[list[int]]:
    """Give the numbers of one sender, a batch at a time."""
    for first in range(0, plan.events, CHUNK):
        rng = random.Random(first)
        numbers = range(first, min(first + CHUNK, plan.events))
        copies = [n for n in numbers for _ in range(rng.randint(1, MOST_TIMES))]
        rng.shuffle(copies)
        mine = copies[sender::SENDERS]
        yield from (mine[start : start + BATCH] for start in range(0, len(mine), BATCH))


def main(directory: Path, sender: int) -> None:
    """Send everything that was not answered for yet, each batch until it is."""
    plan = msgspec.json.decode((directory / "plan.json").read_bytes(), type=Plan)
    log = directory / f"sender-{sender}.log"
    answered, parent = sent(log).batches, os.getppid()
    with (
        log.open("a", encoding="utf-8", buffering=1) as told,
        httpx.Client(auth=(plan.server_key, ""), timeout=LONGEST_CALL) as client,
    ):
        for place, numbers in enumerate(calls(plan, sender)):
            if place < answered:
                continue
            body = msgspec.json.encode({"batch": [event(number, plan) for number in numbers]})
            while os.getppid() == parent:  # nobody is left to hear of it otherwise
                told.write(f"try {len(numbers)}\n")
                became = call(client, directory, body)
                told.write(f"{became} {len(numbers)}\n")
                if became == "done":
                    break
                time.sleep(WAIT)


def call(client: httpx.Client, directory: Path, body: bytes) -> str:
    """Send a batch and say what became of it: done, lost on the way, or away when nobody listened."""
    port = (directory / "port").read_text(encoding="utf-8")
    try:
        answer = client.post(f"http://127.0.0.1:{port}/v1/batch", content=body)
    except httpx.ConnectError:
        return "away"
    except httpx.TransportError:
        return "lost"
    if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
        return "lost"
    answer.raise_for_status()
    return "done"


def sent(log: Path) -> Sent:
    """Read a log; its last line may have been cut off."""
    text = log.read_text(encoding="utf-8") if log.exists() else ""
    events = Counter[str]()
    batches = 0
    for line in text.split("\n")[:-1]:
        what, number = line.split()
        events[what] += int(number)
        batches += what == "done"
    return Sent(batches, events["done"], events["try"] - events["done"] - events["away"])


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
