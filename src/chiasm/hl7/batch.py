"""Files of messages: batches with their headers and counts, MLLP blocks, bare messages in a row.

    FHS                      file header          the parts of a batch, in the order of the file;
      BHS                    batch header         joined, their bytes are those of the file
        MSH …   MSH …        messages
      BTS                    batch trailer, BTS-1 its count of messages
    FTS                      file trailer, FTS-1 its count of batches

HL7 v2.5.1 §2.10.3 (batch protocol), §2.15.2, §2.15.3, §2.15.6, §2.15.7 (the segments).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ..errors import Finding, LimitError, ParseError, Severity, UsageError
from ..limits import DEFAULT, Limits
from .charset import Coding, declared, read
from .delimiters import HEADERS, STANDARD, Delimiters
from .envelope import BLANK, byte_order, is_wide, unwrap
from .fieldtext import FieldValue, segment_text
from .message import Message, read_message
from .segment import Segment

_START = re.compile(rb"\x0b?(?:(?:MSH|FHS|BHS)[!-/:-@\[-`{-~]|(?:BTS|FTS)(?=[^A-Za-z0-9]|\Z))")
_BORDER = b"\r\n\x0b\x1c"
_PROTOCOL = "HL7 v2.5.1 §2.10.3"
_COUNTS = {
    "BTS": ("MSH", "messages", "HL7 v2.5.1 §2.15.3.1"),
    "FTS": ("BHS", "batches", "HL7 v2.5.1 §2.15.7.1"),
}


class Frame:
    """A segment outside of the messages, or blank space and framing; `segment` is None for the latter."""

    __slots__ = ("_data", "lead", "segment", "tail")

    def __init__(self, data: bytes, lead: bytes, segment: Segment | None, tail: bytes) -> None:
        self._data = data
        self.lead = lead
        self.segment = segment
        self.tail = tail

    def encode(self) -> bytes:
        """The bytes it was read from, or those of the edited segment."""
        segment = self.segment
        if segment is None or not segment.dirty:
            return self._data
        return self.lead + segment.coding.to_bytes(segment.working_text + segment.end) + self.tail


class Batch:
    """The parts of a file in their order: messages, each in its own character set, and frames between."""

    __slots__ = ("parts",)

    def __init__(self, parts: list[Message | Frame]) -> None:
        self.parts = parts

    @property
    def messages(self) -> tuple[Message, ...]:
        """The messages in the order of the file."""
        return tuple(part for part in self.parts if isinstance(part, Message))

    @property
    def frames(self) -> tuple[Segment, ...]:
        """The segments outside of the messages: FHS, BHS, BTS, FTS and what strays among them."""
        frames = (part.segment for part in self.parts if isinstance(part, Frame))
        return tuple(segment for segment in frames if segment is not None)

    def __len__(self) -> int:
        return len(self.messages)

    def __iter__(self) -> Iterator[Message]:
        return iter(self.messages)

    def encode(self) -> bytes:
        """The bytes of the file: those it was read from, but for what was edited."""
        return b"".join([part.encode() for part in self.parts])

    @property
    def findings(self) -> list[Finding]:
        """What is wrong with the frame: counts that do not hold, headers and trailers without their other."""
        found: list[Finding] = []
        seen: dict[str, int] = {}
        since: dict[str, int] = {"MSH": 0, "BHS": 0}
        open_: list[str] = []
        for part in self.parts:
            segment = part.segment if isinstance(part, Frame) else None
            name = "MSH" if isinstance(part, Message) else segment.id if segment is not None else ""
            if not name:
                continue
            seen[name] = seen.get(name, 0) + 1
            place = f"{name}[{seen[name]}]"
            if name in since:
                since[name] += 1
            if name in {"FHS", "BHS"}:
                found += _opened(name, place, open_)
                since["MSH" if name == "BHS" else "BHS"] = 0
            elif name in _COUNTS and segment is not None:
                found += _closed(name, place, open_)
                found += _counted(segment, place, since)
            elif name != "MSH":
                found.append(_finding(place, "misplaced-segment", f"{name} stands outside of a message"))
        found += [_finding(f"{n}[{seen[n]}]", "missing-segment", f"{_TRAILER[n]} is missing") for n in open_]
        return found


_TRAILER = {"FHS": "FTS", "BHS": "BTS"}


def _opened(name: str, place: str, open_: list[str]) -> list[Finding]:
    found = []
    if name in open_ or (name == "FHS" and open_):
        found.append(_finding(place, "missing-segment", f"{name} before the trailer of the one before"))
        del open_[open_.index(name) if name in open_ else 0 :]
    open_.append(name)
    return found


def _closed(name: str, place: str, open_: list[str]) -> list[Finding]:
    header = "BHS" if name == "BTS" else "FHS"
    if header not in open_:
        return [_finding(place, "missing-segment", f"{name} without {header}")]
    missing = open_[open_.index(header) + 1 :]
    del open_[open_.index(header) :]
    return [
        _finding(place, "missing-segment", f"{_TRAILER[other]} is missing before it") for other in missing
    ]


def _counted(segment: Segment, place: str, since: dict[str, int]) -> list[Finding]:
    what, plural, citation = _COUNTS[segment.id]
    given = str(segment.get(1, 1, 1, 1) or "").strip()
    if not given or given == str(since[what]) or (given.isdecimal() and int(given[:18]) == since[what]):
        return []
    message = f"{given[:20]!r} {plural} are announced, {since[what]} are there"
    return [Finding(Severity.ERROR, f"{place}-1", "batch-count", message, citation)]


def _finding(place: str, rule: str, message: str) -> Finding:
    return Finding(Severity.WARNING, place, rule, message, _PROTOCOL)


def parse_batch(
    data: bytes | bytearray | memoryview | str, *, limits: Limits = DEFAULT, source: str = ""
) -> Batch:
    """All messages of a file: batched, in MLLP blocks, in a row, or one alone.

    Raises ParseError where there is neither a message nor a batch, LimitError for more or longer
    messages than the budgets allow.
    """
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else bytes(data)
    actual = "utf_8" if isinstance(data, str) and not raw.isascii() else ""
    parts: list[Message | Frame] = []
    marks = STANDARD
    count = 0
    for piece, codec in _pieces(raw, actual):
        name = _name(piece, codec)
        if name == "MSH":
            count += 1
            if count > limits.hl7_batch_messages:
                raise LimitError("too many messages", source=source, rule="limits.hl7_batch_messages")
            parts.append(read_message(piece, codec, limits=limits, source=source))
            continue
        if len(piece) > limits.hl7_message:
            raise LimitError("a segment is too long", source=source, rule="limits.hl7_message")
        frames, marks = _frames(piece, codec, marks, source)
        parts += frames
    if not any(isinstance(part, Message) or part.segment is not None for part in parts):
        raise ParseError(
            f"it holds neither messages nor a batch, it begins with {raw[:12]!r}",
            source=source,
            place="byte 0",
            rule=_PROTOCOL,
        )
    return Batch(parts)


def read_file(path: str | Path, *, limits: Limits = DEFAULT) -> Batch:
    """All messages of a file on disk. Raises UsageError for a file that cannot be read."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"the file cannot be read: {error.strerror}", source=str(path)) from None
    return parse_batch(data, limits=limits, source=str(path))


