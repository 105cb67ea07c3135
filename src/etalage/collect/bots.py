"""Step 1 of 8, filter bots: programs are neither counted nor remembered.

In:   what the call and the event say of the program that sent them.
Out:  whether it is no person; and the kind of device a person has in her hand.
Idea: a browser's call is judged by its header; with a server key only `context.userAgent` speaks of the visitor,
      and only if it is there, because the header is the shop's own server.
From: conventions.md 14; the list is the package crawler-user-agents (1,504 patterns).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from crawleruseragents import is_crawler

Device = Literal["desktop", "phone", "tablet", "other"]

MAX_USER_AGENT = 512  # characters that are looked at; what browsers send has less than 300
_REMEMBERED = 8_192  # user agents; most visitors of a shop share a few hundred

_TABLETS = ("iPad", "Tablet", "PlayBook", "Silk/", "Kindle")
_PHONES = ("iPhone", "iPod", "Mobi", "Windows Phone", "BlackBerry", "Opera Mini", "IEMobile")
_OTHERS = ("TV", "Tizen", "Web0S", "webOS", "PlayStation", "Xbox", "Nintendo", "CrKey", "Roku")
_DESKTOPS = ("Windows NT", "Macintosh", "X11", "CrOS")


def is_bot(user_agent: str) -> bool:
    """Tell whether a user agent is a known crawler, a headless browser, or nobody (empty)."""
    return _is_bot(user_agent[:MAX_USER_AGENT])


@lru_cache(maxsize=_REMEMBERED)
def _is_bot(user_agent: str) -> bool:
    return not user_agent.strip() or "HeadlessChrome" in user_agent or bool(is_crawler(user_agent))


def device_of(user_agent: str | None) -> Device | None:
    """Give the kind of device; None if nothing is known of it.

    >>> device_of("Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36")
    'phone'
    """
    return _device_of(user_agent[:MAX_USER_AGENT]) if user_agent else None


@lru_cache(maxsize=_REMEMBERED)
def _device_of(user_agent: str) -> Device:
    def has(marks: tuple[str, ...]) -> bool:
        return any(mark in user_agent for mark in marks)

    if has(_OTHERS):
        return "other"
    if has(_TABLETS):
        return "tablet"
    if "Android" in user_agent:  # a phone says so; a tablet with Android only leaves "Mobile" out
        return "phone" if "Mobile" in user_agent else "tablet"
    if has(_PHONES):
        return "phone"
    return "desktop" if has(_DESKTOPS) else "other"
