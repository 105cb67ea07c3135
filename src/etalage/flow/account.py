"""The account of intake, and how a shop is doing: what `doctor` and `/metrics` print."""

from __future__ import annotations

from collections import Counter

from etalage.domain.arrival import ENGINE
from etalage.ports import Ports

OUTCOMES = ("accepted", "duplicate", "quarantined", "refused")


def received(ports: Ports) -> dict[tuple[str, str], int]:
    """Give the account by (outcome, reason), over all keys and days; what the engine itself says is not received."""
    counts: Counter[tuple[str, str]] = Counter()
    for line in ports.log.account():
        if line.key != ENGINE:
            counts[line.outcome, line.reason] += line.count
    return dict(sorted(counts.items()))


def intake(ports: Ports) -> dict[str, object]:
    """Sum the account: received = accepted + duplicate + quarantined + refused, exactly."""
    by_outcome: Counter[str] = Counter(dict.fromkeys(OUTCOMES, 0))
    reasons: Counter[str] = Counter()
    for (outcome, reason), count in received(ports).items():
        by_outcome[outcome] += count
        if reason:
            reasons[reason] += count
    total = sum(by_outcome.values())
    return {"received": total, **by_outcome, "reasons": dict(sorted(reasons.items()))}


def components(ports: Ports) -> dict[str, object]:
    """Say of each store whether it answers, and how far it has come."""
    head = ports.log.head()
    catalogue = ports.records.catalogue()
    features = ports.profiles.features()
    return {
        "log": {"events": head},
        "profiles": {
            "position": ports.profiles.position(),
            "behind": head - ports.profiles.position(),
        },
        "records": {
            "generation": ports.records.generation(),
            "audit_broken_at": ports.records.verify_audit(),
        },
        "catalogue": {"products": 0 if catalogue is None else len(catalogue.products)},
        "conditions": {"counted": len(features), "warming": sum(not one.warm for one in features)},
    }
