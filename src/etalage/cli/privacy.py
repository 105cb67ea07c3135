"""`etalage privacy`: what a visitor may ask of the shop, and what the shop must do by itself."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer

from etalage.api.pages import reason_texts
from etalage.cli.console import (
    AsOption,
    DataOption,
    JsonOption,
    NowOption,
    ShopOption,
    err,
    opened,
    out,
    print_json,
)
from etalage.config import load
from etalage.domain.shop import Shop
from etalage.domain.time import ShopZone
from etalage.errors import BadInput, Conflict, NotGenuine
from etalage.flow.access import access as access_copy
from etalage.flow.clean import Cleaned, clean, kept_by, preview
from etalage.flow.configuration import configure
from etalage.flow.nightly import Night, count_popular
from etalage.flow.privacy import erase as erase_person
from etalage.flow.privacy import is_genuine
from etalage.flow.privacy import receipt as written
from etalage.flow.privacy import restrict as restrict_person
from etalage.flow.rectify import rectify as rectify_person
from etalage.flow.remember import Memorist
from etalage.govern.privacy import Keep
from etalage.govern.privacy_page import page
from etalage.ports import Ports

TRIES, PAUSE_SECONDS = 60, 0.5  # while a server seals

privacy = typer.Typer(
    no_args_is_help=True,
    help="Give, erase or freeze what is kept of a person; carry out how long things are kept.",
)
ProfileArgument = Annotated[
    str, typer.Argument(metavar="PROFILE", help="v-1, user:C-1001 or email:karel@shop.example")
]
LangOption = Annotated[Literal["nl", "en"], typer.Option(help="Language of the page.")]


def add_to(commands: typer.Typer) -> None:
    """Add this family of commands."""
    commands.add_typer(privacy, name="privacy")


@privacy.command(
    epilog="Example: etalage privacy access user:C-1001 --data shop --to copy --lang nl"
)
def access(
    profile: ProfileArgument,
    data: DataOption,
    shop: ShopOption = None,
    to: Annotated[
        Path | None, typer.Option(help="Directory for access.json and access.html.")
    ] = None,
    lang: LangOption = "nl",
    json: JsonOption = False,
    actor: AsOption = "privacy",
    now: NowOption = None,
) -> None:
    """Give everything that is kept of a person, as JSON and as a page; the look is audited."""
    with opened(data, shop, now=now) as (known, ports, moment):
        with err.status("Reading the log ..."):
            copy = access_copy(ports, profile, _how(known), actor=actor, now=moment)
        if to is not None:
            to.mkdir(parents=True, exist_ok=True, mode=0o700)
            reasons = {**reason_texts()["intake"][lang], **reason_texts()["decision"][lang]}
            _write(to / "access.json", msgspec.json.format(msgspec.json.encode(copy)))
            _write(to / "access.html", page(copy, lang, reasons).encode())
        if json or to is None:
            print_json(copy)
        else:
            out.print(f"{len(copy['events']):,} events: {to / 'access.html'}, access.json")


@privacy.command(epilog="Example: etalage privacy erase user:C-1001 --data shop --now-files --json")
def erase(
    profile: ProfileArgument,
    data: DataOption,
    shop: ShopOption = None,
    now_files: Annotated[
        bool, typer.Option("--now-files", help="Rewrite the files now instead of tonight.")
    ] = False,
    many: Annotated[
        bool, typer.Option("--many", help="Also if more than 20 visitors hang together.")
    ] = False,
    json: JsonOption = False,
    actor: AsOption = "privacy",
    now: NowOption = None,
) -> None:
    """Forget a person for ever, and give a receipt; asked again it goes on and gives the receipt again."""
    with opened(data, shop, now=now) as (known, ports, moment):
        how = _how(known)
        done = erase_person(ports, profile, how, actor=actor, now=moment, many=many)
        if now_files and not done.is_done:
            _clean(ports, how, None, now=moment, at_once=True, only_erased=True)
            count_popular(Night(ports, how, moment, load(data).popular_least_visitors))
            done = next(one for one in ports.keys.erasures() if one.number == done.number)
        _tell_receipt(written(ports, done), json=json)


@privacy.command(epilog="Example: etalage privacy receipt receipt.json --data shop")
def receipt(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A receipt, as JSON.")],
    data: DataOption,
    shop: ShopOption = None,
    json: JsonOption = False,
) -> None:
    """Say whether a receipt of an erasure is of this shop and as it was written; exit code 1 if not."""
    try:
        said = msgspec.json.decode(file.read_bytes(), type=dict[str, object])
    except (OSError, msgspec.MsgspecError) as error:
        raise BadInput(f"{file} is no receipt: {error}", field="file") from error
    with opened(data, shop) as (known, ports, _):
        if not is_genuine(ports, said):
            raise NotGenuine(f"{file.name} was not written by {known.name}, or was changed since")
    if json:
        print_json({"genuine": True, "erasure": said["erasure"]})
    else:
        out.print(f"Genuine: erasure {said['erasure']} of {known.name}")


@privacy.command(epilog="Example: etalage privacy restrict user:C-1001 on --data shop")
def restrict(
    profile: ProfileArgument,
    state: Annotated[Literal["on", "off"], typer.Argument(help="Freeze, or let go.")],
    data: DataOption,
    shop: ShopOption = None,
    json: JsonOption = False,
    actor: AsOption = "privacy",
    now: NowOption = None,
) -> None:
    """Freeze a person: kept as she is, and neither used nor changed."""
    with opened(data, shop, now=now) as (known, ports, moment):
        on = state == "on"
        visitors = restrict_person(ports, profile, _how(known), on=on, actor=actor, now=moment)
        if json:
            print_json({"restricted": on, "visitors": len(visitors)})
        else:
            out.print("Frozen." if on else "No longer frozen.")


@privacy.command(epilog="Example: etalage privacy rectify user:C-1001 --set country=BE --data shop")
def rectify(
    profile: ProfileArgument,
    data: DataOption,
    shop: ShopOption = None,
    values: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A trait as it is.")
    ] = None,
    customer: Annotated[
        str | None, typer.Option(help="The customer this visitor really belongs to.")
    ] = None,
    json: JsonOption = False,
    actor: AsOption = "privacy",
    now: NowOption = None,
) -> None:
    """Put right what is wrong about a person; later imports do not undo it."""
    pairs = [text.partition("=") for text in values or ()]
    wrong = [name for name, sign, _ in pairs if not sign or not name.strip()]
    if wrong:
        raise BadInput(f"--set wants NAME=VALUE, not '{wrong[0]}'", field="set")
    traits = {name.strip(): value for name, _, value in pairs}
    with opened(data, shop, now=now) as (_, ports, moment):
        live = configure(ports)
        rectify_person(
            ports, profile, traits, live=live, actor=actor, now=moment, customer=customer
        )
        if json:
            print_json({"rectified": sorted(traits), "customer": customer})
        else:
            out.print("Put right.")


@privacy.command(epilog="Example: etalage privacy retain --data shop --dry-run --json")
def retain(
    data: DataOption,
    shop: ShopOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would go, and change nothing.")
    ] = False,
    json: JsonOption = False,
    now: NowOption = None,
) -> None:
    """Remove what was kept long enough, withdrawn or erased; the night shift does it every night."""
    keep = kept_by(load(data))
    with opened(data, shop, now=now) as (known, ports, moment):
        how = _how(known)
        if dry_run:
            cleaned = preview(ports, how, keep, now=moment)
        else:
            cleaned = _clean(ports, how, keep, now=moment, at_once=False, only_erased=False)
        if json:
            print_json({"dry_run": dry_run, **msgspec.to_builtins(cleaned)})
            return
        for cause, fates in cleaned.events.items():
            for fate, count in fates.items():
                out.print(f"{cause}: {count:,} events {fate}")
        out.print(f"set aside: {cleaned.quarantine:,} events that could not be read")
        if dry_run:
            out.print("Nothing was removed: --dry-run only looks.")


def _how(shop: Shop) -> Memorist:
    return Memorist(ShopZone(shop.zone), shop.currency)


def _clean(
    ports: Ports,
    how: Memorist,
    keep: Keep | None,
    *,
    now: int,
    at_once: bool,
    only_erased: bool,
) -> Cleaned:
    """Clean as soon as nobody seals."""
    for _ in range(TRIES):
        with err.status("Writing files anew ..."):
            done = (
                clean(ports, how, causes=("erased",), now=now, at_once=at_once)
                if only_erased
                else clean(ports, how, keep=keep, now=now, at_once=at_once)
            )
        if done is not None:
            return done
        time.sleep(PAUSE_SECONDS)
    raise Conflict("the server is writing these files all the time; try again in a minute")


def _tell_receipt(said: dict[str, object], *, json: bool) -> None:
    if json:
        print_json(said)
        return
    out.print(f"Erasure {said['erasure']}: {said['visitors']} visitors and identifiers")
    out.print(f"  unreadable and out of use since {_step(said, 'memory_gone')}")
    files = _step(said, "files_gone")
    out.print(f"  gone from the files {f'since {files}' if files else 'within a day'}")
    out.print(f"  receipt {said['hash']}, signed {said['signature']}")


def _step(said: dict[str, object], name: str) -> str:
    steps = said["steps"]
    return str(steps[name] or "") if isinstance(steps, dict) else ""


def _write(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
