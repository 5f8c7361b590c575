"""What a record of a DICOMDIR holds: its type by SOP class, its keys by type. PS3.3 §F.4, §F.5."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from ..errors import Finding, Severity
from ..standards import dictionary, uids
from . import writing
from .dataset import DataSet, Element
from .keys import text_of
from .vr import SPECIFIC_CHARACTER_SET, TEXT_VRS

_STORAGE = "1.2.840.10008.5.1.4.1.1."
_LONGEST = 4_096
"""The most bytes of one text in a record; a key that is longer counts as missing."""

_CLASSES = {
    "4.2": "SPECTROSCOPY", "8": "OVERLAY", "9": "CURVE", "9.": "WAVEFORM", "9.100.": "PRESENTATION",
    "10": "MODALITY LUT", "11": "VOI LUT", "11.": "PRESENTATION", "66": "RAW DATA", "66.1": "REGISTRATION",
    "66.2": "FIDUCIAL", "66.3": "REGISTRATION", "66.5": "SURFACE", "66.6": "TRACT", "67": "VALUE MAP",
    "68.": "SURFACE SCAN", "77.1.5.3": "STEREOMETRIC", "78.": "MEASUREMENT", "78.6": "SR DOCUMENT",
    "79.1": "SR DOCUMENT", "80.": "MEASUREMENT", "88.": "SR DOCUMENT", "88.59": "KEY OBJECT DOC",
    "90.": "ASSESSMENT", "91.": "ANNOTATION", "104.": "ENCAP DOC", "129": "CURVE", "131": "PRESENTATION",
    "200.": "PRIVATE", "201.": "PRIVATE", "481.2": "RT DOSE", "481.3": "RT STRUCTURE SET",
    "481.4": "RT TREAT RECORD", "481.5": "RT PLAN", "481.6": "RT TREAT RECORD", "481.7": "RT TREAT RECORD",
    "481.8": "RT PLAN", "481.9": "RT TREAT RECORD",
} | {f"481.{number}": "RADIOTHERAPY" for number in (*range(10, 23), 25)}  # fmt: skip
"""Record types by SOP class below the root of the storage classes: exact, or all that begin so with a dot."""

ROOT_TYPES = {
    "1.2.840.10008.5.1.4.38.1": "HANGING PROTOCOL",
    "1.2.840.10008.5.1.4.39.1": "PALETTE",
    "1.2.840.10008.5.1.4.43.1": "IMPLANT",
    "1.2.840.10008.5.1.4.44.1": "IMPLANT ASSY",
    "1.2.840.10008.5.1.4.45.1": "IMPLANT GROUP",
}
"""The types of records that stand at the root, for objects of no patient: PS3.3 §F.4."""

_OTHERS = {
    "1.2.840.10008.5.1.1.27": "STORED PRINT",
    "1.2.840.10008.5.1.1.29": "IMAGE",
    "1.2.840.10008.5.1.1.30": "IMAGE",
    "1.2.840.10008.5.1.4.34.1": "PLAN",
    "1.2.840.10008.5.1.4.34.7": "PLAN",
    "1.2.840.10008.5.1.4.34.10": "PLAN",
}

_INSTANCE, _DATE, _TIME = (0x00200013, "1"), (0x00080023, "1"), (0x00080033, "1")
_LABEL = (0x00700080, "1"), (0x00700081, "2"), (0x00700084, "2")
_IDENTIFIED = (_INSTANCE, _DATE, _TIME, *_LABEL)
_NAME, _CONTENT = (0x0040A043, "1"), (0x0040A730, "1C")

KEYS: dict[str, tuple[tuple[int, str], ...]] = {
    "PATIENT": ((0x00100010, "2"), (0x00100020, "1"), (0x00100030, "3"), (0x00100040, "3")),
    "STUDY": (
        (0x00080020, "1"), (0x00080030, "1"), (0x00080050, "2"), (0x00081030, "2"), (0x0020000D, "1"),
        (0x00200010, "1"),
    ),
    "SERIES": (
        (0x00080060, "1"), (0x00080080, "3"), (0x00080081, "3"), (0x0008103E, "3"), (0x00081050, "3"),
        (0x0020000E, "1"), (0x00200011, "1"),
    ),
    "IMAGE": (
        (0x00080008, "3"), _INSTANCE, (0x00200032, "3"), (0x00200037, "3"), (0x00200052, "3"),
        (0x00280010, "3"), (0x00280011, "3"), (0x00280030, "3"), (0x00282112, "3"),
    ),
    "RT DOSE": (_INSTANCE, (0x3004000A, "1")),
    "RT STRUCTURE SET": (_INSTANCE, (0x30060002, "1"), (0x30060008, "2"), (0x30060009, "2")),
    "RT PLAN": (_INSTANCE, (0x300A0002, "1"), (0x300A0006, "2"), (0x300A0007, "2")),
    "RT TREAT RECORD": (_INSTANCE, (0x30080250, "2"), (0x30080251, "2")),
    "PRESENTATION": (
        (0x00081115, "1C"), _INSTANCE, *_LABEL, (0x00700082, "1"), (0x00700083, "1"), (0x00700402, "1C"),
    ),
    "WAVEFORM": (_INSTANCE, _DATE, _TIME),
    "SR DOCUMENT": (
        _DATE, _TIME, _INSTANCE, (0x0040A030, "1C"), _NAME, (0x0040A491, "1"), (0x0040A493, "1"), _CONTENT,
    ),
    "KEY OBJECT DOC": (_DATE, _TIME, _INSTANCE, _NAME, _CONTENT),
    "SPECTROSCOPY": (
        (0x00080008, "1"), _DATE, _TIME, (0x00089092, "1C"), _INSTANCE, (0x00280008, "1"), (0x00280010, "1"),
        (0x00280011, "1"), (0x00289001, "1"), (0x00289002, "1"),
    ),
    "RAW DATA": (_DATE, _TIME, (0x00200013, "2")),
    "REGISTRATION": _IDENTIFIED,
    "FIDUCIAL": _IDENTIFIED,
    "VALUE MAP": _IDENTIFIED,
    "SURFACE": _IDENTIFIED,
    "TRACT": _IDENTIFIED,
    "MEASUREMENT": (_INSTANCE, _DATE, _TIME),
    "ANNOTATION": _IDENTIFIED,
    "SURFACE SCAN": (_DATE, _TIME),
    "ENCAP DOC": (
        (0x00080023, "2"), (0x00080033, "2"), _INSTANCE, (0x0040A043, "2"), (0x0040E001, "1C"),
        (0x00420010, "2"), (0x00420012, "1"),
    ),
    "ASSESSMENT": ((0x00080012, "1"), (0x00080013, "2"), _INSTANCE),
    "RADIOTHERAPY": (
        _INSTANCE, (0x00700081, "2"), (0x00700084, "2"), (0x30100033, "1C"), (0x30100034, "1C"),
    ),
    "HANGING PROTOCOL": (
        (0x00720002, "1"), (0x00720004, "1"), (0x00720006, "1"), (0x00720008, "1"), (0x0072000A, "1"),
        (0x0072000C, "1"), (0x0072000E, "2"), (0x00720014, "1"),
    ),
    "PALETTE": ((0x00700080, "1"), (0x00700081, "2")),
    "IMPLANT": ((0x00080070, "1"), (0x00221095, "1"), (0x00686210, "1C"), (0x00221097, "1")),
    "IMPLANT ASSY": ((0x00080070, "1"), (0x00760001, "1"), (0x00760020, "1")),
    "IMPLANT GROUP": ((0x00780001, "1"), (0x00780020, "1")),
    "OVERLAY": ((0x00200022, "1"),),
    "CURVE": ((0x00200024, "1"),),
    "MODALITY LUT": ((0x00200026, "1"),),
    "VOI LUT": ((0x00200026, "1"),),
    "STORED PRINT": ((0x00200013, "2"),),
    "PRIVATE": ((0x00200013, "3"),),
}  # fmt: skip
"""The keys of each type of record with their types: PS3.3 §F.5.

