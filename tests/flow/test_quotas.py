"""A heavy shop slows itself only: what it may send and ask is bounded, and its neighbour notices nothing."""

from __future__ import annotations

import time

import httpx
import pytest
from shop import NOON, Opening, Reply, Shop, basic, track, view

from etalage.api.metrics import of_shops
from etalage.api.quiet import Quiet
from etalage.api.rooms import Rooms
from etalage.domain.shop import Shop as Settings
from etalage.domain.shop import changed
from etalage.domain.time import DAY, ShopZone
from etalage.errors import BadInput, QuotaExceeded
from etalage.flow.quota import Quota

ZONE = ShopZone("Europe/Amsterdam")
PLAIN = Settings("s", "S", "s.example", events_per_second=100, questions_per_second=10)  # type: ignore[arg-type]


def allowed(
    quota: Quota, count: int, *, at: float, work: str = "events", kind: str = "server"
) -> bool:
    try:
        quota.take(PLAIN, kind, work, count, at=at)  # type: ignore[arg-type]
    except QuotaExceeded:
        return False
    return True


# ---- The bucket --------------------------------------------------------------------------------------


def test_a_minute_s_worth_may_come_at_once_and_then_so_many_a_second() -> None:
    quota = Quota()

    assert sum(allowed(quota, 100, at=0.0) for _ in range(600)) == 60
    assert sum(allowed(quota, 100, at=10.0) for _ in range(600)) == 10
    assert (
        sum(allowed(quota, 100, at=10_000.0) for _ in range(600)) == 60
    )  # no more than a minute's


def test_whoever_is_refused_is_told_when_it_will_do() -> None:
    quota = Quota()
    allowed(quota, 6_000, at=0.0)

    with pytest.raises(QuotaExceeded) as refused:
        quota.take(PLAIN, "server", "events", 450, at=0.0)

    assert not allowed(quota, 450, at=refused.value.seconds - 2.0)
    assert allowed(quota, 450, at=float(refused.value.seconds))


def test_who_floods_with_the_public_key_does_not_use_up_what_the_server_may_send() -> None:
    quota = Quota()

    assert sum(allowed(quota, 500, at=0.0, kind="write") for _ in range(100)) == 12
    assert allowed(quota, 500, at=0.0, kind="server")
    assert allowed(quota, 1, at=0.0, kind="write", work="questions")


def test_a_slow_quota_still_takes_a_whole_batch_and_nought_is_no_limit() -> None:
    slow = changed(PLAIN, {"events_per_second": 1})
    quota = Quota()

    quota.take(slow, "server", "events", 500, at=0.0)
    for _ in range(1_000):
        quota.take(changed(PLAIN, {"events_per_second": 0}), "server", "events", 500, at=0.0)
    with pytest.raises(BadInput, match="0 for no limit"):
        changed(PLAIN, {"events_per_day": -1})


def test_a_day_is_full_until_midnight_of_the_shop() -> None:
    daily, quota = changed(PLAIN, {"events_per_day": 10}), Quota()

    quota.take_of_day(daily, "server", 10, zone=ZONE, now=NOON)
    with pytest.raises(QuotaExceeded) as refused:
        quota.take_of_day(daily, "server", 1, zone=ZONE, now=NOON)

    assert refused.value.seconds == 3_600  # nobody is told to wait longer
    quota.take_of_day(daily, "server", 10, zone=ZONE, now=NOON + DAY)


# ---- Two shops in one process ------------------------------------------------------------------------


def limit(shop: Shop, **quotas: int) -> None:
    shop.ports.records.change_shop(quotas, actor="ann", now=shop.now)
    shop.opened.refresh(shop.now)


def quiet(shop: Shop, method: str, path: str) -> httpx.Response:
    rooms = Rooms({one.configuration.shop.id: one for one in [shop.opened, *shop.others]})
    transport = httpx.ASGITransport(app=Quiet(rooms, lambda: shop.now))

    async def asked() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://e") as client:
            key = {"authorization": basic(f"{shop.server_key}:")}
            return await client.request(method, path, headers=key)

    return shop.runner.run(asked())


