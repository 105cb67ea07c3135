"""Step 5 of 8, decide: whether this is a page for an experience, and for any experience at all.

In:   the page, and the page part of a trigger.
Out:  yes or no.
Idea: three kinds of rules over the path (exact, prefix, glob), matched in time proportional to the path; there
      are no regular expressions. Login, payment, account and checkout are protected whatever a rule says.
"""

from __future__ import annotations

from functools import lru_cache

from etalage.domain.context import Context
from etalage.domain.experience import PageRule, UrlRule
from etalage.domain.product import is_under

URLS_REMEMBERED = 4_096
PROTECTED_TYPES = frozenset({"checkout", "account", "login", "payment"})
# First words of path segments, in Dutch and English; the shop adds its own.
PROTECTED_SEGMENTS = frozenset(
    "login inloggen signin sign-in register registreren password wachtwoord account mijn-account my-account "
    "myaccount klantenservice-formulier checkout kassa afrekenen betalen betaling payment pay bestellen order-pay "
    "onepage".split()
)


def is_protected(page: Context, more_segments: frozenset[str] = frozenset()) -> bool:
    """Tell whether nothing may be shown here: by the page's type, or by a segment of its path.

    >>> is_protected(Context(url="/nl/checkout/payment")), is_protected(Context(url="/checkout-tips"))
    (True, False)
    """
    if page.page_type in PROTECTED_TYPES:
        return True
    return page.url is not None and _is_guarded(page.url, more_segments)


@lru_cache(maxsize=URLS_REMEMBERED)
def _is_guarded(url: str, more_segments: frozenset[str]) -> bool:
    """Tell whether a segment of a path is one of those words; the same pages are opened again and again."""
    segments = _path(url).casefold().split("/")
    plain = {segment.partition(".")[0] for segment in segments}
    return not (plain.isdisjoint(PROTECTED_SEGMENTS) and plain.isdisjoint(more_segments))


def fits_page(rule: PageRule, page: Context) -> bool:
    """Tell whether all given parts of a rule hold; what is not known of a page does not hold."""
    if rule.types and page.page_type not in rule.types:
        return False
    if rule.under is not None and not is_under(page.category, rule.under):
        return False
    return rule.url is None or fits_url(rule.url, page.url)


def fits_url(rule: UrlRule, url: str | None) -> bool:
    """Tell whether a path fits; the query counts only if the rule has one."""
    if url is None:
        return False
    path = url if "?" in rule.text else _path(url)
    match rule.kind:
        case "exact":
            return path == rule.text
        case "prefix":
            return path.startswith(rule.text)
        case "glob":
            return _fits_glob(rule.text, path)


def _path(url: str) -> str:
    """Take the path of what may be a whole address."""
    rest = url.partition("#")[0].partition("?")[0]
    _, scheme, after = rest.partition("://")
    if not scheme:
        return rest
    _, slash, path = after.partition("/")
    return slash + path if slash else "/"


def _fits_glob(pattern: str, path: str) -> bool:
    """Match `*` as any characters and all else as itself, without backtracking."""
    first, *others = pattern.split("*")
    if not others:
        return path == pattern
    *middle, last = others
    if not path.startswith(first) or len(path) < len(first) + len(last):
        return False
    rest = path[len(first) : len(path) - len(last)] if last else path[len(first) :]
    if not path.endswith(last):
        return False
    for part in middle:
        found = rest.find(part)
        if found < 0:
            return False
        rest = rest[found + len(part) :]
    return True
