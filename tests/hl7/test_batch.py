"""Batches, MLLP blocks and messages in a row: each message found, each byte kept."""

import pytest

from chiasm import hl7
from chiasm.errors import LimitError, ParseError, UsageError
from chiasm.limits import Limits

ONE = b"MSH|^~\\&|A|B|C|D|2026||ADT^A01|1|P|2.5.1\rPID|1||7\r"
TWO = "MSH|^~\\&|A|B|C|D|2026||ADT^A01|2|P|2.5.1||||||8859/1\rPID|1||8||Müller\r".encode("latin-1")
THREE = "MSH|^~\\&|A|B|C|D|2026||ADT^A01|3|P|2.5.1||||||UNICODE UTF-8\rPID|1||9||山田\r".encode()
FRAMED = b"FHS|^~\\&|F\rBHS|^~\\&|B\r" + ONE + TWO + THREE + b"BTS|3|note\rFTS|1\r"


def ids(batch):
    return [message["MSH-10"] for message in batch.messages]


def rules(batch):
    return [(finding.path, finding.rule) for finding in batch.findings]


def test_a_framed_batch_keeps_its_frame_its_bytes_and_each_messages_own_set():
    batch = hl7.parse_batch(FRAMED)
    assert ids(batch) == ["1", "2", "3"]
    assert [message["PID-5"] for message in batch] == [None, "Müller", "山田"]
    assert [segment.id for segment in batch.frames] == ["FHS", "BHS", "BTS", "FTS"]
    assert batch.encode() == FRAMED
    assert batch.findings == []


@pytest.mark.parametrize(
    "data",
    [
        ONE,
        ONE + TWO + THREE,
        b"\x0b" + ONE + b"\x1c\r\x0b" + TWO + b"\x1c\r",
        b"\x0b" + ONE + b"\x1c\r\n\x0b" + TWO + b"\x1c\r\n\n",
        b"\xef\xbb\xbf" + ONE + b"\r\n" + THREE,
        (ONE + TWO).replace(b"\r", b"\n"),
        (ONE + TWO).replace(b"\r", b"\r\n") + b"\r\n\r\n",
        ONE.rstrip() + b"\n\n\n" + TWO.rstrip(),
        b"  \r\n" + ONE + TWO,
    ],
)
def test_messages_in_a_row_keep_their_bytes(data):
    batch = hl7.parse_batch(data)
    expected = [name for name, mark in (("1", b"|1|P"), ("2", b"|2|P"), ("3", b"|3|P")) if mark in data]
    assert ids(batch) == expected
    assert batch.encode() == data


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-be", "utf-16-le", "utf-32", "utf-32-be"])
def test_wide_messages_in_a_row(codec):
    text = ONE.decode() + THREE.decode()
    data = text.encode(codec)
    batch = hl7.parse_batch(data)
    assert ids(batch) == ["1", "3"]
    assert batch.messages[1]["PID-5"] == "山田"
    assert batch.encode() == data


@pytest.mark.parametrize(
    ("tail", "expected"),
    [
        (b"BTS|2\rFTS|1\r", [("BTS[1]-1", "batch-count")]),
        (b"BTS|3\rFTS|4\r", [("FTS[1]-1", "batch-count")]),
        (b"BTS|x\rFTS|\r", [("BTS[1]-1", "batch-count")]),
        (b"BTS|003\rFTS|1\r", []),
        (b"BTS\rFTS\r", []),
        (b"BTS|3\r", [("FHS[1]", "missing-segment")]),
        (b"FTS|1\r", [("FTS[1]", "missing-segment")]),
        (b"", [("FHS[1]", "missing-segment"), ("BHS[1]", "missing-segment")]),
        (b"BTS|3\rBTS|3\rFTS|1\r", [("BTS[2]", "missing-segment")]),
        (b"BTS|3\rZZZ|1\rFTS|1\r", [("ZZZ[1]", "misplaced-segment")]),
    ],
)
def test_counts_and_trailers_are_checked(tail, expected):
    data = b"FHS|^~\\&|F\rBHS|^~\\&|B\r" + ONE + TWO + THREE + tail
    batch = hl7.parse_batch(data)
    assert rules(batch) == expected
    assert batch.encode() == data


def test_two_batches_in_a_file_count_apart():
    data = b"FHS|^~\\&\rBHS|^~\\&\r" + ONE + b"BTS|1\rBHS|^~\\&\r" + ONE + TWO + b"BTS|2\rFTS|2\r"
    assert hl7.parse_batch(data).findings == []


def test_an_edit_changes_one_message_alone():
    batch = hl7.parse_batch(FRAMED)
    batch.messages[1]["PID-5"] = "Möller"
    assert batch.encode() == FRAMED.replace("Müller".encode("latin-1"), "Möller".encode("latin-1"))
    batch.frames[2].set(1, None, None, None, "4")
    assert b"BTS|4|note\r" in batch.encode()


def test_an_empty_batch_is_one():
    batch = hl7.parse_batch(b"BHS|^~\\&\rBTS|0\r")
    assert ids(batch) == []
    assert batch.findings == []


@pytest.mark.parametrize("data", [b"", b"\r\n", b"PID|1\r", b"\x0b\x1c\r", b"nonsense"])
def test_what_holds_no_message_is_refused_as_one(data):
    with pytest.raises(ParseError):
        hl7.parse(data)


def test_nothing_is_no_batch():
    with pytest.raises(ParseError):
        hl7.parse_batch(b" \r\n")


def test_budgets():
    with pytest.raises(LimitError, match="hl7_batch_messages"):
        hl7.parse_batch(ONE * 3, limits=Limits(hl7_batch_messages=2))
    with pytest.raises(LimitError, match="hl7_message"):
        hl7.parse_batch(ONE + TWO, limits=Limits(hl7_message=20))


def test_a_file_on_disk(tmp_path):
    path = tmp_path / "file.hl7"
    path.write_bytes(FRAMED)
    assert hl7.read_file(path).encode() == FRAMED
    with pytest.raises(UsageError, match="cannot be read"):
        hl7.read_file(tmp_path / "none.hl7")


def test_a_batch_is_made_with_its_counts():
    messages = hl7.parse_batch(ONE + TWO + b"\x0b" + THREE + b"\x1c\r").messages
    made = hl7.batch_of(messages, header={3: "SENDER"}, file={})
    assert made.encode() == b"FHS|^~\\&\rBHS|^~\\&|SENDER\r" + ONE + TWO + THREE + b"BTS|3\rFTS|1\r"
    assert hl7.parse_batch(made.encode()).findings == []
