"""HL7 version 2: ER7 and XML, read and written without loss, checked against every version's tables.

Bytes in are bytes out: a message keeps what it was read from, a leaf is decoded when it is asked for, and
an edit changes that leaf alone. What is heavy is loaded when it is first used.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "Batch": "batch",
    "Delimiters": "delimiters",
    "FieldValue": "fieldtext",
    "Message": "message",
    "NULL": "delimiters",
    "STANDARD": "delimiters",
    "Profile": "profile",
    "Raw": "delimiters",
    "Segment": "segment",
    "acknowledge": "acknowledgment",
    "acknowledgments_due": "acknowledgment",
    "batch_of": "batch",
    "compose": "composing",
    "create_message": "create",
    "encode_message": "create",
    "field_text": "fieldtext",
    "from_xml": "xml",
    "load_profile": "profile",
    "parse": "message",
    "parse_batch": "batch",
    "read_file": "batch",
    "to_xml": "xml_writing",
}
"""What the room exports, and the module that each name is in; `__init__.pyi` gives the types."""

__all__ = [*_HOMES]  # noqa: PLE0604  (names, each a text)


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'chiasm.hl7' has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value
