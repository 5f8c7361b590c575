"""Which VR an element has where its bytes do not say, or say only UN or a choice.

PS3.5 §6.2.2 and §A.1, PS3.6 §6, and the data set's own Pixel Representation (0028,0103).
"""

from __future__ import annotations

import functools
from typing import Protocol

from ..errors import UsageError
from ..standards import dictionary
from .vr import ALL_VRS

PIXEL_REPRESENTATION = 0x00280103
_LUT_DATA = 0x00283006


class Holder(Protocol):
    """What a VR may depend on: the other elements of the data set, and of those around it."""

    @property
    def parent(self) -> Holder | None:
        """The data set around this one."""

    def get(self, key: int) -> object:
        """The decoded value of a tag."""


@functools.lru_cache(maxsize=16_384)
def alternatives(tag: int) -> tuple[str, ...]:
    """The VRs that the dictionary allows for a standard element; UL for group lengths, () for unknown."""
    entry = dictionary.by_tag(tag)
    if entry is not None and entry.vr and entry.vr[0]:
        return entry.vr
    return ("UL",) if tag & 0xFFFF == 0 else ()


@functools.lru_cache(maxsize=16_384)
def _private(creator: str, tag: int) -> str:
    entry = dictionary.private(creator, tag)
    return entry.vr[:2] if entry is not None and entry.vr else "UN"


def vr_of(holder: Holder, tag: int, length: int) -> str:
    """The VR of an element of a data set, of a value field of some length; UN where nobody tells.

    US or SS by Pixel Representation; what may be OB or OW is OW, as in the implicit form (PS3.5
    §A.1); LUT data of one word is US.
    """
    if tag >> 16 & 1:
        vr = _private_vr(holder, tag)
    else:
        choice = alternatives(tag) or ("UN",)
        vr = choice[0] if len(choice) == 1 else _chosen(holder, tag, choice, length)
    return vr if vr in ALL_VRS else "UN"


def _chosen(holder: Holder, tag: int, choice: tuple[str, ...], length: int) -> str:
    if "SS" in choice:
        if "OW" in choice and length > 2:
            return "OW"
        return "SS" if _inherited(holder, PIXEL_REPRESENTATION) == 1 else "US"
    if tag == _LUT_DATA:
        return "OW" if length > 2 else "US"
    return "OW" if "OW" in choice else choice[0]


def _private_vr(holder: Holder, tag: int) -> str:
    if 0x10 <= tag & 0xFFFF <= 0xFF:
        return "LO"
    if tag & 0xFFFF == 0:
        return "UL"
    creator = creator_of(holder, tag)
    return _private(creator, tag) if creator else "UN"


def creator_of(holder: Holder, tag: int) -> str:
    """The private creator of a private tag's block; empty where none is declared. PS3.5 §7.8.1."""
    creator = holder.get((tag & 0xFFFF0000) | (tag >> 8 & 0xFF)) if tag & 0xFF00 else None
    return creator if isinstance(creator, str) else ""


def _inherited(holder: Holder, tag: int) -> object:
    owner: Holder | None = holder
    while owner is not None:
        value = owner.get(tag)
        if value is not None:
            return value
        owner = owner.parent
    return None


def vr_to_write(holder: Holder, tag: int, value: object) -> str:
    """The VR for a new value of an element; UsageError where none is known and it is not bytes."""
    is_bytes = isinstance(value, bytes | bytearray | memoryview)
    vr = vr_of(holder, tag, len(value) if isinstance(value, bytes | bytearray | memoryview) else 2)
    if vr == "UN" and not is_bytes:
        raise UsageError(f"no VR is known for {tag:08X}", hint="give vr=")
    return vr
