"""Content items, one of each value type: PS3.3 §C.17.3."""

from __future__ import annotations

import pytest

from chiasm.dicom.content import container, from_mapping, number, reference, referenced
from chiasm.errors import UsageError

NAME = ["121071", "DCM", "Finding"]


@pytest.mark.parametrize(
    ("described", "path", "expected"),
    [
        ({"type": "TEXT", "value": "ok"}, "TextValue", "ok"),
        ({"type": "CODE", "value": ["1", "99A", "x"]}, "ConceptCodeSequence/0/CodeMeaning", "x"),
        (
            {"type": "NUM", "value": 1.5, "unit": ["mm", "UCUM", "mm"]},
            "MeasuredValueSequence/0/NumericValue",
            "1.5",
        ),
        (
            {"type": "NUM", "value": 2},
            "MeasuredValueSequence/0/MeasurementUnitsCodeSequence/0/CodeValue",
            "1",
        ),
        ({"type": "PNAME", "value": "A^B"}, "PersonName", "A^B"),
        ({"type": "DATE", "value": "20260101"}, "Date", "20260101"),
        ({"type": "TIME", "value": "10"}, "Time", "10"),
        ({"type": "DATETIME", "value": "2026"}, "DateTime", "2026"),
        ({"type": "UIDREF", "value": "1.2"}, "UID", "1.2"),
        (
            {"type": "IMAGE", "value": ["1.1", "1.2"]},
            "ReferencedSOPSequence/0/ReferencedSOPInstanceUID",
            "1.2",
        ),
        ({"type": "CONTAINER", "template": "1500"}, "ContentTemplateSequence/0/TemplateIdentifier", "1500"),
        ({"type": "CONTAINER"}, "ContinuityOfContent", "SEPARATE"),
    ],
)
def test_value_types(described, path, expected):
    item = from_mapping({"name": NAME, **described})
    assert item["ValueType"] == described["type"]
    assert item["ConceptNameCodeSequence/0/CodeValue"] == "121071"
    assert item["RelationshipType"] == "CONTAINS"
    assert item[path] == expected


def test_an_image_needs_no_name():
    assert "ConceptNameCodeSequence" not in referenced("IMAGE", "1.1", "1.2")
    assert reference("1.1", "1.2")["ReferencedSOPClassUID"] == "1.1"


def test_order_and_depth():
    item = {"type": "TEXT", "name": NAME, "value": "deep"}
    for _ in range(400):
        item = {
            "type": "CONTAINER",
            "name": NAME,
            "items": [{"type": "TEXT", "name": NAME, "value": "a"}, item],
        }
    data = from_mapping(item)
    for _ in range(400):
        first, data = data["ContentSequence"]
        assert first["TextValue"] == "a"
    assert data["TextValue"] == "deep"


@pytest.mark.parametrize(
    "described",
    [
        {"type": "SCOORD", "name": NAME},
        {"name": NAME},
        {"type": "TEXT", "name": ["1"], "value": "x"},
        {"type": "IMAGE", "value": "1.2"},
        {"type": "IMAGE", "value": ["1.2"]},
        {"type": "CODE", "name": NAME, "value": 5},
    ],
)
def test_what_is_no_item(described):
    with pytest.raises(UsageError):
        from_mapping(described)


def test_relationships():
    item = number(NAME, "1", ("mm", "UCUM", "mm"), "INFERRED FROM")
    assert item["RelationshipType"] == "INFERRED FROM"
    assert "RelationshipType" not in container(NAME, [item], relationship="")
