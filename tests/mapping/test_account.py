"""The ledger accounts for every leaf: each is there once, and none says what is not so."""

from __future__ import annotations

from pathlib import Path

import pytest

from chiasm import dicom, mapping
from chiasm.dicom import DataSet, Element, Package
from chiasm.errors import ChiasmError
from chiasm.mapping.routes import Options
from chiasm.model import Disposition, Entry, Sender

FIXED = Sender(control_id="1")
OTHER = {
    "DA": "19010203", "TM": "010203", "DT": "19010203010203", "AS": "033Y", "DS": "7", "IS": "7", "UI": "1.2.3.4.5",
    "PN": "Other^Name", "CS": "OTHER", "AE": "OTHER", "SH": "other", "LO": "other", "ST": "other", "LT": "other",
    "UC": "other", "UR": "http://other", "UT": "other", "US": 77, "SS": 77, "UL": 77, "SL": 77, "UV": 77, "SV": 77,
    "FL": 7.5, "FD": 7.5, "AT": 0x00100010,
}  # fmt: skip
"""For each VR a value that the samples do not hold."""


def converted(package: Package, carry: str) -> tuple[bytes, dict[str, Entry]]:
    """The message without its time, and its ledger by source."""
    result = mapping.convert(package, "oru", Options(sender=FIXED, carry=carry))
    entries = list(result.ledger)
    found = {entry.source: entry for entry in entries}
    assert len(found) == len(entries), "a leaf stands in the ledger twice"
    lines = result.output.split(b"\r", 1)
    return lines[1], found


def leaves(package: Package) -> list[tuple[str, Element]]:
    return [*((f"{one.tag:08X}", one) for one in package.header), *package.data.walk()]


def changed(path: str, element: Element) -> object:
    """Another value of the same VR."""
    if element.vr in OTHER:
        if path == "00100040":
            return "F" if element.value == "M" else "M"
        value = OTHER[element.vr]
        if element.value == value:
            return f"1{value}"[: len(value)] if isinstance(value, str) else value + 1
        return value
    return b"other " if element.vr in {"OB", "UN"} else b"other   "


def check(data: bytes, carry: str, step: int = 1) -> int:
    """Mutate each leaf in turn: the output changes, or the ledger does. How many were tried."""
    package = dicom.parse(data)
    try:
        output, ledger = converted(package, carry)
    except ChiasmError:
        return 0
    paths = leaves(package)
    assert {path for path, _ in paths} == set(ledger), "unaccounted leaves"
    tried = 0
    for path, element in paths[::step]:
        entry = ledger[path]
        if path.startswith("0002") or element.tag in {0x7FE00010, 0x00080005}:
            continue
        mutant = dicom.parse(data)
        if entry.disposition is Disposition.DROPPED:
            owner, _, last = path.rpartition("/")
            target = mutant.data if not owner else _item(mutant.data, owner)
            del target[int(last, 16)]
        else:
            try:
                mutant.data.set(path, changed(path, element), element.vr)
            except ChiasmError:
                continue
        again, after = converted(mutant, carry)
        assert again != output or after != ledger, f"{path}: {entry} but nothing changes"
        if entry.disposition is not Disposition.DROPPED and not entry.reason:
            assert again != output or after[path].disposition is Disposition.DROPPED, f"{path} says {entry}"
        tried += 1
    return tried


def _item(data: DataSet, path: str) -> DataSet:
    tags = path.split("/")
    for tag, index in zip(tags[::2], tags[1::2], strict=True):
        element = data.element(int(tag, 16))
        assert element is not None
        data = element.items[int(index)]
    return data


@pytest.mark.parametrize("carry", ["rows", "all"])
@pytest.mark.parametrize("name", ["CT_small.dcm", "rtplan.dcm", "examples_ybr_color.dcm", "JPEG2000.dcm"])
def test_mutating_each_leaf_changes_output_or_ledger(
    name: str, carry: str, pydicom_files: list[Path]
) -> None:
    path = next(one for one in pydicom_files if one.name == name)
    assert check(path.read_bytes(), carry) > 20


def test_every_file_is_accounted_for(pydicom_files: list[Path]) -> None:
    counted = 0
    for path in pydicom_files:
        try:
            package = dicom.read_file(path)
            _, ledger = converted(package, "rows")
        except ChiasmError:
            continue
        assert {place for place, _ in leaves(package)} == set(ledger), path.name
        counted += 1
    assert counted > 100


@pytest.mark.long
@pytest.mark.parametrize("carry", ["rows", "all"])
def test_mutating_each_leaf_of_every_file(carry: str, pydicom_files: list[Path]) -> None:
    tried = 0
    for path in pydicom_files:
        try:
            dicom.read_file(path)
        except ChiasmError:
            continue
        tried += check(path.read_bytes(), carry)
    assert tried > 5_000
