"""What is around a message in a file: byte order marks, MLLP blocks, blank space. HL7 v2.5.1 §C.4.3."""

from __future__ import annotations

from dataclasses import dataclass

START, END = b"\x0b", b"\x1c"
BLANK = b" \t\r\n\x0b"
_MARKS = (
    (b"\xff\xfe\0\0", "utf_32_le"),
    (b"\0\0\xfe\xff", "utf_32_be"),
    (b"\xef\xbb\xbf", "utf_8"),
    (b"\xff\xfe", "utf_16_le"),
    (b"\xfe\xff", "utf_16_be"),
)
_UNMARKED = (
    ("utf_32_le", "utf_32_be", "utf_16_le", "utf_16_be"),
    (b"MSH", b"FHS", b"BHS"),
)


@dataclass(frozen=True, slots=True)
class Envelope:
    """The bytes before and after a message."""

    lead: bytes = b""
    tail: bytes = b""


BARE = Envelope()


def byte_order(raw: bytes, start: int = 0) -> tuple[int, str]:
    """The length of a byte order mark at `start`, and the codec that it or wide letters prove, or ""."""
    for mark, codec in _MARKS:
        if raw.startswith(mark, start):
            return len(mark), codec
    head = raw[start : start + 12]
    if b"\0" in head:
        codecs, names = _UNMARKED
        for codec in codecs:
            if any(head.startswith(name.decode("ascii").encode(codec)) for name in names):
                return 0, codec
    return 0, ""


def is_wide(codec: str) -> bool:
    """Whether the codec's code units are wider than a byte."""
    return codec.startswith(("utf_16", "utf_32"))


def unwrap(raw: bytes) -> tuple[Envelope, bytes, str]:
    """The envelope, the message's own bytes, and the codec that a byte order mark proves ("" for none)."""
    if raw.startswith(b"MSH") and END not in raw:
        return BARE, raw, ""
    start, stop = 0, len(raw)
    while start < stop and raw[start] in BLANK:
        start += 1
    length, actual = byte_order(raw, start)
    start += length
    end = raw.rfind(END)
    if end >= start and not raw[end + 1 :].strip(BLANK):
        stop = end
    if not is_wide(actual):
        while start < stop and raw[start] in BLANK:
            start += 1
    elif (stop - start) % (4 if actual.startswith("utf_32") else 2):
        stop = len(raw)  # the byte was half of a wide character, not the end of a block
    return Envelope(raw[:start], raw[stop:]), raw[start:stop], actual
