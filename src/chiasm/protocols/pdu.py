"""The seven protocol data units of the upper layer, to bytes and back. PS3.8 §9.3.

Each begins with its type, a reserved byte, and the length of what follows (4 bytes, big endian).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from ..errors import ParseError
from .items import MaximumLength, Reader, UserItem, decode_user_items, item, uid_text

APPLICATION_CONTEXT = "1.2.840.10008.3.1.1.1"
_HEAD = struct.Struct(">BBI")
_ABSTRACT, _TRANSFER, _APPLICATION, _CONTEXT_RQ, _CONTEXT_AC, _USER = 0x30, 0x40, 0x10, 0x20, 0x21, 0x50


def pdu(kind: int, content: bytes) -> bytes:
    """One protocol data unit of a type."""
    return _HEAD.pack(kind, 0, len(content)) + content


@dataclass(frozen=True, slots=True)
class ProposedContext:
    """Presentation Context of a request: 1 20H, 2 reserved, 3-4 length, 5 ID, 6-8 reserved, 9- one abstract
    syntax (30H) and transfer syntaxes (40H). The ID is odd. PS3.8 §9.3.2.2, Table 9-13.
    """

    id: int
    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]

    def encode(self) -> bytes:
        """The item's bytes."""
        syntaxes = b"".join(item(_TRANSFER, uid.encode()) for uid in self.transfer_syntaxes)
        return item(
            _CONTEXT_RQ, bytes((self.id, 0, 0, 0)) + item(_ABSTRACT, self.abstract_syntax.encode()) + syntaxes
        )

    @classmethod
    def decode(cls, reader: Reader) -> ProposedContext:
        """The item of its content. ParseError without exactly one abstract syntax, or with an even ID."""
        number, _ = reader.number(1), reader.take(3)
        abstract: list[str] = []
        transfer: list[str] = []
        for kind, inner in reader.items():
            if kind in {_ABSTRACT, _TRANSFER}:
                (abstract if kind == _ABSTRACT else transfer).append(uid_text(inner.rest()))
        if len(abstract) != 1 or not number % 2:
            raise ParseError(
                "a presentation context without one abstract syntax or an odd ID", rule="PS3.8 §9.3.2.2"
            )
        return cls(number, abstract[0], tuple(transfer))


@dataclass(frozen=True, slots=True)
class AnsweredContext:
    """Presentation Context of an accept: 1 21H, 2 reserved, 3-4 length, 5 ID, 6 reserved, 7 result, 8
    reserved, 9- one transfer syntax (40H).

    `result` is 0 acceptance, 1 user rejection, 2 no reason, 3 abstract syntax not supported, 4 transfer
    syntaxes not supported. PS3.8 §9.3.3.2, Table 9-18.
    """

    id: int
    result: int
    transfer_syntax: str

    def encode(self) -> bytes:
        """The item's bytes."""
        return item(
            _CONTEXT_AC, bytes((self.id, 0, self.result, 0)) + item(_TRANSFER, self.transfer_syntax.encode())
        )

    @classmethod
    def decode(cls, reader: Reader) -> AnsweredContext:
        """The item of its content."""
        number, _, result, _ = (reader.number(1) for _ in range(4))
        syntax = [uid_text(inner.rest()) for kind, inner in reader.items() if kind == _TRANSFER]
        return cls(number, result, syntax[0] if syntax else "")


@dataclass(frozen=True, slots=True)
class Associate:
    """What A-ASSOCIATE-RQ and -AC share: 7-8 protocol version, 9-10 reserved, 11-26 called AE title, 27-42
    calling AE title, 43-74 reserved, 75- application context (10H), presentation contexts, user information
    (50H).

    PS3.8 §9.3.2, §9.3.3, Tables 9-11 and 9-17.
    """

    called: str
    calling: str
    items: tuple[UserItem, ...] = ()
    application_context: str = APPLICATION_CONTEXT
    version: int = 1

    @property
    def maximum_length(self) -> int:
        """Bytes of a P-DATA-TF that the sender of this takes; 0 for no limit."""
        return next((one.length for one in self.items if isinstance(one, MaximumLength)), 0)

    def _encode(self, kind: int, contexts: bytes) -> bytes:
        titles = title_bytes(self.called) + title_bytes(self.calling)
        user = item(_USER, b"".join(one.encode() for one in self.items))
        application = item(_APPLICATION, self.application_context.encode())
        return pdu(
            kind, struct.pack(">HH", self.version, 0) + titles + bytes(32) + application + contexts + user
        )


@dataclass(frozen=True, slots=True)
class AssociateRequest(Associate):
    """A-ASSOCIATE-RQ, type 01H. PS3.8 §9.3.2, Table 9-11."""

    contexts: tuple[ProposedContext, ...] = ()

    def encode(self) -> bytes:
        """The unit's bytes."""
        return self._encode(0x01, b"".join(context.encode() for context in self.contexts))


@dataclass(frozen=True, slots=True)
class AssociateAccept(Associate):
    """A-ASSOCIATE-AC, type 02H. PS3.8 §9.3.3, Table 9-17."""

    contexts: tuple[AnsweredContext, ...] = ()

    def encode(self) -> bytes:
        """The unit's bytes."""
        return self._encode(0x02, b"".join(context.encode() for context in self.contexts))


