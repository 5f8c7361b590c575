"""The context groups of PS3.16, and the SNOMED-RT codes that older objects have instead of SNOMED CT."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pydicom.sr.codedict import codes

from chiasm.standards import context_groups
from chiasm.standards.context_groups import ContextGroup


def group(cid: int) -> ContextGroup:
    found = context_groups.by_cid(cid)
    assert found is not None
    return found


def test_a_small_group_is_that_of_the_standard() -> None:
    """PS3.16 CID 244 Laterality."""
    laterality = group(244)
    assert laterality.name == "Laterality"
    assert {scheme for scheme, _, _ in laterality.codes} == {"SCT"}
    assert {value for _, value, _ in laterality.codes} == {"24028007", "7771000", "51440002", "66459002"}


def test_names_and_codes() -> None:
    modality = group(29)
    assert modality.name == "Acquisition Modality"
    assert modality.has("DCM", "CT")
    assert modality.has("DCM", "MR")
    assert not modality.has("DCM", "113035")
    assert not modality.has("SCT", "CT")
    assert group(7021).has("DCM", "126000")


def test_codes_are_those_that_pydicom_gives() -> None:
    ours = {(scheme, value) for scheme, value, _ in group(4031).codes}
    theirs = codes.cid4031
    assert ours == {(code.scheme_designator, code.value) for code in map(theirs.__getattr__, theirs.dir())}


@pytest.mark.parametrize(
    ("scheme", "value", "expected"),
    [  # PS3.16 §L, the mapping of SNOMED-RT to SNOMED CT
        ("SRT", "T-A0100", ("SCT", "12738006")),
        ("SNM3", "T-04000", ("SCT", "76752008")),
        ("99SDM", "T-04000", ("SCT", "76752008")),
        ("SCT", "76752008", ("SCT", "76752008")),
        ("SRT", "no such code", ("SRT", "no such code")),
        ("DCM", "T-04000", ("DCM", "T-04000")),
    ],
)
def test_old_snomed_codes(scheme: str, value: str, expected: tuple[str, str]) -> None:
    assert context_groups.equivalent(scheme, value) == expected


def test_old_codes_are_of_the_groups() -> None:
    assert group(4031).has("SRT", "T-04000")
    assert group(4031).has("SCT", "76752008")


def test_extensible_where_it_is_known() -> None:
    assert group(19).extensible is True
    assert group(29).extensible is None


def test_unknown_group() -> None:
    assert context_groups.by_cid(1) is None
    assert context_groups.by_cid(-1) is None


def test_all_groups_are_well_formed() -> None:
    assert len(context_groups.cids()) > 1300
    empty = 0
    for cid in context_groups.cids():
        found = group(cid)
        assert found.name
        assert found.cid == cid
        assert len(set(found.codes)) == len(found.codes)
        assert list(found.codes) == sorted(found.codes)
        empty += not found.codes
    assert empty <= 12  # those that only refer to a coding scheme, as all of UCUM


@pytest.mark.parametrize("name", ["dicom-context-groups.json", "dicom-snomed.json"])
def test_files_say_where_they_come_from(name: str) -> None:
    data = Path(context_groups.__file__).parent / "data" / name
    stated = json.loads(data.read_bytes())["provenance"]
    assert stated["generator"] == "tools/tables/dicom_context_groups.py"
    assert re.fullmatch(r"DICOM \d{4}[a-e]", stated["edition"])
    assert all(re.fullmatch(r"[0-9a-f]{64}", source["sha256"]) for source in stated["sources"])
