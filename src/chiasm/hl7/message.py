"""A message: its bytes kept, its segments and leaves read when asked for. HL7 v2.5.1 §2.5."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import Finding, LimitError, ParseError, Severity, UsageError
from ..limits import DEFAULT, Limits
from .charset import Charset, Coding, bytewise, declared, read
from .delimiters import Delimiters
from .envelope import Envelope, unwrap
from .path import parse_path
from .segment import Segment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .composing import FieldValue
    from .groups import GroupTree
    from .path import Path
    from .profile import Profile


class Message:
    """One message. `segments` in their order; a path as `PID-5.1` reads and writes.

    A value is None where it is absent, "" where it is empty, `hl7.NULL` where it is the explicit null,
    and ER7 text (`Raw`) where the path names a part that has parts of its own.
    """

    __slots__ = ("_data", "_findings", "_segments", "_text", "coding", "delimiters", "envelope")

    def __init__(
        self, data: bytes | None, text: str, delimiters: Delimiters, coding: Coding, envelope: Envelope
    ) -> None:
        self._data = data
        self._text = text
        self._segments: list[Segment] | None = None
        self._findings: tuple[Finding, ...] = ()
        self.delimiters = delimiters
        self.coding = coding
        self.envelope = envelope

    @property
    def segments(self) -> list[Segment]:
        """The segments in the order of the message; the list may be edited."""
        if self._segments is None:
            self._segments = _segments(self._text, self.delimiters, self.coding)
        return self._segments

    def segments_named(self, name: str) -> list[Segment]:
        """The segments of one id."""
        return [segment for segment in self.segments if segment.id == name]

    @property
    def header(self) -> Segment:
        """The MSH segment."""
        return self.segments[0]

    @property
    def version(self) -> str:
        """MSH-12.1, as it is written."""
        return str(self.header.get(12, 1, 1, 1) or "")

    @property
    def structure(self) -> str:
        """MSH-9.3, or the structure that the tables have for the event."""
        named = self.header.get(9, 1, 3, 1)
        if named:
            return str(named)
        from .structure import choose

        grammar = choose(self).grammar
        return grammar.id if grammar is not None else ""

    @property
    def charset(self) -> tuple[str, ...]:
        """The character sets that MSH-18 declares."""
        return self.coding.charset.names

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was tolerated in reading: undecodable bytes, a set that is not what it claims."""
        return charset_findings(self)

    def _find(self, path: Path) -> Segment | None:
        if path.groups:
            return self._in_group(path)
        left = path.segment_rep
        for segment in self.segments:
            if segment.id == path.segment:
                left -= 1
                if left == 0:
                    return segment
        return None

    def _in_group(self, path: Path) -> Segment | None:
        group: Any = self.groups()
        for name, repetition in path.groups:
            group = group.find(name, repetition)
            if group is None:
                return None
        found = [segment for segment in group.segments() if segment.id == path.segment]
        return found[path.segment_rep - 1] if path.segment_rep <= len(found) else None

    def __getitem__(self, key: str) -> str | None:
        """The value at a path; None where there is none. Raises UsageError for what is no path."""
        path = parse_path(key)
        segment = self._find(path)
        if segment is None:
            return None
        if path.field is None:
            return str(segment)
        return segment.get(path.field, path.field_rep, path.component, path.subcomponent)

    def get(self, key: str, default: str | None = None) -> str | None:
        """The value at a path, or the default where it is absent."""
        found = self[key]
        return default if found is None else found

    def __setitem__(self, key: str, value: FieldValue) -> None:
        """Write the value at a path. Raises UsageError where the segment is not there."""
        path = parse_path(key)
        segment = self._find(path)
        if segment is None or path.field is None:
            raise UsageError(
                f"the message has no {path.segment}[{path.segment_rep}]" if segment is None else "a path to a field is needed",
                place=key,
                hint=f'add it with add_segment("{path.segment}", {{…}})',
            )
        segment.set(path.field, path.field_rep, path.component, path.subcomponent, value)
        self._data = None

    def __delitem__(self, key: str) -> None:
        """Empty the value at a path, or take a whole segment out."""
        path = parse_path(key)
        segment = self._find(path)
        if segment is None:
            return
        if path.field is None:
            self.segments.remove(segment)
        elif segment.raw(path.field):
            segment.set(path.field, path.field_rep, path.component, path.subcomponent, "")
        self._data = None

    def __contains__(self, key: str) -> bool:
        return self[key] is not None

    def add_segment(self, name: str, fields: dict[int, FieldValue], *, after: str = "") -> Segment:
        """Add a segment at the end, or after the one that a path names, as `after="OBR[2]"`."""
        from .composing import segment_text

        text = self.coding.hold(segment_text(name, fields, self.delimiters, header=False))
        segments = self.segments
        end = segments[0].end or "\r"
        segment = Segment(text, end, self.delimiters, self.coding)
        segment.dirty = True
        at = len(segments)
        if after:
            found = self._find(parse_path(after))
            if found is None:
                raise UsageError("the message has no such segment", place=after)
            at = segments.index(found) + 1
        if not segments[at - 1].end:
            segments[at - 1].end = end
        segments.insert(at, segment)
        self._data = None
        return segment

    def walk(self) -> Iterator[tuple[str, str]]:
        """Every leaf that is there, with its path as `PID[1]-5[1].1.1`, decoded."""
        counts: dict[str, int] = {}
        for segment in self.segments:
            name = segment.id
            counts[name] = number = counts.get(name, 0) + 1
            head = f"{name}[{number}]-"
            for f, r, c, s, leaf in segment.walk():
                yield f"{head}{f}[{r}].{c}.{s}", leaf

    def encode(self) -> bytes:
        """The bytes of the message: those it was read from, but for what was edited."""
        if self._data is not None and not self._edited():
            return self._data
        text = "".join([segment.working_text + segment.end for segment in self.segments])
        return self.envelope.lead + self.coding.to_bytes(text) + self.envelope.tail

    def _edited(self) -> bool:
        segments = self._segments
        return segments is not None and any([segment.dirty for segment in segments])

    def __str__(self) -> str:
        """The ER7 text, decoded."""
        return "".join([f"{segment}{segment.end}" for segment in self.segments])

    def groups(self) -> GroupTree[Segment]:
        """The segments in the typed groups of the message's structure."""
        from .structure import group

        return group(self)

    def validate(self, profile: Profile | None = None) -> list[Finding]:
        """What breaks the version's rules, or those of a profile, with path and rule."""
        from .validate import validate

        return [*self.findings, *validate(self, profile)]

    def to_xml(self) -> bytes:
        """The message in the XML encoding, `urn:hl7-org:v2xml`."""
        from .xml import to_xml

        return to_xml(self)


