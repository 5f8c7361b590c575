"""Elements found in the beginning of a file are those that the whole file gives, or none are told."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from chiasm import dicom
from chiasm.dicom import json_model
from chiasm.dicom.dataset import DataSet
from chiasm.dicom.selection import BEGINNING, Selection
from chiasm.errors import ChiasmError

Make = Callable[..., bytes]

CHARSET, CLASS, UID, PATIENT = 0x00080005, 0x00080016, 0x00080018, 0x00100010
REQUESTS, ROWS = 0x00400275, 0x00280010
TAGS = (CHARSET, CLASS, UID, PATIENT, ROWS, REQUESTS)
SELECTION = Selection(TAGS)
UNDEFINED = 0xFFFFFFFF
DELIMITER = struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)


def told(data: DataSet) -> dict[int, tuple[str, bytes, object]]:
    """VR, bytes and value of each chosen element; the items of a sequence as their own JSON."""
    found: dict[int, tuple[str, bytes, object]] = {}
    for tag in TAGS:
        element = data.element(tag)
        if element is None:
            continue
        items = [json_model.to_json(item) for item in element.items]
        found[tag] = (element.vr, element.raw, items or str(element.value))
    return found


def agrees(content: bytes, path: Path) -> bool:
    """Whether the elements were found; where they were, they are what the whole file gives."""
    path.write_bytes(content)
    of_bytes, of_file = SELECTION.of(content), SELECTION.of_file(path)
    assert (of_bytes is None) == (of_file is None)
    if of_bytes is None or of_file is None:
        return False
    whole = told(dicom.parse(content).data)
    assert told(of_bytes) == whole
    assert told(of_file) == whole
    return True


def test_real_files_give_what_they_give_as_a_whole(pydicom_files: list[Path], tmp_path: Path) -> None:
    found = 0
    for path in pydicom_files:
        try:
            dicom.read_file(path)
        except ChiasmError:
            assert SELECTION.of_file(path) is None
            continue
        found += agrees(path.read_bytes(), tmp_path / "x")
    assert found > len(pydicom_files) // 2


def test_a_file_that_ends_anywhere(pydicom_data: Path, tmp_path: Path) -> None:
    whole = (pydicom_data / "test_files" / "CT_small.dcm").read_bytes()
    ends = [*range(4_200), *range(4_200, len(whole), 997)]
    found = [end for end in ends if agrees(whole[:end], tmp_path / "x")]
    assert 1_000 < len(found) < len(ends)
    assert found[-1] == ends[-1]


def test_files_that_are_damaged(pydicom_files: list[Path], tmp_path: Path) -> None:
    chance = random.Random(7)
    found = tried = 0
    for path in [one for one in pydicom_files if one.stat().st_size < 200_000]:
        whole = path.read_bytes()
        for _ in range(6):
            content = bytearray(whole)
            top = min(len(content), chance.choice((600, 2_000, len(content))))
            for _ in range(chance.choice((1, 3))):
                place = chance.randrange(min(top, len(content)))
                how = chance.random()
                if how < 0.6:
                    content[place] = chance.choice((0, 1, 255, chance.randrange(256)))
                elif how < 0.8:
                    del content[place : place + chance.choice((1, 2, 8, 100))]
                else:
                    other = chance.randrange(len(whole))
                    content[place:place] = whole[other : other + chance.choice((2, 8, 60))]
            try:
                dicom.parse(bytes(content))
            except ChiasmError:
                assert SELECTION.of(bytes(content)) is None
                continue
            tried += 1
            found += agrees(bytes(content), tmp_path / "x")
    assert tried > found > tried // 5


@pytest.fixture
def head(explicit: Make) -> bytes:
    return b"".join(
        (
            explicit(CHARSET, "CS", b"ISO_IR 192"),
            explicit(CLASS, "UI", b"1.2\0"),
            explicit(UID, "UI", b"1.3\0"),
            explicit(PATIENT, "PN", "Müller^A".encode() + b" "),
            explicit(ROWS, "US", b"\0\2"),
        )
    )


def nested(explicit: Make, undefined: bool) -> bytes:
    """A sequence of one item with another in it, each of undefined length, or of the length it has."""
    end, closed = (struct.pack("<HHL", 0xFFFE, 0xE00D, 0), DELIMITER) if undefined else (b"", b"")

    def size(content: bytes) -> int:
        return UNDEFINED if undefined else len(content)

    code = explicit(0x00080100, "SH", b"P1")
    item = struct.pack("<HHL", 0xFFFE, 0xE000, size(code)) + code + end
    inner = explicit(0x00400008, "SQ", item, size(item)) + closed
    outer = struct.pack("<HHL", 0xFFFE, 0xE000, size(inner)) + inner + end
    return explicit(REQUESTS, "SQ", outer, size(outer)) + closed


@pytest.mark.parametrize("undefined", [True, False])
def test_sequences_of_either_length(
    head: bytes, explicit: Make, part10: Make, tmp_path: Path, undefined: bool
) -> None:
    body = head + nested(explicit, undefined)
    assert agrees(part10(body + explicit(0x7FE00010, "OW", bytes(64_000))), tmp_path / "x")
    [item] = SELECTION.of(part10(body)).element(REQUESTS).items  # type: ignore[union-attr]
    assert item.get("00400008/0/00080100") == "P1"


def test_what_lies_behind_the_pixels_is_seen(
    head: bytes, explicit: Make, part10: Make, tmp_path: Path
) -> None:
    pixels = explicit(0x7FE00010, "OW", bytes(64_000))
    padding = explicit(0xFFFCFFFC, "OB", bytes(64))
    late = explicit(REQUESTS, "SQ", b"")
    zeros = bytes(24)
    for behind in (padding, padding[:-9], padding + b"\0\0\0", zeros, padding + zeros, bytes(BEGINNING + 8)):
        assert agrees(part10(head + pixels + behind), tmp_path / "x")
    for behind in (explicit(0x7FE00020, "SQ", b"", UNDEFINED) + DELIMITER, padding * 300):
        assert agrees(part10(head + pixels + behind), tmp_path / "x")
    assert not agrees(part10(head + pixels + late), tmp_path / "x")
    assert not agrees(part10(head + pixels + explicit(UID, "UI", b"9.9\0")), tmp_path / "x")


def test_fragments_are_walked_to_their_end(head: bytes, explicit: Make, part10: Make, tmp_path: Path) -> None:
    item = struct.pack("<HHL", 0xFFFE, 0xE000, 50_000) + bytes(50_000)
    pixels = explicit(0x7FE00010, "OB", struct.pack("<HHL", 0xFFFE, 0xE000, 0) + item + DELIMITER, UNDEFINED)
    jpeg = "1.2.840.10008.1.2.4.50"
    assert agrees(part10(head + pixels, jpeg), tmp_path / "x")
    assert not agrees(part10(head + pixels + explicit(UID, "UI", b"9.9\0"), jpeg), tmp_path / "x")


def test_a_header_that_is_longer_is_left_to_the_whole(
    head: bytes, explicit: Make, part10: Make, tmp_path: Path
) -> None:
    long = explicit(0x00400001, "OB", bytes(BEGINNING)) + explicit(REQUESTS, "SQ", b"")
    assert not agrees(part10(head + long), tmp_path / "x")


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99", "1.2.3"])
def test_other_forms_are_left_to_the_whole(head: bytes, part10: Make, tmp_path: Path, syntax: str) -> None:
    assert SELECTION.of(part10(head, syntax)) is None
    assert SELECTION.of(head) is None
    assert SELECTION.of(b"") is None
    (tmp_path / "x").write_bytes(b"")
    assert SELECTION.of_file(tmp_path / "x") is None


def test_sequences_nested_too_deep_are_left_to_the_whole(
    head: bytes, explicit: Make, part10: Make, tmp_path: Path
) -> None:
    begin = explicit(REQUESTS, "SQ", struct.pack("<HHL", 0xFFFE, 0xE000, UNDEFINED), UNDEFINED)
    end = struct.pack("<HHL", 0xFFFE, 0xE00D, 0) + DELIMITER
    assert agrees(part10(head + begin * 20 + end * 20), tmp_path / "x")
    assert not agrees(part10(head + begin * 200 + end * 200), tmp_path / "x")
