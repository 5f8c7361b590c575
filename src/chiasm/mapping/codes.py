"""Coded concepts: items of code sequences in DICOM, CE and CWE in HL7 v2.

PS3.3 §8.8; HL7 v2.5.1 §2.A.12 and §2.A.13. A code travels with its scheme and meaning; the version of
the scheme has a place in CWE alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ..model import Coded
from .kind import Held
from .text import check_length

if TYPE_CHECKING:
    from ..dicom import DataSet
    from ..hl7 import FieldValue
    from .reading import DicomReader, FieldReader, RepetitionReader

CODE_VALUE, SCHEME, SCHEME_VERSION, MEANING = 0x00080100, 0x00080102, 0x00080103, 0x00080104
LONG_CODE_VALUE, URN_CODE_VALUE = 0x00080119, 0x00080120

FURTHER, VERSION = "further code", "version of the coding scheme"
"""Facets: a code after the first, for which a single field has no place; the scheme's version."""


def from_item(item: DicomReader, facet: str = "") -> Coded:
    """The concept that one item of a code sequence says. PS3.3 §8.8."""
    code = (
        item.text(CODE_VALUE, facet) or item.text(LONG_CODE_VALUE, facet) or item.text(URN_CODE_VALUE, facet)
    )
    return Coded(
        code, item.text(SCHEME, facet), item.text(MEANING, facet), item.text(SCHEME_VERSION, facet or VERSION)
    )


def to_item(concept: Coded, data: DataSet) -> DataSet:
    """An item of a code sequence; where the code goes depends on its length and form. PS3.3 §8.1."""
    item = type(data)()
    if concept.code.startswith(("urn:", "http:", "https:")):
        item[URN_CODE_VALUE] = concept.code
    elif len(concept.code) > 16:
        item[LONG_CODE_VALUE] = concept.code
    elif concept.code:
        item[CODE_VALUE] = concept.code
    if concept.scheme:
        item[SCHEME] = check_length(concept.scheme, SCHEME)
    if concept.version:
        item[SCHEME_VERSION] = check_length(concept.version, SCHEME_VERSION)
    item[MEANING] = check_length(concept.meaning or concept.code, MEANING)
    return item


def from_ce(one: RepetitionReader, first: int = 1) -> Coded:
    """The concept of a CE or CWE repetition, its primary code. HL7 v2.5.1 §2.A.12."""
    return Coded(one.text(first), one.text(first + 2), one.text(first + 1))


def to_ce(concept: Coded) -> tuple[FieldValue, ...]:
    """Code, text and coding system. HL7 v2.5.1 §2.A.12."""
    return (concept.code, concept.meaning, concept.scheme)


class CodeKind:
    """One concept: the first item of a code sequence, one CE."""

    def from_dicom(self, reader: DicomReader, tags: tuple[int, ...]) -> Coded | None:
        """The concept of the first item."""
        for item in reader.items(tags[0]):
            return from_item(item) or None
        return None

    def to_dicom(self, value: object, tags: tuple[int, ...], data: DataSet) -> None:
        """Write a sequence of one item."""
        data[tags[0]] = [to_item(cast("Coded", value), data)]

    def from_v2(self, field: FieldReader) -> Coded | None:
        """The concept of the first repetition."""
        return from_ce(field.first) or None

    def to_v2(self, value: object) -> Held:
        """One CE, which has no place for the version."""
        return to_ce(cast("Coded", value)), frozenset({VERSION})


class CodesKind:
    """Concepts: the items of a code sequence; a v2 field that does not repeat holds the first."""

    def from_dicom(self, reader: DicomReader, tags: tuple[int, ...]) -> tuple[Coded, ...]:
        """The concepts of all items."""
        items = enumerate(reader.items(tags[0]))
        found = [from_item(item, FURTHER if index else "") for index, item in items]
        return tuple(one for one in found if one)

    def to_dicom(self, value: object, tags: tuple[int, ...], data: DataSet) -> None:
        """Write an item each."""
        data[tags[0]] = [to_item(one, data) for one in cast("tuple[Coded, ...]", value)]

    def from_v2(self, field: FieldReader) -> tuple[Coded, ...]:
        """The concepts of all repetitions."""
        found = (from_ce(one) for one in field.repetitions())
        return tuple(one for one in found if one.code)

    def to_v2(self, value: object) -> Held:
        """The first concept as a CE."""
        return to_ce(cast("tuple[Coded, ...]", value)[0]), frozenset({VERSION, FURTHER})
