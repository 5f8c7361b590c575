"""The records of what happens on an association."""

import dataclasses

import pytest

from chiasm.protocols.happenings import Aborted, Close, Context, Data


def test_a_context_has_the_roles_of_a_requestor_unless_others_were_agreed():
    context = Context(1, "1.2", "1.3")
    assert (context.scu_role, context.scp_role) == (True, False)
    with pytest.raises(dataclasses.FrozenInstanceError):
        context.id = 3


def test_a_fragment_is_not_copied():
    held = bytearray(b"abc")
    data = Data(1, memoryview(held), last=True)
    held[0] = ord("x")
    assert bytes(data.data) == b"xbc"


def test_the_same_happenings_are_equal():
    assert Close() == Close()
    assert Aborted(2, 1) == Aborted(2, 1, "")
