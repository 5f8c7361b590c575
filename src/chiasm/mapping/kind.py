"""What a kind of value is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ..dicom import DataSet
    from ..hl7 import FieldValue
    from .reading import DicomReader, FieldReader

Held = tuple["FieldValue", frozenset[str]]
"""A field of a v2 message, and the facets of the value that it has no place for."""

ALL_HELD: frozenset[str] = frozenset()
"""Nothing is missing. A facet that begins with a tilde is a note on the whole value instead."""


class Kind(Protocol):
    """Reads and writes one type of value of the model in both standards.

    `from_dicom` and `from_v2` return None (or an empty text or tuple) where nothing is said, and raise
    ValueFormatError for content that cannot be understood. `to_dicom` raises MappingError for what the
    element cannot hold: an identifier is refused, never cut.
    """

    def from_dicom(self, reader: DicomReader, tags: tuple[int, ...]) -> object:
        """The value that the elements say; the first tag is the principal one."""

    def to_dicom(self, value: object, tags: tuple[int, ...], data: DataSet) -> None:
        """Write the value into its elements."""

    def from_v2(self, field: FieldReader) -> object:
        """The value that the field says."""

    def to_v2(self, value: object) -> Held:
        """The field that says the value."""
