"""User information: each item's bytes as the tables of PS3.7 Annex D give them, and hostile ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chiasm.errors import ParseError
from chiasm.protocols import items
from chiasm.protocols.items import (
    AsynchronousOperations,
    CommonExtendedNegotiation,
    ExtendedNegotiation,
    ImplementationClass,
    ImplementationVersion,
    MaximumLength,
    Reader,
    RoleSelection,
    UnknownItem,
    UserIdentity,
    UserIdentityResponse,
)

GOLDEN = [
    # type, reserved, length, then the fields of the item's table
    (MaximumLength(16384), "51 00 0004 00004000"),
    (ImplementationClass("1.2.3"), "52 00 0005 312e322e33"),
    (AsynchronousOperations(0, 1), "53 00 0004 0000 0001"),
    (RoleSelection("1.2", False, True), "54 00 0007 0003 312e32 00 01"),
    (ImplementationVersion("ABC"), "55 00 0003 414243"),
    (ExtendedNegotiation("1.2", b"\1\0\1"), "56 00 0008 0003 312e32 010001"),
    (CommonExtendedNegotiation("1.2", "1.3", ("1.4",)), "57 00 0011 0003312e32 0003312e33 0005 0003312e34"),
    (UserIdentity(2, b"me", b"pw", True), "58 00 000a 02 01 0002 6d65 0002 7077"),
    (UserIdentity(4, b"<saml/>"), "58 00 000d 04 00 0007 3c73616d6c2f3e 0000"),
    (UserIdentityResponse(b"ok"), "59 00 0004 0002 6f6b"),
    (UnknownItem(0x77, b"?"), "77 00 0001 3f"),
]


@pytest.mark.parametrize(("item", "expected"), GOLDEN, ids=lambda one: type(one).__name__)
def test_the_bytes_are_those_of_the_standard(item, expected):
    assert item.encode() == bytes.fromhex(expected)
    assert items.decode_user_items(Reader(item.encode())) == (item,)


@pytest.mark.parametrize("item", [item for item, _ in GOLDEN if not isinstance(item, UnknownItem)])
def test_cut_off_anywhere_it_is_an_error_or_another_item_never_more(item):
    whole = item.encode()
    for length in range(1, len(whole)):
        with pytest.raises(ParseError):
            items.decode_user_items(Reader(whole[:length]))


def test_a_length_that_reaches_beyond_its_item_is_refused():
    with pytest.raises(ParseError, match="ends within"):
        items.decode_user_items(Reader(bytes.fromhex("54 00 0004 00ff 312e")))


@given(st.binary(max_size=200))
def test_any_bytes_are_items_or_a_parse_error(data):
    try:
        found = items.decode_user_items(Reader(data))
    except ParseError:
        return
    again = b"".join(item.encode() for item in found)
    assert items.decode_user_items(Reader(again)) == found
