"""An identifier is one together with who issued it."""

from chiasm.model import Identifier, Issuer


def test_the_same_number_of_two_issuers_is_two_identifiers():
    assert Identifier("1", Issuer("A")) != Identifier("1", Issuer("B"))
    assert len({Identifier("1", Issuer("A")), Identifier("1", Issuer("A"))}) == 1


def test_an_issuer_without_a_name_is_none():
    assert not Issuer()
    assert not Issuer(universal_type="ISO")
    assert Issuer(universal="1.2")
