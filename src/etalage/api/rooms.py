"""Which shop a key belongs to. The shop comes from the key alone, never from a path or a body (safety 3, Tenants)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from etalage.domain.ids import ShopId
from etalage.errors import Unauthorized
from etalage.flow.open_shop import OpenShop
from etalage.ports import ApiKey


class Rooms:
    """The shops that this process serves."""

    def __init__(self, shops: Mapping[ShopId, OpenShop]) -> None:
        self.shops = dict(shops)
        self._digests: dict[str, str] = {}  # of keys that were found, so of few

    def find(self, key: str | None) -> tuple[OpenShop, ApiKey]:
        """Give the shop and the record of a key; `Unauthorized` if it is missing, unknown or revoked."""
        if key:
            digest = self._digests.get(key) or hashlib.sha256(key.encode()).hexdigest()
            for shop in self.shops.values():
                found = shop.configuration.keys.get(digest)  # asked each time: it may be revoked
                if found is not None:
                    self._digests[key] = digest
                    return shop, found
        raise Unauthorized("the key is missing or unknown; keys begin with wk_ or sk_")

    def server(self, key: str | None) -> tuple[OpenShop, ApiKey]:
        """Give the shop of a server key; a write key is not enough."""
        shop, found = self.find(key)
        if found.kind != "server":
            raise Unauthorized("this needs the server key (sk_...)")
        return shop, found

    def write(self, key: str) -> OpenShop:
        """Give the shop of a write key; a server key is refused in the words for one that exists nowhere."""
        try:
            shop, found = self.find(key)
        except Unauthorized:
            found = None
        if found is None or found.kind != "write":
            raise Unauthorized("this address takes the write key (wk_...), which is public")
        return shop
