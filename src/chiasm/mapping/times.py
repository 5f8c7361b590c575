"""Dates and times: partial ones stay partial, zones are never invented."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast

from ..errors import ValueFormatError
from ..model import Instant
from .kind import ALL_HELD, Held

if TYPE_CHECKING:
    from ..dicom import DataSet
    from .reading import DicomReader, FieldReader

TIMEZONE_OFFSET = 0x00080201

TIME_OF_DAY, ZONE = "time of day", "zone"
"""Facets of a moment: what a target that holds dates alone, or times without a zone, has no place for."""

CUT_FRACTION = frozenset({"~held to four digits of the fraction of a second, v2 has no more"})

_DATE = re.compile(r"(\d{4})\.?(\d\d)\.?(\d\d)")
_TIME = re.compile(r"(\d\d):?(?:(\d\d):?(?:(\d\d)(?:\.(\d{1,6}))?)?)?")
_V2 = re.compile(r"(\d{4}(?:\d\d){0,5})(?:\.(\d+))?([+-]\d{4})?")
_DT = re.compile(r"(\d{4}(?:\d\d){0,5})(?:\.(\d{1,6}))?([+-]\d{4})?")


def from_v2(text: str) -> Instant | None:
    """A moment of v2: YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][±ZZZZ]; None for an empty text.

    HL7 v2.5.1 §2.A.22. Raises ValueFormatError for anything else.
    """
    if not text:
        return None
    found = _V2.fullmatch(text)
    if not found or (len(found[1]) == 10 and found[2]):
        raise ValueFormatError(f"'{text}' is not a date and time", rule="HL7 v2.5.1 §2.A.22")
    digits, fraction, offset = found.groups()
    return Instant(digits, fraction or "", offset or "")


def to_v2(moment: Instant) -> Held:
    """The moment as v2 writes it; of six digits of a second's fraction, v2 holds four.

    HL7 v2.5.1 §2.A.22.
    """
    text = moment.digits
    unheld = ALL_HELD
    if moment.fraction:
        text += f".{moment.fraction[:4]}"
        unheld = CUT_FRACTION if moment.fraction[4:].strip("0") else ALL_HELD
    if moment.offset and len(moment.digits) > 8:
        text += moment.offset
    return text, unheld


def from_dicom_dt(text: str) -> Instant | None:
    """A moment of VR DT. PS3.5 §6.2."""
    if not text:
        return None
    found = _DT.fullmatch(text)
    if not found:
        raise ValueFormatError(f"'{text}' is not a date and time", rule="PS3.5 §6.2")
    return Instant(found[1], found[2] or "", found[3] or "")


def in_zone(moment: Instant, offset: str) -> Instant:
    """The same moment on a clock of another zone; one without a zone or a full time stays as it is."""
    if not moment.offset or not offset or moment.offset == offset or len(moment.digits) < 12:
        return moment
    pattern = "%Y%m%d%H%M%S"[: len(moment.digits) - 2]
    shifted = datetime.strptime(moment.digits, pattern) + (_delta(offset) - _delta(moment.offset))
    return Instant(shifted.strftime(pattern), moment.fraction, offset)


def _delta(offset: str) -> timedelta:
    minutes = int(offset[1:3]) * 60 + int(offset[3:5])
    return timedelta(minutes=-minutes if offset[0] == "-" else minutes)


class DateTimeKind:
    """A moment: a DA with its TM (or a DT) in DICOM, one field in v2.

    The data set's own zone (0008,0201) is that of its times. PS3.3 §C.12.1.1.8.
    """

    def from_dicom(self, reader: DicomReader, tags: tuple[int, ...]) -> Instant | None:
        """The moment; a time without its date is not one."""
        date = reader.text(tags[0])
        if not date:
            return None
        if len(date) == 8 and date.isdigit():
            digits = date
        else:
            found = _DATE.fullmatch(date)
            if not found:
                raise ValueFormatError(f"'{date}' is not a date", rule="PS3.5 §6.2")
            digits = "".join(found.groups())
        if len(tags) == 1:
            return Instant(digits)
        time = reader.text(tags[1], TIME_OF_DAY)
        if not time:
            return Instant(digits)
        found = _TIME.fullmatch(time.rstrip())
        if not found:
            raise ValueFormatError(f"'{time}' is not a time", rule="PS3.5 §6.2")
        hour, minute, second, fraction = found.groups()
        zone = reader.zone and reader.text(TIMEZONE_OFFSET, ZONE)
        return Instant(digits + hour + (minute or "") + (second or ""), fraction or "", zone)

    def to_dicom(self, value: object, tags: tuple[int, ...], data: DataSet) -> None:
        """Write date and time; the first zone met becomes that of the data set, later ones follow it."""
        moment = cast("Instant", value)
        if len(moment.digits) < 8:
            raise ValueFormatError(
                f"'{moment.digits}' is no full date, DA holds no other",
                place=f"{tags[0]:08X}",
                rule="PS3.5 §6.2",
            )
        if moment.offset:
            zone = data.get(TIMEZONE_OFFSET)
            if zone is None:
                data[TIMEZONE_OFFSET] = moment.offset
            else:
                moment = in_zone(moment, str(zone))
        data[tags[0]] = moment.date
        if moment.time and len(tags) > 1:
            data[tags[1]] = moment.time

    def from_v2(self, field: FieldReader) -> Instant | None:
        """The moment of a TS or DTM."""
        return from_v2(field.first.text(1))

    def to_v2(self, value: object) -> Held:
        """The moment as v2 writes it."""
        return to_v2(cast("Instant", value))