@dataclass(frozen=True, slots=True)
class AssociateReject:
    """A-ASSOCIATE-RJ, type 03H: 7 reserved, 8 result, 9 source, 10 reason. PS3.8 §9.3.4, Table 9-21."""

    result: int
    source: int
    reason: int

    def encode(self) -> bytes:
        """The unit's bytes."""
        return pdu(0x03, bytes((0, self.result, self.source, self.reason)))


@dataclass(frozen=True, slots=True)
class Abort:
    """A-ABORT, type 07H: 7-8 reserved, 9 source (0 user, 2 provider), 10 reason. PS3.8 §9.3.8, Table 9-26."""

    source: int
    reason: int = 0

    def encode(self) -> bytes:
        """The unit's bytes."""
        return pdu(0x07, bytes((0, 0, self.source, self.reason)))


@dataclass(frozen=True, slots=True)
class ReleaseRequest:
    """A-RELEASE-RQ, type 05H: 7-10 reserved. PS3.8 §9.3.6, Table 9-24."""

    def encode(self) -> bytes:
        """The unit's bytes."""
        return pdu(0x05, bytes(4))


@dataclass(frozen=True, slots=True)
class ReleaseResponse:
    """A-RELEASE-RP, type 06H: 7-10 reserved. PS3.8 §9.3.7, Table 9-25."""

    def encode(self) -> bytes:
        """The unit's bytes."""
        return pdu(0x06, bytes(4))


@dataclass(frozen=True, slots=True)
class DataTransfer:
    """P-DATA-TF, type 04H: 7- presentation data values, each a length (4 bytes), context ID, and a message
    control header (bit 0: command; bit 1: last fragment) with a fragment.

    PS3.8 §9.3.5, Tables 9-22 and 9-23; §E.2.
    """

    values: tuple[tuple[int, int, bytes], ...]

    def encode(self) -> bytes:
        """The unit's bytes."""
        parts = [
            struct.pack(">IBB", len(data) + 2, number, flags) + data for number, flags, data in self.values
        ]
        return pdu(0x04, b"".join(parts))


Pdu = (
    AssociateRequest
    | AssociateAccept
    | AssociateReject
    | DataTransfer
    | ReleaseRequest
    | ReleaseResponse
    | Abort
)


def title_bytes(title: str) -> bytes:
    """An AE title in its 16 bytes, padded with spaces."""
    return title.encode("ascii", "replace")[:16].ljust(16)


def decode(data: bytes) -> Pdu:
    """The protocol data unit of its whole bytes. ParseError for what is none, with the byte's place."""
    if len(data) < 6:
        raise ParseError("it ends within its head", place=f"byte {len(data)}", rule="PS3.8 §9.3.1")
    kind, _, length = _HEAD.unpack_from(data)
    if length != len(data) - 6:
        raise ParseError(f"its length says {length}, there are {len(data) - 6} bytes", rule="PS3.8 §9.3.1")
    reader = Reader(data, 6)
    if kind in {0x01, 0x02}:
        return _associate(kind, reader)
    if kind == 0x04:
        return _data_transfer(reader)
    if kind not in {0x03, 0x05, 0x06, 0x07} or length != 4:
        raise ParseError(f"there is no such unit: type {kind:02X}H of {length} bytes", rule="PS3.8 §9.3.1")
    first, second, third, fourth = reader.take(4)
    if kind == 0x03:
        return AssociateReject(second, third, fourth)
    if kind == 0x07:
        return Abort(third, fourth)
    del first
    return ReleaseRequest() if kind == 0x05 else ReleaseResponse()


def _associate(kind: int, reader: Reader) -> AssociateRequest | AssociateAccept:
    version, _ = reader.number(2), reader.take(2)
    called, calling = (reader.take(16).decode("latin-1").strip("\0 ") for _ in range(2))
    reader.take(32)
    application = ""
    users: tuple[UserItem, ...] = ()
    proposed: list[ProposedContext] = []
    answered: list[AnsweredContext] = []
    for number, inner in reader.items():
        if number == _APPLICATION:
            application = uid_text(inner.rest())
        elif number == _USER:
            users = decode_user_items(inner)
        elif number == _CONTEXT_RQ and kind == 0x01:
            proposed.append(ProposedContext.decode(inner))
        elif number == _CONTEXT_AC and kind == 0x02:
            answered.append(AnsweredContext.decode(inner))
    if kind == 0x01:
        return AssociateRequest(called, calling, users, application, version, tuple(proposed))
    return AssociateAccept(called, calling, users, application, version, tuple(answered))


def _data_transfer(reader: Reader) -> DataTransfer:
    values = []
    while reader.position < reader.end:
        length = reader.number(4)
        if length < 2:
            raise ParseError("a presentation data value without its header", place=f"byte {reader.position}")
        number, flags = reader.number(1), reader.number(1)
        values.append((number, flags, reader.take(length - 2)))
    return DataTransfer(tuple(values))
