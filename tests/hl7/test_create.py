"""Messages of plain mappings: nothing is lost, what comes out is valid."""

import base64
from collections import OrderedDict
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from chiasm import dicom, hl7
from chiasm.errors import EncodeError, Severity, UsageError


def errors(message):
    return [finding for finding in message.validate() if finding.severity is Severity.ERROR]


def rows(message):
    return [
        (o.text(2), (o.get(3, 1, 1, 1) or o.get(3, 1, 2, 1)), o.text(4), o.text(5))
        for o in message.segments_named("OBX")
    ]


def test_paths_are_placed_and_keys_become_observations():
    made = hl7.create_message(
        {
            "PID-3": ("7", "", "", ("H", "1.2", "ISO"), "MR"),
            "PID-5.1": "O^Neil",
            "OBR-4": ("71260", "CT", "C4"),
            "MSH-10": "X1",
            "Modality": "CT",
            "Rows": 512,
            "Spacing": [0.5, 0.25],
        }
    )
    assert made["MSH-9"] == "ORU^R01^ORU_R01"
    assert (made["MSH-10"], made["MSH-12"]) == ("X1", "2.5.1")
    assert made["PID-3.4.2"] == "1.2"
    assert made["PID-5.1"] == "O^Neil"
    assert rows(made) == [
        ("ST", "Modality", "", "CT"),
        ("NM", "Rows", "", "512"),
        ("NM", "Spacing", "", "0.5~0.25"),
    ]
    assert errors(made) == []
    assert hl7.parse(made.encode()).encode() == made.encode()


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        ("x|y", "ST", "x\\F\\y"),
        ("a" * 200, "TX", "a" * 200),
        ("a\nb", "TX", "a\\X0A\\b"),
        (True, "ID", "Y"),
        (-3, "NM", "-3"),
        (1e-7, "NM", "0.0000001"),
        (1e300, "ST", "1e+300"),
        (float("nan"), "ST", "nan"),
        (Decimal("1.50"), "NM", "1.50"),
        (date(2026, 1, 2), "DT", "20260102"),
        (time(1, 2, 3), "TM", "010203"),
        (datetime(2026, 1, 2, 3, 4, 5, 600, tzinfo=UTC), "TS", "20260102030405.0006+0000"),
        (datetime(2026, 1, 2, 3, 4, 5, 1), "ST", "2026-01-02T03:04:05.000001"),
        (b"\x00\xff", "ED", "^AP^Octet-stream^Base64^AP8="),
        ([1, "a"], "ST", "1~a"),
        (["", None, "x"], "ST", "~~x"),
        (None, "ST", ""),
    ],
)
def test_each_type_has_its_place(value, kind, text):
    made = hl7.create_message({"key": value})
    assert rows(made) == [(kind, "key", "", text)]
    assert errors(made) == []


def test_nested_mappings_get_dotted_numbers():
    made = hl7.create_message({"a": 1, "s": [{"x": 1, "y": {"z": b"1"}}, {"x": 2}], "e": [], "d": {}})
    assert rows(made) == [
        ("NM", "a", "", "1"),
        ("NM", "s", "2", "2"),
        ("NM", "x", "2.1.1", "1"),
        ("ST", "y", "2.1.2", ""),
        ("ED", "z", "2.1.2.1", "^AP^Octet-stream^Base64^MQ=="),
        ("NM", "x", "2.2.1", "2"),
        ("NM", "e", "3", "0"),
        ("ST", "d", "4", ""),
    ]
    assert made["OBX[5]-3.2"] == "s.y.z"
    assert errors(made) == []


def test_deep_nesting_continues_under_a_new_number_and_ends_at_the_budget():
    value = "leaf"
    for _ in range(40):
        value = {"k": value}
    made = hl7.create_message({"top": value})
    assert errors(made) == []
    assert all(len(sub or "") <= 20 for _, _, sub, _ in rows(made))
    assert rows(made)[-1][3] == "leaf"
    for _ in range(2000):
        value = [value]
    with pytest.raises(UsageError, match="nested too deeply"):
        hl7.create_message({"top": value})


