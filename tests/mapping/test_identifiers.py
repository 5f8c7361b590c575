"""Identifiers never lose their issuer."""

import pytest

from chiasm.errors import MappingError
from chiasm.mapping import identifiers
from chiasm.mapping.crosswalk import default
from chiasm.model import Identifier, Issuer

KIND = identifiers.PatientIdentifiersKind()
TAGS = default().row("patient.identifiers").tags


def test_cx_in_all_its_parts(field):
    found = KIND.from_v2(field("123^^^HOSP&1.2.3&ISO^MR^SITE&9.9&ISO"))
    assert found == (Identifier("123", Issuer("HOSP", "1.2.3", "ISO"), "MR", Issuer("SITE", "9.9", "ISO")),)


def test_a_repetition_without_an_identifier_is_none(field):
    assert [one.value for one in KIND.from_v2(field("^^^HOSP~5"))] == ["5"]


def test_other_identifiers_become_items(data_set):
    data = data_set()
    KIND.to_dicom(
        (Identifier("1", Issuer("A")), Identifier("2", Issuer("B", "1.2", "ISO"), "SS")), TAGS, data
    )
    assert (data["PatientID"], data["IssuerOfPatientID"]) == ("1", "A")
    other = data["OtherPatientIDsSequence"][0]
    assert (other["PatientID"], other["IssuerOfPatientID"]) == ("2", "B")
    assert other.get("IssuerOfPatientIDQualifiersSequence/0/IdentifierTypeCode") == "SS"


def test_a_retired_identifier_that_is_there_already_is_not_doubled(reader):
    found = KIND.from_dicom(reader(PatientID="1", OtherPatientIDs=("1", "2")), TAGS)
    assert [one.value for one in found] == ["1", "2"]


def test_an_identifier_that_does_not_fit_is_refused(data_set):
    with pytest.raises(MappingError):
        KIND.to_dicom((Identifier("x" * 65),), TAGS, data_set())


def test_issuers_in_both_forms(field):
    issuer = Issuer("RIS", "1.2.8", "ISO")
    assert identifiers.IssuerKind().to_v2(issuer)[0] == ("RIS", "1.2.8", "ISO")
    assert identifiers.IssuerKind().from_v2(field("A1^RIS^1.2.8^ISO", 2)) == issuer
    assert identifiers.HdKind().to_v2(issuer)[0] == (("RIS", "1.2.8", "ISO"),)
    assert identifiers.HdKind().from_v2(field("A1^^^RIS&1.2.8&ISO", 4)) == issuer


def test_the_code_of_a_person_is_its_identifier(reader, data_set):
    item = identifiers.to_person_item(Identifier("77", Issuer("99H")), data_set())
    (read,) = reader(OperatorIdentificationSequence=[item]).items(0x00081072)
    assert identifiers.from_person_code(read) == Identifier("77", Issuer("99H"))
