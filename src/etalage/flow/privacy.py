"""What a person may ask of the shop: to be forgotten, and to be left as she is (access is in access.py).

    erase:  requested ──> keys destroyed ──> memory gone ──> files gone        each noted in the ledger
            tombstones    unreadable         decisions stop  nothing left      (clean.py, within a day)

In:   a profile as people write it (`v-1`, `user:C-1001`, `email:karel@shop.example`), and who asks.
Out:  a line of the ledger, which says how far it is; whoever finds one that is not done goes on with it.
Idea: the ledger lies with the keys, the mark of how much of it this data has seen lies in the data. Data of
      yesterday has an older mark: then the ledger is replayed before anybody is served. Keys of yesterday have a
      shorter ledger than the data has seen: then the data teaches the keys who is gone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from msgspec.structs import replace

from etalage.domain.arrival import engines_own
from etalage.domain.event import Event
from etalage.domain.ids import EventId, VisitorKey, is_placeholder, visitor_key, visitor_named
from etalage.domain.privacy import RESTRICTION, Erasure
from etalage.domain.profile import MAX_LINKED
from etalage.errors import BadInput, Conflict, NotFound
from etalage.flow.clean import FILES, SEEN, clean, erasable, prepared
from etalage.flow.remember import Memorist, remember
from etalage.flow.remember_less import orders_in, settle_order
from etalage.govern.privacy import is_genuine as is_genuine_receipt
from etalage.govern.privacy import judged, question
from etalage.govern.privacy import receipt as written_receipt
from etalage.ports import Ports, Profiles, ProfilesWrite
from etalage.unify.links import members_of, root_of, target_of

KINDS = frozenset({"visitor", "user", "email"})
RECEIPT = "receipt"  # the shop's secret under which receipts are signed


def erase(
    ports: Ports, profile: str, how: Memorist, *, actor: str, now: int, many: bool = False
) -> Erasure:
    """Forget a person: at once wherever she is used, and mark her files for `clean`.

    Asked again of somebody erased, it gives her line of the ledger and goes on where it was cut off.

    Raises:
        NotFound: nothing is known under this name.
        Conflict: more visitors hang together than one person has, and `many` was not said.
    """
    visitors = visitors_of(ports, profile, how)
    return erase_visitors(ports, visitors, how, named=profile, actor=actor, now=now, many=many)


def erase_visitors(
    ports: Ports,
    visitors: Sequence[VisitorKey],
    how: Memorist,
    *,
    named: str,
    actor: str,
    now: int,
    many: bool = False,
) -> Erasure:
    """Forget exactly these visitors, as `erase` does; who asks as one browser is that browser alone.

    Raises:
        NotFound, Conflict: as `erase`.
    """
    known = erasure_of(ports, visitors[0])
    rest = [v for v in visitors if known is None or v not in known.visitors]
    if known is None or is_known(ports, rest):
        if not is_known(ports, visitors):
            raise NotFound(f"nothing is known of '{named[:60]}'", field="profile")
        _refuse_crowd(visitors, many=many)
        known = ports.keys.add_erasure(visitors, actor=actor, requested=now)
        ports.records.audit(actor, "privacy.erase", f"erasure/{known.number}", now=now)
    return advance(ports, known, how, now=now)


def receipt(ports: Ports, erasure: Erasure) -> dict[str, object]:
    """Write what was done about an erasure, signed by the shop."""
    return written_receipt(erasure, ports.keys.secret(RECEIPT))


def is_genuine(ports: Ports, said: Mapping[str, object]) -> bool:
    """Tell whether a receipt is of this shop, and as it was written."""
    return is_genuine_receipt(said, ports.keys.secret(RECEIPT))


def advance(ports: Ports, erasure: Erasure, how: Memorist, *, now: int) -> Erasure:
    """Take an erasure as far as it goes without touching files; safe to repeat."""
    if not erasure.keys_destroyed:
        destroy_keys(ports, erasure.visitors)
        erasure = _noted(ports, replace(erasure, keys_destroyed=now))
    if not erasure.memory_gone:
        removed = forget(ports, erasure.visitors, how)
        erasure = _noted(
            ports, replace(erasure, memory_gone=now, removed=erasure.removed | removed)
        )
    _see(ports, erasure.number)
    return erasure


def forget(ports: Ports, visitors: Collection[VisitorKey], how: Memorist) -> dict[str, int]:
    """Shut the log for these visitors and remove them from memory; give how much that was."""
    erasable(ports.log).shut(visitors, "erased")
    folds = remove_folds(ports.profiles, visitors)
    remember(ports.log, ports.profiles, how)  # what was in the log already; more cannot come
    folds += remove_folds(ports.profiles, visitors)
    return {"folds": folds, "memories_of_orders": _forget_orders(ports, visitors, how)}


def remove_folds(profiles: Profiles, visitors: Collection[VisitorKey]) -> int:
    """Remove what is remembered of these visitors, if anything; give how many they were."""
    there = [visitor for visitor in visitors if profiles.head(visitor) is not None]

    def change(write: ProfilesWrite) -> None:
        for visitor in there:
            write.remove(visitor)

    if there:
        profiles.update(change)
    return len(there)


def destroy_keys(ports: Ports, visitors: Collection[VisitorKey]) -> None:
    """Make everything encrypted for these visitors unreadable, for ever."""
    for visitor in visitors:
        if not ports.keys.is_destroyed(visitor):
            ports.keys.destroy(visitor)


def restrict(
    ports: Ports, profile: str, how: Memorist, *, on: bool, actor: str, now: int
) -> tuple[VisitorKey, ...]:
    """Freeze a person, or let her go: kept as she is, and neither used nor changed. Gives her visitors.

    While frozen, events of hers are refused as `restricted`; what she says of consent and confirmed orders are
    written down, and not used either.

    Raises:
        NotFound: nothing is known under this name.
        Conflict: she was erased.
    """
    visitors = visitors_of(ports, profile, how)
    if not is_known(ports, visitors):
        raise NotFound(f"nothing is known of '{profile[:60]}'", field="profile")
    erased = {v: one.number for one in ports.keys.erasures() for v in one.visitors}
    left = tuple(
        visitor for visitor in visitors if visitor not in erased
    )  # the others stay shut for ever
    if not left:
        says = f"she was erased (erasure {erased[visitors[0]]}): nothing of her is used or written down any more"
        raise Conflict(says, field="profile")
    visitors = left
    said = [engines_own(_restriction(visitor, on=on, now=now)) for visitor in visitors]
    if on:
        ports.log.append(said)
        erasable(ports.log).shut(visitors, "restricted")
    else:
        erasable(ports.log).shut(visitors, None)
        ports.log.append(said)
    remember(ports.log, ports.profiles, how)
    what = "privacy.restrict" if on else "privacy.unrestrict"
    ports.records.audit(actor, what, f"visitor/{visitors[0]}", now=now)
    return visitors


def replay_ledger(ports: Ports, how: Memorist, *, now: int) -> bool:
    """Bring data and ledger together; call it before anybody is served. False: somebody is at work, ask again.

    Two numbers are compared where nothing is to be done. Otherwise whoever was erased after this data was saved is
    erased from it again, files and all.
    """
    ledger, log = ports.keys.erasures(), erasable(ports.log)
    newest, seen = len(ledger), log.note(SEEN)
    if newest < seen:
        _teach_keys(ports, newest, seen)
    for erasure in ledger[
        seen:
    ]:  # first all that needs no file of a day: such a file may be damaged
        destroy_keys(ports, erasure.visitors)
        log.shut(erasure.visitors, "erased")
        remember(ports.log, ports.profiles, how)
        remove_folds(ports.profiles, erasure.visitors)
    for erasure in ledger[seen:]:
        forget(ports, erasure.visitors, how)
        _see(ports, erasure.number)
    if any(erasure.is_done for erasure in ledger[log.note(FILES) :]):
        return clean(ports, how, causes=("erased",), now=now, at_once=True) is not None
    return True


def is_nobody_erased_remembered(ports: Ports) -> bool:
    """Tell whether everybody of the ledger is out of memory, her keys destroyed; files may still wait."""
    waiting = ports.keys.erasures()[erasable(ports.log).note(SEEN) :]
    return all(
        ports.keys.is_destroyed(visitor) and ports.profiles.head(visitor) is None
        for erasure in waiting
        for visitor in erasure.visitors
    )


# ---- Who is asked about --------------------------------------------------------------------------------


def visitors_of(ports: Ports, profile: str, how: Memorist) -> tuple[VisitorKey, ...]:
    """Give all visitors of the person behind a name, the one that was named first.

    What a browser merely claimed under this very name is hers too: nobody else can ask for it.

    Raises:
        BadInput: it names nobody in particular, such as 'guest'.
    """
    kind, sign, rest = profile.partition(":")
    name = rest if sign and kind in KINDS else profile
    if is_placeholder(name):
        raise BadInput(f"'{name[:40]}' names nobody in particular", field="profile")
    remember(ports.log, ports.profiles, how)
    pepper = ports.keys.pepper
    named = visitor_named(pepper, profile)
    claimed = visitor_key(pepper, "claimed", f"user:{name}" if kind == "user" else name)
    found = members(ports.profiles, named) | {claimed}
    return (named, *sorted(found - {named}))


def members(profiles: Profiles, visitor: VisitorKey) -> set[VisitorKey]:
    """Give all visitors of the same person, however many."""
    root = root_of(visitor, lambda key: target_of(profiles.head(key)))
    return {visitor, *members_of(root, profiles.linked_to)}


def is_known(ports: Ports, visitors: Collection[VisitorKey]) -> bool:
    """Tell whether anything at all is kept about these visitors."""
    if any(ports.profiles.head(visitor) is not None for visitor in visitors):
        return True
    text = "SELECT count(*) FROM events WHERE visitor IN (SELECT unnest($v)) OR customer IN (SELECT unnest($v))"
    return ports.warehouse.ask(text, {"v": list(visitors)}).rows[0][0] != 0


def erasure_of(ports: Ports, visitor: VisitorKey) -> Erasure | None:
    """Give the newest erasure of a visitor."""
    ledger = reversed(ports.keys.erasures())
    return next((erasure for erasure in ledger if visitor in erasure.visitors), None)


def _refuse_crowd(visitors: Collection[VisitorKey], *, many: bool) -> None:
    if len(visitors) > MAX_LINKED + 1 and not many:
        raise Conflict(
            f"{len(visitors)} visitors hang together here, more than one person has; look at the access copy, "
            "and say --many if all of them are to be erased",
            field="profile",
        )


# ---- Small steps ---------------------------------------------------------------------------------------


def _forget_orders(ports: Ports, visitors: Collection[VisitorKey], how: Memorist) -> int:
    """Take persons out of the memories of orders; give how many orders that were."""
    with prepared(ports) as questions:
        rows = questions.ask(question("erased"), {"visitors": list(visitors)}).dicts()
    orders = orders_in(judged(row, "erased", ports.keys.pepper) for row in rows)

    def change(write: ProfilesWrite) -> None:
        for order in orders:
            settle_order(write, order, how.zone)

    if orders:
        ports.profiles.update(change)
    return len(orders)


def _noted(ports: Ports, erasure: Erasure) -> Erasure:
    ports.keys.put_erasure(erasure)
    return erasure


def _see(ports: Ports, number: int) -> None:
    """Note in the data that it has seen the ledger up to here."""
    log = erasable(ports.log)
    if log.note(SEEN) < number:
        log.put_note(SEEN, number)


def _teach_keys(ports: Ports, newest: int, seen: int) -> None:
    """Destroy again in restored keys what the data knows to be erased, and fill up their ledger."""
    out = erasable(ports.log).shut_out()
    gone = [visitor for visitor, reason in out.items() if reason == "erased"]
    destroy_keys(ports, gone)
    for _ in range(newest, seen):
        ports.keys.add_erasure(gone, actor="restored keys", requested=0)


def _restriction(visitor: VisitorKey, *, on: bool, now: int) -> Event:
    return Event(
        id=EventId(f"{RESTRICTION}:{visitor}:{now}:{on}"),
        name=RESTRICTION,
        time=now,
        received=now,
        trust="confirmed",
        source="engine",
        visitor=visitor,
        properties={"restricted": on},
    )
