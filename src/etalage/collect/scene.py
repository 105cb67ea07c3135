"""Step 1 of 8, translate: what surrounds an event: page, device, country, consent.

In:   the context of an event.
Out:  a `Scene`, made as small as it may be kept; the address of its page as a `Place`.
Idea: the events of a call mostly come with the same context, letter for letter. It is read once; what may be
      kept of it is the same for all of them.
"""

from __future__ import annotations

from msgspec import Struct

from etalage.collect.address import Campaign, host, read_address
from etalage.collect.allowed import PAGE_TYPES
from etalage.collect.fields import Fields, language_of, long_text, part, text
from etalage.collect.intake import IntakeSettings
from etalage.collect.notes import Notes
from etalage.collect.stated import Stated, stated_in
from etalage.domain.canonical import canonical_json


class Place(Struct, frozen=True):
    """What may be kept of a page."""

    url: str | None  # path and allow-listed parameters
    page_type: str | None
    referrer: str | None  # host
    campaign: Campaign  # in the parameters of the address
    is_masked: bool  # something in the address looked like a key


class Scene(Struct, frozen=True):
    """What the context of an event says."""

    page: Fields  # personal, hence never stored
    place: Place
    campaign: Campaign
    user_agent: str | None
    is_automated: bool  # navigator.webdriver
    is_staff: bool
    gpc: bool
    language: str | None
    country: str | None
    region: str | None
    session: str | None
    stated: Stated
    stated_notes: Notes  # of reading what was stated


class Scenes:
    """The scenes of one call, each read once."""

    def __init__(self, settings: IntakeSettings) -> None:
        self._settings = settings
        self._read: dict[bytes, Scene] = {}

    def of(self, context: Fields) -> Scene:
        """Give the scene of a context."""
        written = canonical_json(context)
        scene = self._read.get(written)
        if scene is None:
            scene = self._read[written] = scene_of(context, self._settings)
        return scene


def scene_of(context: Fields, settings: IntakeSettings) -> Scene:
    """Read a context."""
    page, location, campaign = (part(context, name) for name in ("page", "location", "campaign"))
    notes: Notes = {}
    return Scene(
        page=page,
        place=place_of(page, settings.parameters),
        campaign=(
            text(campaign.get("source")),
            text(campaign.get("medium")),
            text(campaign.get("name")),
        ),
        user_agent=long_text(context.get("userAgent")),
        is_automated=context.get("webdriver") is True,
        is_staff=context.get("staff") is True,
        gpc=context.get("gpc") is True or context.get("globalPrivacyControl") is True,
        language=language_of(text(context.get("locale"))),
        country=text(location.get("country")),
        region=text(location.get("region")),
        session=text(context.get("sessionId") or context.get("session")),
        stated=stated_in(context, settings.consent_mapping, notes),
        stated_notes=notes,
    )


def place_of(page: Fields, allowed: frozenset[str]) -> Place:
    """Read a page; of the parameters of its address only those that are allowed stay."""
    notes: Notes = {}
    address = read_address(long_text(page.get("url") or page.get("path")), allowed, notes)
    page_type = page.get("type") or page.get("page_type")
    return Place(
        url=address.url,
        page_type=page_type if isinstance(page_type, str) and page_type in PAGE_TYPES else None,
        referrer=host(long_text(page.get("referrer"))),
        campaign=address.campaign,
        is_masked=bool(notes),
    )