def _segments(text: str, delimiters: Delimiters, coding: Coding) -> list[Segment]:
    if "\n" not in text:
        lines = text.split("\r")
        tail = lines.pop()
        found = [Segment(line, "\r", delimiters, coding) for line in lines if line]
        if len(found) != len(lines):
            return _mixed(text, delimiters, coding)
        if tail:
            found.append(Segment(tail, "", delimiters, coding))
        return found
    return _mixed(text, delimiters, coding)


def _mixed(text: str, delimiters: Delimiters, coding: Coding) -> list[Segment]:
    """Lines that end in LF or CRLF, or blank ones between: what is between segments belongs to the end."""
    import re

    found: list[Segment] = []
    for match in re.finditer(r"([^\r\n]+)([\r\n]*)", text):
        found.append(Segment(match[1], match[2], delimiters, coding))
    return found


def charset_findings(message: Message) -> tuple[Finding, ...]:
    """What the bytes say of the declared sets: unknown names, bytes that do not fit, another coding."""
    found = []
    coding = message.coding
    for name in coding.charset.unknown:
        text = f"{name!r} is no value of table 0211 that can be read"
        found.append(Finding(Severity.WARNING, "MSH[1]-18", "unknown-charset", text, "HL7 v2.5.1 §2.15.9.18"))
    if not coding.clean and not coding.bytewise:
        text = f"bytes that are not {coding.charset.name} are kept and shown as escapes"
        found.append(Finding(Severity.WARNING, "MSH[1]-18", "undecodable-bytes", text, "HL7 v2.5.1 §2.15.9.18"))
    elif coding.codec == "utf_8" and coding.charset.codec not in {"utf_8", ""} and not message._text.isascii():
        text = f"the text is UTF-8, declared is {coding.charset.name}"
        found.append(Finding(Severity.WARNING, "MSH[1]-18", "charset-mismatch", text, "HL7 v2.5.1 §2.15.9.18"))
    return tuple(found)


