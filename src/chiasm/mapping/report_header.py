"""The header of an SR document: its flags, times, signatures and references, both ways.

PS3.3 §C.17.2. What is read is noted by concept, as `report.verifiers`, for the account.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import ChiasmError
from ..model import Identifier, Issuer, Person, PersonName, Reference, Signature
from ..model.report import CURRENT_EVIDENCE, IDENTICAL, OTHER_EVIDENCE, PREDECESSOR
from . import status
from .case_dicom import Read
from .identifiers import CODE_VALUE, MEANING, PERSON_CODES, SCHEME
from .names import from_pn, to_pn
from .reading import DicomReader
from .text import check_length
from .times import DateTimeKind, from_dicom_dt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..dicom import DataSet
    from ..model import Instant, Report

COMPLETION, VERIFICATION, PRELIMINARY, EXPLANATION = 0x0040A491, 0x0040A493, 0x0040A496, 0x0040A492
FLAGS = {
    COMPLETION: "completed",
    VERIFICATION: "verified",
    PRELIMINARY: "preliminary",
    EXPLANATION: "explanation",
}
"""The flags of a document, and the concepts that they are noted as."""

CONTENT_DATE, CONTENT_TIME = 0x00080023, 0x00080033
VERIFIERS, AUTHORS, PARTICIPANTS = 0x0040A073, 0x0040A078, 0x0040A07A
REFERENCES = {
    0x0040A375: CURRENT_EVIDENCE,
    0x0040A385: OTHER_EVIDENCE,
    0x0040A360: PREDECESSOR,
    0x0040A525: IDENTICAL,
}
"""The sequences that name other objects, and what the report names them as."""

_VERIFIER_NAME, _VERIFIER_CODES, _VERIFIER_ORGANIZATION, _VERIFIED = (
    0x0040A075,
    0x0040A088,
    0x0040A027,
    0x0040A030,
)
_OBSERVER_TYPE, _PERSON_NAME, _INSTITUTION, _STATION, _DEVICE_UID = (
    0x0040A084,
    0x0040A123,
    0x00080080,
    0x00081010,
    0x00181002,
)
_PART, _TOOK_PART = 0x0040A080, 0x0040A082
_STUDY, _SERIES_ITEMS, _SERIES, _SOP_ITEMS, _SOP_CLASS, _INSTANCE = (
    0x0020000D,
    0x00081115,
    0x0020000E,
    0x00081199,
    0x00081150,
    0x00081155,
)


@dataclass(frozen=True, slots=True)
class Header:
    """What a header says, as fields of a report, and what was read for it."""

    fields: dict[str, Any]
    reads: list[Read]


def read_header(data: DataSet, zone: str) -> Header:
    """The header of an SR document."""
    reader = DicomReader(("", data), zone=zone)
    reads: list[Read] = []

    def note(concept: str, read: Callable[[], Any]) -> Any:
        reader.leaves = []
        value = read()
        if reader.leaves:
            reads.append(Read(f"report.{concept}", 0, reader.leaves))
        return value

    completion, verification, preliminary, explanation = (
        note(concept, functools.partial(reader.text, tag)) for tag, concept in FLAGS.items()
    )
    reader.leaves = []
    issued, refusal = reader.attempt(DateTimeKind().from_dicom, (CONTENT_DATE, CONTENT_TIME))
    if reader.leaves:
        reads.append(Read("report.issued", 0, reader.leaves, refusal))
    fields = {
        "completed": completion == "COMPLETE",
        "verified": verification == "VERIFIED",
        "preliminary": preliminary,
        "status": status.from_flags(completion, verification, preliminary, explanation),
        "issued": issued,
        "verifiers": _each(reader, reads, "verifiers", VERIFIERS, _verifier),
        "authors": _each(reader, reads, "authors", AUTHORS, _participant),
        "participants": _each(reader, reads, "participants", PARTICIPANTS, _participant),
        "references": read_references(reader, reads),
    }
    return Header(fields, reads)


def _each(
    reader: DicomReader,
    reads: list[Read],
    concept: str,
    tag: int,
    read: Callable[[DicomReader], Signature],
) -> tuple[Signature, ...]:
    found = []
    for index, item in enumerate(reader.items(tag)):
        item.leaves = []
        found.append(read(item))
        reads.append(Read(f"report.{concept}", index, item.leaves))
    return tuple(found)


def _moment(reader: DicomReader, tag: int) -> Instant | None:
    try:
        return from_dicom_dt(reader.text(tag))
    except ChiasmError:
        reader.leaves.pop()
        return None


def _person(reader: DicomReader, name: int, codes: int) -> Person:
    text = reader.text(name)
    issued = None
    for item in reader.items(codes):
        value = item.text(CODE_VALUE)
        if value:
            issued = Identifier(value, Issuer(item.text(SCHEME)))
        break
    return Person(from_pn(text) if text else PersonName(), issued)


def _verifier(item: DicomReader) -> Signature:
    person = _person(item, _VERIFIER_NAME, _VERIFIER_CODES)
    return Signature(person, item.text(_VERIFIER_ORGANIZATION), _moment(item, _VERIFIED))


def _participant(item: DicomReader) -> Signature:
    if item.text(_OBSERVER_TYPE) == "DEV":
        person = Person(from_pn(item.text(_STATION)))
    else:
        person = _person(item, _PERSON_NAME, PERSON_CODES)
    return Signature(
        person,
        item.text(_INSTITUTION),
        _moment(item, _TOOK_PART),
        item.text(_PART),
        item.text(_DEVICE_UID),
    )


def read_references(reader: DicomReader, reads: list[Read]) -> tuple[Reference, ...]:
    """The objects that a report names as its evidence or predecessors. PS3.3 §C.17.2.3, §C.17.2.4."""
    found: list[Reference] = []
    for tag, role in REFERENCES.items():
        reader.leaves = []
        for study in reader.items(tag):
            study_uid = study.text(_STUDY)
            for series in study.items(_SERIES_ITEMS):
                series_uid = series.text(_SERIES)
                found += [
                    Reference(
                        one.text(_SOP_CLASS),
                        one.text(_INSTANCE),
                        series=series_uid,
                        study=study_uid,
                        role=role,
                    )
                    for one in series.items(_SOP_ITEMS)
                ]
        if reader.leaves:
            reads.append(Read(f"report.{role}", 0, reader.leaves))
    return tuple(found)


def write_header(report: Report, explanation: str, data: DataSet) -> None:
    """Write the header of a report into an SR document.

    Raises MappingError where a name or organization is longer than its element holds.
    """
    data[COMPLETION] = "COMPLETE" if report.completed else "PARTIAL"
    data[VERIFICATION] = "VERIFIED" if report.verified else "UNVERIFIED"
    if report.preliminary:
        data[PRELIMINARY] = report.preliminary
    if explanation:
        data[EXPLANATION] = check_length(explanation, EXPLANATION)
    if report.verifiers:
        data[VERIFIERS] = [_verifier_item(one, data) for one in report.verifiers]
    for tag, signatures in ((AUTHORS, report.authors), (PARTICIPANTS, report.participants)):
        if signatures:
            data[tag] = [_participant_item(one, data) for one in signatures]
    for tag, role in REFERENCES.items():
        named = [one for one in report.references if one.role == role]
        if named:
            data[tag] = reference_items(named, type(data))


def _codes(signature: Signature, data: DataSet) -> list[DataSet]:
    issued = signature.person.identifier
    if issued is None:
        return []
    item = type(data)()
    item[CODE_VALUE] = check_length(issued.value, CODE_VALUE)
    item[SCHEME] = check_length(issued.issuer.namespace or "L", SCHEME)
    item[MEANING] = check_length(to_pn(signature.person.name) or issued.value, MEANING)
    return [item]


def _spelled(moment: Instant) -> str:
    return moment.digits + (f".{moment.fraction}" if moment.fraction else "") + moment.offset


def _verifier_item(signature: Signature, data: DataSet) -> DataSet:
    item = type(data)()
    item[_VERIFIER_NAME] = to_pn(signature.person.name)
    item[_VERIFIER_CODES] = _codes(signature, data)
    item[_VERIFIER_ORGANIZATION] = check_length(signature.organization, _VERIFIER_ORGANIZATION)
    if signature.when is not None:
        item[_VERIFIED] = _spelled(signature.when)
    return item


def _participant_item(signature: Signature, data: DataSet) -> DataSet:
    item = type(data)()
    item[_OBSERVER_TYPE] = "DEV" if signature.device else "PSN"
    name = to_pn(signature.person.name)
    if signature.device:
        item[_DEVICE_UID] = signature.device
        if name:
            item[_STATION] = check_length(name, _STATION)
        item["Manufacturer"] = None
        item["ManufacturerModelName"] = None
    else:
        item[_PERSON_NAME] = name
        item[PERSON_CODES] = _codes(signature, data)
    item[_INSTITUTION] = check_length(signature.organization, _INSTITUTION) or None
    if not signature.device:
        item["InstitutionCodeSequence"] = []
    if signature.part:
        item[_PART] = check_length(signature.part, _PART)
    if signature.when is not None:
        item[_TOOK_PART] = _spelled(signature.when)
    return item


def reference_items(references: Iterable[Reference], empty: type[DataSet]) -> list[DataSet]:
    """References by study and series, as sequences that name objects hold them. PS3.3 §C.17.2.1."""
    studies: dict[str, dict[str, list[DataSet]]] = {}
    for one in references:
        item = empty()
        item[_SOP_CLASS] = one.sop_class
        item[_INSTANCE] = one.instance
        studies.setdefault(one.study, {}).setdefault(one.series, []).append(item)
    made = []
    for study_uid, by_series in studies.items():
        study = empty()
        study[_STUDY] = study_uid
        series_items = []
        for series_uid, objects in by_series.items():
            series = empty()
            series[_SERIES] = series_uid
            series[_SOP_ITEMS] = objects
            series_items.append(series)
        study[_SERIES_ITEMS] = series_items
        made.append(study)
    return made
