"""Texts, numbers and addresses: values that are the same characters on both sides."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from ..errors import MappingError, ValueFormatError
from ..model import Coded, Quantity
from ..standards import dictionary
from .kind import ALL_HELD, Held

if TYPE_CHECKING:
    from ..dicom import DataSet
    from .reading import DicomReader, FieldReader

MAX_LENGTH = {"AE": 16, "CS": 16, "SH": 16, "LO": 64, "ST": 1024, "LT": 10240, "UI": 64, "IS": 12, "DS": 16}
"""Characters that one value of a VR may hold: PS3.5 §6.2."""

_ONE_VALUE = frozenset({"LT", "ST", "UT"})

_AGE = re.compile(r"(\d{3})([DWMY])")
_AGE_UNITS = {"D": ("d", "day"), "W": ("wk", "week"), "M": ("mo", "month"), "Y": ("a", "year")}
_UNITS = {"m": "meter", "kg": "kilogram"}


def check_length(text: str, tag: int) -> str:
    """The text, if one value of the element may hold it.

    Raises MappingError otherwise: an identifier that was cut is another identifier.
    """
    vr = dictionary.vr(tag)
    limit = MAX_LENGTH.get(vr)
    if limit is not None and len(text) > limit:
        raise MappingError(
            f"'{text}' has {len(text)} characters, {vr} holds {limit}",
            place=f"{tag:08X}",
            rule="PS3.5 §6.2",
            hint="shorten it at its source; it is never cut here",
        )
    if "\\" in text and vr not in _ONE_VALUE:
        raise MappingError(
            f"'{text}' has a backslash, which separates values in {vr}",
            place=f"{tag:08X}",
            rule="PS3.5 §6.2",
            hint="write it differently at its source",
        )
    return text


class TextKind:
    """One text: a single element, a single leaf."""

    def from_dicom(self, reader: DicomReader, tags: tuple[int, ...]) -> str:
        """The text of the element, several values joined by backslashes."""
        return reader.text(tags[0])

    def to_dicom(self, value: object, tags: tuple[int, ...], data: DataSet) -> None:
        """Write the text."""
        data[tags[0]] = check_length(cast("str", value), tags[0])

    def from_v2(self, field: FieldReader) -> str:
        """The first leaf of the field."""
        return field.first.text(1)

    def to_v2(self, value: object) -> Held:
        """A single leaf."""
        return cast("str", value), ALL_HELD


class PersonTextKind(TextKind):
    """A person of whom only a name is kept: PN in DICOM, the name of an XCN in v2."""

    def from_v2(self, field: FieldReader) -> str:
        """Family and given name as a PN."""
        first = field.first
        parts = [first.text(number) for number in (2, 3, 4, 6, 5)]
        return "^".join(parts).rstrip("^")

    def to_v2(self, value: object) -> Held:
        """An XCN without an identifier."""
        group = cast("str", value).split("=", maxsplit=1)[0]
        family, given, middle, prefix, suffix = (*group.split("^"), "", "", "", "", "")[:5]
        return ("", family, given, middle, suffix, prefix), ALL_HELD


class TextsKind:
    """Several texts: the values of one element, the repetitions of one field."""

    def from_dicom(self, reader: DicomReader, tags: tuple[int, ...]) -> tuple[str, ...]:
        """The values of the element."""
        return reader.texts(tags[0])

    def to_dicom(self, value: object, tags: tuple[int, ...], data: DataSet) -> None:
        """Write the values."""
        texts = tuple(check_length(text, tags[0]) for text in cast("tuple[str, ...]", value))
        data[tags[0]] = texts[0] if len(texts) == 1 else texts

    def from_v2(self, field: FieldReader) -> tuple[str, ...]:
        """The first leaf of each repetition."""
        return tuple(text for text in (one.text(1) for one in field.repetitions()) if text)

    def to_v2(self, value: object) -> Held:
        """A repetition each."""
        return list(cast("tuple[str, ...]", value)), ALL_HELD


class IntegerKind:
    """A whole number, zero where nothing is said."""

    def from_dicom(self, reader: DicomReader, tags: tuple[int, ...]) -> int:
        """The number of the element."""
        return _whole(reader.text(tags[0]))

    def to_dicom(self, value: object, tags: tuple[int, ...], data: DataSet) -> None:
        """Write the number."""
        data[tags[0]] = check_length(str(value), tags[0])

    def from_v2(self, field: FieldReader) -> int:
        """The number of the field."""
        return _whole(field.first.text(1))

    def to_v2(self, value: object) -> Held:
        """The number in digits."""
        return str(value), ALL_HELD


def _whole(text: str) -> int:
    text = text.strip()
    if not text:
        return 0
    if not text.lstrip("+-").isdecimal():
        raise ValueFormatError(f"'{text}' is not a whole number", rule="PS3.5 §6.2, HL7 v2.5.1 §2.A.49")
    return int(text)


class AddressKind(TextKind):
    """A postal address: one text in DICOM, the components of an XAD in v2, joined by carets.

    PS3.3 §C.2.3 leaves the form of the text open; RAD TF-2 §4.1 copies it as it is.
    """

    def from_v2(self, field: FieldReader) -> str:
        """The components joined by carets, without the empty ones at the end."""
        return "^".join(field.first.all_text()).rstrip("^")

    def to_v2(self, value: object) -> Held:
        """A component for each part between carets."""
        return tuple(cast("str", value).split("^")), ALL_HELD


class QuantityKind:
    """A number with the unit that its place implies; its text is kept."""

    def from_dicom(self, reader: DicomReader, tags: tuple[int, ...]) -> Quantity | None:
        """The number of the element, in the unit that the element prescribes."""
        text = reader.text(tags[0])
        if not text:
            return None
        unit = "kg" if tags[0] == dictionary.tag("PatientWeight") else "m"
        return Quantity(text, Coded(unit, "UCUM", _UNITS[unit]))

    def to_dicom(self, value: object, tags: tuple[int, ...], data: DataSet) -> None:
        """Write the number; refuses another unit than that of the element."""
        quantity = cast("Quantity", value)
        expected = "kg" if tags[0] == dictionary.tag("PatientWeight") else "m"
        if quantity.unit.code != expected:
            raise MappingError(
                f"the value is in '{quantity.unit.code}', the element in '{expected}'",
                place=f"{tags[0]:08X}",
                rule="PS3.3 §C.7.2.2",
            )
        data[tags[0]] = check_length(quantity.value, tags[0])

    def from_v2(self, field: FieldReader) -> Quantity | None:
        """The number; its unit is that of the observation, which the caller sets."""
        text = field.first.text(1)
        return Quantity(text) if text else None

    def to_v2(self, value: object) -> Held:
        """The number as written."""
        return cast("Quantity", value).value, ALL_HELD


class AgeKind(QuantityKind):
    """An age: `045Y` in DICOM, a number and a UCUM unit elsewhere. PS3.5 §6.2."""

    def from_dicom(self, reader: DicomReader, tags: tuple[int, ...]) -> Quantity | None:
        """The age, without its leading zeros."""
        text = reader.text(tags[0])
        if not text:
            return None
        found = _AGE.fullmatch(text)
        if not found:
            raise ValueFormatError(f"'{text}' is not an age", rule="PS3.5 §6.2")
        code, meaning = _AGE_UNITS[found[2]]
        return Quantity(str(int(found[1])), Coded(code, "UCUM", meaning))

    def to_dicom(self, value: object, tags: tuple[int, ...], data: DataSet) -> None:
        """Write the age; refuses what three digits and a unit cannot say."""
        quantity = cast("Quantity", value)
        letters = {code: letter for letter, (code, _) in _AGE_UNITS.items()}
        letter = letters.get(quantity.unit.code)
        if letter is None or not quantity.value.isdigit() or len(quantity.value) > 3:
            raise MappingError(
                f"'{quantity.value} {quantity.unit.code}' is not an age that AS can hold",
                place=f"{tags[0]:08X}",
                rule="PS3.5 §6.2",
            )
        data[tags[0]] = f"{int(quantity.value):03d}{letter}"
