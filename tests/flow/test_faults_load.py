"""Ten times too much: lists and scores go first, then events (429, sent again later); decisions go on."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path

import httpx
import msgspec
import pytest
from shop import BROWSER, NOON, YES, Shop, basic, by_experience, experience, segment, view
from test_faults_stores import look, reds
from troubled import put_before

from etalage.api.background import WAITS, Background, Job, jobs_of
from etalage.api.hot import Hot
from etalage.api.metrics import of_process
from etalage.api.rooms import Rooms
from etalage.api.watch import Watch
from etalage.config import Settings
from etalage.domain.ids import ShopId
from etalage.flow import nightly
from etalage.flow.health import Red
from etalage.flow.nightly import EVERY_MINUTE, Night
from etalage.store.committer import Committer
from etalage.store.files.signs import FileSigns

SETTINGS = Settings(commit_window_ms=0, warehouse_threads=1, journal_gb=0.2, profiles_gb=0.2)
MOST = 100  # events that may wait, in these tests
BATCHES, SIZE = 50, 20  # 1,000 events: ten times what may wait


@pytest.fixture
def small(shop: Shop) -> Shop:
    """The shop with a short queue, and a message of Karel's own."""
    shop.go_live(
        segment("looked", {"did": "view_item", "times": {"at_least": 1}, "within": "30d"}),
        experience("hoi", segment="looked"),
    )
    shop.batch(view("S-1"))
    nightly.warm(shop.night())
    shop.opened.refresh(shop.now)
    shop.opened.commits.close()
    shop.opened.commits = Committer(shop.ports.log, shop.opened.remember, most=MOST)
    return shop


def shed() -> float:
    for line in of_process().decode().splitlines():
        if line.startswith('etalage_shed_total{what="events"}'):
            return float(line.rpartition(" ")[2])
    return 0.0


def batch(number: int) -> dict[str, object]:
    events = [view("S-1", f"v-{number}-{one}", message=f"b-{number}-{one}") for one in range(SIZE)]
    return {"batch": events}


async def storm(shop: Shop) -> tuple[list[httpx.Response], list[tuple[httpx.Response, float]]]:
    """Send all batches at once, and ask ten times while they wait."""
    transport = httpx.ASGITransport(
        app=Hot(Rooms({shop.opened.configuration.shop.id: shop.opened}), lambda: shop.now)
    )
    headers = {"authorization": basic(f"{shop.server_key}:"), "user-agent": BROWSER}
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as client:

        async def send(number: int) -> httpx.Response:
            body = msgspec.json.encode(batch(number))
            return await client.post("/v1/batch", content=body, headers=headers)

        async def ask() -> tuple[httpx.Response, float]:
            question = {
                "anonymousId": "karel",
                "slots": ["overlay"],
                "page": {"type": "home"},
                "consent": YES,
            }
            began = time.perf_counter()
            reply = await client.post(
                "/v1/decide", content=msgspec.json.encode(question), headers=headers
            )
            return reply, time.perf_counter() - began

        sent = [asyncio.create_task(send(number)) for number in range(BATCHES)]
        await asyncio.sleep(0.5)  # all of them are taken apart, and wait or were refused
        asked = [await ask() for _ in range(10)]
        return list(await asyncio.gather(*sent)), asked


def test_ten_times_too_many_events_are_refused_with_a_time_and_decisions_go_on(
    small: Shop,
) -> None:
    log = put_before(small, "log")
    log.names, log.seconds = ("append",), 1.5
    watch = Watch(Rooms({ShopId("noord"): small.opened}), slow_seconds=0.5)
    before, counted = small.account()["accepted"], shed()

    answers, asked = small.runner.run(storm(small))

    taken = [one for one in answers if one.status_code == 200]
    refused = [one for one in answers if one.status_code == 429]
    assert len(taken) + len(refused) == BATCHES
    assert len(refused) > BATCHES / 2
    assert taken
    for one in refused:
        assert one.json()["error"]["code"] == "too-many"
        assert int(one.headers["retry-after"]) > 0
    for reply, _ in asked:
        assert reply.status_code == 200
        assert by_experience(reply.json())["hoi"]["show"] is True
        assert by_experience(reply.json())["hoi"]["id"]  # her records found room of their own
    assert max(seconds for _, seconds in asked) < 1.0
    assert "committer" in reds(small)
    assert shed() - counted == len(refused) * SIZE  # what was refused is counted, event by event

    log.well()
    look(watch)
    look(watch)
    assert reds(small) == []
    assert small.account()["accepted"] == before + len(taken) * SIZE  # nothing of what was refused
    for number in range(BATCHES):  # everybody sends again what was refused, some what was not
        assert small.post("/v1/batch", batch(number)).status == 200
    assert small.account()["accepted"] == before + BATCHES * SIZE  # all of it, once


