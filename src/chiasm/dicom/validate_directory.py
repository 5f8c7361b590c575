"""Whether the records of a DICOMDIR have a known type and the keys of it. PS3.3 §F.3.2.2, §F.5."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import Finding, Severity
from ..standards import dictionary
from .dataset import DataSet
from .keys import text_of

RECORDS, _TYPE = 0x00041220, 0x00041430
_TYPES = frozenset(
    (
        "PATIENT", "STUDY", "SERIES", "IMAGE", "RT DOSE", "RT STRUCTURE SET", "RT PLAN", "RT TREAT RECORD",
        "PRESENTATION", "WAVEFORM", "SR DOCUMENT", "KEY OBJECT DOC", "SPECTROSCOPY", "RAW DATA",
        "REGISTRATION", "FIDUCIAL", "HANGING PROTOCOL", "ENCAP DOC", "VALUE MAP", "STEREOMETRIC", "PALETTE",
        "IMPLANT", "IMPLANT GROUP", "IMPLANT ASSY", "MEASUREMENT", "SURFACE", "SURFACE SCAN", "TRACT",
        "ASSESSMENT", "RADIOTHERAPY", "ANNOTATION", "INVENTORY", "PLAN", "HL7 STRUC DOC", "PRIVATE",
        "OVERLAY", "MODALITY LUT", "VOI LUT", "CURVE", "STORED PRINT", "TOPIC", "VISIT", "RESULTS",
        "INTERPRETATION", "STUDY COMPONENT", "PRINT QUEUE", "FILM SESSION", "FILM BOX", "IMAGE BOX", "MRDR",
    )
)  # fmt: skip
"""The types of records, the retired ones of older media among them: PS3.3 §F.3.2.2, §F.6."""

_KEYS = {
    "PATIENT": {0x00100010: "2", 0x00100020: "1"},
    "STUDY": {0x00080020: "1", 0x00080030: "1", 0x00081030: "2", 0x00200010: "1", 0x00080050: "2"},
    "SERIES": {0x00080060: "1", 0x0020000E: "1", 0x00200011: "1"},
    "IMAGE": {0x00200013: "1"},
}
"""The keys of the records that every directory has, with their types: PS3.3 §F.5.1 to §F.5.4."""


def directory(data: DataSet) -> Iterator[Finding]:
    """The findings of the records of a directory; none for any other object."""
    element = data.element(RECORDS)
    for number, record in enumerate(element.items if element is not None else ()):
        place = f"{text_of(RECORDS)}/{number}/"
        kind = str(record.get(_TYPE) or "")
        if kind and kind not in _TYPES:
            text = f"Directory Information: {kind!r} is no type of a directory record"
            yield Finding(Severity.ERROR, place + text_of(_TYPE), "enumerated-value", text, "PS3.3 §F.3.2.2")
        for tag, wanted in _KEYS.get(kind, {}).items():
            key = record.element(tag)
            if key is None or (wanted == "1" and not key.length):
                state = "missing" if key is None else "empty"
                text = f"{kind.title()} record: the key {dictionary.keyword(tag)} of type {wanted} is {state}"
                rule = f"{state}-type-{wanted}"
                yield Finding(Severity.ERROR, place + text_of(tag), rule, text, "PS3.3 §F.5")
