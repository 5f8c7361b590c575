"""Messages made of plain mappings: paths are placed, every other key becomes an observation.

    {"PID-5.1": "Doe", "Modality": "CT", "Spacing": [0.5, 0.5], "Series": [{"Number": 1}, {"Number": 2}]}

    PID-5.1 = Doe
    OBX  Modality  ST  CT                        OBX-3 the key, OBX-2 the type that the value has
    OBX  Spacing   NM  0.5~0.5                   a list: repetitions of OBX-5
    OBX  Series    1      NM 2                   a list of mappings: how many there are,
    OBX  Number    1.1.1  NM 1                   then each one's own keys; OBX-4 is where they stand:
    OBX  Number    1.2.1  NM 2                   the list's number, the item's, the key's

What is required and not given is the explicit null, never made up. HL7 v2.5.1 §7.4.2 (OBX), §7.3.1 (ORU).
"""

from __future__ import annotations

import base64
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from ..errors import UsageError
from ..limits import DEFAULT, Limits
from ..standards import hl7tables
from .composing import compose
from .delimiters import NULL, Raw
from .fieldtext import FieldValue
from .message import Message
from .path import Path, parse_path
from .structure import grammar

_PATH = re.compile(r"(?:[A-Za-z][A-Za-z0-9_]*(?:\[\d+\])?\.)*([A-Z][A-Z0-9]{2})(?:\[\d+\])?-\d.*", re.ASCII)
_SYSTEM = "99LOCAL"
_SHORT = 199
"""The length of an ST of HL7 v2.5.1 §2.A.71; what is longer, or has lines, is a TX."""
_DIGITS = 40
_SUB_ID = 20
_SET_IDS = 9_999


def create_message(
    mapping: Mapping[str, Any],
    kind: str = "ORU^R01",
    version: str = "2.5.1",
    *,
    control_id: str = "",
    now: datetime | None = None,
    limits: Limits = DEFAULT,
) -> Message:
    """Make a message of a mapping, nothing of it lost.

    Keys that are paths (`PID-5.1`, `OBR[2]-4`, `ORDER[1].OBX[3]-5`) are placed, their texts escaped; a tuple
    is one of components, a list one of repetitions, `Raw` ER7 text. Any other key becomes OBX segments,
    see the head of this module. Raises UsageError for an unknown kind or version, a path that the version
    does not have, or a value that is none; EncodeError where a named MSH-18 cannot hold the text.
    """
    tables = hl7tables.version(version)
    code, trigger, structure = _structure(kind, tables)
    paths, rest = _divided(mapping, tables)
    order = {name: leaves[0].index for name, leaves in grammar(version, structure).leaves.items()}
    observations = list(_observations(rest, tables, limits))
    if observations and "OBX" not in order:
        raise UsageError(
            f"a {structure} has no OBX for {observations[0][3]!r}", place="OBX", hint="give a path as the key"
        )
    segments = _skeleton([path for path, _ in paths], order)
    moment = (now or datetime.now().astimezone()).strftime("%Y%m%d%H%M%S%z")
    header: dict[int, FieldValue] = {
        3: "CHIASM",
        7: moment,
        9: _event(code, trigger, structure, tables),
        10: control_id or uuid.uuid4().hex[:20],
        11: "P",
        12: version,
    }
    given = {(path.segment, path.segment_rep, path.field) for path, _ in paths if not path.groups}
    for name, defaults in _REPORT.items() if structure == "ORU_R01" else ():
        segments.setdefault((name, 1), {})
        for (known, at), fields in segments.items():
            if known == name:
                fields.update({n: v for n, v in defaults.items() if (name, at, n) not in given})
                fields[1] = str(at)
    first = 1 + max((number for name, number in segments if name == "OBX"), default=0)
    for number, fields in enumerate(observations, first):
        segments["OBX", number] = {1: str(number) if number <= _SET_IDS else None, **fields}
    segments["MSH", 1] = {n: v for n, v in header.items() if n in {9, 12} or ("MSH", 1, n) not in given}
    for name, number in segments:
        if name == "OBX" and number < first:
            segments[name, number] = {1: str(number), 11: "F"}
    rows = sorted(segments.items(), key=lambda item: (order.get(item[0][0], 10**9), item[0][0], item[0][1]))
    return _placed(
        compose([(key[0], fields) for key, fields in rows], charset=_charset(mapping, paths)), paths
    )


_REPORT: dict[str, dict[int, FieldValue]] = {
    "PID": {1: "1", 3: NULL, 5: NULL},
    "OBR": {1: "1", 4: ("KEYED", "Keyed values", _SYSTEM), 7: NULL, 25: "F"},
}
"""What a report message requires, where nothing is known: HL7 v2.5.1 §3.4.2, §7.4.1."""


