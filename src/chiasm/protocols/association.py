"""One association without I/O: bytes and time go in, events and bytes come out. PS3.8 §9, PS3.7 §9, PS3.8 §E.

Two rules: it never holds a data set, whose fragments are given on as they lie in the bytes received; and it
never waits: `deadline` says when `tick` wants to be called.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from ..errors import ParseError, UsageError
from . import commands, pdu
from .commands import Command
from .happenings import (
    Aborted,
    Accepted,
    Close,
    Commanded,
    Context,
    Data,
    Happening,
    Rejected,
    Released,
    Requested,
)
from .items import AsynchronousOperations, MaximumLength, RoleSelection, UserItem
from .machine import Effect, Event, Machine, State
from .pdu import Abort, AnsweredContext, AssociateAccept, AssociateReject, AssociateRequest, ProposedContext

_HEAD = struct.Struct(">BBI")
_VALUE = struct.Struct(">IBB")
_UNIT: Final = struct.Struct(">BBIIBB")
_EVENTS = {
    0x01: Event.REQUEST_RECEIVED, 0x02: Event.ACCEPT_RECEIVED, 0x03: Event.REJECT_RECEIVED,
    0x05: Event.RELEASE_RECEIVED, 0x06: Event.RELEASE_RESPONSE_RECEIVED, 0x07: Event.ABORT_RECEIVED,
}  # fmt: skip
__all__ = [
    "Aborted",
    "Accepted",
    "Association",
    "Close",
    "Commanded",
    "Context",
    "Data",
    "Happening",
    "Rejected",
    "Released",
    "Requested",
    "Settings",
    "proposals",
    "window",
]

UNRECOGNIZED_PDU, UNEXPECTED_PDU, UNRECOGNIZED_PARAMETER, UNEXPECTED_PARAMETER, INVALID_PARAMETER = (
    1,
    2,
    4,
    5,
    6,
)
"""Reasons of a provider's abort: PS3.8 §9.3.8, Table 9-26."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What this side brings: sizes in bytes, times in seconds.

    `maximum_length` is what it takes in one P-DATA-TF; `artim` how long it waits where the standard says so;
    `largest_negotiation` and `largest_command` bound what is held of a peer.
    """

    maximum_length: int = 1 << 20
    artim: float = 30.0
    largest_negotiation: int = 1 << 20
    largest_command: int = 1 << 16
    largest_unlimited: int = 1 << 20


@dataclass(slots=True)
class _Incoming:
    """Where reading stands within a P-DATA-TF, and the command that is being put together."""

    unit: int = 0
    value: int = 0
    context: int = 0
    flags: int = 0
    command: bytearray = field(default_factory=bytearray)
    command_context: int = 0
    data_context: int = 0


class Association:
    """One end of an association. Made by `acceptor` or `requestor`."""

    def __init__(self, settings: Settings, *, requestor: bool) -> None:
        self.settings = settings
        self.machine = Machine(requestor=requestor)
        self.contexts: dict[int, Context] = {}
        self.request: AssociateRequest | None = None
        self.deadline: float | None = None
        self.peer_maximum = 0
        self._held = bytearray()
        self._aborted = False
        self._in = _Incoming()
        self._out: list[bytes | memoryview] = []

    @classmethod
    def acceptor(cls, settings: Settings, now: float) -> Association:
        """The end of one who was connected to; the timer for the request runs. PS3.8 §9.1.5."""
        association = cls(settings, requestor=False)
        association._step(Event.TRANSPORT_INDICATED, now)
        return association

    @classmethod
    def connected(cls, request: AssociateRequest, settings: Settings, now: float) -> Association:
        """The end of one who has connected: its request is outgoing."""
        association = cls(settings, requestor=True)
        association.request = request
        association._step(Event.ASSOCIATE_REQUEST, now)
        association._step(Event.TRANSPORT_CONFIRMED, now, request.encode())
        association.deadline = now + settings.artim
        return association

    @property
    def state(self) -> State:
        """The state of PS3.8 §9.2.1."""
        return self.machine.state

    @property
    def established(self) -> bool:
        """Whether data may be sent."""
        return self.machine.state is State.ESTABLISHED

    def outgoing(self) -> list[bytes | memoryview]:
        """The bytes to send, which are forgotten here."""
        out, self._out = self._out, []
        return out

    # What this side does.

    def accept(self, contexts: Iterable[AnsweredContext], items: tuple[UserItem, ...], now: float) -> None:
        """Accept the association with these answers; Maximum Length is put first among the items.

        Nothing happens where the peer has gone in the meantime; the same holds for `reject` and
        `release_response`.
        """
        if self.request is None or not self.machine.may(Event.ACCEPT):
            return
        answers = tuple(contexts)
        mine = (MaximumLength(self.settings.maximum_length), *items)
        accept = AssociateAccept(self.request.called, self.request.calling, mine, contexts=answers)
        self._agree(self.request, accept)
        self.peer_maximum = self.request.maximum_length
        self._step(Event.ACCEPT, now, accept.encode())
        self.deadline = None

    def reject(self, result: int, source: int, reason: int, now: float) -> None:
        """Reject it. PS3.8 §9.3.4, Table 9-21."""
        if self.machine.may(Event.REJECT):
            self._step(Event.REJECT, now, AssociateReject(result, source, reason).encode())

    def release(self, now: float) -> None:
        """Ask for release."""
        self._step(Event.RELEASE, now, pdu.ReleaseRequest().encode())
        self.deadline = now + self.settings.artim

    def release_response(self, now: float) -> None:
        """Answer the peer's request for release."""
        if self.machine.may(Event.RELEASE_RESPONSE):
            self._step(Event.RELEASE_RESPONSE, now, pdu.ReleaseResponse().encode())

    def abort(self, now: float) -> list[Happening]:
        """Abort as the user."""
        if not self.machine.may(Event.ABORT):
            return []
        return self._step(Event.ABORT, now)

    def send(self, context: int, command: Command, data: bytes | memoryview | None = None) -> None:
        """Send a command, and with it its data set where that is at hand whole."""
        self.send_command(context, command)
        if data is not None:
            self.send_data(context, data, last=True)

    def send_answer(
        self, context: int, request: Command, status: int, data: bytes | memoryview | None = None
    ) -> None:
        """Send a response that has a status and nothing else, and with it its data set."""
        self._may_send()
        content = commands.answer_of(request, status, has_data=data is not None)
        self._fragments(context, content, 0x01, last=True)
        if data is not None:
            self._fragments(context, data, 0x00, last=True)

    def send_command(self, context: int, command: Command) -> None:
        """Send a command set; its data set, where it has one, is to follow by `send_data`."""
        self._may_send()
        self._fragments(context, command.encode(), 0x01, last=True)

    def send_data(self, context: int, data: bytes | memoryview, *, last: bool) -> None:
        """Send a part of a data set in as many units as the peer's maximum asks for."""
        self._may_send()
        self._fragments(context, data, 0x00, last=last)

    def _may_send(self) -> None:
        if not self.machine.may(Event.DATA):
            raise UsageError("the association is not established", rule="PS3.8 §9.2")

    def _fragments(self, context: int, data: bytes | memoryview, flags: int, *, last: bool) -> None:
        largest = (self.peer_maximum or self.settings.largest_unlimited) - 6
        largest = max(largest - largest % 2, 2)
        total = len(data)
        if total <= largest:
            self._out += (_UNIT.pack(4, 0, total + 6, total + 2, context, flags | 2 if last else flags), data)
            return
        view, start = memoryview(data), 0
        while True:
            stop = min(start + largest, total)
            ends = stop == total
            size = stop - start
            self._out.append(
                _UNIT.pack(4, 0, size + 6, size + 2, context, flags | (2 if last and ends else 0))
            )
            self._out.append(view[start:stop])
            start = stop
            if ends:
                return

    # What the peer does.

    def receive(self, data: bytes | bytearray | memoryview, now: float) -> list[Happening]:
        """The events of these bytes. Fragments in them lie in `data`: use them before it is reused."""
        happened: list[Happening] = []
        view = memoryview(data)
        try:
            plain = self._plain(view, happened)
            view = view[plain:]
            while view:
                inside = self._in.unit > 0
                view = self._values(view, happened) if inside else self._unit(view, happened, now)
        except ParseError as error:
            happened += self._invalid(INVALID_PARAMETER, error.message, now)
        return happened

    def _plain(self, view: memoryview, happened: list[Happening]) -> int:
        """Take the P-DATA-TFs at the front that are whole and of one value, as most are: their bytes."""
        inward, at, total = self._in, 0, len(view)
        if inward.unit or self._held or self._aborted or self.machine.state is not State.ESTABLISHED:
            return 0
        limit = (self.settings.maximum_length or self.settings.largest_unlimited) + 6
        while total - at >= 12:
            kind, _, length, size, inward.context, inward.flags = _UNIT.unpack_from(view, at)
            end = at + 6 + length
            if kind != 4 or size + 4 != length or size < 2 or length > limit or end > total:
                break
            self._fragment(view[at + 12 : end], happened, ended=True)
            at = end
        return at

    def _unit(self, view: memoryview, happened: list[Happening], now: float) -> memoryview:
        """Take the head of a unit, or more of one that is taken whole."""
        if self.machine.state is State.IDLE or self._aborted:
            return view[:0]  # what is still on the way means nothing any more
        held = self._held
        if len(held) < 6:
            taken = min(6 - len(held), len(view))
            held += view[:taken]
            view = view[taken:]
            if len(held) < 6:
                return view
        kind, _, length = _HEAD.unpack_from(held)
        if kind == 0x04:
            held.clear()
            self._begin_data(length, happened, now)
            return view
        if not self._acceptable(kind, length):
            message = f"a unit of type {kind:02X}H and {length} bytes"
            reason = INVALID_PARAMETER if kind in _EVENTS else UNRECOGNIZED_PDU
            happened += self._invalid(reason, message, now)
            return view[:0]
        taken = min(6 + length - len(held), len(view))
        held += view[:taken]
        if len(held) == 6 + length:
            whole = bytes(held)
            held.clear()
            happened += self._whole(whole, now)
        return view[taken:]

    def _acceptable(self, kind: int, length: int) -> bool:
        if kind in {0x01, 0x02}:
            return 68 <= length <= self.settings.largest_negotiation
        return kind in _EVENTS and length == 4

    def _begin_data(self, length: int, happened: list[Happening], now: float) -> None:
        limit = self.settings.maximum_length or self.settings.largest_unlimited
        if self.machine.state not in {State.ESTABLISHED, State.AWAITING_RELEASE_RESPONSE}:
            happened += self._unexpected(Event.DATA_RECEIVED, now)
        elif length < 6 or length > limit + 6:
            happened += self._invalid(INVALID_PARAMETER, f"a P-DATA-TF of {length} bytes", now)
        else:
            self._in.unit = length

    def _values(self, view: memoryview, happened: list[Happening]) -> memoryview:
        """Take presentation data values, whole or in part. ParseError for one that cannot be."""
        inward, held = self._in, self._held
        while view and inward.unit:
            if not inward.value:
                if held or len(view) < 6:
                    taken = min(6 - len(held), len(view))
                    held += view[:taken]
                    view = view[taken:]
                    if len(held) < 6:
                        return view
                    length, inward.context, inward.flags = _VALUE.unpack_from(held)
                    held.clear()
                else:
                    length, inward.context, inward.flags = _VALUE.unpack_from(view)
                    view = view[6:]
                if length < 2 or length + 4 > inward.unit:
                    raise ParseError(f"a presentation data value of {length} bytes", rule="PS3.8 §9.3.5.1")
                inward.unit -= 6
                inward.value = length - 2
                if not inward.value:
                    self._fragment(view[:0], happened, ended=True)
                    continue
            taken = min(inward.value, len(view))
            if taken:
                inward.value -= taken
                inward.unit -= taken
                self._fragment(view[:taken], happened, ended=not inward.value)
                view = view[taken:]
            if inward.unit and inward.unit < 6 and not inward.value:
                raise ParseError("a presentation data value without room for its head", rule="PS3.8 §9.3.5")
        return view

    def _fragment(self, data: memoryview, happened: list[Happening], *, ended: bool) -> None:
        inward = self._in
        last = bool(inward.flags & 2) and ended
        if not inward.flags & 1:
            if inward.context != inward.data_context:
                raise ParseError("a fragment of a data set that no command announced", rule="PS3.8 §E.2")
            if last:
                inward.data_context = 0
            happened.append(Data(inward.context, data, last))
            return
        if inward.data_context or (inward.command and inward.command_context != inward.context):
            raise ParseError("a command before the one before it ended", rule="PS3.8 §E.2")
        if inward.context not in self.contexts:
            raise ParseError(f"presentation context {inward.context} was not accepted", rule="PS3.8 §E.2")
        inward.command_context = inward.context
        inward.command += data
        if len(inward.command) > self.settings.largest_command:
            raise ParseError("a command set beyond all measure", rule="PS3.7 §6.3.1")
        if last:
            command = commands.decode(bytes(inward.command))
            inward.command.clear()
            if command.has_data:
                inward.data_context = inward.context
            happened.append(Commanded(inward.context, command))

    def _whole(self, data: bytes, now: float) -> list[Happening]:
        unit = pdu.decode(data)
        event = _EVENTS[data[0]]
        if self.machine.state is State.AWAITING_REQUEST and event is not Event.REQUEST_RECEIVED:
            return self._unexpected(event, now)
        if isinstance(unit, AssociateRequest) and self.machine.state is State.AWAITING_REQUEST:
            self.request = unit
        if isinstance(unit, AssociateAccept) and self.machine.state is State.AWAITING_ANSWER:
            self._take_accept(unit)
        return self._step(event, now, unit=unit)

    def _take_accept(self, accept: AssociateAccept) -> None:
        if self.request is None:
            raise ParseError("an acceptance of nothing")
        self._agree(self.request, accept)
        self.peer_maximum = accept.maximum_length
        self.deadline = None

    def _agree(self, request: AssociateRequest, accept: AssociateAccept) -> None:
        """The contexts that both sides have."""
        proposed = {context.id: context for context in request.contexts}
        asked = {one.uid: one for one in request.items if isinstance(one, RoleSelection)}
        granted = {one.uid: one for one in accept.items if isinstance(one, RoleSelection)}
        for answer in accept.contexts:
            context = proposed.get(answer.id)
            if context is None or answer.result:
                continue
            roles = granted.get(context.abstract_syntax)
            wanted = asked.get(context.abstract_syntax)
            scu = roles.scu and wanted.scu if roles and wanted else True
            scp = roles.scp and wanted.scp if roles and wanted else False
            self.contexts[answer.id] = Context(
                answer.id, context.abstract_syntax, answer.transfer_syntax, scu, scp
            )

    def _unexpected(self, event: Event, now: float) -> list[Happening]:
        return self._step(event, now, reason=UNEXPECTED_PDU)

    def _invalid(self, reason: int, message: str, now: float) -> list[Happening]:
        if not self.machine.may(Event.INVALID_RECEIVED):
            return []
        return self._step(Event.INVALID_RECEIVED, now, reason=reason, message=message)

    # Time.

    def tick(self, now: float) -> list[Happening]:
        """What follows from the time: the timer of the standard, or of an answer that does not come."""
        if self.deadline is None or now < self.deadline:
            return []
        self.deadline = None
        if self.machine.may(Event.ARTIM_EXPIRED):
            return self._step(Event.ARTIM_EXPIRED, now)
        return [Aborted(-1, 0, "the peer does not answer"), *self.abort(now)]

    def closed(self, now: float) -> list[Happening]:
        """The transport was closed."""
        if not self.machine.may(Event.TRANSPORT_CLOSED):
            return []
        return self._step(Event.TRANSPORT_CLOSED, now)

    def _step(
        self,
        event: Event,
        now: float,
        data: bytes = b"",
        unit: pdu.Pdu | None = None,
        reason: int = UNEXPECTED_PDU,
        message: str = "",
    ) -> list[Happening]:
        """Carry out the effects of an event."""
        if not self.machine.may(event):
            raise UsageError(f"{event.name} in {self.machine.state.name}", rule="PS3.8 §9.2")
        happened: list[Happening] = []
        for effect in self.machine.step(event):
            if effect is Effect.SEND:
                self._out.append(data)
            elif effect is Effect.INDICATE and unit is not None:
                happened.append(_indication(unit))
            elif effect in {Effect.SEND_ABORT_PROVIDER, Effect.SEND_ABORT_USER}:
                provider = effect is Effect.SEND_ABORT_PROVIDER
                self._out.append(Abort(2 if provider else 0, reason if provider else 0).encode())
                self._aborted = True
            elif effect is Effect.INDICATE_ABORT:
                happened.append(_abort(event, unit, reason, message))
            elif effect is Effect.CLOSE:
                happened.append(Close())
            elif effect is Effect.START_ARTIM:
                self.deadline = now + self.settings.artim
            elif effect is Effect.STOP_ARTIM:
                self.deadline = None
        return happened


