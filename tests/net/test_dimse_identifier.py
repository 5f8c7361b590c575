"""Answers as pydicom reads them, in every plain syntax and several character sets."""

from __future__ import annotations

import io
import json

import pydicom
import pytest

from chiasm.dicom.dataset import DataSet
from chiasm.errors import ParseError
from chiasm.net.dimse_identifier import QUERY_LEVEL, Answers, keys, read, write

EXPLICIT, IMPLICIT, BIG = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.2"
MEMBERS = {
    "00080020": {"vr": "DA", "Value": ["20260101"]},
    "00081032": {
        "vr": "SQ",
        "Value": [{"00080100": {"vr": "SH", "Value": ["C1"]}, "00080104": {"vr": "LO"}}],
    },
    "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Wang^XiaoDong", "Ideographic": "王^小东"}]},
    "00201208": {"vr": "IS", "Value": [12]},
}
TEXT = ",\n".join(
    f'"{tag}":{json.dumps(one, ensure_ascii=False, separators=(",", ":"))}' for tag, one in MEMBERS.items()
)


def _decoded(data: bytes, syntax: str) -> pydicom.Dataset:
    implicit, little = syntax == IMPLICIT, syntax != BIG
    return pydicom.filereader.read_dataset(io.BytesIO(data), implicit, little)


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG])
@pytest.mark.parametrize(
    ("terms", "expected"),
    [("ISO_IR 192", "ISO_IR 192"), ("GB18030", "GB18030"), ("ISO_IR 100", "ISO_IR 192")],
)
def test_answers_are_read_by_pydicom(syntax: str, terms: str, expected: str) -> None:
    wanted = {
        0x00080020: None,
        0x00081032: {0x00080100: None},
        0x00100010: None,
        0x00201208: None,
        0x00104000: None,
    }
    answers = Answers(wanted, {0x00104000: "LT"}, syntax, (terms,), {QUERY_LEVEL: ("CS", "STUDY")})
    found = _decoded(answers.encode(TEXT), syntax)
    assert found.SpecificCharacterSet == expected
    found.decode()
    assert str(found.PatientName) == "Wang^XiaoDong=王^小东"
    assert found.QueryRetrieveLevel == "STUDY"
    assert found.NumberOfStudyRelatedInstances == 12
    assert [one.keyword for one in found.ProcedureCodeSequence[0]] == ["CodeValue"]
    assert found.PatientComments in ("", None)


def test_keys_are_told_from_what_stands_beside_them() -> None:
    asked = DataSet({"QueryRetrieveLevel": "STUDY", "PatientName": "W*", "StudyInstanceUID": ["1.2", "1.3"]})
    asked.set("ProcedureCodeSequence", [{"CodeValue": "C1"}])
    found, wanted = keys(read(write(asked, IMPLICIT), IMPLICIT))
    assert {(one.path, one.text) for one in found} == {
        ((0x00100010,), "W*"),
        ((0x0020000D,), "1.2\\1.3"),
        ((0x00081032, 0x00080100), "C1"),
    }
    assert wanted[0x00081032] == {0x00080100: None}


def test_an_unknown_syntax_is_refused() -> None:
    with pytest.raises(ParseError):
        read(b"", "1.2.3")
