r"""Bytes that do not fit their declared character set, shown in text and taken back from it.

Inside the room such a byte is the surrogate U+DC00 + byte, which no character set can produce. For
people it is shown as `\xHH`, two lower-case hexadecimal digits: 0x93 under ISO_IR 100 is `\x93`. A
backslash of the text itself that would read as such an escape is shown as `\x5c`. Writing takes the
shown form back to the same bytes, so the form is reversible: PS3.5 §6.1.2.
"""

from __future__ import annotations

import re

_KEPT = re.compile("[\udc00-\udcff]")
_LOOKALIKE = re.compile(r"\\(?=x(?:[89a-f][0-9a-f]|5c))")
_SHOWN = re.compile(r"\\x([89a-f][0-9a-f]|5c)")


def kept(data: bytes) -> str:
    """Bytes as the surrogates that stand for them."""
    return "".join([chr(0xDC00 + byte) for byte in data])


def count(text: str) -> int:
    """How many bytes of a text did not fit."""
    return 0 if text.isascii() else len(_KEPT.findall(text))


def show(text: str) -> str:
    r"""The text for people: each byte that did not fit as `\xHH`."""
    if "\\x" in text:
        text = _LOOKALIKE.sub(r"\\x5c", text)
    if text.isascii():
        return text
    return _KEPT.sub(lambda found: f"\\x{ord(found[0]) - 0xDC00:02x}", text)


def take_back(text: str) -> str:
    r"""The text of `show` with its `\xHH` as the surrogates again."""
    if "\\x" not in text:
        return text
    return _SHOWN.sub(lambda found: "\\" if found[1] == "5c" else chr(0xDC00 + int(found[1], 16)), text)
