"""Every route says what it makes; where none leads, that is said with those that do."""

import pytest

from chiasm import dicom, hl7, mapping
from chiasm.errors import UsageError
from chiasm.mapping.routes import ROUTES


def test_every_route_says_what_it_makes():
    for (source, target), route in ROUTES.items():
        assert (route.source, route.target) == (source, target)
        assert route.makes


def test_the_routes_of_this_version():
    assert {target for source, target in ROUTES if source == "dicom"} >= {
        "oru",
        "omi",
        "orm",
        "adt",
        "mdm",
        "fhir",
    }
    assert {target for source, target in ROUTES if source == "hl7"} >= {"worklist", "sr", "patient", "dicom"}


def test_a_route_that_does_not_exist_is_refused_with_those_that_do(pydicom_files):
    path = next(one for one in pydicom_files if one.name == "CT_small.dcm")
    with pytest.raises(UsageError, match="no route leads from dicom to 'fax'") as caught:
        mapping.convert(dicom.read_file(path), "fax")
    assert "oru" in caught.value.hint
    with pytest.raises(UsageError, match="no route leads from hl7"):
        mapping.convert(hl7.parse("MSH|^~\\&|A|B|C|D|20260101||ADT^A08|1|P|2.5.1\r"), "oru2")
