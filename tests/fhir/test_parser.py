"""Reading JSON within the budgets."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chiasm import fhir
from chiasm.errors import ChiasmError, LimitError, ParseError
from chiasm.limits import Limits


def test_bytes_in_are_bytes_out(patient: dict[str, Any], as_bytes: Any) -> None:
    data = b"\xef\xbb\xbf \n" + as_bytes(patient).replace(b",", b" ,\t")
    assert fhir.parse(data).encode() == data


def test_name_that_stands_twice_is_refused() -> None:
    with pytest.raises(ParseError, match="'id' stands twice"):
        fhir.parse(b'{"resourceType":"Patient","id":"1","id":"2"}', source="a.json")


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{}", b"null", b'{"resourceType":1}', b"{", b'{"resourceType":"Patient"', b"\xff\xfe"],
)
def test_what_is_no_resource_is_refused(data: bytes) -> None:
    with pytest.raises(ParseError):
        fhir.parse(data)


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity"])
def test_numbers_that_json_lacks_are_refused(number: bytes) -> None:
    with pytest.raises(ParseError, match="not a number of JSON"):
        fhir.parse(b'{"resourceType":"Basic","a":' + number + b"}")


@pytest.mark.parametrize("bracket", ["[", '{"a":'])
def test_nesting_ends_in_an_error(bracket: str) -> None:
    with pytest.raises(LimitError, match="json_depth"):
        fhir.parse('{"resourceType":"Basic","a":' + bracket * 100_000)


def test_brackets_in_texts_are_no_nesting() -> None:
    data = '{"resourceType":"Basic","a":"' + "[{" * 2000 + '\\"["}'
    assert fhir.parse(data).encode() == data.encode()


def test_size_is_bounded(patient: dict[str, Any], as_bytes: Any) -> None:
    with pytest.raises(LimitError, match="json_bytes"):
        fhir.parse(as_bytes(patient), limits=Limits(json_bytes=10))


def test_truncation_at_each_offset_is_an_error(patient: dict[str, Any], as_bytes: Any) -> None:
    data = as_bytes(patient)
    for end in range(len(data)):
        with pytest.raises(ParseError):
            fhir.parse(data[:end])


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for one in (data, b'{"resourceType":"Basic","a":' + data + b"}"):
        with contextlib.suppress(ChiasmError):
            assert fhir.parse(one).encode() == one


def test_file_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match="cannot be read"):
        fhir.read_file(tmp_path / "none.json")
    (tmp_path / "one.json").write_bytes(b'{"resourceType":"Basic"}')
    assert fhir.read_file(tmp_path / "one.json").type == "Basic"