def encode_message(message: Message) -> str:
    """The ER7 text of a message."""
    return str(message)


def _structure(kind: str, tables: hl7tables.Version) -> tuple[str, str, str]:
    code, trigger, structure = (*kind.split("^"), "", "")[:3]
    if not structure:
        found = tables.structure_for(code, trigger)
        structure = found.id if found is not None else ""
    if tables.structure(structure) is None:
        raise UsageError(f"version {tables.id} has no message {kind!r}", place="MSH-9", hint="write ORU^R01")
    return code, trigger, structure


def _event(code: str, trigger: str, structure: str, tables: hl7tables.Version) -> FieldValue:
    """MSH-9, with its third component where the version has one that is long enough."""
    field = tables.segments["MSH"].fields[8]
    datatype = tables.datatype(field.datatype)
    parts = (code, trigger, structure)
    roomy = datatype is not None and len(datatype.components) >= 3
    return parts if roomy and (field.length or 100) >= len("^".join(parts)) else parts[:2]


def _divided(
    mapping: Mapping[str, Any], tables: hl7tables.Version
) -> tuple[list[tuple[Path, Any]], dict[str, Any]]:
    """The keys that are paths, read, and those that are not."""
    paths: list[tuple[Path, Any]] = []
    rest: dict[str, Any] = {}
    for key, value in mapping.items():
        name = str(key)
        match = _PATH.fullmatch(name)
        if match and (match[1] in tables.segments or match[1][0] == "Z"):
            paths.append((parse_path(name), value))
        else:
            rest[name] = value
    return paths, rest


def _skeleton(paths: list[Path], order: dict[str, int]) -> dict[tuple[str, int], dict[int, FieldValue]]:
    """The segments that the paths need, empty; one may not skip a number."""
    segments: dict[tuple[str, int], dict[int, FieldValue]] = {}
    for path in paths:
        if path.segment not in order and path.segment[0] != "Z":
            raise UsageError(f"the message has no place for {path.segment}", place=path.segment)
        if path.segment_rep > _SET_IDS:
            raise UsageError("more segments by path than 9,999", place=path.segment)
        if not path.groups:
            for number in range(path.segment_rep, 0, -1):
                if (path.segment, number) in segments:
                    break
                segments[path.segment, number] = {}
    return segments


def _charset(mapping: Mapping[str, Any], paths: list[tuple[Path, Any]]) -> str | tuple[str, ...] | None:
    """The set that MSH-18 is given, or one for whatever the paths will bring."""
    given = mapping.get("MSH-18")
    if given:
        return given if isinstance(given, str) else tuple(given)
    return None if all(_ascii(value) for _, value in paths) else "UNICODE UTF-8"


def _ascii(value: Any) -> bool:
    if isinstance(value, str):
        return value.isascii()
    return isinstance(value, (int, float, bytes, Decimal, date, time, type(None)))


def _placed(message: Message, paths: list[tuple[Path, Any]]) -> Message:
    """Write the values that are given by path, those in groups last."""
    for path, value in sorted(paths, key=lambda item: bool(item[0].groups)):
        if (path.segment, path.field) in {("MSH", 1), ("MSH", 2), ("MSH", 18)}:
            continue
        groups = "".join(f"{name}[{number}]." for name, number in path.groups)
        place = f"{groups}{path.segment}[{path.segment_rep}]-{path.field}"
        place += f"[{path.field_rep}]" if path.field_rep else ""
        place += f".{path.component}" if path.component else ""
        place += f".{path.subcomponent}" if path.subcomponent else ""
        message[place] = _field(value, place)
    return message


def _field(value: Any, place: str) -> FieldValue:
    """A value given by path as the composer takes it."""
    if isinstance(value, list):
        return [_field(one, place) for one in value]
    if isinstance(value, tuple):
        return tuple(_field(one, place) for one in value)
    if value is NULL or isinstance(value, Raw):
        return value
    text = _text(value, place)
    return "" if text is None else text[1]


@dataclass(slots=True)
class _Level:
    """A mapping that is being written: its items, its names, and the number that its keys begin with."""

    items: Iterator[tuple[Any, Any]]
    names: str
    number: str
    count: int = 0


