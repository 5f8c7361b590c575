"""Values of content items as value[x]; pitfall 12: qualifiers instead of numbers, units without dimension."""

from __future__ import annotations

from typing import Any

import pytest

from chiasm.errors import ValueFormatError
from chiasm.fhir import Number
from chiasm.mapping.fhir_report_values import value_of
from chiasm.model import Coded, Content

MM, ONE = Coded("mm", "UCUM", "millimeter"), Coded("1", "UCUM", "no units")
NAN = Coded("114000", "DCM", "Not a number")
UCUM = "http://unitsofmeasure.org"


def item(value_type: str, text: str = "", **fields: Any) -> Content:
    return Content((1, 1), "CONTAINS", value_type, Coded("1", "L", "x"), text, **fields)


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (
            item("NUM", numbers=("12.50",), unit=MM),
            {"valueQuantity": {"value": Number("12.50"), "unit": "millimeter", "system": UCUM, "code": "mm"}},
        ),
        (
            item("NUM", numbers=("2",), unit=ONE),
            {"valueQuantity": {"value": Number("2"), "unit": "no units", "system": UCUM, "code": "1"}},
        ),
        (item("CODE", code=MM), {"valueCodeableConcept": {"coding": [{"system": UCUM, "code": "mm", "display": "millimeter"}]}}),
        (item("TEXT", "all fine"), {"valueString": "all fine"}),
        (item("PNAME", "Doe^Jane"), {"valueString": "Doe^Jane"}),
        (item("UIDREF", "1.2.3"), {"valueString": "1.2.3"}),
        (item("DATE", "20200229"), {"valueDateTime": "2020-02-29"}),
        (item("DATETIME", "20200229101112+0900"), {"valueDateTime": "2020-02-29T10:11:12+09:00"}),
        (item("TIME", "101112.5"), {"valueTime": "10:11:12.5"}),
        (item("TIME", "1011"), {"valueString": "1011"}),
        (item("CONTAINER", "SEPARATE"), {}),
        (item("NUM"), {}),
    ],
)  # fmt: skip
def test_values(content: Content, value: dict[str, Any]) -> None:
    assert value_of(content) == (value, "")


def test_qualifier_instead_of_a_number_is_the_reason_of_its_absence() -> None:
    value, _ = value_of(item("NUM", qualifier=NAN, unit=ONE))
    assert value["dataAbsentReason"]["coding"][0]["code"] == "114000"
    assert "valueQuantity" not in value


def test_qualifier_beside_a_number() -> None:
    value, _ = value_of(item("NUM", numbers=("1",), qualifier=NAN))
    assert value["interpretation"][0]["coding"][0]["code"] == "114000"
    assert "dataAbsentReason" not in value


def test_time_without_a_zone_is_noted() -> None:
    value, note = value_of(item("DATETIME", "20200229101112"))
    assert value == {"valueDateTime": "2020-02-29"}
    assert "without a zone" in note


def test_what_fhir_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueFormatError):
        value_of(item("NUM", numbers=("x",)))
    with pytest.raises(ValueFormatError):
        value_of(item("TEXT", "a\x00b"))
