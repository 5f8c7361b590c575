"""Whether the values of one element are as its VR, the dictionary and its module want them.

Lengths are counted in characters, as PS3.5 §6.2 does; character sets are judged by `problems`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator

from ..errors import Finding, Severity, ValueFormatError
from ..standards import dictionary
from . import meaning, temporal
from .dataset import Element
from .vr import BYTE_VRS, SINGLE_VALUED, TEXT_VRS, WORD_SIZES

CITATION = "PS3.5 §6.2"
_MULTIPLICITY = "PS3.5 §6.4"
_LONGEST = {"AE": 16, "CS": 16, "DS": 16, "IS": 12, "LO": 64, "SH": 16, "UI": 64, "LT": 10_240, "ST": 1_024}
_FORMS = {
    "AE": (r"[\x20-\x5b\x5d-\x7e]*", "has characters that no AE has"),
    "AS": (r"\d{3}[DWMY]", "is not three digits and D, W, M or Y"),
    "CS": (r"[A-Z0-9 _]*", "has other characters than A to Z, 0 to 9, space and _"),
    "DS": (r" *[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)? *", "is no decimal number"),
    "IS": (r" *[+-]?\d+ *", "is no whole number"),
    "UI": (r"[012](?:\.(?:0|[1-9]\d*))+", "is no UID: 0, 1 or 2, then numbers without leading zeros"),
    "UR": (r"[!-~]*", "has characters that no URI has"),
}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_LINES = re.compile(r"[\t\n\x0c\r]")
_PARSERS: dict[str, Callable[[str], object]] = {
    "DA": temporal.parse_date,
    "TM": temporal.parse_time,
    "DT": temporal.parse_datetime,
}


@functools.cache
def _form(vr: str) -> re.Pattern[str]:
    return re.compile(_FORMS[vr][0])


def check(element: Element, path: str) -> Iterator[Finding]:
    """The findings of one element that is no sequence: its VR, how many values, and each of them."""
    vr = element.vr
    declared = element.wire_vr
    allowed = meaning.alternatives(element.tag)
    if declared and allowed and declared not in allowed:
        severity = Severity.NOTE if declared == "UN" else Severity.WARNING
        text = f"{name(element)} has the VR {declared}, the dictionary {' or '.join(allowed)}"
        yield Finding(severity, path, "value-representation", text, "PS3.6 §6")
    if element.length == 0 or vr in BYTE_VRS or vr == "SQ":
        return
    yield from multiplicity(element, vr, path)
    if vr in WORD_SIZES:
        return
    value = element.value
    for one in value if isinstance(value, tuple) else () if value is None else (value,):
        problem = problem_of(vr, str(one))
        if problem:
            yield Finding(Severity.ERROR, path, "value-format", f"{name(element)}: {problem}", CITATION)
    if vr in TEXT_VRS:
        for found in element.problems:
            yield Finding(found.severity, path, found.rule, f"{name(element)}: {found.message}", CITATION)


def name(element: Element) -> str:
    """The keyword of an element, or its tag where it has none."""
    return element.keyword or f"({element.tag >> 16:04X},{element.tag & 0xFFFF:04X})"


def multiplicity(element: Element, vr: str, path: str) -> Iterator[Finding]:
    """Whether there are as many values as the dictionary allows."""
    entry = dictionary.by_tag(element.tag)
    if entry is None or not entry.vm:
        return
    bounds = _bounds(entry.vm)
    if bounds is None:
        return
    least, most, step = bounds
    if vr in WORD_SIZES:
        count = element.length // (4 if vr == "AT" else WORD_SIZES[vr])
    elif vr in SINGLE_VALUED:
        count = 1
    else:
        value = element.value
        count = len(value) if isinstance(value, tuple) else 1
    if count < least or (most and count > most) or (step > 1 and count % step):
        text = f"{name(element)} has {count} value{'s' if count != 1 else ''}, not {entry.vm}"
        yield Finding(Severity.ERROR, path, "value-multiplicity", text, _MULTIPLICITY)


@functools.cache
def _bounds(multiplicity: str) -> tuple[int, int, int] | None:
    """Least, most (0: any number) and step of a multiplicity, as `1`, `2-4`, `1-n`, `2-2n`."""
    found = re.fullmatch(r"(\d+)(?:-(\d*)(n?))?", multiplicity)
    if found is None:
        return None
    least = int(found[1])
    if found[2] is None:
        return least, least, 1
    if found[3]:
        return least, 0, int(found[2] or 1)
    return least, int(found[2]), 1


def problem_of(vr: str, text: str) -> str:
    """What is wrong with one value of a VR; empty where nothing is."""
    longest = _LONGEST.get(vr)
    if longest and len(text) > longest:
        return f"{_shown(text)} has {len(text)} characters, {vr} at most {longest}"
    if not text:
        return ""
    if vr in _FORMS:
        return "" if _form(vr).fullmatch(text) else f"{_shown(text)} {_FORMS[vr][1]}"
    if vr in _PARSERS:
        return _moment(vr, text)
    if vr == "PN":
        return _person_name(text)
    if _CONTROL.search(text) or (vr in ("LO", "SH", "UC") and _LINES.search(text)):
        return f"{_shown(text)} has control characters"
    return ""


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "…")


def _moment(vr: str, text: str) -> str:
    try:
        _PARSERS[vr](text)
    except ValueFormatError as error:
        return error.message
    if (vr == "DA" and "." in text) or (vr == "TM" and ":" in text):
        return f"{_shown(text)} is in the form of ACR-NEMA"
    return ""


def _person_name(text: str) -> str:
    groups = text.split("=")
    if len(groups) > 3:
        return f"{_shown(text)} has {len(groups)} component groups, PN at most 3"
    for group in groups:
        if len(group) > 64:
            return f"{_shown(group)} has {len(group)} characters, a component group at most 64"
        if group.count("^") > 4:
            return f"{_shown(group)} has {group.count('^') + 1} components, PN at most 5"
    return f"{_shown(text)} has control characters" if _CONTROL.search(text) or _LINES.search(text) else ""
