"""The header of an SR document, both ways. PS3.3 §C.17.2."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chiasm import dicom
from chiasm.mapping.report_header import read_header, reference_items, write_header
from chiasm.model import (
    Identifier,
    Instant,
    Issuer,
    NameGroup,
    Person,
    PersonName,
    Reference,
    Report,
    Signature,
)

ROOT = ("", "CONTAINER", ("1", "99X", "Root"), {"ContinuityOfContent": "SEPARATE"}, [])
OBJECT = {"ReferencedSOPClassUID": "1.2.840.10008.5.1.4.1.1.2", "ReferencedSOPInstanceUID": "1.2.9"}
SERIES = {"SeriesInstanceUID": "1.2.3.1", "ReferencedSOPSequence": [OBJECT]}
EVIDENCE = [{"StudyInstanceUID": "1.2.3", "ReferencedSeriesSequence": [SERIES]}]
VERIFIER = {
    "VerifyingObserverName": "Doe^Jane",
    "VerifyingObserverIdentificationCodeSequence": ("7", "99HOSP", "Jane Doe"),
    "VerifyingOrganization": "Hospital",
    "VerificationDateTime": "20240131130000",
}
DEVICE = {
    "ObserverType": "DEV",
    "DeviceUID": "1.2.88",
    "StationName": "CT1",
    "ParticipationType": "SOURCE",
    "ParticipationDateTime": "20240131125959",
    "InstitutionName": "Hospital",
}
JANE = Person(PersonName(NameGroup("Doe", "Jane")), Identifier("7", Issuer("99HOSP")))


def _report(package: Callable[..., dicom.Package]) -> Report:
    data = package(
        ROOT,
        VerificationFlag="VERIFIED",
        PreliminaryFlag="FINAL",
        TimezoneOffsetFromUTC="+0100",
        VerifyingObserverSequence=[VERIFIER],
        ParticipantSequence=[DEVICE],
        CurrentRequestedProcedureEvidenceSequence=EVIDENCE,
        PredecessorDocumentsSequence=EVIDENCE,
    ).data
    fields: dict[str, Any] = read_header(data, "zone").fields
    return Report(**fields)


def test_flags_times_and_signatures_are_read(sr_package: Callable[..., dicom.Package]) -> None:
    report = _report(sr_package)
    assert (report.completed, report.verified, report.preliminary, report.status) == (
        True,
        True,
        "FINAL",
        "F",
    )
    assert report.issued == Instant("20240131120000", "", "+0100")
    assert report.verifiers == (Signature(JANE, "Hospital", Instant("20240131130000")),)
    device = report.participants[0]
    assert (device.device, device.part, device.person.name.alphabetic.family) == ("1.2.88", "SOURCE", "CT1")


def test_references_have_their_study_series_and_role(sr_package: Callable[..., dicom.Package]) -> None:
    roles = [(one.instance, one.series, one.study, one.role) for one in _report(sr_package).references]
    assert roles == [("1.2.9", "1.2.3.1", "1.2.3", "evidence"), ("1.2.9", "1.2.3.1", "1.2.3", "predecessor")]


def test_a_header_written_is_read_equal(sr_package: Callable[..., dicom.Package]) -> None:
    report = _report(sr_package)
    data = dicom.DataSet(
        {"ContentDate": "20240131", "ContentTime": "120000", "TimezoneOffsetFromUTC": "+0100"}
    )
    write_header(report, "", data)
    assert Report(**read_header(data, "zone").fields) == report


def test_what_was_read_is_noted(sr_package: Callable[..., dicom.Package]) -> None:
    data = sr_package(ROOT, VerifyingObserverSequence=[VERIFIER]).data
    noted = {read.concept: read.leaves for read in read_header(data, "").reads}
    assert noted["report.completed"] == [("", 0x0040A491, "")]
    assert ("0040A073/0/", 0x0040A075, "") in noted["report.verifiers"]


def test_a_broken_time_is_no_time_and_not_noted(sr_package: Callable[..., dicom.Package]) -> None:
    data = sr_package(ROOT, VerifyingObserverSequence=[VERIFIER]).data
    data["VerifyingObserverSequence/0/VerificationDateTime"] = "tomorrow"
    header = read_header(data, "")
    assert header.fields["verifiers"][0].when is None
    noted = [leaf for read in header.reads for leaf in read.leaves]
    assert ("0040A073/0/", 0x0040A030, "") not in noted


def test_references_are_grouped_by_study_and_series() -> None:
    named = [Reference("1.1", f"1.{n}", series=f"2.{n // 2}", study="3") for n in range(4)]
    items = reference_items(named, dicom.DataSet)
    assert len(items) == 1
    series = items[0].element("ReferencedSeriesSequence")
    assert series is not None
    assert [len(one.element("ReferencedSOPSequence").items) for one in series.items] == [2, 2]  # type: ignore[union-attr]  # it is there
