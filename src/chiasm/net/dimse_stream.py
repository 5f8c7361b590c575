"""The socket under an association: one reused buffer in, coalesced writes out, acknowledgements at once."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
from collections.abc import Callable
from typing import cast

from ..protocols.association import Association, Happening

BUFFER = 1 << 20
_QUICKACK = getattr(socket, "TCP_QUICKACK", None)


class Stream(asyncio.BufferedProtocol):
    """One connection. `begin` makes its association, `happened` is told what it says, `ended` its end.

    TCP_NODELAY is set, and TCP_QUICKACK armed anew at each read, so that a sender that leaves Nagle's
    algorithm on does not wait for delayed acknowledgements.
    """

    def __init__(
        self,
        begin: Callable[[float], Association],
        happened: Callable[[Stream, Happening], None],
        ended: Callable[[], None],
    ) -> None:
        self._begin, self._happened, self._ended = begin, happened, ended
        self._buffer = memoryview(bytearray(BUFFER))
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._quick: socket.socket | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self.transport: asyncio.Transport | None = None
        self.association: Association | None = None
        self.lost = asyncio.Event()
        self.received = 0.0
        self._wrote = False

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is there: its association begins."""
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is not of asyncio's class
        plain = transport.get_extra_info("socket")
        if plain is not None and plain.family in {socket.AF_INET, socket.AF_INET6}:
            self._quick = socket.socket(plain.family, plain.type, plain.proto, os.dup(plain.fileno()))
            self._quick.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.transport.set_write_buffer_limits(high=4 << 20)
        self.received = self._loop.time()
        self.association = self._begin(self._loop.time())
        self.flush()

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the next bytes go: always the same buffer."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Bytes came: tell what they say, and send what follows from it."""
        self.received = now = self._loop.time()
        assert self.association is not None
        self._wrote = False
        for one in self.association.receive(self._buffer[:nbytes], now):
            self._happened(self, one)
        self.flush()
        # What was written in answer carries the acknowledgement.
        if not self._wrote and self._quick is not None and _QUICKACK is not None:
            with contextlib.suppress(OSError):
                self._quick.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)

    def eof_received(self) -> bool:
        """The peer sends no more: close."""
        return False

    def pause_writing(self) -> None:
        """The peer takes nothing more for now."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """The peer takes more again."""
        self._writable.set()

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is gone."""
        if self._timer is not None:
            self._timer.cancel()
        if self._quick is not None:
            self._quick.close()
            self._quick = None
        self._writable.set()
        self.lost.set()
        self._buffer = memoryview(b"")  # who still holds the association need not hold that
        assert self.association is not None
        for one in self.association.closed(self._loop.time()):
            self._happened(self, one)
        self._ended()

    # What the shell calls.

    @property
    def now(self) -> float:
        """The loop's time, in seconds."""
        return self._loop.time()

    def flush(self) -> None:
        """Send what the association has to say, in one write, and set the timer that it asks for."""
        association, transport = self.association, self.transport
        if association is None or transport is None:
            return
        out = association.outgoing()
        if out and not transport.is_closing():
            self._wrote = True
            transport.write(out[0] if len(out) == 1 else b"".join(out))
        deadline = association.deadline
        if deadline is None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        elif self._timer is None or self._timer.when() != deadline:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self._loop.call_at(deadline, self._tick)

    def _tick(self) -> None:
        self._timer = None
        assert self.association is not None
        for one in self.association.tick(self._loop.time()):
            self._happened(self, one)
        self.flush()

    @property
    def is_writable(self) -> bool:
        """Whether the peer has taken most of what was sent."""
        return self._writable.is_set()

    async def drained(self) -> None:
        """Wait until the peer has taken most of what was sent. ConnectionError where it is gone."""
        if not self._writable.is_set():
            await self._writable.wait()
        if self.lost.is_set():
            raise ConnectionError("the connection was closed")

    def pause(self) -> None:
        """Read no more for now."""
        if self.transport is not None and not self.transport.is_closing():
            with contextlib.suppress(RuntimeError):
                self.transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        if self.transport is not None and not self.transport.is_closing():
            with contextlib.suppress(RuntimeError):
                self.transport.resume_reading()

    def close(self) -> None:
        """Close, once what was written is sent."""
        if self.transport is not None:
            self.transport.close()

    @property
    def address(self) -> str:
        """The peer's address."""
        name = self.transport.get_extra_info("peername") if self.transport else None
        return f"{name[0]}:{name[1]}" if name else ""

    @property
    def tls(self) -> ssl.SSLObject | None:
        """The TLS of the connection, where it has one."""
        found = self.transport.get_extra_info("ssl_object") if self.transport else None
        return found if isinstance(found, ssl.SSLObject) else None
