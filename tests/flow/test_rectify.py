"""What a person had put right stays right, also when the file that was wrong is imported again."""

from __future__ import annotations

import pytest
from commands import etalage
from shop import NO, NOON, YES, Shop, identify, view

from etalage.collect.call import item_of
from etalage.collect.intake import Sender
from etalage.domain.time import MINUTE
from etalage.errors import BadInput, Conflict, NotFound
from etalage.flow.access import access
from etalage.flow.rectify import rectify
from etalage.flow.take_over import take_over

FILE = {"country": "DE", "customer_group": "gold", "firstName": "Carel"}

IMPLAUSIBLE = (
    ("email", "foo", "is no mail address"),
    ("email", "a@b@c.example", "is no mail address"),
    ("email", "karel@shop", "is no mail address"),
    ("phone", "call me", "is no telephone number"),
    ("mobile", "123", "is no telephone number"),
    ("birthday", "31-05-1990", "is no date"),
    ("dateOfBirth", "2990-05-31", "is no day of a life"),
    ("country", "Belgium", "is no country"),
    ("language", "Dutch", "is no language"),
    ("loyaltyPoints", "many", "is no whole number"),
    ("firstName", "  ", "is empty"),
)
PLAUSIBLE = {
    "email": "karel@shop.example",
    "phone": "+31 (0)20-123 45 67",
    "birthday": "1990-05-31",
    "language": "nl-BE",
    "firstName": "Ná",
}


def put(shop: Shop, profile: str, customer: str | None = None, **traits: str) -> None:
    shop.now += MINUTE
    live = shop.opened.configuration
    rectify(shop.ports, profile, traits, live=live, actor="ann", now=shop.now, customer=customer)


def imported(shop: Shop, user: str = "C-1", **traits: str) -> None:
    shop.now += MINUTE
    row = item_of(
        {"type": "identify", "userId": user, "traits": traits, "timestamp": shop.now / 1e6}
    )
    source = Sender(
        "server", "import:customers", ("measure", "personalise"), "contract", "import:customers"
    )
    list(take_over([row], source, live=shop.opened.configuration, ports=shop.ports, now=shop.now))


def traits_of(shop: Shop, user: str = "C-1") -> dict[str, object]:
    part = shop.person(user, "user").part
    return {} if part is None else {name: one.value for name, one in part.traits.items()}


def names_of(shop: Shop) -> dict[str, object]:
    how = shop.opened.configuration.how
    told = access(shop.ports, "user:C-1", how, actor="ann", now=shop.now)
    personal: dict[str, object] = told["personal"]
    return personal


def known(shop: Shop) -> None:
    shop.batch(view("S-1"), identify("karel", "C-1", **FILE))


def test_without_a_correction_the_newest_import_counts(shop: Shop) -> None:
    known(shop)
    imported(shop, country="NL")

    assert traits_of(shop)["country"] == "NL"


def test_what_was_put_right_is_not_undone_by_a_later_import(shop: Shop) -> None:
    known(shop)

    put(shop, "user:C-1", country="BE", firstName="Karel")
    imported(shop, **FILE | {"customer_group": "silver"})

    assert traits_of(shop) == {"country": "BE", "customer_group": "silver"}
    assert names_of(shop)["first_name"] == "Karel"
    imported(shop, "C-2", **FILE)
    assert traits_of(shop, "C-2")["country"] == "DE"  # another person's row is left as it is


def test_it_can_be_put_right_again_and_said_otherwise_by_herself(shop: Shop) -> None:
    known(shop)
    put(shop, "karel", country="BE")
    put(shop, "visitor:karel", country="NL")
    assert traits_of(shop)["country"] == "NL"

    shop.now += MINUTE
    shop.batch(identify("karel", "C-1", country="FR"))

    assert traits_of(shop)["country"] == "FR"


def test_a_visitor_is_given_to_the_customer_she_is(shop: Shop) -> None:
    known(shop)

    put(shop, "karel", customer="C-7")

    assert shop.key_of("karel") not in shop.person("C-1", "user").visitors
    assert shop.person("karel").visitors == shop.person("C-7", "user").visitors


def test_what_cannot_be_put_right_is_said(shop: Shop) -> None:
    known(shop)
    before = len(shop.events("identify"))
    shop.batch(view("S-1", "fatima"), view("S-1", "fatima", consent=NO))

    with pytest.raises(NotFound):
        put(shop, "nobody-knows", country="NL")
    with pytest.raises(BadInput, match="--set"):
        put(shop, "karel")
    with pytest.raises(BadInput, match="does not keep"):
        put(shop, "karel", zodiac="leo")
    for name, value, says in IMPLAUSIBLE:
        with pytest.raises(BadInput, match=f"the {name} given {says}"):
            put(shop, "karel", **{name: value})
    with pytest.raises(BadInput, match="customer number"):
        put(shop, "email:karel@shop.example", country="NL")
    shop.batch(view("S-1", "jip", consent=NO | {"device": True, "measure": True}))
    for who in ("fatima", "jip"):
        with pytest.raises(Conflict, match="cannot be kept"):
            put(shop, who, country="NL")
    assert len(shop.events("identify")) == before


def test_what_can_be_is_taken_as_it_is(shop: Shop) -> None:
    known(shop)

    put(shop, "user:C-1", **PLAUSIBLE)

    told = names_of(shop) | traits_of(shop)
    assert told["email"] == "karel@shop.example"
    assert (told["phone"], told["language"]) == ("+31 (0)20-123 45 67", "nl-BE")


def test_it_is_audited_without_the_value_and_goes_with_the_person(shop: Shop) -> None:
    known(shop)
    put(shop, "karel", country="BE")

    line = shop.ports.records.audit_lines()[-1]

    assert (line.action, line.actor) == ("privacy.rectify", "ann")
    assert "BE" not in repr(line)
    assert [e.source for e in shop.events("identify")] == ["server", "rectify"]


def test_the_command_says_so(shop: Shop) -> None:
    shop.batch(identify("karel", "C-1", country="DE", consent=YES, at=NOON))
    more = ["--set", "country=BE", "--data", str(shop.directory)]
    done = etalage("privacy", "rectify", "user:C-1", *more)

    assert (done.returncode, done.stdout.strip()) == (0, "Put right."), done.stderr
    shop.opened.remember()
    assert traits_of(shop)["country"] == "BE"
