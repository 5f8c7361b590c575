"""A code is something where it has a code or a meaning."""

from chiasm.model import Coded, Quantity


def test_a_meaning_alone_is_text_without_a_code():
    assert Coded(meaning="Chest")
    assert Coded("1", "LN")
    assert not Coded(scheme="LN")
    assert not Coded()


def test_a_quantity_keeps_the_text_of_its_number():
    assert Quantity("1.50").value == "1.50"
    assert Quantity("1.50") != Quantity("1.5")
