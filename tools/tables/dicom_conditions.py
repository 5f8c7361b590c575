"""The conditions of types 1C and 2C and of usage C, as data that a program evaluates.

Two ways in: the sentence of the standard, read by dicom-validator's grammar and taken only where nothing of
it was left over; and the small language of the corrections, as `Modality = CT and ImageType[1] != DERIVED`.

A comparison is {op, tag, index, values}, or {and: […]}, or {or: […]} of those: `op` is + present, ++ present
with a value, - absent, 0 present without a value, =, !=, >, <, or => (points to a tag); `index` counts values
from 0 and is left out where any value, or the first, is meant. A condition has a `type` besides: MU required
where the comparison holds, else free; MN else not allowed; MC else `other` tells whether it is allowed; NU
not allowed where it holds. `free` marks an MU that may be present otherwise by the words of the standard.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from dicom_validator.spec_reader.condition_parser import ConditionParser
from pydicom._dicom_dict import DicomDictionary

Test = dict[str, Any]

_OPERATORS = {"present": "+", "filled": "++", "absent": "-", "empty": "0", "points to": "=>"}
_CLAUSE = re.compile(
    r"(?P<keyword>\w+)(?:\[(?P<number>\d)\])?\s*"
    r"(?:(?P<plain>present|absent|filled|empty|nonzero)\b"
    r"|(?P<op>!=|=|>|<|points to)\s*(?P<values>[^()]+?)(?=\s+(?:and|or)\s|\s*\)|\s*$))"
)
_FIRST = re.compile(r"(?<!\be\.g)(?<!\bi\.e)[.;:](?:\s|$)")
_PRESENT_AND = re.compile(r"present,? and (?:has|is|if|the value|equals|contains)\b", re.IGNORECASE)
_UID = 0x00080016


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

    def _joined(self, text: str, word: str, part: Any) -> tuple[Test, str]:
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
        test = _comparison(
            _OPERATORS.get(operator, operator), self._tags[found["keyword"]], number - 1, values
        )
        return test, text[found.end() :].lstrip()


class Sentences:
    """The sentences of the standard, read by dicom-validator; None for what no program can decide."""

    def __init__(self) -> None:
        names = {
            f"({tag >> 16:04X},{tag & 0xFFFF:04X})": {"name": row[2]} for tag, row in DicomDictionary.items()
        }
        self._parser = ConditionParser(names)
        self._known: dict[str, Any] = {}

    def condition(self, text: str) -> Any:
        """The condition that a description states, from the first `Required if` or the like on."""
        start = re.search(
            r"\b(Required|Shall be present|Must be present|Shall not be present) (if|only if|for|when)\b",
            text,
        )
        if not start:
            return None
        sentence = text[start.start() :]
        if sentence not in self._known:
            self._known[sentence] = self._read(sentence)
        return self._known[sentence]

    def when(self, text: str) -> Any:
        """The test of a clause as `Segmentation Type (0062,0001) is BINARY`."""
        found = self.condition(f"Required if {text}.")
        return {key: part for key, part in found.items() if key not in {"type", "free"}} if found else None

    def _read(self, sentence: str) -> Any:
        try:
            plain = json.loads(json.dumps(self._parser.parse(sentence).result_dict()))
        except Exception:  # a sentence that its grammar stumbles over decides nothing
            return None
        if plain["type"] not in {"MN", "MU", "MC", "NU"} or _loses_a_clause(sentence, plain):
            return None
        test = _test(plain, sentence)
        other = plain.get("other_cond")
        allowed = _test(other, sentence) if other else None
        if test is None or (other and allowed is None):
            return None
        return condition("X" if plain["type"] == "NU" else "R", test, _otherwise(sentence), allowed)


def _otherwise(sentence: str) -> str:
    lower = sentence.lower()
    if re.search(r"not be present otherwise|otherwise not used", lower):
        return "-"
    if re.search(r"may (also )?be present otherwise", lower):
        return "+"
    return "?" if "may be present if" in lower or "may also be present" not in lower else "+"


def _loses_a_clause(sentence: str, plain: dict[str, Any]) -> bool:
    """Whether the grammar dropped an `and …`, which would require what the standard does not."""
    first = _PRESENT_AND.sub("", _FIRST.split(sentence)[0])
    return " and " in first and '"and"' not in json.dumps(plain)


def _test(plain: dict[str, Any], sentence: str) -> Any:
    for word in ("and", "or"):
        if word in plain:
            parts = [_test(part, sentence) for part in plain[word]]
            return None if None in parts else {word: parts}
    tag = int(plain["tag"][1:5] + plain["tag"][6:10], 16)
    values = [str(value) for value in plain.get("values", [])]
    operator = plain["op"]
    if tag == _UID and operator in {"=", "!="} and not all(value.count(".") > 3 for value in values):
        return None  # a UID without quotation marks is cut at its first point
    if operator == "!0":
        operator, values = ">", ["0"]
    if operator in {"=", "!="} and values == [""]:
        operator, values = ("0" if operator == "=" else "++"), []
    return _comparison(operator, tag, int(plain.get("index") or 0), values)


def _comparison(operator: str, tag: int, index: int, values: list[str]) -> Test:
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
