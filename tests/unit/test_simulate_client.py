"""A simulation whose server cannot answer says so, instead of going on with answers that mean nothing."""

from __future__ import annotations

import pytest

from etalage.errors import BadInput, Conflict, NotFound
from etalage.simulate import client as clients
from etalage.simulate.client import Client

DEGRADED = b'{"decisions": [], "degraded": ["models"]}'
WELL = b'{"decisions": [], "degraded": []}'


def answering(monkeypatch: pytest.MonkeyPatch, *answers: bytes) -> None:
    left = list(answers)
    monkeypatch.setattr(clients, "WAITS", (0.0, 0.0, 0.0))
    monkeypatch.setattr(Client, "_post", lambda *_: left.pop(0) if len(left) > 1 else left[0])


def test_a_decision_that_a_store_was_in_the_way_of_is_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answering(monkeypatch, DEGRADED, WELL)
    client = Client("http://127.0.0.1:1", "sk_1")

    assert client.decide({})["degraded"] == []
    assert client.asked_again == 1


def test_a_server_that_stays_degraded_ends_the_simulation_and_says_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answering(monkeypatch, DEGRADED)

    with pytest.raises(Conflict, match="models"):
        Client("http://127.0.0.1:1", "sk_1").decide({})
    assert Client("http://127.0.0.1:1", "sk_1", insist=False).decide({})["degraded"] == ["models"]


def test_an_address_that_is_none_and_one_where_nobody_answers_are_told_apart() -> None:
    with pytest.raises(BadInput, match="no address"):
        Client("ftp://shop.example", "sk_1")
    with pytest.raises(NotFound, match="no answer"):
        Client("http://127.0.0.1:1", "sk_1").decide({})
