"""The HL7 v2 tables against the standard, against hl7apy, and against themselves."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import chiasm.standards.hl7tables as module
from chiasm.errors import UsageError
from chiasm.standards.hl7tables import (
    ANY_SEGMENT,
    NO_TYPE,
    PRIMITIVES,
    VARIES,
    VERSIONS,
    FieldDef,
    Node,
    nearest,
    version,
)

DATA = Path(module.__file__).parent / "data"


def field(release: str, segment: str, number: int) -> FieldDef:
    found = version(release).segment(segment)
    assert found is not None
    return found.fields[number - 1]


def walk(nodes: Iterable[Node]) -> Iterator[Node]:
    for node in nodes:
        yield node
        yield from walk(node.children)


def shape(release: str, structure: str) -> str:
    """A structure in brackets of this test's own, as the standard prints it."""

    def text(nodes: Iterable[Node]) -> str:
        parts = []
        for node in nodes:
            inner = node.name if node.kind == "segment" else f"{node.name}:{text(node.children)}"
            if node.max is None:
                inner = "{" + inner + "}"
            parts.append("[" + inner + "]" if node.min == 0 else inner)
        return " ".join(parts)

    found = version(release).structure(structure)
    assert found is not None
    return text(found.children)


# --- every version ---------------------------------------------------------------------------------


@pytest.mark.parametrize("release", VERSIONS)
def test_fields_are_numbered_without_gaps(release: str) -> None:
    held = version(release)
    for segment in held.segments.values():
        assert [item.number for item in segment.fields] == list(range(1, len(segment.fields) + 1))
        assert segment.fields, segment.id
    for datatype in held.datatypes.values():
        assert [item.number for item in datatype.components] == list(range(1, len(datatype.components) + 1))


@pytest.mark.parametrize("release", VERSIONS)
def test_every_datatype_and_table_resolves(release: str) -> None:
    held = version(release)
    rows = [(s.id, row) for s in held.segments.values() for row in s.fields]
    rows += [(d.id, row) for d in held.datatypes.values() for row in d.components]  # type: ignore[misc]
    for owner, row in rows:
        known = row.datatype in held.datatypes or row.datatype in PRIMITIVES | {VARIES, NO_TYPE}
        assert known, (owner, row)
        assert row.usage in {"R", "O", "C", "B", "W", "X"}, (owner, row)
        assert row.table is None or held.table(row.table) is not None, (owner, row)


@pytest.mark.parametrize("release", VERSIONS)
def test_every_structure_is_made_of_known_segments(release: str) -> None:
    held = version(release)
    for structure in held.structures.values():
        for node in walk(structure.children):
            if node.kind == "segment":
                assert node.name in held.segments or node.name == ANY_SEGMENT, (structure.id, node)
            else:
                assert node.children, (structure.id, node)
            assert node.max is None or node.max >= max(node.min, 1)
        assert structure.children[0].name == "MSH", structure.id
    for event, structure_id in held.events.items():
        assert structure_id in held.structures, event


@pytest.mark.parametrize("release", VERSIONS)
def test_required_is_the_minimum(release: str) -> None:
    for segment in version(release).segments.values():
        for item in segment.fields:
            assert item.min == (1 if item.usage == "R" else 0)
            assert item.max is None or item.max >= 1
            assert item.length is None or item.length >= 1


@pytest.mark.parametrize("release", [release for release in VERSIONS if release != "2.7.1"])
def test_counts_against_hl7apy(release: str) -> None:
    """No segment, live field or structure of an independent package is missing, but for its known errors."""
    package = f"hl7apy.v{release.replace('.', '_')}"
    segments = importlib.import_module(f"{package}.segments").SEGMENTS
    fields = importlib.import_module(f"{package}.fields").FIELDS
    messages = importlib.import_module(f"{package}.messages").MESSAGES
    held = version(release)
    absent = {"2.1": {"PD1"}}.get(release, set())
    assert {key for key in segments if len(key) == 3} - set(held.segments) == absent
    short = 0
    for key in fields:
        name, number = key.rsplit("_", 1)
        found = held.segment(name)
        if found is not None and int(number) > len(found.fields):
            short += 1
    # OBR-54 came with 2.7.1; hl7apy lists it, withdrawn, in 2.7.
    assert short <= (1 if release == "2.7" else 0)
    removed = {"UDM_Q05", "RDR_RDR"} if release.startswith("2.8") else set()  # QRD and URD are gone by then
    assert set(messages) - set(held.structures) <= removed


