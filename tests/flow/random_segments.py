"""Random written segments for the parity test: every form, every operator, on values that occur in the worlds."""

from __future__ import annotations

from collections import Counter
from random import Random

CATEGORIES = ["Hond", "Hond > Voer", "Hond > Voer > Nat", "Hondenbed", "Kat > Voer", "Kat"]
BRANDS = ["Acme", "Bravo", "Céleste"]
SIZES = ["S", "M", "L"]
PRODUCTS = [f"P-{i}" for i in range(8)]
QUERIES = ["brok", "natvoer hond", "krabpaal"]
URLS = ["/", "/p/1", "/p/12", "/c/hond"]
PAGE_TYPES = ["home", "product", "cart"]
SOURCES = ["newsletter", "google", "meta"]
DEVICES = ["phone", "desktop"]
COUNTRIES = ["NL", "BE"]
PHASES = ["awareness", "consideration", "purchase"]
PERSONAS = ["gift-giver", "saver"]
ANYTHING: list[str | int | bool] = [
    "gold", "silver", "1", 1, 0, 2, 7, True, False, "2026-01-15", "2026-06-30T10:00:00Z", "12-06-2026",
]  # fmt: skip
NAMES = ["view_item", "add_to_cart", "purchase", "page_view", "search", "refund", "kijk_rond"]
TEXTS = {
    "product": PRODUCTS, "category": CATEGORIES, "brand": BRANDS, "size": SIZES, "query": QUERIES,
    "url": URLS, "page_type": PAGE_TYPES, "page_category": CATEGORIES, "referrer": SOURCES,
    "utm_source": SOURCES, "utm_medium": ["cpc", "email"], "utm_campaign": ["lente", "zomer"],
    "device": DEVICES, "country": COUNTRIES, "region": ["ZH", "UT"], "language": ["nl", "fr"],
    "currency": ["EUR", "USD"],
}  # fmt: skip
LINE_TEXTS = ["category", "product", "category", "brand", "size"]
EVENT_TEXTS = [f for f in TEXTS if f not in LINE_TEXTS]
CONTEXT_TEXTS = [f for f in TEXTS if f not in {"brand", "size", "page_category", "currency"}]

MOST_DEPTH = 3


