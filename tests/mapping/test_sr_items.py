"""Content trees are read whole: every value type, at any depth. Expected values by pydicom. PS3.3 §C.17.3."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.dataset import Dataset

from chiasm import dicom
from chiasm.mapping.sr_items import read_items
from chiasm.model import Attribute, Coded, Content, Instant, Reference

Package = Callable[..., dicom.Package]
NAME = ("1", "99X", "Name")
SEPARATE = {"ContinuityOfContent": "SEPARATE"}
REPORTS = ["test-SR.dcm", "reportsi.dcm", "reportsi_with_empty_number_tags.dcm"]


def _one(package: Package, value_type: str, **fields: Any) -> Content:
    child = ("CONTAINS", value_type, NAME, fields, [])
    items = read_items(package(("", "CONTAINER", NAME, SEPARATE, [child])).data).items
    assert len(items) == 2
    assert items[1].position == (1, 1)
    return items[1]


@pytest.mark.parametrize(
    ("value_type", "keyword", "value"),
    [
        ("TEXT", "TextValue", "line one\r\nline two"),
        ("DATETIME", "DateTime", "20240131120000.123456+0100"),
        ("DATE", "Date", "20240131"),
        ("TIME", "Time", "120000.5"),
        ("UIDREF", "UID", "1.2.3"),
        ("PNAME", "PersonName", "Yamada^Tarou=山田^太郎=やまだ^たろう"),
    ],
)
def test_texts_are_kept_as_written(sr_package: Package, value_type: str, keyword: str, value: str) -> None:
    child = ("CONTAINS", value_type, NAME, {keyword: value}, [])
    package = sr_package(("", "CONTAINER", NAME, SEPARATE, [child]), SpecificCharacterSet="ISO_IR 192")
    assert read_items(package.data).items[1].text == value


def test_a_code_has_its_scheme_meaning_and_version(sr_package: Package) -> None:
    fields = {
        "ConceptCodeSequence": [
            {
                "CodeValue": "4147007",
                "CodingSchemeDesignator": "SCT",
                "CodingSchemeVersion": "2024",
                "CodeMeaning": "Mass",
            }
        ]
    }
    assert _one(sr_package, "CODE", **fields).code == Coded("4147007", "SCT", "Mass", "2024")


def test_a_number_has_values_unit_qualifier_and_its_other_forms(sr_package: Package) -> None:
    item = _one(
        sr_package,
        "NUM",
        MeasuredValueSequence=[
            {
                "NumericValue": ["1.50", "2"],
                "MeasurementUnitsCodeSequence": ("1", "UCUM", "no units"),
                "FloatingPointValue": 1.5,
                "RationalNumeratorValue": 3,
                "RationalDenominatorValue": 2,
            }
        ],
        NumericValueQualifierCodeSequence=("114000", "DCM", "Not a number"),
    )
    assert item.numbers == ("1.50", "2")
    assert item.unit == Coded("1", "UCUM", "no units")
    assert item.qualifier == Coded("114000", "DCM", "Not a number")
    assert item.attributes == (
        Attribute("0040A300/0/0040A161", "FD", "1.5"),
        Attribute("0040A300/0/0040A162", "SL", "3"),
        Attribute("0040A300/0/0040A163", "UL", "2"),
    )


def test_a_number_without_a_value_is_empty(sr_package: Package) -> None:
    item = _one(sr_package, "NUM", MeasuredValueSequence=[])
    assert (item.numbers, item.unit) == ((), None)


@pytest.mark.parametrize("value_type", ["IMAGE", "COMPOSITE", "WAVEFORM"])
def test_a_reference_has_frames_segments_and_channels(sr_package: Package, value_type: str) -> None:
    named = {
        "ReferencedSOPClassUID": "1.2.840.10008.5.1.4.1.1.2",
        "ReferencedSOPInstanceUID": "1.2.9",
        "ReferencedFrameNumber": ["1", "7"],
        "ReferencedSegmentNumber": [2],
        "ReferencedWaveformChannels": [1, 3],
    }
    item = _one(sr_package, value_type, ReferencedSOPSequence=[named])
    assert item.reference == Reference("1.2.840.10008.5.1.4.1.1.2", "1.2.9", (1, 7), (2,), (1, 3))


def test_coordinates_in_space_and_time(sr_package: Package) -> None:
    flat = _one(sr_package, "SCOORD", GraphicType="POINT", GraphicData=[1.5, 0.1])
    assert (flat.graphic, flat.coordinates) == ("POINT", ("1.5", "0.100000001"))
    deep = _one(
        sr_package,
        "SCOORD3D",
        GraphicType="POINT",
        GraphicData=[1.0, 2.0, -3.0],
        ReferencedFrameOfReferenceUID="1.2.7",
    )
    assert (deep.coordinates, deep.basis) == (("1", "2", "-3"), "1.2.7")
    for keyword, value, basis in (
        ("ReferencedSamplePositions", [1, 5], "samples"),
        ("ReferencedTimeOffsets", ["1.5", "5"], "seconds"),
        ("ReferencedDateTime", ["20240131", "20240201"], "moments"),
    ):
        timed = _one(sr_package, "TCOORD", TemporalRangeType="SEGMENT", **{keyword: value})
        assert (timed.graphic, timed.basis, timed.coordinates) == ("SEGMENT", basis, tuple(map(str, value)))


def test_a_table_has_its_size_and_keeps_its_cells(sr_package: Package) -> None:
    cells = [{"TableRowNumber": 1, "TableColumnNumber": 1, "TextValue": "cell"}]
    fields = {"NumberOfTableRows": 2, "NumberOfTableColumns": 3, "CellValuesSequence": cells}
    item = _one(
        sr_package, "TABLE", TabulatedValuesSequence=[fields], NumberOfTableRows=2, NumberOfTableColumns=3
    )
    assert item.text == "2x3"
    assert Attribute("0040A801/0/0040A808/0/0040A160", "UT", "cell") in item.attributes


def test_an_item_by_reference_is_a_pointer(sr_package: Package) -> None:
    pointer = ("INFERRED FROM", "", None, {"ReferencedContentItemIdentifier": [1, 2]}, [])
    first = ("CONTAINS", "TEXT", NAME, {"TextValue": "a"}, [pointer])
    second = ("CONTAINS", "TEXT", NAME, {"TextValue": "b"}, [])
    items = read_items(sr_package(("", "CONTAINER", NAME, SEPARATE, [first, second])).data).items
    assert [item.position for item in items] == [(1,), (1, 1), (1, 1, 1), (1, 2)]
    assert (items[2].value_type, items[2].by_reference, items[2].relationship) == (
        "",
        (1, 2),
        "INFERRED FROM",
    )


def test_when_and_by_which_uid_an_item_was_observed(sr_package: Package) -> None:
    item = _one(
        sr_package, "TEXT", TextValue="x", ObservationDateTime="20240131120000+0100", ObservationUID="1.2.8"
    )
    assert item.observed == Instant("20240131120000", "", "+0100")
    assert item.identifier == "1.2.8"


def test_a_container_has_its_template(sr_package: Package, measurement_report: Any) -> None:
    assert read_items(sr_package(measurement_report).data).items[0].template == "1500"


def test_an_unknown_value_type_keeps_everything(sr_package: Package) -> None:
    item = _one(sr_package, "FUTURE", TextValue="said")
    assert (item.value_type, item.attributes) == ("FUTURE", (Attribute("0040A160", "UT", "said"),))


def test_a_code_of_two_items_keeps_the_second(sr_package: Package) -> None:
    two = [
        {"CodeValue": "1", "CodingSchemeDesignator": "A", "CodeMeaning": "first"},
        {"CodeValue": "2", "CodingSchemeDesignator": "A", "CodeMeaning": "second"},
    ]
    item = _one(sr_package, "CODE", ConceptCodeSequence=two)
    assert item.code == Coded("1", "A", "first")
    assert Attribute("0040A168/1/00080100", "SH", "2") in item.attributes


def test_a_data_set_without_a_root_has_no_items() -> None:
    assert read_items(dicom.DataSet({"PatientID": "1"})).items == ()


def test_nesting_exhausts_nothing() -> None:
    data = dicom.DataSet({"ValueType": "TEXT"})
    for _ in range(900):
        outer = dicom.DataSet({"ValueType": "CONTAINER"})
        outer["ContentSequence"] = [data]
        data = outer
    items = read_items(data).items
    assert len(items) == 901
    assert len(items[-1].position) == 901


def _types(data: Dataset, position: tuple[int, ...]) -> dict[tuple[int, ...], str]:
    found = {position: str(data.get("ValueType", ""))}
    for number, child in enumerate(data.get("ContentSequence", ()), 1):
        found.update(_types(child, (*position, number)))
    return found


@pytest.mark.parametrize("name", REPORTS)
def test_real_reports_are_read_as_pydicom_reads_them(pydicom_data: Path, name: str) -> None:
    path = pydicom_data / "test_files" / name
    items = read_items(dicom.read_file(path).data).items
    assert {item.position: item.value_type for item in items} == _types(pydicom.dcmread(path), (1,))


@pytest.mark.parametrize("name", REPORTS)
def test_every_leaf_of_a_content_tree_is_noted(pydicom_data: Path, name: str) -> None:
    data = dicom.read_file(pydicom_data / "test_files" / name).data
    noted = {f"{prefix}{tag:08X}" for leaves in read_items(data).leaves for prefix, tag, _ in leaves}
    below = {path for path, _ in data.walk() if path.startswith("0040A730/")}
    assert below <= noted
