"""Codes with their schemes, meanings and versions."""

import pytest

from chiasm.mapping import codes
from chiasm.model import Coded
from chiasm.standards import dictionary

SEQUENCE = (dictionary.tag("ProcedureCodeSequence"),)


@pytest.mark.parametrize(
    ("code", "keyword"),
    [
        ("T-1", "CodeValue"),
        ("1234567890123456", "CodeValue"),
        ("12345678901234567", "LongCodeValue"),
        ("urn:x:y", "URNCodeValue"),
    ],
)
def test_where_a_code_goes(code, keyword, data_set):
    item = codes.to_item(Coded(code, "L", "meaning", "1"), data_set())
    assert item[keyword] == code
    assert item["CodingSchemeVersion"] == "1"


def test_a_sequence_comes_back(reader, data_set):
    said = (Coded("1", "LN", "one", "2.7"), Coded("2", "SCT", "two"))
    kind = codes.CodesKind()
    data = data_set()
    kind.to_dicom(said, SEQUENCE, data)
    assert (
        kind.from_dicom(reader(ProcedureCodeSequence=list(data["ProcedureCodeSequence"])), SEQUENCE) == said
    )


def test_a_ce_holds_the_first_code_and_no_version():
    value, unheld = codes.CodesKind().to_v2((Coded("1", "LN", "one", "2.7"), Coded("2", "SCT", "two")))
    assert value == ("1", "one", "LN")
    assert unheld == {codes.VERSION, codes.FURTHER}


def test_text_without_a_code_is_a_meaning(field):
    assert codes.CodeKind().from_v2(field("^Chest")) == Coded(meaning="Chest")
    assert codes.CodesKind().from_v2(field("^Chest")) == ()
