"""What a visitor allows decides what is kept and what she gets, from the very call in which she says it."""

from __future__ import annotations

from shop import (  # fmt: skip
    ALLOWED,
    NO,
    NOON,
    YES,
    Opening,
    Said,
    Shop,
    experience,
    identify,
    names,
    order,
    segment,
    skipped,
    track,
    view,
)

from etalage.decide.token import issue_visitor_token
from etalage.domain.time import DAY, HOUR, MINUTE
from etalage.flow.ask import size

LOOKERS = {"did": "view_item", "times": {"at_least": 2}, "within": "30d"}


def with_lookers(shop: Shop) -> Shop:
    shop.go_live(segment("lookers", LOOKERS), experience("hoi", segment="lookers"))
    return shop


def answered(shop: Shop, visitor: str, **said: object) -> str:
    """Ask, and give 'shown' or the reason why not."""
    answer = shop.ask(visitor, explain=True, **said)
    shown = [one for one in answer["decisions"] if one["show"]]
    return "shown" if shown else skipped(answer)["hoi"]


def test_of_jip_who_says_nothing_nothing_is_kept(shop: Shop) -> None:
    with_lookers(shop)
    before = names(shop.events())

    assert shop.batch(view("S-1", "jip", consent=None)) == {"refused: no_consent": 1}
    assert shop.batch(view("S-1", "jip", consent={})) == {"refused: no_consent": 1}
    assert answered(shop, "jip") == "no_consent"

    assert names(shop.events()) == before
    assert list(shop.ports.profiles.visitors()) == []


def test_of_jip_who_says_no_not_even_the_no_is_kept(shop: Shop) -> None:
    with_lookers(shop)
    before = names(shop.events())

    assert shop.batch(view("S-1", "jip", consent=NO)) == {"refused: no_consent": 1}
    assert answered(shop, "jip", consent=NO) == "no_consent"

    assert names(shop.events()) == before
    assert list(shop.ports.profiles.visitors()) == []


def test_only_the_word_true_allows_anything(shop: Shop) -> None:
    for almost in (1, "true", "yes", [True], {"granted": True}, None):
        consent = dict.fromkeys(YES, almost)
        assert shop.batch(view("S-1", "jip", consent=consent)) == {"refused: no_consent": 1}

    assert list(shop.ports.profiles.visitors()) == []


def test_a_withdrawal_works_in_the_call_that_says_it_and_in_the_next(shop: Shop) -> None:
    with_lookers(shop)
    shop.batch(view("S-1"), view("S-2"))
    assert answered(shop, "karel") == "shown"

    shop.now += MINUTE
    assert answered(shop, "karel", consent=YES | {"personalise": False}) == "no_consent"
    assert answered(shop, "karel") == "no_consent"
    assert shop.did("karel") == []
    assert shop.batch(view("S-3", consent=None)) == {"accepted": 1}  # still measured
    assert shop.events("view_item")[-1].epoch == 0


def test_a_withdrawal_within_a_batch_holds_for_what_follows_in_it(shop: Shop) -> None:
    said = shop.batch(
        view("S-1"),
        track("consent", consent=None, **NO),
        view("S-2", consent=None),
    )

    assert said == {"accepted": 2, "refused: no_consent": 1}
    assert shop.did("karel") == []


def test_a_withdrawal_counts_also_under_an_id_that_was_used_before(shop: Shop) -> None:
    shop.batch(view("S-1", message="m-one"))

    shop.now += MINUTE
    again = shop.batch(view("S-1", message="m-one", consent=NO))

    assert "accepted" not in again
    assert shop.person("karel").open == frozenset()


def test_a_withdrawal_counts_also_from_a_browser_whose_clock_is_behind(shop: Shop) -> None:
    token = issue_visitor_token("phone", shop.now, shop.ports.keys.secret("visitor"))
    shop.batch(view("S-1", "phone"), key=shop.write_key, token=token)
    shop.now += MINUTE

    no = track("consent", "phone", consent=NO, at=shop.now - 10 * MINUTE)
    shop.batch(no, key=shop.write_key, token=token)

    assert shop.person("phone").open == frozenset()
    later = view("S-2", "phone", consent=None)
    assert shop.batch(later, key=shop.write_key, token=token) == {"refused: no_consent": 1}


def test_a_no_of_the_shops_server_counts_also_if_its_clock_is_behind(shop: Shop) -> None:
    shop.batch(view("S-1"))

    shop.batch(track("consent", consent=NO, at=NOON - 2 * MINUTE))

    assert shop.did("karel") == []
    assert shop.person("karel").open == frozenset()
    shop.now += MINUTE
    assert shop.batch(view("S-2", consent=None)) == {"refused: no_consent": 1}


