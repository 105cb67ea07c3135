"""What may be kept of an event: what was said in the call, what is known of her, what the source declares."""

from __future__ import annotations

from typing import Any

import pytest
from collect_examples import (
    AT_BROWSER,
    AT_SERVER,
    BROWSER,
    CHROME,
    NO,
    NOW,
    SERVER,
    SHOP,
    YES,
    call,
    consented,
    draft,
    key,
    logged,
    reason,
    send,
)
from msgspec.structs import replace

from etalage.collect.admit import Admitted
from etalage.collect.consent import Known
from etalage.collect.intake import Door, Received
from etalage.domain.consent import Choice, Registers, open_purposes, register_of
from etalage.domain.event import Event
from etalage.domain.time import HOUR, MINUTE, iso

MEASURE_ONLY = {"device": True, "measure": True, "personalise": False}
DECLARING = replace(SERVER, purposes=("measure", "personalise"), basis="AVG 6.1.f")
AT_DECLARING = replace(AT_SERVER, sender=DECLARING)
WITH_GPC = replace(AT_BROWSER, received=Received(NOW, user_agent=CHROME, gpc=True))


def known_of(*steps: tuple[int, dict[str, bool]]) -> Known:
    """Give what is known after she said these things at these moments."""
    registers: Registers = {}
    for time, said in steps:
        registers = send(
            call(
                context=consented(said), timestamp=iso(time), sentAt=iso(NOW), messageId=str(time)
            ),
            AT_BROWSER,
            Known(registers),
        ).registers
    return Known(registers)


def news(admitted: Admitted) -> list[dict[str, Any]]:
    return [arrival.event.properties for arrival in admitted.derived]


def at(time: int, said: dict[str, object] | None, known: Known, **fields: Any) -> Event:
    context = {} if said is None else consented(said)
    return logged(
        call(context=context, timestamp=iso(time), sentAt=iso(NOW), **fields), AT_BROWSER, known
    )


# ---- One call -----------------------------------------------------------------------------------------


def test_without_consent_nothing_is_kept() -> None:
    for door in (AT_BROWSER, AT_SERVER):
        admitted = send(call(context={}), door)

        assert admitted.rejected is not None
        assert admitted.rejected.reason == "no_consent"
        assert (admitted.arrival, admitted.derived, admitted.registers) == (None, (), {})


def test_a_first_yes_is_logged_beside_the_event_and_opens_its_epoch() -> None:
    admitted = send(call(context=consented(basis_of="x")), AT_BROWSER)

    assert admitted.arrival is not None
    event = admitted.arrival.event
    assert (event.purposes, event.epoch) == (("device", "measure", "personalise"), event.time)
    assert news(admitted) == [{"device": True, "measure": True, "personalise": True}]
    assert admitted.derived[0].key == "engine"


def test_the_same_yes_is_logged_once() -> None:
    known = Known(send(call(), AT_BROWSER).registers)

    assert news(send(call(messageId="m-2"), AT_BROWSER, known)) == []


@pytest.mark.parametrize("value", ["true", 1, "yes", "granted", [True], {"granted": True}])
def test_only_true_grants(value: object) -> None:
    assert reason(call(context=consented(dict.fromkeys(YES, value))), AT_BROWSER) == "no_consent"

    event = logged(call(context=consented(YES | {"personalise": value})), AT_BROWSER)
    assert (event.purposes, event.epoch) == (("device", "measure"), 0)


def test_what_is_neither_true_nor_false_closes_this_event_and_changes_nothing() -> None:
    known = known_of((NOW - HOUR, YES))

    admitted = send(call(context=consented(YES | {"personalise": "nee"})), AT_BROWSER, known)

    assert admitted.arrival is not None
    assert admitted.arrival.event.purposes == ("device", "measure")
    assert admitted.registers == known.registers
    assert admitted.notes == {"consent_unclear": 1}


