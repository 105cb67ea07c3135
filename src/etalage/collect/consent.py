"""Step 1 of 8, consent: what may be kept of this event, and what it changes in what we know of her consent.

In:   what the call states, what the source declares, and the registers of the visitor and those linked to her.
Out:  the purposes open for this event, its epoch, and the statements that are news.
Idea: the rule itself is `domain.consent.open_purposes`. Here it is asked for one event at one moment: what
      happened before she withdrew stays closed, also if it arrives after she said yes again.

          yes ─────────── no ────── yes ──────────> time of the events
          1st epoch       closed    2nd epoch
               ^ arrives late: closed, although she allows it now
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from msgspec import Struct

from etalage.collect.intake import Sender
from etalage.collect.stated import Stated
from etalage.domain.consent import (
    OF_BROWSER,
    Choice,
    Purpose,
    Register,
    Registers,
    grant_began,
    is_overheard,
    last_refusal,
    merge_registers,
    open_purposes,
    register_of,
)
from etalage.domain.time import MINUTE

CLOCKS_APART = 5 * MINUTE  # a shop's server and a browser may disagree on the time by this much

_NOTHING = Register()


class Known(Struct, frozen=True):
    """What the stores know of the subject of a draft; the flow looks it up."""

    registers: Registers = {}
    linked: tuple[Registers, ...] = ()  # of the other visitors of the same person
    erased: bool = False


NOBODY = Known()


class Settled(Struct, frozen=True):
    """What consent says about one event."""

    purposes: frozenset[Purpose]  # open for it
    epoch: int  # 0: personalise is closed
    news: dict[Purpose, bool]  # first-hand statements to be logged
    declared: tuple[Purpose, ...]  # declarations of the source to be logged
    registers: Registers  # of the visitor, afterwards
    may_keep: bool


def settle(
    stated: Stated,
    known: Known,
    sender: Sender,
    *,
    time: int,
    gpc: bool,
    ids: tuple[str, str],
    is_told: bool = False,
) -> Settled:
    """Settle what is open for one event.

    Args:
        stated: in the call; then nothing that the source declares is used.
        known: of the visitor before this event.
        sender: whose declared purposes count where the visitor herself said nothing.
        time: of the event, by our clock.
        gpc: the call carried Global Privacy Control.
        ids: of the event that will log the news, and of the one that will log the declaration.
        is_told: the shop's server tells of a choice as such. Otherwise the refusal of somebody of whom nothing
            is known is not written down either.
    """
    spoken = stated.granted | stated.refused
    news = {
        purpose: purpose in stated.granted
        for purpose in spoken
        if _is_news(known.registers.get(purpose, _NOTHING), time, stated, purpose)
    }
    declared = () if spoken or stated.unclear else _undeclared(sender, known.registers)
    registers = known.registers
    if news:
        registers = merge_registers(registers, _own(news, stated, time, ids[0]))
    if declared:
        registers = merge_registers(registers, _declared(declared, sender, time, ids[1]))
    person = _merged(registers, known.linked)
    allowed = frozenset(
        purpose
        for purpose in open_purposes(registers, known.linked, gpc=gpc) - stated.unclear
        if _covers(
            (registers if purpose in OF_BROWSER else person).get(purpose, _NOTHING),
            time,
            is_spoken=purpose in spoken,
        )
    )
    is_recordable = is_told or bool(known.registers) or bool(allowed)
    return Settled(
        purposes=allowed,
        epoch=_epoch(registers, person, time, is_stated="personalise" in stated.granted)
        if "personalise" in allowed
        else 0,
        news=news if is_recordable else {},
        declared=declared if is_recordable else (),
        registers=registers if is_recordable else known.registers,
        may_keep=_may_keep(allowed, stated, registers, sender),
    )


class Settlements:
    """What was settled in one call, for events that state the same of somebody of whom nothing new is known.

    All that is said of consent is compared with the time of the event, and with nothing else of it. So after the
    newest moment of which anything is known it stays the same, unless the event itself brings news.
    """

    def __init__(self) -> None:
        self._last: dict[
            int, _Settlement
        ] = {}  # by the id of the registers, which are kept alive here

    def find(self, stated: Stated, known: Known, *, time: int, gpc: bool) -> Settled | None:
        """Give what was settled for an earlier event, if it holds for this one."""
        last = self._last.get(id(known.registers))
        if (
            last is not None
            and last.known.linked is known.linked
            and last.gpc == gpc
            and (last.stated is stated or last.stated == stated)
            and time > last.after
        ):
            return last.settled
        return None

    def keep(self, settled: Settled, stated: Stated, known: Known, *, time: int, gpc: bool) -> None:
        """Keep what was settled for an event, if it may hold for another."""
        after = _newest_moment(known)
        if not settled.news and not settled.declared and time > after:
            self._last[id(known.registers)] = _Settlement(settled, stated, known, gpc, after)


class _Settlement(NamedTuple):
    settled: Settled
    stated: Stated
    known: Known
    gpc: bool
    after: int


def _newest_moment(known: Known) -> int:
    moments = [0]
    for registers in (known.registers, *known.linked):
        for register in registers.values():
            moments.append(register.refused)
            moments += [one.time for one in (register.own, register.declared) if one is not None]
    return max(moments)


def no_earlier_than_yes(stated: Stated, known: Known, time: int) -> int:
    """Give the moment of a no that the shop's server tells of: never just before the yes that it takes back.

    Two clocks that disagree by minutes must not turn a withdrawal into nothing; of two choices of one moment the
    refusal wins. A no that is truly older than her yes stays where it was.
    """
    granted = (
        own.time
        for registers in (known.registers, *known.linked)
        for purpose in stated.refused
        if (own := registers.get(purpose, _NOTHING).own) is not None and own.granted
    )
    return max((yes for yes in granted if time < yes <= time + CLOCKS_APART), default=time)


def _is_news(register: Register, time: int, stated: Stated, purpose: Purpose) -> bool:
    """Tell whether a statement changes anything: a late refusal does, a late or repeated yes does not."""
    own = register.own
    if purpose in stated.granted:
        if is_overheard(register, stated.source):
            return False
        return own is None or (not own.granted and time > own.time)
    return (own is None or own.granted) and time > register.refused


def _own(
    news: Mapping[Purpose, bool], stated: Stated, time: int, event: str
) -> dict[Purpose, Register]:
    return {
        purpose: register_of(
            Choice(
                time,
                granted,
                event,
                basis=stated.basis,
                text_version=stated.text_version,
                source=stated.source,
            ),
            first_hand=True,
        )
        for purpose, granted in news.items()
    }


def _undeclared(sender: Sender, registers: Registers) -> tuple[Purpose, ...]:
    """Give the purposes a source declares and the visitor has no register of yet."""
    return tuple(
        purpose
        for purpose in sender.purposes
        if (register := registers.get(purpose, _NOTHING)).own is None
        and (register.declared is None or not register.declared.granted)
    )


def _declared(
    purposes: tuple[Purpose, ...], sender: Sender, time: int, event: str
) -> dict[Purpose, Register]:
    choice = Choice(time, granted=True, id=event, basis=sender.basis, source=sender.name)
    return {purpose: register_of(choice, first_hand=False) for purpose in purposes}


def _covers(register: Register, time: int, *, is_spoken: bool) -> bool:
    """Tell whether what is open now was open for an event at `time`."""
    if time <= register.refused:
        return False
    own = register.own
    return is_spoken or own is None or own.time <= time + CLOCKS_APART


def _epoch(registers: Registers, person: Registers, time: int, *, is_stated: bool) -> int:
    """Name the epoch by when its grant began; an event that brought its own yes never falls in a later one."""
    began = grant_began("personalise", registers)
    if began <= last_refusal("personalise", [person]):
        began = grant_began("personalise", person)
    return min(began, time) if is_stated else began


def _merged(registers: Registers, linked: tuple[Registers, ...]) -> Registers:
    person = registers
    for other in linked:
        person = merge_registers(person, other)
    return person


def _may_keep(
    allowed: frozenset[Purpose], stated: Stated, registers: Registers, sender: Sender
) -> bool:
    """Two gates: the device, and a purpose. A source that stores nothing on a device needs no leave to do so."""
    if "device" not in allowed:
        own = registers.get("device", _NOTHING).own
        is_closed = "device" in stated.refused | stated.unclear or own is not None
        if sender.kind == "write" or is_closed:
            return False
    return "measure" in allowed or "personalise" in allowed
