"""HAPI, an independent validator of FHIR R4, finds no error in the bundles that conversions make.

Needs Java and HAPI's class path, which Maven writes:

    mvn -f tests/interop/hapi dependency:build-classpath -Dmdep.outputFile=/tmp/hapi.classpath
    CHIASM_HAPI_CLASSPATH=/tmp/hapi.classpath pytest tests/interop/test_fhir_hapi.py
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from chiasm import dicom, mapping

CLASSPATH = os.environ.get("CHIASM_HAPI_CLASSPATH", "")
SOURCE = Path(__file__).parent / "hapi" / "Validate.java"
FILES = ("CT_small.dcm", "MR_small.dcm", "test-SR.dcm", "reportsi.dcm", "rtplan.dcm", "JPEG2000.dcm")


@pytest.mark.long
@pytest.mark.skipif(not CLASSPATH or not shutil.which("java"), reason="needs Java and CHIASM_HAPI_CLASSPATH")
def test_hapi_finds_no_error(pydicom_data: Path, tmp_path: Path) -> None:
    made = []
    for name in FILES:
        path = tmp_path / f"{name}.json"
        path.write_bytes(mapping.convert(dicom.read_file(pydicom_data / "test_files" / name), "fhir").output)
        made.append(str(path))
    command = ["java", "-cp", Path(CLASSPATH).read_text("utf-8").strip(), str(SOURCE), *made]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith(str(tmp_path))]
    assert sum(line.endswith("\tchecked") for line in lines) == len(FILES), done.stderr[-2000:]
    assert [line for line in lines if not line.endswith("\tchecked")] == []
