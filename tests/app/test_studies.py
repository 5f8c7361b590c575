"""One message for each study."""

import json
import shutil
from pathlib import Path

import pytest

from chiasm import dicom, hl7
from chiasm.app.request import Manner, Request
from chiasm.app.studies import convert_studies


@pytest.fixture
def two_studies(tmp_path, ct, pydicom_data):
    """Two images of one study, one of another, a media directory, and a text."""
    top = tmp_path / "in"
    top.mkdir()
    shutil.copy(ct, top / "1.dcm")
    second = dicom.read_file(ct)
    second.data["SOPInstanceUID"] = "1.2.3.4"
    second.write(top / "2.dcm")
    shutil.copy(pydicom_data / "test_files" / "MR_small.dcm", top / "3.dcm")
    shutil.copy(pydicom_data / "test_files" / "dicomdirtests" / "DICOMDIR", top / "DICOMDIR")
    (top / "notes.json").write_text('{"resourceType": "Patient"}')
    return top


def convert(top, destination, **more):
    return list(convert_studies(Request((str(top),), str(destination), **more)))


def test_each_study_is_one_message_and_every_other_file_is_told_of(two_studies, tmp_path):
    found = convert(two_studies, tmp_path / "out", ledger="yes")
    assert sorted(one.error.partition(": ")[2] for one in found if one.error) == [
        "fhir, which belongs to no study",
        "it belongs to no study",
    ]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        *("study-0001.hl7", "study-0001.hl7.ledger.jsonl"),
        *("study-0002.hl7", "study-0002.hl7.ledger.jsonl"),
    ]
    message = hl7.parse((tmp_path / "out" / "study-0001.hl7").read_bytes())
    studies = [one.text(5) for one in message.segments_named("OBX") if "113014" in one.text(3)]
    assert studies == [dicom.read_file(two_studies / "1.dcm").get("StudyInstanceUID")]
    ledger = (tmp_path / "out" / "study-0001.hl7.ledger.jsonl").read_text().splitlines()
    assert len(ledger) == sum(next(one for one in found if one.outputs).counts)
    assert json.loads(ledger[0])["disposition"] in {"mapped", "dropped"}


def test_a_destination_with_a_suffix_is_the_first_studys_file(two_studies, tmp_path):
    outputs = [one.outputs for one in convert(two_studies, tmp_path / "s.json") if one.outputs]
    assert outputs == [(str(tmp_path / "s.json"),), (str(tmp_path / "s-2.json"),)]
    assert json.loads((tmp_path / "s.json").read_text())["resourceType"] == "Bundle"


def test_what_no_route_does_is_told_for_each_study(two_studies, tmp_path):
    found = convert(two_studies, tmp_path / "out", manner=Manner("worklist"))
    assert all(one.error for one in found)


def test_a_study_of_more_large_files_than_a_process_may_have_open(chiasm, ct, tmp_path):
    top = tmp_path / "in"
    top.mkdir()
    data = ct.read_bytes() + b"\xfc\xff\xfc\xffOB\0\0\0\0\4\0" + b"\0" * (4 << 16)
    for number in range(80):
        (top / f"{number}.dcm").write_bytes(data)
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    held = len(list(Path("/dev/fd").iterdir()))  # by the tests that ran before
    resource.setrlimit(resource.RLIMIT_NOFILE, (held + 50, hard))
    try:
        done = chiasm("convert", "--study", "in", "o.hl7")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert done.stdout == b"1 converted, 0 not\n"
