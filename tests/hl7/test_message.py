"""A message: bytes in are bytes out, paths read and written, hostile input in its bounds."""

import time
from pathlib import Path

import hl7 as python_hl7
import pytest

from chiasm import hl7
from chiasm.errors import LimitError, ParseError, Severity, UsageError
from chiasm.limits import Limits

ORU = (Path(__file__).parents[2] / "bench" / "data" / "oru.hl7").read_bytes().replace(b"\n", b"\r")
SHORT = b"MSH|^~\\&|A|B|C|D|2026||ADT^A04|1|P|2.5.1^GBR\rPID|1||7^^^H~8||Doe^Jane\rZDS|1^a|x\rOBX|1|ST|k||v||||||F|\r"


def orders():
    return hl7.parse(
        b"MSH|^~\\&|A|B|C|D|2026||ORU^R01^ORU_R01|1|P|2.5.1\rPID|1||7||N\r"
        b"OBR|1|||a|||2026||||||||||||||||||F\rOBX|1|ST|k1||v1||||||F\rZXX|1\rOBX|2|ST|k2||v2||||||F\r"
        b"OBR|2|||b|||2026||||||||||||||||||F\rOBX|1|ST|k3||v3||||||F\r"
    )


@pytest.mark.parametrize(
    "data",
    [
        SHORT,
        SHORT.rstrip(b"\r"),
        SHORT.replace(b"\r", b"\n"),
        SHORT.replace(b"\r", b"\r\n"),
        SHORT.replace(b"\r", b"\r\r\n\n"),
        SHORT.replace(b"\r", b"\n", 1),
        SHORT + b"\r\n\r\n",
        SHORT.replace(b"Jane", b"Jane^^^^^^&&~~^"),
        SHORT.replace(b"|F|", b"|F|||||||||||||||||||||||||||||||||||x|||"),
        SHORT.replace(b"ZDS", b"???"),
        SHORT.replace(b"2.5.1^GBR", b"9.7"),
        SHORT.replace(b"|^~\\&|", b"|^~\\&#|"),
        SHORT.replace(b"|^~\\&|", b"|^~|"),
        b"MSH|^~\\&|",
        b"MSH|",
        b"MSH|^~\\&\rPID",
        ORU,
    ],
)
def test_bytes_in_are_bytes_out_with_everything_read(data):
    message = hl7.parse(data)
    assert message.encode() == data
    list(message.walk())
    message.groups()
    message.validate()
    assert message.encode() == data
    assert str(message).encode() == data


def test_segments_are_kept_where_they_stand_whatever_ends_them():
    for end in (b"\r", b"\n", b"\r\n", b"\r\n\r\n"):
        message = hl7.parse(SHORT.replace(b"\r", end))
        assert [s.id for s in message.segments] == ["MSH", "PID", "ZDS", "OBX"]
        assert message["PID-5.2"] == "Jane"
        message["PID-5.2"] = "Ann"
        assert message.encode() == SHORT.replace(b"Jane", b"Ann").replace(b"\r", end)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("MSH-1", "|"),
        ("MSH-2", "^~\\&"),
        ("MSH-10", "1"),
        ("PID", "PID|1||7^^^H~8||Doe^Jane"),
        ("PID-3", "7^^^H~8"),
        ("PID-3[1].4", "H"),
        ("PID-3.4.1", "H"),
        ("PID-3[2]", "8"),
        ("PID-3[3]", None),
        ("PID-4", ""),
        ("PID-30", None),
        ("PID[2]-3", None),
        ("NK1-1", None),
        ("ZDS-1.2", "a"),
        ("OBX[1]-5", "v"),
        ("OBX-12", ""),
    ],
)
def test_paths_are_read(path, value):
    message = hl7.parse(SHORT)
    assert message[path] == value
    assert (path in message) == (value is not None)
    assert message.get(path, "other") == ("other" if value is None else value)


