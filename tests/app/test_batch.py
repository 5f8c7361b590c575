"""Many conversions: past bad files, on several processes, and again from where they stopped."""

import json
import os
import signal

import pytest

from chiasm import hl7
from chiasm.app import batch
from chiasm.app.batch import cores, plan, run, run_all
from chiasm.app.request import Job, Manner
from chiasm.app.sources import Source, gather


def outcomes(folder, out, manner=None, **more):
    jobs = plan(gather([str(folder)]), out, manner or Manner(), ledgers=False)
    return {outcome.name.rpartition("in/")[2]: outcome for outcome in run_all(jobs, out, **more)}


@pytest.mark.parametrize("workers", [1, 2])
def test_bad_files_do_not_stop_the_others(folder, tmp_path, files_of, workers):
    found = outcomes(folder, tmp_path / "out", workers=workers)
    assert {name for name, outcome in found.items() if outcome.error} == {"bad.dcm"}
    assert files_of(tmp_path / "out") == [".chiasm-done.jsonl", "a/1.dcm.hl7", "b/1.dcm.hl7", "sr.dcm.hl7"]


@pytest.mark.parametrize("workers", [1, 2])
def test_the_next_run_does_what_is_left_and_what_changed(folder, tmp_path, workers, ct):
    out = tmp_path / "out"
    outcomes(folder, out, workers=workers)
    (folder / "bad.dcm").write_bytes(ct.read_bytes())
    os.utime(folder / "sr.dcm", ns=(1, 1))
    found = outcomes(folder, out, workers=workers)
    assert {name for name, outcome in found.items() if not outcome.earlier} == {"bad.dcm", "sr.dcm"}
    assert all(outcome.earlier for outcome in outcomes(folder, out, workers=workers).values())
    assert not any(outcome.earlier for outcome in outcomes(folder, out, workers=workers, again=True).values())


def test_two_sources_of_one_name_get_two_outputs(folder, tmp_path):
    jobs = list(plan(gather([f"{folder}/*/1.dcm"]), tmp_path / "out", Manner("oru"), ledgers=True))
    assert [job.destination.name for job in jobs] == ["1.dcm.hl7", "1.dcm-2.hl7"]
    assert [job.ledger.name for job in jobs] == ["1.dcm.hl7.ledger.jsonl", "1.dcm-2.hl7.ledger.jsonl"]


def test_each_message_of_a_file_is_converted_and_accounted_for(tmp_path, messages):
    source = Source("m.hl7", data=messages(3))
    outcome = run(Job(source, tmp_path / "o.json", Manner(), tmp_path / "l"))
    assert [path.rpartition("/")[2] for path in outcome.outputs] == ["o.json", "o-2.json", "o-3.json"]
    lines = [json.loads(line) for line in (tmp_path / "l").read_text().splitlines()]
    leaves = sum(1 for message in hl7.parse_batch(messages(3)).messages for _ in message.walk())
    assert len(lines) == sum(outcome.counts) == leaves
    assert {line["source"].split()[0] for line in lines} == {"#1", "#2", "#3"}


def test_a_bad_message_in_a_file_is_told_of_and_the_others_converted(tmp_path, messages):
    bad = b"MSH|^~\\&|A|B|C|D|2026||ADT^A08^ADT_A01|9|P|2.5.1\rPID|||1||A^B\r"
    outcome = run(Job(Source("m", data=messages(1) + bad + messages(1)), tmp_path / "o.dcm", Manner()))
    assert len(outcome.outputs) == 2
    assert "m#2" in outcome.error


def test_a_fault_of_our_own_is_one_outcome_too(ct, tmp_path, monkeypatch):
    monkeypatch.setattr(batch, "convert_source", lambda *_: 1 // 0)
    outcome = run(Job(Source("x", ct), tmp_path / "o.hl7", Manner()))
    assert "ZeroDivisionError" in outcome.error


def test_a_worker_that_is_killed_costs_its_own_file_alone(folder, tmp_path, monkeypatch):
    real = batch.convert_source

    def deadly(source, to, chosen):
        if source.name.endswith("sr.dcm"):
            os.kill(os.getpid(), signal.SIGKILL)
        return real(source, to, chosen)

    monkeypatch.setattr(batch, "convert_source", deadly)  # workers are forked and have it too
    found = outcomes(folder, tmp_path / "out", workers=2)
    assert {name for name, outcome in found.items() if outcome.error} == {"bad.dcm", "sr.dcm"}
    assert "killed" in found["sr.dcm"].error


def test_a_run_that_is_ended_early_has_noted_what_it_did(folder, tmp_path):
    out = tmp_path / "out"
    running = run_all(plan(gather([str(folder)]), out, Manner(), ledgers=False), out, workers=2)
    first = [next(running), next(running)]
    running.close()
    found = outcomes(folder, out)
    assert sum(outcome.earlier for outcome in found.values()) >= sum(not one.error for one in first)


def test_there_is_a_core():
    assert cores() >= 1
