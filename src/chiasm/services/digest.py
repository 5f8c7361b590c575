"""The digest of a data set, by which it is known again and checked: BLAKE3, three times as fast as SHA-256.

A digest begins with the code of its function and its length, as multihash has it: one that was taken with
SHA-256, as archives once did, is still held against what it is of.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import BinaryIO, Protocol

from blake3 import blake3

_BLAKE3, _SHA256 = b"\x1e\x20", b"\x12\x20"
_PIECE = 1 << 20
_NEW: dict[bytes, Callable[[], Hasher]] = {_BLAKE3: blake3, _SHA256: hashlib.sha256}


class Hasher(Protocol):
    """What takes bytes by parts, and gives their digest of 32 bytes."""

    def update(self, data: bytes | memoryview, /) -> object:
        """Take a part."""

    def digest(self) -> bytes:
        """The digest of all that was taken, without its code."""


class Check:
    """Whether bytes that come by parts are those that a digest is of."""

    def __init__(self, digest: bytes) -> None:
        self._wanted = digest
        self._hasher = _NEW.get(digest[:2], blake3)()

    def update(self, data: bytes | memoryview) -> None:
        """Take a part."""
        self._hasher.update(data)

    @property
    def holds(self) -> bool:
        """Whether they are."""
        return self._wanted[:2] + self._hasher.digest() == self._wanted


def new_hasher() -> Hasher:
    """The hasher of a data set on its way in; `digest_of` it once all was taken."""
    return blake3()


def digest_of(hasher: Hasher) -> bytes:
    """The digest of a hasher that `new_hasher` gave: 34 bytes."""
    return _BLAKE3 + hasher.digest()


def is_of(digest: bytes, data: bytes | memoryview) -> bool:
    """Whether a digest is that of the data."""
    check = Check(digest)
    check.update(data)
    return check.holds


def is_of_file(digest: bytes, file: BinaryIO) -> bool:
    """Whether a digest is that of the rest of a file. OSError."""
    check = Check(digest)
    while piece := file.read(_PIECE):
        check.update(piece)
    return check.holds


def recorded(digest: bytes) -> dict[str, str]:
    """A digest as an event of the journal tells it: by the name of its function."""
    return {"sha256" if digest[:2] == _SHA256 else "blake3": digest[2:].hex()}


def read_digest(detail: dict[str, object]) -> bytes:
    """The digest that an event tells. KeyError or ValueError where it tells none."""
    if "blake3" in detail:
        return _BLAKE3 + bytes.fromhex(str(detail["blake3"]))
    return _SHA256 + bytes.fromhex(str(detail["sha256"]))
