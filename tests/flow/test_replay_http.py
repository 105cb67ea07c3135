"""Every decision that was made over HTTP is made again from the log by a fresh process, and a changed one is found."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import msgspec
import pytest
from shop import (  # fmt: skip
    ALLOWED,
    NO,
    SETTINGS,
    YES,
    Reply,
    Said,
    Shop,
    copy,
    experience,
    identify,
    order,
    segment,
    track,
    view,
)

from etalage import app
from etalage.domain.arrival import Arrival, Rejected
from etalage.domain.canonical import digest
from etalage.domain.decision import DecisionRecord
from etalage.domain.event import Event
from etalage.domain.ids import ProductId
from etalage.domain.product import Catalogue, Offer, Product
from etalage.domain.time import DAY, HOUR, MINUTE
from etalage.flow import nightly
from etalage.store.lmdb.record import framed, number_key

LOOKERS = {"did": "view_item", "times": {"at_least": 2}, "within": "30d"}
HALF = {"kind": "split", "control": 0.5}
PEOPLE = [f"v{number}" for number in range(30)]


def replayed(directory: Path) -> tuple[int, Said]:
    """Replay in a process of its own; give its exit code and what it printed."""
    command = [sys.executable, "-m", "etalage", "replay", "--data", str(directory), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def stocked(shop: Shop) -> None:
    """Give the shop a catalogue, one product of which is sold out, and a holdout."""

    def product(number: str, *, stock: int) -> tuple[ProductId, Product]:
        offer = Offer(number, price=2500, availability="in_stock", stock=stock)
        key = ProductId(number)
        return key, Product(key, number, (offer,), (("Hond", "Voer"),))

    products = dict(product(f"S-{n}", stock=0 if n == 3 else 5) for n in (1, 2, 3, 4))
    catalogue = Catalogue("c1", "EUR", products)
    shop.ports.records.put_catalogue(catalogue, source="test", actor="ann", now=shop.now)
    shop.ports.records.change_shop({"holdout_share": 0.1}, actor="ann", now=shop.now)


def with_messages(shop: Shop) -> None:
    words = {"nl": [{"type": "text", "text": "Kijk"}, {"type": "product_list"}]}
    words["en"] = [{"type": "text", "text": "Look"}, {"type": "product_list"}]
    wanted = {"strategy": "popular_now", "at_least": 1}
    variants = [{"name": "list", "content": words, "products": wanted}]
    bar: Said = {"form": "bar", "caps": [], "slot": "bar"}
    shop.go_live(
        segment("lookers", LOOKERS),
        experience("hoi", segment="lookers", allocation=HALF, caps=[{"times": 2, "per": "day"}]),
        experience("strip", priority=70, allocation=HALF, **bar),
        experience("other-strip", **bar),
        experience(
            "popular", form="products", slot="below", caps=[], variants=variants, allocation=HALF
        ),
    )


def a_busy_day(shop: Shop, *, questions: int) -> int:
    """Let people look, buy, ask, refuse and come back; give how many decisions the log must hold."""
    rng = Random(11)
    stocked(shop)
    shop.batch(*(view(f"S-{n % 4 + 1}", visitor) for visitor in PEOPLE for n in range(3)))
    nightly.count_popular(shop.night())
    with_messages(shop)
    for number in range(questions):
        shop.now += rng.randrange(3 * MINUTE)
        visitor = rng.choice(PEOPLE)
        _live(shop, rng, visitor, number)
        answer = shop.ask(
            visitor,
            slots=rng.sample(["overlay", "bar", "below", "nowhere"], k=3),
            page=_page(rng),
            cart=rng.choice([None, [], [{"product_id": "S-1", "quantity": 2}]]),
            consent=rng.choice([None, None, None, YES]),
        )
        tokens = [one["id"] for one in answer["decisions"] if "id" in one]
        shop.batch(*(track("triggered", visitor, token=token, consent=None) for token in tokens))
        if number == questions // 2:
            shop.go_live(experience("hoi", segment="lookers", caps=[{"times": 9, "per": "day"}]))
            nightly.seal(shop.night())
            shop.now += DAY
    return len(shop.events("decision"))


def _live(shop: Shop, rng: Random, visitor: str, number: int) -> None:
    if rng.random() < 0.1:
        shop.ask(visitor, consent=NO)
    if rng.random() < 0.1:
        shop.batch(identify(visitor, f"C-{rng.randrange(9)}0"))
    if rng.random() < 0.1:
        shop.batch(order(f"A-{number}", visitor))
    if rng.random() < 0.1:
        shop.batch(track("feedback", visitor, experience="strip"))


def _page(rng: Random) -> Said:
    types: Sequence[Said] = [
        {"type": "home", "url": "https://noord.example/?utm_source=mail&sort=price"},
        {"type": "product", "url": "/p/1", "product_id": rng.choice(["S-1", "S-3", "S-9", 4])},
        {"type": "category", "category": "Hond > Voer", "url": "/hond"},
        {"type": "checkout", "url": "/kassa"},
        {"url": "/zoek?q=été", "query": "voer", "language": "en-GB"},
    ]
    return rng.choice(types)


@pytest.fixture
def busy(shop: Shop) -> tuple[Shop, int]:
    """Make a day of decisions."""
    decisions = a_busy_day(shop, questions=120)
    return shop, decisions


@pytest.mark.slow
def test_every_decision_comes_out_the_same_in_a_fresh_process(
    busy: tuple[Shop, int], tmp_path: Path
) -> None:
    shop, decisions = busy

    code, said = replayed(shop.directory)

    assert decisions > 80
    assert (said["decisions"], said["same"], said["share"]) == (decisions, decisions, 1.0)
    assert code == 0

    shares_changed = planted(shop, tmp_path / "shares", half_to_none)
    fact_changed = planted(shop, tmp_path / "fact", in_one_record(forget_a_segment))
    for copied in (shares_changed, fact_changed):
        code, said = replayed(copied)
        assert code == 1
        assert said["differ"] > 0
        assert said["same"] + said["differ"] == said["decisions"] == decisions
        assert said["first"][0]["differences"]


# ---- Changes that replay must find --------------------------------------------------------------------


def planted(shop: Shop, to: Path, change: Callable[[Path], None]) -> Path:
    """Copy the shop as it is on disk, and change one thing in the copy."""
    copied = copy(shop.directory, to / "data")
    change(copied)
    return copied


def half_to_none(directory: Path) -> None:
    """Change the share of the control in a stored document, with its digest, as somebody who hides it would."""
    with sqlite3.connect(directory / "shops" / "noord" / "records.db") as records:
        found = records.execute("SELECT body FROM documents WHERE name = 'strip'").fetchone()
        body = msgspec.json.decode(found[0]) | {"allocation": {"kind": "split", "control": 0.1}}
        changed = (msgspec.json.encode(body).decode(), digest(body))
        records.execute("UPDATE documents SET body = ?, hash = ? WHERE name = 'strip'", changed)
    records.close()


def in_one_record(
    change: Callable[[DecisionRecord], DecisionRecord | None],
) -> Callable[[Path], None]:
    """Give a change of the first record it can be made to, where that stands in the log."""

    def plant(directory: Path) -> None:
        _, ports = app.open_ports(directory, app.the_shop(directory), settings=SETTINGS)
        position, event = next(
            (position, msgspec.structs.replace(event, record=_written(changed)))
            for position, event in ports.log.read(0)
            if event.name == "decision"
            and event.record is not None
            and (changed := change(msgspec.json.decode(event.record, type=DecisionRecord)))
        )
        _write(ports.log, position, event)
        ports.close()

    return plant


def forget_a_segment(record: DecisionRecord) -> DecisionRecord | None:
    """Say of somebody who got the message for those who look around that she never did."""
    if not any(entry.choice.experience == "hoi" for entry in record.decision.entries):
        return None
    return msgspec.structs.replace(record, facts=msgspec.structs.replace(record.facts, matched=()))


def _written(record: DecisionRecord) -> str:
    return msgspec.json.encode(record).decode()


def _write(log: object, position: int, event: Event) -> None:
    key = number_key(position)
    record = framed(key, msgspec.msgpack.encode(event))
    log._env.write(lambda txn: txn.put(key, record, db=log._events))  # type: ignore[attr-defined]


# ---- What the log must hold for it --------------------------------------------------------------------


def test_a_configuration_is_on_record_before_it_decides(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit, deciding = shop.opened.commits.submit, []

    def watched(arrivals: Sequence[Arrival], rejected: Sequence[Rejected] = ()) -> object:
        if any(arrival.event.name == "configuration" for arrival in arrivals):
            deciding.append(shop.opened.configuration.version)
        return submit(arrivals, rejected)

    monkeypatch.setattr(shop.opened.commits, "submit", watched)
    before = shop.opened.configuration.version
    shop.go_live(experience("hoi"))

    assert deciding == [before]
    assert shop.opened.configuration.version != before


def test_the_decision_of_somebody_we_may_not_know_is_not_kept(shop: Shop) -> None:
    shop.go_live(experience("hoi", form="bar", caps=[]))

    for visitor, consent in (("jip", None), ("jip", NO), (None, YES)):
        assert shop.ask(visitor, consent=consent)["decisions"][0]["show"]
    reply: Reply = shop.post("/v1/decide", {"slots": ["overlay"], "consent": YES}, key=shop.write_key)  # fmt: skip
    assert reply.body["decisions"][0]["show"]

    assert shop.events("decision") == []


def test_a_decision_knows_how_far_the_profile_was_complete(shop: Shop) -> None:
    shop.go_live(experience("hoi"))
    shop.batch(view("S-1"))
    head = shop.ports.log.head()

    shop.ask("karel")

    said = shop.events("decision")[0]
    record = msgspec.json.decode(said.record or "", type=DecisionRecord)
    assert record.position == head
    assert set(record.facts.purposes) == set(ALLOWED)
    assert said.visitor == shop.key_of("karel")
    assert record.versions.code
    shop.now += HOUR
