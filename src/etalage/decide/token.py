"""Step 5 of 8, decide: the token of a decision, and the token by which a browser is known.

In:   an entry of a decision, the visitor it is for, the shop's secret.
Out:  a text that only this shop can make and only this visitor can use.
Idea: exposures and `triggered` count only with a token, so whoever holds the public key alone can add nothing to
      a figure. The token says all that measuring needs; a decision record lost in a crash is no loss to it.

    d-<base64url( msgpack payload | first 16 bytes of HMAC-SHA256(secret, visitor, payload) )>
    v1.<visitor id>.<seconds it was issued>.<base64url of 16 bytes of HMAC-SHA256(secret, all before it)>

The visitor stands in the HMAC and not in the payload: somebody else's token does not even say whose it is.
"""

from __future__ import annotations

import base64
import binascii
import hmac

import msgspec
from msgspec import Struct

from etalage.domain.decision import Decision
from etalage.domain.event import Shown
from etalage.domain.experience import MILLION
from etalage.domain.ids import ExperienceName, VariantName, VisitorKey
from etalage.domain.mac import mac
from etalage.domain.time import SECOND

_DECISION, _VISITOR = "d-", "v1."
_MAC_LENGTH = 16  # bytes: forging one takes 2^127 tries on average
_LONGEST = 512  # characters of a token; whatever is longer is not ours
_ID_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
_ID_LENGTH = 64


_URL_SAFE = bytes.maketrans(b"+/", b"-_")


class _Payload(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    experience: str
    arm: str
    unit: str
    propensity: int
    policy: str
    decided: int


_Said = tuple[str, str, str, int, str, int]  # in the order of `_Payload`

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Payload).decode


def tokens_of(
    decision: Decision, visitor: VisitorKey | None, secret: bytes, *, now: int
) -> dict[ExperienceName, str]:
    """Issue the tokens of all entries that are part of an experiment; the others have none."""
    if visitor is None:
        return {}
    about = _about(visitor)
    issued: dict[ExperienceName, str] = {}
    for entry in decision.entries:
        choice = entry.choice
        name, arm, unit = choice.experience, choice.arm, choice.unit
        propensity, policy = choice.propensity, choice.policy
        if arm is None or unit is None or propensity is None or policy is None:
            continue  # outside experiments
        issued[name] = _issued((name, arm, unit, propensity, policy, now), secret, about)
    return issued


def issue(shown: Shown, secret: bytes, visitor: VisitorKey) -> str:
    """Issue the token of one entry for one visitor."""
    said = (shown.experience, shown.arm, shown.unit, shown.propensity, shown.policy, shown.decided)
    return _issued(said, secret, _about(visitor))


def _about(visitor: VisitorKey) -> bytes:
    return visitor.encode() + b"\x00"


def _issued(said: _Said, secret: bytes, about: bytes) -> str:
    payload = _encode(said)  # a tuple is written as the `_Payload` that is read
    return _DECISION + _text(payload + _mac(secret, about + payload))


def read(token: object, secret: bytes, visitor: VisitorKey) -> Shown | None:
    """Read a token; None if this shop did not issue exactly this for exactly this visitor."""
    raw = _bytes(token, _DECISION)
    if raw is None or len(raw) <= _MAC_LENGTH:
        return None
    payload, code = raw[:-_MAC_LENGTH], raw[-_MAC_LENGTH:]
    if not hmac.compare_digest(code, _mac(secret, _about(visitor) + payload)):
        return None
    try:
        said = _decode(payload)
    except msgspec.DecodeError:
        return None
    if not 0 <= said.propensity <= MILLION:
        return None
    return Shown(
        ExperienceName(said.experience),
        VariantName(said.arm),
        said.unit,
        said.propensity,
        said.policy,
        said.decided,
    )


def issue_visitor_token(visitor_id: str, now: int, secret: bytes) -> str:
    """Issue the token by which a browser shows that its visitor id came from us."""
    if not _is_visitor_id(visitor_id):
        message = "a visitor id has 1-64 letters, digits, '-' or '_'"
        raise ValueError(message)
    said = f"{_VISITOR}{visitor_id}.{now // SECOND}"
    return f"{said}.{_text(_mac(secret, said.encode()))}"


def read_visitor_token(text: object, secret: bytes) -> str | None:
    """Read the visitor id of a token; None if this shop did not issue it."""
    if not isinstance(text, str) or len(text) > _LONGEST or not text.isascii():
        return None
    said, dot, code = text.rpartition(".")
    if not dot or not said.startswith(_VISITOR):
        return None
    if not hmac.compare_digest(code.encode(), _text(_mac(secret, said.encode())).encode()):
        return None
    visitor_id = said.removeprefix(_VISITOR).rpartition(".")[0]
    return visitor_id if _is_visitor_id(visitor_id) else None


def _is_visitor_id(value: str) -> bool:
    return 0 < len(value) <= _ID_LENGTH and set(value) <= _ID_CHARACTERS


def _mac(secret: bytes, message: bytes) -> bytes:
    return mac(secret, message)[:_MAC_LENGTH]


def _text(raw: bytes) -> str:
    return binascii.b2a_base64(raw, newline=False).translate(_URL_SAFE, b"=").decode()


def _bytes(token: object, prefix: str) -> bytes | None:
    """Undo `_text`, and refuse every other spelling of the same bytes."""
    if not isinstance(token, str) or len(token) > _LONGEST or not token.isascii():
        return None
    if not token.startswith(prefix):
        return None
    body = token.removeprefix(prefix)
    try:
        raw = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    except (binascii.Error, ValueError):
        return None
    return raw if _text(raw) == body else None
