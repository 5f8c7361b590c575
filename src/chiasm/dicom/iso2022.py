r"""Code extension by ISO 2022: text that switches sets by escape sequences.

The rules of PS3.5 §6.1.2.5.3: the sets of the first term are active at the beginning, after every
control character but ESC, after a backslash between values, and after `^` and `=` in a name. Reading
resets there; writing switches back before.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from ..errors import EncodeError
from ..standards import charsets
from ..standards.charsets import CharsetTerm, Designation
from . import escaped

_ASCII = Designation(b"\x1b(B", "G0", "ascii", 1)
_ROMAJI = Designation(b"\x1b(J", "G0", "jisx0201", 1)
_RUN = re.compile(rb"\x1b[\x20-\x2f]*[\x30-\x7e]|[\x20-\x7f]+|[\x80-\xff]+|[\x00-\x1f]", re.DOTALL)
_C1 = re.compile("[\x80-\x9f]")
_PAIRS = {"jisx0208": "euc_jp", "jisx0212": "euc_jp", "ksx1001": "euc_kr", "gb2312": "gb2312"}


class CodeExtensions:
    """The reader and writer of texts under several terms, or under one that allows escapes."""

    __slots__ = ("_declared", "_g0", "_g1", "_terms")

    def __init__(self, terms: tuple[CharsetTerm, ...]) -> None:
        self._terms = tuple(term.term for term in terms)
        self._declared = tuple(one for term in terms for one in _designations(term))
        first = terms[0]
        self._g0 = _ROMAJI if first.term.endswith("IR 13") else _ASCII
        self._g1: Designation | None = None
        if first.kind in ("single", "extension") and first.codec != "ascii":
            codec = "jisx0201" if first.term.endswith("IR 13") else first.codec
            self._g1 = Designation(b"", "G1", codec, 1)

    def decode(self, data: bytes, delimiters: bytes) -> str:
        """The text; bytes that no active set has come out as surrogates."""
        if data.isascii() and b"\x1b" not in data and self._g0 is _ASCII:
            return data.decode("ascii")
        pieces: list[str] = []
        g0, g1 = self._g0, self._g1
        known = charsets.escapes()
        for run in _RUN.findall(data):
            first = run[0]
            if first == 0x1B:
                designation = known.get(run)
                if designation is None:
                    pieces.append(run.decode("ascii"))
                elif designation.region == "G0":
                    g0 = designation
                else:
                    g1 = designation
            elif first < 0x20:
                g0, g1 = self._g0, self._g1
                pieces.append(chr(first))
            elif first >= 0x80:
                pieces.append(_decode(g1, run))
            elif g0.width == 2:
                pieces.append(_decode(g0, run))
            else:
                for part in _split(run, delimiters):
                    if part[0] in delimiters:
                        g0, g1 = self._g0, self._g1
                        pieces.append(part.decode("ascii"))
                    else:
                        pieces.append(_decode(g0, part))
        return "".join(pieces)

    def undeclared(self, data: bytes) -> list[str]:
        """The escape sequences of a value field that its declaration does not allow."""
        allowed = {one.escape for one in self._declared} | {self._g0.escape, b"\x1b(B"}
        found = {run for run in _RUN.findall(data) if run[0] == 0x1B and run not in allowed}
        return [f"the escape sequence {run!r} belongs to no declared term" for run in sorted(found)]

    def encode(self, text: str, delimiters: bytes) -> bytes:
        """The bytes with the escape sequences they need; EncodeError where no term has a character."""
        out = bytearray()
        g0, g1 = self._g0, self._g1
        for character in text:
            code = ord(character)
            if code < 0x20 or (code < 0x80 and code in delimiters):
                if g0 is not self._g0:
                    out += self._g0.escape
                g0, g1 = self._g0, self._g1
                out.append(code)
                continue
            if 0xDC80 <= code <= 0xDCFF:
                out.append(code - 0xDC00)
                continue
            coded = _encode(g0, character) or _encode(g1, character)
            if coded is None:
                designation, coded = self._find(character)
                out += designation.escape
                if designation.region == "G0":
                    g0 = designation
                else:
                    g1 = designation
            out += coded
        if g0 is not self._g0:
            out += self._g0.escape
        return bytes(out)

    def _find(self, character: str) -> tuple[Designation, bytes]:
        for designation in (self._g0, *self._declared):
            coded = _encode(designation, character)
            if coded is not None:
                return designation, coded
        raise EncodeError(
            f"U+{ord(character):04X} {character!r} is not in the character sets {chr(92).join(self._terms)}",
            rule="PS3.5 §6.1.2.5.3",
            hint="recode the data set to 'ISO_IR 192'",
        )


def _designations(term: CharsetTerm) -> tuple[Designation, ...]:
    if term.kind == "single":  # a term without escapes among several: what was meant is its sibling
        sibling = charsets.by_term(term.term.replace("ISO_IR", "ISO 2022 IR"))
        return sibling.designations if sibling else ()
    return term.designations


def _split(run: bytes, delimiters: bytes) -> Iterator[bytes]:
    start = 0
    for at, byte in enumerate(run):
        if byte in delimiters:
            if at > start:
                yield run[start:at]
            yield run[at : at + 1]
            start = at + 1
    if start < len(run):
        yield run[start:]


def _decode(designation: Designation | None, run: bytes) -> str:
    if designation is None:
        return escaped.kept(run)
    codec = designation.codec
    if designation.width == 2:
        return "".join([_pair(codec, run[at : at + 2]) for at in range(0, len(run), 2)])
    if codec == "ascii":
        return run.decode("ascii")
    if codec == "jisx0201":
        return "".join([_JISX0201.get(byte) or chr(0xDC00 + byte) for byte in run])
    text = run.decode(codec, "surrogateescape")
    return _C1.sub(lambda found: chr(0xDC00 + ord(found[0])), text)


@functools.lru_cache(maxsize=8192)
def _pair(codec: str, pair: bytes) -> str:
    coded = bytes(byte | 0x80 for byte in pair)
    try:
        text = (b"\x8f" + coded if codec == "jisx0212" else coded).decode(_PAIRS[codec])
    except UnicodeDecodeError:
        return escaped.kept(pair)
    return text if len(text) == 1 else escaped.kept(pair)


@functools.lru_cache(maxsize=8192)
def _encode(designation: Designation | None, character: str) -> bytes | None:
    """The bytes of one character in one set, None where the set does not have it."""
    if designation is None:
        return None
    codec = designation.codec
    if codec == "jisx0201":
        byte = _JISX0201_BYTES.get(character)
        return bytes((byte,)) if byte is not None and (byte >= 0x80) == (designation.region == "G1") else None
    try:
        coded = character.encode(_PAIRS.get(codec, codec))
    except UnicodeEncodeError:
        return None
    if designation.width == 1:
        is_high = coded[0] >= 0xA0
        fits = is_high if designation.region == "G1" else coded[0] < 0x80
        return coded if fits and len(coded) == 1 else None
    if codec == "jisx0212":
        if len(coded) != 3 or coded[0] != 0x8F:
            return None
        coded = coded[1:]
    elif len(coded) != 2 or coded[0] < 0xA1:
        return None
    return coded if designation.region == "G1" else bytes(byte & 0x7F for byte in coded)


_JISX0201: dict[int, str] = {byte: chr(byte) for byte in range(0x20, 0x7F)}
_JISX0201 |= {0x5C: "\u00a5", 0x7E: "\u203e"}
_JISX0201 |= {byte: chr(0xFF61 + byte - 0xA1) for byte in range(0xA1, 0xE0)}
_JISX0201_BYTES = {character: byte for byte, character in _JISX0201.items()}
