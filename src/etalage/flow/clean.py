"""What must be gone from the files: persons erased, purposes withdrawn, periods over. Once a day, or when asked.

    which events? ──> marks on memories ──> journal anew ──> Parquet days anew ──> memories folded again, anew

In:   the ledger, what people said of consent, how long things are kept, the moment.
Out:  files without a byte of it; what was done, by cause.
Idea: the roll waits meanwhile, so no event can slip from the journal into a day that was done already; and events of
      whoever was erased cannot come in any more, so the questions see all there is. Sealed events are asked of in
      Parquet, which is changed after the journal: cut off anywhere, the next run finds what is left to do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager

from msgspec import Struct
from msgspec.structs import replace

from etalage.config import Settings
from etalage.domain.ids import VisitorKey
from etalage.domain.privacy import Erasure, Fate, Verdict
from etalage.domain.time import DAY, HOUR, ShopZone
from etalage.errors import NotYet
from etalage.flow.look_back import refold
from etalage.flow.old_ids import forget_ids
from etalage.flow.remember import Memorist, remember
from etalage.flow.remember_less import orders_in, settle_order
from etalage.flow.set_aside import Wanted
from etalage.govern.privacy import Cause, Judged, Keep, judged, periods, question
from etalage.ports import Changing, Erasable, EventLog, Ports, ProfilesWrite, Questions
from etalage.unify.batch import view_statements

# Notes in the data: how far it has seen the ledger, up to which line its files are clean, and when it was cleaned.
SEEN, FILES, CLEANED = "erasures", "erasures_files", "cleaned"
CAUSES: tuple[Cause, ...] = ("erased", "withdrawn", "overdue")
# Where two causes meet in one event, the fate that leaves less of it counts.
SEVERITY: tuple[Fate, ...] = ("unnamed", "unmeasured", "closed", "books", "gone")
AT_ONCE = 200_000  # events asked for at a time
MOST = 1_000_000  # events changed in one round; what is left follows in the next
NIGHT_HOURS = range(2, 5)  # of the shop
EARLIEST, LATEST = (
    8 * HOUR,
    20 * HOUR,
)  # between two runs: at night if it can be, and in any case by then
MISSED = DAY + 2 * HOUR


class Cleaned(Struct, frozen=True):
    """What a run did, or would do: events by cause and fate, and records that were set aside."""

    events: dict[str, dict[str, int]]
    quarantine: int
    visitors: int  # whose memory was made again

    @property
    def total(self) -> int:
        """How many things changed."""
        return self.quarantine + sum(sum(by_fate.values()) for by_fate in self.events.values())


class _Round(Struct):
    """What is to be done in one round."""

    verdicts: dict[int, Verdict] = {}
    counts: dict[str, Counter[str]] = {}
    touched: set[VisitorKey] = set()
    old_files: list[str] = []
    is_all: bool = True


def kept_by(settings: Settings) -> Keep:
    """Give how long an installation keeps things."""
    return Keep(
        orders=settings.keep_orders_days,
        events=settings.keep_events_days,
        decisions=settings.keep_decisions_days,
        searches=settings.keep_searches_days,
        quarantine=settings.keep_quarantine_days,
    )


def erasable(log: EventLog) -> Erasable:
    """Give the log as one that can forget; `NotYet` if it is of a kind that cannot."""
    if not isinstance(log, Erasable):
        raise NotYet("erasing from this kind of log comes with a later version")
    return log


def is_due(ports: Ports, zone: ShopZone, now: int) -> bool:
    """Tell whether it is time: at night, or at the latest 20 hours after the last run."""
    since = now - erasable(ports.log).note(CLEANED)
    at_night = zone.local(now).hour in NIGHT_HOURS
    return since >= LATEST or (at_night and since >= EARLIEST)


def is_missed(ports: Ports, now: int) -> bool:
    """Tell whether a run was missed, which is an alarm: over a day since the last, or since the first event."""
    last = erasable(ports.log).note(CLEANED)
    if not last:
        first = next(iter(ports.log.read(0, upto=1)), None)
        last = now if first is None else first[1].received
    return now - last > MISSED


def preview(ports: Ports, how: Memorist, keep: Keep, *, now: int) -> Cleaned:
    """Count what would go, and change nothing."""
    events: dict[str, dict[str, int]] = {}
    with prepared(ports) as questions:
        for cause in CAUSES:
            bound = _bound(cause, erased(ports), keep, how.zone, now)
            text = f"SELECT fate, count(*) FROM ({question(cause)}) GROUP BY fate ORDER BY fate"
            rows = questions.ask(text, bound).rows
            events[cause] = {str(fate): int(str(count)) for fate, count in rows}
    wanted = Wanted(ports.keys, keep, now)
    aside = sum(not wanted(one) for one in ports.log.quarantine())
    return Cleaned(events, aside, 0)


def clean(
    ports: Ports,
    how: Memorist,
    *,
    causes: Sequence[Cause] = CAUSES,
    keep: Keep | None = None,
    now: int,
    at_once: bool = False,
) -> Cleaned | None:
    """Carry it all out. None: somebody is sealing; ask again in a moment.

    Args:
        ports: of the shop.
        how: it remembers.
        causes: for which something may go; by default all.
        keep: how long; without it nothing set aside goes for its age.
        now: micros.
        at_once: remove old files also under readers that are still in them.
    """
    with ports.warehouse.changing() as changing:
        if changing is None:
            return None
        run = _Run(ports, how, changing, keep, now)
        run.erase(at_once=at_once)
        for_others = [cause for cause in causes if cause != "erased"]
        while for_others and not run.round(for_others):
            pass  # what did not fit into one round
        if at_once:
            changing.sweep()
        if set(causes) == set(CAUSES):
            if keep is not None:
                forget_ids(ports, erasable(ports.log), keep, how.zone, now=now)
            erasable(ports.log).put_note(CLEANED, now)
        return run.cleaned()


def settle_files(ports: Ports, *, now: int) -> int:
    """Close erasures whose old files are gone, now that nobody can be reading them; give how many."""
    ready = [one for one in ports.keys.erasures() if one.rewritten and not one.files_gone]
    if not ready:
        return 0
    there = ports.warehouse.leftovers()
    done = [one for one in ready if there.isdisjoint(one.waiting)]
    for erasure in done:
        ports.keys.put_erasure(replace(erasure, files_gone=now, waiting=()))
    return len(done)


class _Run:
    """One run over one shop, while nobody seals."""

    def __init__(
        self, ports: Ports, how: Memorist, changing: Changing, keep: Keep | None, now: int
    ) -> None:
        self._ports, self._how, self._changing = ports, how, changing
        self._keep, self._now = keep, now
        self._log = erasable(ports.log)
        self._wanted = Wanted(ports.keys, keep, now)
        self._counts: dict[str, Counter[str]] = {}
        self._dropped = 0
        self._touched: set[VisitorKey] = set()

    def erase(self, *, at_once: bool) -> None:
        """Remove from the files whoever the ledger says, and note it there."""
        ledger = self._ports.keys.erasures()
        files = self._log.note(FILES)
        waiting = [one for one in ledger if not one.rewritten or one.number > files]
        if waiting or not all(self._wanted(one) for one in self._ports.log.quarantine()):
            self._erase(waiting, at_once=at_once)
        if ledger:
            self._log.put_note(FILES, ledger[-1].number)

    def _erase(self, waiting: Sequence[Erasure], *, at_once: bool) -> None:
        this = _Round()
        counts: dict[int, Counter[str]] = {}
        for erasure in waiting:
            before = Counter(this.counts.get("erased", Counter()))
            self._find(this, "erased", list(erasure.visitors))
            counts[erasure.number] = this.counts["erased"] - before
        self._carry_out(this)
        for erasure in waiting:
            removed = {f"events_{fate}": n for fate, n in counts[erasure.number].items()}
            removed["quarantine"] = self._wanted.by_erasure[erasure.number]
            if not erasure.is_done:
                self._note(erasure, removed, this.old_files, at_once=at_once)

    def _note(
        self, erasure: Erasure, counts: dict[str, int], old: list[str], *, at_once: bool
    ) -> None:
        is_gone = at_once or not old
        self._ports.keys.put_erasure(
            replace(
                erasure,
                rewritten=self._now,
                files_gone=self._now if is_gone else 0,
                removed=erasure.removed | counts,
                waiting=() if is_gone else tuple(old),
            )
        )

    def round(self, causes: Sequence[Cause]) -> bool:
        """Remove what was withdrawn or is overdue; tell whether that was all."""
        this = _Round()
        for cause in causes:
            self._find(this, cause, ())
        if this.verdicts:
            self._carry_out(this)
        return this.is_all

    def cleaned(self) -> Cleaned:
        """Say what was done."""
        events = {cause: dict(counts) for cause, counts in self._counts.items() if counts}
        return Cleaned(events, self._dropped, len(self._touched))

    def _find(self, this: _Round, cause: Cause, visitors: Sequence[VisitorKey]) -> None:
        """Find the events of one cause, and mark the memories that hold them."""
        counts = this.counts.setdefault(cause, Counter())
        bound = _bound(cause, visitors, self._keep or Keep(), self._how.zone, self._now)
        with prepared(self._ports) as questions:
            for lot in _lots(questions, self._ports.keys.pepper, cause, bound):
                if cause != "erased" and len(this.verdicts) + len(lot) > MOST and this.verdicts:
                    this.is_all = False
                    return
                for one in lot:
                    known = this.verdicts.get(one.position)
                    if known is None or _is_more_severe(one.verdict, known):
                        this.verdicts[one.position] = one.verdict
                    counts[one.verdict.fate] += 1
                this.touched |= self._mark(lot)

    def _mark(self, lot: Sequence[Judged]) -> set[VisitorKey]:
        """Bring memories of orders in line, and mark whoever has to be folded again; give them."""
        gone = frozenset(erased(self._ports))
        visitors = {one.visitor for one in lot if one.visitor is not None}
        orders = orders_in(lot)

        def change(write: ProfilesWrite) -> set[VisitorKey]:
            found = set(visitors)
            for order in orders:
                found |= settle_order(write, order, self._how.zone)
            for visitor in found - gone:
                write.mark(visitor)
            return found - gone

        return self._ports.profiles.update(change) if visitors or orders else set()

    def _carry_out(self, this: _Round) -> None:
        """Change the journal, then the sealed days, then the memories and their files."""
        ports = self._ports
        self._wanted.reset()
        self._dropped += self._log.renew(this.verdicts, self._wanted).quarantine
        this.old_files += self._changing.rewrite(this.verdicts).old_files
        again = frozenset(this.touched)
        if again:
            ports.profiles.update(lambda write: _mark_all(write, again))
            refold(ports.log, ports.profiles, self._how, again)
        ports.profiles.renew(lambda: erased(ports))
        remember(ports.log, ports.profiles, self._how)
        self._touched |= again
        for cause, counts in this.counts.items():
            self._counts.setdefault(cause, Counter()).update(counts)


def _mark_all(write: ProfilesWrite, visitors: Collection[VisitorKey]) -> None:
    for visitor in visitors:
        write.mark(visitor)


def _is_more_severe(one: Verdict, other: Verdict) -> bool:
    return SEVERITY.index(one.fate) > SEVERITY.index(other.fate)


# ---- Asking ------------------------------------------------------------------------------------------


@contextmanager
def prepared(ports: Ports) -> Iterator[Questions]:
    """Open a session in which the views of unify are there."""
    with ports.warehouse.session() as questions:
        for statement in view_statements():
            questions.prepare(statement)
        yield questions


def erased(ports: Ports) -> list[VisitorKey]:
    """Give all visitors who were ever erased."""
    return [visitor for one in ports.keys.erasures() for visitor in one.visitors]


def _lots(
    questions: Questions, pepper: bytes, cause: Cause, bound: Mapping[str, object]
) -> Iterator[list[Judged]]:
    """Give the events of one cause, a few shop days at a time."""
    text = question(cause)
    days = questions.ask(f"SELECT day, count(*) FROM ({text}) GROUP BY day ORDER BY day", bound)
    for first, last in _spans([(int(str(day)), int(str(n))) for day, n in days.rows]):
        asked = f"SELECT * FROM ({text}) WHERE day BETWEEN $first AND $last"
        rows = questions.ask(asked, {**bound, "first": first, "last": last}).dicts()
        yield [judged(row, cause, pepper) for row in rows]


def _spans(days: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Group days in order, so that a group holds no more than fits in memory (but a whole day always)."""
    first, last, held = 0, 0, 0
    for day, count in days:
        if held and held + count > AT_ONCE:
            yield first, last
            held = 0
        if not held:
            first = day
        last, held = day, held + count
    if held:
        yield first, last


def _bound(
    cause: Cause, visitors: Sequence[VisitorKey], keep: Keep, zone: ShopZone, now: int
) -> Mapping[str, object]:
    if cause == "erased":
        return {"visitors": list(visitors)}
    return periods(keep, zone, now=now) if cause == "overdue" else {}
