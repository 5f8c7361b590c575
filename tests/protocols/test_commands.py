"""DIMSE command sets: recorded bytes, every message, and hostile ones; pynetdicom reads what is written."""

import struct
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chiasm.errors import ParseError
from chiasm.protocols import commands
from chiasm.protocols.commands import Command

ECHO_OF_DCMTK = bytes.fromhex(
    "00000000 04000000 38000000"  # (0000,0000) group length 56
    "00000200 12000000 312e322e3834302e31303030382e312e3100"  # (0000,0002) Verification
    "00000001 02000000 3000"  # (0000,0100) C-ECHO-RQ
    "00001001 02000000 0100"  # (0000,0110) message ID 1
    "00000008 02000000 0101"  # (0000,0800) no data set
)
ANSWER_OF_ORTHANC = bytes.fromhex(
    "00000000 04000000 42000000 00000200 12000000 312e322e3834302e31303030382e312e3100"
    "00000001 02000000 3080"  # C-ECHO-RSP
    "00002001 02000000 0100"  # responded to 1
    "00000008 02000000 0101 00000009 02000000 0000"  # status success
)
ECHO = Command(commands.ECHO, message_id=1, affected_class="1.2.840.10008.1.1")
UID = "1.2.840.10008.5.1.4.1.1.2"
MESSAGES = [
    ECHO,
    ECHO.answer(0),
    Command(commands.STORE, True, message_id=7, affected_class=UID, affected_instance="1.2.3", priority=0,
            move_originator="MOVER", move_originator_id=4),
    Command(commands.FIND, True, message_id=7, affected_class=UID, priority=2),
    Command(commands.GET, True, message_id=7, affected_class=UID, priority=1),
    Command(commands.MOVE, True, message_id=7, affected_class=UID, priority=0, move_destination="THERE"),
    Command(commands.MOVE | 0x8000, responded_to=7, affected_class=UID, status=0xFF00, remaining=3, completed=2,
            failed=1, warning=0),
    Command(commands.CANCEL, responded_to=7),
    Command(commands.EVENT_REPORT, True, message_id=1, affected_class=UID, affected_instance="1.2", event_type=1),
    Command(commands.N_GET, message_id=1, requested_class=UID, requested_instance="1.2", attributes=(0x00100010, 0x00080018)),
    Command(commands.N_SET, True, message_id=1, requested_class=UID, requested_instance="1.2"),
    Command(commands.ACTION, True, message_id=1, requested_class=UID, requested_instance="1.2", action_type=1),
    Command(commands.CREATE, True, message_id=1, affected_class=UID, affected_instance="1.2"),
    Command(commands.DELETE, message_id=1, requested_class=UID, requested_instance="1.2"),
    Command(commands.STORE | 0x8000, responded_to=7, status=0xA900, error_comment="why", offending_elements=(0x00080016,)),
]  # fmt: skip


def test_an_echo_of_dcmtk_and_the_answer_of_orthanc():
    assert commands.decode(ECHO_OF_DCMTK) == ECHO
    assert ECHO.encode() == ECHO_OF_DCMTK
    answer = commands.decode(ANSWER_OF_ORTHANC)
    assert answer == ECHO.answer(0)
    assert answer.encode() == ANSWER_OF_ORTHANC


@pytest.mark.parametrize("request_", [one for one in MESSAGES if one.message_id], ids=lambda one: one.name)
@pytest.mark.parametrize("has_data", [False, True])
def test_a_plain_answer_is_made_as_any_other(request_, has_data):
    for number in (request_.message_id, 0x0900, 65535):
        request = replace(request_, message_id=number)
        made = commands.answer_of(request, 0xFF00, has_data=has_data)
        assert made == request.answer(0xFF00, has_data=has_data).encode()


@pytest.mark.parametrize("message", MESSAGES, ids=lambda one: one.name)
def test_every_message_there_and_back(message):
    assert commands.decode(message.encode()) == message


@pytest.mark.parametrize("message", MESSAGES, ids=lambda one: one.name)
def test_pynetdicom_reads_what_is_written(message):
    import io

    from pynetdicom.dsutils import decode

    data = decode(io.BytesIO(message.encode()), True, True)
    assert data.CommandField == message.kind
    assert data.CommandGroupLength == len(message.encode()) - 12
    assert (data.CommandDataSetType != 0x0101) is message.has_data
    if message.affected_instance:
        assert data.AffectedSOPInstanceUID == message.affected_instance
    if message.status is not None:
        assert data.Status == message.status
    if message.move_destination:
        assert data.MoveDestination == message.move_destination


@pytest.mark.parametrize("message", MESSAGES, ids=lambda one: one.name)
def test_cut_off_anywhere_it_is_an_error_or_lacks_only_what_may_be_lacking(message):
    whole = message.encode()
    for length in range(len(whole)):
        try:
            found = commands.decode(whole[:length])
        except ParseError:
            continue
        assert found.kind == message.kind


def element(number: int, value: bytes, group: int = 0) -> bytes:
    return struct.pack("<HHI", group, number, len(value)) + value


HEAD = element(0x0100, b"\x30\0") + element(0x0800, b"\1\1")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        element(0x0100, b"\x31\0") + element(0x0800, b"\1\1"),  # no such command
        HEAD,  # a request without a message ID
        HEAD + element(0x0110, b"\1"),  # a number of one byte
        HEAD + element(0x0110, b"\1\0") + element(0x0110, b"\1\0"),  # twice
        HEAD + element(0x0110, b"\1\0", group=8),  # another group
        HEAD + element(0x0110, b"\1\0") + b"\0\0\2\0\xff\xff\xff\xff",  # longer than what there is
        HEAD + element(0x0110, b"\1\0") + element(0x0002, b"../etc"),  # no UID
        element(0x0100, b"\1\0") + element(0x0800, b"\1\1") + element(0x0110, b"\1\0")
        + element(0x0002, b"1.2\0") + element(0x1000, b"1.2\0"),  # a C-STORE without a data set
    ],
)  # fmt: skip
def test_what_no_command_can_be_is_refused(data):
    with pytest.raises(ParseError):
        commands.decode(data)


def test_elements_that_are_not_known_are_kept():
    data = HEAD + element(0x0110, b"\1\0") + element(0x0850, b"zz")
    command = commands.decode(data)
    assert command.others == ((0x0850, b"zz"),)
    assert element(0x0850, b"zz") in command.encode()


@given(st.binary(max_size=120))
def test_any_bytes_are_a_command_or_a_parse_error(data):
    try:
        command = commands.decode(HEAD + data)
    except ParseError:
        return
    assert commands.decode(command.encode()).kind == 0x30
