"""Whether the condition of a type 1C or 2C attribute, or of a module, holds in a data set.

An attribute that a condition names is looked for in the nearest data set that may hold it, from the item
outward. PS3.5 §7.4.2, §7.4.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..standards.iods import Condition
from .dataset import DataSet
from .validate_plan import Level

_CHARACTER_LIMIT = 1 << 16


@dataclass(frozen=True, slots=True)
class Scope:
    """A data set, what the standard says of it, the scope around it; `path` leads to it, slash at its end."""

    data: DataSet
    level: Level
    outer: Scope | None
    path: str

    def holder(self, tag: int) -> DataSet | None:
        """The data set in which a tag is looked for; None where none has it or may have it."""
        scope: Scope | None = self
        while scope is not None:
            if tag in scope.level.uses or tag in scope.data.records:
                return scope.data
            scope = scope.outer
        return None


def demand(condition: Condition, scope: Scope) -> bool | None:
    """True where the condition makes it required, False where it is not allowed, None where it is free."""
    kind = condition.get("type", "MU")
    if holds(condition, scope):
        return bool(kind != "NU")
    if kind == "MN" or (kind == "MC" and not holds(condition.get("other", {}), scope)):
        return False
    return None


def holds(condition: Condition, scope: Scope) -> bool:
    """Whether a comparison is true, or the `and` or `or` of comparisons, at most two levels deep."""
    if "and" in condition:
        return all(_part(one, scope) for one in condition["and"])
    if "or" in condition:
        return any(_part(one, scope) for one in condition["or"])
    return "op" in condition and _compare(condition, scope)


def _part(condition: Condition, scope: Scope) -> bool:
    if "and" in condition:
        return all(_compare(one, scope) for one in condition["and"])
    if "or" in condition:
        return any(_compare(one, scope) for one in condition["or"])
    return _compare(condition, scope)


def _compare(condition: Condition, scope: Scope) -> bool:
    tag, operator = condition.get("tag", 0), condition.get("op", "")
    holder = scope.holder(tag)
    element = holder.element(tag) if holder is not None else None
    if operator == "-":
        return element is None
    if element is None:
        return False
    if operator == "+":
        return True
    is_filled = element.length > 0 or bool(element.items)
    if operator in ("++", "0"):
        return is_filled is (operator == "++")
    if element.length > _CHARACTER_LIMIT or element.vr == "SQ":
        return False
    value = element.value
    values: tuple[object, ...] = value if isinstance(value, tuple) else () if value is None else (value,)
    if "index" in condition:
        values = values[condition["index"] : condition["index"] + 1]
    return bool(values) and _matches(operator, values, condition.get("values", ()))


def _matches(operator: str, values: tuple[object, ...], wanted: Sequence[object]) -> bool:
    texts = {str(one) for one in wanted}
    if operator in ("=", "=>"):
        return any(str(one) in texts for one in values)
    if operator == "!=":
        return not any(str(one) in texts for one in values)
    try:
        number, bound = float(str(values[0])), float(str(wanted[0]))
    except (ValueError, IndexError):
        return False
    return number > bound if operator == ">" else operator == "<" and number < bound
