"""The DICOM JSON model, against the standard, pydicom and DCMTK."""

import contextlib
import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chiasm import dicom
from chiasm.dicom import DataSet
from chiasm.dicom.json_model import from_dict, parse_json, to_dict, to_json
from chiasm.errors import ChiasmError, LimitError, ParseError
from chiasm.limits import Limits


def same(one: object, other: object) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return one.rstrip("=") == other.rstrip("=")
    if isinstance(one, bytes) and isinstance(other, bytes):
        return one + b"\0" * (len(one) & 1) == other
    return one == other or (one != one and other != other)


def leaves(data: DataSet) -> dict[str, object]:
    """Values in little endian order, without group lengths."""
    return {path: element.value for path, element in data.walk() if element.tag & 0xFFFF}


def test_every_file_comes_back(pydicom_files: list[Path]) -> None:
    tried = 0
    for path in pydicom_files:
        try:
            package = dicom.read_file(path)
        except ChiasmError:
            continue
        if not package.transfer_syntax.little_endian:
            continue
        there, back = leaves(package.data), leaves(parse_json(package.to_json()))
        assert there.keys() == back.keys(), path.name
        assert [p for p in there if not same(there[p], back[p])] == [], path.name
        tried += 1
    assert tried > 150


@pytest.mark.parametrize("name", ["CT_small.dcm", "rtplan.dcm", "test-SR.dcm"])
def test_it_is_what_pydicom_writes(name: str, pydicom_files: list[Path]) -> None:
    pydicom = pytest.importorskip("pydicom")
    path = next(one for one in pydicom_files if one.name == name)
    theirs = json.loads(pydicom.dcmread(path).to_json())
    ours = json.loads(dicom.read_file(path).to_json())
    assert ours.keys() == theirs.keys()
    for tag, entry in ours.items():
        if entry["vr"] in {"SQ", "UN"}:
            continue
        expected = theirs[tag].get("Value")
        got = entry.get("Value")
        if entry["vr"] in {"DS", "IS"} and got:
            got = [None if one is None else float(one) for one in got]
            expected = [None if one is None else float(one) for one in expected]
        assert got == expected, tag
        if entry["vr"] in {"OB", "OW"}:
            assert entry.get("InlineBinary") == theirs[tag].get("InlineBinary"), tag


def test_it_is_what_dcmtk_writes(needs_tool, pydicom_files: list[Path]) -> None:
    needs_tool("dcm2json")
    path = next(one for one in pydicom_files if one.name == "reportsi.dcm")
    theirs = json.loads(subprocess.run(["dcm2json", str(path)], capture_output=True, check=True).stdout)
    ours = json.loads(dicom.read_file(path).to_json())
    assert ours["00100010"] == theirs["00100010"]
    assert ours["0040A730"]["Value"][0]["0040A043"] == theirs["0040A730"]["Value"][0]["0040A043"]


def test_values_of_each_kind() -> None:
    data = DataSet(charset="ISO_IR 192")
    data["PatientName"] = "Yamada^Tarou=山田^太郎"
    data["SliceThickness"] = "1.50"
    data["SeriesNumber"] = "7"
    data["FrameIncrementPointer"] = 0x00181063
    data.set(0x00186028, (1.5, float("nan"), float("inf")), "FD")
    data["ImageType"] = ("ORIGINAL", "", "AXIAL")
    data["AccessionNumber"] = None
    found = to_dict(data)
    assert found["00100010"] == {
        "vr": "PN",
        "Value": [{"Alphabetic": "Yamada^Tarou", "Ideographic": "山田^太郎"}],
    }
    assert found["00180050"]["Value"] == ["1.50"]
    assert found["00200011"]["Value"] == [7]
    assert found["00280009"]["Value"] == ["00181063"]
    assert found["00186028"]["Value"] == [1.5, "NaN", "Infinity"]
    assert found["00080008"]["Value"] == ["ORIGINAL", None, "AXIAL"]
    assert found["00080050"] == {"vr": "SH"}


def test_big_endian_words_are_turned_round() -> None:
    data = DataSet()
    data.set(0x7FE00010, b"\x01\x02\x03\x04", "OW")
    package = dicom.create({"SOPClassUID": "1.2", "SOPInstanceUID": "1.3"})
    package.data.set(0x7FE00010, b"\x01\x02\x03\x04", "OW")
    big = dicom.parse(package.encode("1.2.840.10008.1.2.2"))
    assert to_dict(big.data)["7FE00010"] == to_dict(package.data)["7FE00010"]


def test_bulk_data_by_reference() -> None:
    store: dict[str, bytes] = {}

    def put(path: str, raw: bytes) -> str | None:
        store[path] = raw
        return f"file:{path}" if len(raw) > 4 else None

    data = DataSet()
    data.set(0x7FE00010, b"\0" * 8, "OW")
    data.set(0x00091001, b"ab", "OB")
    text = to_json(data, bulk=put)
    assert json.loads(text)["7FE00010"] == {"vr": "OW", "BulkDataURI": "file:7FE00010"}
    back = parse_json(text, bulk=lambda uri: store[uri.removeprefix("file:")])
    assert back.raw(0x7FE00010) == b"\0" * 8
    with pytest.raises(ParseError, match="reference"):
        parse_json(text)


def test_depth_costs_nothing_on_the_way_out_and_is_refused_on_the_way_in() -> None:
    data = inner = DataSet({"CodeValue": "0"})
    for _ in range(800):
        child = DataSet({"CodeValue": "1"})
        inner["ProcedureCodeSequence"] = [child]
        inner = child
    text = to_json(data)
    assert text.count('"00080100"') == 801
    with pytest.raises(LimitError):
        parse_json('{"00081032":{"vr":"SQ","Value":[' * 20_000)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        ("[1]", "object"),
        ('{"x":{}}', "no tag"),
        ('{"00100010":1}', "element is an object"),
        ('{"7FE00010":{"vr":"OW","InlineBinary":"!!"}}', "Base64"),
        ('{"00280010":{"vr":"US","Value":["x"]}}', "no value of US"),
    ],
)
def test_what_is_not_dicom_json_is_refused(text: str, message: str) -> None:
    with pytest.raises(ParseError, match=message):
        parse_json(text)


def test_a_budget_of_bytes() -> None:
    with pytest.raises(LimitError):
        parse_json("{}" + " " * 100, limits=Limits(json_bytes=50))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda x: st.lists(x) | st.dictionaries(st.text(), x),
    )
)
def test_nothing_but_our_own_errors(value: object) -> None:
    with contextlib.suppress(ChiasmError):
        from_dict(value)


def test_truncation_at_each_offset(pydicom_files: list[Path]) -> None:
    path = next(one for one in pydicom_files if one.name == "test-SR.dcm")
    text = dicom.read_file(path).to_json()[:1500]
    for end in range(0, len(text), 3):
        with pytest.raises(ParseError):
            parse_json(text[:end])
