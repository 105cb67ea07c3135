"""What was set aside can be seen and, once its cause is mended, sent again: each counts once, whatever happens."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from commands import etalage
from cut_off_replay import CUT_OFF
from shop import NO, NOON, YES, Shop, identify, order, track, view

from etalage.cli.quarantine import told
from etalage.decide.token import issue_visitor_token
from etalage.domain.arrival import Reason
from etalage.domain.time import DAY, HOUR, iso
from etalage.flow import clean as cleaning
from etalage.flow import privacy
from etalage.flow.account import intake
from etalage.flow.configuration import configure
from etalage.flow.held import held
from etalage.flow.send_again import SentAgain, added, send_again, try_again
from etalage.govern.privacy import Keep
from etalage.ports import Ports

FAULT = "etalage.collect.fields.MAX_QUANTITY"


def again(shop: Shop, reason: Reason = "bad_field") -> SentAgain:
    """Send again what was set aside."""
    return added(send_again(shop.ports, configure(shop.ports), reason))


def account(ports: Ports) -> dict[str, Any]:
    """Give the account in one, and hold it to its law."""
    found = intake(ports)
    outcomes = ("accepted", "duplicate", "quarantined", "refused")
    assert found["received"] == sum(int(str(found[name])) for name in outcomes)
    return found


@pytest.fixture
def misread(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A shop whose intake has a fault: it cannot read how many of a product."""
    monkeypatch.setattr(FAULT, 0)
    return shop


def mended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FAULT, 100_000)


