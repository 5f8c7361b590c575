"""`chiasm generate` from files to a file, for each kind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from chiasm import dicom
from chiasm.app.command_generate import KINDS, Request, description, generate_command
from chiasm.errors import ChiasmError, ParseError, UsageError

ABOUT = {
    "PatientName": "Müller^Änne", "PatientID": "4711", "AccessionNumber": "A1", "RequestedProcedureID": "R1",
    "ScheduledStationAETitle": "CT1", "ScheduledProcedureStepStartDate": "20260101",
    "ScheduledProcedureStepStartTime": "0900", "Modality": "OT", "ScheduledProcedureStepID": "S1",
    "ScheduledProcedureStepDescription": "Head", "RequestedProcedureDescription": "Head",
}  # fmt: skip
ORDER = (
    "MSH|^~\\&|HIS|H|RIS|H|20260101||OMI^O23^OMI_O23|1|P|2.5.1|||||||UNICODE UTF-8\r"
    "PID|1||4711^^^H||Müller^Änne||19700102|F\r"
    "ORC|NW|P1|F1||SC||^^^20260102090000\r"
    "OBR|1|P1|F1|CTH^CT Head^99A|||||||||||||||A1|R1|S1||||CT\r"
    "IPC|A1|R1|1.2.3.4|S1|CT|CTH^CT Head^99A|||CT1\r"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "about.json").write_text(json.dumps(ABOUT), "utf-8")
    (tmp_path / "order.hl7").write_bytes(ORDER.encode())
    Image.new("L", (6, 4), 9).save(tmp_path / "a.png")
    Image.new("L", (6, 4), 8).save(tmp_path / "b.png")
    Image.new("RGB", (6, 4)).save(tmp_path / "c.png")
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4\n%%EOF")
    (tmp_path / "a.xml").write_bytes(
        b'<ClinicalDocument xmlns="urn:hl7-org:v3"><id root="1.2"/></ClinicalDocument>'
    )
    (tmp_path / "a.stl").write_bytes(b"solid x\nendsolid x\n")
    name, unit = ["410668003", "SCT", "Length"], ["mm", "UCUM", "mm"]
    tree = {"type": "CONTAINER", "name": ["121060", "DCM", "History"], "items": []}
    (tmp_path / "sr.json").write_text(json.dumps(tree))
    group = {"tracking": "1", "measurements": [{"name": name, "value": 1, "unit": unit}]}
    (tmp_path / "m.json").write_text(json.dumps({"groups": [group]}))
    return tmp_path


def make(
    folder: Path, kind: str, sources: list[str], about: str = "about.json", **more: str
) -> dicom.Package:
    target = folder / "out.dcm"
    names = tuple(str(folder / name) for name in sources)
    assert generate_command(Request(kind, names, str(target), str(folder / about), **more)) == 0
    return dicom.read_file(target)


@pytest.mark.parametrize(
    ("kind", "sources", "sop_class"),
    [
        ("sc", ["a.png"], "1.2.840.10008.5.1.4.1.1.7"),
        ("sc", ["a.png", "b.png"], "1.2.840.10008.5.1.4.1.1.7.2"),
        ("pdf", ["a.pdf"], "1.2.840.10008.5.1.4.1.1.104.1"),
        ("cda", ["a.xml"], "1.2.840.10008.5.1.4.1.1.104.2"),
        ("stl", ["a.stl"], "1.2.840.10008.5.1.4.1.1.104.3"),
        ("sr", ["sr.json"], "1.2.840.10008.5.1.4.1.1.88.11"),
        ("measurements", ["m.json"], "1.2.840.10008.5.1.4.1.1.88.33"),
        ("worklist", [], "1.2.840.10008.5.1.4.31"),
        ("mpps", [], "1.2.840.10008.3.1.2.3.3"),
    ],
)
def test_each_kind(folder, capsys, kind, sources, sop_class):
    package = make(folder, kind, sources)
    assert package["SOPClassUID"] == package.header[0x00020002] == sop_class
    assert package["PatientName"] == ABOUT["PatientName"]
    assert capsys.readouterr().err == ""


def test_a_selection(folder, pydicom_data):
    ct = str(pydicom_data / "test_files" / "CT_small.dcm")
    target = folder / "ko.dcm"
    assert generate_command(Request("ko", (ct,), str(target), title="Look")) == 0
    assert dicom.read_file(target)["ContentSequence/0/TextValue"] == "Look"


def test_frames_in_the_order_of_their_names(folder):
    package = make(folder, "sc", ["b.png", "a.png"])
    assert package.raw("PixelData") == b"\x08" * 24 + b"\x09" * 24


@pytest.mark.parametrize("kind", ["sc", "worklist", "mpps"])
def test_from_an_hl7_order(folder, capsys, kind):
    package = make(folder, kind, ["a.png"] if kind == "sc" else [], "order.hl7")
    assert package["PatientName"] == "Müller^Änne"
    path = {"mpps": "ScheduledStepAttributesSequence/0/"}.get(kind, "")
    assert package[f"{path}AccessionNumber"] == "A1"
    assert package[f"{path}StudyInstanceUID"] == "1.2.3.4"
    assert capsys.readouterr().err == ""


def test_what_breaks_the_standard_is_said(folder, capsys):
    (folder / "about.json").write_text(json.dumps({**ABOUT, "PatientSex": "female"}))
    target = folder / "out.dcm"
    request = Request("sc", (str(folder / "a.png"),), str(target), str(folder / "about.json"))
    assert generate_command(request) == 1
    assert "00100040" in capsys.readouterr().err
    assert target.exists()


@pytest.mark.parametrize(
    ("kind", "sources"),
    [
        ("nonsense", []),
        ("pdf", ["a.png"]),
        ("pdf", ["a.pdf", "a.pdf"]),
        ("sc", ["a.png", "c.png"]),
        ("sc", ["about.json"]),
        ("sr", ["a.png"]),
        ("sc", []),
    ],
)
def test_what_cannot_be(folder, kind, sources):
    target = folder / "out.dcm"
    with pytest.raises(ChiasmError):
        generate_command(Request(kind, tuple(str(folder / name) for name in sources), str(target)))
    assert not target.exists()


def test_kinds_are_all_there():
    assert set(KINDS) == {"sc", "pdf", "cda", "stl", "sr", "measurements", "ko", "worklist", "mpps"}


def test_descriptions(tmp_path):
    assert description("") == {}
    (tmp_path / "a").write_text("[1]")
    (tmp_path / "b").write_text("{")
    for name in "ab":
        with pytest.raises(ParseError):
            description(str(tmp_path / name))
    (tmp_path / "c").write_text('{"NoKeyword": 1}')
    with pytest.raises(UsageError):
        generate_command(Request("worklist", (), str(tmp_path / "x.dcm"), str(tmp_path / "c")))
