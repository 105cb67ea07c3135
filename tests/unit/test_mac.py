"""A message authentication code is the one every other program computes."""

from __future__ import annotations

import hmac

from hypothesis import given
from hypothesis import strategies as st

from etalage.domain.mac import mac


@given(key=st.binary(max_size=200), message=st.binary(max_size=500))
def test_it_is_hmac_sha256_for_keys_and_messages_of_any_length(key: bytes, message: bytes) -> None:
    assert mac(key, message) == hmac.digest(key, message, "sha256")
    assert mac(key, message) == hmac.digest(key, message, "sha256"), "the kept state is not used up"
