"""The keys of a data set: keyword, tag as text or number, and paths through sequences.

`PatientName`, `00100010`, `(0010,0010)`, 0x00100010, `00400275/0/00400009`,
`RequestAttributesSequence/0/ScheduledProcedureStepID`. Items count from 0. PS3.6 §6.
"""

from __future__ import annotations

from ..errors import UsageError
from ..standards import dictionary

Key = str | int

_MEMORY = 20_000
_HEXADECIMAL = frozenset("0123456789abcdefABCDEF")
KNOWN: dict[str, int] = {}


def tag_of(key: Key) -> int:
    """The tag of a keyword or tag; UsageError for what is neither."""
    if isinstance(key, int):
        if 0 <= key <= 0xFFFFFFFF:
            return key
        raise UsageError(f"{key:#x} is not a tag")
    tag = KNOWN.get(key)
    if tag is None:
        tag = _resolve(key)
        if len(KNOWN) < _MEMORY:
            KNOWN[key] = tag
    return tag


def _resolve(key: str) -> int:
    tag = dictionary.tag(key)
    if tag is not None:
        return tag
    text = key
    if len(text) == 11 and text[0] == "(" and text[5] == "," and text[10] == ")":
        text = text[1:5] + text[6:10]
    if len(text) == 8 and _HEXADECIMAL.issuperset(text):
        return int(text, 16)
    raise UsageError(
        f"{key!r} is neither a keyword nor a tag", hint="as PatientName, 00100010 or 00400275/0/00400009"
    )


def split(path: Key) -> tuple[list[tuple[int, int]], int]:
    """The sequence tags with item numbers on the way, and the tag at the end."""
    if isinstance(path, int) or "/" not in path:
        return [], tag_of(path)
    parts = path.split("/")
    if len(parts) % 2 == 0:
        raise UsageError(f"the path {path!r} does not end at an element")
    steps: list[tuple[int, int]] = []
    for at in range(0, len(parts) - 1, 2):
        number = parts[at + 1]
        if not (number.isascii() and number.isdigit() and len(number) < 10):
            raise UsageError(f"{number!r} in the path {path!r} is no item number")
        steps.append((tag_of(parts[at]), int(number)))
    return steps, tag_of(parts[-1])


def text_of(tag: int) -> str:
    """A tag in the form used in paths: `00100010`."""
    return f"{tag:08X}"
