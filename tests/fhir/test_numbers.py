"""Numbers keep their text through parsing and writing."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chiasm import fhir
from chiasm.fhir.numbers import Number, dump, integer, is_number


@pytest.mark.parametrize("text", ["0", "-0.0", "1.50", "1E2", "12345678901234567890.10", "1e-7"])
def test_number_is_written_as_it_was(text: str) -> None:
    assert dump({"a": Number(text)}) == f'{{"a":{text}}}'


@pytest.mark.parametrize("text", ["01", "+1", "1.", ".5", "NaN", "", "1 "])
def test_other_forms_are_no_numbers_of_json(text: str) -> None:
    assert not is_number(text)


def test_whole_numbers_beyond_64_bits_keep_their_text() -> None:
    assert integer("12345678901234567890123") == Number("12345678901234567890123")
    assert integer("-0") == Number("-0")
    assert integer("42") == 42


@given(st.text(alphabet=st.sampled_from('\ue0f8"\\1a'), max_size=8))
def test_texts_that_hold_the_mark_stay_texts(text: str) -> None:
    written = dump({"text": text, "number": Number("1.0")})
    assert json.loads(written, parse_float=str) == {"text": text, "number": "1.0"}


def test_edit_keeps_the_text_of_other_numbers() -> None:
    resource = fhir.parse(b'{"resourceType":"Basic","a":1.500,"b":1E2,"c":1}')
    resource["c"] = 2
    assert resource.encode() == b'{"resourceType":"Basic","a":1.500,"b":1E2,"c":2}'
