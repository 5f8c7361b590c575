"""A load of HTTP requests over keep-alive connections, light enough not to be what is measured."""

from __future__ import annotations

import selectors
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

_BUFFER = 1 << 20
_UNREAD = socket.MSG_TRUNC if sys.platform == "linux" else 0


@dataclass(slots=True)
class _Connection:
    """One connection: what is still to come of the answer it waits for."""

    sock: socket.socket
    head: bytearray = field(default_factory=bytearray)
    left: int = -1
    chunked: bool = False
    until_end: bool = False


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
        _ask(picker, port, request(started))
        started += 1
    while finished < count:
        for key, _ in picker.select():
            connection: _Connection = key.data
            # The rest of a body is counted, not copied, where the system can: the asker is not measured.
            plain = connection.left > 0 and not connection.chunked
            length = connection.sock.recv_into(buffer, 0, _UNREAD if plain else 0)
            total += length
            if not (_take(connection, buffer[:length]) if length else _closed(connection)):
                continue
            finished += 1
            if connection.until_end:  # Orthanc answers multipart without a length, and closes
                picker.unregister(connection.sock)
                connection.sock.close()
            if started < count:
                if connection.until_end:
                    _ask(picker, port, request(started))
                else:
                    connection.sock.sendall(request(started))
                started += 1
    seconds = time.perf_counter() - begin
    for key in list(picker.get_map().values()):
        key.data.sock.close()
    picker.close()
    return seconds, total


def _ask(picker: selectors.BaseSelector, port: int, request: bytes) -> None:
    """Open a connection and send a first request over it."""
    sock = socket.create_connection(("127.0.0.1", port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    picker.register(sock, selectors.EVENT_READ, _Connection(sock))
    sock.sendall(request)


def _closed(connection: _Connection) -> bool:
    """The server has closed: the end of an answer without a length, else an error."""
    if not connection.until_end:
        raise ValueError("the server closed the connection")
    return True


def _take(connection: _Connection, data: memoryview) -> bool:
    """Account for bytes that came; true at the end of an answer."""
    if connection.left < 0:
        connection.head += data
        end = connection.head.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = bytes(connection.head[:end]).lower()
        status = int(head.split(b" ", 2)[1])
        if status >= 300:
            raise ValueError(f"status {status}: {bytes(connection.head[:400])!r}")
        connection.chunked = b"transfer-encoding: chunked" in head
        rest = bytes(connection.head[end + 4 :])
        connection.head.clear()
        if connection.chunked:
            connection.left = 0
            return _chunks(connection, rest)
        lengths = [line for line in head.split(b"\r\n") if line.startswith(b"content-length:")]
        connection.until_end = not lengths and b"connection: close" in head
        if connection.until_end:
            connection.left = 1 << 62
            return False
        connection.left = (int(lengths[0].split(b":")[1]) if lengths else 0) - len(rest)
    elif connection.until_end:
        return False
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
