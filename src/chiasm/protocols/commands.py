"""DIMSE messages: command sets to bytes and back. PS3.7 §9.3, §10.3, §E.1.

A command set is a data set of group 0000 in Implicit VR Little Endian whose first element is its length.
"""

from __future__ import annotations

import functools
import struct
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ..errors import ParseError

NO_DATA: Final = 0x0101
"""The Command Data Set Type that says that no data set follows; any other says that one does."""

RESPONSE: Final = 0x8000
NAMES = {
    0x0001: "C-STORE-RQ", 0x8001: "C-STORE-RSP", 0x0010: "C-GET-RQ", 0x8010: "C-GET-RSP",
    0x0020: "C-FIND-RQ", 0x8020: "C-FIND-RSP", 0x0021: "C-MOVE-RQ", 0x8021: "C-MOVE-RSP",
    0x0030: "C-ECHO-RQ", 0x8030: "C-ECHO-RSP", 0x0FFF: "C-CANCEL-RQ",
    0x0100: "N-EVENT-REPORT-RQ", 0x8100: "N-EVENT-REPORT-RSP", 0x0110: "N-GET-RQ", 0x8110: "N-GET-RSP",
    0x0120: "N-SET-RQ", 0x8120: "N-SET-RSP", 0x0130: "N-ACTION-RQ", 0x8130: "N-ACTION-RSP",
    0x0140: "N-CREATE-RQ", 0x8140: "N-CREATE-RSP", 0x0150: "N-DELETE-RQ", 0x8150: "N-DELETE-RSP",
}  # fmt: skip
"""The messages by Command Field: PS3.7 §E.1, Table E.1-1."""

STORE, GET, FIND, MOVE, ECHO, CANCEL = 0x0001, 0x0010, 0x0020, 0x0021, 0x0030, 0x0FFF
EVENT_REPORT, N_GET, N_SET, ACTION, CREATE, DELETE = 0x0100, 0x0110, 0x0120, 0x0130, 0x0140, 0x0150

_ELEMENT: Final = struct.Struct("<HHI")
_GROUP: Final = struct.Struct("<HHII")
_NUMBER: Final = struct.Struct("<H")
_UIDS = {"affected_class": 0x0002, "requested_class": 0x0003, "affected_instance": 0x1000} | {
    "requested_instance": 0x1001
}
_TEXTS = {"move_destination": 0x0600, "error_comment": 0x0902, "move_originator": 0x1030}
_NUMBERS = {
    "message_id": 0x0110, "responded_to": 0x0120, "priority": 0x0700, "status": 0x0900, "error_id": 0x0903,
    "event_type": 0x1002, "action_type": 0x1008, "remaining": 0x1020, "completed": 0x1021, "failed": 0x1022,
    "warning": 0x1023, "move_originator_id": 0x1031,
}  # fmt: skip
_TAGS = {"offending_elements": 0x0901, "attributes": 0x1005}
_BY_ELEMENT = {
    element: (name, kind)
    for kind, table in (("UI", _UIDS), ("LO", _TEXTS), ("US", _NUMBERS), ("AT", _TAGS))
    for name, element in table.items()
}
_LEADING: Final = {0x0100: "kind", 0x0800: "data_type"}
_ORDER = sorted(_BY_ELEMENT.items())
_REQUIRED = {
    STORE: ("message_id", "affected_class", "affected_instance"),
    GET: ("message_id", "affected_class"),
    FIND: ("message_id", "affected_class"),
    MOVE: ("message_id", "affected_class", "move_destination"),
    ECHO: ("message_id",),
    CANCEL: ("responded_to",),
    EVENT_REPORT: ("message_id", "affected_class", "affected_instance", "event_type"),
    N_GET: ("message_id", "requested_class", "requested_instance"),
    N_SET: ("message_id", "requested_class", "requested_instance"),
    ACTION: ("message_id", "requested_class", "requested_instance", "action_type"),
    CREATE: ("message_id", "affected_class"),
    DELETE: ("message_id", "requested_class", "requested_instance"),
}
_WITH_DATA = frozenset({STORE, GET, FIND, MOVE, N_SET})


@dataclass(frozen=True, slots=True)
class Command:
    """One DIMSE message's command set: its Command Field, whether a data set follows, and its elements.

    A text or UID that is absent is empty, a number that is absent None. PS3.7 §E.1, Table E.1-1.
    """

    kind: int
    has_data: bool = False
    message_id: int | None = None
    responded_to: int | None = None
    affected_class: str = ""
    requested_class: str = ""
    affected_instance: str = ""
    requested_instance: str = ""
    priority: int | None = None
    status: int | None = None
    move_destination: str = ""
    move_originator: str = ""
    move_originator_id: int | None = None
    remaining: int | None = None
    completed: int | None = None
    failed: int | None = None
    warning: int | None = None
    event_type: int | None = None
    action_type: int | None = None
    error_comment: str = ""
    error_id: int | None = None
    offending_elements: tuple[int, ...] = ()
    attributes: tuple[int, ...] = ()
    others: tuple[tuple[int, bytes], ...] = field(default=(), repr=False)

    @property
    def name(self) -> str:
        """The message's name, as C-STORE-RQ."""
        return NAMES.get(self.kind, f"{self.kind:04X}")

    @property
    def is_response(self) -> bool:
        """Whether it answers another message."""
        return bool(self.kind & RESPONSE)

    @property
    def sop_class(self) -> str:
        """The SOP class that the message is about."""
        return self.affected_class or self.requested_class

    def answer(self, status: int, *, has_data: bool = False, **more: object) -> Command:
        """The response to this request with a status and further elements by their names."""
        base = Command(
            self.kind | RESPONSE,
            has_data,
            responded_to=self.message_id,
            affected_class=self.affected_class or self.requested_class,
            affected_instance=self.affected_instance or self.requested_instance,
            status=status,
        )
        return replace(base, **more) if more else base  # type: ignore[arg-type]  # names are those of fields

    def encode(self) -> bytes:
        """The command set's bytes."""
        parts = [_element(0x0100, struct.pack("<H", self.kind))]
        parts.append(_element(0x0800, b"\1\0" if self.has_data else b"\1\1"))
        for element, (name, kind) in _ORDER:
            value = getattr(self, name)
            if value is None or value in {"", ()}:
                continue
            parts.append(_element(element, _bytes(kind, value)))
        parts += [_element(element, value) for element, value in self.others]
        parts.sort(key=_number)
        content = b"".join(parts)
        return _element(0x0000, struct.pack("<I", len(content))) + content


