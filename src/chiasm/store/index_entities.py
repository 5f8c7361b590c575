"""What makes an entity one: the identity of patients, and the keys that an entity is listed by."""

from __future__ import annotations

import json
from collections.abc import Sequence

from .extract import Part


def identity(part: Part) -> str:
    """One text for a patient: identifier, issuer and the issuer's universal id.

    A patient without an identifier is told by name, birth date and sex.
    """
    number, issuer = part.first("00100020"), part.first("00100021")
    universal = ""
    for item in part.keys.get("00100024") or []:
        universal = universal or next(iter(item.get("00400032") or []), "")
    if number:
        return json.dumps([number, issuer, universal], ensure_ascii=False)
    told = ["|".join(part.keys.get(tag) or []) for tag in ("00100010", "00100030", "00100040")]
    return json.dumps(["", issuer, universal, *told], ensure_ascii=False)


_UNLISTED = frozenset(("00100020", "00080050", "0020000D", "0020000E", "00080060"))


def listed_keys(part: Part) -> list[tuple[str, str]]:
    """The paths and keys by which an entity is found in its key table."""
    found: list[tuple[str, str]] = []
    for path, keys in part.keys.items():
        if path in _UNLISTED or path[-1] in "+@":
            continue
        for one in keys:
            if isinstance(one, str):
                found.append((path, one))
            else:
                found += [(f"{path}.{inner}", key) for inner, some in one.items() for key in some]
    return found


def values_json(texts: Sequence[str] | dict[str, None]) -> str:
    """Texts as the value of a DICOM JSON member, with the comma before it; empty for none."""
    listed = ",".join([json.dumps(text, ensure_ascii=False) for text in texts])
    return f',"Value":[{listed}]' if listed else ""


def integer(text: str) -> int | None:
    """The number of a text, None where it is none that the database holds."""
    number = text.lstrip("+-")
    return int(text) if number.isascii() and number.isdigit() and len(number) < 19 else None
