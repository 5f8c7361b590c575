"""`chiasm convert`: files, folders, patterns, archives, standard input; statuses, ledgers, interruptions."""

import contextlib
import json
import os
import signal
import struct
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from chiasm import dicom, hl7


def test_one_file_becomes_a_message_with_a_ledger(chiasm, ct, tmp_path):
    done = chiasm("convert", ct, "o.hl7", "--ledger", "l.jsonl")
    assert done.returncode == 0
    assert hl7.parse((tmp_path / "o.hl7").read_bytes())["PID-5.1"] == "CompressedSamples"
    ledger = (tmp_path / "l.jsonl").read_text().splitlines()
    assert f"{len(ledger)} leaves" in done.stdout.decode()


def test_json_tells_the_same_to_machines(chiasm, ct):
    told = json.loads(chiasm("convert", ct, "o.hl7", "--json").stdout)
    assert told["outputs"] == ["o.hl7"]
    assert told["status"] == "converted"
    assert told["ledger"]["mapped"] > 20


def test_standard_input_and_output(chiasm, ct, tmp_path):
    assert chiasm("convert", "-", "o.hl7", stdin=ct.read_bytes()).returncode == 0
    piped = chiasm("convert", "-", "-", "--ledger", "l", stdin=ct.read_bytes()).stdout
    assert hl7.parse(piped)["OBX"] == hl7.parse((tmp_path / "o.hl7").read_bytes())["OBX"]
    assert (tmp_path / "l").exists()
    assert chiasm("convert", ct, "-").stdout.startswith(b"MSH|")
    back = chiasm(
        "convert", "-", "-", "--to", "dicom", stdin=chiasm("convert", ct, "-", "--carry", "all").stdout
    )
    assert dicom.parse(back.stdout).get("PatientID") == "1CT1"


def test_standard_output_holds_one_output(chiasm, folder, messages):
    assert chiasm("convert", folder, "-").returncode == 2
    done = chiasm("convert", "-", "-", "--to", "fhir", stdin=messages(2))
    assert (done.returncode, done.stdout) == (2, b"")
    assert chiasm("convert", folder, "-", "--study").returncode == 2


def test_the_suffix_says_what_to_make(chiasm, ct, tmp_path):
    chiasm("convert", ct, "o.json")
    assert json.loads((tmp_path / "o.json").read_text())["resourceType"] == "Bundle"


def test_a_folder_goes_on_past_bad_files_and_resumes(chiasm, folder, tmp_path, files_of, ct):
    done = chiasm("convert", folder, "out", "--ledger", "yes")
    assert (done.returncode, done.stdout) == (1, b"3 converted, 1 not\n")
    assert b"bad.dcm" in done.stderr
    assert "a/1.dcm.hl7.ledger.jsonl" in files_of(tmp_path / "out")
    (folder / "bad.dcm").write_bytes(ct.read_bytes())
    again = chiasm("convert", folder, "out", "--ledger", "yes")
    assert (again.returncode, again.stdout) == (
        0,
        b"1 converted, 0 not, 3 done before (--again does them anew)\n",
    )
    anew = chiasm("convert", folder, "out", "--ledger", "yes", "--again")
    assert anew.stdout == b"4 converted, 0 not\n"


def test_a_folder_told_to_machines(chiasm, folder):
    lines = [json.loads(line) for line in chiasm("convert", folder, "out", "--json").stdout.splitlines()]
    assert lines[-1] == {"summary": {"converted": 3, "failed": 1, "done before": 0}}
    assert sorted(line["status"] for line in lines[:-1]) == ["converted", "converted", "converted", "failed"]


def test_a_folder_into_itself_does_not_convert_its_own_outputs(chiasm, folder):
    chiasm("convert", folder, folder / "out")
    assert b"3 done before" in chiasm("convert", folder, folder / "out").stdout


def test_patterns_and_several_sources(chiasm, folder, tmp_path, files_of):
    done = chiasm("convert", "in/*/1.dcm", "in/sr.dcm", "out")
    assert done.stdout == b"3 converted, 0 not\n"
    assert len([name for name in files_of(tmp_path / "out") if name.endswith(".hl7")]) == 3


def test_a_study_is_one_message(chiasm, folder, tmp_path):
    done = chiasm("convert", "--study", "in/a", "in/b", "s.hl7")
    assert done.stdout == b"2 converted, 0 not\n"
    assert (tmp_path / "s-2.hl7").exists()


