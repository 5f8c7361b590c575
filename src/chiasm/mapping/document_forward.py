"""From an encapsulated document to ORU^R01 with ED, or MDM^T02: the document's bytes exact, in Base64.

PS3.3 §C.24.2; HL7 v2.5.1 §9.6 (TXA), §7.3.1, §2.A.24 (ED). A document that names the one it replaces
becomes an MDM^T10.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import MappingError, UsageError
from ..model import Coded, Document
from ..model.report import PREDECESSOR
from . import account, carry, case_dicom
from .case_dicom import Read
from .codes import from_item
from .messages import FRAMES, Composer
from .reading import DicomReader
from .report_header import CONTENT_DATE, CONTENT_TIME, VERIFICATION, read_references
from .result import Result
from .times import DateTimeKind, to_v2
from .writing import Observation, Writer, Written

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..dicom import DataSet, Package
    from ..hl7 import FieldValue
    from ..model import Entry, Sender
    from .crosswalk import Crosswalk
    from .writing import Fields

DOCUMENT, LENGTH, MEDIA_TYPE, TITLE = 0x00420011, 0x00420015, 0x00420012, 0x00420010
CONCEPT, BURNED_IN, HL7_INSTANCE = 0x0040A043, 0x00280301, 0x0040E001

TYPES: dict[str, tuple[str, str]] = {
    "application/pdf": ("AP", "PDF"),
    "text/xml": ("TEXT", "XML"),
    "model/stl": ("AP", "Octet-stream"),
}
"""Media types, and their type and subtype of data in ED: HL7 tables 0191 and 0291."""

TAG_SYSTEM = "99DCMTAG"
_DETAILS = (
    ("media_type", MEDIA_TYPE, "MIMETypeOfEncapsulatedDocument"),
    ("title", TITLE, "DocumentTitle"),
    ("burned_in", BURNED_IN, "BurnedInAnnotation"),
    ("hl7_instance", HL7_INSTANCE, "HL7InstanceIdentifier"),
)
"""What is said of a document in observations of its own."""


def is_document(data: DataSet) -> bool:
    """Whether a data set is an encapsulated document. PS3.3 §C.24.2."""
    return DOCUMENT in data


def read_document(data: DataSet) -> tuple[Document, list[Read]]:
    """The document of a data set, without the padding of its last byte, and what was read to make it.

    Raises MappingError where its length says more than there is.
    """
    zone = "zone" if case_dicom.TIMEZONE_OFFSET in data else ""
    reader = DicomReader(("", data), zone=zone)
    reads: list[Read] = []

    def noted(concept: str) -> None:
        if reader.leaves:
            reads.append(Read(f"document.{concept}", 0, reader.leaves))
        reader.leaves = []

    fields: dict[str, str] = {}
    for concept, tag, _ in _DETAILS:
        fields[concept] = reader.text(tag)
        noted(concept)
    verified = reader.text(VERIFICATION) == "VERIFIED"
    noted("status")
    concept_name = next((from_item(item) for item in reader.items(CONCEPT)), None)
    noted("concept")
    issued, refusal = reader.attempt(DateTimeKind().from_dicom, (CONTENT_DATE, CONTENT_TIME))
    if reader.leaves:
        reads.append(Read("document.issued", 0, reader.leaves, refusal))
    before = [one for one in read_references(reader, reads) if one.role == PREDECESSOR]
    content = data.raw(DOCUMENT)
    length = data.get(LENGTH)
    reads.append(Read("document.data", 0, [("", DOCUMENT, ""), ("", LENGTH, "")]))
    if isinstance(length, int):
        if length > len(content):
            raise MappingError(
                f"the document has {len(content)} bytes, its length says {length}",
                place=f"{LENGTH:08X}",
                rule="PS3.3 §C.24.2",
            )
        content = content[:length]
    elif fields["media_type"].lower() != "model/stl":
        content = content[:-1] if content.endswith(b"\0") else content
    document = Document(
        data=content,
        uid=str(data.get("SOPInstanceUID") or ""),
        sop_class=str(data.get("SOPClassUID") or ""),
        concept=concept_name or None,
        status="F" if verified else "R",
        issued=issued,  # type: ignore[arg-type]  # what a kind of moments reads is a moment or None
        replaces=before[0].instance if before else "",
        media_type=fields["media_type"],
        title=fields["title"],
        burned_in=fields["burned_in"],
        hl7_instance=fields["hl7_instance"],
    )
    return document, reads


def to_message(
    packages: Sequence[tuple[str, Package]],
    message_kind: str,
    crosswalk: Crosswalk,
    sender: Sender,
    *,
    carry_all: bool = False,
) -> Result:
    """The ORU^R01 or MDM^T02 with one encapsulated document.

    Raises UsageError for several documents at once, and for another kind of message.
    """
    if message_kind not in {"oru", "mdm"} or len(packages) != 1:
        raise UsageError("a document becomes an ORU or MDM of its own", hint="convert each by itself")
    package = packages[0][1]
    reading = case_dicom.read(package.data, crosswalk)
    document, reads = read_document(package.data)
    frame = FRAMES[message_kind]
    if message_kind == "mdm" and document.replaces:
        frame = replace(frame, trigger="T10")
    case = replace(reading.case, documents=(document,), sender=sender)
    composer = Composer(frame, case, crosswalk)
    compose(composer, document, crosswalk)
    carried = carry.observe(package, composer.segments) if carry_all else {}
    written = composer.writer.written

    def entries() -> Iterator[Entry]:
        every = reading.reads + reads
        return account.of_data_set(package, every, written, crosswalk, message_kind, carried)

    return Result(composer.message().encode(), message_kind, entries, tuple(package.findings))


def compose(composer: Composer, document: Document, crosswalk: Crosswalk) -> None:
    """The segments of a message that brings a document."""
    case, kind = composer.case, composer.frame.kind
    if kind == "mdm":
        sent = composer.segments[0][1][7]
        composer.segments.append(("EVN", {1: composer.frame.trigger, 2: sent or _issued(document)}))
    composer.patient()
    if kind == "mdm":
        _drop_notes(composer)
    for index, order in enumerate(case.orders):
        common: Fields = {1: "RE"}
        request: Fields = {1: str(index + 1)}
        first: Fields = {}
        targets = {"ORC": common, "OBR": request, "OBX": first}
        writer = composer.writer
        writer.observations = []
        writer.fill("order", order, targets, index)
        for step in order.steps:
            writer.fill("step", step, targets, index)
        if index == 0:
            _study(composer, targets, crosswalk)
            request.setdefault(22, _issued(document))
            request[25] = document.status
        if 4 not in request:
            concept = document.concept
            named = (concept.code, concept.meaning, concept.scheme) if concept else ("", "Document")
            request[4] = named
        composer.segments += [("ORC", common), ("OBR", request)]
        if index == 0:
            found = writer.observations + (composer.measures() if kind == "oru" else [])
            if kind == "mdm":
                composer.segments.append(("TXA", _transcription(composer, document)))
            composer.observe(found + _said(composer, document, len(found)), first)


def _drop_notes(composer: Composer) -> None:
    """MDM has no place for the patient's comment: HL7 v2.5.1 §9.5.2."""
    composer.segments = [one for one in composer.segments if one[0] != "NTE"]
    composer.writer.written.pop(("patient.comments", 0), None)


