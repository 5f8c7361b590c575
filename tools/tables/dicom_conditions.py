"""The sentences in which the standard states the condition of an attribute, as data.

dicom-validator's grammar reads them; what it gives counts only where nothing of the sentence was left over.
"""

from __future__ import annotations

import json
import re
from typing import Any

from dicom_validator.spec_reader.condition_parser import ConditionParser
from pydicom._dicom_dict import DicomDictionary

from .dicom_expressions import comparison, condition

_FIRST = re.compile(r"(?<!\be\.g)(?<!\bi\.e)[.;:](?:\s|$)")
_PRESENT_AND = re.compile(r"present,? and (?:has|is|if|the value|equals|contains)\b", re.IGNORECASE)
_UID = 0x00080016


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
    return comparison(operator, tag, int(plain.get("index") or 0), values)
