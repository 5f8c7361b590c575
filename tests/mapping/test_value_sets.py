"""Closed sets, one table each, read both ways."""

import pytest

from chiasm.errors import ValueFormatError
from chiasm.mapping import value_sets
from chiasm.standards import dictionary

SEX = (dictionary.tag("PatientSex"),)


@pytest.mark.parametrize(("v2", "written"), [("M", "M"), ("F", "F"), ("O", "O"), ("A", "O"), ("N", "O")])
def test_sex_of_v2_in_dicom(v2, written, data_set):
    data = data_set()
    value_sets.SEX.to_dicom(v2, SEX, data)
    assert data["PatientSex"] == written


def test_an_unknown_sex_is_refused(data_set, reader):
    with pytest.raises(ValueFormatError):
        value_sets.SEX.to_dicom("U", SEX, data_set())
    with pytest.raises(ValueFormatError):
        value_sets.SEX.from_dicom(reader(PatientSex="X"), SEX)


@pytest.mark.parametrize(
    ("dicom", "v2"), [("STAT", "S"), ("HIGH", "A"), ("ROUTINE", "R"), ("MEDIUM", "T"), ("LOW", "PRN")]
)
def test_priorities_both_ways(dicom, v2, reader, data_set):
    tags = (dictionary.tag("RequestedProcedurePriority"),)
    assert value_sets.PRIORITY.from_dicom(reader(RequestedProcedurePriority=dicom), tags) == v2
    data = data_set()
    value_sets.PRIORITY.to_dicom(v2, tags, data)
    assert data["RequestedProcedurePriority"] == dicom


def test_a_priority_of_ones_own_passes(reader):
    tags = (dictionary.tag("RequestedProcedurePriority"),)
    assert value_sets.PRIORITY.from_dicom(reader(RequestedProcedurePriority="NIGHT"), tags) == "NIGHT"


@pytest.mark.parametrize(
    ("modalities", "section"), [(("CT",), "CT"), (("SR", "MR"), "NMR"), (("DX",), "RAD"), (("XX",), "OTH")]
)
def test_the_section_of_a_study(modalities, section):
    assert value_sets.SectionKind().to_v2(modalities)[0] == section
