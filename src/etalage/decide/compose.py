"""Step 5 of 8, compose: make entries of choices, with the products that pass a last look.

In:   the facts, what was chosen, what was recommended for it.
Out:  a `Decision`.
Idea: the guards are asked again, from the facts that stand in the record and in nothing else. So whatever the
      strategies do, nothing is shown that cannot be bought, has no price or lies in the cart already; and replay
      judges the same products by the same facts. A ghost must pass as well: in control, too, only those count
      for whom the message would have been shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter

from msgspec.structs import replace

from etalage.domain.decision import (
    Candidate,
    Choice,
    Chosen,
    Decision,
    DecisionFacts,
    Entry,
    GuardReason,
    Recommended,
    Skipped,
    SkipReason,
)
from etalage.domain.experience import Experience, Wanted
from etalage.domain.ids import ExperienceName

Experiences = Mapping[ExperienceName, Experience]
_by_name = attrgetter("experience")


def products_needed(chosen: Chosen, experiences: Experiences) -> dict[ExperienceName, Wanted]:
    """Tell for which choices, ghosts included, products must be found."""
    needed: dict[ExperienceName, Wanted] = {}
    for choice in chosen.choices:
        variant = experiences[choice.experience].variant(choice.variant)
        if variant is not None and variant.products is not None:
            needed[choice.experience] = variant.products
    return needed


def compose(
    facts: DecisionFacts,
    chosen: Chosen,
    recommended: Mapping[ExperienceName, Recommended],
    experiences: Experiences,
    artwork: Mapping[ExperienceName, str] | None = None,
    needed: Mapping[ExperienceName, Wanted] | None = None,
) -> Decision:
    """Compose the decision: entries in order of arbitration, and one reason for everything not shown.

    Args:
        facts: of the decision.
        chosen: by `choose`.
        recommended: products, for those that need them.
        experiences: the live ones.
        artwork: which of several pictures a message gets.
        needed: what `products_needed` said, where it was asked before.
    """
    if needed is None:
        needed = products_needed(chosen, experiences)
    entries: list[Entry] = []
    emptied: dict[ExperienceName, Skipped] = {}
    for choice in chosen.choices:
        wanted = needed.get(choice.experience)
        if wanted is None:
            entries.append(Entry(choice))
            continue
        entry = _with_products(facts, choice, wanted, recommended.get(choice.experience))
        if len(entry.products) < wanted.at_least:
            emptied[choice.experience] = Skipped(choice.experience, _why_empty(entry))
        else:
            entries.append(entry if choice.show else Entry(choice))
    if artwork:
        entries = [_with_picture(entry, artwork, experiences) for entry in entries]
    skipped = chosen.skipped
    if emptied:  # of a ghost this is the reason, and no longer that it is one
        kept = (line for line in skipped if line.experience not in emptied)
        skipped = (*kept, *emptied.values())
    ordered = tuple(sorted(skipped, key=_by_name))
    return Decision(entries=tuple(entries), skipped=ordered, held=chosen.held)


def _with_picture(
    entry: Entry, pictures: Mapping[ExperienceName, str], experiences: Experiences
) -> Entry:
    """Give a message its picture, if it is shown and still has that one."""
    name = pictures.get(entry.choice.experience)
    if name is None or not entry.choice.show:
        return entry
    variant = experiences[entry.choice.experience].variant(entry.choice.variant)
    known = () if variant is None else variant.artwork
    return replace(entry, artwork=name) if any(one.name == name for one in known) else entry


def _with_products(
    facts: DecisionFacts, choice: Choice, wanted: Wanted, found: Recommended | None
) -> Entry:
    if found is None:
        return Entry(choice)
    passed: dict[str, Candidate] = {}
    guarded: dict[str, GuardReason] = {}
    for candidate in sorted(found.candidates, key=lambda c: (-c.score, c.product)):
        reason = _broken_guard(facts, candidate, wanted)
        if reason is not None:
            guarded[candidate.product] = reason
        elif candidate.product not in passed and len(passed) < wanted.size:
            passed[candidate.product] = candidate
    return Entry(
        choice=choice, products=tuple(passed.values()), strategy=found.used, guarded=guarded
    )


def _broken_guard(facts: DecisionFacts, candidate: Candidate, wanted: Wanted) -> GuardReason | None:
    """Name the first guard a candidate breaks, by the facts it carries."""
    price = candidate.price
    if not candidate.available:
        return "out_of_stock"
    if price is None:
        return "no_price"
    if candidate.product in facts.cart:
        return "in_cart"
    if candidate.product == facts.page.product or candidate.product in wanted.without:
        return "excluded"
    too_low = wanted.price_from is not None and price < wanted.price_from
    too_high = wanted.price_to is not None and price > wanted.price_to
    return "wrong_price" if too_low or too_high else None


def _why_empty(entry: Entry) -> SkipReason:
    reasons = set(entry.guarded.values())
    return "out_of_stock" if reasons == {"out_of_stock"} else "no_products"