def _pieces(raw: bytes, actual: str) -> Iterator[tuple[bytes, str]]:
    """The bytes cut before each header and trailer, and the codec where it is known."""
    start = 0
    while start < len(raw) and raw[start] in BLANK:
        start += 1
    length, proven = byte_order(raw, start)
    if is_wide(proven):
        yield from _wide_pieces(raw, proven)
        return
    cuts = [0]
    for match in _START.finditer(raw, start + length):
        at = match.start()
        if at == start + length or raw[at] == 0x0B or raw[at - 1] in _BORDER:
            cuts.append(at)
    if len(cuts) > 1 and cuts[1] == start + length:
        del cuts[1]  # what stands before the first header belongs to it
    for cut, following in zip(cuts, [*cuts[1:], len(raw)], strict=True):
        yield raw[cut:following], proven or actual


def _wide_pieces(raw: bytes, codec: str) -> Iterator[tuple[bytes, str]]:
    """The same for UTF-16 and UTF-32, whose letters are wider than a byte."""
    names = b"|".join(re.escape(name.encode(codec)) for name in ("MSH", "FHS", "BHS", "BTS", "FTS"))
    borders = tuple(mark.encode(codec) for mark in "\r\n\x0b\x1c")
    last = 0
    for match in re.finditer(names, raw):
        at = match.start()
        if raw[:at].endswith(borders) if at < 8 else raw[at - 4 : at].endswith((*borders, b"\x0b")):
            yield raw[last:at], codec
            last = at
    yield raw[last:], codec


