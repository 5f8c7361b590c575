"""Content items become a content tree that pydicom reads as it was meant. PS3.3 §C.17.3."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pydicom
import pytest

from chiasm import dicom
from chiasm.errors import MappingError
from chiasm.mapping.sr_build import code_node, write_items
from chiasm.mapping.sr_items import read_items
from chiasm.model import Coded, Content, Reference

NAME = Coded("1", "99X", "Name")
ROOT = Content((1,), "", "CONTAINER", NAME, text="SEPARATE", template="1500")


def _written(*items: Content) -> pydicom.Dataset:
    data = dicom.DataSet({"SOPInstanceUID": "1.2.3"})
    write_items((ROOT, *items), data)
    encoded = dicom.create(data, sop_class="1.2.840.10008.5.1.4.1.1.88.34").encode()
    return pydicom.dcmread(io.BytesIO(encoded))


def test_the_root_is_the_data_set_itself() -> None:
    found = _written()
    assert (found.ValueType, found.ContinuityOfContent) == ("CONTAINER", "SEPARATE")
    assert found.ContentTemplateSequence[0].TemplateIdentifier == "1500"


def test_a_number_and_its_unit() -> None:
    item = Content(
        (1, 1), "CONTAINS", "NUM", NAME, numbers=("12.50",), unit=Coded("mm", "UCUM", "millimeter")
    )
    measured = _written(item).ContentSequence[0].MeasuredValueSequence[0]
    assert str(measured.NumericValue) == "12.50"
    assert measured.MeasurementUnitsCodeSequence[0].CodeValue == "mm"


def test_a_number_without_a_value_has_an_empty_sequence() -> None:
    found = _written(Content((1, 1), "CONTAINS", "NUM", NAME)).ContentSequence[0]
    assert len(found.MeasuredValueSequence) == 0


def test_a_pointer_and_a_reference() -> None:
    image = Content(
        (1, 1), "CONTAINS", "IMAGE", reference=Reference("1.2.840.10008.5.1.4.1.1.2", "1.2.9", (3,), (2,))
    )
    pointer = Content((1, 2), "INFERRED FROM", by_reference=(1, 1))
    found = _written(image, pointer).ContentSequence
    assert found[0].ReferencedSOPSequence[0].ReferencedFrameNumber == 3
    assert found[0].ReferencedSOPSequence[0].ReferencedSegmentNumber == 2
    assert list(found[1].ReferencedContentItemIdentifier) == [1, 1]
    assert "ValueType" not in found[1]


@pytest.mark.parametrize(
    ("code", "keyword"),
    [("1234", "CodeValue"), ("12345678901234567", "LongCodeValue"), ("urn:oid:1.2.3", "URNCodeValue")],
)
def test_a_code_stands_where_its_length_and_form_want_it(code: str, keyword: str) -> None:
    item = Content((1, 1), "CONTAINS", "CODE", NAME, code=Coded(code, "99X", "m"))
    assert getattr(_written(item).ContentSequence[0].ConceptCodeSequence[0], keyword) == code


def test_nothing_is_cut() -> None:
    with pytest.raises(MappingError, match="holds 64"):
        code_node(Coded("1", "99X", "m" * 65))


@pytest.mark.parametrize(
    "item",
    [
        Content((1, 1), "CONTAINS", "SCOORD", NAME, graphic="POINT", coordinates=("1", "two")),
        Content((1, 1), "CONTAINS", "TCOORD", NAME, graphic="POINT", basis="samples", coordinates=("1.5",)),
    ],
)
def test_what_is_no_coordinate_is_refused(item: Content) -> None:
    with pytest.raises(MappingError):
        _written(item)


def test_a_tree_read_and_written_is_the_same_tree(
    sr_package: Callable[..., dicom.Package], dose_report: Any
) -> None:
    items = read_items(sr_package(dose_report).data).items
    data = dicom.DataSet()
    write_items(items, data)
    assert read_items(data).items == items
