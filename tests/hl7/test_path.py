"""Paths are read as HL7 people write them; anything else is refused."""

import pytest

from chiasm.errors import UsageError
from chiasm.hl7.path import Path, parse_path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PID", Path((), "PID", 1, None, None, None, None)),
        ("MSH-10", Path((), "MSH", 1, 10, None, None, None)),
        ("PID-3[2].4.1", Path((), "PID", 1, 3, 2, 4, 1)),
        ("OBX[3]-5", Path((), "OBX", 3, 5, None, None, None)),
        ("ORDER[1].OBX[3]-5", Path((("ORDER", 1),), "OBX", 3, 5, None, None, None)),
        ("PATIENT_RESULT.ORDER_OBSERVATION[2].OBR-4.1",
         Path((("PATIENT_RESULT", 1), ("ORDER_OBSERVATION", 2)), "OBR", 1, 4, None, 1, None)),
        ("PID[1]-5[1].1.1", Path((), "PID", 1, 5, 1, 1, 1)),
    ],
)  # fmt: skip
def test_paths(text, expected):
    assert parse_path(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "PID-", "PID-0", "PID[0]-3", "PID-3[0]", "PID-3.0", "PID-3.1.0", "pid-3", "PID.3", "PID-3.1.1.1", "PI-3",
     "PID-3[x]", "PID-3 ", "PID-٣", "G[0].PID-3", "PID-12345678", "-3"],
)  # fmt: skip
def test_what_is_no_path(text):
    with pytest.raises(UsageError):
        parse_path(text)
