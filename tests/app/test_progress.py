"""A run notes what it has done; the next one believes it only while everything is the same."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from chiasm.app.progress import STATE, Progress
from chiasm.app.request import Job, Manner, Outcome
from chiasm.app.sources import Source
from chiasm.errors import UsageError


@pytest.fixture
def job(tmp_path):
    (tmp_path / "x").write_bytes(b"x")
    (tmp_path / "rows.csv").write_bytes(b"r")
    return Job(
        Source("x", tmp_path / "x"),
        tmp_path / "out" / "x.hl7",
        Manner("oru", crosswalk=str(tmp_path / "rows.csv")),
    )


@pytest.fixture
def done(job, tmp_path):
    """The key of the job, which a first run has done."""
    output = tmp_path / "out" / "x.hl7"
    with Progress(tmp_path / "out") as progress:
        key = progress.key(job)
        output.write_bytes(b"")
        progress.noted(Outcome("x", "oru", (str(output),)), key)
        progress.noted(Outcome("y", "oru", error="bad"), "other")
    return key


def test_what_is_done_is_known_to_the_next_run(tmp_path, job, done):
    with Progress(tmp_path / "out") as progress:
        earlier = progress.earlier(progress.key(job), job)
        assert earlier is not None
        assert earlier.earlier
        assert earlier.outputs == (str(tmp_path / "out" / "x.hl7"),)
        assert progress.earlier("other", job) is None  # what failed is tried again


def test_a_lost_output_or_a_new_start_is_done_again(tmp_path, job, done):
    with Progress(tmp_path / "out", again=True) as progress:
        assert progress.earlier(done, job) is None
    with Progress(tmp_path / "out") as progress:
        assert progress.earlier(done, job) is None


def test_outputs_that_are_gone_are_made_again(tmp_path, job, done):
    (tmp_path / "out" / "x.hl7").unlink()
    with Progress(tmp_path / "out") as progress:
        assert progress.earlier(done, job) is None


def test_a_line_that_was_cut_off_costs_that_line_alone(tmp_path, job, done):
    state = tmp_path / "out" / STATE
    state.write_bytes(state.read_bytes() + b'{"key": "cut')
    with Progress(tmp_path / "out") as progress:
        progress.noted(Outcome("z", "oru"), "third")
    with Progress(tmp_path / "out") as progress:
        assert progress.earlier(done, job)
        assert progress.earlier("third", job)


@pytest.mark.parametrize(
    "change",
    [
        lambda job: os.utime(job.source.path, ns=(1, 1)) or job,
        lambda job: job.source.path.write_bytes(b"xy") and job,
        lambda job: Path(job.manner.crosswalk).write_bytes(b"rr") and job,
        lambda job: replace(job, manner=replace(job.manner, to="omi")),
        lambda job: replace(job, manner=replace(job.manner, carry="all")),
        lambda job: replace(job, ledger=Path("l")),
        lambda job: replace(job, destination=Path("elsewhere")),
        lambda job: replace(job, source=Source("x", data=b"x")),
        lambda job: replace(job, source=replace(job.source, member=1)),
    ],
)
def test_whatever_changes_makes_another_job_of_it(tmp_path, job, done, change):
    with Progress(tmp_path / "out") as progress:
        assert progress.key(job) == done
        assert progress.key(change(job)) != done


def test_a_name_that_is_no_text_and_a_source_that_is_gone_have_keys(tmp_path, job):
    with Progress(tmp_path / "out") as progress:
        assert progress.key(replace(job, source=Source("\udcff", tmp_path / "gone")))


def test_a_destination_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "out").write_bytes(b"")
    with pytest.raises(UsageError, match="no folder"):
        Progress(tmp_path / "out")
