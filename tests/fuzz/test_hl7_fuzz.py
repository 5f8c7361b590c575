"""Hostile bytes: nothing but ChiasmError comes out, and whatever is accepted encodes to the same bytes."""

import random
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chiasm import hl7
from chiasm.errors import ChiasmError
from chiasm.limits import Limits

ORU = (Path(__file__).parents[2] / "bench" / "data" / "oru.hl7").read_bytes().replace(b"\n", b"\r")
SMALL = b"\x0bMSH|^~\\&|A|B|C|D|2026||ORU^R01^ORU_R01|1|P|2.5.1||||||UNICODE UTF-8~ISO IR87\rPID|||1^^^H&1&ISO~2\r\x1c\r"
PIECES = st.sampled_from(
    [
        *(b"MSH|^~\\&|", b"MSH|", b"\rPID|", b"\r", b"\n", b"\x0b", b"\x1c", b"|", b"^", b"~", b"&", b"\\"),
        *(
            b"FHS|^~\\&\r",
            b"BHS|^~\\&\r",
            b"BTS|1\r",
            b"FTS|1\r",
            b"\\X0D\\",
            b"\\C2842\\",
            b"\x1b$B",
            b"\x1b(B",
        ),
        *(b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xff\xfe\0\0", b'""', b"\xe9", b"\x81\x30", b"\0"),
        *(b"ORU^R01", b"|2.5.1", b"||||||8859/1", b"|UNICODE|", b"GB 18030-2000", b"OBX|1|NM|", b"7", b"Z"),
    ]
)
BYTES = st.one_of(st.binary(max_size=80), st.lists(PIECES, max_size=24).map(b"".join))


def use(message):
    """Touch everything that reads."""
    list(message.walk())
    str(message)
    _ = message.findings, message.version, message.charset
    for segment in message.segments:
        for number in range(segment.count + 2):
            segment.get(number, None, None, None)
            segment.get(number, 2, 1, 1)


def check(data):
    for read in (hl7.parse, hl7.parse_batch):
        try:
            found = read(data)
        except ChiasmError:
            continue
        assert found.encode() == data
        for message in (found,) if read is hl7.parse else found.messages:
            use(message)


@given(BYTES)
@example(b"MSH|")
@example(b"MSH|^~\\&")
@example(b"\x0bMSH|\x1c\r")
@example("MSH|^~\\&|é".encode("utf-16"))
@example("MSH|^~\\&|é\rMSH|^~\\&|".encode("utf-32"))
def test_any_bytes(data):
    check(data)


@given(BYTES)
def test_any_bytes_after_a_header(data):
    check(b"MSH|^~\\&|" + data)


@pytest.mark.parametrize("data", [ORU, SMALL], ids=["oru", "small"])
def test_truncation_at_each_offset(data):
    for at in range(len(data)):
        check(data[:at])


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-be", "utf-32", "utf-32-le"])
def test_truncation_of_wide_messages(codec):
    data = SMALL.decode().strip("\x0b\x1c\r").encode(codec)
    for at in range(len(data)):
        check(data[:at])


def test_flipped_bytes():
    chance = random.Random(7)
    for _ in range(300):
        data = bytearray(ORU)
        for _ in range(chance.randint(1, 5)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        check(bytes(data))


@given(BYTES, BYTES)
def test_edits_of_any_message_leave_the_rest(head, tail):
    data = b"MSH|^~\\&|" + head + b"\rPID|1\rZZZ|" + tail
    try:
        message = hl7.parse(data)
    except ChiasmError:
        return
    before = [str(segment) for segment in message.segments]
    names = [segment.id for segment in message.segments]
    try:
        message["PID-7[2].1"] = "x"
    except ChiasmError:
        assert message.encode() == data
        return
    if names.count("PID") == 1:
        at = names.index("PID")
        again = hl7.parse(message.encode())
        after = [str(segment) for segment in again.segments]
        assert after[:at] == before[:at]
        assert after[at + 1 :] == before[at + 1 :]
        assert again["PID-7[2].1"] == "x"


XML = hl7.parse(ORU).to_xml()


@given(st.binary(max_size=60))
@example(b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>")
@example(b"<a xmlns='urn:hl7-org:v2xml'><MSH><MSH.1>|</MSH.1><MSH.2>^~\\&amp;</MSH.2></MSH></a>")
def test_any_bytes_as_xml(data):
    for document in (data, b"<a>" + data + b"</a>", b"<?xml version='1.0'?><a><MSH>" + data + b"</MSH></a>"):
        try:
            message = hl7.from_xml(document)
        except ChiasmError:
            continue
        use(message)


def test_truncated_and_flipped_xml():
    chance = random.Random(3)
    for at in range(0, len(XML) - 8, 37):
        with pytest.raises(ChiasmError):
            hl7.from_xml(XML[:at])
    for _ in range(300):
        data = bytearray(XML)
        for _ in range(3):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            use(hl7.from_xml(bytes(data)))
        except ChiasmError:
            continue


@pytest.mark.parametrize("size", [0, 1, 5, 100])
def test_every_budget_is_an_error_of_its_own(size):
    limits = Limits(hl7_message=size, hl7_segments=size, xml_bytes=size, hl7_batch_messages=size)
    for read, data in ((hl7.parse, ORU), (hl7.parse_batch, ORU), (hl7.from_xml, XML)):
        with pytest.raises(ChiasmError, match="limits"):
            read(data, limits=limits)
