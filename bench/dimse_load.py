"""A load of C-FIND requests over associations that stay open, light enough not to be what is measured.

The requests are made before the clock starts, and answers are only stepped over, unit by unit, so that the
same bytes are asked of each server at the least cost of the asker.
"""

from __future__ import annotations

import selectors
import socket
import struct
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

_STUDY_ROOT_FIND = b"1.2.840.10008.5.1.4.1.2.2.1"
_IMPLICIT = b"1.2.840.10008.1.2"
_APPLICATION = b"1.2.840.10008.3.1.1.1"
_STATUS = struct.pack("<HHI", 0, 0x0900, 2)
_BUFFER = 1 << 18


@dataclass(slots=True)
class _Asker:
    """One association: what it has to ask yet, and what came of the answer under way."""

    sock: socket.socket
    requests: list[bytes]
    held: bytearray = field(default_factory=bytearray)
    matches: int = 0


def finds(port: int, patients: Sequence[str], associations: int) -> float:
    """Seconds for one study-level C-FIND for each Patient ID, over so many associations at once.

    Raises ValueError where one is not answered with a single match.
    """
    picker = selectors.DefaultSelector()
    buffer = memoryview(bytearray(_BUFFER))
    askers = [
        _Asker(_associated(port), [_request(number, patient) for number, patient in enumerate(part, 1)][::-1])
        for part in (patients[start::associations] for start in range(associations))
    ]
    for one in askers:
        picker.register(one.sock, selectors.EVENT_READ, one)
    begin = time.perf_counter()
    for one in askers:
        one.sock.sendall(one.requests.pop())
    busy = len(askers)
    while busy:
        for key, _ in picker.select():
            asker: _Asker = key.data
            length = asker.sock.recv_into(buffer)
            if not length:
                raise ValueError("the server closed the association")
            if not _ended(asker, buffer[:length]):
                continue
            if asker.requests:
                asker.sock.sendall(asker.requests.pop())
            else:
                busy -= 1
    seconds = time.perf_counter() - begin
    for one in askers:
        one.sock.close()
    picker.close()
    if sum(one.matches for one in askers) != len(patients):
        raise ValueError(f"{sum(one.matches for one in askers)} matches for {len(patients)} questions")
    return seconds


def _ended(asker: _Asker, data: memoryview) -> bool:
    """Step over the units that came; true once the final response is among them."""
    held = asker.held
    held += data
    at, total = 0, len(held)
    while total - at >= 12:
        end = at + 6 + int.from_bytes(held[at + 2 : at + 6], "big")
        if end > total:
            break
        if held[at] != 4:
            raise ValueError(f"a unit of type {held[at]:02X}H")
        if held[at + 11] & 1:
            place = held.rfind(_STATUS, at, end) + len(_STATUS)
            status = int.from_bytes(held[place : place + 2], "little")
            if status >> 8 != 0xFF:
                if status:
                    raise ValueError(f"status {status:04X}H")
                held.clear()
                return True
            asker.matches += 1
        at = end
    del held[:at]
    return False


def _associated(port: int) -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    context = _item(0x20, bytes((1, 0, 0, 0)) + _item(0x30, _STUDY_ROOT_FIND) + _item(0x40, _IMPLICIT))
    user = _item(0x50, _item(0x51, struct.pack(">I", 16384)) + _item(0x52, b"1.2.3.4"))
    titles = b"CHIASM".ljust(16) + b"ASKER".ljust(16)
    body = struct.pack(">HH", 1, 0) + titles + bytes(32) + _item(0x10, _APPLICATION) + context + user
    sock.sendall(struct.pack(">BBI", 1, 0, len(body)) + body)
    head = sock.recv(6, socket.MSG_WAITALL)
    if head[0] != 2:
        raise ValueError("the association was not accepted")
    sock.recv(int.from_bytes(head[2:], "big"), socket.MSG_WAITALL)
    return sock


def _item(kind: int, content: bytes) -> bytes:
    return struct.pack(">BBH", kind, 0, len(content)) + content


def _request(number: int, patient: str) -> bytes:
    """A C-FIND-RQ of the study root: PS3.7 §9.3.2.1."""
    command = _data_set(
        (0x0002, _STUDY_ROOT_FIND), (0x0100, b"\x20\0"), (0x0110, struct.pack("<H", number)),
        (0x0700, b"\0\0"), (0x0800, b"\1\0"), group=0,
    )  # fmt: skip
    whole = struct.pack("<HHII", 0, 0, 4, len(command)) + command
    study = _data_set((0x0020, b""), (0x0052, b"STUDY "), (0x1030, b""), group=8)
    person = _data_set((0x0010, b""), (0x0020, patient.encode()), group=0x10)
    identifier = study + person + _data_set((0x000D, b""), group=0x20)
    return _unit(3, whole) + _unit(2, identifier)


def _data_set(*elements: tuple[int, bytes], group: int) -> bytes:
    padded: Iterable[tuple[int, bytes]] = ((one, value + bytes(len(value) % 2)) for one, value in elements)
    return b"".join(struct.pack("<HHI", group, one, len(value)) + value for one, value in padded)


def _unit(flags: int, content: bytes) -> bytes:
    return struct.pack(">BBIIBB", 4, 0, len(content) + 6, len(content) + 2, 1, flags) + content
