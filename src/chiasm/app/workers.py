"""`chiasm up --workers N`: as many processes as asked for share the ports; one that falls is replaced."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

from ..console.ohif import is_installed
from ..errors import UsageError
from .settings import Address, NodeSettings

_MODULE = "chiasm.app.worker"
_PATIENCE = 60.0
_BACK_OFF = (0.2, 1.0, 5.0, 15.0)


@contextlib.contextmanager
def shared(address: Address) -> Iterator[Address]:
    """The address with its port held for all workers: a socket that shares it and does not listen.

    Raises UsageError where another program has the port.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        try:
            holder.bind((address.host, address.port))
        except OSError as error:
            raise UsageError(f"cannot take {address}: {error.strerror}") from None
        yield replace(address, port=holder.getsockname()[1])


class Worker:
    """One process of the node, and when it may be started again after it fell."""

    def __init__(self, description: str) -> None:
        self._description = description
        self.falls = 0
        self.due = 0.0
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; it reads what it is from its standard input, whose end tells it to stop."""
        command = [sys.executable, "-m", _MODULE]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdin is not None
        self.process.stdin.write(self._description.encode() + b"\n")
        self.process.stdin.flush()

    def ready(self) -> bool:
        """Wait until it listens; False where it ended instead."""
        assert self.process is not None
        assert self.process.stdout is not None
        return self.process.stdout.readline() == b"ready\n"

    def watch(self, now: float) -> None:
        """Start it again where it fell, later each time that it falls."""
        if self.process is not None and self.process.poll() is not None:
            self.close()
            wait = _BACK_OFF[min(self.falls, len(_BACK_OFF) - 1)]
            self.falls, self.due, self.process = self.falls + 1, now + wait, None
            sys.stderr.write(f"chiasm: a worker ended; it is started again in {wait:g} s\n")
        if self.process is None and now >= self.due:
            self.start()

    def close(self) -> None:
        """Tell it to finish what it does, and wait; it is killed when it does not end in time."""
        process = self.process
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def describe(settings: NodeSettings) -> str:
    """The settings as one line for a worker."""
    plain = {
        name: getattr(settings, name)
        for name in NodeSettings.__dataclass_fields__
        if name not in {"data", "dimse", "http", "viewer", "tls"}
    }
    plain |= {"data": str(settings.data), "dimse": str(settings.dimse), "http": str(settings.http)}
    plain["viewer"] = str(settings.viewer) if settings.viewer else None
    tls = settings.tls
    plain["tls"] = tls and [str(tls.certificate), str(tls.key), str(tls.authorities or "")]
    return json.dumps(plain)


def supervise(settings: NodeSettings, told: str) -> int:
    """Run `settings.workers` processes until a signal comes; `told` is printed when all of them listen."""
    stopping: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda signum, _: stopping.append(signum))
    with contextlib.ExitStack() as held:
        dimse, http = held.enter_context(shared(settings.dimse)), held.enter_context(shared(settings.http))
        own = replace(settings, dimse=dimse, http=http)
        if is_installed(own.data / "ohif"):
            own = replace(own, viewer=held.enter_context(shared(settings.viewer_address)))
        workers = [Worker(describe(own)) for _ in range(settings.workers)]
        try:
            for worker in workers:
                worker.start()
                if not worker.ready():
                    return 2
            sys.stdout.write(told.format(dimse=dimse, http=http))
            if is_installed(own.data / "ohif"):
                sys.stdout.write(f"OHIF is at http://{own.viewer}/\n")
            sys.stdout.flush()
            while not stopping:
                time.sleep(0.1)
                for worker in workers:
                    worker.watch(time.monotonic())
        finally:
            for worker in workers:
                if worker.process is not None and worker.process.stdin is not None:
                    with contextlib.suppress(OSError):
                        worker.process.stdin.close()
            for worker in workers:
                worker.close()
    return 0
