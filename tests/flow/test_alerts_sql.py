"""The figures of a small world in DuckDB, counted by hand."""

from __future__ import annotations

from report_world import START, Fields, event, link, moment, order, warehouse

from etalage.domain.time import DAY
from etalage.measure.watch.daily import KpiRow, kpi_rows
from etalage.measure.watch.questions import ask_days

SHIFT = DAY - START % DAY  # so that the world begins at midnight
FIRST = (START + SHIFT) // DAY

WORLD: list[Fields] = [
    # Karel on two browsers; his phone is known from its second day.
    event("page_view", "karel-phone", 0.1),
    event("page_view", "karel-phone", 1.1),
    link("karel-phone", "C-karel") | {"time": START + DAY},
    event("page_view", "karel-laptop", 1.2),
    event("add_to_cart", "karel-laptop", 1.3),
    event("identify", "karel-laptop", 1.4, customer="C-karel"),
    order("karel-laptop", 1.5, "o-1", 5_000),
    order("karel-laptop", 2.5, "o-2", 5_000),
    # Fatima allows measuring alone; her order is a hundred times as large as any.
    event("page_view", "fatima", 1.1, purposes=["measure"]),
    order("fatima", 1.6, "o-3", 500_000),
    # Gita sees a message and clicks.
    moment("gita", 1.1, "b"),
    moment("gita", 1.1, "b", "view_promotion"),
    moment("gita", 1.2, "b", "select_promotion"),
    # Hans pays in dollars and gets it back; a browser cannot refund Karel's order.
    order("hans", 1.2, "o-4", 4_000, currency="USD"),
    event("refund", None, 1.9, transaction="o-4", trust="confirmed"),
    event("refund", "fatima", 1.9, transaction="o-1", trust="claimed", purposes=["measure"]),
    # Jip allows nothing; Kim's data is frozen; an order that finds nobody; the engine's own.
    event("page_view", "jip", 1.1, purposes=[]),
    event("page_view", "kim", 1.1),
    event("restriction", "kim", 1.2, properties='{"restricted": true}'),
    order(None, 1.7, "o-5", 5_000),
    event("score", "karel-phone", 1.3, source="engine"),
]


def asked() -> list[KpiRow]:
    moved = [row | {"time": int(str(row["time"])) + SHIFT} for row in WORLD]
    with warehouse([row | {"day": row["time"] // DAY} for row in moved]) as connection:
        question, bound = ask_days("kpis", first=FIRST, last=FIRST + 3)
        found = connection.execute(question, bound)
        names = [column[0] for column in found.description or ()]
        return kpi_rows(dict(zip(names, row, strict=True)) for row in found.fetchall())


def on(day: int) -> dict[str, tuple[int, int | None]]:
    return {
        f"{row.name}:{row.currency}" if row.currency else row.name: (row.amount, row.whole)
        for row in asked()
        if row.day == FIRST + day
    }


def test_the_figures_of_a_day_are_those_counted_by_hand() -> None:
    found = on(1)

    assert found == {
        "visitors": (4, None),  # Karel's two browsers, Fatima's, Gita's
        "page_views": (3, None),
        "add_to_cart": (1, None),
        "orders": (4, None),
        "refunds": (1, None),
        "conversion": (2, 3),  # Karel and Fatima, of three persons; Hans was not seen on the site
        "consent_share": (2, 3),
        "identified_share": (1, 3),
        "coverage": (1, 3),
        "click_share": (1, 1),
        "repeat": (0, 3),
        "revenue:EUR": (5_000 + 100_000 + 5_000, None),  # Fatima's counts for 20 medians
        "revenue:USD": (4_000, None),
    }
    (euro,) = [r for r in asked() if r.day == FIRST + 1 and r.currency == "EUR"]
    assert (euro.basis, euro.actual) == (3, 510_000)


def test_who_is_not_known_yet_does_not_count_as_known() -> None:
    assert on(0)["identified_share"] == (0, 1)


def test_an_order_after_the_first_is_a_repeat() -> None:
    assert on(2)["repeat"] == (1, 1)
