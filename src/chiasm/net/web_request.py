"""One request of HTTP and its answer, as thin as the service behind them needs. PS3.18 §8."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from ..errors import FAILURES, ChiasmError, LimitError, ParseError, ServiceError, UsageError
from ..protocols.accept import MediaType, parse_accept

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
Header = tuple[bytes, bytes]

LONGEST_TARGET = 16_384
_MOST_PARAMETERS = 256
_PORTS = {"http": 80, "https": 443}


class Request:
    """One request; `arguments` are the variable segments of its path, `root` where its service begins."""

    __slots__ = ("_is_spent", "_query", "arguments", "base_url", "receive", "root", "scope")

    def __init__(self, scope: Scope, receive: Receive, root: str, base_url: str = "") -> None:
        self.scope = scope
        self.receive = receive
        self.root = root
        self.base_url = base_url
        self.arguments: dict[str, str] = {}
        self._query: list[tuple[str, str]] | None = None
        self._is_spent = False

    @property
    def method(self) -> str:
        """The method in capitals."""
        method: str = self.scope["method"]
        return method

    @property
    def client(self) -> str:
        """The network address of who asks; empty where it is not known."""
        client = self.scope.get("client")
        return str(client[0]) if client else ""

    @property
    def path(self) -> str:
        """The whole decoded path."""
        path: str = self.scope["path"]
        return path

    def header(self, name: bytes) -> str:
        """The value of a header by its lower-case name, several joined by a comma; empty without one."""
        found = [value for key, value in self.scope["headers"] if key == name]
        return ", ".join(value.decode("latin-1") for value in found)

    @property
    def query(self) -> list[tuple[str, str]]:
        """The parameters in their order, decoded. UsageError beyond 256 of them."""
        if self._query is None:
            text = self.scope["query_string"].decode("latin-1")
            if text.count("&") >= _MOST_PARAMETERS:
                raise UsageError(f"more than {_MOST_PARAMETERS} parameters")
            self._query = parse_qsl(text, keep_blank_values=True) if text else []
        return self._query

    def parameter(self, name: str) -> str | None:
        """The last value of a parameter; None without it."""
        found = None
        for key, value in self.query:
            if key == name:
                found = value
        return found

    def number(self, name: str, default: int, most: int) -> int:
        """A parameter that is a whole number, not negative and at most `most`. Raises UsageError."""
        text = self.parameter(name)
        if text is None or text == "":
            return default
        if not (text.isascii() and text.isdecimal()) or len(text) > 18 or int(text) > most:
            raise UsageError(f"'{text[:40]}' is no whole number up to {most}", place=name)
        return int(text)

    @property
    def accepted(self) -> tuple[MediaType, ...]:
        """What is taken as an answer: the parameter `accept`, and the header without it or once it is spent.

        PS3.18 §8.3.3.1, §8.7.8.1.
        """
        text = self._accept_parameter()
        return parse_accept(text.replace(" ", "+") if text else self.header(b"accept"))

    def turn_to_header(self) -> bool:
        """Go by the header, as nothing of the parameter `accept` can be given; False without either."""
        is_new = bool(self._accept_parameter() and self.header(b"accept"))
        self._is_spent = True
        return is_new

    def _accept_parameter(self) -> str | None:
        if self._is_spent or b"accept=" not in self.scope["query_string"]:
            return None
        return self.parameter("accept")

    @property
    def base(self) -> str:
        """The URL of the service, without a slash at its end: the configured one or that asked for."""
        if self.base_url:
            return self.base_url + self.root
        host = self.header(b"host") or "localhost"
        if not _is_host(host):
            raise UsageError(f"'{host[:60]}' is no host", place="Host", rule="RFC 9110 §7.2")
        scheme, server = self.scope["scheme"], self.scope.get("server")
        # Some clients leave the port out; who names our very address came without a proxy between.
        if server and host == server[0] and server[1] not in {None, _PORTS.get(scheme)}:
            host = f"{host}:{server[1]}"
        return f"{scheme}://{host}{self.root}"

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes. ParseError where the client goes away before its end."""
        while True:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ParseError("the client went away in the middle of the body")
            if message.get("body"):
                yield message["body"]
            if not message.get("more_body"):
                return

    async def body(self, most: int) -> bytes:
        """The whole body. LimitError beyond `most` bytes."""
        held = bytearray()
        async for chunk in self.chunks():
            held += chunk
            if len(held) > most:
                raise LimitError(f"the body has more than {most:,} bytes")
        return bytes(held)


def _is_host(text: str) -> bool:
    return len(text) < 262 and all(c.isascii() and (c.isalnum() or c in ".-_:[]") for c in text)


@dataclass(slots=True)
class Answer:
    """What is answered; a streamed `body` has its `length` where it is known before."""

    status: int = 200
    kind: str = ""
    body: bytes | AsyncIterator[bytes] = b""
    headers: list[Header] = field(default_factory=list)
    length: int | None = None

    def add(self, name: str, value: str) -> None:
        """Add a header; what Latin-1 cannot hold is shown as `?`."""
        self.headers.append((name.lower().encode("ascii"), value.encode("latin-1", "replace")))


Act = Callable[[Request], Awaitable[Answer]]


def not_modified(request: Request, tag: str) -> bool:
    """Whether the client's copy is as new by its tag: RFC 9110 §13.1.2."""
    known = request.header(b"if-none-match")
    if not known:
        return False
    return known.strip() == "*" or tag in {one.strip().removeprefix("W/") for one in known.split(",")}


def unchanged(tag: str) -> Answer:
    """The answer that says so."""
    answer = Answer(304)
    answer.add("etag", tag)
    return answer


_TITLES = {
    400: "Bad Request", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 406: "Not Acceptable",
    409: "Conflict", 410: "Gone", 411: "Length Required", 412: "Precondition Failed",
    413: "Content Too Large", 414: "URI Too Long",
    415: "Unsupported Media Type", 416: "Range Not Satisfiable", 500: "Internal Server Error",
    502: "Bad Gateway", 503: "Service Unavailable", 507: "Insufficient Storage",
}  # fmt: skip


def problem(status: int, detail: str, **members: str) -> Answer:
    """A failure as RFC 9457 tells it: what failed, where, by which rule, and what to do."""
    import json

    content: dict[str, Any] = {"type": "about:blank", "title": _TITLES.get(status, ""), "status": status}
    content |= {"detail": detail} | {name: text for name, text in members.items() if text}
    answer = Answer(status, "application/problem+json", json.dumps(content, ensure_ascii=False).encode())
    answer.add("cache-control", "no-store")
    return answer


def problem_of(error: ChiasmError) -> Answer:
    """A failure of the node or of the caller, with the status that the catalogue gives it."""
    if isinstance(error, ServiceError):
        status = error.failure.http
    elif isinstance(error, LimitError):
        status = FAILURES["too-large"].http
    else:
        status = 400
    answer = problem(
        status, error.message, source=error.source, place=error.place, rule=error.rule, hint=error.hint
    )
    if status == 503:
        answer.add("retry-after", "5")
    return answer


def json_bytes(value: object) -> bytes:
    """JSON text without blanks, in UTF-8."""
    import json

    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def joined(members: Mapping[str, str]) -> str:
    """Members of an object as JSON text by their own texts."""
    return "{" + ",".join(f'"{name}":{text}' for name, text in members.items()) + "}"
