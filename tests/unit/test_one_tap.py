"""One tap: a product of a reminder goes into the basket by a link of the shop, where there is nothing left to choose."""

from __future__ import annotations

import pytest
from decide_examples import NOW, catalogue, experience, facts, product
from msgspec.structs import replace

from etalage.deliver.answer import Window
from etalage.domain.decision import Candidate
from etalage.domain.experience import Wanted
from etalage.domain.ids import ProductId, ShopId
from etalage.domain.product import Catalogue, Offer
from etalage.domain.profile import Basket
from etalage.domain.shop import Shop, changed
from etalage.domain.time import DAY
from etalage.errors import BadInput
from etalage.recommend.again_shelf import AgainShelf
from etalage.recommend.popular import PopularIndex, PopularModel
from etalage.recommend.shelf import Shelf
from etalage.recommend.strategy import recommend
from etalage.unify.person import EMPTY

ADDS = "/cart/add?id={offer}"
SHOP = catalogue(product("soap"), product("gas 🔥 blue"), product("socks", sizes=("S", "M")))


def tapped(name: str, *, size: str | None = None, shop: Catalogue = SHOP, link: str = ADDS) -> str:
    candidate = Candidate(ProductId(name), 1, price=1000, size=size)
    return Window(shop, link).written(candidate, "nl", adds=True).link


def test_what_has_one_form_is_added_by_a_tap_and_says_so_in_both_languages() -> None:
    candidate = Candidate(ProductId("soap"), 1, price=1000)
    window = Window(SHOP, ADDS)

    assert tapped("soap") == "/cart/add?id=soap-None"
    assert window.written(candidate, "nl", adds=True).price_text.endswith("10,00 · leg in mand")
    assert window.written(candidate, "en", adds=True).price_text == "€10.00 · add to basket"
    assert window.written(candidate, "en").link == "https://shop.example/p/soap"


def test_where_a_size_is_to_be_chosen_the_link_leads_to_the_product() -> None:
    assert tapped("socks") == "https://shop.example/p/socks"
    assert tapped("socks", size="m") == "/cart/add?id=socks-M"


def test_what_is_left_in_one_size_is_added_in_that_size_alone() -> None:
    socks = SHOP.products[ProductId("socks")]
    gone = replace(socks.offers[0], stock=0)
    left = replace(SHOP, products={socks.id: replace(socks, offers=(gone, socks.offers[1]))})

    assert tapped("socks", shop=left) == "/cart/add?id=socks-M"
    assert tapped("socks", shop=left, size="S") == "https://shop.example/p/socks"


def test_an_id_with_a_space_or_an_emoji_cannot_change_the_address() -> None:
    assert tapped("gas 🔥 blue", link="/add?p={product}&n=1") == (
        "/add?p=gas%20%F0%9F%94%A5%20blue&n=1"
    )
    shop = catalogue(replace(product("x"), offers=(Offer(id="1&n=9#x", price=1, stock=1),)))
    assert tapped("x", shop=shop) == "/cart/add?id=1%26n%3D9%23x"


def test_a_shop_that_did_not_say_how_keeps_ordinary_links() -> None:
    assert tapped("soap", link="") == "https://shop.example/p/soap"
    assert tapped("gone") == ""


@pytest.mark.parametrize(
    "link", ["cart?{offer}", "//other/{offer}", "javascript:{offer}", "/cart/add"]
)
def test_an_address_that_could_not_add_or_leads_elsewhere_is_refused(link: str) -> None:
    shop = Shop(id=ShopId("noord"), name="Noord", domain="noord.example")

    assert changed(shop, {"add_link": ADDS}).add_link == ADDS
    with pytest.raises(BadInput, match="add_link"):
        changed(shop, {"add_link": link})


def test_a_list_says_that_it_adds_and_a_page_is_not_told_how() -> None:
    blocks = [{"type": "product_list", "title": "Op?", "adds": True}]
    wanted = {"strategy": "forgotten", "only_where": "often_forgotten"}
    one = experience(variants=[{"name": "a", "content": {"nl": blocks}, "products": wanted}])

    assert one.variants[0].adds
    assert one.variants[0].products == Wanted("forgotten", only_where="often_forgotten")


def test_the_general_list_is_only_for_whom_her_own_would_have_been_shown() -> None:
    names = ("soap", "wax", "gas", "tea")
    shop = catalogue(*(product(name, category=f"A > {name}") for name in names))

    class Known(AgainShelf):
        """A model that was learned elsewhere: everything lasts ten days, and everybody forgets."""

        def __init__(self) -> None:
            self._lasts = dict.fromkeys(names, 10.0)
            self._late = (("wax", 0.5), ("tea", 0.4))

        @property
        def asks_whether_due(self) -> bool:
            return True

    shelf = Shelf(shop, PopularIndex(PopularModel("v", NOW, ()), shop), (), {"again": Known()})
    both = Wanted("often_forgotten", at_least=2, only_where="forgotten")

    def found(*days: int) -> list[str]:
        orders = tuple(Basket(NOW - day * DAY, str(day), ("soap", "gas")) for day in days)
        part = replace(EMPTY, baskets=orders)
        return [str(one.product) for one in recommend(both, facts(), part, shelf).candidates]

    assert found(40, 30, 20, 11) == ["wax", "tea"]  # her own two are due
    assert found(40, 30, 20, 1) == []  # she has them: in neither arm
    assert found() == []