def _observations(
    mapping: Mapping[str, Any], tables: hl7tables.Version, limits: Limits
) -> Iterator[dict[int, FieldValue]]:
    """The OBX fields of all keys at any depth, in the mapping's order; a stack, no recursion."""
    roots = len(mapping)
    stack = [_Level(iter(mapping.items()), "", "")]
    while stack:
        level = stack[-1]
        pair = next(level.items, None)
        if pair is None:
            stack.pop()
            continue
        level.count += 1
        key, value = str(pair[0]), pair[1]
        names = f"{level.names}.{key}" if level.names else key
        number = f"{level.number}.{level.count}" if level.number else str(level.count)
        items = _nested(value)
        if items is None:
            kind, field = _typed(value, key)
            if kind == "TS" and "TS" not in tables.datatypes:
                kind = "DTM"
            if kind not in hl7tables.PRIMITIVES and kind not in tables.datatypes:
                raise UsageError(f"version {tables.id} has no data type {kind}", place=names[:80])
            yield _observation(key, names, number if level.number else "", kind, field)
            continue
        if len(stack) > limits.json_depth:
            raise UsageError("the mapping is nested too deeply", place=names[:80], rule="limits.json_depth")
        count = "" if isinstance(value, Mapping) else str(len(items))
        inner = number
        widest = max([len(item) for item in items if isinstance(item, Mapping)], default=1)
        if (
            len(f"{number}.{len(items)}.{widest}") > _SUB_ID
        ):  # OBX-4 holds 20 characters: the rest goes on under a new number
            roots += 1
            inner = str(roots)
            yield _observation(key, names, number, "ST", f"continued in OBX-4 {inner}")
        yield _observation(key, names, inner, "NM" if count else "ST", count)
        if isinstance(value, Mapping):
            stack.append(_Level(iter(value.items()), names, inner))
        else:
            several = [
                _Level(iter(item.items()), names, f"{inner}.{at}")
                if isinstance(item, Mapping)
                else _Level(iter([("item", item)]), names, f"{inner}.{at}")
                for at, item in enumerate(items, 1)
            ]
            stack += reversed(several)


def _nested(value: Any) -> list[Any] | None:
    """The members of a value that needs more than one OBX; None for any other."""
    if isinstance(value, Mapping):
        return [value]
    if not isinstance(value, (list, tuple)):
        return None
    plain = not any(isinstance(one, (Mapping, list, tuple)) for one in value)
    binary = sum(isinstance(one, (bytes, bytearray, memoryview)) for one in value)
    return None if plain and value and binary in {0, len(value)} else list(value)


def _observation(key: str, names: str, number: str, kind: str, value: FieldValue) -> dict[int, FieldValue]:
    code: FieldValue = (key, names, _SYSTEM) if len(key) <= _SUB_ID else ("", names)
    if len(names) > _SHORT:
        code = (key, key, _SYSTEM) if len(key) <= _SUB_ID else ("", key)
    return {2: kind, 3: code, 4: number or None, 5: value or None, 11: "F"}


def _typed(value: Any, key: str) -> tuple[str, FieldValue]:
    """The type of OBX-5, and OBX-5."""
    if not isinstance(value, (list, tuple)):
        return _text(value, key) or ("ST", "")
    texts = [_text(one, key) for one in value]
    kinds = {text[0] for text in texts if text is not None}
    kind = kinds.pop() if len(kinds) == 1 else "TX" if "TX" in kinds else "ST"
    return kind, ["" if text is None else text[1] for text in texts]


def _text(value: Any, key: str) -> tuple[str, Any] | None:
    """The data type and the text of one plain value; None where it has none."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "ID", "Y" if value else "N"
    if isinstance(value, str):
        return ("TX" if len(value) > _SHORT or "\r" in value or "\n" in value else "ST"), str(value)
    if isinstance(value, (int, float, Decimal)):
        return _number(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "ED", ("", "AP", "Octet-stream", "Base64", base64.b64encode(value).decode("ascii"))
    if isinstance(value, (datetime, date, time)):
        return _moment(value)
    raise UsageError(f"a {type(value).__name__} has no form in HL7", place=key[:80])


def _number(value: int | float | Decimal) -> tuple[str, str]:
    exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if exact.is_finite() and abs(exact.adjusted()) < _DIGITS:
        return "NM", format(exact, "f")
    return "ST", str(value)


def _moment(value: datetime | date | time) -> tuple[str, str]:
    """A time as HL7 writes it; one finer than its four digits of a second stays ISO 8601 text."""
    if isinstance(value, (datetime, time)):
        zone = value.strftime("%z")
        if value.microsecond % 100 or len(zone) > 5:
            return "ST", value.isoformat()
        fraction = f".{value.microsecond // 100:04d}" if value.microsecond else ""
        form = "%Y%m%d%H%M%S" if isinstance(value, datetime) else "%H%M%S"
        return ("TS" if isinstance(value, datetime) else "TM"), value.strftime(form) + fraction + zone
    return "DT", value.strftime("%Y%m%d")
