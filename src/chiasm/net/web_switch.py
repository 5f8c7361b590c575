"""One service of HTTP as a table of operations: the record that documents an operation also makes its route.

Paths are matched by segment in a tree, so that the number of operations costs nothing.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..errors import ChiasmError, ServiceError
from ..protocols.accept import prefers_gzip
from .web_request import (
    LONGEST_TARGET,
    Act,
    Answer,
    Header,
    Receive,
    Request,
    Scope,
    Send,
    problem,
    problem_of,
)

_log = logging.getLogger("chiasm.net")
_GZIP_FROM = 4_096
_BUSY_FROM = 65_536
_TEXTS = ("json", "charset=utf-8")
_NO_BODY = frozenset((204, 304))


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of the query, the path or a header; `schema` is that of JSON Schema."""

    name: str
    description: str
    place: str = "query"
    schema: tuple[tuple[str, Any], ...] = (("type", "string"),)


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path, as `/studies/{study}`, what does it, and what is told of it."""

    method: str
    path: str
    act: Act
    summary: str
    parameters: tuple[Parameter, ...] = ()
    answer: str = "application/json"
    schema: Any = None


class Watcher(Protocol):
    """Who is told of each request: the route, not the path, so that their number is small."""

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Note one request that was answered."""


@dataclass(slots=True)
class _Node:
    """One place in the tree of paths."""

    below: dict[str, _Node] = field(default_factory=dict)
    variable: _Node | None = None
    name: str = ""
    rest: bool = False
    operations: dict[str, Operation] = field(default_factory=dict)
    path: str = ""


class Switch:
    """An ASGI application over operations: finds, acts, tells failures, compresses, counts.

    `origins` are those that may call from other sites' pages; `*` is any; none is the default. A path
    that ends in `{name:path}` takes all that follows.
    """

    def __init__(
        self,
        operations: Iterable[Operation],
        *,
        origins: tuple[str, ...] = (),
        base_url: str = "",
        watcher: Watcher | None = None,
    ) -> None:
        self.operations = tuple(operations)
        self._origins = frozenset(origins)
        self._base_url = base_url.rstrip("/")
        self._watcher = watcher
        self._top = _Node()
        for operation in self.operations:
            self._add(operation)

    def _add(self, operation: Operation) -> None:
        node = self._top
        for segment in operation.path.strip("/").split("/") if operation.path.strip("/") else ():
            if segment.startswith("{"):
                node.variable = node.variable or _Node()
                node = node.variable
                node.name, _, kind = segment[1:-1].partition(":")
                node.rest = kind == "path"
            else:
                node = node.below.setdefault(segment, _Node())
        node.operations[operation.method] = operation
        node.path = operation.path

    def find(self, path: str, arguments: dict[str, str]) -> dict[str, Operation]:
        """The operations of a path by method; none where there is no such place. Fills in `arguments`."""
        node = self._top
        segments = path.strip("/").split("/") if path.strip("/") else []
        for number, segment in enumerate(segments):
            below = node.below.get(segment)
            if below is not None:
                node = below
                continue
            if node.variable is None:
                return {}
            node = node.variable
            if node.rest:
                arguments[node.name] = "/".join(segments[number:])
                return node.operations
            arguments[node.name] = segment
        return node.operations

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        begin = time.perf_counter()
        root = scope.get("root_path", "")
        request = Request(scope, receive, root, self._base_url)
        method = scope["method"]
        found = self.find(scope["path"][len(root) :], request.arguments)
        operation = found.get(method) or (found.get("GET") if method == "HEAD" else None)
        answer = await self._answer(request, found, operation)
        if self._origins:
            self._share(request, answer)
        try:
            await _send(request, answer, send)
        finally:
            if self._watcher is not None:
                route = root + operation.path if operation else "other"
                self._watcher.request(route, method, answer.status, time.perf_counter() - begin)

    async def _answer(
        self, request: Request, found: dict[str, Operation], operation: Operation | None
    ) -> Answer:
        try:
            if len(request.scope["raw_path"]) + len(request.scope["query_string"]) > LONGEST_TARGET:
                return problem(414, f"the address has more than {LONGEST_TARGET} bytes")
            if operation is None:
                return _other(request, found)
            try:
                return await operation.act(request)
            except ServiceError as error:
                is_reading = request.method in {"GET", "HEAD"}
                if error.failure.http != 406 or not (is_reading and request.turn_to_header()):
                    raise
            return await operation.act(request)
        except ChiasmError as error:
            return problem_of(error)
        except OSError as error:
            _log.warning("%s %s: %s", request.method, request.path, error)
            return problem(503, f"a part of the node does not answer: {error.strerror or error}")
        except Exception:
            _log.exception("%s %s failed", request.method, request.path)
            return problem(500, "a fault of the node's own; its log has the details")

    def _share(self, request: Request, answer: Answer) -> None:
        """Let pages of the allowed origins read the answer: the Fetch standard's CORS protocol."""
        origin = request.header(b"origin")
        if not origin or ("*" not in self._origins and origin not in self._origins):
            return
        answer.add("access-control-allow-origin", "*" if "*" in self._origins else origin)
        answer.add("access-control-expose-headers", "ETag, Link, Warning, Content-Location, Content-Range")
        answer.add("vary", "Origin")
        if request.method == "OPTIONS" and request.header(b"access-control-request-method"):
            answer.add("access-control-allow-methods", "GET, HEAD, POST, PUT, DELETE, OPTIONS")
            asked = request.header(b"access-control-request-headers")
            if asked:
                answer.add("access-control-allow-headers", asked)
            answer.add("access-control-max-age", "600")


def _other(request: Request, found: dict[str, Operation]) -> Answer:
    """What is no operation: OPTIONS, a wrong method, a place that is not there."""
    if not found:
        return problem(404, "there is no such resource", place=request.path)
    methods = sorted({*found, "OPTIONS", *(("HEAD",) if "GET" in found else ())})
    if request.method == "OPTIONS":
        answer = Answer(204)
    else:
        answer = problem(405, f"{request.method} is not possible here", hint=", ".join(methods))
    answer.add("allow", ", ".join(methods))
    return answer


async def _send(request: Request, answer: Answer, send: Send) -> None:
    body = answer.body
    headers: list[Header] = answer.headers
    if answer.kind:
        headers.append((b"content-type", answer.kind.encode("latin-1", "replace")))
    if isinstance(body, bytes):
        if len(body) >= _GZIP_FROM and answer.kind.endswith(_TEXTS) and _takes_gzip(request):
            body = await _compressed(body)
            headers += [(b"content-encoding", b"gzip"), (b"vary", b"Accept-Encoding")]
        if answer.status not in _NO_BODY:
            headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        return
    if answer.length is not None:
        headers.append((b"content-length", b"%d" % answer.length))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    try:
        if request.method != "HEAD":
            async for chunk in body:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
    finally:
        close = getattr(body, "aclose", None)
        if close is not None:
            await close()
    await send({"type": "http.response.body", "body": b""})


def _takes_gzip(request: Request) -> bool:
    encoding = request.header(b"accept-encoding")
    return bool(encoding) and prefers_gzip(encoding)


async def _compressed(body: bytes) -> bytes:
    """The body in gzip; a big one beside the loop."""
    import asyncio
    import gzip

    if len(body) < _BUSY_FROM:
        return gzip.compress(body, 1, mtime=0)
    return await asyncio.get_running_loop().run_in_executor(None, lambda: gzip.compress(body, 1, mtime=0))
