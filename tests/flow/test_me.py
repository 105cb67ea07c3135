"""The visitor's own page over HTTP: who may see what, and that each thing she asks is done."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec
import pytest
from shop import (  # fmt: skip
    BROWSER,
    NOON,
    YES,
    Opening,
    Reply,
    Shop,
    by_experience,
    experience,
    identify,
    segment,
    skipped,
    track,
    view,
)

from etalage.api.hot import Hot
from etalage.api.quiet import Quiet
from etalage.api.rooms import Rooms
from etalage.api.server import Front
from etalage.collect.identity import signature_of
from etalage.decide.token import issue_visitor_token
from etalage.domain.experience import LANGUAGES
from etalage.domain.time import DAY, HOUR, MINUTE, SECOND
from etalage.flow.privacy import is_genuine
from etalage.govern.me_token import LIFE, issue_me_token
from etalage.govern.me_told import words

ORIGIN = "https://noord.example"


@dataclass
class Page:
    """The page of one browser: its calls, as its script sends them."""

    shop: Shop
    visitor: str = "karel"
    token: str = ""
    headers: dict[str, str] = field(default_factory=lambda: {"sec-fetch-site": "same-origin"})

    def call(self, path: str, body: Any, **headers: str) -> Reply:
        content = msgspec.json.encode({"writeKey": self.shop.write_key, "language": "nl"} | body)
        return self.shop.runner.run(self._call(path, content, self.headers | headers))

    async def _call(self, path: str, content: bytes, headers: dict[str, str]) -> Reply:
        opened = [self.shop.opened, *self.shop.others]
        rooms = Rooms({one.configuration.shop.id: one for one in opened})
        clock = lambda: self.shop.now  # noqa: E731
        front = Front(Hot(rooms, clock), Quiet(rooms, clock))
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=front), base_url="https://etalage.example"
        ) as client:
            reply = await client.post(
                path, content=content, headers={"user-agent": BROWSER} | headers
            )
        return Reply(reply.status_code, reply.json(), reply.headers)

    def opening(self, user: str | None = None, **more: Any) -> Reply:
        """Ask for a token as the tag does."""
        said: dict[str, Any] = {"visitorToken": visitor_token(self.shop, self.visitor)}
        if user is not None:
            said |= {"userId": user, "signature": signature(self.shop, user, self.visitor)}
        return self.call(
            "/v1/me/token", said | more, **{"sec-fetch-site": "cross-site", "origin": ORIGIN}
        )

    def open(self, user: str | None = None) -> dict[str, Any]:
        reply = self.opening(user)
        assert reply.status == 200, reply.body
        self.token = reply.body["token"]
        return self.look()

    def look(self, language: str = "nl") -> dict[str, Any]:
        reply = self.call("/v1/me", {"token": self.token, "language": language})
        assert reply.status == 200, reply.body
        told: dict[str, Any] = reply.body
        return told

    def do(self, deed: str, **said: Any) -> dict[str, Any]:
        self.shop.now += SECOND
        reply = self.call(f"/v1/me/{deed}", {"token": self.token} | said)
        assert reply.status == 200, reply.body
        told: dict[str, Any] = reply.body
        return told


def visitor_token(shop: Shop, visitor: str) -> str:
    return issue_visitor_token(visitor, NOON, shop.ports.keys.secret("visitor"))


def signature(shop: Shop, user: str, visitor: str) -> str:
    secret, ends = shop.ports.keys.secret("identify"), (shop.now + HOUR) // SECOND
    return signature_of(secret, shop=shop.created.shop.id, user=user, visitor=visitor, expires=ends)


LOOKERS = segment("kijkt-vaak", {"did": "view_item", "times": {"at_least": 2}, "within": "30d"})
BAR = experience("hulp", form="bar", caps=[], slot="balk", segment="kijkt-vaak")


@pytest.fixture
def noord(opening: Opening) -> Shop:
    return opening("Noord", origins=(ORIGIN,))


def shopped(shop: Shop, visitor: str = "karel", *, category: str = "Dames > Jassen") -> None:
    shop.batch(*(view(f"S-{n}", visitor, category=category) for n in range(3)))


def titles(told: dict[str, Any], part: str = "known") -> str:
    return " / ".join(row["title"] for row in told[part])


# ---- Who may see what --------------------------------------------------------------------------------


def test_a_browser_sees_what_it_did_and_why_it_is_in_a_group(noord: Shop) -> None:
    noord.go_live(LOOKERS)
    shopped(noord)

    told = Page(noord).open()

    assert "Je keek 3 keer bij jassen" in titles(told)
    assert told["groups"] == [
        {
            "title": "Kijkt vaak",
            "said": noord.opened.configuration.segments["kijkt-vaak"].sentences["nl"],
        }
    ]
    assert told["choices"] == {**YES, "email": False, "ads": False}


def test_a_shared_tablet_that_was_once_logged_in_shows_nothing_of_her_phone(noord: Shop) -> None:
    shopped(noord, "phone", category="Dames > Badmode")
    shopped(noord, "tablet")
    noord.batch(
        *(identify(one, "C-1", firstName="Fatima", country="NL") for one in ("phone", "tablet"))
    )
    page = Page(noord, "tablet")

    told = page.open()
    copy = page.do("download")

    assert not told["signed"]
    assert "jassen" in titles(told)
    assert "badmode" not in msgspec.json.encode([told, copy]).decode().lower()
    assert "Fatima" not in msgspec.json.encode([told, copy]).decode()
    assert noord.key_of("phone") not in msgspec.json.encode([told, copy]).decode()
    assert noord.key_of("C-1", "user") not in msgspec.json.encode([told, copy]).decode()


def test_who_is_logged_in_now_sees_all_her_devices(noord: Shop) -> None:
    shopped(noord, "phone", category="Dames > Badmode")
    shopped(noord, "tablet")
    noord.batch(*(identify(one, "C-1", firstName="Fatima") for one in ("phone", "tablet")))
    page = Page(noord, "tablet")

    told = page.open("C-1")
    copy = page.do("download")

    assert told["signed"]
    assert "badmode" in titles(told)
    assert copy["personal"]["first_name"] == "Fatima"
    assert noord.key_of("phone") in copy["visitors"]


def test_a_login_that_the_shop_did_not_sign_shows_no_more_than_this_browser(noord: Shop) -> None:
    shopped(noord, "phone", category="Dames > Badmode")
    noord.batch(identify("phone", "C-1"))
    shopped(noord, "tablet")
    page = Page(noord, "tablet")
    others = signature(noord, "C-1", "phone")

    for wrong in ("", "9999999999.00", others):
        page.token = page.opening("C-1", signature=wrong).body["token"]
        assert not page.look()["signed"]
        assert "badmode" not in titles(page.look())


def test_a_page_about_nobody_says_that_nothing_is_known(noord: Shop) -> None:
    told = Page(noord, "new").open()

    assert told["state"] == "empty"
    assert told["lead"] == words()["nl"]["lead-nothing"]


# ---- Tokens ------------------------------------------------------------------------------------------


def test_only_a_token_of_this_purpose_this_shop_and_this_half_hour_opens_the_page(
    noord: Shop, opening: Opening
) -> None:
    other = opening("Zuid", origins=(ORIGIN,))
    shopped(noord)
    page = Page(noord)
    page.open()
    good, secret = page.token, noord.ports.keys.secret("me")
    wrong = {
        "none": None,
        "empty": "",
        "a visitor token": visitor_token(noord, "karel"),
        "of another shop": issue_me_token(
            "karel", None, other.ports.keys.secret("me"), now=noord.now
        )[0],
        "signed with the visitor secret": issue_me_token(
            "karel", None, noord.ports.keys.secret("visitor"), now=noord.now
        )[0],
        "of somebody else": good.replace("karel", "klaas"),
        "of a customer": good.replace(".-.", f".{noord.key_of('C-1', 'user')}."),
        "prolonged": good.replace(good.split(".")[3], str(int(good.split(".")[3]) + 60)),
        "over": issue_me_token("karel", None, secret, now=noord.now - LIFE)[0],
        "with something behind it": good + "x",
    }

    answers = {why: page.call("/v1/me", {"token": text}) for why, text in wrong.items()}
    answers |= {f"erase {w}": page.call("/v1/me/erase", {"token": t}) for w, t in wrong.items()}

    assert {why: reply.status for why, reply in answers.items()} == dict.fromkeys(answers, 401)
    assert len({msgspec.json.encode(reply.body) for reply in answers.values()}) == 1
    assert page.look()["state"] == "known"


def test_a_me_token_is_good_for_nothing_else(noord: Shop) -> None:
    shopped(noord)
    page = Page(noord)
    page.open()

    again = page.opening(visitorToken=page.token)
    asked = noord.ask(None, key=noord.write_key, visitorToken=page.token, consent=YES)

    assert again.status == 401
    assert asked["visitorToken"]  # a fresh one: for decisions this is nobody


def test_a_token_works_for_half_an_hour(noord: Shop) -> None:
    shopped(noord)
    page = Page(noord)
    page.open()

    noord.now += 29 * MINUTE
    assert page.look()["state"] == "known"
    noord.now += 2 * MINUTE
    assert page.call("/v1/me", {"token": page.token}).status == 401


def test_the_page_is_asked_from_its_own_host_only_and_the_token_by_the_shop_s_pages_only(
    noord: Shop,
) -> None:
    shopped(noord)
    page = Page(noord)
    page.open()

    for site in ("cross-site", "same-site", "none"):
        answer = page.call("/v1/me", {"token": page.token}, **{"sec-fetch-site": site})
        assert answer.status == 403
    stranger = {"sec-fetch-site": "cross-site", "origin": "https://elsewhere.example"}
    asked = page.call("/v1/me/token", {"visitorToken": visitor_token(noord, "karel")}, **stranger)
    assert asked.status == 403
    assert "access-control-allow-origin" not in page.call("/v1/me", {"token": page.token}).headers


def test_the_first_party_cookie_opens_the_page_of_its_browser(noord: Shop) -> None:
    shopped(noord)
    page = Page(noord)
    cookie = {"cookie": f"etalage_visitor={visitor_token(noord, 'karel')}"}

    page.token = page.call("/v1/me/token", {}, **cookie).body["token"]

    assert "jassen" in titles(page.look())
    assert page.call("/v1/me/token", {}).status == 401


def test_answers_about_her_are_kept_by_nobody(noord: Shop) -> None:
    shopped(noord)
    page = Page(noord)

    opened = page.opening()
    page.token = opened.body["token"]

    assert opened.headers["cache-control"] == "private, no-store"
    assert (
        page.call("/v1/me", {"token": page.token}).headers["cache-control"] == "private, no-store"
    )


def test_the_page_itself_may_load_and_ask_its_own_host_only(noord: Shop) -> None:
    front = Quiet(Rooms({noord.created.shop.id: noord.opened}), lambda: noord.now)

    async def get(path: str) -> httpx.Response:
        transport = httpx.ASGITransport(app=front)
        async with httpx.AsyncClient(transport=transport, base_url="https://e.example") as client:
            return await client.get(path)

    page = noord.runner.run(get("/me?lang=en"))
    files = [
        noord.runner.run(get(f"/me/{n}")).status_code for n in ("me.js", "me-draw.js", "me.css")
    ]

    assert page.headers.get_list("content-security-policy") == [
        page.headers["content-security-policy"]
    ]
    assert page.headers["content-security-policy"].startswith(
        "default-src 'none'; script-src 'self'"
    )
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "http" not in page.text.replace("http-equiv", "")
    assert "needs JavaScript" in page.text
    assert files == [200, 200, 200]
    assert noord.runner.run(get("/me/me.html")).status_code == 404


# ---- What she asks is done ---------------------------------------------------------------------------


def test_a_no_works_at_once_and_an_old_yes_of_the_shop_s_banner_does_not_take_it_back(
    noord: Shop,
) -> None:
    noord.go_live(LOOKERS, BAR)
    shopped(noord)
    page = Page(noord)
    page.open()

    told = page.do("consent", purpose="personalise", granted=False)
    for _ in range(2):
        noord.now += MINUTE
        noord.ask("karel", consent=YES, slots=["balk"])
        noord.batch(view("S-9", context={"consent": YES | {"source": "me"}}))

    assert not told["choices"]["personalise"]
    assert noord.person("karel").part is None
    assert (
        len(noord.events("consent")) == 2
    )  # her first yes, and her no: nothing is written again and again
    assert page.do("consent", purpose="personalise", granted=True)["choices"]["personalise"]
    assert noord.person("karel").part is not None
    assert "jassen" not in titles(page.look())


def test_without_device_nothing_more_is_written_down(noord: Shop) -> None:
    shopped(noord)
    page = Page(noord)
    page.open()

    told = page.do("consent", purpose="device", granted=False)
    noord.now += MINUTE

    assert not any(told["choices"].values())
    assert noord.batch(view("S-9", context={"consent": YES})) == {"refused: no_consent": 1}


def test_a_pause_is_kept_by_decisions_for_thirty_days_on_every_linked_device(noord: Shop) -> None:
    noord.go_live(experience("rust", form="bar", caps=[], slot="balk"))
    for one in ("phone", "tablet"):
        shopped(noord, one)
    noord.batch(identify("phone", "C-1"), identify("tablet", "C-1"))
    page = Page(noord, "tablet")
    page.open()

    before = noord.ask("phone", slots=["balk"], explain=True)
    told = page.do("pause", on=True)
    paused = [noord.ask(one, slots=["balk"], explain=True) for one in ("tablet", "phone")]
    noord.now += 30 * DAY
    after = noord.ask("phone", slots=["balk"], explain=True)

    assert told["paused"]["day"] == "11 juni"
    for answer in paused:
        assert answer["decisions"] == []
        assert skipped(answer)["rust"] == "paused_by_visitor"
    for answer in (before, after):
        assert by_experience(answer).keys() == {"rust"}


def test_a_pause_can_be_ended_and_outlives_a_withdrawal(noord: Shop) -> None:
    noord.go_live(LOOKERS, BAR)
    shopped(noord)
    page = Page(noord)
    page.open()

    page.do("pause", on=True)
    still = page.do("consent", purpose="personalise", granted=False)
    ended = page.do("pause", on=False)

    assert still["paused"] is not None
    assert ended["paused"] is None


def test_not_for_me_is_remembered_and_can_be_taken_back(noord: Shop) -> None:
    noord.go_live(LOOKERS, BAR)
    shopped(noord)
    page = Page(noord)
    page.open()

    told = page.do("feedback", name="experience:hulp", refused=True)
    refused = noord.ask("karel", slots=["balk"], explain=True)
    back = page.do("feedback", name="experience:hulp", refused=False)

    assert told["shown"][0]["do"] == "yes"
    assert skipped(refused)["hulp"] == "refused_by_visitor"
    assert back["shown"] == []
    assert (
        skipped(noord.ask("karel", slots=["balk"], explain=True)).get("hulp")
        != "refused_by_visitor"
    )


def test_a_product_is_refused_by_its_name(noord: Shop) -> None:
    shopped(noord)
    page = Page(noord)
    page.open()

    told = page.do("feedback", name="product:S-1", refused=True)

    assert [row["name"] for row in told["shown"]] == ["product:S-1"]
    part = noord.person("karel").part
    assert part is not None
    assert part.refused["product:S-1"].value is True


def test_a_trait_that_is_wrong_is_put_right_and_only_one_that_is_there(noord: Shop) -> None:
    shopped(noord)
    noord.batch(identify("karel", None, country="NL", context={"consent": YES}))
    page = Page(noord)
    page.open()

    told = page.do("rectify", kind="trait", name="country", value="BE")
    mail = page.call(
        "/v1/me/rectify", {"token": page.token, "kind": "trait", "name": "email", "value": "a@b.nl"}
    )

    assert "Country: BE" in titles(told)
    assert mail.status == 400


def test_an_answer_that_is_wrong_is_put_right(noord: Shop) -> None:
    shopped(noord)
    noord.batch(track("preference", kleur="geel"))
    page = Page(noord)

    assert "Kleur: geel" in titles(page.open())
    assert "Kleur: rood" in titles(page.do("rectify", kind="answer", name="kleur", value="rood"))


def test_starting_again_forgets_what_was_looked_at_and_remembers_what_comes(noord: Shop) -> None:
    shopped(noord)
    page = Page(noord)
    page.open()

    told = page.do("restart")
    noord.now += MINUTE
    shopped(noord, category="Heren > Laarzen")

    assert "jassen" not in titles(told)
    assert told["choices"]["personalise"]
    assert "laarzen" in titles(page.look())
    assert "jassen" not in titles(page.look())


def test_a_browser_that_was_somebody_else_s_is_detached(noord: Shop) -> None:
    shopped(noord, "tablet")
    noord.batch(identify("tablet", "C-1"))
    page = Page(noord, "tablet")

    assert words()["nl"]["linked-browser"] in titles(page.open())
    told = page.do("unlink")

    assert words()["nl"]["linked-browser"] not in titles(told)
    assert noord.person("tablet").visitors == (noord.key_of("tablet"),)


def test_who_erases_a_browser_erases_that_browser_alone_and_has_a_receipt(noord: Shop) -> None:
    for one in ("phone", "tablet"):
        shopped(noord, one)
    noord.batch(identify("phone", "C-1"), identify("tablet", "C-1"))
    page = Page(noord, "tablet")
    page.open()

    told = page.do("erase")
    noord.now += MINUTE

    assert told["state"] == "erased"
    assert is_genuine(noord.ports, told["receipt"])
    assert told["receipt"]["visitors"] == 1
    assert noord.ports.profiles.get(noord.key_of("tablet")) is None
    assert noord.ports.profiles.get(noord.key_of("phone")) is not None
    assert noord.batch(view("S-1", "tablet")) == {"refused: erased": 1}
    assert page.look()["state"] == "erased"
    again = page.call(
        "/v1/me/consent", {"token": page.token, "purpose": "measure", "granted": True}
    )
    assert again.status == 409


def test_who_is_logged_in_erases_all_of_herself(noord: Shop) -> None:
    for one in ("phone", "tablet"):
        shopped(noord, one)
    noord.batch(identify("phone", "C-1"), identify("tablet", "C-1"))
    page = Page(noord, "tablet")
    page.open("C-1")

    page.do("erase")

    for one in ("phone", "tablet"):
        assert noord.ports.profiles.get(noord.key_of(one)) is None
        assert noord.ports.keys.is_destroyed(noord.key_of(one))


def test_the_copy_comes_as_a_page_too_and_its_reading_is_in_the_audit(noord: Shop) -> None:
    shopped(noord)
    page = Page(noord)
    page.open()

    said = page.do("download", format="html")

    assert said["page"].startswith("<!doctype html>")
    assert [e.actor for e in noord.ports.records.audit_lines() if e.action == "privacy.access"] == [
        "me"
    ]


def test_what_is_not_shown_is_counted_and_never_named(noord: Shop) -> None:
    ghost = experience(
        "spook", form="bar", caps=[], slot="balk", allocation={"kind": "split", "control": 0.99999}
    )
    noord.go_live(ghost)
    shopped(noord)
    answer = noord.ask("karel", slots=["balk"])
    noord.batch(track("triggered", token=answer["decisions"][0]["id"]))

    told = Page(noord).open()

    assert told["unseen"] == words()["nl"]["unseen-one"]
    assert "spook" not in msgspec.json.encode(told).decode()


def test_nonsense_is_refused_and_changes_nothing(noord: Shop) -> None:
    shopped(noord)
    page = Page(noord)
    page.open()
    before = len(noord.events())
    asked: list[tuple[str, dict[str, Any], int]] = [
        ("consent", {"purpose": "everything", "granted": True}, 400),
        ("consent", {"purpose": "measure", "granted": "yes"}, 400),
        ("feedback", {"name": "hulp"}, 400),
        ("rectify", {"kind": "trait", "name": "country", "value": ""}, 400),
        ("rectify", {"kind": "score", "name": "phase", "value": "x"}, 400),
        ("own", {}, 404),
    ]

    for deed, body, status in asked:
        assert page.call(f"/v1/me/{deed}", {"token": page.token} | body).status == status, deed
    assert page.call("/v1/me", {"token": page.token, "writeKey": noord.server_key}).status == 401
    assert page.call("/v1/me", {"token": page.token, "x": "y" * 30_000}).status == 413
    assert len(noord.events()) == before


def test_quotas_apply(opening: Opening) -> None:
    shop = opening("Noord", origins=(ORIGIN,), queries_per_minute=1)
    shopped(shop)
    page = Page(shop)
    page.open()

    page.do("download")
    assert page.call("/v1/me/download", {"token": page.token}).status == 429


def test_both_languages_say_the_same_things() -> None:
    assert [*words()["nl"]] == [*words()["en"]]
    assert set(words()) == set(LANGUAGES)