def test_older_versions_have_fewer_segments() -> None:
    counts = [len(version(release).segments) for release in VERSIONS]
    assert counts == sorted(counts)
    assert (counts[0], counts[-1]) == (37, 184)


def test_a_withdrawn_field_never_returns() -> None:
    gone: set[tuple[str, int]] = set()
    for release in VERSIONS:
        for segment in version(release).segments.values():
            for item in segment.fields:
                place = (segment.id, item.number)
                assert item.usage == "W" or place not in gone, (release, place)
                if item.usage == "W":
                    gone.add(place)


# --- facts of the standard -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("release", "place", "expected"),
    [
        # version, place, (datatype, usage, max, table)
        ("2.5.1", "PID-3", ("CX", "R", None, None)),
        ("2.5.1", "PID-2", ("CX", "B", 1, None)),
        ("2.5.1", "PID-5", ("XPN", "R", None, None)),
        ("2.5.1", "PID-8", ("IS", "O", 1, "0001")),
        ("2.5.1", "MSH-9", ("MSG", "R", 1, None)),
        ("2.5.1", "MSH-18", ("ID", "O", None, "0211")),
        ("2.5.1", "OBR-4", ("CE", "R", 1, None)),
        ("2.5.1", "OBR-25", ("ID", "C", 1, "0123")),
        ("2.5.1", "OBX-2", ("ID", "C", 1, "0125")),
        ("2.5.1", "OBX-5", (VARIES, "C", None, None)),
        ("2.5.1", "OBX-11", ("ID", "R", 1, "0085")),
        ("2.5.1", "OBX-20", (NO_TYPE, "X", 1, None)),
        ("2.5.1", "OBX-22", (NO_TYPE, "X", 1, None)),
        ("2.5.1", "OBX-23", ("XON", "O", 1, None)),
        ("2.5.1", "OBX-24", ("XAD", "O", 1, None)),
        ("2.5.1", "OBX-25", ("XCN", "O", 1, None)),
        ("2.5.1", "IPC-1", ("EI", "R", 1, None)),
        ("2.5.1", "IPC-9", ("ST", "O", 1, None)),
        ("2.5.1", "TQ1-7", ("TS", "O", 1, None)),
        ("2.5.1", "MSA-1", ("ID", "R", 1, "0008")),
        ("2.5.1", "ERR-3", ("CWE", "R", 1, "0357")),
        ("2.5.1", "TXA-17", ("ID", "R", 1, "0271")),
        ("2.3.1", "PID-3", ("CX", "R", None, None)),
        ("2.3.1", "ORC-1", ("ID", "R", 1, "0119")),
        ("2.3.1", "OBR-27", ("TQ", "O", None, None)),
        ("2.3.1", "OBX-2", ("ID", "C", 1, "0125")),
        ("2.6", "OBX-20", ("CWE", "O", None, "0163")),
        ("2.6", "OBX-21", ("EI", "O", 1, None)),
        ("2.7", "MSH-7", ("DTM", "R", 1, None)),
        ("2.7.1", "OBX-2", ("ID", "C", 1, "0125")),
        ("2.8", "PID-3", ("CX", "R", None, None)),
        ("2.8", "EVN-2", ("DTM", "R", 1, None)),
        ("2.8.2", "PID-8", ("CWE", "O", 1, "0001")),
    ],
)
def test_fields(release: str, place: str, expected: tuple[str, str, int | None, str | None]) -> None:
    segment, number = place.split("-")
    found = field(release, segment, int(number))
    assert (found.datatype, found.usage, found.max, found.table) == expected


