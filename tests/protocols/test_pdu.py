"""Protocol data units: bytes recorded from DCMTK and Orthanc, round trips, truncation, fuzz."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chiasm.errors import ParseError
from chiasm.protocols import pdu
from chiasm.protocols.items import ImplementationClass, ImplementationVersion, MaximumLength
from chiasm.protocols.pdu import (
    Abort,
    AnsweredContext,
    AssociateAccept,
    AssociateReject,
    AssociateRequest,
    DataTransfer,
    ProposedContext,
    ReleaseRequest,
    ReleaseResponse,
)

TITLES = (
    "43484941534d20202020202020202020"  # called AE title: CHIASM, padded with spaces
    "4543484f534355202020202020202020"  # calling AE title: ECHOSCU
    + "00" * 32  # reserved
    + "10000015 312e322e3834302e31303030382e332e312e312e31"  # application context
)
USER = (
    "5000003a"  # user information
    "51000004 00004000"  # maximum length 16384
    "5200001b 312e322e3237362e302e373233303031302e332e302e332e362e37"  # DCMTK's implementation class
    "5500000f 4f464649535f44434d544b5f333637"  # OFFIS_DCMTK_367
)
DCMTK_REQUEST = bytes.fromhex(
    "01 00 000000cd 0001 0000"  # A-ASSOCIATE-RQ, length, protocol version 1
    + TITLES
    + "2000002e 01 00 ff 00"  # presentation context 1, as DCMTK 3.6.7's echoscu writes it
    "30000011 312e322e3834302e31303030382e312e31"  # abstract syntax: Verification
    "40000011 312e322e3834302e31303030382e312e32"  # transfer syntax: Implicit VR Little Endian
     + USER
)
ORTHANC_ACCEPT = bytes.fromhex(
    "02 00 000000b8 0001 0000"  # A-ASSOCIATE-AC, as Orthanc 1.10.1 answered
    + TITLES
    + "21000019 01 00 00 00"  # presentation context 1, result 0: acceptance
    "40000011 312e322e3834302e31303030382e312e32" + USER
)
ITEMS = (
    MaximumLength(16384),
    ImplementationClass("1.2.276.0.7230010.3.0.3.6.7"),
    ImplementationVersion("OFFIS_DCMTK_367"),
)
REQUEST = AssociateRequest(
    "CHIASM", "ECHOSCU", ITEMS, contexts=(ProposedContext(1, "1.2.840.10008.1.1", ("1.2.840.10008.1.2",)),)
)
ACCEPT = AssociateAccept("CHIASM", "ECHOSCU", ITEMS, contexts=(AnsweredContext(1, 0, "1.2.840.10008.1.2"),))
SHORT = [
    (AssociateReject(1, 1, 7), "03 00 00000004 00 01 01 07"),
    (ReleaseRequest(), "05 00 00000004 00000000"),
    (ReleaseResponse(), "06 00 00000004 00000000"),
    (Abort(2, 6), "07 00 00000004 0000 02 06"),
    (DataTransfer(((1, 3, b"ab"), (3, 0, b""))), "04 00 0000000e 00000004 01 03 6162 00000002 03 00"),
]


def test_a_request_of_dcmtk():
    assert pdu.decode(DCMTK_REQUEST) == REQUEST
    assert REQUEST.maximum_length == 16384
    # ours differs in one reserved byte, which DCMTK fills with FFH
    assert REQUEST.encode() == DCMTK_REQUEST.replace(bytes.fromhex("0100ff00"), bytes.fromhex("01000000"))


def test_an_acceptance_of_orthanc():
    assert pdu.decode(ORTHANC_ACCEPT) == ACCEPT
    assert ACCEPT.encode() == ORTHANC_ACCEPT


@pytest.mark.parametrize(("unit", "expected"), SHORT, ids=lambda one: type(one).__name__)
def test_short_units(unit, expected):
    assert unit.encode() == bytes.fromhex(expected)
    assert pdu.decode(unit.encode()) == unit


@pytest.mark.parametrize(
    "whole",
    [DCMTK_REQUEST, ORTHANC_ACCEPT, *(unit.encode() for unit, _ in SHORT)],
    ids=lambda one: f"{one[0]:02X}",
)
def test_cut_off_anywhere_it_is_an_error(whole):
    for length in range(len(whole)):
        with pytest.raises(ParseError):
            pdu.decode(whole[:length])


@pytest.mark.parametrize(
    "data",
    [
        "08 00 00000004 00000000",  # no such type
        "05 00 00000002 0000",  # a release of another length
        "04 00 00000006 00000001 01 03",  # a value shorter than its header
        "01 00 00000044 0001 0000" + "20" * 32 + "00" * 31,  # shorter than it says
    ],
)
def test_what_cannot_be_is_refused(data):
    with pytest.raises(ParseError):
        pdu.decode(bytes.fromhex(data))


@pytest.mark.parametrize("number", [0, 2, 254])
def test_a_context_with_an_even_number_is_refused(number):
    context = ProposedContext(number, "1.2", ("1.3",)).encode()
    with pytest.raises(ParseError, match="odd"):
        pdu.decode(AssociateRequest("A", "B").encode()[:0] + _with(context))


def _with(context: bytes) -> bytes:
    content = AssociateRequest("A", "B").encode()[6:] + context
    return bytes((1, 0)) + len(content).to_bytes(4, "big") + content


@given(st.binary(max_size=300), st.integers(0, 9))
def test_any_bytes_are_a_unit_or_a_parse_error(content, kind):
    data = bytes((kind, 0)) + len(content).to_bytes(4, "big") + content
    try:
        unit = pdu.decode(data)
    except ParseError:
        return
    assert pdu.decode(unit.encode()) == unit