def _issued(document: Document) -> str:
    return str(to_v2(document.issued)[0]) if document.issued is not None else ""


def _study(composer: Composer, targets: dict[str, Fields], crosswalk: Crosswalk) -> None:
    """Study, series, equipment and instance."""
    case, writer = composer.case, composer.writer
    writer.fill("study", case.study, targets)
    for series in case.study.series[:1]:
        writer.fill("series", series, targets, 0, "1")
        writer.fill("equipment", series.equipment, targets, 0, "1")
        for instance in series.instances[:1]:
            writer.fill("instance", instance, targets, 0, "1.1")
    if composer.frame.kind == "oru":
        return
    # MDM has few places of its own: what ORU says in observations, it says in the same ones.
    besides = Writer(crosswalk, "oru")
    besides.fill("order", case.orders[0], {})
    besides.fill("study", case.study, {})
    for series in case.study.series[:1]:
        besides.fill("series", series, {}, 0, "1")
        besides.fill("equipment", series.equipment, {}, 0, "1")
        for instance in series.instances[:1]:
            besides.fill("instance", instance, {}, 0, "1.1")
    said = [one.code for one in writer.observations]
    writer.observations += [replace(one, status="F") for one in besides.observations if one.code not in said]
    for key, place in besides.written.items():
        writer.written.setdefault(key, place)


def _transcription(composer: Composer, document: Document) -> Fields:
    """TXA: a diagnostic imaging document, its number its SOP Instance UID. HL7 v2.5.1 §9.6.1."""
    fields: Fields = {
        1: "1",
        2: "DI",
        3: TYPES.get(document.media_type.lower(), ("AP", ""))[0],
        12: (document.uid,),
        17: "AU" if document.status == "F" else "DO",
        19: "AV",
    }
    if document.issued is not None:
        fields[4] = _issued(document)
    if document.replaces:
        fields[13] = (document.replaces,)
        composer.writer.written[f"report.{PREDECESSOR}", 0] = Written("TXA-13")
    composer.writer.written["instance.uid", 0] = Written("TXA-12 OBX(00080018^SOPInstanceUID^99DCMTAG)-5")
    return fields


def _said(composer: Composer, document: Document, before: int) -> list[Observation]:
    """The observations of the document itself, the last of them its bytes."""
    written = composer.writer.written
    found: list[Observation] = []
    for concept, tag, keyword in _DETAILS:
        text = getattr(document, concept)
        if text:
            found.append(Observation((f"{tag:08X}", keyword, TAG_SYSTEM), "ST", text, status=document.status))
            written[f"document.{concept}", 0] = Written(f"OBX[{before + len(found)}]")
    target = f"OBX[{before + len(found) + 1}]"
    packed: FieldValue = (
        "",
        *TYPES.get(document.media_type.lower(), ("AP", "Octet-stream")),
        "Base64",
        base64.b64encode(document.data).decode("ascii"),
    )
    concept_name = document.concept or Coded("", "", document.title or "Document")
    code = (concept_name.code, concept_name.meaning, concept_name.scheme)
    found.append(Observation(code, "ED", packed, status=document.status))
    written["document.data", 0] = Written(f"{target}-5")
    written["document.concept", 0] = Written(f"{target}-3")
    written["document.status", 0] = Written("OBR-25")
    if document.issued is not None:
        written["document.issued", 0] = Written("OBR-22")
    return found