def test_once_its_cause_is_mended_an_event_gets_in_as_of_when_it_came(
    misread: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = misread
    call = view("S-1", quantity=2) | {"timestamp": iso(NOON - HOUR)}
    assert shop.batch(call, view("S-2")) == {"accepted": 1, "quarantined: bad_field": 1}
    mended(monkeypatch)
    shop.now = NOON + 5 * DAY

    assert again(shop) == SentAgain(tried=1, accepted=1)

    assert account(shop.ports)["received"] == 2
    assert shop.account() == {"accepted": 2}
    (event,) = [e for e in shop.events("view_item") if e.lines[0].product == "S-1"]
    assert (event.time, event.received) == (NOON - HOUR, NOON)
    assert shop.did("karel") == ["view_item", "view_item"]
    assert list(shop.ports.log.quarantine()) == []
    assert again(shop) == SentAgain()
    assert shop.account() == {"accepted": 2}


def test_what_a_browser_sent_goes_to_the_visitor_of_its_token(
    misread: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = misread
    token = issue_visitor_token("phone", NOON, shop.ports.keys.secret("visitor"))
    shop.batch(view("S-1", None, quantity=2), key=shop.write_key, token=token)
    mended(monkeypatch)

    assert again(shop).accepted == 1

    (event,) = shop.events("view_item")
    assert (event.visitor, event.trust, event.source) == (shop.key_of("phone"), "claimed", "browser")  # fmt: skip


def test_the_same_event_set_aside_twice_is_one_event_and_one_duplicate(
    misread: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = misread
    call = view("S-1", quantity=2)
    shop.batch(call)
    shop.batch(call)
    mended(monkeypatch)

    assert again(shop) == SentAgain(tried=2, accepted=1, duplicate=1)
    assert shop.account() == {"accepted": 1, "duplicate": 1}


def test_what_still_cannot_be_read_stays_as_it_is_or_with_its_new_reason(
    misread: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = misread
    shop.batch(view("S-1") | {"timestamp": "yesterday"}, view("S-1", quantity=2, price="a lot"))
    before = list(shop.ports.log.quarantine())
    mended(monkeypatch)

    found = again(shop)

    assert found == SentAgain(tried=2, quarantined=2, reasons={"bad_field": 1, "bad_money": 1})
    after = {one.reason: one for one in shop.ports.log.quarantine()}
    assert after["bad_field"] == before[0]
    assert after["bad_money"].received == before[1].received
    assert shop.account() == {"quarantined: bad_field": 1, "quarantined: bad_money": 1}
    assert again(shop) == SentAgain(tried=1, quarantined=1, reasons={"bad_field": 1})
    shop.now = NOON + 29 * DAY
    assert preview(shop) == 0
    shop.now = NOON + 31 * DAY
    assert preview(shop) == 2  # thirty days from when it came, not from when it was tried


def preview(shop: Shop) -> int:
    how = shop.opened.configuration.how
    return cleaning.preview(shop.ports, how, Keep(), now=shop.now).quarantine


def test_nobody_who_was_erased_comes_back(misread: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = misread
    shop.batch(view("S-2", "fatima"), view("S-1", "fatima", quantity=2), view("S-1", quantity=2))
    how = shop.opened.configuration.how
    privacy.erase(shop.ports, "fatima", how, actor="ann", now=NOON)
    mended(monkeypatch)

    found = again(shop)

    assert found == SentAgain(tried=2, accepted=1, refused=1, reasons={"erased": 1})
    assert shop.did("fatima") == []
    assert list(shop.ports.log.quarantine()) == []
    assert account(shop.ports)["received"] == 3


def test_a_consent_that_was_withdrawn_meanwhile_holds(
    misread: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = misread
    shop.batch(view("S-2"), view("S-1", quantity=2) | {"timestamp": iso(NOON - HOUR)})
    shop.now = NOON + DAY
    shop.batch(track("consent", consent=NO))
    shop.now = NOON + 2 * DAY
    shop.batch(track("consent", consent=YES))  # a new yes brings nothing back
    mended(monkeypatch)

    found = again(shop)

    assert (found.accepted, found.refused, found.reasons) == (0, 1, {"no_consent": 1})
    assert "view_item" not in shop.did("karel")


def test_what_the_first_says_of_consent_holds_for_the_next(
    misread: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = misread
    said = [view(f"S-{n}", quantity=2, consent=YES if n == 0 else None) for n in range(5)]
    shop.batch(*said)
    mended(monkeypatch)

    assert again(shop) == SentAgain(tried=5, accepted=5)
    assert len(shop.did("karel")) == 5


def test_an_order_that_came_another_way_meanwhile_counts_once(
    misread: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = misread
    assert shop.batch(order("A-1")) == {"quarantined: bad_field": 1}
    mended(monkeypatch)
    assert shop.batch(order("A-1")) == {"accepted": 1}

    assert again(shop) == SentAgain(tried=1, duplicate=1)
    assert len(shop.events("purchase")) == 1


def test_what_has_an_id_that_is_taken_stays_however_often_it_is_sent(shop: Shop) -> None:
    shop.batch(view("S-1", message="m-x"), view("S-2", message="m-x"), view("S-3", message="m-x"))

    for _ in range(2):
        found = again(shop, "id_conflict")
        assert found == SentAgain(tried=2, quarantined=2, reasons={"id_conflict": 2})
    assert shop.account() == {"accepted": 1, "quarantined: id_conflict": 2}


def test_what_came_with_a_key_that_was_revoked_stays(
    misread: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = misread
    shop.batch(view("S-1", quantity=2))
    for key in shop.ports.records.keys():  # noqa: SIM118  no dict
        shop.ports.records.revoke_key(key.hash, actor="ann", now=NOON)
    mended(monkeypatch)

    assert again(shop) == SentAgain(tried=1, quarantined=1, reasons={"bad_field": 1}, unusable=1)


def test_a_trial_changes_nothing_and_makes_no_key_for_anybody(
    misread: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = misread
    shop.batch(view("S-1", quantity=2), track("search", query="mijn naam is Karel", quantity=2, product_id="S-1"))  # fmt: skip
    mended(monkeypatch)
    sealed = len(list(shop.ports.log.quarantine()))
    places = (shop.directory.parent / f"{shop.directory.name}.keys").rglob("persons.keys")
    before = [path.stat().st_size for path in places]

    found = try_again(shop.ports, configure(shop.ports), "bad_field")

    assert (found.tried, found.accepted) == (sealed, sealed)
    assert sealed == 2
    assert len(list(shop.ports.log.quarantine())) == sealed
    assert shop.events("view_item", "search") == []
    places = (shop.directory.parent / f"{shop.directory.name}.keys").rglob("persons.keys")
    assert [path.stat().st_size for path in places] == before


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("commits", [0, 1, 3])
def test_killed_in_the_middle_each_still_counts_once(
    misread: Shop, monkeypatch: pytest.MonkeyPatch, commits: int, when: str
) -> None:
    shop = misread
    people = [f"v-{n}" for n in range(6)]
    shop.batch(*(view("S-1", who, quantity=2) for who in people))
    shop.batch(view("S-1", "v-0") | {"timestamp": "yesterday"})
    mended(monkeypatch)

    script = Path(__file__).with_name("cut_off_replay.py")
    command = [sys.executable, str(script), str(shop.directory), "bad_field", str(commits), when]
    ended = subprocess.run(command, check=False, capture_output=True, timeout=60)

    assert ended.returncode == CUT_OFF, ended.stderr.decode()
    took = max(commits, 1) if when == "after" else commits
    assert account(shop.ports)["accepted"] == took
    assert account(shop.ports)["received"] == 7
    assert again(shop).tried == 7 - took
    assert shop.account() == {"accepted": 6, "quarantined: bad_field": 1}
    assert len(shop.events("view_item")) == 6
    assert all(shop.did(who) == ["view_item"] for who in people)


def test_it_is_done_while_a_server_works(misread: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = misread
    shop.batch(*(view("S-1", f"v-{n}", quantity=2) for n in range(20)))
    mended(monkeypatch)
    command = [sys.executable, "-m", "etalage", "doctor", "--data", str(shop.directory)]
    running = subprocess.Popen(
        [*command, "--replay", "bad_field", "--json"], stdout=subprocess.PIPE
    )

    sent = 0
    while running.poll() is None:
        shop.batch(view("S-2", "karel"))
        sent += 1

    said = json.loads(running.communicate()[0])
    assert (said["tried"], said["accepted"], said["stored"]) == (20, 20, True)
    assert shop.account() == {"accepted": 20 + sent}
    assert shop.did("v-7") == ["view_item"]


def test_doctor_says_what_lies_there_and_nothing_that_somebody_wrote(misread: Shop) -> None:
    shop = misread
    planted = [secrets.token_hex(8) for _ in range(6)]
    shop.batch(
        view("S-1", planted[0], quantity=2, note=planted[1]),
        view("S-1", planted[2]) | {"timestamp": planted[3]},
        track(planted[4], planted[5], price=1) | {"userId": [planted[0]]},
        identify("guest", None),
    )
    shop.now = NOON + DAY
    shop.batch(track("view_item", "jip", product_id="S-1", price=planted[1]))
    shop.post("/v1/batch", b'{"batch":[{"anonymousId":"%s","price":NaN}]}' % planted[0].encode())

    found = {one.reason: one for one in held(shop.ports, configure(shop.ports))}

    assert {reason: one.count for reason, one in found.items()} == {"bad_field": 4, "bad_money": 1, "no_id": 1}  # fmt: skip
    assert (found["bad_field"].first, found["bad_field"].last) == (NOON, NOON + DAY)
    money = found["bad_money"].example
    assert money is not None
    assert (money.field, money.was, money.event) == ("price", "a text of 16 characters", "view_item")  # fmt: skip
    written = msgspec.json.encode([told(one) for one in found.values()]).decode()
    assert all(text not in written for text in planted)
    assert all(told(one)["do"] for one in found.values())
    printed = etalage("doctor", "--data", shop.directory, "--lang", "en").stdout
    assert "4 x bad_field (step: translate)" in printed
    assert all(text not in printed for text in planted)


def test_a_reason_that_is_none_is_refused_with_the_nearest(shop: Shop) -> None:
    ended = etalage("doctor", "--data", shop.directory, "--replay", "bad_feild")

    assert ended.returncode == 1
    assert "did you mean 'bad_field'?" in ended.stderr.replace("\n", "")