@pytest.mark.parametrize("release", ["2.7", "2.7.1", "2.8", "2.8.1", "2.8.2"])
@pytest.mark.parametrize(
    "place",
    [
        "EVN-1",
        "PID-2",
        "PID-4",
        "PID-9",
        "PID-12",
        "PID-19",
        "PID-20",
        "PID-28",
        "PD1-4",
        "PV1-40",
        "PV1-52",
        "MRG-2",
        "MRG-4",
        "MSA-3",
        "MSA-5",
        "MSA-6",
        "ERR-1",
        "ORC-7",
        "OBR-5",
        "OBR-6",
        "OBR-14",
        "OBR-15",
        "OBR-27",
        "IN1-38",
        "SCH-9",
        "SCH-11",
        "AL1-6",
    ],
)
def test_withdrawn_fields_are_kept(release: str, place: str) -> None:
    segment, number = place.split("-")
    found = field(release, segment, int(number))
    assert (found.datatype, found.usage, found.min) == (NO_TYPE, "W", 0)
    assert found.name


def test_names() -> None:
    assert field("2.8", "PID", 2).name == "Patient ID"
    assert field("2.5.1", "PID", 5).name == "Patient Name"
    pid = version("2.5.1").segment("PID")
    assert pid is not None
    assert (pid.name, len(pid.fields)) == ("Patient Identification", 39)


@pytest.mark.parametrize(
    ("release", "segment", "count"),
    # The last field of each segment definition table.
    [
        ("2.5.1", "MSH", 21),
        ("2.5.1", "PV1", 52),
        ("2.5.1", "PV2", 49),
        ("2.5.1", "ORC", 31),
        ("2.5.1", "OBR", 50),
        ("2.5.1", "OBX", 25),
        ("2.5.1", "TXA", 23),
        ("2.5.1", "NK1", 39),
        ("2.5.1", "SCH", 27),
        ("2.5.1", "MRG", 7),
        ("2.3.1", "PID", 30),
        ("2.3.1", "OBR", 45),
        ("2.3.1", "OBX", 17),
        ("2.3.1", "ORC", 24),
        ("2.3.1", "MSH", 20),
        ("2.1", "MSH", 14),
        ("2.7", "OBR", 53),
        ("2.7.1", "OBR", 54),
        ("2.7", "MSA", 8),
        ("2.6", "OBX", 25),
    ],
)
def test_number_of_fields(release: str, segment: str, count: int) -> None:
    found = version(release).segment(segment)
    assert found is not None
    assert len(found.fields) == count


def test_datatypes() -> None:
    cx = version("2.5.1").datatype("CX")
    assert cx is not None
    assert [c.datatype for c in cx.components] == [
        "ST",
        "ST",
        "ID",
        "HD",
        "ID",
        "HD",
        "DT",
        "DT",
        "CWE",
        "CWE",
    ]
    assert cx.components[0].usage == "R"
    assert cx.components[4].table == "0203"
    xpn = version("2.8").datatype("XPN")
    assert xpn is not None
    assert xpn.components[5].usage == "W"  # degree, withdrawn in 2.7
    xcn = version("2.5.1").datatype("XCN")
    assert xcn is not None
    assert [c.number for c in xcn.components if c.datatype == "FN"] == [2]
    assert version("2.5.1").datatype(VARIES) is None
    assert version("2.5.1").datatype(NO_TYPE) is None


def test_oru_r01() -> None:
    # HL7 v2.5.1 §7.3.1
    assert shape("2.5.1", "ORU_R01") == (
        "MSH [{SFT}] {PATIENT_RESULT:[PATIENT:PID [PD1] [{NTE}] [{NK1}] [VISIT:PV1 [PV2]]] "
        "{ORDER_OBSERVATION:[ORC] OBR [{NTE}] [{TIMING_QTY:TQ1 [{TQ2}]}] [CTD] [{OBSERVATION:OBX [{NTE}]}] "
        "[{FT1}] [{CTI}] [{SPECIMEN:SPM [{OBX}]}]}} [DSC]"
    )


