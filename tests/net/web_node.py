"""A node's web side on a port of its own, in a thread, for tests that ask it as any client would."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.applications import Starlette

from chiasm.net import web_admin, web_dicom
from chiasm.net.http_server import serve_http
from chiasm.net.web_metrics import Metrics
from chiasm.net.web_store import DEFAULT, StoreLimits
from chiasm.services.archive import Archive, Settings

DICOM_PARTS = 'multipart/related; type="application/dicom"'


@dataclass(frozen=True)
class Reply:
    """What was answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        import json

        return json.loads(self.body)

    def parts(self) -> list[tuple[str, bytes]]:
        """Content types and contents of a multipart body, as the standard library reads them."""
        import email
        import email.policy

        head = f"Content-Type: {self.headers['content-type']}\r\nMIME-Version: 1.0\r\n\r\n".encode()
        message = email.message_from_bytes(head + self.body, policy=email.policy.HTTP)
        boundary = message.get_boundary()
        assert boundary
        found = []
        for part in self.body.split(b"\r\n--" + boundary.encode())[1:-1]:
            lines, _, content = part.partition(b"\r\n\r\n")
            kind = next(x for x in lines.decode().split("\r\n") if x.lower().startswith("content-type"))
            found.append((kind.partition(":")[2].strip(), content))
        return found


class WebNode:
    """The address of a running node, and a client of it."""

    def __init__(self, host: str, port: int, archive: Archive) -> None:
        self.host, self.port, self.archive = host, port, archive
        self.url = f"http://{host}:{port}/dicom-web"

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Reply:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=30)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, named)
            answer = connection.getresponse()
            content = answer.read()
            return Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, content)
        finally:
            connection.close()

    def get(self, path: str, accept: str = "", **headers: str) -> Reply:
        return self.ask("GET", "/dicom-web" + path, **({"Accept": accept} if accept else {}), **headers)

    def store(self, *files: bytes, study: str = "", accept: str = "application/dicom+json") -> Reply:
        body = b"".join(b"\r\n--edge\r\nContent-Type: application/dicom\r\n\r\n" + one for one in files)
        path = "/dicom-web/studies" + (f"/{study}" if study else "")
        kind = DICOM_PARTS + "; boundary=edge"
        return self.ask("POST", path, body + b"\r\n--edge--\r\n", Content_Type=kind, Accept=accept)


@contextlib.contextmanager
def web_node(
    folder: Path,
    origins: tuple[str, ...] = (),
    limits: StoreLimits = DEFAULT,
    base_url: str = "",
    objects: str = "",
) -> Iterator[WebNode]:
    """Run a node until the block ends; `objects` is the URL of a bucket."""
    started = threading.Event()
    found: list[Any] = []

    async def serve() -> None:
        archive = await Archive.open(Settings(folder, objects=objects))
        metrics = Metrics()
        routes = [
            *web_dicom.routes(archive, origins=origins, limits=limits, watcher=metrics, base_url=base_url),
            *web_admin.routes(archive, metrics=metrics),
        ]
        server = await serve_http(Starlette(routes=routes), "127.0.0.1", 0)
        stop = asyncio.Event()
        found[:] = [archive, server, stop, asyncio.get_running_loop()]
        started.set()
        await stop.wait()
        await server.close()
        await archive.close()

    def run() -> None:
        try:
            asyncio.run(serve())
        finally:
            started.set()

    thread = threading.Thread(target=run)
    thread.start()
    started.wait(30)
    assert found, "the node did not start"
    archive, server, stop, loop = found
    try:
        yield WebNode("127.0.0.1", server.port, archive)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)