class Grower:
    """Grows written trees from one source of chance, and counts what it grew."""

    def __init__(self, rng: Random, grown: Counter[str]) -> None:
        self.rng = rng
        self.grown = grown

    def tree(self, *, context: bool, depth: int = 0) -> dict[str, object]:  # noqa: PLR0911  one per form
        choices = (
            ["did"] * 6 + ["phase", "persona", "rfm", "rfm", "score", "score", "order"] * 2 + ["in"]
        )
        choices += ["trait"] * 5 + ["preference"] * 2 + (["context"] * 6 if context else [])
        if depth < MOST_DEPTH:
            choices += ["all", "any", "not"] * (12 if depth == 0 else 1)
        form = self.rng.choice(choices)
        self.grown[form] += 1
        if form in {"all", "any"}:
            parts = self.rng.choice([3, 4])
            return {form: [self.tree(context=context, depth=depth + 1) for _ in range(parts)]}
        if form == "not":
            return {"not": self.tree(context=context, depth=depth + 1)}
        if form == "in":
            return {"in": self.rng.choice(["buyers", "locals"])}
        grow = {"did": self._did, "order": self._order, "rfm": self._rfm, "context": self._context}
        if form in grow:
            return grow[form]()
        if form in {"phase", "persona"}:
            return {form: self._text_test(PHASES if form == "phase" else PERSONAS)}
        name = self.rng.choice(["tier", "since", "seats"])
        if form == "score":
            return {"score": "churn", **self._number_test([0.1, 0.25, 0.5, 0.9])}
        return {form: name, **self._any_test()}

    def _note(self, operator: str) -> str:
        self.grown[operator] += 1
        return operator

    def _text_test(self, values: list[str], *, path: bool = False) -> dict[str, object]:
        operators = ["is", "in", "contains", "starts_with", "exists"] + ["under"] * (
            10 if path else 0
        )
        operator = self._note(self.rng.choice(operators))
        value = self.rng.choice(values)
        if operator == "in":
            return {"in": self.rng.sample(values, k=min(2, len(values)))}
        if operator == "exists":
            return {"exists": self.rng.random() < 0.5}
        if operator in {"contains", "starts_with"}:
            start = self.rng.randrange(len(value)) if operator == "contains" else 0
            return {operator: value[start : start + 3]}
        return {operator: value}

    def _number_test(self, values: list[int] | list[float]) -> dict[str, object]:
        operator = self._note(
            self.rng.choice(
                [
                    "is",
                    "in",
                    "at_least",
                    "at_least",
                    "at_most",
                    "at_most",
                    "between",
                    "between",
                    "exists",
                ]
            )
        )
        if operator == "in":
            return {"in": self.rng.sample(values, k=2)}
        if operator == "between":
            return {"between": sorted(self.rng.sample(values, k=2))}
        if operator == "exists":
            return {"exists": self.rng.random() < 0.5}
        return {operator: self.rng.choice(values)}

    def _any_test(self) -> dict[str, object]:
        kind = self.rng.choice(["scalar", "date", "date", "text", "number"])
        if kind == "date":
            operator = self._note(self.rng.choice(["before", "after"]))
            return {operator: self.rng.choice(["2026-01-15", "2026-03-01", "2027-01-01"])}
        if kind == "text":
            return self._text_test(["gold", "silver", "2026-01-15"], path=True)
        if kind == "number":
            return self._number_test([0, 1, 2, 7])
        if self.rng.random() < 0.4:
            self._note("in")
            return {"in": self.rng.sample(ANYTHING, k=3)}
        self._note("is")
        return {"is": self.rng.choice(ANYTHING)}

    def _where(self) -> dict[str, object]:
        where: dict[str, object] = {}
        for _ in range(self.rng.choice([1, 1, 2])):
            kind = self.rng.choice(["line"] * 4 + ["amount", "event", "event", "property"])
            if kind == "line":
                field = self.rng.choice(LINE_TEXTS)
                where[field] = self._text_test(TEXTS[field], path=field == "category")
            elif kind == "amount":
                field = self.rng.choice(["price", "quantity", "value"])
                amounts = [1, 2, 3] if field == "quantity" else [5, 10, 12.5, 20, 40]
                where[field] = self._number_test(amounts)
            elif kind == "event":
                field = self.rng.choice(EVENT_TEXTS)
                where[field] = self._text_test(TEXTS[field], path=field == "page_category")
            else:
                where["properties.kleur van"] = self._any_test()
        if {"price", "value"} & where.keys():
            where.pop("currency", None)  # amounts are in the shop's currency already
        return where

    def _times(self) -> dict[str, object]:
        self.grown["times"] += 1
        return self.rng.choice(
            [{"at_least": 2}, {"at_least": 3}, {"at_most": 0}, {"at_most": 2}, {"between": [1, 3]},
             {"is": 1}]
        )  # fmt: skip

    def _window(self) -> dict[str, object]:
        kind = self.rng.choice(["hours", "hours", "days", "days", "fixed", "fixed", "always"])
        if kind == "hours":
            self.grown["within hours"] += 1
            return {"within": f"{self.rng.choice([1, 3, 24, 25, 36, 48])}h"}
        if kind == "days":
            self.grown["within days"] += 1
            return {"within": f"{self.rng.choice([1, 2, 3, 7, 14, 30])}d"}
        if kind == "always":
            return {}
        self.grown["since"] += 1
        window: dict[str, object] = {"since": self.rng.choice(["2026-03-20", "2026-10-18"])}
        if self.rng.random() < 0.8:
            self.grown["until"] += 1
            window["until"] = self.rng.choice(["2026-10-25", "2026-10-28", "2026-12-31"])
        return window

    def _did(self) -> dict[str, object]:
        tree: dict[str, object] = {"did": self.rng.choice(NAMES), **self._window()}
        if self.rng.random() < 0.75:
            tree["where"] = self._where()
            self.grown["where"] += 1
        if self.rng.random() < 0.5:
            tree["times"] = self._times()
        if self.rng.random() < 0.25:
            tree["did"] = "purchase"
            tree["sum"] = self.rng.choice(
                [{"at_least": 20}, {"at_most": 45.5}, {"between": [10, 80]}]
            )
            self.grown["sum"] += 1
        return tree

    def _order(self) -> dict[str, object]:
        steps: list[dict[str, object]] = []
        for _ in range(self.rng.choice([2, 2, 3])):
            step: dict[str, object] = {"did": self.rng.choice(NAMES[:4])}
            if self.rng.random() < 0.25:
                step["where"] = self._where()
            steps.append(step)
        tree: dict[str, object] = {"did": "session", "order": steps, **self._window()}
        if self.rng.random() < 0.4:
            tree["times"] = self._times()
        return tree

    def _rfm(self) -> dict[str, object]:
        sides = self.rng.sample(["recency", "frequency", "monetary"], k=self.rng.choice([1, 1, 2]))
        return {"rfm": {side: self._number_test([1, 2, 3, 4, 5]) for side in sides}}

    def _context(self) -> dict[str, object]:
        field = self.rng.choice([*CONTEXT_TEXTS, "hour", "weekday", "cart_value"])
        if field in TEXTS:
            return {
                "context": field, **self._text_test(TEXTS[field], path=field == "category")
            }  # fmt: skip
        values = {"hour": [0, 3, 9, 14, 20], "weekday": [1, 4, 6, 7], "cart_value": [10, 20, 40]}
        return {"context": field, **self._number_test(values[field])}
