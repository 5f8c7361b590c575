"""A sink for C-STORE that costs next to nothing: what bounds a sender here is the sender.

`python bench/dimse_sink.py PORT` accepts each association in the first transfer syntax proposed, lets the
kernel drop data sets unread, and answers success.
"""

from __future__ import annotations

import os
import signal
import socket
import struct
import sys
from collections.abc import Iterator

_ASSOCIATE, _DATA, _RELEASE = 1, 4, 5
_RELEASED = b"\6\0\0\0\0\4\0\0\0\0"
_UNREAD = getattr(socket, "MSG_TRUNC", 0)


def main() -> None:
    """Serve until it is ended, each association in a process of its own."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
        while True:
            peer, _ = listener.accept()
            with peer:
                if os.fork() == 0:
                    _serve(peer)
                    os._exit(0)


def _serve(peer: socket.socket) -> None:
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    buffer = bytearray(1 << 20)
    command: dict[int, bytes] = {}
    while (head := _taken(peer, 6)) and head[0] in (_ASSOCIATE, _DATA):
        length = int.from_bytes(head[2:], "big")
        if head[0] == _ASSOCIATE:
            peer.sendall(_accepted(_taken(peer, length)))
            continue
        _, context, flags = struct.unpack(">IBB", _taken(peer, 6))  # senders put one value in a unit
        if flags & 1:
            command = _elements(_taken(peer, length - 6))
            continue
        left = length - 6
        while left:
            left -= peer.recv_into(buffer, min(left, len(buffer)), _UNREAD)
        if flags & 2:
            peer.sendall(_answer(context, command))
    if head and head[0] == _RELEASE:
        _taken(peer, 4)
        peer.sendall(_RELEASED)


def _taken(peer: socket.socket, length: int) -> bytes:
    return peer.recv(length, socket.MSG_WAITALL)


def _items(content: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(content):
        kind, _, length = struct.unpack_from(">BBH", content, at)
        yield kind, content[at + 4 : at + 4 + length]
        at += 4 + length


def _item(kind: int, content: bytes) -> bytes:
    return struct.pack(">BBH", kind, 0, len(content)) + content


def _accepted(request: bytes) -> bytes:
    """An A-ASSOCIATE-AC that takes all that was proposed. PS3.8 §9.3.3."""
    contexts = []
    for kind, content in _items(request[68:]):
        if kind == 0x20:
            syntax = next(inner for kind, inner in _items(content[4:]) if kind == 0x40)
            contexts.append(_item(0x21, bytes((content[0], 0, 0, 0)) + _item(0x40, syntax)))
    user = _item(0x50, _item(0x51, bytes(4)) + _item(0x52, b"1.2.3.4"))
    body = request[:68] + _item(0x10, b"1.2.840.10008.3.1.1.1") + b"".join(contexts) + user
    return struct.pack(">BBI", 2, 0, len(body)) + body


def _elements(command: bytes) -> dict[int, bytes]:
    found, at = {}, 0
    while at < len(command):
        _, number, length = struct.unpack_from("<HHI", command, at)
        found[number] = command[at + 8 : at + 8 + length]
        at += 8 + length
    return found


def _answer(context: int, command: dict[int, bytes]) -> bytes:
    """A C-STORE-RSP of success. PS3.7 §9.3.1.2."""
    values = {0x0002: command[0x0002], 0x0100: b"\1\x80", 0x0120: command[0x0110]}
    values |= {0x0800: b"\1\1", 0x0900: b"\0\0", 0x1000: command[0x1000]}
    content = b"".join(struct.pack("<HHI", 0, one, len(value)) + value for one, value in values.items())
    content = struct.pack("<HHII", 0, 0, 4, len(content)) + content
    return struct.pack(">BBIIBB", _DATA, 0, len(content) + 6, len(content) + 2, context, 3) + content


if __name__ == "__main__":
    main()
