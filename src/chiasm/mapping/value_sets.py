"""Closed sets of values that the standards spell differently, one table each, read both ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from ..errors import ValueFormatError
from .kind import ALL_HELD, Held
from .text import TextsKind, check_length

if TYPE_CHECKING:
    from ..dicom import DataSet
    from .reading import DicomReader, FieldReader


class ValueSetKind:
    """A value of a closed set: `pairs` are (DICOM, v2), the first of a kind wins on the way back.

    What is in no pair passes as it is where `open_ended`, and is refused otherwise.
    """

    def __init__(self, name: str, pairs: tuple[tuple[str, str], ...], *, open_ended: bool, cite: str) -> None:
        self.name = name
        self.pairs = pairs
        self._open = open_ended
        self._cite = cite
        self._to_v2 = dict(reversed(pairs))
        self._to_dicom = {v2: dicom for dicom, v2 in reversed(pairs)}

    def from_dicom(self, reader: DicomReader, tags: tuple[int, ...]) -> str:
        """The value in the words of v2, in which the model keeps it."""
        text = reader.text(tags[0])
        if not text or text in self._to_v2:
            return self._to_v2.get(text, "")
        return self._passed(text)

    def to_dicom(self, value: object, tags: tuple[int, ...], data: DataSet) -> None:
        """Write the value in the words of DICOM."""
        text = cast("str", value)
        data[tags[0]] = check_length(self._to_dicom.get(text) or self._passed(text), tags[0])

    def from_v2(self, field: FieldReader) -> str:
        """The value as it is written."""
        return field.first.text(1)

    def to_v2(self, value: object) -> Held:
        """The value as the model keeps it."""
        return cast("str", value), ALL_HELD

    def _passed(self, text: str) -> str:
        if self._open:
            return text
        raise ValueFormatError(f"'{text}' is not a value of {self.name}", rule=self._cite)


SEX = ValueSetKind(
    "sex",
    (("M", "M"), ("F", "F"), ("O", "O"), ("O", "A"), ("O", "N")),
    open_ended=False,
    cite="PS3.3 §C.2.3, HL7 v2.5.1 §3.4.2.8",
)
PREGNANCY = ValueSetKind(
    "pregnancy status",
    (("3", "B6"), ("2", "B6")),
    open_ended=False,
    cite="PS3.3 §C.2.4, HL7 v2.5.1 §3.4.3.15",
)
PRIORITY = ValueSetKind(
    "priority",
    (("STAT", "S"), ("HIGH", "A"), ("ROUTINE", "R"), ("MEDIUM", "T"), ("LOW", "PRN")),
    open_ended=True,
    cite="PS3.3 §C.4.11, HL7 v2.5.1 §4.5.4.9",
)


class SectionKind(TextsKind):
    """The diagnostic section that a study's modalities belong to: HL7 table 0074.

    One way only: a section says less than a modality, which is sent by its own code beside it.
    """

    sections: Final[dict[str, str]] = {
        "CT": "CT",
        "MR": "NMR",
        "US": "RUS",
        "IVUS": "VUS",
        "NM": "NMS",
        "PT": "NMS",
        "ECG": "EC",
        "EEG": "EN",
        "XA": "XRC",
        **dict.fromkeys(("CR", "DX", "MG", "RF", "IO", "PX", "RG", "DF", "DS"), "RAD"),
        **dict.fromkeys(("RTDOSE", "RTIMAGE", "RTPLAN", "RTRECORD", "RTSTRUCT"), "RT"),
    }

    def from_v2(self, field: FieldReader) -> tuple[str, ...]:
        """Nothing: no modality follows from a section."""
        return ()

    def to_v2(self, value: object) -> Held:
        """The section of the first modality that has one; OTH where none has."""
        modalities = cast("tuple[str, ...]", value)
        return next((self.sections[one] for one in modalities if one in self.sections), "OTH"), ALL_HELD
