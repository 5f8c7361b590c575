"""From the bytes of a JSON resource to a tree, within the budgets of `limits`.

FHIR R4 §2.6.2: JSON in UTF-8, no name twice in an object, no nulls but in arrays beside `_` arrays.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from ..errors import LimitError, ParseError
from ..limits import DEFAULT, Limits
from .numbers import Number, integer
from .resource import Resource

_BOM = b"\xef\xbb\xbf"
_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[{]++|[\]}]++', re.DOTALL)
_RULE = "FHIR R4 §2.6.2"


def parse(
    data: bytes | bytearray | memoryview | str, *, limits: Limits = DEFAULT, source: str = ""
) -> Resource:
    """The resource that the bytes say.

    Raises LimitError for more bytes or deeper nesting than `limits` allows; ParseError for what is
    not JSON in UTF-8, repeats a name, or is not a resource.
    """
    if len(data) > limits.json_bytes:
        raise LimitError(
            f"{len(data)} bytes of JSON, the budget json_bytes is {limits.json_bytes}",
            source=source,
            rule=_RULE,
        )
    text = data if isinstance(data, str) else _text(bytes(data), source)
    _check_depth(text, limits.json_depth, source)
    try:
        content = json.loads(
            text,
            object_pairs_hook=_object,
            parse_float=Number,
            parse_int=integer,
            parse_constant=_constant,
        )
    except ParseError as error:
        raise ParseError(error.message, source=source, rule=error.rule) from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno} column {error.colno}"
        raise ParseError(f"not JSON: {error.msg}", source=source, place=place, rule=_RULE) from None
    except RecursionError:
        raise LimitError("nested deeper than can be read", source=source, rule=_RULE) from None
    if not isinstance(content, dict) or not isinstance(content.get("resourceType"), str):
        raise ParseError(
            "JSON, but no FHIR resource", source=source, rule=_RULE, hint="a resource has a resourceType"
        )
    original = text.encode("utf-8", "surrogatepass") if isinstance(data, str) else bytes(data)
    return Resource(content, original)


def read_file(path: str | Path, *, limits: Limits = DEFAULT) -> Resource:
    """The resource in a file; raises ParseError where it cannot be read."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise ParseError(f"cannot be read: {error.strerror}", source=str(path)) from error
    return parse(data, limits=limits, source=str(path))


def _text(data: bytes, source: str) -> str:
    try:
        return data.removeprefix(_BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        raise ParseError("not UTF-8", source=source, place=f"byte {error.start}", rule=_RULE) from None


def _check_depth(text: str, limit: int, source: str) -> None:
    """Refuse nesting beyond the limit, without recursion; most texts have too few brackets to need a look."""
    if text.count("[") + text.count("{") <= limit:
        return
    depth = 0
    for found in _BRACKETS.finditer(text):
        token = found[0]
        if token[0] == '"':
            continue
        depth += len(token) if token[0] in "[{" else -len(token)
        if depth > limit:
            raise LimitError(
                f"nested deeper than {limit}, the budget json_depth",
                source=source,
                place=f"character {found.start()}",
            )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ParseError(f"the name '{twice}' stands twice in an object", rule=_RULE)
    return found


def _constant(text: str) -> None:
    raise ParseError(f"{text} is not a number of JSON", rule=_RULE)