def test_a_no_that_is_older_than_her_yes_does_not_take_it_back(shop: Shop) -> None:
    shop.batch(view("S-1"))

    shop.batch(track("consent", consent=NO, at=NOON - DAY))

    assert shop.did("karel") == ["view_item"]


def test_a_no_and_a_yes_may_follow_each_other_as_often_as_she_likes(shop: Shop) -> None:
    with_lookers(shop)
    for _ in range(3):
        shop.now += MINUTE
        assert answered(shop, "karel", consent=YES) == "not_in_segment"
        shop.batch(view("S-1"), view("S-2"))
        assert answered(shop, "karel") == "shown"
        shop.now += MINUTE
        assert answered(shop, "karel", consent=NO) == "no_consent"
        assert shop.batch(view("S-3", consent=None)) == {"refused: no_consent": 1}

    said = {"type": "track", "event": "consent", "anonymousId": "karel"}
    for allowed in (YES, NO, YES, NO):
        shop.now += MINUTE
        assert shop.batch(said | {"properties": allowed}) == {"accepted": 1}
        assert shop.person("karel").open == {purpose for purpose in allowed if allowed[purpose]}


def test_a_consent_that_is_delivered_twice_is_one(shop: Shop) -> None:
    said = track("consent", at=NOON, consent=None, **YES)

    assert shop.batch(said, said) == {"accepted": 1, "duplicate": 1}
    shop.now += MINUTE
    other = said | {"properties": NO, "timestamp": shop.now / 1_000_000}
    assert shop.batch(other) == {"accepted": 1}  # under the same id
    assert shop.person("karel").open == frozenset()


def test_a_new_yes_brings_nothing_back(shop: Shop) -> None:
    with_lookers(shop)
    shop.batch(view("S-1"), view("S-2"), view("S-3"))
    shop.now += HOUR
    shop.ask("karel", consent=NO)
    shop.now += HOUR

    assert answered(shop, "karel", consent=YES) == "not_in_segment"
    shop.batch(view("S-4"))
    assert answered(shop, "karel") == "not_in_segment"
    shop.batch(view("S-5"))
    assert answered(shop, "karel") == "shown"

    assert shop.did("karel") == ["view_item", "view_item"]
    tree = shop.opened.configuration.segments["lookers"].node
    assert size(shop.ports, tree, shop.opened.configuration.shop, now=shop.now).people == 1


def test_what_happened_before_a_withdrawal_stays_closed_when_it_arrives_late(shop: Shop) -> None:
    shop.batch(view("S-1"))
    shop.now += HOUR
    shop.ask("karel", consent=NO)
    shop.now += HOUR
    shop.ask("karel", consent=YES)

    shop.batch(view("S-2", at=NOON + MINUTE), view("S-3", at=NOON + HOUR + MINUTE, consent=None))

    assert shop.did("karel") == []


def test_a_yes_soon_after_a_no_opens_nothing_from_before_the_no(shop: Shop) -> None:
    shop.now += HOUR
    shop.ask("karel", consent=YES)
    shop.now += HOUR
    shop.ask("karel", consent=NO)
    refused = shop.now
    shop.now += 2 * MINUTE
    shop.ask("karel", consent=YES)

    late = view("S-1", at=refused - MINUTE, consent=None)  # clocks may differ by more than that
    assert shop.batch(late) == {"refused: no_consent": 1}
    assert shop.batch(view("S-2", consent=None)) == {"accepted": 1}
    assert shop.did("karel") == ["view_item"]


def test_global_privacy_control_is_a_no_until_she_says_otherwise_here(opening: Opening) -> None:
    shop = with_lookers(opening(purposes=ALLOWED))
    shop.batch(view("S-1", consent=None), view("S-2", consent=None))
    gpc = {"sec-gpc": "1"}
    page = {"type": "home", "url": "https://noord.example/"}
    call: Said = {"anonymousId": "karel", "page": page, "slots": ["overlay"], "explain": True}

    assert answered(shop, "karel") == "shown"
    reply = shop.post("/v1/decide", call, headers=gpc)
    assert skipped(reply.body) == {"hoi": "no_consent"}

    shop.now += MINUTE
    reply = shop.post("/v1/decide", call | {"consent": YES}, headers=gpc)
    assert [one["show"] for one in reply.body["decisions"]] == [True]
    reply = shop.post("/v1/decide", call, headers=gpc)
    assert [one["show"] for one in reply.body["decisions"]] == [True]


def test_events_under_global_privacy_control_are_measured_and_not_remembered(
    opening: Opening,
) -> None:
    shop = opening(purposes=ALLOWED)
    body = {"batch": [view("S-1", consent=None)]}

    assert shop.post("/v1/batch", body, headers={"sec-gpc": "1"}).status == 200

    event = shop.events("view_item")[0]
    assert (event.purposes, event.epoch) == (("device", "measure"), 0)


