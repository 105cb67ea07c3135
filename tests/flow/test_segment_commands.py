"""`etalage segment`: a name that can never match is pointed out, and of fewer than ten people nothing is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from commands import etalage
from shop import NOON, Shop, identify, track, view

from etalage.domain.ids import ProductId
from etalage.domain.product import Catalogue, Offer, Product
from etalage.domain.time import iso


def run(shop: Shop, *arguments: str) -> tuple[int, str]:
    """Run a command of `etalage segment` beside the open shop."""
    shop.opened.commits.submit(()).result()
    ended = etalage("segment", *arguments, "--data", shop.directory)
    return ended.returncode, ended.stdout + ended.stderr


def written(path: Path, tree: object, **beside: object) -> str:
    """Write a segment to a file."""
    path.write_text(json.dumps(tree) if path.suffix == ".json" else _yaml(tree, beside))
    return str(path)


def _yaml(tree: object, beside: dict[str, object]) -> str:
    return "\n".join(["segment: some", f"tree: {json.dumps(tree)}", *(f"{k}: {v}" for k, v in beside.items())]) + "\n"  # fmt: skip


def warned(shop: Shop, path: Path, tree: object) -> dict[tuple[str, str], str]:
    code, said = run(shop, "check", written(path, tree), "--json")
    assert code == 0, said
    found: list[dict[str, Any]] = json.loads(said)["warnings"]
    return {(one["kind"], one["name"]): one["says"] for one in found}


def test_names_that_nobody_ever_sent_are_pointed_out_with_the_nearest(
    shop: Shop, tmp_path: Path
) -> None:
    product = Product(ProductId("S-1"), "Voer", (Offer("S-1", price=500),), (("Hond", "Voer"),), brand="Blij")  # fmt: skip
    shop.ports.records.put_catalogue(Catalogue("c1", "EUR", {product.id: product}), source="t", actor="ann", now=NOON)  # fmt: skip
    shop.batch(view("S-1", method="pin"), identify("karel", None, country="NL"), track("size_chart_opened"))  # fmt: skip
    wrong = {
        "all": [
            {"did": "view_itme", "where": {"category": {"under": "Hond > Voor"}, "brand": {"is": "Blj"}}},
            {"did": "size_chart_opend"},
            {"did": "add_to_cart"},
            {"did": "view_item", "where": {"properties.metod": {"is": "pin"}, "product": {"in": ["S-1", "S-9"]}}},
            {"trait": "contry", "is": "NL"},
            {"trait": "gender", "is": "f"},
            {"score": "churn", "at_least": 0.5},
            {"preference": "colour", "is": "red"},
        ]
    }  # fmt: skip

    found = warned(shop, tmp_path / "wrong.json", wrong)

    assert found[("event", "view_itme")] == "has never been seen; did you mean 'view_item'?"
    assert "size_chart_opened" in found[("event", "size_chart_opend")]
    assert found[("event", "add_to_cart")] == "has not been seen yet"
    assert "did you mean 'Hond > Voer'" in found[("category", "Hond > Voor")]
    assert "did you mean 'Blij'" in found[("brand", "Blj")]
    assert "is not kept" in found[("property", "metod")]
    assert "did you mean 'method'" in found[("property", "metod")]
    assert "did you mean 'S-1'" in found[("product", "S-9")]
    assert "did you mean 'country'" in found[("trait", "contry")]
    assert ("trait", "gender") in found
    assert {("score", "churn"), ("preference", "colour")} <= set(found)
    assert len(found) == 11

    right = {
        "all": [
            {"did": "view_item", "where": {"properties.method": {"is": "pin"}, "category": {"under": "Hond"}, "brand": {"is": "Blij"}}},
            {"trait": "country", "is": "NL"},
        ]
    }  # fmt: skip
    assert warned(shop, tmp_path / "right.json", right) == {}


def test_a_field_beside_the_tree_is_refused(shop: Shop, tmp_path: Path) -> None:
    tree = {"did": "view_item"}

    code, said = run(shop, "check", written(tmp_path / "a.yaml", tree, titel="Kijkers"))

    assert code == 1
    assert "did you mean 'title'" in said.replace("\n", " ")
    assert run(shop, "check", written(tmp_path / "b.yaml", tree, title="Kijkers"))[0] == 0
    code, said = run(shop, "check", written(tmp_path / "c.json", tree | {"wher": {}}))
    assert code == 1
    assert "wher" in said


def test_of_fewer_than_ten_people_nothing_is_said(shop: Shop, tmp_path: Path) -> None:
    tree = written(tmp_path / "a.json", {"did": "view_item"})
    at = ("--now", iso(NOON), "--json")
    shop.batch(*(view("S-1", f"v-{n}") for n in range(9)))
    shop.batch(*(track("search", f"w-{n}") for n in range(12)))

    size = json.loads(run(shop, "size", tree, *at)[1])
    members = json.loads(run(shop, "members", tree, *at)[1])

    assert (size["people"], size["fewer_than"], size["outside"]) == (None, 10, False)
    assert (members["members"], members["fewer_than"]) == ([], 10)
    said = run(shop, "size", tree, "--now", iso(NOON))[1].splitlines()[0]
    assert "9" not in said.replace(str(tree), "")
    shop.batch(view("S-1", "v-9"))
    assert json.loads(run(shop, "size", tree, *at)[1])["people"] == 10
    assert len(json.loads(run(shop, "members", tree, *at)[1])["members"]) == 10
    # Nor of those who are left outside: all but three is three.
    others = written(tmp_path / "b.json", {"any": [{"did": "view_item"}, {"did": "search", "times": {"at_least": 2}}]})  # fmt: skip
    shop.batch(*(track("search", f"w-{n}") for n in range(9)))
    size = json.loads(run(shop, "size", others, *at)[1])
    assert (size["people"], size["outside"]) == (None, True)
    # Nor of those who are left outside if they are nobody: then everybody is known to be in it.
    everybody = written(tmp_path / "c.json", {"any": [{"did": "view_item"}, {"did": "search"}]})
    size = json.loads(run(shop, "size", everybody, *at)[1])
    assert (size["people"], size["of"], size["outside"]) == (None, 22, True)


def test_whether_one_person_did_something_cannot_be_read_from_a_size(
    shop: Shop, tmp_path: Path
) -> None:
    at = ("--now", iso(NOON), "--json")
    shop.batch(*(track("search", f"w-{n}") for n in range(12)))
    shop.batch(view("S-1", "karel"))
    did = written(tmp_path / "did.json", {"did": "view_item", "where": {"product": {"is": "S-1"}}})
    not_ = written(tmp_path / "not.json", {"did": "view_item", "where": {"product": {"is": "S-2"}}})

    one, nobody = (json.loads(run(shop, "size", tree, *at)[1]) for tree in (did, not_))

    assert {**one, "name": ""} == {**nobody, "name": ""}
    one, nobody = (json.loads(run(shop, "members", tree, *at)[1]) for tree in (did, not_))
    assert {**one, "name": ""} == {**nobody, "name": ""}


def test_a_shop_with_fewer_than_ten_people_does_not_say_how_many(
    shop: Shop, tmp_path: Path
) -> None:
    tree = written(tmp_path / "a.json", {"did": "view_item"})
    shop.batch(*(view("S-1", f"v-{n}") for n in range(7)))

    said = run(shop, "size", tree, "--now", iso(NOON), "--json")[1]

    told = json.loads(said) | {"name": ""}  # the name is the file's, with digits of its own
    assert told["of"] is None
    assert "7" not in json.dumps(told)
