"""UIDs and transfer syntaxes, as PS3.5 §A and PS3.6 §A have them."""

import pytest

from chiasm.standards import uids


@pytest.mark.parametrize(
    ("uid", "implicit", "little", "deflated", "encapsulated"),
    [
        ("1.2.840.10008.1.2", True, True, False, False),
        ("1.2.840.10008.1.2.1", False, True, False, False),
        ("1.2.840.10008.1.2.1.99", False, True, True, False),
        ("1.2.840.10008.1.2.2", False, False, False, False),
        ("1.2.840.10008.1.2.4.50", False, True, False, True),
        ("1.2.840.10008.1.2.5", False, True, False, True),
        ("1.2.840.10008.1.2.4.95", False, True, True, False),
        ("1.2.840.10008.1.2.8.1", False, True, False, True),
    ],
)
def test_transfer_syntaxes(uid, implicit, little, deflated, encapsulated):
    found = uids.transfer_syntax(uid)
    assert (found.implicit_vr, found.little_endian, found.deflated, found.encapsulated) == (
        implicit,
        little,
        deflated,
        encapsulated,
    )


def test_what_is_no_transfer_syntax():
    assert uids.transfer_syntax("1.2.840.10008.5.1.4.1.1.2") is None
    assert uids.transfer_syntax("1.2.3") is None


def test_look_ups_both_ways():
    found = uids.by_keyword("CTImageStorage")
    assert (found.uid, found.kind) == ("1.2.840.10008.5.1.4.1.1.2", "SOP Class")
    assert uids.by_uid(found.uid) == found
    assert uids.name("1.2.840.10008.1.1") == "Verification SOP Class"
    assert uids.name("1.2.3") == ""
    assert uids.by_uid("1.2.3") is None
    assert uids.by_keyword("NoSuchThing") is None


def test_every_transfer_syntax_is_understood():
    found = uids.of_kind("Transfer Syntax")
    assert len(found) > 50
    assert all(uids.transfer_syntax(one.uid) for one in found)
