"""The bytes of a value field, from Python values; padded to an even length.

A number given for DS or IS must have an exact text of at most 16 or 12 characters, or it is refused
rather than rounded. Texts are written as they are: what a VR allows in them is for `validate`.
PS3.5 §6.2.
"""

from __future__ import annotations

import datetime
import decimal
import struct
from collections.abc import Iterable

from ..errors import UsageError, ValueFormatError
from .charset import DEFAULT, CharacterSet
from .values import delimiters
from .vr import BYTE_VRS, SINGLE_VALUED, TEXT_VRS

_NUMBERS = {"FD": "d", "FL": "f", "SL": "l", "SS": "h", "SV": "q", "UL": "L", "US": "H", "UV": "Q"}


def field(vr: str, value: object, charset: CharacterSet = DEFAULT, little: bool = True) -> bytes:
    """The value field of a value or several; ValueFormatError, or EncodeError for lacking characters."""
    if vr in BYTE_VRS or (isinstance(value, bytes | bytearray | memoryview) and vr != "SQ"):
        return _binary(vr, value)
    several = _several(value)
    if vr in _NUMBERS:
        return _numbers(vr, several, little)
    if vr == "AT":
        order = "<HH" if little else ">HH"
        return b"".join([struct.pack(order, *divmod(_tag(one), 0x10000)) for one in several])
    if vr == "SQ":
        raise UsageError("a sequence takes a list of data sets")
    texts = [_text(vr, one) for one in several]
    if len(texts) > 1:
        if vr in SINGLE_VALUED:
            raise ValueFormatError(f"{vr} has one value, {len(texts)} were given", rule="PS3.5 §6.2")
        if any("\\" in one.replace("\\x", "") for one in texts):
            raise ValueFormatError("a backslash cannot be part of one of several values", rule="PS3.5 §6.2")
    text = "\\".join(texts)
    data = (charset if vr in TEXT_VRS else DEFAULT).encode(text, delimiters(vr))
    return even(vr, data)


def even(vr: str, data: bytes) -> bytes:
    """The bytes padded to an even length: with NUL for UI and bytes, with a space for the other texts."""
    if len(data) % 2:
        data += b"\0" if vr == "UI" or vr in BYTE_VRS else b" "
    return data


def _several(value: object) -> list[object]:
    if value is None:
        return []
    if isinstance(value, Iterable) and not isinstance(value, str):
        return list(value)
    return [value]


def _binary(vr: str, value: object) -> bytes:
    if value is None:
        return b""
    if not isinstance(value, bytes | bytearray | memoryview):
        raise ValueFormatError(f"{vr} takes bytes, not {type(value).__name__}", rule="PS3.5 §6.2")
    return even(vr, bytes(value))


def _numbers(vr: str, several: list[object], little: bool) -> bytes:
    order = "<" if little else ">"
    try:
        if vr in ("FL", "FD"):
            data = struct.pack(f"{order}{len(several)}{_NUMBERS[vr]}", *[_float(one) for one in several])
        else:
            data = struct.pack(f"{order}{len(several)}{_NUMBERS[vr]}", *[_integer(one) for one in several])
    except (struct.error, OverflowError, ValueError, TypeError) as error:
        raise ValueFormatError(f"{several!r:.80} does not fit {vr}: {error}", rule="PS3.5 §6.2") from None
    return data


def _float(value: object) -> float:
    if isinstance(value, int | float | str | decimal.Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} is not a number")


def _integer(value: object) -> int:
    if isinstance(value, int | str):
        return int(value)
    if isinstance(value, float | decimal.Decimal) and value == int(value):
        return int(value)
    raise TypeError(f"{value!r} is not a whole number")


def _tag(value: object) -> int:
    if isinstance(value, int) and 0 <= value <= 0xFFFFFFFF:
        return value
    if isinstance(value, str):
        text = value.strip("()").replace(",", "")
        if len(text) == 8:
            try:
                return int(text, 16)
            except ValueError:
                pass
    raise ValueFormatError(f"{value!r:.40} is not a tag", rule="PS3.5 §6.2")


def _text(vr: str, value: object) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if vr == "DS":
        return decimal_string(value)
    if vr == "IS":
        return _integer_string(value)
    if isinstance(value, datetime.date | datetime.time) and vr in ("DA", "TM", "DT"):
        return _moment(vr, value)
    if isinstance(value, int | float | decimal.Decimal) and not isinstance(value, bool):
        return str(value)
    raise ValueFormatError(f"{vr} takes text, not {type(value).__name__}", rule="PS3.5 §6.2")


def decimal_string(value: object) -> str:
    """The DS of a number: at most 16 characters that read back as this very number, or ValueFormatError."""
    if isinstance(value, bool) or not isinstance(value, int | float | decimal.Decimal):
        raise ValueFormatError(
            f"DS takes a number or its text, not {type(value).__name__}", rule="PS3.5 §6.2"
        )
    number = value
    candidates = [str(number)]
    if isinstance(number, float | decimal.Decimal):
        candidates += [f"{number:.{digits}g}" for digits in (15, 14, 13, 12, 11, 10)]
    for text in list(candidates):
        candidates.append(text.replace("0.", ".", 1) if text.lstrip("-").startswith("0.") else text)
    for text in candidates:
        if len(text) <= 16 and text[-1].isdigit() and type(number)(text) == number:
            return text
    raise ValueFormatError(
        f"{value!r} has no exact text of 16 characters", rule="PS3.5 §6.2", hint="round it, or give its text"
    )


def _integer_string(value: object) -> str:
    try:
        number = _integer(value)
    except TypeError as error:
        raise ValueFormatError(str(error), rule="PS3.5 §6.2") from None
    if not -(2**31) <= number < 2**31:
        raise ValueFormatError(f"{number} is outside the range of IS", rule="PS3.5 §6.2")
    return str(number)


def _moment(vr: str, value: datetime.date | datetime.time) -> str:
    if vr == "DA" and isinstance(value, datetime.date):
        return value.strftime("%Y%m%d")
    if vr == "TM" and isinstance(value, datetime.time):
        return value.strftime("%H%M%S.%f" if value.microsecond else "%H%M%S")
    if vr == "DT" and isinstance(value, datetime.datetime):
        text = value.strftime("%Y%m%d%H%M%S.%f" if value.microsecond else "%Y%m%d%H%M%S")
        return text + value.strftime("%z")[:5]
    raise ValueFormatError(f"{vr} does not take a {type(value).__name__}", rule="PS3.5 §6.2")
