"""Generated instances: valid, repeatable, minimal and full. All structures: tests/property."""

from __future__ import annotations

import pytest

from chiasm import hl7
from chiasm.errors import Severity, UsageError
from chiasm.hl7.generate import instance, rows


def test_a_minimal_instance_has_the_required_segments_only():
    message = instance("2.5.1", "OMI_O23")
    assert [s.id for s in message.segments] == ["MSH", "ORC", "OBR", "IPC"]
    assert message["MSH-9.3"] == "OMI_O23"
    assert [f for f in hl7.parse(message.encode()).validate() if f.severity is Severity.ERROR] == []


def test_a_full_instance_has_every_place_of_the_structure():
    message = instance("2.5.1", "ORU_R01", optional=True)
    names = {group.name for group in message.groups().groups()}
    assert {"PATIENT", "VISIT", "ORDER_OBSERVATION", "TIMING_QTY", "OBSERVATION", "SPECIMEN"} <= names


def test_the_same_arguments_give_the_same_message():
    assert rows("2.5.1", "ORM_O01", seed=3) == rows("2.5.1", "ORM_O01", seed=3)
    alternatives = {
        tuple(row[:3] for row in rows("2.5.1", "ORM_O01", optional=True, seed=n)) for n in range(9)
    }
    assert len(alternatives) > 1


@pytest.mark.parametrize(("version", "structure"), [("2.5.1", "XXX_X01"), ("1.0", "ORU_R01")])
def test_what_has_no_tables_is_refused(version, structure):
    with pytest.raises(UsageError):
        instance(version, structure)
