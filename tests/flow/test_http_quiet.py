"""The quiet half of the HTTP face, asked as a browser, a shop's server and an operator ask it."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any, NamedTuple, get_args

import httpx
import msgspec
import pytest
import structlog
from starlette.routing import Route

import etalage
from etalage.api import hot, logs, metrics, pages
from etalage.api.described import HOT_PATHS, ROUTES, openapi
from etalage.api.hot import Hot
from etalage.api.quiet import MOST_BEHIND, Doors, Quiet
from etalage.api.rooms import Rooms
from etalage.api.server import Front, look_again
from etalage.api.wire import Receive, Scope, Send, answer
from etalage.app import Created, create_shop, new_shop, open_shop
from etalage.collect.refusal import Refusal
from etalage.config import Settings
from etalage.domain.arrival import Arrival, Reason
from etalage.domain.decision import GuardReason, Skipped, SkipReason
from etalage.domain.event import Event
from etalage.domain.ids import EventId, ExperienceName, visitor_key
from etalage.errors import EtalageError
from etalage.flow.account import intake
from etalage.flow.clean import CLEANED
from etalage.flow.open_shop import OpenShop
from etalage.flow.privacy import is_genuine
from etalage.ports import Erasable
from etalage.recommend.popular import PopularModel
from etalage.store.lmdb import environment

SETTINGS = Settings(journal_gb=0.05, profiles_gb=0.05)
ELSEWHERE = ("203.0.113.7", 4711)


def clock() -> int:
    return time.time_ns() // 1000


class House(NamedTuple):
    """A directory with one shop, open for business, and the way to ask it something."""

    made: Created
    shop: OpenShop
    rooms: Rooms
    doors: Doors
    front: Front

    def ask(
        self, path: str, method: str = "GET", *, at: tuple[str, int] = ("127.0.0.1", 1), **more: Any
    ) -> httpx.Response:
        return ask(self.front, path, method, at=at, **more)

    def send(self, *events: dict[str, object]) -> None:
        """Send events as the shop's server does."""
        sent = self.ask(
            "/v1/batch", "POST", json={"batch": list(events)}, auth=(self.made.server_key, "")
        )
        assert sent.status_code == 200, sent.text

    def send_refused(self) -> None:
        """Send an event to a shop that can take none."""
        event = viewed("karel", "S-1")
        sent = self.ask(
            "/v1/batch", "POST", json={"batch": [event]}, auth=(self.made.server_key, "")
        )
        assert sent.status_code == 503, sent.text


