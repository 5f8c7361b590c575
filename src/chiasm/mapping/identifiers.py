"""Identifiers with their issuers: CX, HD and EI in HL7 v2, the issuer sequences of DICOM.

PS3.3 §10.14 and §C.2.2; HL7 v2.5.1 §2.A.14, §2.A.33; RAD TF-2 §4.1. Every issuer is written once as
local name and once as universal identifier with its type, whichever of them is known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ..model import Identifier, Issuer
from .kind import ALL_HELD, Held
from .text import check_length

if TYPE_CHECKING:
    from ..dicom import DataSet
    from ..hl7 import FieldValue
    from .reading import DicomReader, FieldReader, RepetitionReader

LOCAL_NAMESPACE, UNIVERSAL_ID, UNIVERSAL_TYPE = 0x00400031, 0x00400032, 0x00400033
IDENTIFIER_TYPE, ASSIGNING_FACILITY = 0x00400035, 0x00400036
PATIENT_ID, ISSUER_OF_PATIENT_ID, ISSUER_QUALIFIERS = 0x00100020, 0x00100021, 0x00100024
PERSON_CODES, CODE_VALUE, SCHEME, MEANING = 0x00401101, 0x00080100, 0x00080102, 0x00080104
INSTITUTION_NAME = 0x00080080

_NO_ISSUER = Issuer()


def to_hd(issuer: Issuer) -> FieldValue:
    """An issuer as one component with subcomponents. HL7 v2.5.1 §2.A.33."""
    if not issuer:
        return ""
    return (issuer.namespace, issuer.universal, issuer.universal_type)


def from_hd(one: RepetitionReader, component: int) -> Issuer:
    """The issuer that one component of a repetition says. HL7 v2.5.1 §2.A.33."""
    return Issuer(one.text(component, 1), one.text(component, 2), one.text(component, 3))


def from_issuer_items(reader: DicomReader, tag: int) -> Issuer:
    """The issuer of the first item of an issuer sequence. PS3.3 §10.14."""
    for item in reader.items(tag):
        return _issuer(item)
    return _NO_ISSUER


def _issuer(item: DicomReader) -> Issuer:
    return Issuer(item.text(LOCAL_NAMESPACE), item.text(UNIVERSAL_ID), item.text(UNIVERSAL_TYPE))


def to_issuer_item(issuer: Issuer, data: DataSet) -> DataSet:
    """An item of an issuer sequence. PS3.3 §10.14."""
    item = type(data)()
    for tag, text in (
        (LOCAL_NAMESPACE, issuer.namespace),
        (UNIVERSAL_ID, issuer.universal),
        (UNIVERSAL_TYPE, issuer.universal_type),
    ):
        if text:
            item[tag] = check_length(text, tag)
    return item


def from_person_code(item: DicomReader) -> Identifier | None:
    """The identifier of a person: the code of the first item of (0040,1101). PS3.3 §10.1."""
    for code in item.items(PERSON_CODES):
        value = code.text(CODE_VALUE)
        code.text(MEANING, "meaning")
        return Identifier(value, Issuer(code.text(SCHEME))) if value else None
    return None


def to_person_item(issued: Identifier | None, data: DataSet) -> DataSet:
    """An item of an identification sequence. PS3.3 §10.1."""
    item = type(data)()
    if issued is None:
        return item
    code = type(data)()
    code[CODE_VALUE] = check_length(issued.value, CODE_VALUE)
    code[SCHEME] = check_length(issued.issuer.namespace or "L", SCHEME)
    code[MEANING] = issued.value
    item[PERSON_CODES] = [code]
    return item


class IssuerKind:
    """An issuer that stands beside its identifier: three components of an EI."""

    def from_dicom(self, reader: DicomReader, tags: tuple[int, ...]) -> Issuer:
        """The issuer of the first item."""
        return from_issuer_items(reader, tags[0])

    def to_dicom(self, value: object, tags: tuple[int, ...], data: DataSet) -> None:
        """Write a sequence of one item."""
        data[tags[0]] = [to_issuer_item(cast("Issuer", value), data)]

    def from_v2(self, field: FieldReader) -> Issuer:
        """The three components from the row's place on."""
        one = field.first
        return Issuer(one.text(1), one.text(2), one.text(3))

    def to_v2(self, value: object) -> Held:
        """Three components."""
        issuer = cast("Issuer", value)
        return (issuer.namespace, issuer.universal, issuer.universal_type), ALL_HELD


