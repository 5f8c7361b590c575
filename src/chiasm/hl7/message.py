"""A message: its bytes kept, its segments and leaves read when asked for. HL7 v2.5.1 §2.5."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..errors import EncodeError, Finding, LimitError, ParseError, Severity, UsageError
from ..limits import DEFAULT, Limits
from .charset import Charset, Coding, declared, has_undecoded, read
from .delimiters import Delimiters
from .envelope import Envelope, is_wide, unwrap
from .escape import escape_text
from .fieldtext import FieldValue, segment_text
from .path import parse_path
from .segment import Segment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .groups import Group, GroupTree
    from .path import Path
    from .profile import Profile

_MSH_18 = "HL7 v2.5.1 §2.15.9.18"
_LINES = re.compile(r"([^\r\n]+)([\r\n]*)")


class Message:
    """One message. `segments` in their order; a path as `PID-5.1` reads and writes.

    A value is None where it is absent, "" where it is empty, `hl7.NULL` where it is the explicit null,
    and ER7 text (`Raw`) where the path names a part that has parts of its own.
    """

    __slots__ = ("_data", "_kept", "_segments", "_text", "coding", "delimiters", "envelope")

    def __init__(
        self, data: bytes, text: str, delimiters: Delimiters, coding: Coding, envelope: Envelope
    ) -> None:
        self._data = data
        self._text = text
        self._segments: list[Segment] | None = None
        self._kept: list[Segment] = []
        self.delimiters = delimiters
        self.coding = coding
        self.envelope = envelope

    @property
    def segments(self) -> list[Segment]:
        """The segments in the order of the message; the list may be edited."""
        found = self._segments
        if found is None:
            found = self._segments = _segments(self._text, self.delimiters, self.coding)
            self._kept = found.copy()
        return found

    def segments_named(self, name: str) -> list[Segment]:
        """The segments of one id."""
        return [segment for segment in self.segments if segment.id == name]

    @property
    def header(self) -> Segment:
        """The MSH segment; raises UsageError where it was taken out."""
        segments = self.segments
        if not segments:
            raise UsageError("the message has no segments", place="MSH")
        return segments[0]

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
        from .structure import choose  # (the tables load on use)

        grammar = choose(self).grammar
        return grammar.id if grammar is not None else ""

    @property
    def charset(self) -> tuple[str, ...]:
        """The character sets that MSH-18 declares."""
        return self.coding.charset.names

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was tolerated in reading: unknown sets, bytes that do not fit, a set that is another."""
        coding = self.coding
        charset = coding.charset
        found = [
            _charset_finding("unknown-charset", f"{name!r} is no value of table 0211 that can be read")
            for name in charset.unknown
        ]
        text = self._text
        if coding.bytewise:
            text = "" if coding.clean else charset.decode(coding.to_bytes(text))
        if not text.isascii():
            if has_undecoded(text):
                what = f"bytes that are not {charset.name} are kept, and shown as escapes"
                found.append(_charset_finding("undecodable-bytes", what))
            elif coding.codec == "utf_8" and declared(charset.names).codec not in {"utf_8", ""}:
                found.append(
                    _charset_finding("charset-mismatch", f"the text is UTF-8, declared is {charset.name}")
                )
            elif coding.codec.startswith("iso8859") and _is_utf_8(coding.to_bytes(self._text)):
                what = f"declared is {charset.name}, but every byte beyond ASCII is part of UTF-8"
                found.append(_charset_finding("charset-mismatch", what))
        return tuple(found)

    def _find(self, path: Path) -> Segment | None:
        if path.groups:
            return self._in_group(path)
        name = path.segment
        left = path.segment_rep
        for segment in self.segments:
            if segment.id == name:
                if left == 1:
                    return segment
                left -= 1
        return None

    def _in_group(self, path: Path) -> Segment | None:
        group: Group[Segment] | None = self.groups()
        for name, repetition in path.groups:
            group = group.find(name, repetition) if group is not None else None
        if group is None:
            return None
        left = path.segment_rep
        for segment in group.segments():
            if segment.id == path.segment:
                if left == 1:
                    return segment
                left -= 1
        return None

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
        """Write the value at a path.

        Raises UsageError where the segment is not there, EncodeError for text that the declared
        character sets cannot hold.
        """
        path = parse_path(key)
        segment = self._find(path)
        if segment is None or path.field is None:
            missing = f"the message has no {path.segment}[{path.segment_rep}]"
            raise UsageError(
                missing if segment is None else "a path to a field is needed",
                place=key,
                hint=f'add it with add_segment("{path.segment}", {{…}})',
            )
        if path.field == 18 and path.segment == "MSH":
            self._declare(path, value)
        else:
            segment.set(path.field, path.field_rep, path.component, path.subcomponent, value)

    def __delitem__(self, key: str) -> None:
        """Empty the value at a path, or take a whole segment out; the header itself cannot go."""
        path = parse_path(key)
        segment = self._find(path)
        if segment is None:
            return
        if path.field is None:
            if segment is self.segments[0]:
                raise UsageError("a message without its header is none", place=key)
            self.segments.remove(segment)
        elif segment.get(path.field, path.field_rep, path.component, path.subcomponent):
            self[key] = ""

    def __contains__(self, key: str) -> bool:
        return self[key] is not None

    def add_segment(self, name: str, fields: dict[int, FieldValue], *, after: str = "") -> Segment:
        """Add a segment at the end, or after the one that a path names, as `after="OBR[2]"`."""
        if not re.fullmatch(r"[A-Z][A-Z0-9]{2}", name) or name in {"MSH", "FHS", "BHS"}:
            raise UsageError(f"{name!r} is no segment that can be added", rule="HL7 v2.5.1 §2.5.2")
        text = self.coding.hold(segment_text(name, fields, self.delimiters, header=False))
        segments = self.segments
        end = segments[0].end[:1] or "\r"
        if segments[0].end.startswith("\r\n"):
            end = "\r\n"
        segment = Segment(text, end, self.delimiters, self.coding)
        segment.dirty = True
        at = len(segments)
        if after:
            found = self._find(parse_path(after))
            if found is None:
                raise UsageError("the message has no such segment", place=after)
            at = next(i for i, known in enumerate(segments) if known is found) + 1
        if not segments[at - 1].end:
            segments[at - 1].end = end
        segments.insert(at, segment)
        return segment

    def walk(self) -> Iterator[tuple[str, str]]:
        """Every leaf that is there, with its path as `PID[1]-5[1].1.1`, decoded."""
        counts: dict[str, int] = {}
        for segment in self.segments:
            name = segment.id
            counts[name] = number = counts.get(name, 0) + 1
            yield from segment.leaves(f"{name}[{number}]-")

    def encode(self) -> bytes:
        """The bytes of the message: those it was read from, but for what was edited."""
        segments = self._segments
        if segments is None or (segments == self._kept and not any([s.dirty for s in segments])):  # noqa: C419  (a list is faster here)
            return self._data
        text = "".join([segment.working_text + segment.end for segment in segments])
        return self.envelope.lead + self.coding.to_bytes(text) + self.envelope.tail

    def __str__(self) -> str:
        """The ER7 text, decoded."""
        return "".join([f"{segment}{segment.end}" for segment in self.segments])

    def groups(self) -> GroupTree[Segment]:
        """The segments in the typed groups of the message's structure."""
        from .structure import group  # (the tables load on use)

        return group(self)

    def validate(self, profile: Profile | None = None) -> list[Finding]:
        """What breaks the version's rules, or those of a profile, with path and rule."""
        from .validate import validate  # (the tables load on use)

        return [*self.findings, *validate(self, profile)]

    def to_xml(self) -> bytes:
        """The message in the XML encoding, `urn:hl7-org:v2xml`."""
        from .xml_writing import to_xml  # (lxml loads on use)

        return to_xml(self)

    def transcode(self, charset: str) -> None:
        """Change the character set of the whole message, and MSH-18 with it.

        Bytes given as `\\X..\\` become the characters that they were. Raises EncodeError, changing
        nothing, where the new set cannot hold the text, or the text has bytes without a character.
        """
        new = declared((charset,))
        if new.unknown or new.wide > 1 or is_wide(self.coding.codec):
            raise UsageError(f"{charset!r} is no set that this message can change to", place="MSH-18")
        texts = [self._recoded(segment) for segment in self.segments]
        coding = Coding(new, new.codec, bytewise=bool(new.designations), clean=True)
        held = [coding.hold(text) for text in texts]
        coding.clean = not coding.bytewise or all(text.isascii() and "\x1b" not in text for text in held)
        for segment, text in zip(self.segments, held, strict=True):
            segment.replace(text, coding)
        self.coding = coding
        self.header.set(18, None, None, None, charset)

    def _recoded(self, segment: Segment) -> str:
        """The text of a segment with no byte left that only the old set explains."""
        escape = re.escape(self.delimiters.escape)
        text = segment.working_text
        if escape and re.search(rf"{escape}[CM][0-9A-Fa-f]{{4,6}}{escape}", text):
            raise EncodeError("text that switches its set by escapes is not transcoded", place=segment.id)
        text = self.coding.charset.decode(self.coding.to_bytes(text)) if self.coding.bytewise else text
        if escape:
            old, marks = self.coding.charset, self.delimiters
            high = rf"{escape}X((?:[0-7][0-9A-Fa-f])*[89A-Fa-f][0-9A-Fa-f](?:[0-9A-Fa-f]{{2}})*){escape}"
            text = re.sub(high, lambda m: escape_text(old.decode(bytes.fromhex(m[1])), marks), text)
        if has_undecoded(text):
            raise EncodeError(
                f"bytes that are not {self.coding.charset.name} have no form in another set", place=segment.id
            )
        return text

    def _declare(self, path: Path, value: FieldValue) -> None:
        """Write MSH-18, where the bytes of the message mean the same under the new declaration."""
        header = self.header
        text, dirty = header.working_text, header.dirty
        header.set(18, path.field_rep, path.component, path.subcomponent, value)
        try:
            reread = parse(self.encode())
            same = str(reread) == str(self) and len(reread.segments) == len(self.segments)
        except (ParseError, UsageError):
            same = False
        if not same:
            header.replace(text, self.coding)
            header.dirty = dirty
            raise UsageError(
                "the bytes of the message would mean another text under that declaration",
                place="MSH-18",
                hint="change the bytes too, with transcode()",
            )
        self.coding = reread.coding
        for segment, other in zip(self.segments, reread.segments, strict=True):
            dirty = segment.dirty
            segment.replace(other.working_text, reread.coding)
            segment.dirty = dirty


