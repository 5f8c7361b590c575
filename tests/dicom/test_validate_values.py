"""The form of values by VR, as PS3.5 §6.2 has it, and how many there may be."""

from __future__ import annotations

import pytest

from chiasm.dicom import DataSet
from chiasm.dicom.validate_values import check, problem_of

GOOD = [
    ("AE", "CHIASM"), ("AS", "018M"), ("AS", "003W"), ("CS", "YBR_FULL 2"), ("DA", "20240229"),
    ("DS", "-1.5e-3"), ("DS", " +.5 "), ("DS", "12."), ("DT", "202401011200+0100"), ("IS", "-12"),
    ("LO", "ä" * 64), ("SH", "x" * 16), ("PN", "Yamada^Tarou=山田^太郎=やまだ^たろう"), ("PN", "A^B^C^D^E"),
    ("TM", "10"), ("TM", "235959.999999"), ("UI", "1.2.840.10008.1.2"), ("UI", "2.25.0"),
    ("LT", "one\r\ntwo"), ("UR", "http://a/b?c=d"), ("CS", ""),
]  # fmt: skip
BAD = [
    ("AE", "x" * 17), ("AS", "18M"), ("AS", "018Q"), ("CS", "lower"), ("CS", "A" * 17), ("DA", "20230229"),
    ("DA", "2024.01.01"), ("DS", "1,5"), ("DS", "1" * 17), ("DS", "1e"), ("DT", "20241"), ("IS", "1.0"),
    ("IS", "1" * 13), ("LO", "x" * 65), ("LO", "a\nb"), ("SH", "x" * 17), ("PN", "A^B^C^D^E^F"),
    ("PN", "a=b=c=d"), ("PN", "x" * 65), ("TM", "10:30"), ("TM", "2500"), ("UI", "1.02"), ("UI", "0"),
    ("UI", "3.1"), ("UI", "1." + "1" * 63), ("ST", "x" * 1025), ("LT", "a\x07b"), ("UR", "a b"),
]  # fmt: skip


@pytest.mark.parametrize(("vr", "text"), GOOD)
def test_good_values(vr, text):
    assert problem_of(vr, text) == ""


@pytest.mark.parametrize(("vr", "text"), BAD)
def test_bad_values(vr, text):
    assert problem_of(vr, text)


@pytest.mark.parametrize(
    ("keyword", "value", "is_good"),
    [
        ("PixelSpacing", ("1", "1"), True),
        ("PixelSpacing", "1", False),
        ("ImageType", ("A", "B"), True),
        ("ImageType", "A", False),  # 2-n
        ("PatientOrientation", ("L", "P"), True),
        ("Rows", (1, 2), False),
        ("FrameIncrementPointer", (0x00181063, 0x00181065), True),  # 1-n
        ("ImageOrientationPatient", ("1",) * 6, True),
        ("ImageOrientationPatient", ("1",) * 5, False),
        ("ContourData", ("1",) * 6, True),  # 3-3n
        ("ContourData", ("1",) * 5, False),
        ("ImageComments", "a\\b", True),  # an LT: a backslash is a character
        ("PixelAspectRatio", ("1", "1"), True),
        ("PatientName", ("A", "B"), False),
    ],
)
def test_multiplicity(keyword, value, is_good):
    data = DataSet({keyword: value})
    element = data.element(keyword)
    assert [one.rule for one in check(element, "x")] == ([] if is_good else ["value-multiplicity"])


@pytest.mark.parametrize(("vr", "rules"), [("SH", ["value-representation"]), ("LO", [])])
def test_the_vr_of_the_dictionary(vr, rules):
    data = DataSet()
    data.set("PatientID", "1", vr)
    assert [one.rule for one in check(data.element("PatientID"), "00100020")] == rules


def test_bytes_that_do_not_fit_the_character_set():
    data = DataSet()
    data.place(0x00100020, "LO", b"M\xfcller")
    (one,) = check(data.element("PatientID"), "00100020")
    assert (one.rule, one.path) == ("value-bytes", "00100020")


def test_an_empty_value_is_no_business_of_its_form():
    data = DataSet({"PatientID": None, "Rows": None})
    assert [one for element in data for one in check(element, "x")] == []
