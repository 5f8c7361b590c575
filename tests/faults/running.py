"""A real `chiasm up` in processes of its own, and a light sender: what a fault test drives from outside."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from chiasm.protocols import commands, pdu
from chiasm.protocols.commands import Command
from chiasm.protocols.items import MaximumLength

CT, EXPLICIT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1"
PROGRAM = [sys.executable, "-c", "from chiasm.app.start import main; main()"]
PIECE = 256 << 10
_WAIT = 60.0
_LONG = 600.0


class Running:
    """A node on the data of a folder, in a process group of its own; free ports each time."""

    def __init__(self, data: Path, *options: str, wait: bool = True) -> None:
        command = [*PROGRAM, "up", "--data", str(data), "--dimse", "127.0.0.1:0", "--http", "127.0.0.1:0"]
        self.log = (data.parent / "node.log").open("ab")
        self.process = subprocess.Popen(
            [*command, *options],
            stdout=subprocess.PIPE,
            stderr=self.log,
            cwd=data.parent,
            start_new_session=True,
        )
        self.dimse, self.http = 0, 0
        if wait:
            self.ready()

    def ready(self) -> None:
        """Wait until it says where it listens."""
        assert self.process.stdout is not None
        told = b""
        for line in self.process.stdout:
            told += line
            if line.startswith(b"Stop it"):
                break
        else:
            raise AssertionError(f"the node did not start: {Path(self.log.name).read_text()[-2000:]}")
        dimse, http = re.search(rb"@127\.0\.0\.1:(\d+)", told), re.search(rb"console +http://.*:(\d+)/", told)
        assert dimse is not None
        assert http is not None
        self.dimse, self.http = int(dimse[1]), int(http[1])

    def kill(self) -> None:
        """kill -9 of the whole group; none of it is left afterwards."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self._ended()

    def stop(self) -> int:
        """End it as a person would; its status."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(_WAIT)
        self._ended()
        return status

    def _ended(self) -> None:
        self.process.wait(_WAIT)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.log.close()
        deadline = time.monotonic() + _WAIT
        while self.members() and time.monotonic() < deadline:
            time.sleep(0.005)
        assert not self.members()

    def members(self) -> list[int]:
        """The processes of its group that live."""
        found = []
        for entry in os.listdir("/proc"):  # noqa: PTH208  # names alone, thousands of times
            if entry.isdecimal():
                with contextlib.suppress(OSError):
                    text = Path(f"/proc/{entry}/stat").read_text("ascii", "replace")
                    fields = text.rpartition(")")[2].split()
                    if int(fields[2]) == self.process.pid and fields[0] not in "ZX":
                        found.append(int(entry))
        return found

    def memory(self) -> int:
        """The private memory of all its processes in bytes: without files that are only mapped."""
        total = 0
        for member in self.members():
            with contextlib.suppress(OSError):
                status = Path(f"/proc/{member}/status").read_text("ascii", "replace")
                found = re.search(r"RssAnon:\s+(\d+) kB", status)
                total += int(found[1]) << 10 if found else 0
        return total

    def get(self, path: str, accept: str = "application/dicom+json") -> tuple[int, str, bytes]:
        """Status, content type and body of a request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.http, timeout=_WAIT)
        with contextlib.closing(connection):
            connection.request("GET", path, headers={"Accept": accept})
            answer = connection.getresponse()
            return answer.status, answer.getheader("Content-Type", ""), answer.read()

    def drain(self, path: str, accept: str) -> int:
        """The bytes of an answer, of which none is kept."""
        connection = http.client.HTTPConnection("127.0.0.1", self.http, timeout=_LONG)
        with contextlib.closing(connection):
            connection.request("GET", path, headers={"Accept": accept})
            answer = connection.getresponse()
            assert answer.status == 200, answer.read()
            return sum(len(piece) for piece in iter(lambda: answer.read(1 << 20), b""))

    def instances(self, study: str) -> list[str]:
        """The SOP Instance UIDs that QIDO-RS tells of a study, in pages."""
        found: list[str] = []
        while True:
            query = f"limit=1000&offset={len(found)}&includefield=00080018"
            status, _, body = self.get(f"/dicom-web/studies/{study}/instances?{query}")
            page: list[dict[str, Any]] = json.loads(body) if status == 200 else []
            assert status in {200, 204}, body
            found += [one["00080018"]["Value"][0] for one in page]
            if not page:
                return found

    def objects(self, path: str) -> list[bytes]:
        """The Part 10 files of WADO-RS, as they are stored."""
        accept = 'multipart/related; type="application/dicom"; transfer-syntax=*'
        status, kind, body = self.get(f"/dicom-web/{path}", accept)
        assert status == 200, body
        boundary = re.search(r'boundary="?([^";]+)', kind)
        assert boundary is not None
        parts = (b"\r\n" + body).split(b"\r\n--" + boundary[1].encode())
        assert parts[-1].strip() == b"--"
        return [part.partition(b"\r\n\r\n")[2] for part in parts[1:-1]]


@contextlib.contextmanager
def node(data: Path, *options: str) -> Iterator[Running]:
    """A node for the length of a block; killed where the block fails."""
    data.parent.mkdir(parents=True, exist_ok=True)
    running = Running(data, *options)
    try:
        yield running
    finally:
        running.kill()


def content(file: bytes) -> bytes:
    """The data set of a Part 10 file: what stands behind its meta information. PS3.10 §7.1."""
    assert file[128:132] == b"DICM"
    assert file[132:140] == b"\2\0\0\0UL\4\0"
    return file[144 + struct.unpack_from("<I", file, 140)[0] :]


class Sender:
    """One association that stores CT images in explicit VR little endian, one after another."""

    def __init__(self, port: int, calling: str = "SENDER") -> None:
        request = pdu.AssociateRequest(
            "CHIASM", calling, (MaximumLength(16384),), contexts=(pdu.ProposedContext(1, CT, (EXPLICIT,)),)
        )
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=_WAIT)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self._socket.sendall(request.encode())
            answer = pdu.decode(self._read())
            assert isinstance(answer, pdu.AssociateAccept), answer
        except BaseException:
            self._socket.close()
            raise

    def store(self, uid: str, pieces: Iterable[bytes]) -> int:
        """The status of one C-STORE. ConnectionError where the node is no more."""
        command = Command(
            commands.STORE, True, message_id=1, affected_class=CT, affected_instance=uid, priority=0
        )
        parts = [_pdv(command.encode(), 3)]
        for piece in pieces:
            parts += [_pdv(piece[at : at + PIECE], 0) for at in range(0, len(piece), PIECE)]
            if len(parts) > 2:
                self._socket.sendall(b"".join(parts[:-1]))
                del parts[:-1]
        last = bytearray(parts.pop())
        last[11] |= 2
        self._socket.sendall(b"".join((*parts, last)))
        answer = commands.decode(self._read()[12:])
        assert answer.affected_instance == uid
        assert answer.status is not None
        return answer.status

    def close(self, *, release: bool = True) -> None:
        """Release the association where asked, and close."""
        with contextlib.suppress(OSError), contextlib.closing(self._socket):
            if release:
                self._socket.sendall(pdu.ReleaseRequest().encode())
                self._read()

    def _read(self) -> bytes:
        head = self._exactly(6)
        return head + self._exactly(int.from_bytes(head[2:6], "big"))

    def _exactly(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            more = self._socket.recv(size - len(found))
            if not more:
                raise ConnectionResetError("the node has gone")
            found += more
        return found


def _pdv(data: bytes, control: int) -> bytes:
    return struct.pack(">BBIIBB", 4, 0, len(data) + 6, len(data) + 2, 1, control) + data