class HdKind(IssuerKind):
    """An issuer inside one component: three subcomponents of a CX."""

    def from_v2(self, field: FieldReader) -> Issuer:
        """The subcomponents of the row's component."""
        return from_hd(field.first, 1)

    def to_v2(self, value: object) -> Held:
        """One component with its subcomponents."""
        return (to_hd(cast("Issuer", value)),), ALL_HELD


class PatientIdentifiersKind:
    """All identifiers of a patient, the primary one first, each with its issuer.

    The tags are PatientID, IssuerOfPatientID, IssuerOfPatientIDQualifiersSequence,
    OtherPatientIDsSequence, OtherPatientIDs (retired, read only). PS3.3 §C.2.2; RAD TF-2 §4.1.
    """

    def from_dicom(self, reader: DicomReader, tags: tuple[int, ...]) -> tuple[Identifier, ...]:
        """The identifiers of the data set."""
        found = []
        primary = self._one(reader)
        if primary:
            found.append(primary)
        for item in reader.items(tags[3]):
            other = self._one(item)
            if other:
                found.append(other)
        known = {one.value for one in found}
        found += [Identifier(text) for text in reader.texts(tags[4]) if text and text not in known]
        return tuple(found)

    def _one(self, reader: DicomReader) -> Identifier | None:
        value = reader.text(PATIENT_ID)
        if not value:
            return None
        namespace = reader.text(ISSUER_OF_PATIENT_ID)
        for item in reader.items(ISSUER_QUALIFIERS):
            facility = from_issuer_items(item, ASSIGNING_FACILITY)
            issuer = Issuer(namespace, item.text(UNIVERSAL_ID), item.text(UNIVERSAL_TYPE))
            return Identifier(value, issuer, item.text(IDENTIFIER_TYPE), facility)
        return Identifier(value, Issuer(namespace) if namespace else _NO_ISSUER)

    def to_dicom(self, value: object, tags: tuple[int, ...], data: DataSet) -> None:
        """Write the first identifier as the primary one, the others as items."""
        first, *others = cast("tuple[Identifier, ...]", value)
        self._write(first, data)
        if others:
            items = []
            for other in others:
                item = type(data)()
                self._write(other, item)
                items.append(item)
            data[tags[3]] = items

    def _write(self, issued: Identifier, data: DataSet) -> None:
        data[PATIENT_ID] = check_length(issued.value, PATIENT_ID)
        issuer = issued.issuer
        if issuer.namespace:
            data[ISSUER_OF_PATIENT_ID] = check_length(issuer.namespace, ISSUER_OF_PATIENT_ID)
        if issuer.universal or issued.kind or issued.facility:
            item = to_issuer_item(Issuer("", issuer.universal, issuer.universal_type), data)
            if issued.kind:
                item[IDENTIFIER_TYPE] = check_length(issued.kind, IDENTIFIER_TYPE)
            if issued.facility:
                item[ASSIGNING_FACILITY] = [to_issuer_item(issued.facility, data)]
            data[ISSUER_QUALIFIERS] = [item]

    def from_v2(self, field: FieldReader) -> tuple[Identifier, ...]:
        """The identifiers of a CX field; a repetition without an identifier is none."""
        found = []
        for one in field.repetitions():
            value = one.text(1)
            if value:
                found.append(Identifier(value, from_hd(one, 4), one.text(5), from_hd(one, 6)))
        return tuple(found)

    def to_v2(self, value: object) -> Held:
        """A repetition of CX each."""
        issued = cast("tuple[Identifier, ...]", value)
        return [
            (one.value, "", "", to_hd(one.issuer), one.kind, to_hd(one.facility)) for one in issued
        ], ALL_HELD
