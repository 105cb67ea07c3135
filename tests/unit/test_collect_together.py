"""Events of one call come out as they would one by one: what they share is worked out once and changes nothing."""

from __future__ import annotations

from typing import Any

from collect_examples import AT_BROWSER, AT_SERVER, CHROME, NO, NOW, YES, call, no_token
from hypothesis import given, settings
from hypothesis import strategies as st

from etalage.collect.admit import Admitted, admit, read
from etalage.collect.call import item_of
from etalage.collect.consent import Known, Settlements
from etalage.collect.intake import Door
from etalage.collect.scene import Scenes
from etalage.domain.arrival import Rejected
from etalage.domain.consent import PURPOSES, Choice, Registers, register_of
from etalage.domain.consent import merge_registers as merged
from etalage.domain.time import HOUR, MINUTE, iso

MOMENTS = st.integers(0, 8).map(lambda n: NOW - 2 * HOUR + n * 10 * MINUTE)
SAID = st.builds(
    lambda purpose, time, granted, name, own: {
        purpose: register_of(Choice(time, granted, name), first_hand=own)
    },
    st.sampled_from(PURPOSES),
    MOMENTS,
    st.booleans(),
    st.sampled_from(["a", "b"]),
    st.booleans(),
)


def put_together(said: list[Registers]) -> Registers:
    registers: Registers = {}
    for one in said:
        registers = merged(registers, one)
    return registers


REGISTERS = st.lists(SAID, max_size=6).map(put_together)
KINDS = st.sampled_from(["track", "track", "page"])
CONSENTS = st.sampled_from([YES, NO, {"measure": True}, {"device": True, "personalise": "yes"}, {}])
PAGES = st.sampled_from(
    [
        {
            "url": "https://shop.example/p/1?utm_source=brief&page=2",
            "referrer": "https://a.example/",
        },
        {"url": "https://shop.example/u/karel@shop.example", "type": "home"},
        {"path": "/c", "type": "nothing"},
    ]
)
CONTEXTS = st.fixed_dictionaries(
    {"consent": CONSENTS, "page": PAGES, "userAgent": st.just(CHROME)},
    optional={
        "gpc": st.just(True),
        "locale": st.just("nl-NL"),
        "campaign": st.just({"source": "post"}),
        "location": st.just({"country": "be"}),
        "consentManagement": st.just({"allowedConsentIds": ["x"]}),
    },
)


def admitted(event: dict[str, Any], door: Door, known: Known, *shared: Any) -> Admitted | Rejected:
    scenes, settlements = shared or (None, None)
    draft = read(item_of(event), door, scenes)
    return (
        draft if isinstance(draft, Rejected) else admit(draft, door, known, no_token, settlements)
    )


@given(
    door=st.sampled_from([AT_SERVER, AT_BROWSER]),
    own=REGISTERS,
    linked=st.lists(REGISTERS, max_size=2),
    contexts=st.lists(CONTEXTS, min_size=2, max_size=2),
    events=st.lists(st.tuples(KINDS, st.integers(0, 1), MOMENTS), min_size=3, max_size=8),
)
@settings(max_examples=500, deadline=None)
def test_what_events_of_a_call_share_changes_none_of_them(
    door: Door, own: Registers, linked: list[Registers], contexts: list[Any], events: list[Any]
) -> None:
    shared = Scenes(door.settings), Settlements()
    alone = together = Known(own, tuple(linked))
    for number, (kind, which, time) in enumerate(events):
        event = call(
            type=kind, messageId=f"m-{number}", context=contexts[which], timestamp=iso(time)
        )
        event["properties"] = {"category": "Dames", "title": "Jassen", "product_id": "S-42"}
        expected = admitted(event, door, alone)
        found = admitted(event, door, together, *shared)
        assert found == expected
        if isinstance(expected, Admitted) and isinstance(found, Admitted):
            alone = Known(expected.registers, alone.linked)
            if found.registers is not together.registers:
                together = Known(found.registers, together.linked)


def test_gpc_of_one_event_says_nothing_of_the_next() -> None:
    declared = Choice(NOW - HOUR, granted=True, id="a")
    known = Known({purpose: register_of(declared, first_hand=False) for purpose in PURPOSES})
    shared = Scenes(AT_SERVER.settings), Settlements()
    quiet, gpc = call(context={}), call(context={"gpc": True})

    found = [admitted(event, AT_SERVER, known, *shared) for event in (quiet, gpc, quiet)]

    assert [
        isinstance(one, Admitted)
        and one.arrival is not None
        and "personalise" in one.arrival.event.purposes
        for one in found
    ] == [True, False, True]
