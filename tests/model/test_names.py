"""Names are said where any of their writings is."""

from chiasm.model import NameGroup, Person, PersonName


def test_a_name_is_said_in_any_writing():
    assert not PersonName()
    assert PersonName(ideographic=NameGroup("山田"))
    assert not NameGroup()
    assert NameGroup(degree="MD")


def test_a_person_may_be_known_by_a_number_alone():
    assert Person().identifier is None
