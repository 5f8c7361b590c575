"""PN, XPN, XCN and CNN of the same names."""

import pytest

from chiasm.errors import MappingError
from chiasm.mapping import names
from chiasm.model import Identifier, Issuer, NameGroup, Person, PersonName

ADAMS = PersonName(NameGroup("Adams", "John", "Robert", "Rev.", "B.A."))


@pytest.mark.parametrize(
    "text",
    ["Adams^John^Robert^Rev.^B.A.", "Doe", "^Jane", "Yamada^Tarou=山田^太郎=やまだ^たろう", "=山田", "a==b"],
)
def test_pn_comes_back(text):
    assert names.to_pn(names.from_pn(text)) == text


def test_components_of_a_pn():
    assert names.from_pn("Adams^John^Robert^Rev.^B.A.") == ADAMS


def test_xpn_has_suffix_before_prefix(field):
    assert names.to_xpn(ADAMS) == [("Adams", "John", "Robert", "B.A.", "Rev.", "", "", "")]
    assert names.from_xpn(field("Adams^John^Robert^B.A.^Rev.")) == (ADAMS,)


def test_names_of_different_types_stay_apart(field):
    found = names.from_xpn(field("Doe^Jane^^^^^L~Roe^Jane^^^^^M"))
    assert [(name.alphabetic.family, name.use) for name in found] == [("Doe", "L"), ("Roe", "M")]


def test_two_alphabetic_names_are_two(field):
    assert len(names.from_xpn(field("Doe^Jane~Roe^Jane"))) == 2


def test_legal_maiden_and_alias_find_their_elements(data_set):
    kind = names.PatientNamesKind()
    tags = (0x00100010, 0x00101001, 0x00101005)
    data = data_set()
    said = (
        PersonName(NameGroup("M"), use="M"),
        PersonName(NameGroup("L"), use="L"),
        PersonName(NameGroup("A"), use="A"),
    )
    kind.to_dicom(said, tags, data)
    assert (data["PatientName"], data["OtherPatientNames"], data["PatientBirthName"]) == ("L", "A", "M")


def test_xcn_has_its_identifier_first(field):
    person = Person(ADAMS, Identifier("77", Issuer("H", "1.2", "ISO"), "NPI"))
    (written,) = names.to_xcn(person)
    assert written[:6] == ("77", "Adams", "John", "Robert", "B.A.", "Rev.")
    assert names.from_xcn(field("77^Adams^John^Robert^B.A.^Rev.^^^H&1.2&ISO^^^^NPI")) == (person,)


def test_a_person_known_by_a_number_alone(field):
    assert names.from_xcn(field("77")) == (Person(identifier=Identifier("77")),)


def test_ndl_in_either_form(field):
    kind = names.NamedPersonsKind()
    expected = (Person(PersonName(NameGroup("Read", "Er"))),)
    assert kind.from_v2(field("&Read&Er")) == expected
    assert kind.from_v2(field("^Read^Er")) == expected


def test_a_second_writing_has_no_place_in_ndl():
    person = Person(PersonName(NameGroup("Yamada"), NameGroup("山田")))
    assert names.NamedPersonsKind().to_v2((person,))[1]


def test_a_name_that_does_not_fit_is_refused_and_never_cut(data_set):
    with pytest.raises(MappingError, match="never cut"):
        names.NameKind().to_dicom(PersonName(NameGroup("x" * 65)), (0x00100010,), data_set())
