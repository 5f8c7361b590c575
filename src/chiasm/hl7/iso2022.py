"""Text that switches its character set by ISO 2022 escape sequences."""

from __future__ import annotations

import re

# Escape sequence -> (0 for G0 or 1 for G1, bytes a character, Python codec that reads the bytes with
# their high bit set, prefix that the codec wants before each character). ISO/IEC 2022; the sequences
# are those of HL7 v2.5.1 table 0211 and PS3.3 §C.12.1.1.2.
_SETS: dict[bytes, tuple[int, int, str, bytes]] = {
    b"(B": (0, 1, "ascii", b""),
    b"(J": (0, 1, "ascii", b""),
    b"(I": (0, 1, "shift_jis", b""),
    b")I": (1, 1, "shift_jis", b""),
    b"$@": (0, 2, "euc_jp", b""),
    b"$B": (0, 2, "euc_jp", b""),
    b"$(D": (0, 2, "euc_jp", b"\x8f"),
    b"$)C": (1, 2, "euc_kr", b""),
    b"$(C": (0, 2, "euc_kr", b""),
    b"$A": (0, 2, "gb2312", b""),
    b"$)A": (1, 2, "gb2312", b""),
    b"-A": (1, 1, "iso8859_1", b""),
    b"-B": (1, 1, "iso8859_2", b""),
    b"-C": (1, 1, "iso8859_3", b""),
    b"-D": (1, 1, "iso8859_4", b""),
    b"-L": (1, 1, "iso8859_5", b""),
    b"-G": (1, 1, "iso8859_6", b""),
    b"-F": (1, 1, "iso8859_7", b""),
    b"-H": (1, 1, "iso8859_8", b""),
    b"-M": (1, 1, "iso8859_9", b""),
    b"-b": (1, 1, "iso8859_15", b""),
    b"-T": (1, 1, "tis_620", b""),
}
_ESCAPE = re.compile(rb"\x1b([\x20-\x2f]{1,3}[\x30-\x7e])")
_LINE_END = re.compile(rb"[\r\n]")
_ASCII = _SETS[b"(B"]
_KATAKANA = {0xDCA1 + i: 0xFF61 + i for i in range(63)}
_KATAKANA_BACK = {char: byte for byte, char in _KATAKANA.items()}


def knows(designation: bytes) -> bool:
    """Whether the bytes after an ESC name a set that is read here."""
    return designation in _SETS


def _runs(data: bytes) -> list[tuple[bytes, bytes]]:
    """Split into (designation, bytes up to the next one) pairs; the first designation is empty."""
    runs = []
    last, name = 0, b""
    for match in _ESCAPE.finditer(data):
        if match[1] not in _SETS:
            continue
        runs.append((name, data[last : match.start()]))
        last, name = match.end(), match[1]
    runs.append((name, data[last:]))
    return runs


def decode(data: bytes, default: str) -> str:
    """Decode bytes with designations; `default` is the codec before the first and of unnamed G1.

    Undecodable bytes become lone surrogates, as the error handler "surrogateescape" makes them.
    """
    low, high = _ASCII, None
    out = []
    for name, run in _runs(data):
        if name:
            entry = _SETS[name]
            if entry[0]:
                high = entry
            else:
                low = entry
        if low[1] == 2 or low[2] == "shift_jis":
            out.append(_shifted(run, low))
        elif high is not None:
            out.append(decode_set(run, high[2]))
        else:
            out.append(decode_set(run, default))
    return "".join(out)


def _shifted(run: bytes, entry: tuple[int, int, str, bytes]) -> str:
    """Decode a run whose G0 set is not ASCII; control characters and spaces stand for themselves."""
    _, width, codec, prefix = entry
    out = []
    for part in re.split(rb"([\x00-\x20]+)", run):
        if part[:1] <= b"\x20":
            out.append(part.decode("ascii"))
            continue
        lifted = bytes(byte | 0x80 for byte in part)
        if width == 2 and prefix:
            lifted = b"".join(prefix + lifted[i : i + 2] for i in range(0, len(lifted), 2))
        try:
            out.append(lifted.decode(codec))
        except UnicodeDecodeError:
            out.extend(chr(0xDC00 + byte) for byte in part)
    return "".join(out)


def decode_set(data: bytes, codec: str) -> str:
    """Decode bytes of one set; "jisx0201" is JIS X 0201, which Python has no codec for."""
    if codec == "jisx0201":
        return data.decode("ascii", "surrogateescape").translate(_KATAKANA)
    return data.decode(codec, "surrogateescape")


def encode_set(text: str, codec: str) -> bytes:
    """Encode text in one set; raises UnicodeEncodeError for what the set does not hold."""
    if codec == "jisx0201":
        return text.translate(_KATAKANA_BACK).encode("ascii", "surrogateescape")
    return text.encode(codec, "surrogateescape")


def multibyte_spans(data: bytes) -> list[tuple[int, int]]:
    """The spans of `data` that are 7-bit multi-byte text, in which no byte is a separator.

    A line end returns to ASCII.
    """
    spans: list[tuple[int, int]] = []
    start: int | None = None
    for match in _ESCAPE.finditer(data):
        entry = _SETS.get(match[1])
        if entry is None or entry[0]:
            continue
        if start is not None:
            spans.append((start, _line_end(data, start, match.start())))
        start = match.end() if entry[1] == 2 or entry[2] == "shift_jis" else None
    if start is not None:
        spans.append((start, _line_end(data, start, len(data))))
    return spans


def _line_end(data: bytes, start: int, end: int) -> int:
    match = _LINE_END.search(data, start, end)
    return match.start() if match else end


def encode(text: str, default: str, sets: tuple[bytes, ...]) -> bytes:
    """Encode with `default` where it can hold a character, else with the first of `sets` that can.

    `sets` are designations to G0, as b"$B"; it returns to ASCII at the end. Raises UnicodeEncodeError.
    """
    out = bytearray()
    current = b"(B"
    for char in text:
        if current == b"(B" or char.isascii():
            try:
                body = encode_set(char, default)
            except UnicodeEncodeError:
                pass
            else:
                out += b"" if current == b"(B" else b"\x1b(B"
                out += body
                current = b"(B"
                continue
        name, body = _designate(char, sets)
        out += b"" if name == current else b"\x1b" + name
        out += body
        current = name
    return bytes(out) + (b"" if current == b"(B" else b"\x1b(B")


def _designate(char: str, sets: tuple[bytes, ...]) -> tuple[bytes, bytes]:
    for name in sets:
        _, _, codec, prefix = _SETS[name]
        try:
            body = char.encode(codec)
        except UnicodeEncodeError:
            continue
        wide = body[:1] == b"\x8f"
        if codec == "euc_jp" and (wide != bool(prefix) or body[:1] == b"\x8e"):
            continue
        body = body[1:] if wide else body
        if not all(byte & 0x80 for byte in body):
            continue
        return name, bytes(byte & 0x7F for byte in body)
    raise UnicodeEncodeError("iso2022", char, 0, 1, "no declared character set holds this character")
