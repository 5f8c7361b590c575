"""The sub-items of User Information: what two application entities agree on beside contexts. PS3.7 §D.3.3."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import ParseError

_HEAD = struct.Struct(">BBH")


def item(kind: int, content: bytes) -> bytes:
    """One item: type, a reserved byte, length (2 bytes, big endian), content. PS3.8 §9.3.1."""
    return _HEAD.pack(kind, 0, len(content)) + content


def sized(content: bytes) -> bytes:
    """Content with its length in 2 bytes before it."""
    return struct.pack(">H", len(content)) + content


class Reader:
    """Takes fields from bytes; ParseError, with the byte's place, where they end too early."""

    __slots__ = ("data", "end", "position")

    def __init__(self, data: bytes, position: int = 0, end: int | None = None) -> None:
        self.data, self.position, self.end = data, position, len(data) if end is None else end

    def take(self, length: int) -> bytes:
        """The next bytes."""
        stop = self.position + length
        if stop > self.end:
            raise ParseError("it ends within a field", place=f"byte {self.position}", rule="PS3.8 §9.3")
        taken = self.data[self.position : stop]
        self.position = stop
        return taken

    def number(self, size: int) -> int:
        """The next unsigned number of so many bytes, big endian."""
        return int.from_bytes(self.take(size), "big")

    def sized(self) -> bytes:
        """Bytes with their length in 2 bytes before them."""
        return self.take(self.number(2))

    def rest(self) -> bytes:
        """All that is left."""
        return self.take(self.end - self.position)

    def items(self) -> list[tuple[int, Reader]]:
        """The items that fill the rest: type and content of each."""
        found = []
        while self.position < self.end:
            kind, _, length = _HEAD.unpack(self.take(4))
            start = self.position
            self.take(length)
            found.append((kind, Reader(self.data, start, self.position)))
        return found


def uid_text(content: bytes) -> str:
    """A UID on the wire as text: not padded, but some pad it with NUL or space. PS3.8 §F."""
    try:
        return content.rstrip(b"\0 ").decode("ascii")
    except UnicodeDecodeError:
        raise ParseError("a UID holds what is no UID", rule="PS3.5 §9.1") from None


@dataclass(frozen=True, slots=True)
class MaximumLength:
    """Maximum Length, type 51H: bytes 1 51H, 2 reserved, 3-4 length, 5-8 bytes of a P-DATA-TF that are taken.

    0 means no limit. PS3.8 §D.1, Table D.1-1.
    """

    length: int

    def encode(self) -> bytes:
        """The item's bytes."""
        return item(0x51, struct.pack(">I", self.length))

    @classmethod
    def decode(cls, reader: Reader) -> MaximumLength:
        """The item of its content."""
        return cls(reader.number(4))


@dataclass(frozen=True, slots=True)
class ImplementationClass:
    """Implementation Class UID, type 52H: 1 52H, 2 reserved, 3-4 length, 5- UID.

    PS3.7 §D.3.3.2.1, Table D.3-1.
    """

    uid: str

    def encode(self) -> bytes:
        """The item's bytes."""
        return item(0x52, self.uid.encode())

    @classmethod
    def decode(cls, reader: Reader) -> ImplementationClass:
        """The item of its content."""
        return cls(uid_text(reader.rest()))


@dataclass(frozen=True, slots=True)
class ImplementationVersion:
    """Implementation Version Name, type 55H: 1 55H, 2 reserved, 3-4 length, 5- up to 16 characters.

    PS3.7 §D.3.3.2.3, Table D.3-3.
    """

    name: str

    def encode(self) -> bytes:
        """The item's bytes."""
        return item(0x55, self.name.encode("ascii", "replace"))

    @classmethod
    def decode(cls, reader: Reader) -> ImplementationVersion:
        """The item of its content."""
        return cls(reader.rest().decode("latin-1").strip("\0 "))


@dataclass(frozen=True, slots=True)
class AsynchronousOperations:
    """Asynchronous Operations Window, type 53H: 1 53H, 2 reserved, 3-4 length, 5-6 invoked, 7-8 performed.

    0 means no limit. PS3.7 §D.3.3.3, Table D.3-7.
    """

    invoked: int
    performed: int

    def encode(self) -> bytes:
        """The item's bytes."""
        return item(0x53, struct.pack(">HH", self.invoked, self.performed))

    @classmethod
    def decode(cls, reader: Reader) -> AsynchronousOperations:
        """The item of its content."""
        return cls(reader.number(2), reader.number(2))


@dataclass(frozen=True, slots=True)
class RoleSelection:
    """SCP/SCU Role Selection, type 54H: 1 54H, 2 reserved, 3-4 length, 5-6 UID length, 7- UID, SCU, SCP role.

    PS3.7 §D.3.3.4, Table D.3-9.
    """

    uid: str
    scu: bool
    scp: bool

    def encode(self) -> bytes:
        """The item's bytes."""
        return item(0x54, sized(self.uid.encode()) + bytes((self.scu, self.scp)))

    @classmethod
    def decode(cls, reader: Reader) -> RoleSelection:
        """The item of its content."""
        return cls(uid_text(reader.sized()), bool(reader.number(1)), bool(reader.number(1)))


