"""Segment's own library for Python, unchanged, against a real server: what it sends is in the log, each once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn
from segment.analytics.client import Client
from shop import NOON, Opening, Shop, names

from etalage.api.hot import Hot, wall_clock
from etalage.api.rooms import Rooms
from etalage.api.server import address_of, listen
from etalage.domain.time import MINUTE, SECOND, moment


@contextmanager
def served(shop: Shop) -> Iterator[str]:
    """Serve the hot routes on a free port, on the clock of this machine; gives the address."""
    door = listen("127.0.0.1", 0)
    hot = Hot(Rooms({shop.created.shop.id: shop.opened}))
    config = uvicorn.Config(hot, log_config=None, lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]})
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    try:
        yield address_of(door)
    finally:
        server.should_exit = True
        thread.join()
        door.close()


@contextmanager
def library(shop: Shop, address: str, *, packed: bool = False) -> Iterator[Client]:
    """Give the library as a shop sets it up: its server key where Segment has a write key, and our address."""
    failures: list[object] = []
    client = Client(
        write_key=shop.server_key,
        host=address,
        gzip=packed,
        upload_interval=0.05,
        max_retries=1,
        on_error=lambda error, _: failures.append(error),
    )
    try:
        yield client
        client.flush()
    finally:
        client.join()
    assert failures == []


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
def test_what_segments_library_sends_is_in_the_log_each_once(
    opening: Opening, packed: bool
) -> None:
    shop = opening(purposes=("measure", "personalise"))

    with served(shop) as address, library(shop, address, packed=packed) as client:
        client.identify("C-7", {"email": "k@noord.example", "country": "NL"}, anonymous_id="karel")
        client.page("C-7", name="Home", properties={"url": "https://noord.example/"}, anonymous_id="karel")  # fmt: skip
        for number in range(20):
            client.track("C-7", "Product Viewed", {"product_id": f"S-{number}"}, anonymous_id="karel")  # fmt: skip
        client.track("C-7", "Order Completed", {"order_id": "A-1", "total": 79.95})
        client.screen("C-7", name="App")
        client.group("C-7", "club", {"plan": "gold"})
        client.alias("fatima", "C-7")

    theirs = [e for e in shop.events() if e.name not in {"configuration", "consent"} and e.source == "server"]  # fmt: skip
    assert sorted(names(theirs)) == sorted(
        ["identify", "identify", "page_view", "page_view", "purchase", *["view_item"] * 20]
        + 2 * ["link"]  # the alias, and the mail address she gave leads to her
    )
    assert len({event.id for event in theirs}) == len(theirs)
    assert shop.account() == {"accepted": 26}
    assert [event.value for event in theirs if event.name == "purchase"] == [7995]
    now = wall_clock()
    assert all(now - MINUTE < event.time <= event.received <= now + SECOND for event in theirs)
    assert shop.did("karel").count("view_item") == 20
    assert shop.did("karel") == shop.did("fatima")  # the server said that they are one


def test_a_delivery_that_is_repeated_counts_once(opening: Opening) -> None:
    shop = opening(purposes=("measure", "personalise"))

    with served(shop) as address:
        for _ in range(3):
            with library(shop, address) as client:
                client.track("C-7", "Product Viewed", {"product_id": "S-1"}, timestamp=moment(NOON), message_id="m-1")  # fmt: skip

    assert shop.account() == {"accepted": 1, "duplicate": 2}


def test_the_library_hears_that_its_key_is_wrong(opening: Opening) -> None:
    shop = opening(purposes=("measure",))
    heard: list[object] = []

    with served(shop) as address:
        client = Client("sk_of_nobody", host=address, upload_interval=0.05, max_retries=1, on_error=lambda error, _: heard.append(error))  # fmt: skip
        client.track("C-7", "Product Viewed")
        client.flush()
        client.join()

    assert [getattr(error, "status", None) for error in heard] == [401]
    assert shop.account() == {}
