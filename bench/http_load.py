"""A load of HTTP requests over keep-alive connections, light enough not to be what is measured."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field

_BUFFER = 1 << 20


@dataclass(slots=True)
class _Connection:
    """One connection: what is still to come of the answer it waits for."""

    sock: socket.socket
    head: bytearray = field(default_factory=bytearray)
    left: int = -1
    chunked: bool = False
    status: int = 0


def answers(
    port: int, request: Callable[[int], bytes], count: int, connections: int = 8
) -> tuple[float, int]:
    """Seconds for `count` requests over so many connections, and the bytes of all bodies.

    `request` gives the bytes of the request of a number. Raises ValueError where an answer is no success.
    """
    picker, total, started, finished = selectors.DefaultSelector(), 0, 0, 0
    buffer = memoryview(bytearray(_BUFFER))
    begin = time.perf_counter()
    for _ in range(min(connections, count)):
        sock = socket.create_connection(("127.0.0.1", port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        picker.register(sock, selectors.EVENT_READ, _Connection(sock))
        sock.sendall(request(started))
        started += 1
    while finished < count:
        for key, _ in picker.select():
            connection: _Connection = key.data
            length = connection.sock.recv_into(buffer)
            if not length:
                raise ValueError("the server closed the connection")
            total += length
            if _take(connection, buffer[:length]):
                finished += 1
                if started < count:
                    connection.sock.sendall(request(started))
                    started += 1
    seconds = time.perf_counter() - begin
    for key in list(picker.get_map().values()):
        key.data.sock.close()
    picker.close()
    return seconds, total


def _take(connection: _Connection, data: memoryview) -> bool:
    """Account for bytes that came; true at the end of an answer."""
    if connection.left < 0:
        connection.head += data
        end = connection.head.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = bytes(connection.head[:end]).lower()
        connection.status = int(head.split(b" ", 2)[1])
        if connection.status >= 300:
            raise ValueError(f"status {connection.status}: {bytes(connection.head[:400])!r}")
        connection.chunked = b"transfer-encoding: chunked" in head
        rest = bytes(connection.head[end + 4 :])
        connection.head.clear()
        if connection.chunked:
            connection.left = 0
            return _chunks(connection, rest)
        lengths = [line for line in head.split(b"\r\n") if line.startswith(b"content-length:")]
        connection.left = (int(lengths[0].split(b":")[1]) if lengths else 0) - len(rest)
    elif connection.chunked:
        return _chunks(connection, data)
    else:
        connection.left -= len(data)
    if connection.left == 0:
        connection.left = -1
        return True
    return False


def _chunks(connection: _Connection, data: bytes | memoryview) -> bool:
    """Step over the chunks of a chunked body; `head` holds what was cut, `left` what a chunk lacks."""
    if connection.left >= len(data):
        connection.left -= len(data)
        return False
    held = connection.head + data[connection.left :]
    connection.left = 0
    position = 0
    while True:
        end = held.find(b"\r\n", position)
        if end < 0:
            connection.head = held[position:]
            return False
        size = int(held[position:end].split(b";")[0] or b"0", 16)
        if size == 0:
            if held.find(b"\r\n\r\n", end) < 0:
                connection.head = held[position:]
                return False
            connection.head, connection.left, connection.chunked = bytearray(), -1, False
            return True
        after = end + 2 + size + 2
        if after > len(held):
            connection.left, connection.head = after - len(held), bytearray()
            return False
        position = after


def get(path: str, accept: str) -> bytes:
    """The bytes of one GET request."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: {accept}\r\n\r\n".encode()


def post(path: str, kind: str, body: bytes) -> bytes:
    """The bytes of one POST request."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    )
    return f"{head}Accept: application/dicom+json\r\n\r\n".encode() + body
