"""Step 5 of 8, decide: read an experience as the shop wrote it.

In:   its name and its body, a JSON object (the same in files, API and studio).
Out:  an `Experience`, or a refusal that names the field and the nearest name that exists.
Idea: everything a decision could stumble over is refused here, when a person is looking, and not when a
      visitor is waiting.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Literal, get_args

from etalage.decide.honest_text import honest
from etalage.decide.parse_allocation import OF_SEGMENT, check_bandit, parse_allocation
from etalage.decide.parse_content import artwork_of, names_product, parse_content
from etalage.decide.parse_wanted import parse_wanted
from etalage.decide.read_body import Body, name, one_of, share, text
from etalage.domain.consent import PURPOSES
from etalage.domain.event import GA4_NAMES, OUR_NAMES
from etalage.domain.experience import (
    LANGUAGES,
    MILLION,
    Cap,
    CapPeriod,
    Countdown,
    Experience,
    Form,
    Goal,
    Moment,
    PageRule,
    PageType,
    Phase,
    Principle,
    ProductList,
    Schedule,
    Trigger,
    UrlRule,
    UrlRuleKind,
    Variant,
)
from etalage.domain.ids import CONTROL, HOLDOUT, ExperienceName, SegmentName, VariantName
from etalage.domain.merge_field import fields_of
from etalage.domain.profile import CAP_MEMORY
from etalage.errors import BadExperience, Unknown

Used = tuple[Literal["segment"], str]
MAX_VARIANTS = 8
# Which parameter each moment takes, with its bounds; the others take none.
_PARAMETERS: dict[Moment, tuple[str, int, int]] = {
    "delay": ("seconds", 0, 600),
    "idle": ("seconds", 5, 3600),
    "cart_idle": ("seconds", 5, 3600),
    "scroll": ("percent", 1, 100),
    "view_count": ("views", 1, 50),
    "return": ("days", 1, 365),
}
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2})?")


def parse_experience(
    name: str, body: Mapping[str, object], *, domains: frozenset[str] | None = None
) -> Experience:
    """Read an experience, strictly.

    Args:
        name: as it is used in files, tokens and reports.
        body: the JSON object.
        domains: where absolute links may lead; None leaves that to the caller.
    """
    read = Body(body, "")
    form = read.one_of("form", get_args(Form))
    experience = Experience(
        name=ExperienceName(_name(name)),
        title=read.text("title"),
        segment=_segment(read),
        trigger=_trigger(read),
        slot=read.name("slot"),
        form=form,
        variants=_variants(read, domains),
        allocation=parse_allocation(read, len(read.items("variants", most=MAX_VARIANTS))),
        goal=_goal(read),
        caps=_caps(read),
        priority=read.number("priority", 50, least=0, most=100),
        schedule=_schedule(read),
        phase=read.one_of_or_none("phase", get_args(Phase)),
        persona=read.text_or_none("persona"),
        principle=read.one_of_or_none("principle", get_args(Principle)),
        purpose=read.text("purpose", longest=500),
        gain=_gain(read),
        requires=tuple(one_of(v, PURPOSES, at) for v, at in read.items("requires", most=5)),
    )
    read.done()
    _fits_together(experience)
    return experience


def uses(experience: Experience) -> list[Used]:
    """Give what an experience refers to, so that its approval lapses when one of these changes."""
    own = [] if experience.segment is None else [str(experience.segment)]
    asked = [
        one.removeprefix(OF_SEGMENT)
        for one in experience.allocation.context
        if one.startswith(OF_SEGMENT)
    ]
    return [("segment", one) for one in dict.fromkeys([*own, *asked])]


def _name(value: str) -> str:
    read = name(value, "name")
    if read in {CONTROL, HOLDOUT}:
        raise BadExperience(f"'{read}' is a reserved name", field="name")
    return read


def _segment(read: Body) -> SegmentName | None:
    value = read.get("segment")
    return None if value is None else SegmentName(name(value, "segment"))


def _trigger(read: Body) -> Trigger:
    body = Body(read.need("trigger"), "trigger")
    on = body.one_of("on", get_args(Moment))
    page = body.get("page")
    numbers: dict[str, int] = {}
    if on in _PARAMETERS:
        parameter, least, most = _PARAMETERS[on]
        numbers[parameter] = body.number(parameter, None, least=least, most=most)
    trigger = Trigger(
        on=on,
        seconds=numbers.get("seconds"),
        percent=numbers.get("percent"),
        views=numbers.get("views"),
        days=numbers.get("days"),
        page=PageRule() if page is None else _page(Body(page, "trigger.page")),
    )
    body.done()
    return trigger


def _page(body: Body) -> PageRule:
    kinds = body.get("type")
    listed = kinds if isinstance(kinds, list | tuple) else [] if kinds is None else [kinds]
    url, category = body.get("url"), body.get("category")
    rule = PageRule(
        types=tuple(one_of(kind, get_args(PageType), body.at("type")) for kind in listed),
        url=None if url is None else _url_rule(Body(url, body.at("url"))),
        under=None if category is None else _under(Body(category, body.at("category"))),
    )
    body.done()
    return rule


def _url_rule(body: Body) -> UrlRule:
    kinds: tuple[UrlRuleKind, ...] = get_args(UrlRuleKind)
    given = [(kind, value) for kind in kinds if (value := body.get(kind)) is not None]
    body.done()
    if len(given) != 1:
        raise BadExperience(f"{body.path} needs one of: {', '.join(kinds)}", field=body.path)
    kind, value = given[0]
    rule = text(value, body.at(kind), longest=500)
    if not rule.startswith(("/", "*")):
        raise BadExperience(f"{body.at(kind)} must start with '/'", field=body.at(kind))
    return UrlRule(kind, rule)


def _under(body: Body) -> str:
    under = body.text("under")
    body.done()
    return under


def _variants(read: Body, domains: frozenset[str] | None) -> tuple[Variant, ...]:
    items = read.items("variants", most=MAX_VARIANTS)
    if not items:
        raise BadExperience("variants needs at least one variant", field="variants")
    bodies = [Body(item, at) for item, at in items]
    shares = _shares(bodies)
    variants = tuple(
        _variant(body, part, domains) for body, part in zip(bodies, shares, strict=True)
    )
    names = [variant.name for variant in variants]
    if len(set(names)) != len(names):
        raise BadExperience("two variants have the same name", field="variants")
    return variants


def _shares(bodies: list[Body]) -> list[int]:
    """Read the shares among those who see a variant: all given and together 1, or none and equal."""
    given = [body.get("share") for body in bodies]
    if all(value is None for value in given):
        return [MILLION // len(bodies)] * len(bodies)
    shares = [share(value, body.at("share")) for value, body in zip(given, bodies, strict=True)]
    if abs(sum(shares) - MILLION) > 10 * len(shares) or min(shares) == 0:
        raise BadExperience("the shares of the variants must add up to 1", field="variants")
    return shares


def _variant(body: Body, part: int, domains: frozenset[str] | None) -> Variant:
    called = body.name("name")
    if called in {CONTROL, HOLDOUT, "open"}:
        raise BadExperience(f"{body.at('name')}: '{called}' is reserved", field=body.at("name"))
    products = body.get("products")
    content = parse_content(body.need("content"), body.at("content"), domains=domains)
    blocks = next(iter(content.values()))
    wanted = None if products is None else parse_wanted(products, body.at("products"))
    body.done()
    lists = sum(isinstance(block, ProductList) for block in blocks)
    if lists != (wanted is not None):
        raise BadExperience(
            f"{body.path} needs 'products' and one block product_list, or neither", field=body.path
        )
    several = artwork_of(content, body.at("content"))
    return Variant(
        name=VariantName(called),
        share=part,
        content=content,
        products=wanted,
        about_product=any(names_product(block) for said in content.values() for block in said),
        adds=any(isinstance(block, ProductList) and block.adds for block in blocks),
        artwork=() if several is None else several.creatives,
        keep_days=7 if several is None else several.keep_days,
        by_bandit=several is not None and several.by == "bandit",
    )


def _goal(read: Body) -> Goal:
    body = Body(read.need("goal"), "goal")
    event = body.text("event", longest=64)
    if event not in GA4_NAMES | OUR_NAMES and not event.replace("_", "").isalnum():
        raise Unknown("event", event, sorted(GA4_NAMES), field="goal.event")
    where = body.get("where")
    goal = Goal(
        event=event,
        where={} if where is None else dict(Body(where, "goal.where").everything()),
        window_days=body.number("window_days", 7, least=1, most=90),
    )
    body.done()
    return goal


def _caps(read: Body) -> tuple[Cap, ...]:
    caps = []
    for item, at in read.items("caps", most=4):
        body = Body(item, at)
        times = body.number("times", None, least=1, most=CAP_MEMORY)
        caps.append(Cap(times, body.one_of("per", get_args(CapPeriod))))
        body.done()
    if len({cap.per for cap in caps}) != len(caps):
        raise BadExperience("two caps are about the same period", field="caps")
    return tuple(caps)


def _schedule(read: Body) -> Schedule:
    value = read.get("schedule")
    if value is None:
        return Schedule()
    body = Body(value, "schedule")
    start = _wall_clock(body, "from", days_later=0)
    until = _wall_clock(body, "until", days_later=1)  # a day that is named is included
    body.done()
    if start is not None and until is not None and until <= start:
        raise BadExperience("the schedule ends before it begins", field="schedule.until")
    return Schedule(start, until)


def _wall_clock(body: Body, field: str, *, days_later: int) -> str | None:
    """Read "2026-12-01" or "2026-12-01T18:00" of the shop's wall clock as the minute it stands for."""
    written = body.text_or_none(field, longest=20)
    if written is None:
        return None
    at = body.at(field)
    hint = f"{at} must be like 2026-12-01 or 2026-12-01T18:00"
    if _MOMENT.fullmatch(written) is None:
        raise BadExperience(hint, field=at)
    try:
        if "T" in written:
            return datetime.fromisoformat(written).isoformat(timespec="minutes")
        return f"{date.fromisoformat(written) + timedelta(days=days_later)}T00:00"
    except (ValueError, OverflowError) as error:
        raise BadExperience(hint, field=at) from error


