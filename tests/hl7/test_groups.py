"""Grouping keeps order and every segment; the pitfalls of greedy and strict groupers, by name."""

from __future__ import annotations

import pytest

from chiasm.hl7.groups import Group, find, group_segments
from chiasm.hl7.structure import grammar


class Named:
    def __init__(self, name):
        self.id = name


def tree(version, structure, names):
    return group_segments(grammar(version, structure), [Named(name) for name in names.split()])


def shape(group):
    """The tree as text: `PATIENT(PID PV1)`."""
    return " ".join(
        f"{child.name}({shape(child)})" if isinstance(child, Group) else child.id for child in group.children
    )


def test_an_oru_with_two_orders():
    found = tree("2.5.1", "ORU_R01", "MSH PID PV1 ORC OBR OBX OBX NTE ORC OBR OBX")
    assert shape(found) == (
        "MSH PATIENT_RESULT(PATIENT(PID VISIT(PV1)) "
        "ORDER_OBSERVATION(ORC OBR OBSERVATION(OBX) OBSERVATION(OBX NTE)) "
        "ORDER_OBSERVATION(ORC OBR OBSERVATION(OBX)))"
    )


@pytest.mark.parametrize(
    ("version", "structure", "names", "group"),
    [
        ("2.5.1", "ORU_R01", "MSH PID OBR OBX OBR OBX", "ORDER_OBSERVATION"),  # no optional ORC
        ("2.5.1", "ORU_R01", "MSH OBR OBX OBR OBX", "ORDER_OBSERVATION"),  # no patient either
        ("2.5.1", "OMI_O23", "MSH PID ORC OBR IPC ORC OBR IPC", "ORDER"),
        ("2.5.1", "OMI_O23", "MSH PID ORC OBR IPC OBR IPC", "ORDER"),  # the second ORC is missing
        ("2.5.1", "OMI_O23", "MSH PID ORC OBR ORC OBR IPC", "ORDER"),  # the first IPC is missing
        ("2.3.1", "ORM_O01", "MSH PID ORC OBR ORC OBR", "ORDER"),
        ("2.5.1", "OMG_O19", "MSH PID ORC OBR ORC OBR", "ORDER"),  # not the prior result of the first
        ("2.5.1", "OML_O21", "MSH PID ORC OBR OBX ORC OBR OBX", "ORDER"),
    ],
)
def test_a_repeated_order_is_never_swallowed(version, structure, names, group):
    found = tree(version, structure, names)
    orders = [g for g in found.groups() if g.name == group]
    assert [sum(s.id == "OBR" for s in order.segments()) for order in orders] == [1, 1]
    assert [order.repetition for order in orders] == [1, 2]


def test_an_unexpected_segment_does_not_empty_its_neighbors():
    found = tree("2.3.1", "ORM_O01", "MSH EVN PID PV1 ORC OBR")
    assert shape(found).startswith("MSH EVN PATIENT(PID PATIENT_VISIT(PV1)) ORDER(ORC ")


def test_a_run_of_misplaced_notes_does_not_move_what_follows():
    found = tree("2.5.1", "SIU_S12", "MSH SCH PID NTE NTE NTE NTE PV1 RGS AIS")
    patient = find(found, "PATIENT")
    assert patient is not None
    assert [s.id for s in patient.segments()] == ["PID", "NTE", "NTE", "NTE", "NTE", "PV1"]


def test_a_local_segment_attaches_where_it_stands():
    found = tree("2.3.1", "ORM_O01", "MSH PID ORC OBR ZDS ORC OBR ZDS")
    assert [[s.id for s in g.segments()] for g in found.groups() if g.name == "ORDER"] == [
        ["ORC", "OBR", "ZDS"]
    ] * 2


def test_groups_are_found_by_name_and_repetition_at_any_depth():
    found = tree("2.5.1", "ORU_R01", "MSH PID OBR OBX OBX OBR OBX")
    third = found.find("OBSERVATION", 3)
    assert third is not None
    assert third.repetition == 1  # the first of the second order
    second = find(found, "ORDER_OBSERVATION", 2)
    assert second is not None
    assert second.find("OBSERVATION") is third
    assert found.find("OBSERVATION", 4) is None


def test_without_a_structure_all_segments_stand_in_the_root():
    segments = [Named("MSH"), Named("ZZZ")]
    found = group_segments(None, segments)
    assert found.children == segments
    assert found.grammar is None


def test_no_segments_at_all():
    assert group_segments(grammar("2.5.1", "ACK"), []).children == []


def test_a_long_broken_message_is_grouped_in_linear_time():
    names = ["MSH", "PID"] + ["OBX", "PID", "EVN"] * 20_000
    segments = [Named(name) for name in names]
    assert list(group_segments(grammar("2.5.1", "ORU_R01"), segments).segments()) == segments