def test_more_than_9999_observations_are_valid():
    made = hl7.create_message({f"k{i}": i for i in range(10_001)})
    assert len(made.segments_named("OBX")) == 10_001
    assert errors(made) == []


def leaves(value):
    pending, found = [value], []
    while pending:
        one = pending.pop()
        if isinstance(one, dict):
            pending += one.values()
        elif isinstance(one, list | tuple):
            pending += one
        else:
            found.append(one)
    return found


@pytest.mark.parametrize(
    "name", ["CT_small.dcm", "MR_small.dcm", "rtplan.dcm", "reportsi.dcm", "test-SR.dcm"]
)
def test_an_ordered_dict_of_a_dicom_file_is_a_valid_message_with_every_value(pydicom_data, name):
    content = dicom.read_file(pydicom_data / "test_files" / name).to_ordered_dict()
    assert isinstance(content, OrderedDict)
    made = hl7.create_message(content)
    assert errors(made) == []
    reread = hl7.parse(made.encode())
    texts = {leaf for _, leaf in reread.walk()}
    for leaf in leaves(content):
        if isinstance(leaf, bytes):
            assert leaf == b"" or base64.b64encode(leaf).decode() in texts
        elif isinstance(leaf, float):
            assert any(_equal(text, leaf) for text in texts), leaf
        elif leaf not in {None, ""}:
            assert str(leaf) in texts, leaf


def _equal(text, number):
    try:
        return float(text) == number
    except ValueError:
        return False


@pytest.mark.parametrize(
    ("kind", "version"),
    [("ORU^R01", "2.3.1"), ("ORU^R01", "2.5.1"), ("ORU^R01", "2.7"), ("ORU^R01^ORU_R01", "2.8.2")],
)
def test_report_kinds_of_several_versions_are_valid(kind, version):
    made = hl7.create_message({"a": "x", "b": [1, 2], "c": "é" * (version > "2.5")}, kind, version)
    assert errors(made) == []
    assert made["MSH-18"] == ("UNICODE UTF-8" if version > "2.5" else None)


def test_other_kinds_take_paths_in_the_order_of_their_structure():
    made = hl7.create_message(
        {"PV1-2": "I", "PID-3.1": "7", "PID-5.1": "Doe", "EVN-2": "2026", "ZZZ-1": "own", "note": "n"},
        "ADT^A01",
    )
    assert [s.id for s in made.segments] == ["MSH", "EVN", "PID", "PV1", "OBX", "ZZZ"]
    assert errors(made) == []


def test_a_path_in_a_group_is_placed_there():
    made = hl7.create_message(
        {
            "OBR[1]-4.1": "a",
            "OBR[2]-4.1": "b",
            "val": 5,
            "PATIENT_RESULT[1].ORDER_OBSERVATION[2].OBX[1]-6.1": "mm",
        }
    )
    assert made["OBX-6.1"] == "mm"
    assert made["OBR[2]-4.1"] == "b"


@pytest.mark.parametrize(
    ("mapping", "kind", "version"),
    [
        ({"x": 1}, "NOPE^X99", "2.5.1"),
        ({"x": 1}, "ORU^R01", "9.9"),
        ({"x": object()}, "ORU^R01", "2.5.1"),
        ({"TXA-1": "1"}, "ORU^R01", "2.5.1"),
        ({"PID-0": "1"}, "ORU^R01", "2.5.1"),
        ({"PID-5": {"a": 1}}, "ORU^R01", "2.5.1"),
        ({"MSH[2]-5": "1", "PID[99999]-1": "x"}, "ORU^R01", "2.5.1"),
    ],
)
def test_what_cannot_be_is_refused(mapping, kind, version):
    with pytest.raises(UsageError):
        hl7.create_message(mapping, kind, version)


def test_a_named_set_that_cannot_hold_the_text_refuses():
    with pytest.raises(EncodeError):
        hl7.create_message({"MSH-18": "8859/1", "x": "山"})
    assert "é".encode("latin-1") in hl7.create_message({"MSH-18": "8859/1", "x": "é"}).encode()


def test_encode_message_is_the_text():
    made = hl7.create_message({"x": "é"})
    assert hl7.encode_message(made).encode() == made.encode()
