"""The parameters of a QIDO-RS request as a Query. PS3.18 §8.3.4, §10.6.1.2."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from ..errors import UsageError
from ..model.query import Condition, Equals, Level, Query
from ..services import matching
from ..standards import dictionary
from ..store.extract_tables import LEVEL_OF

_RULE = "PS3.18 §8.3.4"
_MOST_CONDITIONS = 64
_MOST_FIELDS = 256
_DEEPEST = 8
_OTHER = frozenset(("accept", "charset"))
_DERIVED = frozenset((0x00080056, 0x00080061, 0x00080062, 0x00201206, 0x00201208, 0x00201209))
_UNSUPPORTED = frozenset(("multiplevaluematching", "orderby"))

Path = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked: the Query, the attributes to include, whether all, and what is warned of."""

    query: Query
    fields: tuple[Path, ...] = ()
    all_fields: bool = False
    warnings: tuple[str, ...] = ()


@functools.lru_cache(maxsize=4_096)
def path_of(key: str) -> tuple[Path, str]:
    """Tags and VR of `PatientName`, `00100010`, `00400275.00400009` or keywords so joined.

    UsageError for what is neither keyword nor tag, and beyond 8 levels.
    """
    parts = key.split(".")
    if len(parts) > _DEEPEST:
        raise UsageError(f"'{key[:80]}' has more than {_DEEPEST} levels", place=key[:80], rule=_RULE)
    path: list[int] = []
    for part in parts:
        tag = dictionary.tag(part)
        if tag is None:
            try:
                tag = int(part, 16) if len(part) == 8 and part.isalnum() else None
            except ValueError:
                tag = None
        if tag is None:
            hint = "a keyword as PatientName, a tag as 00100010, or several joined by dots"
            raise UsageError(f"'{key[:80]}' is no attribute", place=key[:80], rule=_RULE, hint=hint)
        path.append(tag)
    if any(dictionary.vr(tag) != "SQ" for tag in path[:-1]):
        raise UsageError(f"'{key[:80]}' leads through what is no sequence", place=key[:80], rule=_RULE)
    return tuple(path), dictionary.vr(path[-1])


def asked(
    level: Level, parameters: list[tuple[str, str]], scope: dict[str, str], *, most: int, page: int
) -> Asked:
    """What a request asks: its parameters, and `scope`, the UIDs that its path names by keyword.

    `most` is the most that one answer gives; the Query's limit is one more, which tells whether there is
    more. UsageError, naming the parameter, for what cannot be asked.
    """
    conditions: list[Condition] = [Equals(path_of(key)[0], (uid_of(uid),)) for key, uid in scope.items()]
    fields: list[Path] = []
    warnings: list[str] = []
    all_fields = fuzzy = False
    limit, offset = most, 0
    for key, value in parameters:
        if key == "limit":
            limit = min(_number(key, value), most)
        elif key == "offset":
            offset = _number(key, value)
        elif key == "includefield":
            for name in value.split(","):
                if name.strip() == "all":
                    all_fields = True
                elif name.strip():
                    fields.append(path_of(name.strip())[0])
        elif key == "fuzzymatching":
            fuzzy = _truth(key, value)
        elif key in _UNSUPPORTED:
            warnings.append(f"The following parameters are not supported: {key}")
        elif key not in _OTHER:
            _condition(level, key, value, conditions, warnings)
    if len(conditions) > _MOST_CONDITIONS or len(fields) > _MOST_FIELDS:
        raise UsageError(f"more than {_MOST_CONDITIONS} conditions or {_MOST_FIELDS} fields", rule=_RULE)
    query = Query(level, tuple(conditions), fuzzy, min(limit, page) + 1, offset)
    return Asked(query, tuple(fields), all_fields, tuple(warnings))


def _condition(level: Level, key: str, value: str, conditions: list[Condition], warnings: list[str]) -> None:
    path, vr = path_of(key)
    kept = LEVEL_OF.get(path[0])
    if kept is None and path[0] not in _DERIVED:
        warnings.append(f"The following attributes are not matched: {key}")
        return
    if kept is not None and kept > level:
        hint = "ask at that level, as /series?Modality=CT; studies are found by ModalitiesInStudy"
        raise UsageError(f"{key} is of a lower level", place=key, rule="PS3.18 §10.6.1.2.3", hint=hint)
    if vr == "UI":
        value = value.replace(",", "\\")
    found = matching.condition(path, vr, value)
    if found is not None:
        conditions.append(found)


def uid_of(text: str) -> str:
    """A UID of a path, checked. UsageError for what is none: PS3.5 §9.1."""
    if not 0 < len(text) <= 64 or not text.isascii() or not text.replace(".", "").isdigit():
        raise UsageError(f"'{text[:70]}' is no UID", place=text[:70], rule="PS3.5 §9.1")
    return text


def _number(key: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > 9:
        raise UsageError(f"'{text[:40]}' is no whole number", place=key, rule=_RULE)
    return int(text)


def _truth(key: str, text: str) -> bool:
    if text not in {"true", "false", ""}:
        raise UsageError(f"'{text[:40]}' is neither true nor false", place=key, rule=_RULE)
    return text == "true"
