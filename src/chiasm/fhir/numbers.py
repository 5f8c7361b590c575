"""Numbers that keep their text: 1.50 is not 1.5 where precision carries meaning.

FHIR R4 §2.24.0.1: the precision of a decimal has to be preserved.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

_JSON_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class Number:
    """A number of JSON by its text, equal to another of the same text."""

    text: str

    def __str__(self) -> str:
        return self.text

    def __float__(self) -> float:
        return float(self.text)


def is_number(text: str) -> bool:
    """Whether a text is a number as JSON writes it: no sign before it but minus, no leading zeros."""
    return _JSON_NUMBER.fullmatch(text) is not None


def integer(text: str) -> int | Number:
    """A whole number; one that Python would write differently (`-0`) keeps its text."""
    return int(text) if len(text) < 19 and text != "-0" else Number(text)


def dump(content: object, indent: int | None = None) -> str:
    """The JSON of a tree; numbers are written by their text, whatever C or Python would make of it.

    They pass the encoder as marked texts; the mark is one that the content does not hold.
    """
    mark = "\ue0f8"
    while True:
        passed = 0

        def default(value: object, mark: str = mark) -> str:
            nonlocal passed
            if not isinstance(value, Number):
                raise TypeError(f"{type(value).__name__} is no content of JSON")
            passed += 1
            return f"{mark}{value.text}{mark}"

        separators = (",", ":") if indent is None else (",", ": ")
        text = json.dumps(
            content,
            ensure_ascii=False,
            separators=separators,
            indent=indent,
            default=default,
            allow_nan=False,
        )
        if not passed:
            return text
        restored, count = re.subn(f'"{mark}([^"{mark[0]}]*){mark}"', r"\1", text)
        if count == passed:
            return restored
        mark += "\ue0f8"
