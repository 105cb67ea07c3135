"""`etalage snippet`: what a shop puts into its pages, for the platform it runs on."""

from __future__ import annotations

from importlib.resources import files
from typing import Annotated, Literal

import typer

from etalage.api import tag
from etalage.cli.console import DataOption, ShopOption, opened
from etalage.errors import BadInput

Platform = Literal["page", "gtm", "woocommerce", "magento", "shopify", "lightspeed"]
PLACEHOLDER = "ETALAGE_SECRET"
ADDRESS = "https://etalage.{domain}"  # where a shop usually puts us: a sub-domain of its own


def add_to(commands: typer.Typer) -> None:
    """Add this family of commands."""
    example = "Example: etalage snippet woocommerce --key wk_... --url https://etalage.noord.example --data shop"
    commands.command(epilog=example)(snippet)


def snippet(
    data: DataOption,
    key: Annotated[
        str, typer.Option("--key", help="The write key, wk_...; it may stand in a page.")
    ],
    platform: Annotated[Platform, typer.Argument(help="Where the shop runs.")] = "page",
    url: Annotated[
        str,
        typer.Option(help="Where Etalage is reached; default: etalage. before the shop's domain."),
    ] = "",
    with_secret: Annotated[
        bool,
        typer.Option(
            "--with-secret",
            help="Print the secret that signs identities, instead of a placeholder.",
        ),
    ] = False,
    shop: ShopOption = None,
) -> None:
    """Print what goes into the pages of a shop: the tag, and where possible the signed identity and the visitor in the order."""
    if not key.startswith("wk_") or not key.isascii() or not key[3:].isalnum():
        raise BadInput("this takes the write key (wk_...), which is public", field="key")
    with opened(data, shop) as (known, ports, _now):
        secret = ports.keys.secret("identify").hex() if with_secret else PLACEHOLDER
        base = url.rstrip("/") or ADDRESS.format(domain=known.domain.removeprefix("www."))
        typer.echo(written(platform, key=key, base=base, shop=known.id, secret=secret))


def written(
    platform: Platform, *, key: str, base: str, shop: str = "", secret: str = PLACEHOLDER
) -> str:
    """Fill in the snippet of a platform."""
    if not base.startswith(("https://", "http://")) or any(c in base for c in "\"'<> "):
        raise BadInput(
            f"'{base}' is no address; an example is https://etalage.shop.example", field="url"
        )
    text = files("etalage.tag").joinpath("snippets", f"{platform}.txt").read_text("utf-8")
    built = tag.built()
    told = {
        "BASE": base,
        "KEY": key,
        "HASH": built.hash,
        "INTEGRITY": built.integrity,
        "SHOP": shop,
        "SECRET": secret,
        "OPEN": "{{",
        "CLOSE": "}}",
    }
    for name, value in told.items():
        text = text.replace("{{" + name + "}}", value)
    return text.rstrip("\n")