def test_omi_o23() -> None:
    # HL7 v2.5.1 §4.4.12
    assert shape("2.5.1", "OMI_O23") == (
        "MSH [{SFT}] [{NTE}] [PATIENT:PID [PD1] [{NTE}] [PATIENT_VISIT:PV1 [PV2]] "
        "[{INSURANCE:IN1 [IN2] [IN3]}] [GT1] [{AL1}]] "
        "{ORDER:ORC [{TIMING:TQ1 [{TQ2}]}] OBR [{NTE}] [CTD] [{DG1}] [{OBSERVATION:OBX [{NTE}]}] {IPC}}"
    )


def test_orm_o01_has_a_choice() -> None:
    found = version("2.3.1").structure("ORM_O01")
    assert found is not None
    (choice,) = [node for node in walk(found.children) if node.kind == "choice"]
    assert [node.name for node in choice.children] == ["OBR", "RQD", "RQ1", "ODS", "ODT", "RXO"]


def test_2_7_1_keeps_segments_that_stand_twice() -> None:
    found = version("2.7.1").structure("ADT_A01")
    assert found is not None
    assert [node.name for node in found.children].count("ROL") == 2


@pytest.mark.parametrize(
    ("release", "code", "trigger", "structure"),
    [
        ("2.5.1", "ADT", "A01", "ADT_A01"),
        ("2.5.1", "ADT", "A04", "ADT_A01"),
        ("2.5.1", "ADT", "A08", "ADT_A01"),
        ("2.5.1", "ADT", "A13", "ADT_A01"),
        ("2.5.1", "ADT", "A11", "ADT_A09"),
        ("2.5.1", "ADT", "A28", "ADT_A05"),
        ("2.5.1", "ADT", "A31", "ADT_A05"),
        ("2.5.1", "ADT", "A40", "ADT_A39"),
        ("2.5.1", "ADT", "A47", "ADT_A30"),
        ("2.5.1", "ADT", "A23", "ADT_A21"),
        ("2.5.1", "OMI", "O23", "OMI_O23"),
        ("2.5.1", "ORI", "O24", "ORI_O24"),
        ("2.5.1", "OMG", "O19", "OMG_O19"),
        ("2.5.1", "ORM", "O01", "ORM_O01"),
        ("2.5.1", "SIU", "S15", "SIU_S12"),
        ("2.5.1", "MDM", "T10", "MDM_T02"),
        ("2.5.1", "ORU", "R01", "ORU_R01"),
        ("2.5.1", "ACK", "R01", "ACK"),
        ("2.5.1", "ACK", "", "ACK"),
        ("2.3.1", "ADT", "A31", "ADT_A01"),
        ("2.3.1", "ADT", "A08", "ADT_A01"),
        ("2.2", "ADT", "A08", "ADT_A08"),
        ("2.1", "ADT", "A04", "ADT_A04"),
        ("2.8.2", "ADT", "A04", "ADT_A01"),
        ("2.7.1", "ADT", "A04", "ADT_A01"),
    ],
)
def test_structure_for(release: str, code: str, trigger: str, structure: str) -> None:
    found = version(release).structure_for(code, trigger)
    assert found is not None
    assert found.id == structure


def test_what_is_unknown_is_none() -> None:
    held = version("2.5.1")
    assert held.segment("ZDS") is None
    assert held.structure("ORU_R99") is None
    assert held.structure_for("ZZZ", "Z01") is None
    assert held.datatype("ZZ") is None
    assert held.table("9999") is None
    assert "9999" not in held.tables
    with pytest.raises(KeyError):
        held.segments["ZDS"]


def test_code_tables() -> None:
    held = version("2.5.1")
    sex = held.table("1")
    assert sex is held.table("0001")
    assert sex is not None
    assert (sex.name, sex.kind) == ("Administrative Sex", "user")
    assert dict(sex.codes) == {
        "A": "Ambiguous",
        "F": "Female",
        "M": "Male",
        "N": "Not applicable",
        "O": "Other",
        "U": "Unknown",
    }
    status = held.table("0085")
    assert status is not None
    assert status.kind == "hl7"
    assert {"F", "P", "C", "D", "X", "W", "R"} <= set(status.codes)
    acknowledgment = held.table("0008")
    assert acknowledgment is not None
    assert set(acknowledgment.codes) == {"AA", "AE", "AR", "CA", "CE", "CR"}


