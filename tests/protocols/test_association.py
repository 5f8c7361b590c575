"""One association without a socket: both ends talk in memory, at every split, and under abuse."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chiasm.errors import UsageError
from chiasm.protocols import association as ul
from chiasm.protocols import commands, pdu
from chiasm.protocols.association import (
    Aborted,
    Accepted,
    Association,
    Close,
    Commanded,
    Data,
    Rejected,
    Released,
    Settings,
)
from chiasm.protocols.commands import Command
from chiasm.protocols.items import AsynchronousOperations, RoleSelection
from chiasm.protocols.machine import State
from chiasm.protocols.pdu import Abort, AnsweredContext, AssociateRequest, ProposedContext

VERIFICATION, CT = "1.2.840.10008.1.1", "1.2.840.10008.5.1.4.1.1.2"
IMPLICIT = "1.2.840.10008.1.2"
REQUEST = AssociateRequest(
    "THERE",
    "HERE",
    contexts=(ProposedContext(1, VERIFICATION, (IMPLICIT,)), ProposedContext(3, CT, (IMPLICIT,))),
)
ECHO = Command(commands.ECHO, message_id=1, affected_class=VERIFICATION)
STORE = Command(commands.STORE, True, message_id=2, affected_class=CT, affected_instance="1.2.3", priority=0)


def outgoing(association: Association) -> bytes:
    return b"".join(bytes(part) for part in association.outgoing())


DEFAULT = Settings()


def pair(settings: Settings = DEFAULT, request: AssociateRequest = REQUEST):
    asker = Association.connected(request, settings, 0.0)
    answerer = Association.acceptor(settings, 0.0)
    [asked] = answerer.receive(outgoing(asker), 0.0)
    answerer.accept([AnsweredContext(context.id, 0, IMPLICIT) for context in asked.request.contexts], (), 0.0)
    [accepted] = asker.receive(outgoing(answerer), 0.0)
    assert isinstance(accepted, Accepted)
    return asker, answerer


def taken(happened):
    """Events with their fragments joined, so that splits do not show."""
    found, data = [], b""
    for one in happened:
        if isinstance(one, Data):
            data += bytes(one.data)
            if one.last:
                found.append(("data", one.context, data))
                data = b""
        else:
            found.append(one)
    return found


def test_an_association_from_its_request_to_its_release():
    asker, answerer = pair()
    assert asker.contexts.keys() == answerer.contexts.keys() == {1, 3}
    asker.send(1, ECHO)
    [got] = answerer.receive(outgoing(asker), 0.0)
    assert got == Commanded(1, ECHO)
    answerer.send(1, ECHO.answer(0))
    assert asker.receive(outgoing(answerer), 0.0) == [Commanded(1, ECHO.answer(0))]
    asker.release(0.0)
    assert answerer.receive(outgoing(asker), 0.0) == [Released(True)]
    answerer.release_response(0.0)
    assert asker.receive(outgoing(answerer), 0.0) == [Released(False), Close()]
    assert answerer.closed(0.0) == []
    assert asker.state is answerer.state is State.IDLE


@pytest.mark.parametrize("size", [1, 2, 5, 6, 7, 11, 64, 1000])
def test_events_are_the_same_at_every_split_of_the_bytes(size):
    asker, answerer = pair(Settings(maximum_length=256))
    content = bytes(range(256)) * 5
    asker.send(3, STORE, content)
    asker.send(1, ECHO)
    data = outgoing(asker)
    happened = []
    for start in range(0, len(data), size):
        happened += taken_now(answerer, data[start : start + size])
    assert taken(happened) == [Commanded(3, STORE), ("data", 3, content), Commanded(1, ECHO)]


def taken_now(association, data):
    return [
        Data(one.context, memoryview(bytes(one.data)), one.last) if isinstance(one, Data) else one
        for one in association.receive(data, 0.0)
    ]


@pytest.mark.parametrize("maximum", [16, 100, 4096, 0])
def test_no_unit_is_longer_than_the_peer_takes(maximum):
    asker, answerer = pair(Settings(maximum_length=maximum))
    asker.send(3, STORE, bytes(5000))
    data, lengths = outgoing(asker), []
    position = 0
    while position < len(data):
        length = int.from_bytes(data[position + 2 : position + 6], "big")
        lengths.append(length)
        position += 6 + length
    assert max(lengths) <= (maximum or 1 << 20)
    assert taken(answerer.receive(data, 0.0))[-1] == ("data", 3, bytes(5000))


def test_a_rejection_tells_its_reason_and_the_timer_waits_for_the_close():
    asker = Association.connected(REQUEST, Settings(), 0.0)
    answerer = Association.acceptor(Settings(artim=5), 0.0)
    answerer.receive(outgoing(asker), 0.0)
    answerer.reject(1, 1, 7, 1.0)
    [rejected, close] = asker.receive(outgoing(answerer), 1.0)
    assert isinstance(rejected, Rejected)
    assert rejected.reject.reason == 7
    assert close == Close()
    assert answerer.deadline == 6.0
    assert answerer.tick(5.9) == []
    assert answerer.tick(6.0) == [Close()]


def test_roles_and_window_are_agreed():
    request = AssociateRequest(
        "THERE",
        "HERE",
        (RoleSelection(CT, False, True), AsynchronousOperations(4, 2)),
        contexts=(ProposedContext(1, CT, (IMPLICIT,)),),
    )
    asker = Association.connected(request, Settings(), 0.0)
    answerer = Association.acceptor(Settings(), 0.0)
    answerer.receive(outgoing(asker), 0.0)
    answerer.accept([AnsweredContext(1, 0, IMPLICIT)], (RoleSelection(CT, False, True),), 0.0)
    asker.receive(outgoing(answerer), 0.0)
    for one in (asker, answerer):
        assert (one.contexts[1].scu_role, one.contexts[1].scp_role) == (False, True)
    assert ul.window(request.items) == (4, 2)
    assert ul.window(()) == (1, 1)


def test_who_says_nothing_is_left_when_the_timer_ends():
    answerer = Association.acceptor(Settings(artim=10), 100.0)
    assert answerer.deadline == 110.0
    assert answerer.tick(110.0) == [Close()]


@pytest.mark.parametrize(
    ("unit", "reason"),
    [
        (b"\x04\0\0\0\0\x06\0\0\0\2\1\3", 2),  # data before an association: unexpected PDU; abort by the user
        (b"\x05\0\0\0\0\4\0\0\0\0", 2),
        (b"\x99\0\0\0\0\4\0\0\0\0", 1),
        (b"\x01\0\xff\xff\xff\xff", 6),
        (b"GET / HTTP/1.1\r\n\r\n", 1),
    ],
)
def test_before_the_request_anything_else_is_answered_by_an_abort(unit, reason):
    answerer = Association.acceptor(Settings(), 0.0)
    happened = answerer.receive(unit, 0.0)
    assert not any(isinstance(one, Data | Commanded) for one in happened)
    assert pdu.decode(outgoing(answerer)) == Abort(0, 0)  # AA-1: the abort of Sta2 is the user's
    assert answerer.state is State.AWAITING_CLOSE
    assert answerer.receive(b"\x04\0\0\0\0\x06\0\0\0\2\1\3" * 3, 0.0) == []


def value(context: int, flags: int, data: bytes) -> bytes:
    return pdu.DataTransfer(((context, flags, data),)).encode()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (pdu.AssociateRequest("A", "B").encode(), 2),  # a second request
        (b"\x06\0\0\0\0\4\0\0\0\0", 2),  # an answer to a release nobody asked for
        (b"\x42\0\0\0\0\4\0\0\0\0", 1),  # no such unit
        (b"\x05\0\0\0\0\5\0\0\0\0\0", 6),  # a release of the wrong length
        (b"\x04\0\xff\xff\xff\xff", 6),  # a unit beyond what was agreed
        (b"\x04\0\0\0\0\5\0\0\0\1\3", 6),  # too short for any value
        (b"\x04\0\0\0\0\x08\0\0\0\xff\1\3ab", 6),  # a value longer than its unit
        (b"\x04\0\0\0\0\x08\0\0\0\1\1\3ab", 6),  # a value shorter than its head
        (value(1, 0, b"x"), 6),  # a fragment of data that no command announced
        (value(5, 3, ECHO.encode()), 6),  # a context that was not accepted
        (value(1, 3, b"garbage"), 6),  # no command set
        (value(3, 3, STORE.encode()) + value(1, 2, b"x"), 6),  # data on another context
        (value(3, 3, STORE.encode()) + value(3, 3, STORE.encode()), 6),  # a command within a data set
        (value(1, 1, bytes(70_000)), 6),  # a command set beyond all measure
    ],
)
def test_what_breaks_the_rules_is_aborted_with_the_reason_of_the_standard(data, reason):
    _, answerer = pair()
    happened = answerer.receive(data, 0.0)
    assert isinstance(happened[-1], Aborted)
    assert pdu.decode(outgoing(answerer)) == Abort(2, reason)
    assert answerer.receive(value(1, 3, ECHO.encode()), 0.0) == []


def test_an_abort_at_any_byte_ends_it_without_a_data_set():
    asker, _ = pair()
    asker.send(3, STORE, bytes(100))
    data = outgoing(asker)
    for length in range(len(data)):
        _, answerer = pair()
        happened = answerer.receive(data[:length], 0.0)
        assert not any(isinstance(one, Data) and one.last for one in happened)
        assert isinstance(answerer.closed(0.0)[-1], Aborted)


def test_the_peers_abort_is_told():
    asker, answerer = pair()
    asker.abort(0.0)
    assert answerer.receive(outgoing(asker), 0.0) == [Aborted(0, 0), Close()]


def test_nothing_is_sent_where_there_is_no_association():
    answerer = Association.acceptor(Settings(), 0.0)
    with pytest.raises(UsageError):
        answerer.send(1, ECHO)
    assert answerer.abort(0.0) == []


def test_an_association_has_128_contexts_at_most():
    assert [one.id for one in ul.proposals([("1.2", ("1.3",))] * 3)] == [1, 3, 5]
    with pytest.raises(UsageError):
        list(ul.proposals(itertools.repeat(("1.2", ("1.3",)), 129)))


@given(st.lists(st.binary(max_size=60), max_size=20), st.booleans())
def test_any_bytes_end_in_an_event_or_an_abort_and_never_in_an_error(pieces, established):
    association = pair()[1] if established else Association.acceptor(Settings(), 0.0)
    for piece in pieces:
        for one in association.receive(piece, 0.0):
            assert not isinstance(one, Data) or association.contexts
    association.tick(1e9)
    association.closed(1e9)
