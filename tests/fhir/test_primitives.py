"""Formats of primitives: the examples of FHIR R4 §2.24.0.1."""

from __future__ import annotations

import pytest

from chiasm.fhir.numbers import Number
from chiasm.fhir.primitives import problem

GOOD = {
    "boolean": [True, False],
    "integer": [0, -(2**31), 2**31 - 1],
    "unsignedInt": [0, 7],
    "positiveInt": [1],
    "decimal": [1, Number("1.50"), Number("-1E10")],
    "string": ["a", "two\nlines", "名前"],
    "markdown": ["*a*"],
    "code": ["a", "two words"],
    "id": ["1.2.840.10008.1", "A-b.9"],
    "oid": ["urn:oid:1.2.3.4.5"],
    "uuid": ["urn:uuid:c757873d-ec9a-4326-a141-556f43239520"],
    "uri": ["urn:oid:1.2", "http://loinc.org"],
    "date": ["2018", "1973-06", "1905-08-23", "2020-02-29"],
    "dateTime": ["2018", "1905-08-23", "2015-02-07T13:28:17-05:00", "2017-01-01T00:00:00.000Z"],
    "instant": ["2015-02-07T13:28:17.239+02:00", "2017-01-01T00:00:00Z"],
    "time": ["09:30:10", "23:59:60.25"],
    "base64Binary": ["aGk=", "aGVs bG8h"],
    "xhtml": ['<div xmlns="http://www.w3.org/1999/xhtml">a</div>'],
}
BAD = {
    "boolean": ["true", 1],
    "integer": [True, Number("1.0"), "1", 2**31],
    "unsignedInt": [-1],
    "positiveInt": [0],
    "decimal": ["1.0", True],
    "string": ["", "  ", "\x01", 5],
    "code": [" a", "a  b", ""],
    "id": ["a_b", "x" * 65],
    "oid": ["1.2.3", "urn:oid:1.02"],
    "uuid": ["urn:uuid:C757873D-EC9A-4326-A141-556F43239520"],
    "uri": ["a b"],
    "date": ["18", "2018-13", "2019-02-29", "20180101", "2018-01-01T00:00:00Z"],
    "dateTime": ["2015-02-07T13:28", "2015-02-07T13:28:17", "2015-02-30T13:28:17Z"],
    "instant": ["2015-02-07", "2015-02-07T13:28:17"],
    "time": ["09:30", "24:00:00", "09:30:10Z"],
    "base64Binary": ["a", "!!!!", ""],
    "xhtml": ["text"],
}


@pytest.mark.parametrize(
    ("kind", "value"), [(kind, value) for kind, values in GOOD.items() for value in values]
)
def test_good(kind: str, value: object) -> None:
    assert problem(kind, value) == ""


@pytest.mark.parametrize(
    ("kind", "value"), [(kind, value) for kind, values in BAD.items() for value in values]
)
def test_bad(kind: str, value: object) -> None:
    assert problem(kind, value) != ""


def test_time_of_day_without_zone_is_named() -> None:
    assert "zone" in problem("dateTime", "2015-02-07T13:28:17")
