"""The account of intake, and how a shop is doing: what `doctor` and `/metrics` print."""

from __future__ import annotations

from etalage.ports import Account, Ports

OUTCOMES = ("accepted", "duplicate", "quarantined", "refused")


def intake(ports: Ports) -> dict[str, object]:
    """Sum the account: received = accepted + duplicate + quarantined + refused, exactly."""
    lines = [line for line in ports.log.account() if line.key != "engine"]
    counts = {outcome: _sum(lines, outcome) for outcome in OUTCOMES}
    reasons: dict[str, int] = {}
    for line in lines:
        if line.reason:
            reasons[line.reason] = reasons.get(line.reason, 0) + line.count
    return {"received": sum(counts.values()), **counts, "reasons": dict(sorted(reasons.items()))}


def _sum(lines: list[Account], outcome: str) -> int:
    return sum(line.count for line in lines if line.outcome == outcome)


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
