"""The harness tells the truth: ratios, marks, what is absent, and inputs of the size that is claimed."""

import io
import time

import hl7
import pydicom
import pytest

from bench import dicom_read, hl7_parse, memory, peers, report, run, sr
from bench.measure import Outcome, Row, agree, duration, rate, versus


def wait(seconds):
    return lambda: time.sleep(seconds)


@pytest.mark.parametrize(("at_least", "mark"), [(2, "pass"), (50, "fail")])
def test_a_ratio_to_the_peer(at_least, mark):
    outcome = versus("work", "peer", at_least, lambda: (wait(0.002), wait(0.01))).outcome(rounds=2)
    assert 3 < outcome.ratio < 6
    assert (outcome.mark, outcome.required) == (mark, f"{at_least} ×")


@pytest.mark.parametrize(("at_least", "mark"), [(20, "pass"), (5000, "fail")])
def test_a_rate(at_least, mark):
    outcome = rate("work", at_least, lambda: wait(0.01)).outcome(rounds=2)
    assert outcome.mark == mark
    assert outcome.ours.endswith("a second")


def test_what_is_not_there_is_absent_and_what_breaks_is_not():
    def absent():
        raise ImportError("no module named 'x'")

    outcome = versus("work", "peer", 2, absent).outcome()
    assert (outcome.mark, outcome.ratio, outcome.note) == ("absent", None, "no module named 'x'")

    def broken():
        return {}.nothing

    outcome = versus("work", "peer", 2, broken).outcome()
    assert (outcome.mark, outcome.note) == (
        "fail",
        "AttributeError: 'dict' object has no attribute 'nothing'",
    )


def test_what_was_read_must_agree():
    agree([1, "a"], [1, "a"])
    with pytest.raises(ValueError, match="value 1 is 'a' here and 'b' at the peer"):
        agree([1, "a"], [1, "b"])
    with pytest.raises(ValueError, match="2 values here and 1 at the peer"):
        agree([1, 2], [1])


@pytest.mark.parametrize(("seconds", "text"), [(2.5, "2.5 s"), (0.0123, "12.3 ms"), (4.56e-5, "45.6 µs")])
def test_times_as_people_read_them(seconds, text):
    assert duration(seconds) == text


def test_the_page_and_the_record(tmp_path):
    outcome = Outcome("parse", "peer", "8 ×", "1 ms", "9 ms", 9.0, "8.5 to 9.5", "pass")
    report.write([outcome], tmp_path)
    row = "| parse | peer | 1 ms | 9 ms | 9 | 8.5 to 9.5 | 8 × | pass |"
    assert row in (tmp_path / "docs/benchmarks.md").read_text()
    assert '"ratio": 9.0' in (tmp_path / "bench/out/results.json").read_text()


def test_every_row_is_one_and_named_once():
    rows = run.rows()
    assert all(isinstance(row, Row) for row in rows)
    assert len({(row.work, row.peer_name) for row in rows}) == len(rows) == 56


def test_the_message_is_what_the_table_says():
    data = hl7_parse.wire()
    assert 2700 <= len(data) <= 3300
    message = hl7.parse(data)
    assert len(message.segments("OBX")) == 20
    assert [message[path] for path in hl7_parse.THEIRS][:2] == ["RIS2026031400172", "7730914"]


def test_the_header_is_what_the_table_says():
    data_set = pydicom.dcmread(dicom_read.ct_path(), stop_before_pixels=True)
    assert len(data_set) == 256
    assert len(set(dicom_read.INDEX)) == 40
    assert sum(keyword in data_set for keyword in dicom_read.INDEX) >= 30


def test_the_report_has_200_content_items():
    def count(item):
        return sum(1 + count(child) for child in item.get("ContentSequence", ()))

    assert count(pydicom.dcmread(io.BytesIO(sr.report()))) == 200


def test_the_large_file_is_2_gb_and_takes_no_room(tmp_path):
    path = tmp_path / "large.dcm"
    memory.write_sparse(path)
    assert path.stat().st_size > 2 << 30
    assert path.stat().st_blocks * 512 < 1 << 20
    element = pydicom.dcmread(path, stop_before_pixels=True)
    assert element.NumberOfFrames * element.Rows * element.Columns * 2 == 2 << 30


def test_the_peer_puts_every_element_in_an_obx():
    message = hl7.parse(peers.dicom_to_oru(dicom_read.ct_path()))
    data_set = pydicom.dcmread(dicom_read.ct_path(), stop_before_pixels=True)
    leaves = sum(element.VR != "SQ" for element in data_set.iterall())
    assert len(message.segments("OBX")) == leaves