def test_output_names_come_from_no_value_and_no_member(chiasm, ct, tmp_path, files_of):
    hostile = dicom.read_file(ct)
    for keyword in ("PatientID", "PatientName", "StudyInstanceUID", "SOPInstanceUID", "AccessionNumber"):
        hostile.data[keyword] = "../../evil"
    work = tmp_path / "x" / "y" / "z"
    work.mkdir(parents=True)
    with zipfile.ZipFile(work / "study.zip", "w") as archive:
        for name in ("../../evil.dcm", "/tmp/evil.dcm", "..\\evil.dcm", "a\n.dcm", "\x1b[2J.dcm"):
            archive.writestr(name, hostile.encode())
    before = set(files_of(tmp_path))
    done = chiasm("convert", "x/y/z/study.zip", "x/y/z/out")
    assert done.stdout == b"5 converted, 0 not\n", done.stderr
    chiasm("convert", "--study", "x/y/z/study.zip", "x/y/z/out")
    made = set(files_of(tmp_path)) - before
    assert made == {
        *(f"x/y/z/out/study.zip/{n:06d}.hl7" for n in range(5)),
        *("x/y/z/out/.chiasm-done.jsonl", "x/y/z/out/study-0001.hl7"),
    }


def test_several_messages_in_one_file_are_each_converted(chiasm, messages, tmp_path):
    (tmp_path / "batch.hl7").write_bytes(b"FHS|^~\\&|A\rBHS|^~\\&|A\r" + messages(3) + b"BTS|3\rFTS|1\r")
    assert chiasm("convert", "batch.hl7", "o.json").returncode == 0
    assert all((tmp_path / name).exists() for name in ("o.json", "o-2.json", "o-3.json"))


def test_a_partly_bad_file_of_messages_is_status_1(chiasm, messages, tmp_path):
    bad = b"MSH|^~\\&|A|B|C|D|2026||ADT^A08^ADT_A01|9|P|2.5.1\rPID|||1||A^B\r"
    (tmp_path / "m.hl7").write_bytes(messages(1) + bad)
    done = chiasm("convert", "m.hl7", "o.dcm")
    assert done.returncode == 1
    assert b"m.hl7#2" in done.stderr
    assert (tmp_path / "o.dcm").exists()


def nested(depth):
    """Sequences in sequences, undefined lengths, explicit little endian, as a bare data set."""
    return (
        struct.pack("<HH2sHL", 0x0008, 0x1140, b"SQ", 0, 0xFFFFFFFF)
        + (
            struct.pack("<HHL", 0xFFFE, 0xE000, 0xFFFFFFFF)
            + struct.pack("<HH2sHL", 0x0008, 0x1140, b"SQ", 0, 0xFFFFFFFF)
        )
        * depth
    )


HOSTILE = {
    "empty": b"",
    "garbage": bytes(range(256)) * 40,
    "prefix-alone": b"\0" * 128 + b"DICM",
    "deep.dcm": nested(100_000),
    "deep.json": b"[" * 200_000,
    "deep-fhir.json": b'{"resourceType": "Bundle", "entry": ' + b"[" * 200_000,
    "deep.xml": b"<a>" * 200_000,
    "entities.xml": b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a xmlns="urn:hl7-org:v2xml">&b;</a>',
    "msh-alone": b"MSH",
    "msh-odd": b"MSH" + bytes(range(256)),
    "delimiters": b"MSH|||||||||||\rPID" + b"|^~\\&" * 1000,
    "pdf": b"%PDF-1.4\n",
    "zip": b"PK\x03\x04" + b"\xff" * 99,
    "png": b"\x89PNG\r\n\x1a\n" + b"\0" * 99,
    "bom": b"\xff\xfe",
    "nul": b"\0" * 5000,
    "json-numbers": b'{"00100010": {"vr": "US", "Value": [' + b"9" * 9000 + b"]}}",
    "bulk": b'{"00080016": {"vr": "OB", "BulkDataURI": "file:///etc/passwd"}}',
}


@pytest.mark.parametrize("command", ["convert", "inspect"])
def test_hostile_files_end_in_words_never_in_a_traceback(chiasm, tmp_path, command):
    top = tmp_path / "in"
    top.mkdir()
    for name, data in HOSTILE.items():
        (top / name).write_bytes(data)
    (top / "loop").symlink_to("loop")
    arguments = ("out",) if command == "convert" else ()
    done = chiasm(command, "in", *arguments)
    assert done.returncode == 1
    assert done.stderr.count(b"\n") >= 10


@pytest.mark.parametrize("name", ["empty", "garbage", "deep.dcm", "deep.json", "entities.xml", "zip"])
@pytest.mark.parametrize("form", ["file", "stdin"])
def test_one_hostile_file_is_unusable_input(chiasm, tmp_path, name, form, files_of):
    (tmp_path / name).write_bytes(HOSTILE[name])
    source, stdin = (name, b"") if form == "file" else ("-", HOSTILE[name])
    done = chiasm("convert", source, "o.hl7", stdin=stdin)
    assert done.returncode in {1, 2} if name == "zip" else done.returncode == 2
    assert not [made for made in files_of(tmp_path) if made.endswith("hl7") and made != name]