def parse(data: bytes | bytearray | memoryview | str, *, limits: Limits = DEFAULT, source: str = "") -> Message:
    """The one message that the bytes hold, wrapped in MLLP or not.

    Raises ParseError for what is none, UsageError where there are several, LimitError for more bytes or
    segments than the budgets allow.
    """
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else bytes(data)
    if len(raw) > limits.hl7_message:
        raise LimitError(f"{len(raw):,} bytes are one message too long", source=source, rule="limits.hl7_message")
    envelope, body, actual = unwrap(raw, source=source)
    if not body.startswith(b"MSH") and not actual.startswith(("utf_16", "utf_32")):
        if body[:3] in (b"FHS", b"BHS"):
            raise UsageError("it is a batch of messages", source=source, hint="read it with hl7.parse_batch")
        raise ParseError(
            f"it does not begin with MSH but with {body[:12]!r}", source=source, place="byte 0", rule="HL7 v2.5.1 §2.15.9"
        )
    message = _read(raw, body, envelope, actual or ("utf_8" if isinstance(data, str) else ""), source)
    if len(message.segments) > limits.hl7_segments:
        raise LimitError("more segments than allowed", source=source, rule="limits.hl7_segments")
    return message


def _read(raw: bytes, body: bytes, envelope: Envelope, actual: str, source: str) -> Message:
    charset = _declared(body, actual)
    try:
        text, coding = read(body, charset, actual)
    except UnicodeDecodeError as error:
        raise ParseError(
            f"the bytes are no {actual or charset.name}: {error.reason}", source=source, rule="HL7 v2.5.1 §2.15.9.18"
        ) from None
    if not text.startswith("MSH"):
        raise ParseError("it does not begin with MSH", source=source, place="byte 0", rule="HL7 v2.5.1 §2.15.9")
    delimiters = Delimiters.from_header(text[:32].split("\r", 1)[0].split("\n", 1)[0], source=source)
    several = text.find("\rMSH" + delimiters.field, 3) >= 0 or text.find("\nMSH" + delimiters.field, 3) >= 0
    if several:
        raise UsageError("it holds several messages", source=source, hint="read it with hl7.parse_batch")
    return Message(raw, text, delimiters, coding, envelope)


def _declared(body: bytes, actual: str) -> Charset:
    """The sets that MSH-18 declares, the header read as ASCII first: HL7 v2.5.1 §2.15.9.18."""
    if actual.startswith(("utf_16", "utf_32")):
        return declared(("UNICODE UTF-16" if actual.startswith("utf_16") else "UNICODE UTF-32",))
    end = len(body)
    for mark in (b"\r", b"\n"):
        at = body.find(mark)
        end = at if 0 <= at < end else end
    line = body[:end].decode("ascii", "surrogateescape")
    parts = line.split(line[3:4] or "|", 18)
    if len(parts) < 18 or not parts[17]:
        return declared(())
    marks = Delimiters.from_header(line)
    names = parts[17].split(marks.repetition) if marks.repetition else [parts[17]]
    return declared(tuple(name.strip() for name in names))


def composed(text: str, delimiters: Delimiters, charset: Charset) -> Message:
    """The message of ER7 text that was put together here, in the set it shall be written in."""
    if text.isascii():
        coding = Coding(charset, charset.codec or "ascii", bytewise=False, clean=True)
        if coding.charset.wide > 1:
            coding = Coding(charset, charset.codec, bytewise=False, clean=True)
        return Message(None, text, delimiters, coding, Envelope())
    data = charset.encode(text)
    if charset.designations:
        coding = Coding(charset, charset.codec, bytewise=True, clean=False)
        return Message(data, bytewise(data, charset), delimiters, coding, Envelope())
    coding = Coding(charset, charset.codec, bytewise=False, clean=True)
    return Message(data, text, delimiters, coding, Envelope())


