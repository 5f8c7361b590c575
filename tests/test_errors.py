"""The tree of errors, and what an error says to the person who meets it."""

import pytest

from chiasm import errors


def test_every_error_is_of_one_tree():
    found = [
        thing for thing in vars(errors).values() if isinstance(thing, type) and issubclass(thing, Exception)
    ]
    assert all(issubclass(thing, errors.ChiasmError) for thing in found)
    assert issubclass(errors.LimitError, errors.ParseError)


def test_an_error_names_file_place_rule_and_next_step():
    error = errors.ParseError(
        "length too great", source="a.dcm", place="132", rule="PS3.5 §7.1", hint="check it"
    )
    assert str(error) == "a.dcm at 132: length too great [PS3.5 §7.1]; check it"


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ({}, "bad"),
        ({"source": "a.hl7"}, "a.hl7: bad"),
        ({"place": "PID-3"}, "PID-3: bad"),
        ({"rule": "HL7 v2.5.1 §2.9"}, "bad [HL7 v2.5.1 §2.9]"),
        ({"hint": "try again"}, "bad; try again"),
    ],
)
def test_what_is_unknown_is_left_out(parts, text):
    assert str(errors.UsageError("bad", **parts)) == text


def test_a_finding_is_a_frozen_record():
    finding = errors.Finding(errors.Severity.ERROR, "PID-3", "missing", "PID-3 is required")
    assert finding.citation == ""
    assert finding.severity == "error"
    with pytest.raises(AttributeError):
        finding.path = "PID-4"
