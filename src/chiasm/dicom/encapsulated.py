"""New encapsulated documents: PDF, CDA and STL. PS3.3 §A.45, §A.85, §C.24.2."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ..errors import UsageError
from .dataset import DataSet
from .general import Description, code, new_object, new_uid, put_request


@dataclass(frozen=True, slots=True)
class DocumentClass:
    """One kind of document: its SOP class, its media type, its modality."""

    sop_class: str
    media_type: str
    modality: str


CLASSES = {
    "pdf": DocumentClass("1.2.840.10008.5.1.4.1.1.104.1", "application/pdf", "DOC"),
    "cda": DocumentClass("1.2.840.10008.5.1.4.1.1.104.2", "text/XML", "DOC"),
    "stl": DocumentClass("1.2.840.10008.5.1.4.1.1.104.3", "model/stl", "M3D"),
}


def kind_of(content: bytes) -> str:
    """`pdf`, `cda` or `stl`, from the document's first bytes.

    Raises UsageError for anything else.
    """
    head = content[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"%PDF-"):
        return "pdf"
    if head.startswith(b"<") and b"urn:hl7-org:v3" in head:
        return "cda"
    if head.startswith(b"solid") or (len(content) >= 84 and len(content) == 84 + 50 * _triangles(content)):
        return "stl"
    raise UsageError("it is neither a PDF, nor a CDA document, nor an STL model", rule="PS3.3 §C.24.2")


def _triangles(content: bytes) -> int:
    return int.from_bytes(content[80:84], "little")


def encapsulated(
    content: bytes, description: Description, title: str = "", kind: str = "", now: datetime | None = None
) -> DataSet:
    """A document wrapped as an object of a study, its bytes exact, its length told.

    Raises UsageError for a document of no known kind.
    """
    kind = kind or kind_of(content)
    known = CLASSES[kind]
    data = new_object(description, known.sop_class, known.modality, now)
    put_request(data, description)
    if kind != "stl":
        data["ConversionType"] = "WSD"
    data["ContentDate"] = data["InstanceCreationDate"]
    data["ContentTime"] = data["InstanceCreationTime"]
    data["AcquisitionDateTime"] = None
    data["BurnedInAnnotation"] = description.get("BurnedInAnnotation", "YES")
    data["DocumentTitle"] = title or None
    data["ConceptNameCodeSequence"] = []
    data["MIMETypeOfEncapsulatedDocument"] = known.media_type
    data["EncapsulatedDocumentLength"] = len(content)
    data.set("EncapsulatedDocument", content + b"\0" * (len(content) & 1), "OB")
    if kind == "cda":
        data["HL7InstanceIdentifier"] = _cda_identifier(content)
    elif kind == "stl":
        _model(data, description)
    return data


def _cda_identifier(content: bytes) -> str:
    """The document's own id, as root^extension: PS3.3 §C.24.2.

    Raises UsageError for a document that has none.
    """
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise UsageError(f"the CDA document is not well formed: {error.msg}", rule="PS3.3 §C.24.2") from error
    found = root.find("{urn:hl7-org:v3}id")
    if found is None or not found.get("root"):
        raise UsageError("the CDA document has no id", rule="PS3.3 §C.24.2")
    extension = found.get("extension")
    return f"{found.get('root')}^{extension}" if extension else str(found.get("root"))


def _model(data: DataSet, description: Description) -> None:
    """What a model for printing says besides: PS3.3 §A.85.1, §C.35."""
    data["FrameOfReferenceUID"] = description.get("FrameOfReferenceUID") or new_uid()
    data["PositionReferenceIndicator"] = None
    data["ManufacturerModelName"] = description.get("ManufacturerModelName", "Chiasm")
    data["DeviceSerialNumber"] = description.get("DeviceSerialNumber", "1")
    data["SoftwareVersions"] = description.get("SoftwareVersions", "1")
    data["MeasurementUnitsCodeSequence"] = [code("mm", "UCUM", "mm")]
    data["ModelModification"] = "NO"
    data["ModelMirroring"] = "NO"
    data["ModelUsageCodeSequence"] = [code("129013", "DCM", "Planning Intent")]