@pytest.mark.parametrize(
    "said", [{"measure": True, "personalise": True}, {"device": False, "measure": True}]
)
def test_a_browser_needs_the_device_gate_open_too(said: dict[str, bool]) -> None:
    assert reason(call(context=consented(said)), AT_BROWSER) == "no_consent"


def test_a_server_stores_nothing_on_a_device_but_respects_who_closed_it() -> None:
    assert logged(call(context=consented({"measure": True}))).purposes == ("measure",)
    assert reason(call(context=consented({"device": False, "measure": True}))) == "no_consent"
    assert (
        reason(call(context={}), known=known_of((NOW - HOUR, YES), (NOW - MINUTE, NO)))
        == "no_consent"
    )


def test_device_alone_keeps_no_event() -> None:
    assert (
        reason(call(context=consented({"device": True, "ads": True, "email": True})), AT_BROWSER)
        == "no_consent"
    )


def test_personalise_without_measure_is_kept_for_the_profile() -> None:
    assert logged(
        call(context=consented({"device": True, "personalise": True})), AT_BROWSER
    ).purposes == (
        "device",
        "personalise",
    )


def test_gpc_closes_personalise_until_she_says_otherwise_here() -> None:
    assert logged(call(context=consented(MEASURE_ONLY)), WITH_GPC).purposes == ("device", "measure")
    assert "personalise" in logged(call(), WITH_GPC).purposes
    declared = replace(AT_DECLARING, received=Received(NOW, gpc=True))
    assert logged(call(context={}), declared).purposes == ("measure",)
    assert logged(call(context={"gpc": True}), AT_DECLARING).purposes == ("measure",)


# ---- Withdrawal ---------------------------------------------------------------------------------------


def test_a_refusal_is_itself_remembered_of_somebody_known_and_of_nobody_else() -> None:
    known = known_of((NOW - HOUR, YES))

    jip = send(call(context=consented(NO)), AT_BROWSER)
    karel = send(call(context=consented(NO)), AT_BROWSER, known)

    assert (jip.rejected is not None, jip.derived, jip.registers) == (True, (), {})
    assert karel.rejected is not None
    assert news(karel) == [{"device": False, "measure": False, "personalise": False}]
    assert open_purposes(karel.registers) == frozenset()


def test_a_withdrawal_of_one_purpose_leaves_the_others() -> None:
    admitted = send(call(context=consented(MEASURE_ONLY)), AT_BROWSER, known_of((NOW - HOUR, YES)))

    assert admitted.arrival is not None
    assert (admitted.arrival.event.purposes, admitted.arrival.event.epoch) == (
        ("device", "measure"),
        0,
    )
    assert news(admitted) == [{"personalise": False}]


def test_a_new_yes_opens_a_new_epoch_and_late_events_of_the_closed_one_stay_closed() -> None:
    first, refused, again = NOW - 3 * HOUR, NOW - 2 * HOUR, NOW - HOUR
    known = known_of((first, YES), (refused, MEASURE_ONLY), (again, YES))

    assert at(NOW, YES, known).epoch == again
    assert at(refused - MINUTE, YES, known).epoch == 0
    assert "personalise" not in at(refused - MINUTE, None, known).purposes


def test_a_late_yes_does_not_undo_a_refusal_and_a_late_refusal_is_remembered() -> None:
    refused = known_of((NOW - 2 * HOUR, YES), (NOW - HOUR, MEASURE_ONLY))
    assert at(NOW - 90 * MINUTE, YES, refused).epoch == 0

    allowed = known_of((NOW - HOUR, YES))
    late = send(
        call(context=consented(MEASURE_ONLY), timestamp=iso(NOW - 2 * HOUR), sentAt=iso(NOW)),
        AT_BROWSER,
        allowed,
    )
    assert news(late) == [{"personalise": False}]
    assert late.registers["personalise"].refused == NOW - 2 * HOUR


