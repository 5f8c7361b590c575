"""HL7 version 2: ER7 and XML, read and written without loss, checked against every version's tables.

Bytes in are bytes out: a message keeps what it was read from, a leaf is decoded when it is asked for, and
an edit changes that leaf alone. What is heavy is loaded when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .acknowledgment import acknowledge, acknowledgments_due
    from .batch import Batch, batch_of, parse_batch, read_file
    from .composing import compose
    from .create import create_message, encode_message
    from .delimiters import NULL, Delimiters, Raw
    from .fieldtext import FieldValue
    from .message import Message, parse
    from .profile import Profile, load_profile
    from .segment import Segment
    from .xml import from_xml
    from .xml_writing import to_xml

__all__ = [
    "NULL",
    "Batch",
    "Delimiters",
    "FieldValue",
    "Message",
    "Profile",
    "Raw",
    "Segment",
    "acknowledge",
    "acknowledgments_due",
    "batch_of",
    "compose",
    "create_message",
    "encode_message",
    "from_xml",
    "load_profile",
    "parse",
    "parse_batch",
    "read_file",
    "to_xml",
]

_HOMES = {
    "NULL": "delimiters",
    "Batch": "batch",
    "Delimiters": "delimiters",
    "FieldValue": "fieldtext",
    "Message": "message",
    "Profile": "profile",
    "Raw": "delimiters",
    "Segment": "segment",
    "acknowledge": "acknowledgment",
    "acknowledgments_due": "acknowledgment",
    "batch_of": "batch",
    "compose": "composing",
    "create_message": "create",
    "encode_message": "create",
    "from_xml": "xml",
    "load_profile": "profile",
    "parse": "message",
    "parse_batch": "batch",
    "read_file": "batch",
    "to_xml": "xml_writing",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'chiasm.hl7' has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value
