"""Palettes that are told in segments, written out entry by entry. PS3.3 §C.7.9.2."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import ServiceError


def expanded(words: Sequence[int], count: int, size: int) -> list[int]:
    """The first `count` entries of a palette in segments; `words` are its values of `size` octets each.

    ServiceError `not-understood` for segments that cannot be. PS3.3 §C.7.9.2.
    """
    entries: list[int] = []
    at = 0
    # What follows an opcode of 0 may be the trailing null of an odd length.
    while len(entries) < count and at + 2 < len(words):
        if words[at] != 2:
            at = _direct(words, at, entries, count)
            continue
        parts = 4 // size
        if at + 2 + parts > len(words):
            raise _damaged()
        offset = sum(word << 8 * size * n for n, word in enumerate(words[at + 2 : at + 2 + parts])) // size
        for _ in range(words[at + 1]):
            if len(entries) >= count:
                break
            offset = _direct(words, offset, entries, count)
        at += 2 + parts
    return entries[:count]


def _direct(words: Sequence[int], at: int, entries: list[int], count: int) -> int:
    """Write out a discrete or a linear segment; gives where the next one begins."""
    if at + 2 >= len(words) or not words[at + 1]:
        raise _damaged()
    kind, length = words[at], words[at + 1]
    if kind == 0:
        if at + 2 + length > len(words):
            raise _damaged()
        entries += words[at + 2 : at + 2 + length]
        return at + 2 + length
    if kind != 1 or not entries:
        raise _damaged()
    start, stop = entries[-1], words[at + 2]
    for step in range(1, min(length, count - len(entries)) + 1):
        entries.append(round(start + (stop - start) * step / length))
    return at + 3


def _damaged() -> ServiceError:
    return ServiceError("not-understood", "a palette's segments cannot be", rule="PS3.3 §C.7.9.2")