def test_an_event_that_brings_its_own_yes_never_falls_in_a_later_epoch() -> None:
    known = known_of((NOW - HOUR, YES))

    assert at(NOW - 2 * HOUR, YES, known).epoch == NOW - 2 * HOUR


def test_what_happened_before_she_said_anything_is_not_covered_by_it() -> None:
    known = known_of((NOW - HOUR, YES))

    before = send(call(context={}, timestamp=iso(NOW - 2 * HOUR)), AT_BROWSER, known)
    clocks_apart = send(call(context={}, timestamp=iso(NOW - HOUR - MINUTE)), AT_BROWSER, known)

    assert before.rejected is not None
    assert clocks_apart.arrival is not None


def test_what_she_said_in_another_browser_counts_for_the_person() -> None:
    here = known_of((NOW - 2 * HOUR, YES)).registers
    there = known_of((NOW - HOUR, MEASURE_ONLY)).registers

    assert logged(call(context={}), AT_BROWSER, Known(here, (there,))).purposes == (
        "device",
        "measure",
    )
    granted_there = Known({k: v for k, v in here.items() if k != "personalise"}, (here,))
    assert logged(call(context={}), AT_BROWSER, granted_there).epoch == NOW - 2 * HOUR


def test_a_refusal_older_than_the_one_that_is_known_changes_nothing() -> None:
    known = known_of((NOW - 3 * HOUR, YES), (NOW - 2 * HOUR, MEASURE_ONLY), (NOW - HOUR, YES))

    older = send(
        call(context=consented(MEASURE_ONLY), timestamp=iso(NOW - 150 * MINUTE), sentAt=iso(NOW)),
        AT_BROWSER,
        known,
    )

    assert news(older) == []
    assert older.registers == known.registers


# ---- Declared by a source -----------------------------------------------------------------------------


def test_a_source_may_declare_the_purposes_under_which_it_sends() -> None:
    admitted = send(call(context={}), AT_DECLARING)

    assert admitted.arrival is not None
    assert admitted.arrival.event.purposes == ("measure", "personalise")
    assert news(admitted) == [
        {"measure": True, "personalise": True, "declared": True, "basis": "AVG 6.1.f"}
    ]
    assert admitted.registers["measure"].own is None
    assert (
        news(send(call(context={}, messageId="m-2"), AT_DECLARING, Known(admitted.registers))) == []
    )


def test_a_declaration_never_overrides_her_own_choice() -> None:
    known = known_of((NOW - 2 * HOUR, YES), (NOW - HOUR, MEASURE_ONLY))

    assert logged(call(context={}), AT_DECLARING, known).purposes == ("device", "measure")
    assert reason(call(context=consented(NO)), AT_DECLARING) == "no_consent"


def test_a_source_declares_nothing_beside_what_a_call_states() -> None:
    admitted = send(call(context=consented({"measure": True})), AT_DECLARING)

    assert admitted.arrival is not None
    assert admitted.arrival.event.purposes == ("measure",)
    assert news(admitted) == [{"measure": True}]


# ---- Orders are the shop's books ----------------------------------------------------------------------


def test_an_order_without_consent_is_kept_without_anybody() -> None:
    order = call(
        "purchase",
        userId="u-17",
        context={"userAgent": CHROME, "page": {"url": "https://shop.example/bedankt"}},
        properties={"transaction_id": "o-1", "value": 10, "coupon": "KAREL"},
    )

    event = logged(order)

    assert (event.name, event.transaction, event.value, event.trust) == (
        "purchase",
        "o-1",
        1000,
        "confirmed",
    )
    assert (event.visitor, event.customer, event.purposes, event.epoch) == (None, None, (), 0)
    assert (event.device, event.url, event.properties, event.personal) == (None, None, {}, None)


def test_an_order_of_somebody_erased_is_kept_without_anybody_and_all_else_of_her_is_refused() -> (
    None
):
    order = call("refund", properties={"transaction_id": "o-1"})

    assert logged(order, known=Known(erased=True)).visitor is None
    assert reason(call(), known=Known(erased=True)) == "erased"


