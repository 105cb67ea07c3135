"""Step 4 of 8, recommend: a learned model as bytes, and back.

In:   named arrays and what is said about them.
Out:  a .npz file without pickle, which numpy can read anywhere; or the named reason why one cannot be used.
Idea: a model is only a help. Whoever finds it absent, damaged or of another layout falls back and says which.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from typing import Any, Generic, Literal, NamedTuple, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]
C = TypeVar("C")
WhyNone = Literal[
    "absent", "damaged", "older_version", "other_kind", "below_popular", "not_released"
]
_HEADER = "header"


class Learned(NamedTuple):
    """A model as it was written."""

    said: dict[str, Any]  # JSON
    arrays: Arrays


class Written(NamedTuple, Generic[C]):
    """A model of which card and arrays are all there is."""

    card: C
    arrays: Arrays


class Unusable(NamedTuple):
    """Why there is no model."""

    reason: WhyNone


def to_bytes(kind: str, layout: int, said: Mapping[str, Any], arrays: Mapping[str, Any]) -> bytes:
    """Write a model; `layout` is the version of its arrays' meaning."""
    header = {"kind": kind, "layout": layout, "said": said, "digest": digest(arrays)}
    file = BytesIO()
    columns = {_HEADER: np.frombuffer(msgspec.json.encode(header), np.uint8), **arrays}
    np.savez(file, allow_pickle=False, **columns)
    return file.getvalue()


def from_bytes(content: bytes | None, kind: str, layout: int) -> Learned | Unusable:
    """Read a model, or say why it cannot be used."""
    if content is None:
        return Unusable("absent")
    try:
        with np.load(BytesIO(content), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        header = msgspec.json.decode(arrays.pop(_HEADER).tobytes(), type=dict[str, Any])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, msgspec.DecodeError):
        return Unusable("damaged")
    if header.get("kind") != kind:
        return Unusable("other_kind")
    if header.get("layout") != layout:
        return Unusable("older_version")
    if header.get("digest") != digest(arrays):
        return Unusable("damaged")
    return Learned(header["said"], arrays)


def reader(
    kind: str, layout: int, card: type[C]
) -> Callable[[bytes | None], Written[C] | Unusable]:
    """Give what reads models whose header is their card."""

    def read(content: bytes | None) -> Written[C] | Unusable:
        found = from_bytes(content, kind, layout)
        if isinstance(found, Unusable):
            return found
        return Written(msgspec.convert(found.said, card), found.arrays)

    return read


def digest(arrays: Mapping[str, Any]) -> str:
    """Name the content: equal arrays have equal names."""
    content = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        content.update(f"{name}:{array.dtype.str}:{array.shape}:".encode())
        content.update(array.tobytes())
    return content.hexdigest()[:16]


def packed(texts: Sequence[str]) -> NDArray[np.uint8]:
    """Pack texts into an array of bytes: ids may hold spaces, emoji and commas."""
    return np.frombuffer(msgspec.json.encode(list(texts)), np.uint8)


def unpacked(array: NDArray[Any]) -> tuple[str, ...]:
    """Unpack texts."""
    return msgspec.json.decode(array.tobytes(), type=tuple[str, ...])
