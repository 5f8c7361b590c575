"""What a place of a primitive type admits."""

from __future__ import annotations

import pytest

from chiasm.errors import ValueFormatError
from chiasm.mapping.fhir_kind import checked


def test_checked() -> None:
    assert checked("string", "a") == "a"
    with pytest.raises(ValueFormatError, match="control character"):
        checked("string", "a\x00b")
    with pytest.raises(ValueFormatError, match="not written as id"):
        checked("id", "1_2")