def test_a_browsers_order_without_consent_is_no_book_of_the_shops() -> None:
    order = call("purchase", context={}, properties={"transaction_id": "o-1"})

    assert reason(order, AT_BROWSER) == "no_consent"


# ---- A consent event ----------------------------------------------------------------------------------


def test_a_consent_event_is_logged_as_what_it_says() -> None:
    said = YES | {"basis": "banner", "text_version": "3"}

    admitted = send(call("consent", properties=said, context={}), AT_BROWSER)

    assert admitted.arrival is not None
    assert admitted.arrival.event.properties == said
    assert admitted.derived == ()
    assert admitted.registers["measure"].own == Choice(
        NOW, granted=True, id=admitted.arrival.event.id, basis="banner", text_version="3"
    )


def test_a_consent_event_that_withdraws_is_accepted_of_somebody_known() -> None:
    withdrawal = call("consent", properties=NO, context={})

    assert reason(withdrawal, AT_BROWSER) == "no_consent"
    assert logged(withdrawal, AT_BROWSER, known_of((NOW - HOUR, YES))).properties == NO


def test_a_shops_server_may_tell_of_a_refusal_of_somebody_new() -> None:
    event = logged(
        {"type": "track", "event": "consent", "userId": "u-17", "properties": {"email": False}}
    )

    assert (event.properties, event.visitor) == ({"email": False}, key("user", "u-17"))


def test_a_consent_event_that_says_nothing_is_set_aside() -> None:
    assert reason(call("consent", properties={"measure": "ja"}, context={})) == "bad_field"


# ---- What others call it ------------------------------------------------------------------------------


MAPPED = replace(
    SHOP,
    consent_mapping={
        "Analytics": ("device", "measure"),
        "Functional": ("device",),
        "Ads": ("ads", "personalise"),
    },
)


def stated(context: dict[str, Any]) -> tuple[set[str], set[str], set[str]]:
    found = draft(call(context=context), MAPPED).stated
    return set(found.granted), set(found.refused), set(found.unclear)


def test_segments_categories_are_read_through_the_shops_mapping() -> None:
    categories = {"Analytics": True, "Functional": True, "Ads": False, "Other": True}

    assert stated({"consent": {"categoryPreferences": categories}}) == (
        {"device", "measure"},
        {"ads", "personalise"},
        set(),
    )
    assert stated({"consent": {"categoryPreferences": categories | {"Functional": False}}})[0] == {
        "measure"
    }
    assert stated({"consent": {"categoryPreferences": {"Ads": "yes"}}}) == (
        set(),
        set(),
        {"ads", "personalise"},
    )


def test_rudderstacks_categories_are_read_and_a_denial_wins() -> None:
    management = {
        "allowedConsentIds": ["Analytics", "Ads"],
        "deniedConsentIds": ["Ads"],
        "provider": "oneTrust",
    }

    assert stated({"consentManagement": management}) == (
        {"device", "measure"},
        {"ads", "personalise"},
        set(),
    )


def test_our_own_form_wins() -> None:
    both = {"measure": False, "categoryPreferences": {"Analytics": True}}

    assert stated({"consent": both}) == (set(), {"measure"}, set())


def test_a_category_that_the_shop_did_not_map_opens_nothing() -> None:
    found = draft(call(context={"consent": {"categoryPreferences": {"Analytics": True}}}))

    assert found.stated.granted == frozenset()
    assert found.notes == {"consent_category_unknown": 1}


def test_a_browser_with_only_a_claimed_id_has_a_consent_of_its_own() -> None:
    unknown = Door(BROWSER, SHOP, Received(NOW, user_agent=CHROME))

    assert logged(call(), unknown).visitor == key("claimed", "karel")
    assert register_of(Choice(1, granted=True, id="a"), first_hand=True).refused == 0
