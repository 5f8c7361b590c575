"""Specific Character Set: every term, misfit bytes, and writing that refuses rather than replaces."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from chiasm import dicom
from chiasm.dicom.charset import DEFAULT, of_field, of_terms
from chiasm.errors import EncodeError
from chiasm.standards import charsets

# One letter of each single-byte set and its byte, from the ISO 8859 code tables, TIS 620 and JIS X 0201
SINGLE = {
    "ISO_IR 100": ("ÿ", 0xFF),
    "ISO_IR 101": ("ő", 0xF5),
    "ISO_IR 109": ("ħ", 0xB1),
    "ISO_IR 110": ("ķ", 0xF3),
    "ISO_IR 144": ("Я", 0xCF),
    "ISO_IR 127": ("ش", 0xD4),
    "ISO_IR 126": ("Ω", 0xD9),
    "ISO_IR 138": ("ש", 0xF9),
    "ISO_IR 148": ("ğ", 0xF0),
    "ISO_IR 203": ("€", 0xA4),
    "ISO_IR 166": ("ก", 0xA1),
    "ISO_IR 13": ("ｱ", 0xB1),
}


@pytest.mark.parametrize("term", SINGLE)
def test_single_byte_sets_both_ways_with_and_without_extensions(term: str) -> None:
    letter, byte = SINGLE[term]
    for spelling in (term, term.replace("ISO_IR", "ISO 2022 IR")):
        charset = of_terms(spelling)
        assert charset.decode(b"A" + bytes((byte,))) == "A" + letter
        assert charset.encode("A" + letter) == b"A" + bytes((byte,))


def test_every_defined_term_is_known() -> None:
    for term in charsets.terms():
        charset = of_terms(term)
        assert charset.unknown == ()
        assert charset.decode(b"plain") == "plain"


def test_whole_codings() -> None:
    # PS3.5 §J.1 to §J.3: Wang^XiaoDong in UTF-8, GB18030 and GBK
    assert of_terms("ISO_IR 192").decode(b"\xe7\x8e\x8b^\xe5\xb0\x8f\xe6\x9d\xb1") == "王^小東"
    assert of_terms("GB18030").decode(b"\xcd\xf5^\xd0\xa1\xb6\xab") == "王^小东"
    assert of_terms("GBK").encode("王^小东") == b"\xcd\xf5^\xd0\xa1\xb6\xab"
    assert of_terms("GB18030").encode("\U0001f600") == "\U0001f600".encode("gb18030")


@pytest.mark.parametrize("term", ["GBK", "GB18030"])
def test_a_backslash_as_second_byte_does_not_split(term: str) -> None:
    data = b"\x95\x5c\xbf\xb5"  # 昞 is 0x955C in GBK, then 康
    package = dicom.DataSet(charset=term)
    package.set("PatientID", data)
    assert package.get("PatientID") == data.decode("gbk")
    package["OtherPatientIDs"] = ["a", data.decode("gbk"), "b"]
    assert package.get("OtherPatientIDs") == ("a", data.decode("gbk"), "b")


@pytest.mark.parametrize(
    ("term", "data", "shown"),
    [
        ("ISO_IR 100", b"\x93quoted\x94", "\\x93quoted\\x94"),
        ("", b"M\xfcller", "M\\xfcller"),
        ("ISO_IR 192", b"M\xfcller", "M\\xfcller"),
        ("GB18030", b"ab\xff", "ab\\xff"),
        ("ISO_IR 13", b"\xfdx", "\\xfdx"),
    ],
)
def test_a_byte_that_does_not_fit_is_shown_flagged_and_written_back(
    term: str, data: bytes, shown: str
) -> None:
    package = dicom.DataSet(charset=term)
    package.set("PatientID", data)
    element = package.element("PatientID")
    assert element is not None
    assert element.value == shown
    assert element.problems[0].rule == "value-bytes"
    assert "do not fit" in element.problems[0].message
    package["PatientID"] = shown
    assert package.raw("PatientID").rstrip() == data


@pytest.mark.parametrize("term", ["", "ISO_IR 6", "ISO_IR 100", "ISO_IR 13", "GBK", "\\ISO 2022 IR 149"])
def test_writing_never_replaces(term: str) -> None:
    with pytest.raises(EncodeError, match="is not in the"):
        of_terms(term).encode("\u0e01\u0e02")


def test_control_codes_of_latin_1_are_refused() -> None:
    with pytest.raises(EncodeError):
        of_terms("ISO_IR 100").encode("\x93")


def test_unknown_terms_are_flagged_and_read_as_default() -> None:
    package = dicom.DataSet(charset="ISO_IR 999")
    package.set("PatientID", b"M\xfc")
    assert package.get("PatientID") == "M\\xfc"
    declared = package.element("SpecificCharacterSet")
    assert declared is not None
    assert [finding.message for finding in declared.problems] == ["'ISO_IR 999' is not a defined term"]


def test_the_field_is_read_once() -> None:
    assert of_field(b"ISO_IR 100") is of_field(b"ISO_IR 100")
    assert of_field(b"\\ISO 2022 IR 87").terms == ("", "ISO 2022 IR 87")
    assert DEFAULT.terms == ()
    assert DEFAULT.name == "default"


def test_escape_without_code_extensions_is_flagged() -> None:
    assert of_terms("ISO_IR 100").problems(b"a\x1b$Bb") == [
        "an escape sequence, but no code extension is declared"
    ]


EXPECTED = {
    "chrArab": "قباني^لنزار", "chrFren": "Buc^Jérôme", "chrGerm": "Äneas^Rüdiger", "chrGreek": "Διονυσιος",
    "chrH31": "Yamada^Tarou=山田^太郎=やまだ^たろう", "chrH32": "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
    "chrHbrw": "שרון^דבורה", "chrI2": "Hong^Gildong=洪^吉洞=홍^길동", "chrRuss": "Люкceмбypг",
    "chrX1": "Wang^XiaoDong=王^小東=", "chrX2": "Wang^XiaoDong=王^小东=", "chrKoreanMulti": "김희중",
    "chrJapMulti": "やまだ^たろう",
}  # fmt: skip


@pytest.mark.parametrize("name", EXPECTED)
def test_names_of_the_sample_files(pydicom_data: Path, name: str) -> None:
    package = dicom.read_file(pydicom_data / f"charset_files/{name}.dcm")
    assert package.get("PatientName") == EXPECTED[name]


def test_texts_equal_those_of_dcmtk(pydicom_data: Path, needs_tool: Callable[[str], str]) -> None:
    tool, compared = needs_tool("dcm2json"), 0
    for path in sorted((pydicom_data / "charset_files").glob("*.dcm")):
        run = subprocess.run([tool, str(path)], capture_output=True, check=False)
        try:
            theirs = json.loads(run.stdout)
        except ValueError:  # a conversion library without JIS gives nothing, or bytes as they were
            continue
        for element in dicom.read_file(path):
            entry = theirs.get(f"{element.tag:08X}", {})
            if element.vr not in ("LO", "SH", "LT", "ST", "UT", "PN") or "Value" not in entry:
                continue
            value = element.value if isinstance(element.value, tuple) else (element.value,)
            groups = ("Alphabetic", "Ideographic", "Phonetic")
            expected = [
                "=".join(one.get(group, "") for group in groups).rstrip("=") if isinstance(one, dict) else one
                for one in entry["Value"]
            ]
            assert [str(one).rstrip("=") for one in value] == expected, (path.name, element)
            compared += 1
    assert compared > 60
