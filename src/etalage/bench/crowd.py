"""Make a shop know as many people as a bench asks for, without taking in the past of each.

In:   profiles whose past went through intake, and the visitors the shop is to know.
Out:  a profile for each of them, in the store.
Idea: everybody else gets the profile of one of those, under keys, links and sessions of her own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import islice

import msgspec

from etalage.domain.ids import VisitorKey
from etalage.domain.profile import Fold
from etalage.ports import Profiles, ProfilesWrite

AT_ONCE = 5_000  # profiles in one transaction

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Fold).decode


def fill(profiles: Profiles, known: Sequence[VisitorKey], wanted: Sequence[VisitorKey]) -> None:
    """Give everybody who has no profile the one of somebody who has, under keys of her own."""
    folds = profiles.many(known)
    models = [(key, fold.link, _encode(fold)) for key, fold in sorted(folds.items())]
    missing = ((number, key) for number, key in enumerate(wanted) if key not in folds)
    while some := list(islice(missing, AT_ONCE)):

        def put(write: ProfilesWrite, some: Sequence[tuple[int, VisitorKey]] = some) -> None:
            write.position = profiles.position()
            for number, key in some:
                model, link, text = models[number % len(models)]
                text = text.replace(model.encode(), key.encode())
                if link is not None and isinstance(link.value, str):
                    text = text.replace(link.value.encode(), _another(key))
                write.put(key, _decode(text))

        profiles.update(put)


def _another(key: VisitorKey) -> bytes:
    """Give the key of a customer whom only this visitor is linked to."""
    return hashlib.blake2b(key.encode(), digest_size=len(key) // 2).hexdigest().encode()
