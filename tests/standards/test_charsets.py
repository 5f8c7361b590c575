"""The character sets of DICOM, against PS3.3 Tables C.12-2 to C.12-5 and pydicom's escape codes."""

from __future__ import annotations

import codecs
import json
import re
from pathlib import Path

import pytest
from pydicom.charset import CODES_TO_ENCODINGS, python_encoding

from chiasm.standards import charsets

# PS3.3 Table C.12-2: term, what follows ESC for G1; G0 of all is ESC ( B.
LATIN = {
    "100": "-A",
    "101": "-B",
    "109": "-C",
    "110": "-D",
    "144": "-L",
    "127": "-G",
    "126": "-F",
    "138": "-H",
    "148": "-M",
    "203": "-b",
    "166": "-T",
}


def test_all_defined_terms_are_there() -> None:
    """PS3.3 §C.12.1.1.2."""
    expected = {"ISO_IR 6", "ISO 2022 IR 6", "ISO_IR 13", "ISO 2022 IR 13", "ISO_IR 192", "GB18030", "GBK"}
    expected |= {f"ISO_IR {number}" for number in LATIN} | {f"ISO 2022 IR {number}" for number in LATIN}
    expected |= {"ISO 2022 IR 87", "ISO 2022 IR 159", "ISO 2022 IR 149", "ISO 2022 IR 58"}
    assert set(charsets.terms()) == expected


@pytest.mark.parametrize(("number", "escape"), LATIN.items())
def test_single_byte_sets_with_code_extensions(number: str, escape: str) -> None:
    term = charsets.by_term(f"ISO 2022 IR {number}")
    plain = charsets.by_term(f"ISO_IR {number}")
    assert term is not None
    assert plain is not None
    assert (plain.kind, term.kind) == ("single", "extension")
    assert plain.codec == term.codec
    assert plain.designations == ()
    found = {(one.region, one.escape, one.width) for one in term.designations}
    assert found == {("G0", b"\x1b(B", 1), ("G1", b"\x1b" + escape.encode(), 1)}


@pytest.mark.parametrize(
    ("term", "designations"),
    [  # PS3.3 Tables C.12-3 and C.12-4
        ("ISO 2022 IR 6", {("G0", b"\x1b(B", 1)}),
        ("ISO 2022 IR 13", {("G0", b"\x1b(J", 1), ("G1", b"\x1b)I", 1)}),
        ("ISO 2022 IR 87", {("G0", b"\x1b$B", 2)}),
        ("ISO 2022 IR 159", {("G0", b"\x1b$(D", 2)}),
        ("ISO 2022 IR 149", {("G1", b"\x1b$)C", 2)}),
        ("ISO 2022 IR 58", {("G1", b"\x1b$)A", 2)}),
    ],
)
def test_other_designations(term: str, designations: set[tuple[str, bytes, int]]) -> None:
    found = charsets.by_term(term)
    assert found is not None
    assert {(one.region, one.escape, one.width) for one in found.designations} == designations


def test_escapes_are_those_that_pydicom_knows() -> None:
    ours = charsets.escapes()
    assert set(ours) == {*CODES_TO_ENCODINGS, b"\x1b-b"}  # ISO 8859-15 came after pydicom's list
    assert charsets.escapes()[b"\x1b$)A"].codec == "gb2312"


@pytest.mark.parametrize(
    "term", ["ISO_IR 6", "ISO_IR 192", "GB18030", "GBK", *(f"ISO_IR {n}" for n in LATIN)]
)
def test_codecs_are_the_ones_of_the_set(term: str) -> None:
    found = charsets.by_term(term)
    assert found is not None
    if term == "ISO_IR 6":
        assert found.codec == "ascii"
    elif term in python_encoding:
        assert codecs.lookup(found.codec).name == codecs.lookup(python_encoding[term]).name


@pytest.mark.parametrize(
    ("term", "raw", "text"),
    [  # PS3.5 §H, §I, §J, §K
        ("ISO_IR 100", b"Buc^J\xe9r\xf4me", "Buc^Jérôme"),
        ("ISO_IR 144", b"\xbb\xee\xda", "Люк"),
        ("ISO_IR 13", b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3", "ﾔﾏﾀﾞ^ﾀﾛｳ"),
        ("ISO_IR 192", b"\xe7\x8e\x8b^\xe5\xb0\x8f\xe4\xb8\x9c", "王^小东"),
        ("GB18030", b"\xcd\xf5^\xd0\xa1\xb6\xab", "王^小东"),
        ("GBK", b"\xcd\xf5^\xd0\xa1\xb6\xab", "王^小东"),
    ],
)
def test_examples_of_the_standard(term: str, raw: bytes, text: str) -> None:
    found = charsets.by_term(term)
    assert found is not None
    assert raw.decode(found.codec) == text


@pytest.mark.parametrize(
    ("written", "term"),
    [
        ("ISO IR 100", "ISO_IR 100"),
        ("ISO_IR_100", "ISO_IR 100"),
        ("ISO-IR 100", "ISO_IR 100"),
        ("ISO_IR100", "ISO_IR 100"),
        ("iso_ir 100", "ISO_IR 100"),
        (" ISO_IR 100 ", "ISO_IR 100"),
        ("ISO 8859-1", "ISO_IR 100"),
        ("ISO-8859-15", "ISO_IR 203"),
        ("ISO2022 IR 87", "ISO 2022 IR 87"),
        ("ISO 2022-IR 87", "ISO 2022 IR 87"),
        ("ISO_2022_IR_149", "ISO 2022 IR 149"),
        ("UTF8", "ISO_IR 192"),
        ("UTF-8", "ISO_IR 192"),
        ("ISO IR 192", "ISO_IR 192"),
        ("GB 18030", "GB18030"),
        ("", "ISO_IR 6"),
    ],
)
def test_spellings_that_devices_write(written: str, term: str) -> None:
    found = charsets.by_term(written)
    assert found is not None
    assert found.term == term


@pytest.mark.parametrize("written", ["ISO_IR 999", "KLINGON", "ISO", "8859", "ISO_IR", "100"])
def test_what_nobody_understands(written: str) -> None:
    assert charsets.by_term(written) is None


def test_file_says_where_it_comes_from() -> None:
    data = Path(charsets.__file__).parent / "data" / "dicom-charsets.json"
    stated = json.loads(data.read_bytes())["provenance"]
    assert stated["edition"].startswith("PS3.3")
    assert re.fullmatch(r"[0-9a-f]{64}", stated["sha256"])