def _gain(read: Body) -> dict[Literal["nl", "en"], str]:
    body = Body(read.need("gain"), "gain")
    gain = {
        language: honest(body.text(language, longest=300), body.at(language))
        for language in LANGUAGES
    }
    body.done()
    if any(fields_of(said) for said in gain.values()):
        raise BadExperience("the gain is plain text, without merge fields", field="gain")
    return gain


def _fits_together(experience: Experience) -> None:
    """Refuse parts that are right alone and wrong together."""
    fixed = experience.allocation.kind == "fixed"
    if fixed and (len(experience.variants) > 1 or experience.allocation.control):
        raise BadExperience(
            "a fixed allocation has one variant and no control; use split", field="allocation"
        )
    check_bandit(experience)
    if experience.allocation.control >= MILLION:
        raise BadExperience("a control of 1 shows nobody anything", field="allocation.control")
    if experience.form == "products" and any(v.products is None for v in experience.variants):
        raise BadExperience("the form 'products' needs products in each variant", field="form")
    if experience.interrupts and not experience.caps:
        raise BadExperience(
            "a popup or toast needs a cap, such as {times: 1, per: session}", field="caps"
        )
    ends = (b for v in experience.variants for blocks in v.content.values() for b in blocks)
    counts_down = any(isinstance(b, Countdown) and b.ends == "schedule" for b in ends)
    if counts_down and experience.schedule.until is None:
        raise BadExperience("a countdown needs an end: schedule.until", field="schedule.until")