def test_codes_follow_the_version() -> None:
    # A and N were added to table 0001 in 2.4.
    sex = version("2.3.1").table("0001")
    assert sex is not None
    assert set(sex.codes) == {"F", "M", "O", "U"}
    assert version("2.1").table("0354") is None
    assert version("2.3.1").table("0354") is not None


def test_value_types_follow_the_version() -> None:
    # CE and TS left with 2.6 and later; the tables of 2.9 no longer have them.
    old, new = version("2.5.1").table("0125"), version("2.8.2").table("0125")
    assert old is not None
    assert new is not None
    assert {"CE", "CWE", "ED", "NM", "SN", "ST", "TS", "TX", "FT", "RP"} <= set(old.codes)
    assert {"CWE", "DTM", "ED", "NM", "SN", "ST"} <= set(new.codes)
    assert not {"CE", "TS"} & set(new.codes)


def test_coding_systems_stand_in_every_version() -> None:
    for release in ("2.4", "2.5.1", "2.8.2"):
        systems = version(release).table("0396")
        assert systems is not None
        assert systems.kind == "external"
        assert {"DCM", "LN", "SCT", "UCUM", "L"} <= set(systems.codes)


# --- look-up of versions ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "release", "exact"),
    [
        ("2.5.1", "2.5.1", True),
        (" 2.5.1 ", "2.5.1", True),
        ("2.5.1^GBR", "2.5.1", True),
        ("2.5.1^GBR^HL7&x", "2.5.1", True),
        ("2.9", "2.8.2", False),
        ("2.9.1", "2.8.2", False),
        ("2.5.2", "2.5.1", False),
        ("2.3.2", "2.3.1", False),
        ("2.0", "2.1", False),
        ("V2.4", "2.4", False),
        ("3", "2.5.1", False),
        ("", "2.5.1", False),
        ("D", "2.5.1", False),
        ("2.99999999999999999999", "2.8.2", False),
    ],
)
def test_nearest(text: str, release: str, exact: bool) -> None:
    found, was_exact = nearest(text)
    assert (found.id, was_exact) == (release, exact)


def test_unknown_version() -> None:
    with pytest.raises(UsageError):
        version("2.9")


def test_loaded_once() -> None:
    assert version("2.5.1") is version("2.5.1")
    assert version("2.5.1").segment("PID") is version("2.5.1").segments["PID"]
    assert repr(version("2.5.1")) == "Version('2.5.1')"


def test_views_are_mappings() -> None:
    held = version("2.5.1")
    for view in (held.segments, held.datatypes, held.structures, held.tables):
        assert len(view) == len(list(view)) > 50
        first = next(iter(view))
        assert first in view
        assert view[first].id == first
    with pytest.raises(TypeError):
        held.events["ADT_A04"] = "ORU_R01"  # type: ignore[index]


# --- the files -------------------------------------------------------------------------------------


def test_provenance_heads_every_file() -> None:
    paths = sorted(DATA.glob("hl7-*.json"))
    assert len(paths) == len(VERSIONS) + 1
    for path in paths:
        content = json.loads(path.read_text("utf-8"))
        assert next(iter(content)) == "provenance"
        stated = content["provenance"]
        assert stated["edition"].startswith("HL7 v2")
        assert stated["generator"] == "tools/tables/hl7.py"
        assert {source["package"] for source in stated["sources"]} >= {"pypi:hl7apy", "pypi:hl7types"}
        for source in stated["sources"]:
            assert re.fullmatch(r"[0-9a-f]{64}", source["sha256"])
            assert source["version"]


def test_size_budget() -> None:
    assert sum(path.stat().st_size for path in DATA.glob("hl7-*.json")) < 5_000_000
