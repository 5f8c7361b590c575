"""What in the bytes of one value field does not fit its VR or the declared character set."""

from __future__ import annotations

from ..errors import Finding, Severity
from . import charset as charsets
from .charset import CharacterSet
from .keys import text_of
from .values import delimiters
from .vr import BYTE_VRS, SPECIFIC_CHARACTER_SET, TEXT_VRS

_WIDTHS = {"AT": 4, "FD": 8, "FL": 4, "SL": 4, "SS": 2, "SV": 8, "UL": 4, "US": 2, "UV": 8}


def of_field(tag: int, vr: str, data: bytes, charset: CharacterSet) -> list[Finding]:
    """The findings of one value field: misfit bytes, undeclared escapes, a length that is no number's."""
    if vr in BYTE_VRS:
        return []
    if vr in TEXT_VRS:
        found = charset.problems(data, delimiters(vr))
    elif vr in _WIDTHS:
        found = [f"{len(data)} bytes are no whole number of {vr}"] if len(data) % _WIDTHS[vr] else []
    else:
        found = charsets.DEFAULT.problems(data)
    if tag == SPECIFIC_CHARACTER_SET:
        found += [f"{term!r} is not a defined term" for term in charset.unknown]
    return [Finding(Severity.WARNING, text_of(tag), "value-bytes", text, "PS3.5 §6.2") for text in found]
