"""The log that is written ahead: what was synced is read back, whatever was torn, and nothing is freed too soon."""

from __future__ import annotations

import os
import struct
import threading
import zlib
from pathlib import Path

import pytest

from chiasm.store import landing
from chiasm.store.journal import START, chained
from chiasm.store.landing import Landing, forget, landed
from chiasm.store.pages import pages

Entry = tuple[bytes, bytes]


def record(payload: bytes, previous: bytes) -> bytes:
    """A record as the journal's layout says: length, CRC-32, hash, payload."""
    return struct.pack("<II", len(payload), zlib.crc32(payload)) + chained(previous, payload) + payload


class Log:
    """Writes numbered entries, one after the other."""

    def __init__(self, folder: Path, settle=lambda upto: None) -> None:
        self.log = Landing(folder, settle)
        self.sequence, self.hash = 0, START
        self.written: list[Entry] = []

    def write(self, *contents: bytes) -> None:
        entries, first, before = [], self.sequence + 1, self.hash
        for content in contents:
            self.sequence += 1
            payload = b"event %d" % self.sequence
            entries.append((record(payload, self.hash), content))
            self.hash = chained(self.hash, payload)
            self.written.append((payload, content))
        self.log.write(first, before, entries)


def found(folder: Path) -> list[Entry]:
    return [(one.payload, one.content) for one in landed(folder)]


@pytest.fixture
def small(monkeypatch):
    for name, size in (("STRIP", 40_960), ("FIRST", 16_384), ("STEP", 8_192)):
        monkeypatch.setattr(landing, name, size)


def test_what_was_written_is_found_with_its_numbers_and_hashes(tmp_path):
    log = Log(tmp_path)
    log.write(b"first")
    log.write(b"", b"third" * 100_000, b"fourth")
    entries = list(landed(tmp_path))
    assert [(one.payload, one.content) for one in entries] == log.written
    assert [one.sequence for one in entries] == [1, 2, 3, 4]
    assert entries[-1].hash == log.hash
    log.log.close()


def test_the_layout_is_the_documented_one(tmp_path, small):
    log = Log(tmp_path)
    log.write(b"DICM")
    payload = b"event 1"
    log.write(b"")
    expected = (
        b"CHIASML2" + struct.pack("<Q", 1) + START + struct.pack("<I", 4) + record(payload, START) + b"DICM"
    )
    second = bytes(4) + record(b"event 2", chained(START, payload))
    whole = (tmp_path / "landing-0").read_bytes()
    assert whole[:4096] == expected.ljust(4096, b"\0")
    assert whole[4096:] == second.ljust(len(whole) - 4096, b"\0")
    log.log.close()


@pytest.mark.parametrize("is_paged", [True, False])
def test_a_large_object_begins_with_a_block_and_so_does_what_follows(tmp_path, is_paged):
    content = bytes(range(251)) * 800  # 200,800 bytes
    held = content
    if is_paged:
        held = pages(1 << 20)[: len(content)]
        held[:] = content
    log = Log(tmp_path)
    log.write(b"small", held, b"last")
    one, two, three = (b"event %d" % number for number in (1, 2, 3))
    first = chained(START, one)
    head = b"CHIASML2" + struct.pack("<Q", 1) + START
    head += struct.pack("<I", 5) + record(one, START) + b"small"
    head += struct.pack("<I", len(content)) + record(two, first)
    behind = struct.pack("<I", 4) + record(three, chained(first, two)) + b"last"
    expected = head.ljust(4096, b"\0") + content.ljust(204_800, b"\0") + behind.ljust(4096, b"\0")
    assert (tmp_path / "landing-0").read_bytes()[: len(expected) + 40] == expected + bytes(40)
    log.write(b"next")
    assert found(tmp_path) == [(payload, bytes(data)) for payload, data in log.written]
    log.log.close()


