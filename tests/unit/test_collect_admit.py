"""The way in as a whole: every event is let in or refused, exactly once, with its neighbours untouched."""

from __future__ import annotations

from collections import Counter
from typing import Any, get_args

import msgspec
from collect_examples import AT_BROWSER, AT_SERVER, BROWSER, SHOP, YES, body, call, consented, send
from hypothesis import given
from hypothesis import strategies as st

from etalage.collect.call import open_call, split
from etalage.collect.consent import Known
from etalage.collect.intake import Door, Received
from etalage.domain.arrival import Reason
from etalage.domain.consent import Registers
from etalage.domain.ids import VisitorKey

REASONS = set(get_args(Reason))
BAD: list[dict[str, Any]] = [
    {"type": "track", "event": "x"},
    {"type": "nothing", "userId": "u"},
    call("purchase"),
    call(properties={"product_id": "a", "price": "gratis"}),
    call(properties={"__proto__": {}}),
    call(properties={"a": "x" * 9000}),
    call(timestamp="gisteren"),
    call(userId=1.5),
    call(context={}),
    call("triggered"),
    call("decision"),
]


def test_every_refusal_is_counted_on_its_key_and_day() -> None:
    rejected = send(call(context={})).rejected

    assert rejected is not None
    assert (rejected.key, rejected.outcome, rejected.reason) == ("sk_ab12", "refused", "no_consent")
    assert rejected.day == SHOP.zone.day(rejected.received)
    assert rejected.sealed is None


def test_what_cannot_be_read_is_set_aside_and_what_may_not_be_taken_is_not() -> None:
    outcomes = {(r.reason, r.outcome) for fields in BAD if (r := send(fields).rejected) is not None}

    assert outcomes == {
        ("no_id", "quarantined"),
        ("no_type", "quarantined"),
        ("bad_field", "quarantined"),
        ("bad_money", "quarantined"),
        ("hostile_name", "quarantined"),
        ("too_large", "quarantined"),
        ("no_consent", "refused"),
        ("invalid_token", "refused"),
    }


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=10,
)
FIELDS = st.sampled_from(
    "type event userId anonymousId messageId timestamp originalTimestamp sentAt context properties "
    "traits previousId groupId category signature".split()
)
INNER = st.sampled_from(
    "consent page campaign location traits userAgent locale sessionId products items product_id price quantity "
    "currency value total transaction_id query token url referrer email measure device".split()
)
ODD = st.dictionaries(FIELDS, JSON | st.dictionaries(INNER, JSON, max_size=4), max_size=8)
EVENT = (
    ODD
    | st.builds(lambda odd: call(messageId=None) | odd, ODD)
    | st.sampled_from(BAD)
    | st.builds(
        call,
        st.sampled_from(["Product Viewed", "Order Completed", "consent", "login"]),
        properties=ODD,
    )
    | JSON
)


@given(
    events=st.lists(EVENT, max_size=6),
    door=st.sampled_from([AT_SERVER, AT_BROWSER, Door(BROWSER, SHOP, Received(0))]),
)
def test_whatever_comes_in_is_let_in_or_refused_exactly_once(events: list[Any], door: Door) -> None:
    items = split("/v1/batch", open_call("/v1/batch", msgspec.json.encode({"batch": events})))
    counts: Counter[str] = Counter()

    for item in items:
        admitted = send(item, door)
        assert (admitted.arrival is None) != (admitted.rejected is None)
        if admitted.rejected is not None:
            assert admitted.rejected.reason in REASONS
            counts[admitted.rejected.outcome] += 1
        else:
            counts["accepted"] += 1

    assert counts.total() == len(items) == len(events)


@given(bad=st.sampled_from(BAD), at=st.integers(0, 3))
def test_one_bad_event_changes_nothing_for_its_neighbours(bad: dict[str, Any], at: int) -> None:
    good = [call(messageId=f"m-{number}") for number in range(3)]
    alone = [send(item).arrival for item in split("/v1/batch", open_call("/v1/batch", body(*good)))]

    mixed = [*good[:at], bad, *good[at:]]
    together = [send(item) for item in split("/v1/batch", open_call("/v1/batch", body(*mixed)))]

    assert [a.arrival for a in together[:at] + together[at + 1 :]] == alone
    assert together[at].rejected is not None


@given(
    bodies=st.lists(
        st.sampled_from([call(messageId="a"), call(messageId="b"), call(anonymousId="fatima")]),
        max_size=6,
    )
)
def test_a_batch_sent_again_is_known_event_by_event(bodies: list[dict[str, Any]]) -> None:
    def identities() -> list[tuple[bytes, bytes]]:
        items = split("/v1/batch", open_call("/v1/batch", body(*bodies)))
        found = [send(item).arrival for item in items]
        return [(a.identity, a.digest) for a in found if a is not None]

    assert identities() == identities()
    assert len(set(identities())) == len({msgspec.json.encode(b) for b in bodies})


def test_the_events_of_one_call_see_each_others_consent() -> None:
    events = [
        call("page_view", messageId="m-1", context=consented(YES)),
        call("view_item", messageId="m-2", context={}),
        call("view_item", messageId="m-3", context=consented({"device": False})),
        call("view_item", messageId="m-4", context={}),
    ]
    registers: dict[VisitorKey | None, Registers] = {}
    outcomes = []

    for item in split("/v1/batch", open_call("/v1/batch", body(*events))):
        admitted = send(item, AT_BROWSER, Known(registers.get(None, {})))
        registers[None] = admitted.registers
        outcomes.append(admitted.rejected.reason if admitted.rejected else "accepted")

    assert outcomes == ["accepted", "accepted", "no_consent", "no_consent"]