def _segments(text: str, delimiters: Delimiters, coding: Coding) -> list[Segment]:
    if "\n" not in text:
        lines = text.split("\r")
        tail = lines.pop()
        if "" not in lines:
            found = [Segment(line, "\r", delimiters, coding) for line in lines]
            if tail:
                found.append(Segment(tail, "", delimiters, coding))
            return found
    # Lines that end in LF or CRLF, or blank ones between: these belong to the end of the line before.
    return [Segment(match[1], match[2], delimiters, coding) for match in _LINES.finditer(text)]


def _is_utf_8(data: bytes) -> bool:
    """Whether bytes are well-formed UTF-8: with any beyond ASCII, hardly by chance."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _charset_finding(rule: str, message: str) -> Finding:
    return Finding(Severity.WARNING, "MSH[1]-18", rule, message, _MSH_18)


def parse(
    data: bytes | bytearray | memoryview | str, *, limits: Limits = DEFAULT, source: str = ""
) -> Message:
    """The one message that the bytes hold, wrapped in MLLP or not; a text is held as its MSH-18 says.

    Raises ParseError for what is none, UsageError where there are several, LimitError for more bytes or
    segments than the budgets allow.
    """
    if isinstance(data, str):
        if len(data) > limits.hl7_message:
            raise _too_long(len(data), source)
        return read_message(*_encoded(data, source), limits=limits, source=source)
    return read_message(bytes(data), limits=limits, source=source)


def _too_long(size: int, source: str) -> LimitError:
    return LimitError(
        f"{size:,} bytes are too long for one message", source=source, rule="limits.hl7_message"
    )


def _encoded(text: str, source: str) -> tuple[bytes, str]:
    """The bytes of a text in the set that its header declares, else in UTF-8, which is named then."""
    if text.isascii():
        return text.encode("ascii"), ""
    line = _LINES.search(text)
    names = _declared(line[1].lstrip("\ufeff\x0b \t").encode("ascii", "replace") if line else b"", "")
    for charset in (names, declared(("UNICODE UTF-8",))):
        try:
            return charset.encode(text), charset.codec if charset.wide > 1 or charset.codec == "utf_8" else ""
        except EncodeError:
            continue
    raise ParseError("the text has lone surrogates", source=source, hint="give the bytes instead")


def read_message(raw: bytes, actual: str = "", *, limits: Limits = DEFAULT, source: str = "") -> Message:
    """The one message in `raw`; `actual` is the codec where it is known better than the header declares."""
    if len(raw) > limits.hl7_message:
        raise _too_long(len(raw), source)
    envelope, body, proven = unwrap(raw)
    actual = proven or actual
    if not body.startswith(b"MSH") and not is_wide(actual):
        if body[:3] in {b"FHS", b"BHS"}:
            raise UsageError("it is a batch of messages", source=source, hint="read it with hl7.parse_batch")
        raise _no_header(body[:12], source)
    charset = _declared(body, actual)
    try:
        text, coding = read(body, charset, actual)
    except UnicodeDecodeError as error:
        raise ParseError(
            f"the bytes are no {actual or charset.name}: {error.reason}", source=source, rule=_MSH_18
        ) from None
    if not text.startswith("MSH"):
        raise _no_header(body[:12], source)
    mark = text[3:4]
    delimiters = Delimiters.from_header(_first_line(text), source=source)
    if text.find("\rMSH" + mark, 3) >= 0 or text.find("\nMSH" + mark, 3) >= 0:
        raise UsageError("it holds several messages", source=source, hint="read it with hl7.parse_batch")
    if text.count("\r") + text.count("\n") > limits.hl7_segments:
        raise LimitError("more segments than allowed", source=source, rule="limits.hl7_segments")
    return Message(raw, text, delimiters, coding, envelope)


def _first_line(text: str) -> str:
    """Enough of the header to hold MSH-1 and MSH-2."""
    return text[:32].split("\r", 1)[0].split("\n", 1)[0]


def _no_header(start: bytes, source: str) -> ParseError:
    return ParseError(
        f"it does not begin with MSH but with {start!r}",
        source=source,
        place="byte 0",
        rule="HL7 v2.5.1 §2.15.9",
    )


def _declared(body: bytes, actual: str) -> Charset:
    """The sets that MSH-18 declares, the header read as ASCII first: HL7 v2.5.1 §2.15.9.18."""
    if is_wide(actual):
        return declared(("UNICODE UTF-16" if actual.startswith("utf_16") else "UNICODE UTF-32",))
    mark = body[3:4] or b"|"
    end = body.find(b"\r")
    head = body if end < 0 else body[:end]
    if b"\n" in head:
        head = head[: head.index(b"\n")]
    parts = head.split(mark, 18)
    if len(parts) < 18 or not parts[17]:
        return declared(())
    repetition = parts[1][1:2].decode("ascii", "replace")
    text = parts[17].decode("ascii", "replace")
    names = text.split(repetition) if repetition else [text]
    return declared(tuple([name.strip() for name in names]))