@pytest.mark.parametrize("at", range(100, 7000, 690))
def test_a_truncated_file_is_converted_or_refused(chiasm, tmp_path, ct, at):
    (tmp_path / "t.dcm").write_bytes(ct.read_bytes()[:at])
    assert chiasm("convert", "t.dcm", "o.hl7").returncode in {0, 2}


@pytest.mark.parametrize("destination", ["folder/", "file/o.hl7", "/proc/none/o.hl7", "x" * 300 + ".hl7"])
def test_destinations_that_cannot_be(chiasm, ct, tmp_path, destination):
    (tmp_path / "file").write_bytes(b"kept")
    done = chiasm("convert", ct, destination)
    assert done.returncode == (0 if destination == "folder/" else 2)
    assert (tmp_path / "file").read_bytes() == b"kept"


def test_a_ledger_that_cannot_be_and_a_file_for_a_folder(chiasm, ct, folder, tmp_path):
    assert chiasm("convert", ct, "o.hl7", "--ledger", "in").returncode == 2
    (tmp_path / "f").write_bytes(b"kept")
    assert chiasm("convert", folder, "f").returncode == 2
    assert (tmp_path / "f").read_bytes() == b"kept"


def test_a_device_stays_a_device(chiasm, ct):
    assert chiasm("convert", ct, "/dev/null", "--to", "oru").returncode == 0
    assert not Path("/dev/null").is_file()


def test_ctrl_c_leaves_nothing_half_written_and_the_next_run_goes_on(ct, tmp_path, chiasm, files_of):
    top = tmp_path / "in"
    top.mkdir()
    for number in range(1500):
        (top / f"{number:04d}.dcm").symlink_to(ct)
    command = [sys.executable, "-m", "chiasm.app", "convert", "in", "out"]
    running = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    state = tmp_path / "out" / ".chiasm-done.jsonl"
    end = time.monotonic() + 30
    while time.monotonic() < end and not (state.exists() and state.stat().st_size > 2000):
        time.sleep(0.01)
    os.killpg(running.pid, signal.SIGINT)  # as a terminal does
    stdout, stderr = running.communicate(timeout=30)
    assert running.returncode == 1, stdout
    assert stderr == b"chiasm: interrupted; the same command goes on from here\n"
    made = [name for name in files_of(tmp_path / "out") if name != state.name]
    assert 0 < len(made) < 1500
    for name in made:
        assert hl7.parse((tmp_path / "out" / name).read_bytes())["PID-5.1"] == "CompressedSamples"
    done = chiasm("convert", "in", "out")
    assert done.returncode == 0
    noted = int(done.stdout.split(b", ")[2].split()[0])
    assert 0 < noted <= len(made)


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_ctrl_c_ends_it_at_any_moment(ct, tmp_path):
    """One in twenty did not end where the interrupt was raised while a lock of the pool was taken."""
    (tmp_path / "in").mkdir()
    for number in range(1500):
        (tmp_path / "in" / f"{number:04d}.dcm").symlink_to(ct)
    command = [sys.executable, "-m", "chiasm.app", "convert", "in"]
    interrupted = 0
    for number in range(80):
        running = subprocess.Popen(
            [*command, f"out-{number}"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True,
        )  # fmt: skip
        state = tmp_path / f"out-{number}" / ".chiasm-done.jsonl"
        end = time.monotonic() + 30
        while time.monotonic() < end and not (state.exists() and state.stat().st_size > 2000):
            time.sleep(0.01)
        time.sleep(number % 40 / 400)
        with contextlib.suppress(ProcessLookupError):  # it was quick
            os.killpg(running.pid, signal.SIGINT)
        _, stderr = running.communicate(timeout=30)
        assert stderr in {b"", b"chiasm: interrupted; the same command goes on from here\n"}
        interrupted += bool(stderr)
    assert interrupted > 40


def test_ctrl_c_on_one_file_says_so_without_a_traceback(tmp_path):
    os.mkfifo(tmp_path / "never")
    command = [sys.executable, "-m", "chiasm.app", "convert", "-", "o.hl7"]
    running = subprocess.Popen(
        command, cwd=tmp_path, stdin=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    time.sleep(1)
    os.killpg(running.pid, signal.SIGINT)
    _, stderr = running.communicate(timeout=30)
    assert running.returncode != 0
    assert b"Traceback" not in stderr
    assert not (tmp_path / "o.hl7").exists()