def test_where_not_even_the_record_of_a_decision_finds_room_the_answer_has_no_token(
    small: Shop,
) -> None:
    log = put_before(small, "log")
    log.names, log.seconds = ("append",), 2.0
    small.opened.commits.close()
    small.opened.commits = committer = Committer(log, small.opened.remember, most=1)  # type: ignore[arg-type]

    answers = [small.ask("karel", consent=YES) for _ in range(6)]

    untold = [one for one in answers if "committer" in one["degraded"]]
    assert untold
    assert all("id" not in by_experience(one)["hoi"] for one in untold)
    assert all(by_experience(one)["hoi"]["show"] for one in answers)
    assert committer.counts().shed == len(untold)
    log.well()


def test_lists_and_scores_wait_while_events_are_refused_and_what_matters_does_not(
    shop: Shop, tmp_path: Path
) -> None:
    done: list[str] = []
    signs = FileSigns(tmp_path / "red")
    background = Background(
        [(ShopId("noord"), tmp_path)],
        open_ports=lambda _: shop.ports,
        settings=SETTINGS,
        clock=lambda: NOON,
        signs=lambda _: signs,
    )
    (post,) = background._posts
    post.jobs = [_noted(job, done) for job in post.jobs]
    urgent = [name for name, _ in EVERY_MINUTE]

    signs.put(Red("committer", NOON, "more events wait than may wait"))
    background._attend(post, threading.Event())
    assert done == urgent
    assert WAITS in {red.part for red in signs.all()}

    signs.remove("committer")
    post.due = 0.0
    background._attend(post, threading.Event())
    assert done == [
        *urgent,
        "popular",
        "scores",
        "catalogue",
        "live",
        "bandits",
        "learn",
        "alerts",
        "engagement",
        "prune",
        "catalogues",
    ]
    assert signs.all() == []
    post.lease.give_back()


def _noted(job: Job, done: list[str]) -> Job:
    def work(_: Night) -> int:
        done.append(job.name)
        return 0

    return Job(job.name, work, 3_600, can_wait=job.can_wait)


def test_a_job_of_the_night_that_fails_is_red_until_it_does_not(shop: Shop, tmp_path: Path) -> None:
    """The warehouse is the night shift's: that it fails is told, and servers read it from the disk."""
    signs = FileSigns(tmp_path / "red")
    warehouse = put_before(shop, "warehouse")
    background = Background(
        [(ShopId("noord"), tmp_path)],
        open_ports=lambda _: shop.opened.ports,
        settings=SETTINGS,
        clock=lambda: NOON,
        signs=lambda _: signs,
    )
    (post,) = background._posts
    warehouse.names, warehouse.raises = ("roll",), OSError(28, "No space left on device")

    background._attend(post, threading.Event())
    told = {red.part: red for red in signs.all()}
    assert set(told) == {"night_seal"}
    assert told["night_seal"].says == "OSError: No space left on device"
    assert told["night_seal"].since == NOON

    warehouse.well()
    for job in post.jobs:
        job.due = 0.0
    post.due = 0.0
    background._attend(post, threading.Event())
    assert signs.all() == []
    post.lease.give_back()


def test_only_what_can_wait_is_put_off() -> None:
    waits = {job.name for job in jobs_of(SETTINGS) if job.can_wait}
    assert waits == {
        "popular",
        "scores",
        "catalogue",
        "live",
        "bandits",
        "learn",
        "alerts",
        "engagement",
        "prune",
        "catalogues",
    }
