"""HTTP in the node's own event loop: uvicorn with httptools, without signals and processes of its own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
from dataclasses import dataclass
from typing import Any

from ..errors import UsageError


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """How much of the web's hurry is borne; times in seconds.

    `connections` at once, beyond which 503 is answered; `keep_alive` is how long an idle connection is
    held; `grace` is how long requests under way may take once the server closes.
    """

    connections: int = 4_096
    backlog: int = 2_048
    keep_alive: float = 75.0
    grace: float = 10.0


class HttpServer:
    """A server that listens; `port` is the one it got."""

    def __init__(self, server: Any, task: asyncio.Task[None], sock: socket.socket) -> None:
        self._server = server
        self._task = task
        self._sock = sock
        self.host: str = sock.getsockname()[0]
        self.port: int = sock.getsockname()[1]

    async def close(self) -> None:
        """Take no more connections, let what is under way end, then close."""
        self._server.should_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self._sock.close()


async def serve_http(
    app: Any,
    host: str,
    port: int,
    *,
    reuse_port: bool = False,
    tls: ssl.SSLContext | None = None,
    settings: HttpSettings = HttpSettings(),
) -> HttpServer:
    """Serve an ASGI application from now on; returns once the port is open.

    `reuse_port` lets several processes listen on one port. UsageError where the port cannot be had.
    """
    import uvicorn

    sock = _listen(host, port, reuse_port, settings.backlog)
    config = uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        limit_concurrency=settings.connections,
        backlog=settings.backlog,
        timeout_keep_alive=int(settings.keep_alive),
        timeout_graceful_shutdown=int(settings.grace),
        h11_max_incomplete_event_size=None,
    )
    config.load()
    if tls is not None:
        config.ssl = tls
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    server = _quiet(uvicorn)(config)
    task = asyncio.get_running_loop().create_task(server.serve(sockets=[sock]))
    while not server.started:
        if task.done():
            sock.close()
            task.result()
            raise UsageError(f"HTTP did not start on {host}:{port}")
        await asyncio.sleep(0.001)
    return HttpServer(server, task, sock)


def _quiet(uvicorn: Any) -> Any:
    """uvicorn's server without its signal handlers: the node has its own."""

    class Quiet(uvicorn.Server):  # type: ignore[misc]  # uvicorn is loaded where it is used
        @contextlib.contextmanager
        def capture_signals(self) -> Any:
            yield

    return Quiet


def _listen(host: str, port: int, reuse_port: bool, backlog: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if reuse_port:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        # Accepted connections inherit it: no answer waits for an acknowledgement.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.bind((host, port))
        sock.listen(backlog)
        sock.setblocking(False)
    except OSError as error:
        sock.close()
        raise UsageError(f"cannot take {host}:{port}: {error.strerror}") from None
    return sock
