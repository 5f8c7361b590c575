"""Headers as JSON: large values by reference, the rest as pydicom has it."""

from __future__ import annotations

import json
from pathlib import Path

import pydicom

from chiasm import dicom
from chiasm.services.metadata import header_json


def test_large_values_stand_by_reference(pydicom_data: Path) -> None:
    path = pydicom_data / "test_files" / "CT_small.dcm"
    found = json.loads(header_json(dicom.read_file(path), "http://h/bulkdata/"))
    assert found["7FE00010"] == {"vr": "OW", "BulkDataURI": "http://h/bulkdata/7FE00010"}
    assert found["00080005"]["Value"] == ["ISO_IR 192"]
    assert list(found) == sorted(found)
    assert set(found) == {f"{one.tag:08X}" for one in pydicom.dcmread(path)}
