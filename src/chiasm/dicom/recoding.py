"""Changing the character set of a data set: all its texts re-encoded, or none. PS3.3 §C.12.1.1.2."""

from __future__ import annotations

from . import charset as charsets
from . import escaped, writing
from .dataset import DataSet
from .values import delimiters
from .vr import SPECIFIC_CHARACTER_SET, TEXT_VRS


def recode(data: DataSet, terms: str | tuple[str, ...]) -> None:
    """Re-encode all texts that the data set's Specific Character Set governs, and state the new one.

    EncodeError, and nothing changed, where the new set cannot hold one of the texts. Nested data sets
    with a set of their own keep it.
    """
    new = charsets.of_terms(terms)
    changes: list[tuple[DataSet, int, str, bytes]] = []
    for owner in _governed(data):
        for tag, record in owner.records.items():
            vr = owner.vr_of(tag, record)
            if vr not in TEXT_VRS:
                continue
            before, marks = owner.bytes_of(tag, record), delimiters(vr)
            text = escaped.show(owner.character_set.decode(before, marks))
            after = writing.even(vr, new.encode(text, marks))
            if after != before:
                changes.append((owner, tag, vr, after))
    for owner, tag, vr, after in changes:
        owner.place(tag, vr, after)
    data.set(SPECIFIC_CHARACTER_SET, list(new.terms))


def _governed(data: DataSet) -> list[DataSet]:
    """The data set and those within that inherit its character set."""
    found = [data]
    for owner in found:
        for tag, record in list(owner.records.items()):
            if record[0] in ("", "SQ", "UN"):
                items = owner.items_of(tag, record)
                found.extend(item for item in items if SPECIFIC_CHARACTER_SET not in item.records)
    return found
