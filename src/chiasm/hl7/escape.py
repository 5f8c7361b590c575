r"""Escape sequences of leaves: `\F\`, `\X0D\`, `\C2842\` and the rest, both ways."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from ..errors import EncodeError
from .charset import visible
from .iso2022 import knows

if TYPE_CHECKING:
    from .charset import Charset, Coding
    from .delimiters import Delimiters


@lru_cache(maxsize=64)
def _pattern(escape: str) -> re.Pattern[str]:
    e = re.escape(escape)
    return re.compile(
        rf"{e}([FSTREP])(?={e}){e}|((?:{e}X(?:[0-9A-Fa-f]{{2}})+{e})+)|{e}[HN]{e}|{e}\.[a-z]{{2}}[+-]?\d*{e}"
        rf"|{e}Z[0-9A-Za-z]*{e}"
    )


@lru_cache(maxsize=64)
def known_escape(escape: str) -> re.Pattern[str]:
    """The pattern of every escape sequence that the standard has, local ones (`Z…`) among them."""
    e = re.escape(escape)
    return re.compile(
        rf"{e}(?:[FSTREPHN]|X(?:[0-9A-Fa-f]{{2}})+|C[0-9A-Fa-f]{{4}}|M[0-9A-Fa-f]{{4}}(?:[0-9A-Fa-f]{{2}})?"
        rf"|\.[a-z]{{2}}[+-]?\d*|Z[0-9A-Za-z]*){e}"
    )


def unescape(text: str, delimiters: Delimiters, coding: Coding) -> str:
    r"""Decode the escapes of one leaf, given as working text, after splitting.

    `\X..\` holds bytes of the declared set; `\H\`, `\N\` and formatting commands are kept as they are,
    and so is every unknown, lone or unclosed escape. HL7 v2.5.1 §2.7.
    """
    escape = delimiters.escape
    if not escape or escape not in text:
        return coding.show(text)
    found = (match for match in known_escape(escape).finditer(text) if match[0][1] in "CM")
    switches = [match for match in found if knows(bytes.fromhex(match[0][2:-1]))]
    if switches:
        return _switched(text, switches, delimiters, coding)
    return _replaced(coding.show(text), delimiters, coding.charset)


def _replaced(text: str, delimiters: Delimiters, charset: Charset) -> str:
    names = {
        "F": delimiters.field,
        "S": delimiters.component,
        "T": delimiters.subcomponent,
        "R": delimiters.repetition,
        "E": delimiters.escape,
        "P": delimiters.truncation,
    }

    def replace(match: re.Match[str]) -> str:
        if match[1]:
            return names[match[1]] or match[0]
        if match[2]:
            digits = match[2].replace(delimiters.escape, "").replace("X", "")
            return visible(charset.decode(bytes.fromhex(digits)))
        return match[0]

    return _pattern(delimiters.escape).sub(replace, text)


def _switched(text: str, switches: list[re.Match[str]], delimiters: Delimiters, coding: Coding) -> str:
    r"""Decode a leaf with `\Cxxyy\` or `\Mxxyyzz\`: the text after one is in the set it names."""
    charset = coding.charset
    out = [_replaced(coding.show(text[: switches[0].start()]), delimiters, charset)]
    ends = [*(match.start() for match in switches[1:]), len(text)]
    for match, end in zip(switches, ends, strict=True):
        designation = b"\x1b" + bytes.fromhex(match[0][2:-1])
        body = coding.to_bytes(text[match.end() : end])
        out.append(_replaced(visible(charset.decode(designation + body)), delimiters, charset))
    return "".join(out)


def escape_text(text: str, delimiters: Delimiters) -> str:
    r"""Escape one leaf for ER7: separators by name, control characters but the tab as `\X..\`.

    Raises EncodeError where the text needs an escape and MSH-2 declares no escape character.
    """
    if delimiters.special.search(text) is None and text != '""':
        return text
    escape = delimiters.escape
    if not escape:
        raise EncodeError(
            f"{text[:40]!r} needs an escape sequence, but MSH-2 declares no escape character",
            place="MSH-2",
            rule="HL7 v2.5.1 §2.7",
            hint="declare at least three encoding characters",
        )
    if text == '""':
        return f'{escape}X22{escape}"'
    return delimiters.special.sub(lambda match: _sequence(match[0], delimiters), text)


def _sequence(char: str, delimiters: Delimiters) -> str:
    escape = delimiters.escape
    marks = (delimiters.field, delimiters.component, delimiters.subcomponent, delimiters.repetition, escape)
    for name, mark in zip("FSTRE", marks, strict=True):
        if char == mark:
            return f"{escape}{name}{escape}"
    if char == delimiters.truncation:
        return f"{escape}P{escape}"
    return f"{escape}X{ord(char):02X}{escape}"


_BREAK = r"\.(?:br|sp\+?(\d{0,3}))"


def render(text: str, delimiters: Delimiters) -> str:
    r"""Show formatted text (FT, TX) for people: `\.br\` and `\.sp\` as line ends, `\H\` and `\N\` gone.

    Other formatting commands stay as they are. HL7 v2.5.1 §2.7.6.
    """
    e = re.escape(delimiters.escape)
    if not e:
        return text
    text = re.sub(rf"{e}{_BREAK}{e}", lambda match: "\n" * min(int(match[1] or 1), 100), text)
    return re.sub(rf"{e}[HN]{e}", "", text)