def _name(piece: bytes, codec: str) -> str:
    """The id of the first segment of a piece, "" for blank space and framing."""
    _, body, actual = unwrap(piece)
    actual = actual or codec
    return body[:12].decode(actual, "replace")[:3] if is_wide(actual) else body[:3].decode("latin-1")


def _frames(piece: bytes, codec: str, marks: Delimiters, source: str) -> tuple[list[Frame], Delimiters]:
    """The segments of a piece that is no message, and the delimiters that hold from there on."""
    envelope, body, actual = unwrap(piece)
    actual = actual or codec
    try:
        text, coding = read(body, declared(()), actual)
    except UnicodeDecodeError as error:
        raise ParseError(
            f"the bytes are no {actual}: {error.reason}", source=source, rule=_PROTOCOL
        ) from None
    lines = list(re.finditer(r"([^\r\n]+)([\r\n]*)", text))
    if not lines:
        return [Frame(piece, b"", None, b"")], marks
    frames: list[Frame] = []
    for number, line in enumerate(lines):
        lead = envelope.lead + coding.to_bytes(text[: line.start()]) if number == 0 else b""
        tail = envelope.tail if number == len(lines) - 1 else b""
        if line[0][:3] in HEADERS:
            marks = Delimiters.from_header(line[1], source=source)
        segment = Segment(line[1], line[2], marks, coding)
        frames.append(Frame(lead + coding.to_bytes(line[0]) + tail, lead, segment, tail))
    return frames, marks


def batch_of(
    messages: Iterable[Message],
    *,
    header: Mapping[int, FieldValue] | None = None,
    file: Mapping[int, FieldValue] | None = None,
) -> Batch:
    """Put messages into one batch with its count; `file`, where given, wraps it as a file of one batch.

    `header` and `file` give fields of BHS and FHS by number. A message without a last segment end gets one.
    """
    parts: list[Message | Frame] = []
    if file is not None:
        parts.append(_made("FHS", file))
    parts.append(_made("BHS", header or {}))
    count = 0
    for message in messages:
        bare = message.encode()[len(message.envelope.lead) :]
        bare = bare[: len(bare) - len(message.envelope.tail)]
        codec = message.coding.codec
        if is_wide(codec):
            raise UsageError("a batch cannot hold a message in UTF-16 or UTF-32", hint="transcode it first")
        parts.append(
            read_message(bare if bare.endswith((b"\r", b"\n")) else bare + b"\r", codec * (codec == "utf_8"))
        )
        count += 1
    parts.append(_made("BTS", {1: str(count)}))
    if file is not None:
        parts.append(_made("FTS", {1: "1"}))
    return Batch(parts)


def _made(name: str, fields: Mapping[int, FieldValue]) -> Frame:
    text = segment_text(name, fields, STANDARD, header=name in HEADERS)
    charset = declared(("UNICODE UTF-8",))
    data = charset.encode(text + "\r")
    return Frame(
        data, b"", Segment(text, "\r", STANDARD, Coding(charset, "utf_8", bytewise=False, clean=True)), b""
    )
