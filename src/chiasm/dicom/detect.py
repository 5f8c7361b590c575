"""Which form a data set is really in, by its bytes. PS3.5 §A, PS3.10 §7."""

from __future__ import annotations

from . import meaning
from .reading import Buffer
from .vr import (
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_BIG,
    IMPLICIT_LITTLE,
    LONG_CODES,
    SHORT_CODES,
    UNDEFINED,
    Form,
)

_FORMS = (EXPLICIT_LITTLE, IMPLICIT_LITTLE, EXPLICIT_BIG, IMPLICIT_BIG)
_SAMPLE = 6


def form_of(
    buffer: Buffer, start: int, stop: int, declared: Form | None = None, *, strict: bool = True
) -> Form | None:
    """The declared form where the first elements can be read in it, else the one they fit best.

    None where no element can be read in any form. Not `strict` (there is a meta group, so it is DICOM):
    private groups that nobody may use count too.
    """
    if declared is not None and (
        stop - start < 8 or (given := _score(buffer, start, stop, declared, strict)) >= 1
    ):
        return declared
    scores = {form: _score(buffer, start, stop, form, strict) for form in _FORMS}
    best = max(_FORMS, key=lambda form: scores[form])
    if declared is not None and 0 < given >= scores[best]:
        return declared
    return best if scores[best] > 0 else None


def _score(buffer: Buffer, start: int, stop: int, form: Form, strict: bool) -> float:
    """How far the first elements make sense, 0 where the first one does not; a known VR counts double."""
    pos, last, good = start, -1, 0.0
    weight = 1.0 if form.implicit else 2.0
    for _ in range(_SAMPLE):
        head = _head(buffer, pos, stop, form) if pos + 8 <= stop else None
        if head is None:
            break
        tag, value, length = head
        if tag <= last or not (_is_known(tag) or (tag >> 16 & 1 and not strict)):
            break
        if tag & 0xFFFF == 0 and length != 4:
            break  # zeros are no group length
        if length == UNDEFINED:
            return good + weight
        if value + length > stop:
            return good if form.implicit else good + 0.5
        good += weight
        pos, last = value + length, tag
    return good


def _head(buffer: Buffer, pos: int, stop: int, form: Form) -> tuple[int, int, int] | None:
    if form.implicit:
        group, number, length = form.tagged.unpack_from(buffer, pos)
        return group << 16 | number, pos + 8, length
    group, number, code, length = form.head.unpack_from(buffer, pos)
    if code in SHORT_CODES:
        return group << 16 | number, pos + 8, length
    if code not in LONG_CODES:
        return None
    if pos + 12 > stop:
        return None
    return group << 16 | number, pos + 12, form.long.unpack_from(buffer, pos + 8)[0]


def _is_known(tag: int) -> bool:
    group, element = tag >> 16, tag & 0xFFFF
    if group & 1:
        return group > 8 and element >= 0x10
    if element == 0:
        return group in _GROUPS
    return bool(meaning.alternatives(tag))


_GROUPS = frozenset((0x0000, 0x0002, 0x0004, 0x0008, 0x0010, 0x0018, 0x0020, 0x0028, 0x0032, 0x0038, 0x0040))