def test_a_browser_that_refused_stays_unpersonalised_while_she_allows_it_elsewhere(
    shop: Shop,
) -> None:
    with_lookers(shop)
    shop.batch(view("S-1", "laptop"), identify("laptop", "C-7"))
    shop.now += MINUTE
    shop.ask("laptop", consent={"personalise": False})
    shop.now += MINUTE
    shop.batch(identify("phone", "C-7"), view("S-2", "phone"), view("S-3", "phone"))

    assert answered(shop, "phone") == "shown"
    assert answered(shop, "laptop") == "no_consent"


def test_a_no_on_one_device_closes_what_was_known_on_the_other(shop: Shop) -> None:
    with_lookers(shop)
    shop.batch(identify("phone", "C-7"), view("S-1", "phone"), view("S-2", "phone"))
    shop.batch(identify("laptop", "C-7"))
    assert answered(shop, "phone") == "shown"

    shop.now += MINUTE
    assert answered(shop, "laptop", consent={"personalise": False}) == "no_consent"

    assert answered(shop, "phone") == "no_consent"
    assert shop.did("phone") == []


def test_a_server_may_send_under_the_purposes_it_declared(opening: Opening) -> None:
    shop = opening(purposes=("measure", "personalise"))

    assert shop.batch(view("S-1", consent=None)) == {"accepted": 1}

    told, viewed = shop.events("consent", "view_item")
    assert told.properties == {
        "measure": True,
        "personalise": True,
        "declared": True,
        "basis": "contract",
    }
    assert viewed.purposes == ("measure", "personalise")
    assert shop.did("karel") == ["view_item"]


def test_her_own_no_is_above_what_a_server_declares(opening: Opening) -> None:
    shop = opening(purposes=ALLOWED)
    shop.batch(view("S-1", consent=None))
    shop.now += MINUTE
    shop.ask("karel", consent=NO)
    shop.now += MINUTE

    assert shop.batch(view("S-2", consent=None)) == {"refused: no_consent": 1}
    assert shop.did("karel") == []


def test_the_purposes_of_a_server_are_not_those_of_a_browser(opening: Opening) -> None:
    shop = opening(purposes=ALLOWED)

    said = shop.batch(view("S-1", "fatima", consent=None), key=shop.write_key)

    assert said == {"refused: no_consent": 1}


def test_an_order_without_consent_stands_in_the_books_without_a_name(shop: Shop) -> None:
    jip = order("A-1", "jip", consent=None, user="C-9", context={"page": {"url": "/thanks"}})

    assert shop.batch(jip) == {"accepted": 1}

    event = shop.events("purchase")[0]
    assert (event.value, event.transaction, len(event.lines)) == (5000, "A-1", 1)
    assert (event.visitor, event.customer, event.session, event.url) == (None, None, None, None)
    assert (event.purposes, event.epoch, event.personal) == ((), 0, None)
    assert list(shop.ports.profiles.visitors()) == []


def test_who_allows_measuring_only_is_counted_and_never_profiled(shop: Shop) -> None:
    with_lookers(shop)
    measured = {"device": True, "measure": True}
    shop.batch(*(view(f"S-{n}", "fatima", consent=measured) for n in range(5)))

    assert answered(shop, "fatima") == "no_consent"
    assert shop.person("fatima").part is None
    assert len(shop.events("view_item")) == 5
    tree = shop.opened.configuration.segments["lookers"].node
    assert size(shop.ports, tree, shop.opened.configuration.shop, now=shop.now).people == 0


def test_personalise_without_measure_gets_content_and_is_in_no_figure(shop: Shop) -> None:
    with_lookers(shop)
    allowed = {"device": True, "personalise": True}
    shop.batch(view("S-1", "fatima", consent=allowed), view("S-2", "fatima", consent=allowed))

    answer = shop.ask("fatima")

    assert [one["show"] for one in answer["decisions"]] == [True]
    assert "id" not in answer["decisions"][0]  # no token: nothing can be counted with it
    assert "propensity" not in answer["decisions"][0]


def test_consent_given_elsewhere_in_the_categories_of_a_tool_is_read(opening: Opening) -> None:
    mapping = {"analytics": ("device", "measure"), "personal": ("personalise",)}
    shop = opening(consent_mapping=mapping)
    said = {"categoryPreferences": {"analytics": True, "personal": False}}

    assert shop.batch(view("S-1", consent=said)) == {"accepted": 1}

    assert shop.events("view_item")[0].purposes == ("device", "measure")


def test_a_day_later_consent_still_holds(shop: Shop) -> None:
    shop.batch(view("S-1"))
    shop.now += DAY

    assert shop.batch(view("S-2", consent=None)) == {"accepted": 1}
    assert shop.did("karel") == ["view_item", "view_item"]
