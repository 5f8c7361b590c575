"""Conditions as data, and the small language in which the corrections state them.

`Modality = CT and (ImageType[1] != DERIVED or NumberOfFrames > 1)`: clauses of a keyword, with the number of
its value in brackets, joined by `and`, `or` and parentheses.

A comparison is {op, tag, index, values}, or {and: […]}, or {or: […]} of those: `op` is + present, ++ present
with a value, - absent, 0 present without a value, =, !=, >, <, or => (points to a tag); `index` counts values
from 0 and is left out where any value, or the first, is meant. A condition has a `type` besides: MU required
where the comparison holds, else free; MN else not allowed; MC else `other` tells whether it is allowed; NU
not allowed where it holds. `free` marks an MU that may be present otherwise by the words of the standard.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

Test = dict[str, Any]

_OPERATORS = {"present": "+", "filled": "++", "absent": "-", "empty": "0", "points to": "=>"}
_CLAUSE = re.compile(
    r"(?P<keyword>\w+)(?:\[(?P<number>\d)\])?\s*"
    r"(?:(?P<plain>present|absent|filled|empty|nonzero)\b"
    r"|(?P<op>!=|=|>|<|points to)\s*(?P<values>[^()]+?)(?=\s+(?:and|or)\s|\s*\)|\s*$))"
)


class Expressions:
    """The small language of the corrections: clauses joined by `and`, `or` and parentheses."""

    def __init__(self, tags: Mapping[str, int]) -> None:
        self._tags = tags

    def read(self, text: str) -> Test:
        """The test of an expression; ValueError where it has none."""
        test, rest = self._any(text.strip())
        if rest:
            raise ValueError(f"{rest!r} is left of {text!r}")
        return test

    def _any(self, text: str) -> tuple[Test, str]:
        return self._joined(text, "or", self._all)

    def _all(self, text: str) -> tuple[Test, str]:
        return self._joined(text, "and", self._one)

    def _joined(self, text: str, word: str, part: Callable[[str], tuple[Test, str]]) -> tuple[Test, str]:
        test, text = part(text)
        parts = [test]
        while text.startswith(f"{word} "):
            test, text = part(text[len(word) :].lstrip())
            parts.append(test)
        return (parts[0] if len(parts) == 1 else {word: parts}), text

    def _one(self, text: str) -> tuple[Test, str]:
        if text.startswith("("):
            test, text = self._any(text[1:].lstrip())
            if not text.startswith(")"):
                raise ValueError(f"no closing parenthesis before {text!r}")
            return test, text[1:].lstrip()
        found = _CLAUSE.match(text)
        if not found:
            raise ValueError(f"no clause at {text!r}")
        values = [value.strip() for value in (found["values"] or "").split("|") if value.strip()]
        operator = found["plain"] or found["op"]
        if operator == "nonzero":
            operator, values = ">", ["0"]
        if operator == "points to":
            values = [str(self._tags[value]) for value in values]
        number = int(found["number"] or 0)
        test = comparison(
            _OPERATORS.get(operator, operator), self._tags[found["keyword"]], number - 1, values
        )
        return test, text[found.end() :].lstrip()


def comparison(operator: str, tag: int, index: int, values: list[str]) -> Test:
    """A comparison; the first value is not told from any."""
    found: Test = {"op": operator, "tag": tag}
    if index > 0:
        found["index"] = index
    if values:
        found["values"] = values
    return found


def condition(what: str, test: Test, otherwise: str = "?", allowed: Test | None = None) -> dict[str, Any]:
    """A condition of a test: what is R (required where it holds) or X (not allowed there)."""
    if what == "X":
        return {"type": "NU", **test}
    if allowed is not None:
        return {"type": "MC", **test, "other": allowed}
    if otherwise == "-":
        return {"type": "MN", **test}
    return {"type": "MU", **test, **({"free": True} if otherwise == "+" else {})}
