"""GA4's export to BigQuery, made flat: parameters in lists of key and value, and groups such as device and geo."""

from __future__ import annotations

from collections.abc import Mapping

_GROUPS = {
    "ecommerce": {
        "transaction_id": "transaction_id",
        "purchase_revenue": "value",
        "tax_value": "tax",
        "shipping_value": "shipping",
    },
    "device": {"category": "device_category", "language": "language"},
    "geo": {"country": "country", "region": "region"},
    "collected_traffic_source": {
        "manual_source": "utm_source",
        "manual_medium": "utm_medium",
        "manual_campaign_name": "utm_campaign",
    },
}


def flattened(document: Mapping[str, object]) -> dict[str, object]:
    """Give an event's fields at one level; what stands at the top wins, then parameters, then groups."""
    flat: dict[str, object] = {}
    for group, names in _GROUPS.items():
        inside = document.get(group)
        if isinstance(inside, Mapping):
            flat |= {name: inside[part] for part, name in names.items() if part in inside}
    flat |= _parameters(document.get("event_params"))
    flat |= {
        name: told
        for name, told in document.items()
        if name not in _GROUPS and name != "event_params" and told is not None
    }
    device = document.get("device")
    if isinstance(device, str):
        flat["device"] = device
    return flat


def _parameters(listed: object) -> dict[str, object]:
    """Read `[{key, value: {string_value | int_value | double_value}}]`, or a plain object."""
    if isinstance(listed, Mapping):
        return dict(listed)
    if not isinstance(listed, list):
        return {}
    found: dict[str, object] = {}
    for one in listed:
        if isinstance(one, Mapping) and isinstance(one.get("key"), str):
            told = one.get("value")
            filled = told.values() if isinstance(told, Mapping) else [told]
            found[one["key"]] = next((part for part in filled if part is not None), None)
    return found
