"""multipart/related, both ways, without I/O: parts are written as bytes, and read from any split of them.

PS3.18 §8.6.1; RFC 2046 §5.1; RFC 2387.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field

from ..errors import LimitError, ParseError

_LONGEST_BOUNDARY = 70
_HEAD_BYTES = 16_384
_RULE = "RFC 2046 §5.1"


def new_boundary() -> str:
    """A boundary that no content has: 122 random bits."""
    return f"chiasm-{uuid.uuid4().hex}"


def part_head(boundary: str, content_type: str, headers: Iterable[tuple[str, str]] = ()) -> bytes:
    """What stands before the content of a part: the delimiter, its headers, the empty line."""
    lines = [f"\r\n--{boundary}\r\nContent-Type: {content_type}\r\n"]
    lines += [f"{name}: {value}\r\n" for name, value in headers]
    return ("".join(lines) + "\r\n").encode("latin-1")


def closing(boundary: str) -> bytes:
    """What stands after the last part."""
    return f"\r\n--{boundary}--\r\n".encode("latin-1")


def content_type(kind: str, boundary: str, extra: str = "") -> str:
    """The Content-Type of the whole; `extra` are further parameters as text."""
    return f'multipart/related; type="{kind}"; boundary={boundary}{extra}'


@dataclass(frozen=True, slots=True)
class PartBegin:
    """A part begins; `headers` by lower-case name."""

    headers: dict[str, str]

    @property
    def content_type(self) -> str:
        """Its Content-Type; empty where it says none."""
        return self.headers.get("content-type", "")


@dataclass(frozen=True, slots=True)
class PartData:
    """Some of a part's content."""

    data: bytes


@dataclass(frozen=True, slots=True)
class PartEnd:
    """The part that was begun is complete."""


Piece = PartBegin | PartData | PartEnd
_END = PartEnd()


@dataclass(slots=True)
class MultipartReader:
    """Takes bytes in any split and gives parts; holds no more than a head or a delimiter.

    `most` is the number of parts allowed. ParseError for what breaks the form, LimitError beyond `most`
    or for heads over 16 kB.
    """

    boundary: str
    most: int = 1_000_000
    _held: bytearray = field(default_factory=bytearray)
    _state: str = "preamble"
    _count: int = 0
    _delimiter: bytes = b""

    def __post_init__(self) -> None:
        if not 0 < len(self.boundary) <= _LONGEST_BOUNDARY or not self.boundary.isascii():
            raise ParseError("the boundary is missing or not 1 to 70 ASCII characters", rule=_RULE)
        self._delimiter = b"\r\n--" + self.boundary.encode("ascii")
        # A body may begin with the delimiter itself; an imagined line end before it makes it like the rest.
        self._held += b"\r\n"

    @property
    def ended(self) -> bool:
        """Whether the closing delimiter was seen."""
        return self._state == "epilogue"

    def feed(self, data: bytes) -> list[Piece]:
        """The pieces that further bytes give."""
        found: list[Piece] = []
        if self._state == "epilogue":
            return found
        self._held += self._through(data, found) if self._state == "content" and not self._held else data
        while self._step(found):
            pass
        return found

    def _through(self, data: bytes, found: list[Piece]) -> bytes:
        """Give on what is content of a part without holding it; what is left is to be looked at."""
        at = data.find(self._delimiter)
        if at >= 0:
            found += (PartData(data[:at]), _END) if at else (_END,)
            self._state = "delimiter"
            return data[at + len(self._delimiter) :]
        tail = data.find(b"\r", max(0, len(data) - len(self._delimiter) + 1))
        stop = len(data) if tail < 0 else tail
        if stop:
            found.append(PartData(data[:stop]))
        return data[stop:]

    def close(self) -> None:
        """Say that no bytes are to come. ParseError where the last part was cut off."""
        if self._state != "epilogue":
            where = f"part {self._count}" if self._count else "before the first part"
            raise ParseError("the multipart body ends without its closing delimiter", place=where, rule=_RULE)

    def _step(self, found: list[Piece]) -> bool:
        if self._state in {"preamble", "content"}:
            return self._until_delimiter(found)
        if self._state == "delimiter":
            return self._after_delimiter()
        if self._state == "head":
            return self._head(found)
        self._held.clear()
        return False

    def _until_delimiter(self, found: list[Piece]) -> bool:
        held, delimiter = self._held, self._delimiter
        inside = self._state == "content"
        at = held.find(delimiter)
        stop = at if at >= 0 else max(0, len(held) - len(delimiter) + 1)
        if at < 0:
            # Only what could be the start of a delimiter is kept back.
            tail = held.find(b"\r", stop)
            stop = len(held) if tail < 0 else tail
        if stop:
            if inside:
                found.append(PartData(bytes(memoryview(held)[:stop])))
            del held[:stop]
        if at < 0:
            return False
        del held[: len(delimiter)]
        if inside:
            found.append(_END)
        self._state = "delimiter"
        return True

    def _after_delimiter(self) -> bool:
        """Blank to the end of the line, or `--` where it closes."""
        held = self._held
        if len(held) < 2:
            return False
        if held[:2] == b"--":
            self._state = "epilogue"
            return True
        end = held.find(b"\r\n")
        if end < 0:
            if len(held) > 256:
                raise ParseError("a delimiter is not followed by a line end", rule=_RULE)
            return False
        if held[:end].strip(b" \t"):
            raise ParseError("a delimiter is not followed by a line end", rule=_RULE)
        # The line end stays: it may be the first half of the empty line of a head without headers.
        del held[:end]
        self._state = "head"
        return True

    def _head(self, found: list[Piece]) -> bool:
        held = self._held
        end = held.find(b"\r\n\r\n")
        if end < 0:
            if len(held) > _HEAD_BYTES:
                raise LimitError("the head of a part has over 16 kB", place=f"part {self._count + 1}")
            return False
        if end > _HEAD_BYTES:
            raise LimitError("the head of a part has over 16 kB", place=f"part {self._count + 1}")
        self._count += 1
        if self._count > self.most:
            raise LimitError(f"more than {self.most} parts", rule=_RULE)
        found.append(PartBegin(_headers(bytes(held[:end]), self._count)))
        del held[: end + 4]
        self._state = "content"
        return True


def _headers(head: bytes, number: int) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in head.decode("latin-1").split("\r\n"):
        if not line:
            continue
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise ParseError(f"'{line[:60]}' is no header", place=f"part {number}", rule=_RULE)
        found[name.strip().lower()] = value.strip()
    return found
