"""The crossing: both sides are drawn, and every element of the source is accounted for."""

from __future__ import annotations

from pathlib import Path

import pytest

from chiasm import dicom
from chiasm.console.crossing import TARGETS, crossing


@pytest.mark.parametrize("to", ["oru", "omi", "orm", "omg", "adt", "fhir"])
def test_every_element_has_its_line(pydicom_data: Path, to: str) -> None:
    package = dicom.read_file(pydicom_data / "test_files/CT_small.dcm")
    shown = crossing(package, to)
    assert to in TARGETS
    assert not shown.failure
    assert sum(shown.counts.values()) == len(shown.lines)
    paths = {line.path for line in shown.lines}
    assert {path for path, _ in package.data.walk()} <= paths
    (name,) = [line for line in shown.lines if line.path == "00100010"]
    assert (name.name, name.value) == ("PatientName", "CompressedSamples^CT1")
    if to == "fhir":
        assert name.place in {node.path for node in shown.bundle} | {
            node.path.rpartition(".")[0] for node in shown.bundle
        }
    else:
        texts = {field.place: field.text for fields in shown.segments for field in fields}
        assert texts[name.place] == "CompressedSamples^CT1"


def test_an_observation_is_found_by_its_code(pydicom_data: Path) -> None:
    shown = crossing(dicom.read_file(pydicom_data / "test_files/CT_small.dcm"), "oru")
    (line,) = [line for line in shown.lines if line.path == "00080060"]
    texts = {field.place: field.text for fields in shown.segments for field in fields}
    assert texts[line.place] == "CT"
    assert texts["MSH[1]-2"] == "^~\\&"


def test_what_has_no_such_form_says_why(pydicom_data: Path) -> None:
    shown = crossing(dicom.read_file(pydicom_data / "test_files/CT_small.dcm"), "mdm")
    assert shown.failure
    assert not shown.segments
