"""Step 5 of 8, decide: read the content of a variant, block by block.

In:   the blocks as the shop wrote them, per language.
Out:  typed blocks that can be drawn with `textContent` and nothing else.
Idea: whatever is shown went through here; there is no block that takes HTML, a script or a style.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import get_args

from etalage.decide.honest_text import honest, link
from etalage.decide.read_body import Body, text
from etalage.domain.experience import (
    LANGUAGES,
    Block,
    Button,
    ChosenBy,
    Countdown,
    Coupon,
    Creative,
    Image,
    Language,
    ProductList,
    Question,
    Text,
)
from etalage.domain.merge_field import ABOUT_PRODUCT, fields_of
from etalage.errors import BadExperience

Domains = frozenset[str] | None
MAX_BLOCKS = 20
MAX_OPTIONS = 8
MAX_CREATIVES, MAX_TAGS = 12, 8
_LONGEST_TEXT = 1_000


def parse_content(
    value: object, path: str, *, domains: Domains = None
) -> dict[Language, tuple[Block, ...]]:
    """Read the blocks of each language; at least one language, and the same kinds of blocks in each."""
    body = Body(value, path)
    content: dict[Language, tuple[Block, ...]] = {}
    for language in LANGUAGES:
        blocks = body.items(language, most=MAX_BLOCKS)
        if blocks:
            content[language] = tuple(_block(item, at, domains) for item, at in blocks)
            _stands_alone(content[language], body.at(language))
    body.done()
    if not content:
        raise BadExperience(f"{path} needs blocks in nl or en", field=path)
    kinds = {tuple(type(block) for block in blocks) for blocks in content.values()}
    if len(kinds) > 1:
        raise BadExperience(f"{path} must have the same blocks in nl and en", field=path)
    return content


def texts_of(block: Block) -> Iterator[str]:
    """Give all texts of a block that may hold merge fields."""
    match block:
        case Text(text=said):
            yield said
        case Image(alt=said):
            yield said
        case ProductList(title=said):
            yield said
        case Button(label=said) | Coupon(label=said) | Countdown(label=said):
            yield said
        case Question(text=said, options=options):
            yield said
            yield from options


def names_product(block: Block) -> bool:
    """Tell whether a block speaks of the product on the page."""
    if isinstance(block, Countdown):
        return block.ends == "sale"
    named = (field.name for said in texts_of(block) for field in fields_of(said))
    return any(name.startswith(ABOUT_PRODUCT) for name in named)


def _block(value: object, path: str, domains: Domains) -> Block:
    body = Body(value, path)
    kind = body.one_of("type", _READERS)
    block = _READERS[kind](body, domains)
    body.done()
    return block


def _said(body: Body, field: str, *, longest: int = 200) -> str:
    return honest(body.text(field, longest=longest), body.at(field))


def _said_or_nothing(body: Body, field: str) -> str:
    value = body.text_or_none(field)
    return "" if value is None else honest(value, body.at(field))


def _link(body: Body, field: str, domains: Domains) -> str | None:
    value = body.text_or_none(field, longest=1_000)
    return None if value is None else link(value, body.at(field), domains=domains)


def _text(body: Body, _: Domains) -> Block:
    return Text(
        _said(body, "text", longest=_LONGEST_TEXT), body.number("level", 0, least=0, most=3)
    )


def _image(body: Body, domains: Domains) -> Block:
    url = link(body.text("url", longest=1_000), body.at("url"), domains=domains)
    return Image(
        url=url,
        alt=_said(body, "alt"),
        link=_link(body, "link", domains),
        creatives=_creatives(body, domains),
        keep_days=body.number("keep_days", 7, least=1, most=90),
        by=body.one_of_or_none("by", get_args(ChosenBy)) or "affinity",
    )


def _creatives(body: Body, domains: Domains) -> tuple[Creative, ...]:
    creatives = tuple(
        _creative(Body(item, at), domains)
        for item, at in body.items("creatives", most=MAX_CREATIVES)
    )
    if len({one.name for one in creatives}) < len(creatives):
        raise BadExperience("two creatives have the same name", field=body.at("creatives"))
    return creatives


def _creative(body: Body, domains: Domains) -> Creative:
    creative = Creative(
        name=body.name("name"),
        url=link(body.text("url", longest=1_000), body.at("url"), domains=domains),
        alt=_said(body, "alt"),
        tags=tuple(text(item, at) for item, at in body.items("tags", most=MAX_TAGS)),
    )
    body.done()
    if not creative.tags:
        raise BadExperience(
            f"{body.at('tags')} must name a category or brand", field=body.at("tags")
        )
    return creative


def artwork_of(content: dict[Language, tuple[Block, ...]], path: str) -> Image | None:
    """Give the picture of which there are several; the same ones in both languages, in one block."""
    found = [
        [block for block in blocks if isinstance(block, Image) and block.creatives]
        for blocks in content.values()
    ]
    if not found[0]:
        if any(found):
            raise BadExperience(f"{path} must have the same creatives in nl and en", field=path)
        return None
    told = {
        tuple((c.name, c.tags, image.by) for image in own for c in image.creatives) for own in found
    }
    if len(told) > 1 or any(len(own) != 1 for own in found):
        raise BadExperience(
            f"{path} needs one image with creatives, the same in nl and en", field=path
        )
    return found[0][0]


def _product_list(body: Body, _: Domains) -> Block:
    return ProductList(_said_or_nothing(body, "title"), body.flag("adds"))


def _button(body: Body, domains: Domains) -> Block:
    button = Button(_said(body, "label"), _link(body, "link", domains), body.flag("closes"))
    if (button.link is None) != button.closes:
        raise BadExperience(
            f"{body.path} needs either a link or 'closes: true'", field=body.at("link")
        )
    return button


def _coupon(body: Body, _: Domains) -> Block:
    return Coupon(body.name("offer"), _said(body, "label"))


def _question(body: Body, _: Domains) -> Block:
    options = tuple(
        honest(text(item, at), at) for item, at in body.items("options", most=MAX_OPTIONS)
    )
    if len(set(options)) < 2 or len(set(options)) != len(options):  # noqa: PLR2004  a question has two answers
        raise BadExperience(
            f"{body.at('options')} must be two or more different answers", field=body.at("options")
        )
    return Question(_said(body, "text"), body.name("preference"), options)


def _countdown(body: Body, _: Domains) -> Block:
    ends: tuple[str, str] = ("schedule", "sale")
    return Countdown(
        "schedule" if body.one_of("ends", ends) == "schedule" else "sale",
        _said_or_nothing(body, "label"),
    )


def _stands_alone(blocks: tuple[Block, ...], path: str) -> None:
    """Refuse content of which nothing would be left when the facts of its merge fields are unknown."""
    for block in blocks:
        needs = any(f.fallback is None for said in texts_of(block) for f in fields_of(said))
        if not needs and not isinstance(block, Button | Countdown):
            return
    raise BadExperience(
        f"{path} needs a block that can always be shown: give a merge field a fallback, {{{{field|fallback}}}}",
        field=path,
    )


_READERS: dict[str, Callable[[Body, Domains], Block]] = {
    "text": _text,
    "image": _image,
    "product_list": _product_list,
    "button": _button,
    "coupon": _coupon,
    "question": _question,
    "countdown": _countdown,
}
