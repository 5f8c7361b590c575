"""A web service that answers as it is told to, for what no good service does."""

from __future__ import annotations

import http.server
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

EDGE = 'multipart/related; type="application/dicom"; boundary=edge'


@dataclass
class Script:
    """What is answered by path, without the query: status, content type, body, and how much is left out of it."""

    answers: dict[str, tuple[int, str, bytes, int]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    url: str = ""

    def say(self, path: str, status: int, kind: str = "", body: bytes = b"", cut: int = 0) -> None:
        self.answers[path] = (status, kind, body, cut)


def parts(*contents: bytes) -> bytes:
    """A multipart body, as RFC 2046 has it."""
    heads = [b"\r\n--edge\r\nContent-Type: application/dicom\r\n\r\n" + one for one in contents]
    return b"".join(heads) + b"\r\n--edge--\r\n"


@contextmanager
def web_fake(tls: ssl.SSLContext | None = None) -> Iterator[Script]:
    """A running one, on a port of its own."""
    script = Script()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            script.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            status, kind, body, cut = script.answers.get(path, (404, "", b"", 0))
            if query.startswith("limit=") and not query.endswith("offset=0") and status == 200:
                body = b"[]"
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            if 300 <= status < 400:
                self.send_header("location", "http://elsewhere/")
            self.end_headers()
            self.wfile.write(body[: len(body) - cut])
            self.close_connection = True

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    script.url = f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}"
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
