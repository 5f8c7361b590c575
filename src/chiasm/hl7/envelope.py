"""What is around a message in a file: byte order marks, MLLP blocks, blank space. HL7 v2.5.1 §C.4.3."""

from __future__ import annotations

from dataclasses import dataclass

START, END = b"\x0b", b"\x1c"
_MARKS = (
    (b"\xff\xfe\0\0", "utf_32_le"),
    (b"\0\0\xfe\xff", "utf_32_be"),
    (b"\xef\xbb\xbf", "utf_8"),
    (b"\xff\xfe", "utf_16_le"),
    (b"\xfe\xff", "utf_16_be"),
)


@dataclass(frozen=True, slots=True)
class Envelope:
    """The bytes before and after a message."""

    lead: bytes = b""
    tail: bytes = b""


def unwrap(raw: bytes, *, source: str = "") -> tuple[Envelope, bytes, str]:
    """The envelope, the message's own bytes, and the codec that a byte order mark proves ("" for none)."""
    start, stop, actual = 0, len(raw), ""
    if raw[:1] == START:
        start = 1
    for mark, codec in _MARKS:
        if raw.startswith(mark, start):
            start += len(mark)
            actual = codec
            break
    if not actual.startswith(("utf_16", "utf_32")):
        while start < stop and raw[start : start + 1] in (b" ", b"\t", b"\r", b"\n", START):
            start += 1
        end = raw.rfind(END)
        if end >= 0 and not raw[end + 1 :].strip(b"\r\n"):
            stop = end
    return Envelope(raw[:start], raw[stop:]), raw[start:stop], actual
