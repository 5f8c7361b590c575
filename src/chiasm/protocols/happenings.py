"""What an association says of itself: contexts that both sides have, and what has happened. PS3.8 §7."""

from __future__ import annotations

from dataclasses import dataclass

from .commands import Command
from .pdu import AssociateAccept, AssociateReject, AssociateRequest


@dataclass(frozen=True, slots=True)
class Context:
    """One accepted presentation context; the roles are those of the requestor."""

    id: int
    abstract_syntax: str
    transfer_syntax: str
    scu_role: bool = True
    scp_role: bool = False


@dataclass(frozen=True, slots=True)
class Requested:
    """A peer asks for an association: answer by `accept` or `reject`."""

    request: AssociateRequest


@dataclass(frozen=True, slots=True)
class Accepted:
    """The peer has accepted; `Association.contexts` holds what may be used."""

    accept: AssociateAccept


@dataclass(frozen=True, slots=True)
class Rejected:
    """The peer has rejected; the transport is to be closed."""

    reject: AssociateReject


@dataclass(slots=True)
class Data:
    """A fragment of the data set of the last command on its context. `data` lies in the bytes received."""

    context: int
    data: memoryview
    last: bool


@dataclass(frozen=True, slots=True)
class Commanded:
    """A command set is whole; its data set, where it has one, follows."""

    context: int
    command: Command


@dataclass(frozen=True, slots=True)
class Released:
    """The association is released: by the peer where `asked`, which `release_response` answers."""

    asked: bool


@dataclass(frozen=True, slots=True)
class Aborted:
    """The association is no more. `source` is 0 for the peer's user, 2 a provider, -1 the transport."""

    source: int
    reason: int
    message: str = ""


@dataclass(frozen=True, slots=True)
class Close:
    """Close the transport, once what is outgoing was sent."""


Happening = Requested | Accepted | Rejected | Data | Commanded | Released | Aborted | Close