@pytest.mark.parametrize("most", [4096, 12_288, 40_960])
def test_a_system_that_writes_less_than_it_was_given_is_asked_again(tmp_path, monkeypatch, most):
    def some(file, parts, position):
        whole = b"".join(parts)[:most]
        data = pages(len(whole))  # the file may be open past the cache
        data[:] = whole
        return os.pwrite(file, data, position)

    held = pages(1 << 20)[:300_001]
    held[:] = bytes(range(239)) * 1255 + bytes(56)
    monkeypatch.setattr(landing.os, "pwritev", some)
    log = Log(tmp_path)
    log.write(b"before", held, held[:140_000], b"behind")
    assert found(tmp_path) == [(payload, bytes(data)) for payload, data in log.written]
    log.log.close()


def test_a_strip_of_the_former_layout_is_read(tmp_path):
    content = bytes(range(250)) * 800
    data = b"CHIASML1" + struct.pack("<Q", 1) + START
    data += struct.pack("<I", len(content)) + record(b"event 1", START) + content
    data += struct.pack("<I", 2) + record(b"event 2", chained(START, b"event 1")) + b"ab"
    (tmp_path / "landing-0").write_bytes(data.ljust(1 << 18, b"\0"))
    assert found(tmp_path) == [(b"event 1", content), (b"event 2", b"ab")]


def test_nothing_is_found_where_nothing_landed_or_all_is_settled(tmp_path):
    assert found(tmp_path) == []
    settled = []
    log = Log(tmp_path, lambda upto: settled.append((upto, found(tmp_path))))
    log.write(b"x")
    log.write(b"y", b"")
    log.log.close()
    assert settled == [(3, log.written)]  # settled first, and only then blanked
    assert found(tmp_path) == []


def test_an_end_torn_at_any_byte_costs_only_what_is_behind_it(tmp_path, small):
    log = Log(tmp_path)
    for number in range(4):
        log.write(b"content %d" % number)
    path = tmp_path / "landing-0"
    whole = path.read_bytes()
    log.log.close()
    # an entry whose object alone is torn is still told of: its record says what it must be
    told = [4096 * number + 48 * (not number) + 4 + 40 + len("event 1") for number in range(4)]
    for number, end in enumerate(told):
        for cut in range(4096 * number, end + 20):
            path.write_bytes(whole[:cut] + bytes(5000))
            count = number + (cut >= end)
            assert [payload for payload, _ in found(tmp_path)] == [
                payload for payload, _ in log.written[:count]
            ]


def test_a_batch_torn_between_its_entries_is_found_up_to_there(tmp_path, small):
    log = Log(tmp_path)
    log.write(b"first", b"second" * 1000, b"third")
    path = tmp_path / "landing-0"
    data = bytearray(path.read_bytes())
    at = data.index(b"event 3")
    data[at] ^= 1
    path.write_bytes(data)
    assert found(tmp_path) == log.written[:2]
    log.log.close()


@pytest.mark.parametrize("cut", [0, 10, 47, 48, 60])
def test_a_file_that_ends_early_is_read_as_far_as_it_goes(tmp_path, small, cut):
    log = Log(tmp_path)
    log.write(b"x")
    path = tmp_path / "landing-0"
    path.write_bytes(path.read_bytes()[:cut])
    assert found(tmp_path) == []
    log.log.close()


def test_strips_are_turned_and_what_stood_in_one_before_is_not_found_again(tmp_path, small):
    log = Log(tmp_path)
    for number in range(60):
        log.write(*[bytes([number]) * (1000 + 70 * number)] * (1 + number % 3))
        entries = found(tmp_path)
        assert entries[-1] == log.written[-1]
        assert entries == log.written[len(log.written) - len(entries) :]
    log.log.close()
    assert found(tmp_path) == []