def test_one_shop_at_ten_times_its_quota_is_refused_and_the_other_never(opening: Opening) -> None:
    heavy, calm = opening("Noord"), opening("Zuid")
    heavy.others.append(calm.opened)
    for one in (heavy, calm):
        limit(one, events_per_second=10, questions_per_second=1)  # a minute's worth: 600, and 60
    batch = {"batch": [view("S-1", f"v-{number}") for number in range(100)]}
    question = {"slots": ["overlay"], "anonymousId": "karel"}

    sent: dict[str, list[Reply]] = {"heavy": [], "calm": []}
    for number in range(60):  # 6,000 events, ten times 600
        again = {
            "batch": [
                {**one, "messageId": f"{number}-{one['messageId']}"} for one in batch["batch"]
            ]
        }
        sent["heavy"].append(heavy.post("/v1/batch", again))
        if number % 12 == 0:
            sent["calm"].append(heavy.post("/v1/batch", again, key=calm.server_key))
            sent["calm"].append(heavy.post("/v1/decide", question, key=calm.server_key))
    for _ in range(100):
        sent["heavy"].append(heavy.post("/v1/decide", question))

    refused = [one for one in sent["heavy"] if one.status == 429]
    assert {one.status for one in sent["calm"]} == {200}
    assert len(refused) > 60
    assert {one.code for one in refused} == {"over-quota"}
    assert all(int(one.headers["retry-after"]) >= 1 for one in refused)
    assert (
        600 <= heavy.account().total() < 900
    )  # a refused call was not taken in; it refills meanwhile
    assert calm.account() == {"accepted": 500}
    figures = of_shops([heavy.opened, calm.opened]).decode()
    assert 'etalage_over_quota_total{quota="events",shop="noord"}' in figures
    assert 'etalage_over_quota_total{quota="events",shop="zuid"}' not in figures


def test_what_asks_the_whole_log_has_a_quota_of_its_own(shop: Shop) -> None:
    shop.batch(*(view("S-1", f"v-{number}") for number in range(4)))
    limit(shop, queries_per_minute=2, questions_per_second=1)

    erased = [quiet(shop, "DELETE", f"/v1/profiles/v-{number}") for number in range(4)]
    read = [quiet(shop, "GET", "/v1/profiles/v-3") for _ in range(100)]

    assert [one.status_code for one in erased] == [200, 200, 429, 429]
    assert 20 <= int(erased[-1].headers["retry-after"]) <= 31
    assert read[0].status_code == 200
    assert read[-1].status_code == 429


def test_the_day_s_count_outlives_the_process_and_holds_for_all_of_them(shop: Shop) -> None:
    limit(shop, events_per_day=10)
    shop.batch(*(view("S-1") for _ in range(8)))

    shop.opened.quota = Quota()  # as a new process has it
    shop.opened.refresh(shop.now)

    batch = {"batch": [track("search", query="jas") for _ in range(3)]}
    assert shop.post("/v1/batch", batch).status == 429
    assert shop.post("/v1/batch", {"batch": batch["batch"][:2]}).status == 200
    assert shop.post("/v1/track", batch["batch"][0]).status == 429
    assert shop.post("/v1/decide", {"slots": []}).status == 200  # a question is no event


def test_a_call_within_its_quota_costs_nothing_to_speak_of(shop: Shop) -> None:
    limit(shop, events_per_second=1_000_000, events_per_day=1_000_000_000)

    def best() -> float:
        began = time.process_time()
        for _ in range(1_000):
            shop.opened.allow("server", {"events": 100, "questions": 1}, now=NOON)
        return (time.process_time() - began) / 1_000

    assert min(best() for _ in range(5)) < 0.0001


def test_a_simulated_shop_has_no_quota_and_any_other_has_one(shop: Shop) -> None:
    assert shop.opened.configuration.shop.events_per_second == 0
    assert Settings("s", "S", "s.example").events_per_day > 0  # type: ignore[arg-type]
