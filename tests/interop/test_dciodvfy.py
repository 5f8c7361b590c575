"""dciodvfy of dicom3tools as the judge: of what the generators make, and beside our own checker."""

from __future__ import annotations

import importlib.util
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from chiasm import dicom
from chiasm.dicom.encapsulated import encapsulated
from chiasm.dicom.key_objects import key_objects
from chiasm.dicom.secondary_capture import Raster, secondary_capture
from chiasm.dicom.structured_report import measurement_report, structured_report
from chiasm.dicom.validate import validate
from chiasm.errors import Severity
from chiasm.pixels.images import from_array

ABOUT = {
    "PatientName": "Müller^Änne", "PatientID": "4711", "IssuerOfPatientID": "H", "PatientBirthDate": "19700102",
    "PatientSex": "F", "AccessionNumber": "A1", "StudyID": "S1", "ReferringPhysicianName": "Arzt^Anton",
    "StudyDescription": "Thorax", "RequestedProcedureID": "R1", "ScheduledProcedureStepID": "S1",
    "RequestedProcedureDescription": "CT Thorax", "InstitutionName": "H",
}  # fmt: skip
GRAY = np.arange(120, dtype="u1").reshape(12, 10)
COLOR = np.stack([GRAY] * 3, -1)
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
CDA = b'<ClinicalDocument xmlns="urn:hl7-org:v3"><id root="1.2.3" extension="9"/></ClinicalDocument>'
STL = b"\0" * 80 + (1).to_bytes(4, "little") + b"\0" * 50
FINDING = ["121071", "DCM", "Finding"]
NUM = {"type": "NUM", "name": ["410668003", "SCT", "Length"], "value": "12.5", "unit": ["mm", "UCUM", "mm"]}
BELOW = [
    {"type": "TEXT", "name": FINDING, "value": "Keine Auffälligkeit"},
    {"type": "CODE", "name": FINDING, "value": ["17621005", "SCT", "Normal"]},
    {"type": "PNAME", "name": ["121008", "DCM", "Person Observer Name"], "value": "Arzt^A",
     "relationship": "HAS OBS CONTEXT"},
    {"type": "CONTAINER", "name": ["121070", "DCM", "Findings"], "items": [
        {"type": "IMAGE", "value": ["1.2.840.10008.5.1.4.1.1.2", "1.2.3.4", "1.2.3"]}]},
]  # fmt: skip
VERIFIER = {
    "VerifyingObserverName": "A^B",
    "VerifyingOrganization": "H",
    "VerificationDateTime": "20260101120000",
}
GROUP = {"tracking": "L1", "finding": ["52988006", "SCT", "Lesion"], "site": ["39607008", "SCT", "Lung"],
         "measurements": [{key: NUM[key] for key in ("name", "value", "unit")}]}  # fmt: skip


def tree(*more: dict[str, Any]) -> dict[str, Any]:
    return {"type": "CONTAINER", "name": ["121060", "DCM", "History"], "items": [*BELOW, *more]}


def capture(array: Any) -> Callable[[dict[str, Any]], dicom.DataSet]:
    return lambda about: secondary_capture(from_array(array), about)


MADE: dict[str, Callable[[dict[str, Any]], dicom.DataSet]] = {
    "gray": capture(GRAY),
    "gray of 16 bits": capture(GRAY.astype("u2") * 200),
    "color": capture(COLOR),
    "odd size": capture(GRAY[:11, :9]),
    "frames": capture(np.stack([GRAY] * 3)),
    "frames of 16 bits": capture(np.stack([GRAY.astype("u2")] * 3)),
    "frames in color": capture(np.stack([COLOR] * 3)),
    "lossy": lambda about: secondary_capture(Raster(2, 2, 3, 8, (b"abcdefghijkl",), 9.5), about),
    "lossy frames": lambda about: secondary_capture(Raster(2, 2, 3, 8, (b"abcdefghijkl",) * 2, 9.5), about),
    "PDF": lambda about: encapsulated(PDF, about, "Befund"),
    "CDA": lambda about: encapsulated(CDA, about),
    "STL": lambda about: encapsulated(STL, about),
    "basic SR": lambda about: structured_report(tree(), about, "basic"),
    "enhanced SR": lambda about: structured_report(tree(NUM), about, "enhanced"),
    "comprehensive SR": lambda about: structured_report(tree(NUM), about, "comprehensive"),
    "verified SR": lambda about: structured_report(
        tree(), {**about, "VerificationFlag": "VERIFIED", "VerifyingObserverSequence": [VERIFIER]}
    ),
    "measurements": lambda about: measurement_report([GROUP, GROUP], about),
}


@pytest.fixture
def judge(needs_tool, tmp_path) -> Callable[[dicom.DataSet], list[str]]:
    """The error lines of dciodvfy about an object; our own errors are joined to them."""
    program = needs_tool("dciodvfy")

    def errors(data: dicom.DataSet) -> list[str]:
        path = tmp_path / "a.dcm"
        dicom.create(data).write(path)
        done = subprocess.run([program, "-new", str(path)], capture_output=True, check=False, timeout=60)
        lines = (done.stderr + done.stdout).decode("latin-1").splitlines()
        own = [str(one) for one in validate(dicom.read_file(path)) if one.severity is Severity.ERROR]
        return [line for line in lines if line.startswith("Error")] + own

    return errors


@pytest.mark.parametrize(
    "about", [ABOUT, {}, {**ABOUT, "BodyPartExamined": "CHEST"}], ids=["told", "untold", "part"]
)
@pytest.mark.parametrize("kind", MADE)
def test_what_is_generated(judge, kind, about):
    assert judge(MADE[kind](about)) == []


@pytest.mark.parametrize("name", ["CT_small", "MR_small", "test-SR", "rtplan", "waveform_ecg"])
def test_a_selection_of_real_objects(judge, pydicom_data, name):
    path = pydicom_data / "test_files" / f"{name}.dcm"
    assert judge(key_objects([dicom.read_file(path).data], note="Look")) == []


@pytest.fixture(scope="session")
def comparison(project_root: Path) -> ModuleType:
    """The tool that compares, which is no part of the package."""
    spec = importlib.util.spec_from_file_location("compare", project_root / "tools" / "compare_dciodvfy.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules["compare"] = module  # where its dataclasses look for their annotations
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("name", "at_least"),
    [
        ("CT_small.dcm", 0), ("MR_small.dcm", 0), ("JPEG2000.dcm", 1), ("rtplan.dcm", 1), ("rtstruct.dcm", 1),
        ("test-SR.dcm", 1), ("reportsi.dcm", 4), ("liver_1frame.dcm", 2), ("693_J2KI.dcm", 0),
        ("examples_palette.dcm", 0), ("SC_rgb_small_odd.dcm", 1), ("waveform_ecg.dcm", 1),
    ],
)  # fmt: skip
def test_each_difference_is_explained(comparison, needs_tool, pydicom_data, name, at_least):
    found = comparison.compare(needs_tool("dciodvfy"), pydicom_data / "test_files" / name)
    assert found is not None
    assert len(found.both) >= at_least
    for side in ("ours", "theirs"):
        for pair in getattr(found, side):
            assert comparison.why(side, pair), (side, pair)


@pytest.mark.long
def test_each_difference_over_all_files(comparison, needs_tool, project_root):
    program = needs_tool("dciodvfy")
    found = [one for path in comparison.corpus() if (one := comparison.compare(program, path)) is not None]
    page = comparison.page(found)
    assert "unexplained" not in page
    assert page == (project_root / "docs" / "validate-dciodvfy.md").read_text("utf-8")
