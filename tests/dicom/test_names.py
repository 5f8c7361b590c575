"""Person names: PS3.5 §6.2.1.1 and its examples."""

from __future__ import annotations

from chiasm.dicom.names import NameGroup, PersonName


def test_the_standards_example_of_five_components() -> None:
    name = PersonName("Adams^John Robert Quincy^^Rev.^B.A. M.Div.")
    parts = (name.family_name, name.given_name, name.middle_name, name.prefix, name.suffix)
    assert parts == ("Adams", "John Robert Quincy", "", "Rev.", "B.A. M.Div.")
    assert name == "Adams^John Robert Quincy^^Rev.^B.A. M.Div."


def test_three_groups() -> None:
    name = PersonName("Yamada^Tarou=山田^太郎=やまだ^たろう")
    assert name.alphabetic.family_name == "Yamada"
    assert name.ideographic.given_name == "太郎"
    assert name.phonetic == "やまだ^たろう"


def test_missing_parts_are_empty_and_surplus_ones_stay() -> None:
    assert PersonName("").suffix == ""
    assert PersonName("A").phonetic.suffix == ""
    assert NameGroup("a^b^c^d^e^f").components == ("a", "b", "c", "d", "e", "f")
    assert len(PersonName("a=b=c=d").groups) == 4


def test_of_groups() -> None:
    assert PersonName.of("Wang^X", "王^小東") == "Wang^X=王^小東"
    assert PersonName.of("", "", "やまだ") == "==やまだ"
