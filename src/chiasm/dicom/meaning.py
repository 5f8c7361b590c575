"""Which VR an element has where its bytes do not say, or say only UN or a choice.

PS3.5 §6.2.2 and §A.1, PS3.6 §6, and the data set's own Pixel Representation (0028,0103).
"""

from __future__ import annotations

import functools

from ..standards import dictionary

PIXEL_REPRESENTATION = 0x00280103
_LUT_DATA = 0x00283006


@functools.lru_cache(maxsize=16_384)
def alternatives(tag: int) -> tuple[str, ...]:
    """The VRs that the dictionary allows for a standard element; UL for group lengths, () for unknown."""
    entry = dictionary.by_tag(tag)
    if entry is not None and entry.vr and entry.vr[0]:
        return entry.vr
    return ("UL",) if tag & 0xFFFF == 0 else ()


@functools.lru_cache(maxsize=16_384)
def private_vr(creator: str, tag: int) -> str:
    """The VR of a private element by its creator, UN where nobody tells. PS3.5 §7.8.1."""
    entry = dictionary.private(creator, tag)
    return entry.vr[:2] if entry is not None and entry.vr else "UN"


def is_creator(tag: int) -> bool:
    """Whether a tag is a private creator's: (gggg,0010) to (gggg,00FF), gggg odd."""
    return (tag >> 16) & 1 == 1 and 0x10 <= tag & 0xFFFF <= 0xFF


def chosen(tag: int, choice: tuple[str, ...], signed: bool, length: int) -> str:
    """The VR of an element that has a choice of them, in implicit form.

    US or SS by Pixel Representation; pixel data, overlay data and others of OB or OW are OW in the
    implicit form (PS3.5 §A.1); LUT data of one or two bytes is one US.
    """
    if "SS" in choice and "US" in choice:
        if "OW" in choice and length > 2:
            return "OW"
        return "SS" if signed else "US"
    if tag == _LUT_DATA:
        return "OW" if length > 2 else "US"
    return "OW" if "OW" in choice else choice[0]