def _indication(unit: pdu.Pdu) -> Happening:
    if isinstance(unit, AssociateRequest):
        return Requested(unit)
    if isinstance(unit, AssociateAccept):
        return Accepted(unit)
    if isinstance(unit, AssociateReject):
        return Rejected(unit)
    return Released(isinstance(unit, pdu.ReleaseRequest))


def _abort(event: Event, unit: pdu.Pdu | None, reason: int, message: str) -> Aborted:
    if isinstance(unit, Abort):
        return Aborted(unit.source, unit.reason)
    if event is Event.TRANSPORT_CLOSED:
        return Aborted(-1, 0, "the connection was closed")
    return Aborted(2, reason, message or "a unit that was not expected")


def proposals(
    wanted: Iterable[tuple[str, tuple[str, ...]]],
) -> Iterator[ProposedContext]:
    """Presentation contexts with odd IDs for pairs of abstract syntax and transfer syntaxes, 128 at most."""
    for number, (abstract, transfer) in enumerate(wanted):
        if number > 127:
            raise UsageError("an association has 128 presentation contexts at most", rule="PS3.8 §9.3.2.2")
        yield ProposedContext(2 * number + 1, abstract, transfer)


def window(items: Iterable[UserItem]) -> tuple[int, int]:
    """Operations invoked and performed at once that the items ask for; (1, 1) where they say nothing."""
    for one in items:
        if isinstance(one, AsynchronousOperations):
            return one.invoked, one.performed
    return 1, 1
