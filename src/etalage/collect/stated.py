"""Step 1 of 8, consent as it was said: what one call states about each purpose.

In:   `context.consent` in our form, Segment's `categoryPreferences`, or RudderStack's `consentManagement`.
Out:  which purposes were granted, which refused, and which were said in a way that is neither.
Idea: only JSON `true` grants and only JSON `false` refuses. Anything else closes the purpose for this event and
      changes nothing that the visitor said before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from etalage.collect.fields import Fields, part, text
from etalage.collect.notes import Notes, count
from etalage.domain.consent import PURPOSES, Purpose

_PURPOSES = frozenset(PURPOSES)
_WORDS = frozenset({"basis", "text_version", "source"})

CategoryMapping = Mapping[str, tuple[Purpose, ...]]


class Stated(Struct, frozen=True):
    """What a call says about consent; a purpose that is in none of the three was not spoken of."""

    granted: frozenset[Purpose] = frozenset()
    refused: frozenset[Purpose] = frozenset()
    unclear: frozenset[Purpose] = frozenset()
    basis: str = ""
    text_version: str = ""
    source: str = ""


NOTHING_STATED = Stated()


def stated_in(context: Fields, mapping: CategoryMapping, notes: Notes) -> Stated:
    """Read the consent of a call; our own form wins over the others."""
    consent = part(context, "consent")
    if not _PURPOSES.isdisjoint(consent):
        return stated_by(consent, notes)
    preferences = part(consent, "categoryPreferences") or _rudderstack(
        part(context, "consentManagement")
    )
    return _mapped(preferences, mapping, notes) if preferences else NOTHING_STATED


def stated_by(consent: Fields, notes: Notes) -> Stated:
    """Read our own form: a purpose, and true or false."""
    granted, refused, unclear = [], [], []
    for purpose in PURPOSES:
        said = consent.get(purpose)
        if said is True:
            granted.append(purpose)
        elif said is False:
            refused.append(purpose)
        elif said is not None:
            unclear.append(purpose)
    spoken = frozenset(granted), frozenset(refused), _unclear(unclear, notes)
    if _WORDS.isdisjoint(consent):
        return Stated(*spoken)
    return Stated(
        *spoken,
        basis=text(consent.get("basis")) or "",
        text_version=text(consent.get("text_version")) or "",
        source=text(consent.get("source")) or "",
    )


def _mapped(preferences: Fields, mapping: CategoryMapping, notes: Notes) -> Stated:
    """Read categories of another tool: a purpose is granted if all categories that stand for it are."""
    said: dict[Purpose, list[object]] = {}
    for category, value in preferences.items():
        if category not in mapping:
            count(notes, "consent_category_unknown")
        for purpose in mapping.get(category, ()):
            said.setdefault(purpose, []).append(value)
    granted = frozenset(p for p, values in said.items() if all(v is True for v in values))
    refused = frozenset(p for p, values in said.items() if any(v is False for v in values))
    unclear = _unclear((purpose for purpose in said if purpose not in granted | refused), notes)
    return Stated(granted, refused, unclear, source="categories")


def _unclear(purposes: Iterable[Purpose], notes: Notes) -> frozenset[Purpose]:
    found = frozenset(purposes)
    if found:
        count(notes, "consent_unclear", len(found))
    return found


def _rudderstack(management: Fields) -> dict[str, object]:
    """Turn RudderStack's lists of allowed and denied categories into preferences; denied wins."""
    return {
        **dict.fromkeys(_names(management.get("allowedConsentIds")), True),
        **dict.fromkeys(_names(management.get("deniedConsentIds")), False),
    }


def _names(value: object) -> list[str]:
    return [name for name in value if isinstance(name, str)] if isinstance(value, list) else []
