"""The client's shell of DIMSE: one association that this side opens."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Protocol, Self

from ..dicom import part10
from ..errors import ServiceError
from ..protocols import association as ul
from ..protocols import commands
from ..protocols.association import Association, Context, Happening
from ..protocols.commands import Command
from ..protocols.items import (
    ExtendedNegotiation,
    ImplementationClass,
    ImplementationVersion,
    MaximumLength,
    RoleSelection,
    UserIdentity,
    UserItem,
)
from ..protocols.pdu import AssociateRequest, ProposedContext
from .dimse_answer import Answer, OneAnswer
from .dimse_refusal import rejection, results
from .dimse_stream import Stream

PENDING = frozenset({0xFF00, 0xFF01})
OnRequest = Callable[["Incoming"], Awaitable[None]]
_MOST_HELD = 16 << 20
"""The bytes of a data set that are collected where no sink takes them."""


class Sink(Protocol):
    """Takes the data set of a peer's request piece by piece, as it comes."""

    def write(self, data: memoryview) -> None:
        """Take a fragment; its memory is reused after the call."""

    def abandon(self) -> None:
        """The association ended before the data set did."""


OnBegin = Callable[["Incoming"], Sink | None]


@dataclass(frozen=True, slots=True)
class Proposal:
    """One SOP class that is asked for, its transfer syntaxes, and the roles of this side."""

    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]
    scu_role: bool = True
    scp_role: bool = False


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """How to associate: times in seconds. `answer` is how long a response may take."""

    connect: float = 15.0
    answer: float = 120.0
    protocol: ul.Settings = field(default_factory=ul.Settings)
    tls: ssl.SSLContext | None = None
    identity: UserIdentity | None = None
    extended: tuple[ExtendedNegotiation, ...] = ()


@dataclass(slots=True)
class Incoming:
    """A request of the peer on our association: a C-STORE of its C-GET, a report of its commitment."""

    client: Client
    context: Context
    command: Command
    data: bytearray = field(default_factory=bytearray)
    sink: Sink | None = None

    async def respond(self, *, status: int, data: bytes | None = None) -> None:
        """Answer it."""
        await self.client.send(self.context.id, self.command.answer(status, has_data=data is not None), data)


