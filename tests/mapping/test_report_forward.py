"""SR documents become ORU^R01: every leaf said or told of. RAD TF-2 §4.28; docs/mapping-sr.md."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chiasm import dicom, hl7
from chiasm.errors import UsageError
from chiasm.mapping import Result, crosswalk, report_back, report_forward
from chiasm.mapping.sr_items import read_items
from chiasm.model import Sender

CROSSWALK = crosswalk.default()
REPORTS = ["test-SR.dcm", "reportsi.dcm", "reportsi_with_empty_number_tags.dcm"]
CHANGED: dict[str, object] = {
    "UI": "1.2.99",
    "DA": "19990101",
    "TM": "010101",
    "DT": "19990101010101",
    "IS": "77",
    "DS": "77",
    "PN": "Mutant^X",
    **dict.fromkeys(["US", "UL", "SL", "SS"], 77),
    **dict.fromkeys(["FL", "FD"], 77.5),
    **dict.fromkeys(["OB", "OF", "OW", "UN"], b"mutant"),
}
Package = Callable[..., dicom.Package]


def _message(package: dicom.Package, sender: Sender, **options: Any) -> Result:
    return report_forward.to_message([("", package)], "oru", CROSSWALK, sender, **options)


def test_a_measurement_report(sr_package: Package, measurement_report: Any, sender: Sender) -> None:
    lines = _message(sr_package(measurement_report), sender).output.decode().split("\r")
    length = [line for line in lines if "|410668003^Length^SCT^NUM^CONTAINS^99CHIASM|" in line]
    assert length[0].split("|")[2:7] == [
        "NM",
        "410668003^Length^SCT^NUM^CONTAINS^99CHIASM",
        "1.1.1.4",
        "12.5",
        "mm^millimeter^UCUM",
    ]
    assert length[0].endswith("|126410^SUV body weight^DCM")
    assert any("^SCOORD^INFERRED FROM^99CHIASM|1.1.1.4.2|POLYLINE~1.5~2~3.25~4|" in line for line in lines)
    assert any("|114006^Measurement failure^DCM|" in line for line in lines)
    assert any(line.startswith("OBR|1|||126000^Imaging Measurement Report^DCM|") for line in lines)


def test_a_dose_report(sr_package: Package, dose_report: Any, sender: Sender) -> None:
    lines = _message(sr_package(dose_report), sender).output.decode().split("\r")
    product = [line.split("|") for line in lines if "122130^Dose Area Product" in line]
    assert (product[0][2], product[0][5], product[0][6]) == ("NM", "0.000012", "Gy.m2^Gy.m2^UCUM")
    started = [line.split("|") for line in lines if "111526^DateTime Started" in line]
    assert (started[0][2], started[0][5]) == ("TS", "20240131110000.1234")


@pytest.mark.parametrize("sample", ["measurement_report", "dose_report"])
def test_the_tree_comes_back_equal(
    sr_package: Package, sender: Sender, sample: str, request: pytest.FixtureRequest
) -> None:
    package = sr_package(request.getfixturevalue(sample))
    message = hl7.parse(_message(package, sender).output)
    again = dicom.parse(report_back.to_sr(message, CROSSWALK).output)
    assert read_items(again.data).items == read_items(package.data).items


@pytest.mark.parametrize("name", REPORTS)
def test_real_reports_come_back_equal(pydicom_data: Path, sender: Sender, name: str) -> None:
    package = dicom.read_file(pydicom_data / "test_files" / name)
    message = hl7.parse(_message(package, sender).output)
    again = dicom.parse(report_back.to_sr(message, CROSSWALK).output)
    assert read_items(again.data).items == read_items(package.data).items


@pytest.mark.parametrize("name", REPORTS)
def test_every_leaf_is_in_the_ledger_once(pydicom_data: Path, sender: Sender, name: str) -> None:
    package = dicom.read_file(pydicom_data / "test_files" / name)
    sources = [entry.source for entry in _message(package, sender).ledger]
    assert sorted(sources) == sorted(set(sources))
    assert {path for path, _ in package.data.walk()} <= set(sources)


@pytest.mark.parametrize("name", REPORTS)
def test_no_leaf_is_lost_in_silence(pydicom_data: Path, sender: Sender, name: str) -> None:
    raw = (pydicom_data / "test_files" / name).read_bytes()
    before = _message(dicom.parse(raw), sender)
    said = {entry.source for entry in before.ledger if entry.disposition != "dropped"}
    silent = []
    for path, element in dicom.parse(raw).data.walk():
        if path not in said or element.vr == "SQ":
            continue
        mutant = dicom.parse(raw)
        mutant.data.set(path, CHANGED.get(element.vr, "MUTANT"), element.vr)
        after = _message(mutant, sender)
        told = [[(one.source, one.disposition) for one in made.ledger] for made in (before, after)]
        if after.output == before.output and told[0] == told[1]:
            silent.append(path)
    assert silent == []


def test_status_time_and_interpreter(sr_package: Package, dose_report: Any, sender: Sender) -> None:
    verifier = {
        "VerifyingObserverName": "Doe^Jane",
        "VerifyingObserverIdentificationCodeSequence": ("7", "99HOSP", "Jane Doe"),
        "VerifyingOrganization": "Hospital",
        "VerificationDateTime": "20240131130000",
    }
    package = sr_package(dose_report, VerificationFlag="VERIFIED", VerifyingObserverSequence=[verifier])
    message = hl7.parse(_message(package, sender).output)
    assert (message["OBR-22"], message["OBR-25"]) == ("20240131120000", "F")
    assert (message["OBR-32.1.2"], message["OBR-32.2"]) == ("Doe", "20240131130000")


def test_carry_all_takes_along_what_has_no_row(sr_package: Package, dose_report: Any, sender: Sender) -> None:
    result = _message(sr_package(dose_report), sender, carry_all=True)
    counts = result.ledger.counts()
    meta = [entry for entry in result.ledger if entry.rule == "file-meta"]
    assert counts["dropped"] == len(meta)


def test_a_report_is_told_from_an_image() -> None:
    assert report_forward.is_report(dicom.DataSet({"ValueType": "CONTAINER"}))
    assert not report_forward.is_report(dicom.DataSet({"Modality": "CT"}))


def test_several_reports_are_refused(sr_package: Package, dose_report: Any, sender: Sender) -> None:
    package = sr_package(dose_report)
    with pytest.raises(UsageError, match="of its own"):
        report_forward.to_message([("a", package), ("b", package)], "oru", CROSSWALK, sender)
