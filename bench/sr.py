"""A structured report of 200 content items becomes an ORU^R01 and a FHIR R4 bundle."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ComprehensiveSRStorage, ExplicitVRLittleEndian

from .measure import Row, rate

ITEMS = 200
_ROOT = "1.2.826.0.1.3680043.9.7003"
_SITES = (("45653009", "Upper lobe of right lung"), ("41224006", "Lower lobe of left lung"))
_MEASURES = (
    ("103339001", "Long axis", "mm", "millimeter"),
    ("103340004", "Short axis", "mm", "millimeter"),
    ("118565006", "Volume", "mm3", "cubic millimeter"),
)


def rows() -> list[Row]:
    """The row of structured reports."""
    return [rate("SR with 200 content items → ORU and FHIR", 50, _convert)]


def _convert() -> Callable[[], object]:
    from chiasm import dicom, fhir, mapping  # noqa: F401

    data = report()

    def ours() -> tuple[bytes, bytes]:
        package = dicom.parse(data)
        return mapping.convert(package, "oru").output, mapping.convert(package, "fhir").output

    oru, bundle = ours()
    assert oru.count(b"\rOBX|") >= ITEMS / 2
    assert b'"Observation"' in bundle
    return ours


def report() -> bytes:
    """A Comprehensive SR of 200 content items below its root, as a Part 10 file.

    40 groups, each a container of three measurements and a finding site, in the style of a lesion
    follow-up; written by pydicom, so that nothing under test made it.
    """
    data_set = Dataset()
    data_set.file_meta = FileMetaDataset()
    data_set.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data_set.SpecificCharacterSet = "ISO_IR 192"
    data_set.SOPClassUID, data_set.SOPInstanceUID = ComprehensiveSRStorage, f"{_ROOT}.1"
    data_set.file_meta.MediaStorageSOPClassUID = ComprehensiveSRStorage
    data_set.file_meta.MediaStorageSOPInstanceUID = data_set.SOPInstanceUID
    data_set.StudyInstanceUID, data_set.SeriesInstanceUID = f"{_ROOT}.2", f"{_ROOT}.3"
    data_set.PatientName, data_set.PatientID, data_set.IssuerOfPatientID = (
        "Okafor^Margaret",
        "7730914",
        "GENHOSP",
    )
    data_set.PatientBirthDate, data_set.PatientSex = "19580922", "F"
    data_set.StudyDate = data_set.ContentDate = "20260314"
    data_set.StudyTime = data_set.ContentTime = "092200"
    data_set.AccessionNumber, data_set.StudyID, data_set.ReferringPhysicianName = "A1026033", "1", ""
    data_set.Modality, data_set.Manufacturer = "SR", "Example"
    data_set.SeriesNumber = data_set.InstanceNumber = "1"
    data_set.ReferencedPerformedProcedureStepSequence = []
    data_set.PerformedProcedureCodeSequence = []
    data_set.CompletionFlag, data_set.VerificationFlag = "COMPLETE", "UNVERIFIED"
    data_set.ValueType, data_set.ContinuityOfContent = "CONTAINER", "SEPARATE"
    data_set.ConceptNameCodeSequence = [_code("126000", "DCM", "Imaging Measurement Report")]
    data_set.ContentSequence = list(_groups())
    buffer = io.BytesIO()
    data_set.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _groups() -> Iterator[Dataset]:
    for number in range(ITEMS // 5):
        group = _item("CONTAINS", "CONTAINER", _code("125007", "DCM", "Measurement Group"))
        group.ContinuityOfContent = "SEPARATE"
        site = _item("CONTAINS", "CODE", _code("363698007", "SCT", "Finding Site"))
        site.ConceptCodeSequence = [_code(_SITES[number % 2][0], "SCT", _SITES[number % 2][1])]
        group.ContentSequence = [site, *(_measurement(number, *measure) for measure in _MEASURES)]
        yield group


def _measurement(number: int, code: str, name: str, unit: str, unit_name: str) -> Dataset:
    item = _item("CONTAINS", "NUM", _code(code, "SCT", name))
    measured = Dataset()
    measured.NumericValue = f"{4 + number / 10:.1f}"
    measured.MeasurementUnitsCodeSequence = [_code(unit, "UCUM", unit_name)]
    item.MeasuredValueSequence = [measured]
    return item


def _item(relationship: str, value_type: str, name: Dataset) -> Dataset:
    item = Dataset()
    item.RelationshipType, item.ValueType, item.ConceptNameCodeSequence = relationship, value_type, [name]
    return item


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, scheme, meaning
    return code
