"""Consent: what a visitor allowed, per purpose, and the one rule that says what is open.

Intake, decision and every read ask `open_purposes`; nowhere else is consent decided.

Idea: a visitor keeps, per purpose, two last-writer registers (her own choice, and what an import or a server
source declared) and the time of her last refusal. All three merge by taking the newest, so linked visitors
merge without looking back. An *epoch* is a stretch of time between giving and withdrawing: it is named by the
moment its grant began, it is stamped on every event at intake, and readers use only epochs that began after
the person's last refusal. A new yes therefore never brings old events back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, get_args

from msgspec import Struct

Purpose = Literal["device", "measure", "personalise", "email", "ads"]
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
OF_BROWSER: frozenset[Purpose] = frozenset({"device", "measure"})  # the others belong to the person
CLOSED_BY_GPC: frozenset[Purpose] = frozenset({"personalise", "ads"})


class Choice(Struct, frozen=True, array_like=True, gc=False):
    """One statement about one purpose. Ordered by time; a refusal wins a tie, then the event's id."""

    time: int
    granted: bool
    id: str
    basis: str = ""  # the declared ground, for imports and server sources
    text_version: str = ""
    source: str = ""

    def order(self) -> tuple[int, bool, str]:
        """Give the key under which the newest choice is the largest."""
        return (self.time, not self.granted, self.id)


class Register(Struct, frozen=True, array_like=True, gc=False):
    """What is known of one purpose of one visitor."""

    own: Choice | None = None  # first-hand: the visitor's own choice
    declared: Choice | None = (
        None  # by an import or a server source; never overrides a first-hand choice
    )
    refused: int = 0  # time of the last refusal, 0 if never

    def newest(self) -> Choice | None:
        """Give the choice that counts: her own, or else the declared one."""
        return self.own or self.declared


NOTHING_SAID = Register()
OWN_PAGE = "me"  # source of what she said on her own page (/me)

Registers = Mapping[Purpose, Register]


def _newer(one: Choice | None, other: Choice | None) -> Choice | None:
    if one is None or other is None:
        return one or other
    return max(one, other, key=Choice.order)


def merge_register(one: Register, other: Register) -> Register:
    """Take the newest of each part: associative, commutative, and the same thing twice is once."""
    return Register(
        own=_newer(one.own, other.own),
        declared=_newer(one.declared, other.declared),
        refused=max(one.refused, other.refused),
    )


def merge_registers(one: Registers, other: Registers) -> dict[Purpose, Register]:
    """Merge what two event sets say of all purposes."""
    merged = dict(one)
    for purpose, register in other.items():
        known = merged.get(purpose)
        merged[purpose] = register if known is None else merge_register(known, register)
    return merged


def register_of(choice: Choice, *, first_hand: bool) -> Register:
    """Make the register of a single statement."""
    return Register(
        own=choice if first_hand else None,
        declared=None if first_hand else choice,
        refused=0 if choice.granted else choice.time,
    )


def is_overheard(register: Register, source: str) -> bool:
    """Tell whether a yes changes nothing, because she said no on her own page and this was said elsewhere.

    A shop's page says again with every call what its own banner remembers; that is no answer to her no.
    """
    own = register.own
    return own is not None and not own.granted and own.source == OWN_PAGE and source != OWN_PAGE


def open_purposes(
    browser: Registers, linked: Iterable[Registers] = (), *, gpc: bool = False
) -> frozenset[Purpose]:
    """Tell which purposes are open for a visitor now.

    Args:
        browser: the registers of the browser (or identifier) that asks.
        linked: those of the other visitors of the same person.
        gpc: the request carried Global Privacy Control.

    `device` and `measure` belong to the browser alone. The others belong to the person: her newest first-hand
    choice wins wherever she made it, and a browser that refused stays unpersonalised all the same.
    Everything is closed until it is said to be open.
    """
    person = browser
    for registers in linked:
        person = merge_registers(person, registers)
    return frozenset([p for p in PURPOSES if p in person and _is_open(p, browser, person, gpc=gpc)])


def _is_open(purpose: Purpose, browser: Registers, person: Registers, *, gpc: bool) -> bool:
    here = browser.get(purpose, NOTHING_SAID)
    register = here if purpose in OF_BROWSER else person.get(purpose, NOTHING_SAID)
    newest = register.own or register.declared
    if newest is None or not newest.granted:
        return False
    if here.own is not None and not here.own.granted:
        return False
    # GPC is a refusal until this visitor herself said otherwise in this shop.
    return not (gpc and purpose in CLOSED_BY_GPC and (here.own is None or not here.own.granted))


def last_refusal(purpose: Purpose, registers: Iterable[Registers]) -> int:
    """Give the moment of the person's last refusal of a purpose: epochs that began earlier are not read."""
    last = 0
    for known in registers:
        if purpose in known and known[purpose].refused > last:
            last = known[purpose].refused
    return last


def grant_began(purpose: Purpose, browser: Registers) -> int:
    """Give the epoch in which an event of this browser falls: when its present grant began, 0 if closed."""
    register = browser.get(purpose)
    newest = register.newest() if register is not None else None
    return newest.time if newest is not None and newest.granted else 0
