"""What a peer has confirmed is kept from one run to the next, whatever ends a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from chiasm.app.send_record import SendRecord
from chiasm.errors import UsageError


def test_it_is_there_again(tmp_path: Path) -> None:
    path = tmp_path / "sent.jsonl"
    with SendRecord(path, "A@h:1") as record:
        assert not record.stored("1.2", "10:5")
        record.note("1.2", "10:5")
        record.note("1.3", "11:6")
        record.note("1.3", "11:6", committed=True)
    with SendRecord(path, "A@h:1") as again:
        assert again.stored("1.2", "10:5")
        assert not again.committed("1.2", "10:5")
        assert again.committed("1.3", "11:6")
        assert not again.stored("1.2", "10:7")  # another file under the same UID
    with SendRecord(path, "B@h:1") as other:
        assert not other.stored("1.2", "10:5")


def test_a_line_that_was_cut_off_costs_that_line_alone(tmp_path: Path) -> None:
    path = tmp_path / "sent.jsonl"
    with SendRecord(path, "A@h:1") as record:
        record.note("1.2", "10:5")
        record.note("1.3", "11:6")
    path.write_bytes(path.read_bytes()[:-9] + b"\xff")
    with SendRecord(path, "A@h:1") as again:
        assert again.stored("1.2", "10:5")
        assert not again.stored("1.3", "11:6")
        again.note("1.4", "1:1")
    path.write_bytes(path.read_bytes() + b'[1]\n"x"\n{"peer": "A@h:1"}\n')
    with SendRecord(path, "A@h:1") as once_more:
        assert once_more.stored("1.4", "1:1")


def test_without_a_path_nothing_is_kept() -> None:
    with SendRecord(None, "A@h:1") as record:
        record.note("1.2", "10:5")
        assert not record.stored("1.2", "10:5")


def test_where_it_cannot_be_kept_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot keep"):
        SendRecord(tmp_path, "A@h:1")