def test_group_paths_are_read_and_written():
    message = orders()
    stem = "PATIENT_RESULT[1].ORDER_OBSERVATION"
    assert message["ORDER_OBSERVATION[1].OBX[2]-5"] == "v2"
    assert message["ORDER_OBSERVATION[2].OBX[1]-5"] == "v3"
    assert message[f"{stem}[2].OBR-4"] == "b"
    assert message[f"{stem}[2].OBSERVATION[1].OBX-3"] == "k3"
    assert message["ORDER_OBSERVATION[2].OBX[2]-5"] is None
    assert message["ORDER_OBSERVATION[3].OBX-5"] is None
    assert message["NOSUCH.OBX-5"] is None
    before = message.encode()
    message["ORDER_OBSERVATION[2].OBX[1]-5"] = "new"
    assert message.encode() == before.replace(b"v3", b"new")
    with pytest.raises(UsageError):
        message["ORDER_OBSERVATION[3].OBX-5"] = "x"


def test_pitfall_15_a_stray_segment_stays_and_grouping_moves_nothing():
    message = orders()
    flat = list(message.groups().segments())
    assert all(one is other for one, other in zip(flat, message.segments, strict=True))


def test_pitfall_16_structure_by_trigger_and_version_with_a_country():
    message = hl7.parse(SHORT)
    assert message.structure == "ADT_A01"
    assert message.version == "2.5.1"
    assert hl7.parse(SHORT.replace(b"2.5.1^GBR", b"2.5.3")).structure == "ADT_A01"
    assert hl7.parse(SHORT.replace(b"ADT^A04", b"XXX^Y99")).structure == ""
    rules = [
        f.rule
        for f in hl7.parse(SHORT.replace(b"2.5.1^GBR", b"9.7")).validate()
        if f.severity != Severity.NOTE
    ]
    assert "unknown-version" in rules


def test_edits():
    message = hl7.parse(SHORT)
    message["PID-3[2].4.2"] = "1.2"
    message["ZDS-2"] = "y|z"
    message["MSH-10"] = "X1"
    assert message.encode() == SHORT.replace(b"~8", b"~8^^^&1.2").replace(b"|x\r", b"|y\\F\\z\r").replace(
        b"|1|P|", b"|X1|P|"
    )
    del message["PID-5.2"]
    assert message["PID-5"] == "Doe^"
    del message["ZDS"]
    del message["NK1-3"]
    del message["NK1"]
    assert [s.id for s in message.segments] == ["MSH", "PID", "OBX"]
    assert hl7.parse(message.encode())["PID-5.1"] == "Doe"


@pytest.mark.parametrize("path", ["MSH-1", "MSH-2", "NK1-3", "PID", "PID[2]-3", "nonsense"])
def test_edits_that_cannot_be(path):
    message = hl7.parse(SHORT)
    with pytest.raises(UsageError):
        message[path] = "x"
    assert message.encode() == SHORT


def test_deleting_the_header_or_delimiters_is_refused():
    message = hl7.parse(SHORT)
    for path in ("MSH", "MSH-2"):
        with pytest.raises(UsageError):
            del message[path]
    assert message.encode() == SHORT


def test_the_list_of_segments_may_be_edited():
    message = hl7.parse(SHORT)
    message.segments.reverse()
    message.segments.reverse()
    assert message.encode() == SHORT
    message.segments.pop()
    assert b"OBX" not in message.encode()
    message.segments.clear()
    with pytest.raises(UsageError):
        _ = message.version


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
def test_segments_are_added(end):
    message = hl7.parse(SHORT.replace(b"\r", end).rstrip(b"\r\n"))
    message.add_segment("NTE", {3: "a|b"})
    message.add_segment("PV1", {2: "I"}, after="PID")
    assert [s.id for s in message.segments] == ["MSH", "PID", "PV1", "ZDS", "OBX", "NTE"]
    assert message.encode().endswith(b"|F|" + end + b"NTE|||a\\F\\b" + end)
    with pytest.raises(UsageError):
        message.add_segment("NTE", {}, after="NK1")
    for name in ("MSH", "nte", "TOOLONG"):
        with pytest.raises(UsageError):
            message.add_segment(name, {})


