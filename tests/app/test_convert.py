"""`chiasm.convert`, on files of every standard."""

import contextlib

import pytest

import chiasm
from chiasm import dicom, hl7
from chiasm.app.convert import apart, convert, convert_source, now, options
from chiasm.app.sources import Source
from chiasm.errors import ChiasmError, ParseError, UsageError


@pytest.mark.parametrize("given", ["path", "text", "bytes"])
def test_a_file_a_name_or_bytes_become_a_message_and_a_ledger(ct, given):
    source = {"path": ct, "text": str(ct), "bytes": ct.read_bytes()}[given]
    result = chiasm.convert(source, to="oru")
    assert hl7.parse(result.output)["PID-5.1"] == "CompressedSamples"
    assert len(result.ledger) == sum(1 for _ in dicom.parse(ct.read_bytes()).data.walk()) + sum(
        1 for _ in dicom.parse(ct.read_bytes()).header.walk()
    )


def test_the_header_comes_back(ct):
    carried = convert(ct, "oru", carry="all")
    back = dicom.parse(convert(carried.output, "dicom").output)
    there = {path: element.value for path, element in dicom.read_file(ct).data.walk() if path != "7FE00010"}
    assert {path: element.value for path, element in back.data.walk() if path in there} == there


@pytest.mark.parametrize("form", ["to_json", "to_xml"])
def test_dicom_json_and_xml_are_sources_too(pydicom_data, form):
    package = dicom.read_file(pydicom_data / "test_files" / "rtplan.dcm")
    data = getattr(package, form)()
    result = convert(data.encode() if isinstance(data, str) else data, "oru")
    straight = hl7.parse(convert(package.encode(), "oru").output)
    assert hl7.parse(result.output)["PID-5"] == straight["PID-5"]


def test_a_message_in_xml_is_converted_as_the_same_in_er7(messages):
    message = hl7.parse(messages(1))
    xml = message.to_xml()
    assert convert(xml if isinstance(xml, bytes) else xml.encode(), "fhir").kind == "fhir"


@pytest.mark.parametrize(
    ("data", "to", "error"),
    [
        (b"", "oru", ParseError),
        (b"\x00\xff" * 200, "oru", ParseError),
        (b"%PDF-1.4", "oru", UsageError),
        (b'{"resourceType": "Patient"}', "oru", UsageError),
        (b"{" * 100_000, "oru", ParseError),
        (b'{"resourceType":' + b"[" * 100_000, "worklist", ParseError),
        (b"<a>" * 100_000, "oru", ParseError),
        (b"MSH|^~\\&|A", "nonsense", UsageError),
        (b"MSH", "sr", ParseError),
    ],
)
def test_what_cannot_be_converted_is_one_error_of_ours(data, to, error):
    with pytest.raises(error):
        convert(data, to)


@pytest.mark.parametrize("step", [1, 7])
def test_a_file_cut_off_anywhere_is_converted_or_refused(ct, step):
    data = ct.read_bytes()
    for at in range(0, 7000, step * 61):
        with contextlib.suppress(ChiasmError):
            convert(data[:at], "oru")


def test_options_that_mean_nothing_are_refused(tmp_path, ct):
    with pytest.raises(UsageError, match="carry"):
        options("some")
    with pytest.raises(UsageError, match="cannot be read"):
        options(crosswalk=tmp_path / "none.csv")
    with pytest.raises(UsageError, match="--onto"):
        convert(
            b"MSH|^~\\&|A|B|C|D|2026||ADT^A08^ADT_A01|1|P|2.5.1\rEVN||2026\rPID|||1||A^B\rPV1||O\r", "patient"
        )


@pytest.mark.parametrize("separator", [b"", b"\r", b"\n\n"])
@pytest.mark.parametrize("frame", [b"%s", b"\x0b%s\x1c\r"])
def test_a_file_of_several_messages_is_taken_apart(messages, separator, frame):
    one = messages(1)
    data = separator.join([frame % one] * 3)
    found = list(apart(Source("x", data=data)))
    assert [source.name for source in found] == ["x#1", "x#2", "x#3"]
    assert all(hl7.parse(source.read())["MSH-10"] == "1" for source in found)


def test_a_batch_is_taken_apart_and_everything_else_left_whole(messages, ct):
    batch = b"FHS|^~\\&|A\rBHS|^~\\&|A\r" + messages(2) + b"BTS|2\rFTS|1\r"
    assert [one.name for one in apart(Source("x", data=batch))] == ["x#1", "x#2"]
    for whole in (Source("x", data=messages(1)), Source("x", ct)):
        assert list(apart(whole)) == [whole]
    with pytest.raises(ParseError, match="no message"):
        list(apart(Source("x", data=b"BHS|^~\\&|A\rBTS|0\r")))


def test_the_time_of_sending_has_the_machines_zone():
    moment = now()
    assert len(moment.digits) == 14
    assert moment.offset[0] in "+-"


def test_one_source_is_converted_with_given_options(ct):
    assert convert_source(Source("x", ct), "omi", options()).output.startswith(b"MSH|")


def test_no_two_messages_share_a_control_id(ct):
    chosen = options()
    made = [hl7.parse(convert_source(Source("x", ct), "oru", chosen).output)["MSH-10"] for _ in range(50)]
    assert len(set(made)) == 50
    assert all(len(one) == 20 for one in made)
