"""The values of foreign observations as values of content items, each refused where it cannot be one.

HL7 v2.5.1 §7.4.2 and §2.A; PS3.3 §C.18; PS3.5 §6.2.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..errors import MappingError
from ..model import Attribute, Coded
from .names import from_xcn, from_xpn, to_pn
from .sr_decorations import FLAGS
from .text import MAX_LENGTH

if TYPE_CHECKING:
    from ..model import PersonName
    from .report_obx import Obx

Refusal = MappingError

NO_RESULT = frozenset("DWXNIOS")
"""Result statuses of HL7 table 0085 under which there is no value to report."""

LOCAL_SCHEME = "L"
PN_GROUP = 64
"""Characters that each group of a PN may hold: PS3.5 §6.2."""

NO_UNITS = Coded("1", "UCUM", "no units")
"""The unit of a number without one. PS3.16 §CID 82."""

ABNORMAL_FLAGS = "HL70078"
_NM = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)")
_RANGE = re.compile(r"([+-]?\d+(?:\.\d+)?) ?- ?([+-]?\d+(?:\.\d+)?)|([<>])=? ?([+-]?\d+(?:\.\d+)?)")
_DATE = re.compile(r"\d{8}")
_TIME = re.compile(r"(?:\d\d(?:\d\d(?:\d\d(?:\.\d{1,4})?)?)?)")
_MOMENT = re.compile(r"\d{4}(?:\d\d){0,5}(?:\.\d{1,4})?(?:[+-]\d{4})?")
_UID = re.compile(r"[0-9]+(?:\.[0-9]+)+")

_TEXTUAL = frozenset({"ST", "TX", "FT", "", "IS", "ID"})
_CODED = frozenset({"CE", "CWE", "CNE", "CF"})


def coded(one: Obx, number: int) -> Coded | None:
    """The concept of a CE field; one that has only a name gets that as its code, of the local scheme.

    A meaning of more than 64 characters is refused: LO holds no more.
    """
    parts = one.parts(number)
    if not parts:
        return None
    return _concept([*parts[0], *[""] * 7])


def _concept(texts: list[str]) -> Coded | None:
    code, meaning, scheme, version = texts[0], texts[1], texts[2], texts[6]
    if not code and not meaning:
        return None
    if not code or not scheme:
        scheme, code = LOCAL_SCHEME, code or meaning
    for text, limit, what in ((meaning or code, "LO", "meaning"), (scheme, "SH", "coding system")):
        if len(text) > MAX_LENGTH[limit]:
            raise Refusal(f"the {what} '{text}' has {len(text)} characters, DICOM holds {MAX_LENGTH[limit]}")
    return Coded(code, scheme, meaning or code, version)


def valued(one: Obx) -> tuple[dict[str, Any], str]:
    """The value of an observation as fields of a content item, and its value type.

    Raises MappingError for an empty value, and for a type that no content item can hold.
    """
    kind = one.value_type
    if kind in {"NM", "SN"}:
        return _number(one, kind), "NUM"
    if kind in _CODED:
        return _code(one)
    if kind in _TEXTUAL:
        return {"text": _text(one)}, "TEXT"
    if kind in {"DT", "TM", "TS", "DTM"}:
        return _moment(one, kind)
    if kind in {"PN", "XPN", "XCN"}:
        return {"text": _person(one, kind)}, "PNAME"
    if kind == "HD":
        uid = one.component(5, 2) or one.component(5, 1)
        if _UID.fullmatch(uid):
            return {"text": uid}, "UIDREF"
    if kind in {"ED", "RP"}:
        raise Refusal("it is a document, which becomes an object of its own", hint="convert it to a document")
    raise Refusal(f"no content item holds a value of type {kind}")


def _text(one: Obx) -> str:
    """The lines of a text: repetitions, and the line ends of formatted text. HL7 v2.5.1 §2.7.6."""
    lines = [part[0] if part else "" for part in one.parts(5)]
    text = "\r\n".join(lines).replace("\\.br\\", "\r\n")
    if not text.strip():
        raise Refusal("it has no value")
    return text


def _number(one: Obx, kind: str) -> dict[str, Any]:
    parts = one.parts(5)
    if kind == "SN":
        texts = [*parts[0], "", "", "", ""] if parts else [""] * 4
        if len(parts) != 1 or texts[2] or texts[3]:
            raise Refusal("a ratio or a range is no single number")
        found = [texts[1]]
    else:
        found = [part[0] if part else "" for part in parts]
    if not found or not all(found):
        raise Refusal("it has no value")
    for text in found:
        if not _NM.fullmatch(text):
            raise Refusal(f"'{text}' is not a number")
    return {"numbers": tuple(found)}


def numbered(one: Obx, fields: dict[str, Any]) -> Coded:
    """The unit of a number; numbers too long for DS are rounded there and exact beside it, as FD.

    PS3.3 §C.18.1; PS3.5 §6.2.
    """
    texts = fields["numbers"]
    if any(len(text) > MAX_LENGTH["DS"] for text in texts):
        fields["numbers"] = tuple(
            text if len(text) <= MAX_LENGTH["DS"] else format(float(text), ".9g") for text in texts
        )
        exact = "\\".join(repr(float(text)) for text in texts)
        fields["attributes"] = (Attribute("0040A300/0/0040A161", "FD", exact),)
    parts = one.parts(6)
    if not parts or not parts[0] or not parts[0][0]:
        return NO_UNITS
    part = [*parts[0], *[""] * 7]
    part[2] = part[2] or "UCUM"
    return _concept(part) or NO_UNITS


def _code(one: Obx) -> tuple[dict[str, Any], str]:
    parts = one.parts(5)
    texts = [*(parts[0] if parts else ()), *[""] * 7]
    if len(parts) > 1:
        raise Refusal("it has several values, of which a content item holds one")
    if not texts[0] and texts[1]:
        return {"text": texts[1]}, "TEXT"
    concept = _concept(texts)
    if concept is None:
        raise Refusal("it has no value")
    return {"code": concept}, "CODE"


def _moment(one: Obx, kind: str) -> tuple[dict[str, Any], str]:
    value_type, pattern = {"DT": ("DATE", _DATE), "TM": ("TIME", _TIME)}.get(kind, ("DATETIME", _MOMENT))
    text = one.component(5, 1)
    if not pattern.fullmatch(text):
        raise Refusal(f"'{text}' is not a {value_type.lower()} that a content item holds")
    return {"text": text}, value_type


def _person(one: Obx, kind: str) -> str:
    reader = one.field(5)
    if kind == "XCN":
        persons = from_xcn(reader)
        name = persons[0].name if persons else None
    else:
        names = from_xpn(reader)
        name = names[0] if names else None
    one.note(reader)
    if not name:
        raise Refusal("it has no value")
    return fitting(name)


def fitting(name: PersonName) -> str:
    """A name as a PN value.

    Raises MappingError where a group of it has more characters than PN holds.
    """
    text = to_pn(name)
    if any(len(group) > PN_GROUP for group in text.split("=")):
        raise Refusal(f"the name '{text}' has more than {PN_GROUP} characters", rule="PS3.5 §6.2")
    return text


def flags(one: Obx) -> list[Coded]:
    """The abnormal flags as concepts: those of CID 222 where it has one, else those of HL7 table 0078."""
    found = []
    for part in one.parts(8):
        flag, meaning = part[0], part[1] if len(part) > 1 else ""
        if flag in FLAGS:
            found.append(FLAGS[flag])
        elif flag:
            found.append(Coded(flag, ABNORMAL_FLAGS, meaning or flag))
    return found


def actionable(one: Obx) -> Coded | None:
    """The actionable category of a finding, which RAD-128 has in OBX-15 as a code of RadLex."""
    field = one.codes(15)
    return coded(one, 15) if field[2].casefold() == "radlex" else None


def limits(one: Obx) -> tuple[str, str]:
    """The lower and the upper limit of a reference range, empty where it has none."""
    text = one.peek(7)
    found = _RANGE.fullmatch(text.strip())
    if not found or any(len(part or "") > MAX_LENGTH["DS"] for part in found.groups()):
        return "", ""
    one.text(7)
    if found[1]:
        return found[1], found[2]
    return (found[4], "") if found[3] == ">" else ("", found[4])