def test_walk_names_every_leaf():
    assert list(hl7.parse(SHORT).walk())[9:] == [
        ("MSH[1]-11[1].1.1", "P"),
        ("MSH[1]-12[1].1.1", "2.5.1"),
        ("MSH[1]-12[1].2.1", "GBR"),
        ("PID[1]-1[1].1.1", "1"),
        ("PID[1]-3[1].1.1", "7"),
        ("PID[1]-3[1].4.1", "H"),
        ("PID[1]-3[2].1.1", "8"),
        ("PID[1]-5[1].1.1", "Doe"),
        ("PID[1]-5[1].2.1", "Jane"),
        ("ZDS[1]-1[1].1.1", "1"),
        ("ZDS[1]-1[1].2.1", "a"),
        ("ZDS[1]-2[1].1.1", "x"),
        ("OBX[1]-1[1].1.1", "1"),
        ("OBX[1]-2[1].1.1", "ST"),
        ("OBX[1]-3[1].1.1", "k"),
        ("OBX[1]-5[1].1.1", "v"),
        ("OBX[1]-11[1].1.1", "F"),
    ]


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        (b"", ParseError, "begin with MSH"),
        (b"PID|1\r", ParseError, "begin with MSH"),
        (b"MSH", ParseError, "separator"),
        (b"<xml/>", ParseError, "begin with MSH"),
        (SHORT + SHORT, UsageError, "several"),
        (SHORT.replace(b"\r", b"\n") * 2, UsageError, "several"),
        (b"FHS|^~\\&\r" + SHORT, UsageError, "batch"),
    ],
)
def test_what_is_no_message(data, error, words):
    with pytest.raises(error, match=words) as caught:
        hl7.parse(data, source="some.hl7")
    assert caught.value.source == "some.hl7"


def test_budgets():
    with pytest.raises(LimitError, match="hl7_message"):
        hl7.parse(SHORT, limits=Limits(hl7_message=10))
    with pytest.raises(LimitError, match="hl7_segments"):
        hl7.parse(SHORT, limits=Limits(hl7_segments=3))


def test_pitfall_19_tens_of_megabytes_in_one_value_or_in_delimiters_are_fast():
    started = time.perf_counter()
    for middle in (b"A" * 50_000_000, b"^" * 5_000_000, b"\\T\\" * 2_000_000, b"|" * 5_000_000):
        data = b"MSH|^~\\&|A\rOBX|1|ED|x||" + middle + b"\rNTE|1||y\r"
        message = hl7.parse(data)
        assert message["NTE-3"] == "y"
        message["NTE-3"] = "z"
        assert message.encode() == data[:-2] + b"z\r"
    assert time.perf_counter() - started < 8


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_bytes_like(kind):
    assert hl7.parse(kind(SHORT)).encode() == SHORT


def fields(message):
    """Each segment's id and fields as text, in order."""
    return [
        [segment.id, *(segment.text(number) for number in range(1, segment.count + 1))]
        for segment in message.segments
    ]


def independent(text):
    """The same as python-hl7 reads it."""
    return [[str(field) for field in segment] for segment in python_hl7.parse(text)]


@pytest.mark.parametrize("data", [ORU, SHORT], ids=["oru", "short"])
def test_fields_equal_those_of_python_hl7(data):
    assert fields(hl7.parse(data)) == independent(data.decode().rstrip("\r"))


def test_the_shared_samples_keep_their_bytes_and_equal_python_hl7(shared_data):
    paths = sorted((shared_data / "hl7-imaging-samples").glob("*.hl7"))
    assert paths
    for path in paths:
        data = path.read_bytes()
        batch = hl7.parse_batch(data)
        assert batch.encode() == data
        for message in batch.messages:
            plain = "\r".join(str(segment) for segment in message.segments)
            assert fields(message) == independent(plain), path.name


def test_utf_8_that_was_declared_as_latin_is_told():
    text = "MSH|^~\\&|A|B|C|D|20260101||ADT^A08|1|P|2.5.1||||||8859/1\rPID|||1||Müller\r"
    lying, honest = hl7.parse(text.encode("utf-8")), hl7.parse(text.encode("latin-1"))
    assert [finding.rule for finding in lying.findings] == ["charset-mismatch"]
    assert honest.findings == ()
    assert lying.encode() == text.encode("utf-8")
