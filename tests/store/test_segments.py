"""Segments of the journal: what is appended is read back, whatever was torn, and nothing is blanked unseen."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chiasm.errors import ParseError
from chiasm.store import segments
from chiasm.store.segments import HEAD, Tail, drop_unbegun, read_segment


def filled(folder: Path, count: int = 5) -> Path:
    tail = Tail(folder)
    for number in range(count):
        assert tail.append([b"payload %d" % number]) == [number + 1]
    tail.close()
    return segments.segments(folder)[0]


def payloads(path: Path) -> list[bytes]:
    return [one.payload for one in read_segment(path)]


def test_an_end_torn_at_any_byte_costs_only_the_records_behind_it(tmp_path: Path) -> None:
    path = filled(tmp_path)
    whole = path.read_bytes()
    ends = [one.end for one in read_segment(path)]
    for cut in range(HEAD.size, ends[-1]):
        path.write_bytes(whole[:cut] + bytes(100))
        assert len(payloads(path)) == sum(end <= cut for end in ends)


def test_appending_goes_on_behind_a_torn_end_which_is_put_aside(tmp_path: Path) -> None:
    path = filled(tmp_path)
    data = bytearray(path.read_bytes())
    second, third = [one.end for one in read_segment(path)][1:3]
    data[third - 1] ^= 1
    path.write_bytes(data)
    tail = Tail(tmp_path)
    assert tail.append([b"new"]) == [3]
    tail.close()
    assert payloads(path) == [b"payload 0", b"payload 1", b"new"]
    (aside,) = tmp_path.glob("*.torn")
    assert aside.read_bytes() == bytes(data[second:]).rstrip(b"\0")


def test_a_record_that_was_exchanged_breaks_the_chain(tmp_path: Path) -> None:
    path = filled(tmp_path)
    other = filled(_folder(tmp_path / "other"), 1)
    data = bytearray(path.read_bytes())
    first = next(iter(read_segment(path))).end
    replaced = bytearray(other.read_bytes()[HEAD.size : first])
    replaced[8] ^= 1  # the hash
    data[HEAD.size : first] = replaced
    path.write_bytes(data)
    with pytest.raises(ParseError, match="does not follow"):
        payloads(path)


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


@pytest.mark.parametrize("left", [0, 10, HEAD.size])
def test_a_segment_whose_head_was_never_written_is_dropped(tmp_path: Path, left: int) -> None:
    path = filled(tmp_path)
    unbegun = path.with_name("0000000000000006.log")
    unbegun.write_bytes(bytes(left))
    drop_unbegun(tmp_path)
    assert segments.segments(tmp_path) == [path]


def test_a_full_segment_is_followed_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "SEGMENT", 300)
    filled(tmp_path, 20)
    found = segments.segments(tmp_path)
    assert len(found) > 3
    assert [one for path in found for one in payloads(path)] == [b"payload %d" % n for n in range(20)]


def test_writes_that_the_system_cuts_short_are_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda file, data, at: real(file, bytes(data[:700]), at))
    monkeypatch.setattr(segments, "AHEAD", 4096)
    assert len(payloads(filled(tmp_path, 3))) == 3