Those of type 3 are there where the object has them: the keys that the General Purpose profiles with JPEG add
(PS3.11 §H.3.3.1), and the description of a series.
"""

_DATES = (0x00080020, 0x00080021, 0x00080022, 0x00080023, 0x0008002A, 0x00080012)
_TIMES = (0x00080030, 0x00080031, 0x00080032, 0x00080033, 0x00080013)
_STAND_INS = {
    "CS": "UNKNOWN", "DA": "19000101", "DS": "0", "DT": "19000101", "IS": "1", "LO": "UNKNOWN",
    "PN": "UNKNOWN", "SH": "1", "TM": "000000",
}  # fmt: skip
_OWN_STAND_INS = {0x00080060: "OT", 0x0040A491: "PARTIAL", 0x0040A493: "UNVERIFIED"}
_PATIENT_ID = 0x00100020
_LONE_ITEMS = "HAS CONCEPT MOD"
_VERIFIED, _OBSERVERS = 0x0040A030, 0x0040A073
_FORMS = {
    "DA": re.compile(rb"\d{8}"),
    "TM": re.compile(rb"\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?"),
    "IS": re.compile(rb"[+-]?\d{1,11}"),
}
_RETIRED = {"DA": b".", "TM": b":"}
"""What stood between the parts of dates and times in ACR-NEMA: PS3.5 §6.2."""


@functools.cache
def record_type(sop_class: str) -> str:
    """The type of the record that points to an object of a SOP class; PRIVATE where the standard has none."""
    found = ROOT_TYPES.get(sop_class) or _OTHERS.get(sop_class)
    if found is not None:
        return found
    if not sop_class.startswith(_STORAGE) or uids.by_uid(sop_class) is None:
        return "PRIVATE"
    own = sop_class.removeprefix(_STORAGE)
    if own in _CLASSES:
        return _CLASSES[own]
    parts = own.split(".")
    for count in range(len(parts) - 1, 0, -1):
        found = _CLASSES.get(".".join(parts[:count]) + ".")
        if found is not None:
            return found
    return "IMAGE"


def record_of(kind: str, data: DataSet, number: int = 1) -> tuple[DataSet, list[Finding]]:
    """The keys of a record of a type, from an object, and which of them had to be made up.

    A key of type 1 that the object lacks gets the nearest value there is, else one that stands in for it,
    as the standard allows none to be empty; the object stays as it is. `number` is what a missing number
    becomes.
    """
    record, findings = DataSet(), []
    texts = data.element(SPECIFIC_CHARACTER_SET)
    if texts is not None and texts.length:
        record.place(SPECIFIC_CHARACTER_SET, "CS", writing.even("CS", texts.raw.rstrip(b"\0")))
    for tag, wanted in sorted(KEYS.get(kind, ())):
        element = data.element(tag) or (_verified(data) if tag == _VERIFIED else None)
        if element is not None and _copied(record, element):
            continue
        if wanted == "1":
            findings.append(_stand_in(record, data, tag, kind, number))
        elif wanted == "2":
            record.set(tag, [] if dictionary.vr(tag) == "SQ" else None)
    if all(element.vr not in TEXT_VRS | {"SQ"} for element in record) and SPECIFIC_CHARACTER_SET in record:
        del record[SPECIFIC_CHARACTER_SET]
    return record, findings


def _copied(record: DataSet, element: Element) -> bool:
    """Whether the element has a value, which now stands in the record as it was."""
    tag, vr = element.tag, dictionary.vr(element.tag)
    if vr == "SQ":
        items = list(element.items)
        if tag == _CONTENT[0]:
            items = [item for item in items if item.get("RelationshipType") == _LONE_ITEMS]
        if items:
            record.set(tag, items)
        return bool(items)
    if not 0 < element.length <= _LONGEST or element.vr == "SQ":
        return False
    if vr in ("US", "UL", "SS", "SL"):
        if element.value is None:
            return False
        record.set(tag, element.value)
        return True
    raw = element.raw.strip(b" \0")
    if vr in _RETIRED:
        raw = raw.replace(_RETIRED[vr], b"")
    form = _FORMS.get(vr)
    if not raw or (form is not None and form.fullmatch(raw) is None):
        return False
    record.place(tag, vr, writing.even(vr, raw))
    return True


def _verified(data: DataSet) -> Element | None:
    """The latest verification of a report, which stands with its observers. PS3.3 §C.17.2."""
    element = data.element(_OBSERVERS)
    found = [one for item in (element.items if element else ()) if (one := item.element(_VERIFIED))]
    return max(found, key=lambda one: one.raw, default=None)


def _stand_in(record: DataSet, data: DataSet, tag: int, kind: str, number: int) -> Finding:
    vr = dictionary.vr(tag)
    value: str | None = _OWN_STAND_INS.get(tag) or _STAND_INS.get(vr)
    if vr in ("DA", "TM"):
        value = next(_others(data, vr), value)
    elif vr in ("IS", "SH"):
        value = str(number)
    elif tag == _PATIENT_ID:
        value = f"NO-ID-{number}"
    if vr == "SQ":
        record.set(tag, [])
    elif value is None:
        record.set(tag, 1)
    else:
        record.set(tag, value)
    text = f"{kind} record: the object has no {dictionary.keyword(tag)}, "
    text += "which must not be empty here" if vr == "SQ" else f"here it is told as {record.get(tag)!r}"
    return Finding(Severity.WARNING, text_of(tag), "made-up-key", text, "PS3.3 §F.5")


def _others(data: DataSet, vr: str) -> Iterator[str]:
    """The other dates or times of an object, those nearest to its study's first."""
    for tag in _DATES if vr == "DA" else _TIMES:
        value = data.get(tag)
        text = value.strip() if isinstance(value, str) else ""
        if text.isascii() and _FORMS[vr].fullmatch(text.encode()):
            yield text