def answer_of(request: Command, status: int, *, has_data: bool = False) -> bytes:
    """The bytes of a response that has a status and nothing else, as `answer` would encode them."""
    before, after = _around(request.kind, request.sop_class, status, has_data)
    about = _uid(0x1000, request.affected_instance or request.requested_instance)
    size = len(before) + 2 + len(after) + len(about)
    return b"".join((_GROUP.pack(0, 0, 4, size), before, _NUMBER.pack(request.message_id or 0), after, about))


@functools.lru_cache(maxsize=1024)
def _around(kind: int, sop_class: str, status: int, has_data: bool) -> tuple[bytes, bytes]:
    """What stands before and after the ID of the message that is responded to, the SOP instance left out."""
    field = _ELEMENT.pack(0, 0x0100, 2) + _NUMBER.pack(kind | RESPONSE) + _ELEMENT.pack(0, 0x0120, 2)
    data_type = _ELEMENT.pack(0, 0x0800, 2) + _NUMBER.pack(1 if has_data else NO_DATA)
    return _uid(0x0002, sop_class) + field, data_type + _ELEMENT.pack(0, 0x0900, 2) + _NUMBER.pack(status)


def _uid(number: int, uid: str) -> bytes:
    return _element(number, _bytes("UI", uid)) if uid else b""


def _number(element: bytes) -> int:
    return int.from_bytes(element[2:4], "little")


def _element(number: int, value: bytes) -> bytes:
    return _ELEMENT.pack(0, number, len(value)) + value


def _bytes(kind: str, value: object) -> bytes:
    if kind == "US":
        assert isinstance(value, int)
        return struct.pack("<H", value)
    if kind == "AT":
        assert isinstance(value, tuple)
        return b"".join(struct.pack("<HH", tag >> 16, tag & 0xFFFF) for tag in value)
    content = str(value).encode("ascii" if kind == "UI" else "latin-1", "replace")
    return content + (b"\0" if kind == "UI" else b" ") * (len(content) % 2)


def decode(data: bytes) -> Command:
    """The command of its bytes.

    ParseError for elements out of the group, cut off or doubled, a Command Field that is not known, and the
    elements without which a request means nothing. PS3.7 §6.3.1.
    """
    values: dict[str, Any] = {}
    others: list[tuple[int, bytes]] = []
    seen: set[int] = set()
    position, total = 0, len(data)
    while position < total:
        if total - position < 8:
            raise ParseError("it ends within an element", place=f"byte {position}", rule="PS3.7 §6.3.1")
        group, number, length = _ELEMENT.unpack_from(data, position)
        position += 8
        end = position + length
        if group or end > total or number in seen:
            raise ParseError(
                "an element that no command set can have", place=f"byte {position - 8}", rule="PS3.7 §6.3.1"
            )
        seen.add(number)
        known = _BY_ELEMENT.get(number)
        if known is not None:
            values[known[0]] = _value(known[1], data[position:end], number)
        elif number in _LEADING:
            values[_LEADING[number]] = _us(data[position:end], number)
        elif number:
            others.append((number, data[position:end]))
        position = end
    kind, data_type = values.pop("kind", None), values.pop("data_type", None)
    if kind not in NAMES or data_type is None:
        raise ParseError(f"{kind!r} is no command", rule="PS3.7 §E.1")
    return _checked(Command(kind, data_type != NO_DATA, others=tuple(others), **values))


def _checked(command: Command) -> Command:
    for name in ("responded_to", "status") if command.kind & RESPONSE else _REQUIRED[command.kind]:
        value = getattr(command, name)
        if value is None or value == "":
            raise ParseError(f"{command.name} without its {name.replace('_', ' ')}", rule="PS3.7 §9.3")
    if command.kind in _WITH_DATA and not command.has_data:
        raise ParseError(f"{command.name} without a data set", rule="PS3.7 §9.3")
    return command


def _us(value: bytes, number: int) -> int | None:
    if len(value) == 2:
        return value[0] | value[1] << 8
    if not value:
        return None
    raise ParseError("a number that is not two bytes", place=f"0000{number:04X}", rule="PS3.5 §6.2")


def _value(kind: str, value: bytes, number: int) -> object:
    if kind == "US":
        return _us(value, number)
    if kind == "AT":
        if len(value) % 4:
            raise ParseError("tags that are cut off", place=f"0000{number:04X}", rule="PS3.5 §6.2")
        return tuple(high << 16 | low for high, low in struct.iter_unpack("<HH", value))
    text = value.decode("latin-1").strip("\0 ")
    if kind == "UI" and text.strip("0123456789."):
        raise ParseError("a UID holds what is no UID", place=f"0000{number:04X}", rule="PS3.5 §9.1")
    return text