@dataclass(frozen=True, slots=True)
class ExtendedNegotiation:
    """SOP Class Extended Negotiation, type 56H: 1 56H, 2 reserved, 3-4 length, 5-6 length and UID, content.

    PS3.7 §D.3.3.5, Table D.3-11.
    """

    uid: str
    content: bytes

    def encode(self) -> bytes:
        """The item's bytes."""
        return item(0x56, sized(self.uid.encode()) + self.content)

    @classmethod
    def decode(cls, reader: Reader) -> ExtendedNegotiation:
        """The item of its content."""
        return cls(uid_text(reader.sized()), reader.rest())


@dataclass(frozen=True, slots=True)
class CommonExtendedNegotiation:
    """SOP Class Common Extended Negotiation, type 57H: 1 57H, 2 version, 3-4 length, then each with its
    length in 2 bytes the SOP class UID, the service class UID, and the list of related general SOP classes.

    PS3.7 §D.3.3.6, Table D.3-12.
    """

    uid: str
    service_class: str
    related: tuple[str, ...] = ()

    def encode(self) -> bytes:
        """The item's bytes."""
        related = b"".join(sized(uid.encode()) for uid in self.related)
        return item(0x57, sized(self.uid.encode()) + sized(self.service_class.encode()) + sized(related))

    @classmethod
    def decode(cls, reader: Reader) -> CommonExtendedNegotiation:
        """The item of its content."""
        uid, service = uid_text(reader.sized()), uid_text(reader.sized())
        related, inner = [], Reader(reader.sized())
        while inner.position < inner.end:
            related.append(uid_text(inner.sized()))
        return cls(uid, service, tuple(related))


@dataclass(frozen=True, slots=True)
class UserIdentity:
    """User Identity, type 58H: 1 58H, 2 reserved, 3-4 length, 5 kind, 6 whether a response is asked for,
    7-8 length and primary field, then length and secondary field.

    `kind` is 1 user name, 2 name and passcode, 3 Kerberos, 4 SAML, 5 JSON web token.
    PS3.7 §D.3.3.7, Table D.3-14.
    """

    kind: int
    primary: bytes
    secondary: bytes = b""
    respond: bool = False

    def encode(self) -> bytes:
        """The item's bytes."""
        return item(0x58, bytes((self.kind, self.respond)) + sized(self.primary) + sized(self.secondary))

    @classmethod
    def decode(cls, reader: Reader) -> UserIdentity:
        """The item of its content."""
        kind, respond = reader.number(1), bool(reader.number(1))
        return cls(kind, reader.sized(), reader.sized(), respond)


@dataclass(frozen=True, slots=True)
class UserIdentityResponse:
    """User Identity of an accept, type 59H: 1 59H, 2 reserved, 3-4 length, 5-6 length and server response.

    PS3.7 §D.3.3.7.2, Table D.3-15.
    """

    response: bytes = b""

    def encode(self) -> bytes:
        """The item's bytes."""
        return item(0x59, sized(self.response))

    @classmethod
    def decode(cls, reader: Reader) -> UserIdentityResponse:
        """The item of its content."""
        return cls(reader.sized())


@dataclass(frozen=True, slots=True)
class UnknownItem:
    """An item of a type that is not known: kept, and else ignored. PS3.8 §9.3.1."""

    kind: int
    content: bytes

    def encode(self) -> bytes:
        """The item's bytes."""
        return item(self.kind, self.content)


UserItem = (
    MaximumLength
    | ImplementationClass
    | ImplementationVersion
    | AsynchronousOperations
    | RoleSelection
    | ExtendedNegotiation
    | CommonExtendedNegotiation
    | UserIdentity
    | UserIdentityResponse
    | UnknownItem
)
_KINDS: dict[int, Callable[[Reader], UserItem]] = {
    0x51: MaximumLength.decode,
    0x52: ImplementationClass.decode,
    0x53: AsynchronousOperations.decode,
    0x54: RoleSelection.decode,
    0x55: ImplementationVersion.decode,
    0x56: ExtendedNegotiation.decode,
    0x57: CommonExtendedNegotiation.decode,
    0x58: UserIdentity.decode,
    0x59: UserIdentityResponse.decode,
}


def decode_user_items(reader: Reader) -> tuple[UserItem, ...]:
    """The sub-items of a User Information item. ParseError where one ends within a field."""
    found: list[UserItem] = []
    for kind, inner in reader.items():
        known = _KINDS.get(kind)
        found.append(UnknownItem(kind, inner.rest()) if known is None else known(inner))
    return tuple(found)
