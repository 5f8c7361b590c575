r"""Text under the Specific Character Set (0008,0005), both ways.

A `CharacterSet` is one value of that attribute. Decoding never fails: what does not fit comes out
as the surrogates of `escaped`. Encoding never replaces: what the set cannot hold is an EncodeError.
PS3.3 §C.12.1.1.2, PS3.5 §6.1.2.
"""

from __future__ import annotations

import functools
import re

from ..errors import EncodeError
from ..standards import charsets
from . import escaped
from .iso2022 import CodeExtensions

_C1 = re.compile("[\x80-\x9f]")
UTF8 = "ISO_IR 192"
_ESCAPE = 0x1B


class CharacterSet:
    """One Specific Character Set: its terms, and how its text is read and written.

    `unknown` are the terms that nobody defines; they are read as the default repertoire.
    """

    __slots__ = ("_codec", "_extensions", "_is_whole", "terms", "unknown")

    def __init__(self, terms: tuple[str, ...]) -> None:
        self.terms = terms
        known = [charsets.by_term(term) for term in terms or ("",)]
        self.unknown = tuple(term for term, one in zip(terms, known, strict=False) if one is None)
        found = [one for one in known if one is not None] or [charsets.terms()["ISO_IR 6"]]
        first = found[0]
        self._is_whole = first.kind == "whole"
        self._codec = first.codec
        self._extensions: CodeExtensions | None = None
        if not self._is_whole and (len(found) > 1 or first.kind != "single" or "IR 13" in first.term):
            self._extensions = CodeExtensions(tuple(found))

    def __repr__(self) -> str:
        return f"CharacterSet({chr(92).join(self.terms)!r})"

    @property
    def name(self) -> str:
        r"""The terms as they are declared, split by `\`."""
        return "\\".join(self.terms) or "default"

    def decode(self, data: bytes, delimiters: bytes = b"\\") -> str:
        r"""The text of the bytes of one value field, undecodable bytes as surrogates.

        `delimiters` are those at which code extensions are reset: `\` in a field that may have
        several values, `^` and `=` beside it in a person name: PS3.5 §6.1.2.5.3.
        """
        if self._extensions is not None:
            return self._extensions.decode(data, delimiters)
        if data.isascii():
            return data.decode("ascii")
        text = data.decode(self._codec, "surrogateescape")
        if not self._is_whole:  # 0x80 to 0x9F are not in the G1 of any of these sets
            text = _C1.sub(lambda found: chr(0xDC00 + ord(found[0])), text)
        return text

    def encode(self, text: str, delimiters: bytes = b"\\") -> bytes:
        r"""The bytes of a text in its shown form; EncodeError where the set cannot hold it."""
        text = escaped.take_back(text)
        if self._extensions is not None:
            return self._extensions.encode(text, delimiters)
        if text.isascii():
            return text.encode("ascii")
        if not self._is_whole and (found := _C1.search(text)):
            raise refusal(found[0], self.terms)
        try:
            return text.encode(self._codec, "surrogateescape")
        except UnicodeEncodeError as error:
            raise refusal(text[error.start], self.terms) from None

    def problems(self, data: bytes, delimiters: bytes = b"\\") -> list[str]:
        """What is wrong with the bytes of a value field under this set, in sentences."""
        if data.isascii() and _ESCAPE not in data:
            return []
        found = []
        if misfits := escaped.count(self.decode(data, delimiters)):
            found.append(f"{misfits} bytes do not fit the character set {self.name}")
        if self._extensions is not None:
            found.extend(self._extensions.undeclared(data))
        elif _ESCAPE in data and not self._is_whole:
            found.append("an escape sequence, but no code extension is declared")
        return found


def refusal(character: str, terms: tuple[str, ...]) -> EncodeError:
    """The error of a character that a declared set cannot hold."""
    return EncodeError(
        f"U+{ord(character):04X} {character!r} is not in the set {chr(92).join(terms) or 'default'}",
        rule="PS3.5 §6.1.2",
        hint=f"recode the data set to {UTF8!r}",
    )


@functools.lru_cache(maxsize=256)
def of_field(data: bytes) -> CharacterSet:
    """The character set of the value field of (0008,0005); an empty field is the default repertoire."""
    text = data.decode("ascii", "replace").strip(" \0")
    return CharacterSet(tuple(term.strip(" \0") for term in text.split("\\")) if text else ())


def of_terms(terms: str | tuple[str, ...] | list[str]) -> CharacterSet:
    """The character set of one term or of several in their order."""
    joined = terms if isinstance(terms, str) else "\\".join(terms)
    return of_field(joined.encode("ascii", "replace"))


DEFAULT = of_field(b"")