class Client:
    """An open association. Made by `connect`; leave it with `release` or by the end of `async with`.

    `answers` says of each SOP class and transfer syntax what became of its context, and `user_items` is the
    user information that the peer answered with. PS3.8 §9.3.3.2, PS3.7 §D.3.3.
    """

    def __init__(self, request: AssociateRequest, settings: ClientSettings) -> None:
        self._request, self._settings = request, settings
        self.stream = Stream(self._begin, self._happened, self._over)
        self.on_request: OnRequest | None = None
        self.on_begin: OnBegin | None = None
        self.answers: dict[tuple[str, str], int] = {}
        self.user_items: tuple[UserItem, ...] = ()
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._answers: dict[int, asyncio.Queue[Answer | Exception] | OneAnswer] = {}
        self._answer: Command | None = None
        self._incoming: Incoming | None = None
        self._collected = bytearray()
        self._message = 0
        self._sending = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self.released = asyncio.Event()

    @property
    def called(self) -> str:
        """The AE title of the peer."""
        return self._request.called

    @property
    def protocol(self) -> Association:
        """The association without its socket."""
        assert self.stream.association is not None
        return self.stream.association

    @property
    def accepted(self) -> dict[int, Context]:
        """The accepted presentation contexts by ID."""
        return self.protocol.contexts

    def context_for(self, abstract_syntax: str, transfer_syntax: str = "") -> Context | None:
        """An accepted context of a SOP class, and of a transfer syntax where one is given."""
        for context in self.accepted.values():
            if context.abstract_syntax == abstract_syntax and transfer_syntax in {
                "",
                context.transfer_syntax,
            }:
                return context
        return None

    def _begin(self, now: float) -> Association:
        return Association.connected(self._request, self._settings.protocol, now)

    def _happened(self, stream: Stream, happening: Happening) -> None:
        match happening:
            case ul.Data():
                self._data(happening)
            case ul.Commanded():
                self._commanded(happening)
            case ul.Accepted():
                self.answers = results(self._request, happening.accept)
                self.user_items = happening.accept.items
                self._settle(None)
            case ul.Rejected():
                self._settle(rejection(happening.reject, self._request.called))
            case ul.Released():
                if happening.asked:
                    self.protocol.release_response(stream.now)
                self.released.set()
            case ul.Aborted():
                told = happening.message or f"source {happening.source}, reason {happening.reason}"
                self._settle(ServiceError("unavailable", f"the association was aborted: {told}"))
            case ul.Close():
                stream.flush()
                stream.close()
                self._settle(ServiceError("unavailable", "the association is no more"))

    def _over(self) -> None:
        incoming, self._incoming = self._incoming, None
        if incoming is not None and incoming.sink is not None:
            incoming.sink.abandon()
        self._settle(ServiceError("unavailable", "the association is no more"))

    def _settle(self, error: ServiceError | None) -> None:
        if not self._ready.done():
            if error is None:
                self._ready.set_result(None)
            else:
                self._ready.set_exception(error)
        elif error is not None:
            for queue in self._answers.values():
                queue.put_nowait(error)
            self.released.set()

    def _commanded(self, happening: ul.Commanded) -> None:
        command = happening.command
        if command.is_response:
            self._answer = command
            if not command.has_data:
                self._give()
            return
        self._incoming = Incoming(self, self.accepted[happening.context], command)
        if not command.has_data:
            self._ask()
        elif self.on_begin is not None:
            self._incoming.sink = self.on_begin(self._incoming)

    def _data(self, happening: ul.Data) -> None:
        if self._answer is not None:
            self._collected += happening.data
            if happening.last:
                self._give()
        elif (incoming := self._incoming) is not None:
            if incoming.sink is not None:
                incoming.sink.write(happening.data)
            else:
                incoming.data += happening.data
                if len(incoming.data) > _MOST_HELD:
                    self.abort()
            if happening.last:
                self._ask()

    def _give(self) -> None:
        answer, self._answer = self._answer, None
        data = bytes(self._collected)
        self._collected.clear()
        queue = self._answers.get(answer.responded_to or 0) if answer is not None else None
        if queue is not None and answer is not None:
            queue.put_nowait((answer, data))

    def _ask(self) -> None:
        incoming, self._incoming = self._incoming, None
        if incoming is None:
            return
        if self.on_request is None:
            work: Awaitable[None] = incoming.respond(status=0x0211)
        else:
            work = self.on_request(incoming)
        task = asyncio.ensure_future(_awaited(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def opened(self) -> None:
        """Wait for the answer to the request. ServiceError with the reason of a rejection."""
        try:
            async with asyncio.timeout(self._settings.answer):
                await asyncio.shield(self._ready)
        except TimeoutError:
            raise ServiceError("unavailable", "the peer does not answer the association") from None

    # Sending.

    async def send(self, context: int, command: Command, data: bytes | None = None) -> None:
        """Send one message. ServiceError where the association is no more."""
        async with self._sending:
            self._may()
            self.protocol.send(context, command, data)
            self.stream.flush()
            await self._drained()

    def _may(self) -> None:
        if not self.protocol.established or self.stream.lost.is_set():
            raise ServiceError("unavailable", "the association is no more", source=self._request.called)

    async def _drained(self) -> None:
        try:
            await self.stream.drained()
        except ConnectionError as error:
            raise ServiceError("unavailable", str(error), source=self._request.called) from None

    async def request(
        self, context: int, command: Command, data: AsyncIterator[bytes] | bytes | None = None
    ) -> Answer:
        """Send a request and wait for its one response."""
        self._message = message = self._message % 65535 + 1
        self._answers[message] = one = OneAnswer()
        try:
            await self._send_all(context, replace(command, message_id=message), data)
            while True:
                try:
                    async with asyncio.timeout(self._settings.answer):
                        return await one.get()
                except TimeoutError:
                    if self.stream.now - self.stream.received >= self._settings.answer:
                        raise ServiceError("unavailable", "the peer does not answer") from None
        finally:
            del self._answers[message]

    async def requests(
        self, context: int, command: Command, data: AsyncIterator[bytes] | bytes | None = None
    ) -> AsyncIterator[Answer]:
        """Send a request and give its responses, the final one last."""
        self._message = self._message % 65535 + 1
        own = replace(command, message_id=self._message)
        queue: asyncio.Queue[Answer | Exception] = asyncio.Queue()
        self._answers[self._message] = queue
        message = self._message
        try:
            await self._send_all(context, own, data)
            while True:
                try:
                    async with asyncio.timeout(self._settings.answer):
                        found = await queue.get()
                except TimeoutError:
                    if self.stream.now - self.stream.received < self._settings.answer:
                        continue  # it is at work for us: the objects of a C-GET come before its response
                    raise ServiceError("unavailable", "the peer does not answer") from None
                if isinstance(found, Exception):
                    raise found
                yield found
                if found[0].status not in PENDING:
                    return
        finally:
            del self._answers[message]

    async def _send_all(
        self, context: int, command: Command, data: AsyncIterator[bytes] | bytes | None
    ) -> None:
        if data is None or isinstance(data, bytes):
            await self.send(context, command, data)
            return
        async with self._sending:
            self._may()
            self.protocol.send_command(context, command)
            held = b""
            async for piece in data:
                if held:
                    self._may()
                    self.protocol.send_data(context, held, last=False)
                    self.stream.flush()
                    await self._drained()
                held = piece
            self.protocol.send_data(context, held, last=True)
            self.stream.flush()
            await self._drained()

    # Services.

    async def echo(self) -> int:
        """C-ECHO: the status. ServiceError where the peer does not offer it."""
        context = self._context("1.2.840.10008.1.1")
        command = Command(commands.ECHO, affected_class=context.abstract_syntax)
        return (await self.request(context.id, command))[0].status or 0

    async def store(
        self,
        sop_class: str,
        sop_instance: str,
        data: bytes | AsyncIterator[bytes],
        *,
        transfer_syntax: str = "",
        originator: tuple[str, int] | None = None,
    ) -> Command:
        """C-STORE of a data set in the syntax of an accepted context: the response.

        `originator` is the AE title and Message ID of the C-MOVE that this belongs to. PS3.7 §9.1.1.
        """
        context = self._context(sop_class, transfer_syntax)
        command = Command(
            commands.STORE,
            has_data=True,
            affected_class=sop_class,
            affected_instance=sop_instance,
            priority=0,
            move_originator=originator[0] if originator else "",
            move_originator_id=originator[1] if originator else None,
        )
        return (await self.request(context.id, command, data))[0]

    async def find(self, sop_class: str, identifier: bytes) -> AsyncIterator[Answer]:
        """C-FIND: each response with its identifier, the final one last. PS3.7 §9.1.2."""
        context = self._context(sop_class)
        command = Command(commands.FIND, has_data=True, affected_class=sop_class, priority=0)
        async for answer in self.requests(context.id, command, identifier):
            yield answer

    async def move(self, sop_class: str, identifier: bytes, destination: str) -> AsyncIterator[Answer]:
        """C-MOVE: each response, the final one last. PS3.7 §9.1.4."""
        context = self._context(sop_class)
        command = Command(
            commands.MOVE, has_data=True, affected_class=sop_class, priority=0, move_destination=destination
        )
        async for answer in self.requests(context.id, command, identifier):
            yield answer

    async def get(
        self, sop_class: str, identifier: bytes, on_store: OnRequest, on_begin: OnBegin | None = None
    ) -> AsyncIterator[Answer]:
        """C-GET: each response, the final one last; `on_store` answers the peer's C-STOREs. PS3.7 §9.1.3.

        `on_begin` may give a sink for the data set of each; without one it is collected, up to 16 MB.
        """
        self.on_request, self.on_begin = on_store, on_begin
        context = self._context(sop_class)
        command = Command(commands.GET, has_data=True, affected_class=sop_class, priority=0)
        async for answer in self.requests(context.id, command, identifier):
            yield answer

    async def cancel(self, context: int, message: int) -> None:
        """C-CANCEL of a request. PS3.7 §9.3.2.3."""
        await self.send(context, Command(commands.CANCEL, responded_to=message))

    @property
    def last_message(self) -> int:
        """The Message ID of the last request."""
        return self._message

    def _context(self, abstract_syntax: str, transfer_syntax: str = "") -> Context:
        context = self.context_for(abstract_syntax, transfer_syntax)
        if context is None:
            raise ServiceError(
                "unknown-sop-class", f"the peer does not take {abstract_syntax}", source=self._request.called
            )
        return context

    # Leaving.

    async def release(self) -> None:
        """Release the association and close; what does not answer is aborted."""
        if self.protocol.established and not self.stream.lost.is_set():
            self.protocol.release(self.stream.now)
            self.stream.flush()
            try:
                async with asyncio.timeout(10):
                    await self.released.wait()
            except TimeoutError:
                self.abort()
        self.stream.close()
        await self._closed()

    async def _closed(self) -> None:
        try:
            async with asyncio.timeout(5):
                await self.stream.lost.wait()
                if rest := self._tasks - {asyncio.current_task()}:
                    await asyncio.wait(rest)  # what the peer asked for is seen to, though no answer can go
        except TimeoutError:
            if self.stream.transport is not None:
                self.stream.transport.abort()

    def abort(self) -> None:
        """Abort the association."""
        self.protocol.abort(self.stream.now)
        self.stream.flush()
        self.stream.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if kind is None or issubclass(kind, ServiceError):
            await self.release()
        else:
            self.abort()
            await self._closed()


async def _awaited(work: Awaitable[None]) -> None:
    await work


async def connect(
    host: str,
    port: int,
    *,
    calling: str,
    called: str,
    contexts: Iterable[Proposal],
    settings: ClientSettings | None = None,
) -> Client:
    """An open association. ServiceError where nothing listens, or with the reason of a rejection."""
    chosen = settings or ClientSettings()
    proposed = tuple(contexts)
    roles = {one.abstract_syntax: one for one in proposed if one.scp_role}
    items: list[UserItem] = [
        MaximumLength(chosen.protocol.maximum_length),
        ImplementationClass(part10.IMPLEMENTATION_CLASS),
        ImplementationVersion(part10.IMPLEMENTATION_VERSION),
        *(RoleSelection(one.abstract_syntax, one.scu_role, one.scp_role) for one in roles.values()),
        *chosen.extended,
        *([chosen.identity] if chosen.identity else []),
    ]
    pairs = [(one.abstract_syntax, one.transfer_syntaxes) for one in proposed]
    request = AssociateRequest(called, calling, tuple(items), contexts=_numbered(pairs))
    client = Client(request, chosen)
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(chosen.connect):
            await loop.create_connection(
                lambda: client.stream, host, port, ssl=chosen.tls, family=socket.AF_UNSPEC
            )
    except (OSError, TimeoutError) as error:
        told = error.strerror if isinstance(error, OSError) and error.strerror else "no answer"
        raise ServiceError("unavailable", f"cannot connect to {host}:{port}: {told}", source=called) from None
    try:
        await client.opened()
    except BaseException:
        client.stream.close()
        raise
    return client


def _numbered(pairs: list[tuple[str, tuple[str, ...]]]) -> tuple[ProposedContext, ...]:
    return tuple(ul.proposals(pairs))