@pytest.mark.parametrize(("often", "blocks"), [(60.0, [16, 24, 24, 24]), (0.0, [8, 8, 8, 8])])
def test_strips_grow_while_they_are_turned_often_and_no_further_than_that(
    tmp_path, monkeypatch, often, blocks
):
    for name, size in (("STRIP", 8), ("LARGEST", 24), ("FIRST", 8), ("STEP", 8)):
        monkeypatch.setattr(landing, name, size * 4096)
    monkeypatch.setattr(landing, "_OFTEN", often)
    monkeypatch.setattr(landing.time, "monotonic", lambda: 10.0)
    log = Log(tmp_path)
    log.log._turned = 10.0
    sizes = []
    for _ in range(4):
        before = log.log._current
        while log.log._current == before:
            log.write(b"x" * 6000)
        log.log._ready.result()  # the strip that was full is free again
        sizes.append(log.log._size // 4096)
        assert found(tmp_path) == log.written[-len(found(tmp_path)) :]
    assert sizes == blocks
    log.log.close()


def test_who_waits_for_a_strip_does_not_wait_until_it_has_become_large(tmp_path, monkeypatch):
    for name, size in (("STRIP", 8), ("FIRST", 8), ("STEP", 1)):
        monkeypatch.setattr(landing, name, size * 4096)
    monkeypatch.setattr(landing, "_PAUSE", 30.0)
    log = Log(tmp_path)
    log.write(b"x" * 12_000)  # the other strip is being made ready, and each step of it is waited for
    log.log._size = 24 * 4096  # what a strip is to become once it is free
    for current in (0, 1):
        while log.log._current == current:
            log.write(b"x" * 6000)
    assert 8 <= log.log._strips[0].written // 4096 < 24
    log.log.close()
    assert found(tmp_path) == []


def test_a_strip_is_freed_only_once_what_it_is_about_is_settled(tmp_path, small):
    go_on, failures, asked = threading.Event(), [OSError(28, "no space left")], []

    def settle(upto) -> None:
        assert go_on.wait(20)
        asked.append(upto)
        if failures:
            raise failures.pop()

    log = Log(tmp_path, settle)
    while log.sequence < 100 and not log.log._current:
        log.write(bytes(500))
    assert found(tmp_path) == log.written  # the other strip fills, nothing of the first is gone
    last = log.sequence - 1
    go_on.set()
    for _ in range(30):  # the settling that failed is tried again before the strip is used
        log.write(bytes(500))
        assert found(tmp_path)[-1] == log.written[-1]
    assert failures == []
    assert asked[:2] == [last, last]
    log.log.close()


def test_a_strip_that_cannot_be_settled_is_kept(tmp_path, small):
    def settle(upto) -> None:
        raise OSError(5, "lost")

    log = Log(tmp_path, settle)

    def fill() -> None:
        for _ in range(100):
            log.write(bytes(500))

    with pytest.raises(OSError, match="lost"):
        fill()
    before = found(tmp_path)
    assert before == log.written[: len(before)]
    assert len(before) >= 6
    with pytest.raises(OSError, match="lost"):
        log.log.close()
    assert found(tmp_path) == before


def test_an_object_larger_than_a_strip_lands_too(tmp_path, small):
    log = Log(tmp_path)
    for size in (100, 20_000, 30_000, 100):
        log.write(bytes(size))
        assert found(tmp_path)[-1] == log.written[-1]
    log.log.close()


def test_writes_that_the_system_cuts_short_are_finished(tmp_path, monkeypatch, small):
    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda file, data, at: real(file, data[:4096], at))
    log = Log(tmp_path)
    log.write(*[b"%d" % number * 50 for number in range(100)])
    assert found(tmp_path) == log.written
    log.log.close()


def test_a_write_that_ends_within_a_block_has_failed(tmp_path, monkeypatch, small):
    log = Log(tmp_path)
    log.write(b"x")
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwritev", lambda file, parts, at: 700)
        with pytest.raises(OSError, match="error"):
            log.write(b"y")
    assert found(tmp_path) == log.written[:1]
    log.log.close()


def test_where_the_cache_cannot_be_passed_by_it_is_used(tmp_path, monkeypatch, small):
    real = os.open

    def refuse(path, flags, *more):
        if flags & os.O_DIRECT:
            raise OSError(22, "Invalid argument")
        return real(path, flags, *more)

    monkeypatch.setattr(os, "open", refuse)
    log = Log(tmp_path)
    for _ in range(30):
        log.write(bytes(3000))
        assert found(tmp_path)[-1] == log.written[-1]
    log.log.close()


def test_what_is_forgotten_is_not_found(tmp_path, small):
    log = Log(tmp_path)
    log.write(b"x")
    forget(tmp_path)
    assert found(tmp_path) == []
    log.log.close()
    forget(tmp_path / "nowhere")
