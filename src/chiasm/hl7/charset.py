"""The character sets that MSH-18 declares, HL7 table 0211, and the text of bytes in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from ..errors import EncodeError
from . import iso2022

# HL7 v2.8.2 table 0211: value -> (Python codec, "" where Python has none; designation for later use).
TABLE_0211: dict[str, tuple[str, bytes]] = {
    "ASCII": ("ascii", b""),
    "8859/1": ("iso8859_1", b""),
    "8859/2": ("iso8859_2", b""),
    "8859/3": ("iso8859_3", b""),
    "8859/4": ("iso8859_4", b""),
    "8859/5": ("iso8859_5", b""),
    "8859/6": ("iso8859_6", b""),
    "8859/7": ("iso8859_7", b""),
    "8859/8": ("iso8859_8", b""),
    "8859/9": ("iso8859_9", b""),
    "8859/15": ("iso8859_15", b""),
    "ISO IR6": ("ascii", b""),
    "ISO IR14": ("jisx0201", b"(I"),
    "ISO IR87": ("ascii", b"$B"),
    "ISO IR159": ("ascii", b"$(D"),
    "JAS2020": ("ascii", b"$B"),  # of v2.3, as the next
    "JIS X 0202": ("ascii", b"$B"),
    "GB 18030-2000": ("gb18030", b"$A"),
    "KS X 1001": ("euc_kr", b"$(C"),
    "CNS 11643-1992": ("", b""),
    "BIG-5": ("cp950", b""),
    "UNICODE": ("utf_16_be", b""),
    "UNICODE UTF-8": ("utf_8", b""),
    "UNICODE UTF-16": ("utf_16_be", b""),
    "UNICODE UTF-32": ("utf_32_be", b""),
}
# Spellings seen in the field, reduced to letters and digits -> the value meant.
_SPELLINGS = {
    **{re.sub(r"[^A-Z0-9]", "", name): name for name in TABLE_0211},
    **{f"ISO8859{n}": f"8859/{n}" for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 15)},
    **{f"ISOIR{ir}": f"8859/{n}" for ir, n in ((100, 1), (101, 2), (109, 3), (110, 4), (144, 5), (127, 6))},
    **{f"ISOIR{ir}": f"8859/{n}" for ir, n in ((126, 7), (138, 8), (148, 9), (203, 15))},
    "ISOIR13": "ISO IR14",
    "ISOIR192": "UNICODE UTF-8",
    "UTF8": "UNICODE UTF-8",
    "UNICODEUTF8": "UNICODE UTF-8",
    "UTF16": "UNICODE UTF-16",
    "UTF32": "UNICODE UTF-32",
    "USASCII": "ASCII",
    "GB18030": "GB 18030-2000",
    "BIG5": "BIG-5",
    "KSC5601": "KS X 1001",
}
_LONE = re.compile("[\ud800-\udfff]+")


@dataclass(frozen=True, slots=True)
class Charset:
    r"""The sets one message declares: `names` as written in MSH-18, the first the default.

    `codec` is Python's name of the default set, "" where Python has none; `designations` are the
    ISO 2022 escapes of all sets that are reached by escape. HL7 v2.5.1 §2.15.9.18.
    """

    names: tuple[str, ...] = ()
    codec: str = "ascii"
    designations: tuple[bytes, ...] = ()

    @property
    def name(self) -> str:
        """The default set as declared, "ASCII" when nothing is."""
        return (self.names[0] if self.names else "") or "ASCII"

    @property
    def unknown(self) -> tuple[str, ...]:
        """The declared names that no value of table 0211 is meant by, or that cannot be decoded."""
        readable = {value for value, (codec, _) in TABLE_0211.items() if codec}
        return tuple(name for name in self.names if name and canonical(name) not in readable)

    @property
    def wide(self) -> int:
        """The bytes of one code unit: 1, or 2 and 4 for UTF-16 and UTF-32."""
        return {"utf_16": 2, "utf_32": 4}.get(self.codec[:6], 1)

    def decode(self, data: bytes) -> str:
        """The text of bytes of this set; a byte that does not fit becomes a lone surrogate."""
        if data.isascii() and b"\x1b" not in data:
            return data.decode("ascii")
        if self.wide > 1:
            try:
                return data.decode(self.codec, "surrogatepass")
            except UnicodeDecodeError:
                return data.decode("ascii", "surrogateescape")
        if b"\x1b" in data and self.codec != "utf_8":
            return iso2022.decode(data, self.codec or "ascii")
        return iso2022.decode_set(data, self.codec or "ascii")

    def encode(self, text: str) -> bytes:
        """The bytes of text in this set; raises EncodeError rather than change a character."""
        try:
            data = self._encoded(text)
        except UnicodeEncodeError as error:
            raise self._refused(error.object[error.start]) from None
        exact = text.isascii() or self.codec.startswith(("utf", "iso8859"))
        if not exact or (self.designations and not text.isascii()):
            back = self.decode(data)  # some codecs of Python put a look-alike in place of a character
            if back != text:
                pairs = zip(text, back, strict=False)
                raise self._refused(next((char for char, other in pairs if char != other), text[:1]))
        return data

    def _encoded(self, text: str) -> bytes:
        if self.wide > 1:
            return text.encode(self.codec)
        if self.designations:
            return iso2022.encode(text, self.codec or "ascii", self.designations)
        if self.codec != "jisx0201":
            return text.encode(self.codec or "ascii")
        return iso2022.encode_set(text, self.codec)

    def _refused(self, char: str) -> EncodeError:
        return EncodeError(
            f"the declared character set {self.name} cannot hold {char!r}",
            place="MSH-18",
            rule="HL7 v2.5.1 §2.15.9.18",
            hint='declare "UNICODE UTF-8", or transcode() the message to it first',
        )


def canonical(name: str) -> str:
    """The value of table 0211 that a declared name means, or "" for none."""
    return _SPELLINGS.get(re.sub(r"[^A-Z0-9]", "", name.upper()), "")


@lru_cache(maxsize=256)
def declared(names: tuple[str, ...]) -> Charset:
    """The sets for the repetitions of MSH-18; an unknown name reads as ASCII and is reported."""
    found = [TABLE_0211.get(canonical(name), ("ascii", b"")) for name in names]
    later = [item[1] for item in found[1:] if item[1]]
    if found and found[0][1] and found[0][0] in {"ascii", "jisx0201"} and found[0][0] != "jisx0201":
        later.insert(0, found[0][1])
    return Charset(names, found[0][0] if found else "ascii", tuple(dict.fromkeys(later)))


def has_undecoded(text: str) -> bool:
    """Whether a text has bytes that its set does not hold, as lone surrogates."""
    return _LONE.search(text) is not None


def visible(text: str) -> str:
    r"""Show undecodable bytes, held as lone surrogates, as the escape `\Xhh..\`."""
    return _LONE.sub(_show, text)


def _show(match: re.Match[str]) -> str:
    codes = [ord(char) for char in match[0]]
    digits = "".join(f"{c - 0xDC00:02X}" if 0xDC00 <= c <= 0xDCFF else f"{c:04X}" for c in codes)
    return f"\\X{digits}\\"


class Coding:
    r"""How the bytes of one message became its working text, and how they come back.

    Plain: the text is the decoded text, undecodable bytes as lone surrogates. Bytewise, for sets whose
    decoding cannot be undone exactly: ASCII stands for itself, every other byte (and each byte of a
    multi-byte character, so that none looks like a separator) is U+DC00 plus its value.
    """

    __slots__ = ("bytewise", "charset", "clean", "codec", "errors")

    def __init__(self, charset: Charset, codec: str, *, bytewise: bool, clean: bool) -> None:
        self.charset = charset
        self.codec = codec
        self.bytewise = bytewise
        self.clean = clean
        self.errors = "surrogatepass" if codec[:6] in {"utf_16", "utf_32"} else "surrogateescape"

    def to_bytes(self, text: str) -> bytes:
        """The bytes that working text stands for."""
        if self.bytewise:
            if text.isascii():
                return text.encode("ascii")
            return text.encode("utf-16-le", "surrogatepass")[::2]
        if self.codec == "jisx0201":
            return iso2022.encode_set(text, self.codec)
        return text.encode(self.codec, self.errors)

    def show(self, text: str) -> str:
        """The text for people that working text stands for; undecodable bytes shown as escapes."""
        if self.clean or text.isascii():
            return text
        if self.bytewise:
            text = self.charset.decode(self.to_bytes(text))
        return visible(text)

    def hold(self, text: str) -> str:
        """The working text of a text; raises EncodeError where the declared sets cannot hold it."""
        if text.isascii() and "\x1b" not in text:
            return text
        data = self.charset.encode(text)
        return bytewise(data, self.charset) if self.bytewise else text


_MULTIBYTE = {
    "gb18030": re.compile(rb"[\x81-\xfe](?:[\x30-\x39][\x81-\xfe][\x30-\x39]|[\x40-\x7e\x80-\xfe])"),
    "cp950": re.compile(rb"[\x81-\xfe][\x40-\x7e\xa1-\xfe]"),
}
_LIFT = {byte: 0xDC00 + byte for byte in range(256)}


def bytewise(data: bytes, charset: Charset) -> str:
    """The bytewise working text of bytes, see `Coding`."""
    pattern = _MULTIBYTE.get(charset.codec)
    spans = [match.span() for match in pattern.finditer(data)] if pattern else []
    if b"\x1b" in data:
        spans = sorted(spans + iso2022.multibyte_spans(data))
    out = []
    last = 0
    for start, end in spans:
        if end <= last:
            continue
        first = max(start, last)
        out.append(data[last:first].decode("ascii", "surrogateescape"))
        out.append(data[first:end].decode("latin-1").translate(_LIFT))
        last = end
    out.append(data[last:].decode("ascii", "surrogateescape"))
    return "".join(out)


def read(data: bytes, charset: Charset, actual: str = "") -> tuple[str, Coding]:
    """Decode all bytes of a message; `actual` names the codec that a byte order mark proves.

    Bytes in ASCII, or sets that are not what they claim to be (UTF-8 declared as ASCII), are read as
    what they are. Raises UnicodeDecodeError for bytes that are no UTF-16 or UTF-32 though marked so.
    """
    if actual[:6] in {"utf_16", "utf_32"}:
        text = data.decode(actual, "surrogatepass")
        clean = _LONE.search(text) is None
        return text, Coding(Charset(charset.names, actual), actual, bytewise=False, clean=clean)
    if charset.wide > 1:  # declared, but the bytes are plain: MSH itself was read as ASCII
        charset = Charset(charset.names, "utf_8")
    if actual == "utf_8":
        charset = Charset(charset.names, "utf_8")
    escapes = b"\x1b" in data and charset.codec != "utf_8"
    if data.isascii():
        if escapes or charset.designations:
            text = bytewise(data, charset)
            return text, Coding(charset, charset.codec, bytewise=True, clean=not escapes)
        return data.decode("ascii"), Coding(charset, charset.codec or "ascii", bytewise=False, clean=True)
    codec = actual or charset.codec or "ascii"
    if escapes or (charset.designations and not actual):
        return bytewise(data, charset), Coding(charset, codec, bytewise=True, clean=False)
    if codec in {"ascii", "utf_8"}:
        try:
            return data.decode("utf_8"), Coding(charset, "utf_8", bytewise=False, clean=True)
        except UnicodeDecodeError:
            pass
    text = iso2022.decode_set(data, codec)
    coding = Coding(charset, codec, bytewise=False, clean=_LONE.search(text) is None)
    if not codec.startswith(("iso8859", "ascii", "utf")) and coding.to_bytes(text) != data:
        return bytewise(data, charset), Coding(charset, codec, bytewise=True, clean=False)
    return text, coding
