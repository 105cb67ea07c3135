"""Amounts come out as their digits say, whatever way they are written."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from etalage.domain.money import minor_units

AMOUNTS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(-100, 100),
    st.integers(-(10**13), 10**13).map(lambda units: units / 100),
    st.integers(-(10**6), 10**6).map(lambda units: units / 1000),
)


@given(amount=AMOUNTS, currency=st.sampled_from(["EUR", "JPY", "KWD"]))
def test_a_number_is_worth_what_its_digits_say(amount: float, currency: str) -> None:
    assert minor_units(amount, currency) == minor_units(Decimal(repr(amount)), currency)
