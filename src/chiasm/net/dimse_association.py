"""One association that a peer opened: commands to their services, data sets to their sinks, answers back."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, Protocol

from ..errors import FAILURES, ChiasmError, ServiceError
from ..protocols import association as ul
from ..protocols import commands
from ..protocols.association import Association, Context, Happening
from ..protocols.commands import Command
from ..protocols.items import ExtendedNegotiation, UserIdentity, UserItem
from ..protocols.machine import Event
from ..protocols.pdu import AnsweredContext, AssociateRequest
from .dimse_handler import Answers, Peer, Sink
from .dimse_stream import Stream

IDENTIFIER_BYTES = 16 << 20
QUEUED = 64
"""Bytes of a data set that no sink takes, and commands of one association that wait."""


class Handler(Protocol):
    """One service: asked for each command on a context of its abstract syntax.

    It may have `at_once(exchange) -> Answers | None` too, which is asked before `handle` where nothing else
    of the association is under way: the answers that take no waiting.
    """

    async def handle(self, exchange: Exchange) -> None:
        """Serve a command whose data set, where it has one, is in `exchange.data`."""

    def begin(self, exchange: Exchange) -> Sink | None:
        """A sink for the data set of a command, or None to have it whole in `handle`."""


class Server(Protocol):
    """What an association asks of the server that it came to."""

    associations: set[ServerAssociation]

    @property
    def protocol(self) -> ul.Settings:
        """Times and sizes of the upper layer."""

    def refusal(self, request: AssociateRequest) -> tuple[int, int, int] | None:
        """Result, source and reason of a rejection; None to accept."""

    def answers(self, request: AssociateRequest) -> list[AnsweredContext]:
        """Which contexts are accepted."""

    def items(self, request: AssociateRequest) -> tuple[UserItem, ...]:
        """What is answered to the user information."""

    def handler(self, abstract_syntax: str) -> Handler:
        """The service of an abstract syntax."""

    def watch(self, result: str, /) -> None:
        """Be told how an association began and ended."""

    def faulted(self, error: BaseException) -> None:
        """Remember what failed."""


class Exchange:
    """One command of a peer and the means to answer it."""

    __slots__ = ("association", "cancelled", "command", "context", "data")

    def __init__(self, association: ServerAssociation, context: Context, command: Command) -> None:
        self.association, self.context, self.command = association, context, command
        self.data = b""
        self.cancelled = False

    @property
    def peer(self) -> Peer:
        """Who asks."""
        return self.association.peer

    async def respond(self, *, status: int, data: bytes | None = None, **fields: Any) -> None:
        """Send a response; `fields` are further elements of the command set by name. PS3.7 §9.3."""
        answer = self.command.answer(status, has_data=data is not None, **fields)
        await self.association.send(self.context.id, answer, data)


class ServerAssociation:
    """One association that a peer opened."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.stream = Stream(self._begin, self._happened, self._end)
        self.peer = Peer("", "", "")
        self.extended: dict[str, bytes] = {}
        self._running: dict[int, Exchange] = {}
        self._waiting: dict[int, asyncio.Future[tuple[Command, bytes]]] = {}
        self._current: Exchange | None = None
        self._sink: Sink | None = None
        self._answered: asyncio.Future[tuple[Command, bytes]] | None = None
        self._answer: Command | None = None
        self._collected = bytearray()
        self._tasks: set[asyncio.Task[None]] = set()
        self._promised = 0
        self._kept = asyncio.Event()
        self._message = 0
        self._sending = asyncio.Lock()
        self._is_counted = False

    @property
    def contexts(self) -> dict[int, Context]:
        """The accepted presentation contexts by ID."""
        return self.protocol.contexts

    @property
    def protocol(self) -> Association:
        """The association without its socket."""
        assert self.stream.association is not None
        return self.stream.association

    @property
    def open(self) -> bool:
        """Whether messages may be sent."""
        return self.protocol.established and not self.stream.lost.is_set()

    @property
    def is_busy(self) -> bool:
        """Whether an answer is due."""
        return bool(self._tasks) or self._promised > 0

    def _begin(self, now: float) -> Association:
        self._server.associations.add(self)
        return Association.acceptor(self._server.protocol, now)

    def _happened(self, stream: Stream, happening: Happening) -> None:
        match happening:
            case ul.Data():
                self._data(happening)
            case ul.Commanded():
                self._commanded(happening)
            case ul.Requested():
                self._requested(happening.request)
            case ul.Released():
                self._count("released")
                self._spawn(self._release())
            case ul.Aborted():
                self._end()
            case ul.Close():
                stream.flush()
                stream.close()
                self._end()

    def _requested(self, request: AssociateRequest) -> None:
        server, now = self._server, self.stream.now
        refusal = server.refusal(request)
        if refusal is not None:
            server.watch("rejected")
            self.protocol.reject(*refusal, now)
            return
        identity = next((one for one in request.items if isinstance(one, UserIdentity)), None)
        self.peer = Peer(request.calling, request.called, self.stream.address, identity)
        self.extended = {
            one.uid: one.content for one in request.items if isinstance(one, ExtendedNegotiation)
        }
        self.protocol.accept(server.answers(request), server.items(request), now)
        self._is_counted = True
        server.watch("accepted")

    def _count(self, result: str) -> None:
        """Tell how an accepted association ended, once."""
        if self._is_counted:
            self._is_counted = False
            self._server.watch(result)

    def _commanded(self, happening: ul.Commanded) -> None:
        command = happening.command
        if command.is_response:
            self._answered = self._waiting.pop(command.responded_to or 0, None)
            self._answer = command
            if not command.has_data:
                self._give_answer()
            return
        if command.kind == commands.CANCEL:
            running = self._running.get(command.responded_to or 0)
            if running is not None:
                running.cancelled = True
            return
        context = self.protocol.contexts[happening.context]
        exchange = Exchange(self, context, command)
        handler = self._server.handler(context.abstract_syntax)
        self._sink = handler.begin(exchange) if command.has_data else None
        self._current = exchange
        if not command.has_data:
            self._serve(exchange, handler)

    def _data(self, happening: ul.Data) -> None:
        if self._answer is None and self._sink is not None:
            self._sink.write(happening.data)
            if happening.last:
                sink, exchange, self._sink, self._current = self._sink, self._current, None, None
                if sink.finish_soon():
                    self._promise()
                else:
                    self._spawn(self._finish(sink, exchange))
            return
        self._collected += happening.data
        if len(self._collected) > IDENTIFIER_BYTES:
            self.abort()
            return
        if not happening.last:
            return
        if self._answer is not None:
            self._give_answer()
        elif self._current is not None:
            exchange, self._current = self._current, None
            exchange.data = bytes(self._collected)
            self._collected.clear()
            self._serve(exchange, self._server.handler(exchange.context.abstract_syntax))

    def _give_answer(self) -> None:
        future, answer = self._answered, self._answer
        self._answered = self._answer = None
        data = bytes(self._collected)
        self._collected.clear()
        if future is not None and answer is not None and not future.done():
            future.set_result((answer, data))

    def _serve(self, exchange: Exchange, handler: Handler) -> None:
        at_once = getattr(handler, "at_once", None)
        is_free = not self._tasks and self.open and self.stream.is_writable
        answers = at_once(exchange) if at_once is not None and is_free else None
        if answers is not None:
            self._put(exchange, answers)
            return
        self._running[exchange.command.message_id or 0] = exchange
        self._spawn(self._handle(exchange, handler))

    async def _handle(self, exchange: Exchange, handler: Handler) -> None:
        try:
            await self._told(exchange, handler.handle(exchange))
        finally:
            self._running.pop(exchange.command.message_id or 0, None)

    async def _finish(self, sink: Sink, exchange: Exchange | None) -> None:
        if exchange is not None:
            await self._told(exchange, sink.finish())

    async def _told(self, exchange: Exchange, work: Any) -> None:
        """Do the work; what fails is told to the peer by its row of the catalogue."""
        try:
            await work
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception as error:
            failure = error.failure if isinstance(error, ServiceError) else FAILURES["fault"]
            text = error.message if isinstance(error, ChiasmError) else f"{type(error).__name__}: {error}"
            self._server.faulted(error)
            with contextlib.suppress(ConnectionError):
                await exchange.respond(status=failure.dimse, error_comment=text[:64])

    def _spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(self._quietly(work))
        self._tasks.add(task)
        task.add_done_callback(self._done)
        if len(self._tasks) + self._promised > QUEUED:
            self.stream.pause()

    def _promise(self) -> None:
        """An answer will come without a task: `answer` brings it."""
        self._promised += 1
        if len(self._tasks) + self._promised > QUEUED:
            self.stream.pause()

    def answer(self, exchange: Exchange, status: int, comment: str = "") -> None:
        """Keep the promise of a sink: a response that has a status, and a comment on it or nothing else."""
        if comment or self._sending.locked():
            self._spawn(exchange.respond(status=status, error_comment=comment))
            self._keep()
            return
        self._keep()
        # A peer that asked for release waits for its answers too.
        if self.protocol.machine.may(Event.DATA) and not self.stream.lost.is_set():
            self.protocol.send_answer(exchange.context.id, exchange.command, status)
            self.stream.flush()

    def _keep(self) -> None:
        self._promised -= 1
        if not self._promised:
            self._kept.set()
        if len(self._tasks) + self._promised == QUEUED:
            self.stream.resume()

    async def _quietly(self, work: Any) -> None:
        with contextlib.suppress(ConnectionError):
            await work

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if len(self._tasks) + self._promised == QUEUED:
            self.stream.resume()

    async def _release(self) -> None:
        """Answer what was asked before, then release."""
        while self._promised:
            self._kept.clear()
            await self._kept.wait()
        others = [task for task in self._tasks if task is not asyncio.current_task()]
        if others:
            await asyncio.wait(others)
        if not self.stream.lost.is_set():
            self.protocol.release_response(self.stream.now)
            self.stream.flush()

    async def send(self, context: int, command: Command, data: bytes | None = None) -> None:
        """Send one message. ConnectionError where the association is no more."""
        if not self.open and not self.protocol.machine.may(Event.DATA):
            raise ConnectionError("the association is no more")
        async with self._sending:
            self.protocol.send(context, command, data)
            self.stream.flush()
            await self.stream.drained()

    async def send_answers(self, exchange: Exchange, answers: Answers) -> None:
        """Send responses to one command in one write. ConnectionError where the association is no more."""
        async with self._sending:
            if not self.open:
                raise ConnectionError("the association is no more")
            self._put(exchange, answers)
            await self.stream.drained()

    def _put(self, exchange: Exchange, answers: Answers) -> None:
        for status, data in answers:
            self.protocol.send_answer(exchange.context.id, exchange.command, status, data)
        self.stream.flush()

    async def request(
        self,
        context: int,
        command: Command,
        data: AsyncIterator[bytes] | bytes | None = None,
        timeout: float = 60.0,
    ) -> tuple[Command, bytes]:
        """Send a request of this side's on the association; the response and its data set.

        ConnectionError where the association is no more, ServiceError where no answer comes in time.
        """
        message = self.next_message()
        future: asyncio.Future[tuple[Command, bytes]] = asyncio.get_running_loop().create_future()
        self._waiting[message] = future
        own = replace(command, message_id=message)
        async with self._sending:
            if not self.open:
                raise ConnectionError("the association is no more")
            if data is None or isinstance(data, bytes):
                self.protocol.send(context, own, data)
            else:
                self.protocol.send_command(context, own)
                async for piece in data:
                    self.protocol.send_data(context, piece, last=False)
                    self.stream.flush()
                    await self.stream.drained()
                self.protocol.send_data(context, b"", last=True)
            self.stream.flush()
        try:
            async with asyncio.timeout(timeout):
                return await future
        except TimeoutError:
            raise ServiceError("unavailable", "the peer does not answer", source=self.peer.calling) from None
        finally:
            self._waiting.pop(message, None)

    def next_message(self) -> int:
        """A Message ID of this side's."""
        self._message = self._message % 65535 + 1
        return self._message

    def abort(self) -> None:
        """Abort the association."""
        for one in self.protocol.abort(self.stream.now):
            if isinstance(one, ul.Close):
                self.stream.close()
        self.stream.flush()
        self._end()

    def _end(self) -> None:
        self._server.associations.discard(self)
        self._count("aborted")
        if self._sink is not None:
            self._sink.abandon()
            self._sink = None
        for exchange in self._running.values():
            exchange.cancelled = True
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(ConnectionError("the association is no more"))
        self._waiting.clear()

    def idle_since(self) -> float:
        """When the peer last said something; now where this side works for it."""
        return self.stream.now if self.is_busy else self.stream.received