def ask(
    front: Callable[..., Awaitable[None]],
    path: str,
    method: str,
    *,
    at: tuple[str, int],
    **more: Any,
) -> httpx.Response:
    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(app=front, client=at)
        async with httpx.AsyncClient(transport=transport, base_url="http://etalage") as client:
            return await client.request(method, path, **more)

    return asyncio.run(asked())


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = create_shop(
        tmp_path / "data", new_shop("Noord", "noord.example"), now=1, settings=SETTINGS
    )
    shop = open_shop(tmp_path / "data", made.shop.id, settings=SETTINGS, now=clock())
    rooms, doors = Rooms({made.shop.id: shop}), Doors()
    yield House(made, shop, rooms, doors, Front(Hot(rooms), Quiet(rooms, clock, doors)))
    shop.close()


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What this process writes to its log, from `warning` on."""
    root = logging.getLogger()
    before = root.handlers, root.level
    stream = io.StringIO()
    logs.set_up("warning", stream=stream)
    yield stream
    root.handlers, root.level = before
    structlog.reset_defaults()


def viewed(
    visitor: str, product: str, *, granted: bool = True, **more: object
) -> dict[str, object]:
    consent = {"device": True, "measure": True, "personalise": granted}
    return {
        "type": "track",
        "event": "view_item",
        "messageId": f"{visitor}-{product}-{granted}",
        "anonymousId": visitor,
        "properties": {"item_id": product},
        "context": {"consent": consent},
        **more,
    }


def identified(visitor: str, customer: str) -> dict[str, object]:
    return {
        "type": "identify",
        "messageId": f"{visitor}-{customer}",
        "anonymousId": visitor,
        "userId": customer,
        "traits": {"country": "NL"},
        "context": {"consent": {"device": True, "measure": True, "personalise": True}},
    }


# ---- The table of routes -----------------------------------------------------------------------------


def test_the_table_and_the_router_have_the_same_routes(house: House) -> None:
    routed = {
        (method, route.path)
        for route in Quiet(house.rooms, clock).router.routes
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }

    assert routed == {(route.method, route.path) for route in ROUTES if not route.hot}
    assert frozenset(hot.PATHS) == HOT_PATHS


def test_the_openapi_document_describes_what_there_is_and_nothing_that_comes_later(
    house: House,
) -> None:
    document = house.ask("/openapi.json").json()

    described = {
        (method.upper(), path) for path, methods in document["paths"].items() for method in methods
    }
    there = {(r.method, r.path.replace(":path", "")) for r in ROUTES if not r.later}
    assert described == there
    assert document["openapi"] == "3.1.0"


def test_every_schema_that_the_document_refers_to_is_in_it() -> None:
    text = openapi().decode()
    schemas = json.loads(text)["components"]["schemas"]

    referred = {part.partition('"')[0] for part in text.split("#/components/schemas/")[1:]}

    assert referred <= set(schemas)
    assert {"Answer", "Placed", "Error"} <= referred


def test_what_a_later_version_brings_says_so(house: House) -> None:
    later = [route for route in ROUTES if route.later]

    for route in later:
        path = route.path.replace("{file:path}", "wk_1.js").replace("{rest:path}", "")
        said = house.ask(path.replace("{", "").replace("}", "").replace(":path", ""), route.method)
        assert said.status_code == 404, route
        assert said.json()["error"]["code"] == "not-yet"
        assert route.later in said.json()["error"]["message"]
    assert len(later) >= 9


def test_an_unknown_address_and_a_wrong_method_are_answered_in_json(house: House) -> None:
    unknown = house.ask("/wp-login.php")
    wrong = house.ask("/v1/profiles/v-1", "PUT")
    wrong_hot = house.ask("/v1/decide")

    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "not-found")
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (405, "not-allowed")
    assert wrong.headers["allow"] == "DELETE, GET, HEAD"
    assert (wrong_hot.status_code, wrong_hot.headers["allow"]) == (405, "POST, OPTIONS")


def test_every_quiet_answer_keeps_a_browser_from_guessing(house: House) -> None:
    for path in ("/healthz", "/nowhere", "/docs/reasons", "/me"):
        headers = house.ask(path).headers

        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "default-src 'none'" in headers["content-security-policy"]


# ---- The front ---------------------------------------------------------------------------------------


def test_posts_to_hot_paths_go_to_the_hot_callable_and_nothing_else_does(house: House) -> None:
    seen: list[tuple[str, str]] = []

    async def stub(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001  ASGI's own
        seen.append((scope["method"], scope["path"]))
        await answer(send, 200, b"{}")

    front = Front(stub, Quiet(house.rooms, clock))
    for method, path in (
        ("POST", "/v1/t"),
        ("OPTIONS", "/v1/decide"),
        ("GET", "/v1/t"),
        ("POST", "/me"),
    ):
        ask(front, path, method, at=ELSEWHERE)

    assert seen == [("POST", "/v1/t"), ("OPTIONS", "/v1/decide")]


def test_a_failure_tells_the_caller_an_id_and_the_log_the_place(
    house: House, written: io.StringIO
) -> None:
    async def broken(*_: object) -> None:
        raise ValueError("karel@example.com")

    said = ask(Front(broken, Quiet(house.rooms, clock)), "/v1/track", "POST", at=ELSEWHERE)

    error = said.json()["error"]
    assert said.status_code == 500
    assert set(error) == {"code", "message", "docs", "id"}
    line = json.loads(written.getvalue())
    assert (line["id"], line["error"]) == (error["id"], "ValueError")
    assert any("test_http_quiet.py" in place and "broken" in place for place in line["places"])
    assert "karel" not in written.getvalue() + said.text


def test_a_failing_quiet_handler_is_told_in_the_same_way(
    house: House, written: io.StringIO
) -> None:
    house.shop.ports.records.close()
    house.shop.ports.profiles.close()  # closed under our feet: whatever it raises is no error of ours

    said = house.ask("/v1/profiles/v-1", auth=(house.made.server_key, ""))

    assert said.status_code == 500
    assert said.json()["error"]["code"] == "internal"
    assert said.json()["error"]["id"] in written.getvalue()


# ---- Erasing -----------------------------------------------------------------------------------------


def test_a_person_is_erased_over_http_at_once_with_a_receipt_that_can_be_asked_again(
    house: House,
) -> None:
    house.send(viewed("v-1", "S-1"), identified("v-1", "C-1"), viewed("v-2", "S-2"))
    key = (house.made.server_key, "")

    first = house.ask("/v1/profiles/user:C-1", "DELETE", auth=key)
    again = house.ask("/v1/profiles/v-1", "DELETE", auth=key)

    assert (first.status_code, first.headers["cache-control"]) == (200, "private, no-store")
    assert first.json()["steps"]["memory_gone"] is not None
    assert first.json() == again.json()
    assert first.json()["by"] == f"key/{house.made.server_key[:7]}"
    assert is_genuine(house.shop.ports, first.json())
    assert house.ask("/v1/profiles/v-1", auth=key).status_code == 404
    assert house.ask("/v1/profiles/v-2", auth=key).status_code == 200
    assert house.shop.ports.records.audit_lines()[-3].action == "privacy.erase"


def test_who_is_nobody_or_unknown_is_not_erased_and_no_key_but_the_server_s_erases(
    house: House,
) -> None:
    house.send(viewed("v-1", "S-1"))
    key = (house.made.server_key, "")

    assert house.ask("/v1/profiles/guest", "DELETE", auth=key).status_code == 400
    assert house.ask("/v1/profiles/v-9", "DELETE", auth=key).status_code == 404
    for other in ((house.made.write_key, ""), None):
        assert house.ask("/v1/profiles/v-1", "DELETE", auth=other).status_code == 401
    assert house.shop.ports.keys.erasures() == []
    assert house.ask("/v1/profiles/v-1", auth=key).status_code == 200


# ---- Health and figures ------------------------------------------------------------------------------


def test_an_open_shop_is_ready_until_its_doors_close(house: House) -> None:
    before = house.ask("/readyz")
    house.doors.close()
    after = house.ask("/readyz")

    assert (before.status_code, before.json()) == (200, {"ready": True, "missing": [], "red": {}})
    assert (after.status_code, after.json()["missing"]) == (503, ["closing"])
    assert house.ask("/healthz").json() == {"alive": True}


def test_a_full_disk_makes_a_shop_red_by_name_and_leaves_it_answering(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "RESERVE_BYTES", 1 << 62)
    monkeypatch.setattr(environment, "RESERVE_SHARE", 1)
    house.send_refused()

    near, far = house.ask("/readyz"), house.ask("/readyz", at=ELSEWHERE)

    assert near.status_code == 200  # decisions go on; elsewhere the disk is full too
    red = near.json()["red"]["noord/log"]
    assert "reserve" in red["says"]
    assert red["since"].endswith("Z")
    # To others neither a shop's name nor what its disk says is anybody's business.
    assert far.json()["red"] == {"log": {"since": red["since"]}}
    told = house.ask("/metrics").text
    assert 'etalage_red{part="log",shop="noord"} 1.0' in told
    assert 'etalage_red{part="profiles",shop="noord"} 0.0' in told
    assert 'etalage_red_since_seconds{part="log",shop="noord"}' in told


def test_the_metrics_say_what_is_red_also_where_a_store_cannot_be_asked(
    house: House, monkeypatch: pytest.MonkeyPatch, written: io.StringIO
) -> None:
    def gone() -> int:
        raise OSError

    monkeypatch.setattr(house.shop.ports.log, "head", gone)
    house.shop.health.fail("log", "gone")

    told = house.ask("/metrics")

    assert told.status_code == 200
    assert 'etalage_red{part="log",shop="noord"} 1.0' in told.text
    assert "no figures" in written.getvalue()


def test_profiles_that_are_far_behind_make_a_shop_unready(house: House) -> None:
    behind = [bare(number) for number in range(MOST_BEHIND + 1)]
    house.shop.ports.log.append(behind)

    assert house.ask("/readyz").json()["missing"] == ["noord/profiles"]

    house.shop.remember()
    assert house.ask("/readyz").status_code == 200


def bare(number: int) -> Arrival:
    event = Event(
        id=EventId(f"e-{number}"),
        name="refund",
        time=1,
        received=1,
        trust="confirmed",
        source="test",
    )
    digest = number.to_bytes(16, "big")
    return Arrival(event, identity=digest, digest=digest, key="sk_test")


def test_the_metrics_have_the_same_account_as_the_doctor(house: House) -> None:
    house.send(viewed("v-1", "S-1"), viewed("v-1", "S-1"), {"type": "track", "anonymousId": "v-1"})
    house.send(viewed("v-1", "S-1"))

    doctor = intake(house.shop.ports)
    figures = house.ask("/metrics").text

    def figure(outcome: str, reason: str = "") -> int:
        line = f'etalage_received_total{{outcome="{outcome}",reason="{reason}",shop="noord"}} '
        return int(float(figures.partition(line)[2].partition("\n")[0] or 0))

    assert doctor["received"] == 4
    assert figure("accepted") == doctor["accepted"] != 0
    assert figure("duplicate") == doctor["duplicate"] == 2
    reasons = doctor["reasons"]
    assert isinstance(reasons, dict)
    assert {"no_event_name": figure("quarantined", "no_event_name")} == reasons
    assert 'etalage_profiles_behind_events{shop="noord"} 0.0' in figures
    assert 'etalage_failures_total{part="shed",shop="noord"} 0.0' in figures


def test_a_missed_retention_run_and_a_late_erasure_are_alarms_in_the_metrics(house: House) -> None:
    house.send(viewed("v-1", "S-1"))
    calm = house.ask("/metrics").text
    assert 'etalage_retention_missed{shop="noord"} 0.0' in calm
    assert 'etalage_erasures_late{shop="noord"} 0.0' in calm

    two_days_ago = clock() - 2 * 86_400_000_000
    log = house.shop.ports.log
    assert isinstance(log, Erasable)
    log.put_note(CLEANED, two_days_ago)
    visitor = visitor_key(house.shop.ports.keys.pepper, "visitor", "v-1")
    house.shop.ports.keys.add_erasure([visitor], actor="ann", requested=two_days_ago)

    alarmed = house.ask("/metrics").text
    assert 'etalage_retention_missed{shop="noord"} 1.0' in alarmed
    assert 'etalage_erasures_late{shop="noord"} 1.0' in alarmed


def test_metrics_from_elsewhere_need_the_server_key(house: House) -> None:
    without = house.ask("/metrics", at=ELSEWHERE)
    proxied = house.ask("/metrics", headers={"x-forwarded-for": "203.0.113.7"})
    write = house.ask("/metrics", at=ELSEWHERE, auth=(house.made.write_key, ""))
    server = house.ask("/metrics", at=ELSEWHERE, auth=(house.made.server_key, ""))

    assert [one.status_code for one in (without, proxied, write, server)] == [401, 401, 401, 200]
    assert 'shop="noord"' in server.text


def test_decisions_and_skips_are_observed() -> None:
    def value(name: str, **labels: str) -> float:
        return metrics._process.get_sample_value(name, labels) or 0.0

    before = (
        value("etalage_decision_seconds_count"),
        value("etalage_skipped_total", reason="capped"),
    )
    metrics.observe_decision(0.002)
    metrics.observe_intake(3, 0.01)
    metrics.count_skipped([Skipped(ExperienceName("help"), "capped")])

    assert value("etalage_decision_seconds_count") == before[0] + 1
    assert value("etalage_skipped_total", reason="capped") == before[1] + 1
    assert value("etalage_intake_events_total") >= 3


# ---- The public configuration ------------------------------------------------------------------------


def test_a_browser_of_the_shop_may_read_the_public_configuration(house: House) -> None:
    path = f"/v1/config/{house.made.write_key}"
    own = house.ask(path, headers={"origin": "https://noord.example"})
    foreign = house.ask(path, headers={"origin": "https://noord.example.evil.test"})

    assert own.status_code == 200
    about_tag = {
        "off",
        "overlays",
        "selectors",
        "look",
        "forms",
        "events",
        "data_layer",
        "demo",
        "words",
    }
    assert set(own.json()) == {"version", "slots", "protected", "contextual"} | about_tag
    assert "checkout" in own.json()["protected"]
    assert own.headers["access-control-allow-origin"] == "https://noord.example"
    assert "access-control-allow-origin" not in foreign.headers
    assert own.headers["cache-control"] == "public, max-age=5"


def test_an_unchanged_configuration_is_not_sent_twice(house: House) -> None:
    path = f"/v1/config/{house.made.write_key}"
    first = house.ask(path)
    again = house.ask(path, headers={"if-none-match": first.headers["etag"]})
    other = house.ask(path, headers={"if-none-match": '"0000"'})

    assert (again.status_code, again.content) == (304, b"")
    assert other.status_code == 200


def test_the_configuration_is_not_given_for_a_secret_or_unknown_key(house: House) -> None:
    for key in (house.made.server_key, "wk_unknown"):
        assert house.ask(f"/v1/config/{key}").status_code == 401


# ---- What is known of a person -----------------------------------------------------------------------


def test_the_shops_server_reads_what_is_known_of_karel_and_the_audit_tells_of_it(
    house: House,
) -> None:
    house.send(
        viewed("karel-phone", "S-1"),
        identified("karel-phone", "C-1001"),
        identified("karel-laptop", "C-1001"),
    )
    for known_as in ("karel-phone", "karel-laptop", "user:C-1001"):
        said = house.ask(f"/v1/profiles/{known_as}", auth=(house.made.server_key, ""))

        assert said.status_code == 200, said.text
        assert said.headers["cache-control"] == "private, no-store"
        known = said.json()
        assert known["consent"]["personalise"]["open"] is True
        assert known["remembered"]["traits"] == {"country": "NL"}
        assert [one["name"] for one in known["remembered"]["recents"]] == ["view_item"]
        assert known["visitors"] == 2

    lines = [x for x in house.shop.ports.records.audit_lines() if x.action == "profile.read"]
    assert len(lines) == 3
    assert {line.actor for line in lines} == {f"key/{house.made.server_key[:7]}"}
    assert not any("karel" in line.object or "C-1001" in line.object for line in lines)


def test_of_fatima_who_withdrew_only_her_choices_are_told(house: House) -> None:
    house.send(viewed("fatima", "S-1"))
    house.send(viewed("fatima", "S-2", granted=False))

    known = house.ask("/v1/profiles/fatima", auth=(house.made.server_key, "")).json()

    assert known["consent"]["personalise"]["open"] is False
    assert known["remembered"] is None
    assert "S-1" not in json.dumps(known)


def test_an_unknown_person_is_not_found_and_that_is_audited_too(house: House) -> None:
    said = house.ask("/v1/profiles/jip", auth=(house.made.server_key, ""))
    nobody = house.ask("/v1/profiles/user:guest", auth=(house.made.server_key, ""))

    assert (said.status_code, nobody.status_code) == (404, 400)
    actions = [line.action for line in house.shop.ports.records.audit_lines()]
    assert actions.count("profile.read") == 1


def test_a_profile_is_not_read_with_the_write_key_a_wrong_key_or_none(house: House) -> None:
    house.send(viewed("karel", "S-1"))
    for key in (house.made.write_key, "sk_wrong"):
        assert house.ask("/v1/profiles/karel", auth=(key, "")).status_code == 401
    bare = house.ask("/v1/profiles/karel", params={"writeKey": house.made.server_key})

    assert bare.status_code == 401
    assert bare.headers["www-authenticate"].startswith("Basic")


# ---- Pages that explain ------------------------------------------------------------------------------


def codes() -> set[str]:
    """Find the code of every error class there is, in whatever module."""
    for module in walk_packages(etalage.__path__, "etalage."):
        if "migrations" not in module.name and not module.name.endswith("__main__"):
            import_module(module.name)
    found, waiting = set(), [EtalageError]
    while waiting:
        kind = waiting.pop()
        found.add(kind.code)
        waiting += kind.__subclasses__()
    return found


def test_every_error_is_explained_in_both_languages_and_no_other_is() -> None:
    texts = pages.error_texts()

    assert set(texts) == codes()
    for by_language in texts.values():
        assert set(by_language) == {"nl", "en"}
        assert all(set(said) == {"title", "means", "do"} for said in by_language.values())
        assert all(line for said in by_language.values() for line in said.values())


def test_every_reason_is_explained_in_both_languages_and_no_other_is() -> None:
    aside = [reason for reason in get_args(Reason) if Refusal(reason).outcome == "quarantined"]
    lists = {
        "intake": list(get_args(Reason)),
        "decision": list(get_args(SkipReason)),
        "product": list(get_args(GuardReason)),
        "mend": [reason for reason in aside if reason != "restricted"],  # said by the log alone
    }
    texts = pages.reason_texts()

    assert set(texts) == {"page", *lists}
    for name, reasons in lists.items():
        for language in ("nl", "en"):
            assert list(texts[name][language]) == reasons
    assert set(texts["page"]["nl"]) == set(texts["page"]["en"]) == {"title", "means", *lists}


def test_the_page_of_an_error_speaks_the_readers_language(house: House) -> None:
    dutch = house.ask("/docs/errors/too-large", headers={"accept-language": "nl-NL,en;q=0.5"})
    english = house.ask("/docs/errors/too-large?lang=en")

    assert '<html lang="nl">' in dutch.text
    assert "Te groot" in dutch.text
    assert "Too large" in english.text
    assert english.headers["content-type"] == "text/html; charset=utf-8"
    assert house.ask("/docs/errors/%3Cscript%3E").status_code == 404


def test_the_page_of_reasons_has_them_all(house: House) -> None:
    page = house.ask("/docs/reasons?lang=en").text

    for reason in (*get_args(Reason), *get_args(SkipReason), *get_args(GuardReason)):
        assert f"<code>{reason}</code>" in page


def test_the_link_of_an_error_leads_to_its_page(house: House) -> None:
    link = house.ask("/nowhere").json()["error"]["docs"]

    assert house.ask(link).status_code == 200


# ---- What people decide, and the log -----------------------------------------------------------------


def test_what_people_decide_and_what_is_counted_is_taken_over_at_the_next_look(
    house: House,
) -> None:
    model = PopularModel(version="v2", made=1, products=())
    house.shop.ports.records.change_shop({"name": "Noorderzon"}, actor="ann", now=2)
    house.shop.ports.models.put("popular", msgspec.json.encode(model))

    look_again(house.rooms, clock())

    assert house.shop.configuration.shop.name == "Noorderzon"
    assert house.shop.shelf.versions == {"popular": "v2"}


def test_a_configuration_that_cannot_be_read_leaves_the_last_good_one_and_is_counted(
    house: House,
) -> None:
    house.shop.ports.records.change_shop({"zone": "Mars/Olympus"}, actor="ann", now=2)

    look_again(house.rooms, clock())

    assert house.shop.configuration.shop.zone == "Europe/Amsterdam"
    assert house.shop.failures == {"configuration": 1}
    assert (
        'etalage_failures_total{part="configuration",shop="noord"} 1.0'
        in house.ask("/metrics").text
    )


def test_a_log_line_is_one_line_without_secrets_or_unknown_fields(written: io.StringIO) -> None:
    logs.log.warning(
        "a\r\nb\x1b[2J\x7f\u2028 karel@example.com sk_abc /p?token=1", body="secret", count=3
    )
    logs.log.info("not at this level")

    text = written.getvalue()
    assert text.count("\n") == 1
    assert text.isascii()
    assert not any(ord(letter) < 32 or ord(letter) == 127 for letter in text.rstrip("\n"))
    line = json.loads(text)
    assert set(line) == {"time", "level", "event", "logger", "count"}
    for secret in ("karel", "sk_abc", "token", "secret"):
        assert secret not in text
