"""The DIMSE server: it listens, negotiates, and lets its associations end in order."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..dicom import part10
from ..protocols.association import Settings
from ..protocols.items import (
    AsynchronousOperations,
    ExtendedNegotiation,
    ImplementationClass,
    ImplementationVersion,
    RoleSelection,
    UserIdentity,
    UserIdentityResponse,
    UserItem,
)
from ..protocols.pdu import APPLICATION_CONTEXT, AnsweredContext, AssociateRequest
from .dimse_association import Handler, ServerAssociation


@dataclass(frozen=True, slots=True)
class DimseSettings:
    """How the server listens: times in seconds, sizes in bytes.

    `ae_titles` are those that may be called, none for any. `idle` is how long an association may be silent.
    """

    ae_titles: tuple[str, ...] = ()
    maximum_associations: int = 1024
    idle: float = 600.0
    protocol: Settings = field(default_factory=Settings)
    tls: ssl.SSLContext | None = None
    operations: int = 8


class DimseServer:
    """A listening DIMSE server. Made by `serve_dimse`."""

    def __init__(
        self,
        handlers: Mapping[str, Handler],
        settings: DimseSettings,
        syntaxes: Sequence[str],
        watch: Callable[[str], None],
    ) -> None:
        self.handlers, self.settings, self.watch = dict(handlers), settings, watch
        self.associations: set[ServerAssociation] = set()
        self.faults: list[str] = []
        self._syntaxes = frozenset(syntaxes)
        self._listener: asyncio.Server | None = None
        self._reaper: asyncio.Task[None] | None = None

    @property
    def protocol(self) -> Settings:
        """Times and sizes of the upper layer."""
        return self.settings.protocol

    @property
    def port(self) -> int:
        """The port it listens on."""
        assert self._listener is not None
        return int(self._listener.sockets[0].getsockname()[1])

    def handler(self, abstract_syntax: str) -> Handler:
        """The service of an abstract syntax."""
        return self.handlers[abstract_syntax]

    def faulted(self, error: BaseException) -> None:
        """Remember what failed, the last hundred."""
        self.faults = [*self.faults[-99:], f"{type(error).__name__}: {error}"]

    def refusal(self, request: AssociateRequest) -> tuple[int, int, int] | None:
        """Result, source and reason of a rejection: PS3.8 §9.3.4, Table 9-21. None to accept."""
        if not request.version & 1:
            return 1, 2, 2
        if len(self.associations) > self.settings.maximum_associations:
            return 2, 3, 2
        if request.application_context != APPLICATION_CONTEXT:
            return 1, 1, 2
        if self.settings.ae_titles and request.called not in self.settings.ae_titles:
            return 1, 1, 7
        return None

    def answers(self, request: AssociateRequest) -> list[AnsweredContext]:
        """Which contexts are accepted, each in the first of its transfer syntaxes that is known."""
        found = []
        for context in request.contexts:
            if context.abstract_syntax not in self.handlers:
                found.append(
                    AnsweredContext(
                        context.id, 3, context.transfer_syntaxes[0] if context.transfer_syntaxes else ""
                    )
                )
                continue
            known = [uid for uid in context.transfer_syntaxes if uid in self._syntaxes]
            found.append(AnsweredContext(context.id, 0 if known else 4, known[0] if known else ""))
        return found

    def items(self, request: AssociateRequest) -> tuple[UserItem, ...]:
        """What is answered to the user information."""
        items: list[UserItem] = [
            ImplementationClass(part10.IMPLEMENTATION_CLASS),
            ImplementationVersion(part10.IMPLEMENTATION_VERSION),
        ]
        for one in request.items:
            if isinstance(one, AsynchronousOperations):
                invoked = min(one.invoked or self.settings.operations, self.settings.operations)
                items.append(AsynchronousOperations(invoked, min(one.performed or 1, 1)))
            elif isinstance(one, RoleSelection) and one.uid in self.handlers:
                items.append(one)
            elif isinstance(one, ExtendedNegotiation) and hasattr(self.handlers.get(one.uid), "negotiate"):
                answer = self.handlers[one.uid].negotiate(one.content)  # type: ignore[attr-defined]  # asked just before
                items.append(ExtendedNegotiation(one.uid, answer))
            elif isinstance(one, UserIdentity) and one.respond:
                items.append(UserIdentityResponse())
        return tuple(items)

    async def start(self, host: str, port: int, *, reuse_port: bool = False) -> None:
        """Begin to listen. OSError where the port is taken."""
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(
            lambda: ServerAssociation(self).stream,
            host,
            port,
            backlog=1024,
            reuse_port=reuse_port or None,
            ssl=self.settings.tls,
            family=socket.AF_INET6 if ":" in host else socket.AF_INET,
        )
        self._reaper = asyncio.ensure_future(self._reap())

    async def _reap(self) -> None:
        """Abort associations that have been silent too long."""
        while True:
            await asyncio.sleep(min(self.settings.idle / 4, 30))
            limit = asyncio.get_running_loop().time() - self.settings.idle
            for association in list(self.associations):
                if association.idle_since() < limit:
                    association.abort()

    async def close(self, patience: float = 5.0) -> None:
        """Listen no more; let what is being received end, then abort the rest."""
        if self._reaper is not None:
            self._reaper.cancel()
        if self._listener is not None:
            self._listener.close()
        limit = asyncio.get_running_loop().time() + patience
        while any(one.is_busy for one in self.associations) and asyncio.get_running_loop().time() < limit:
            await asyncio.sleep(0.01)
        for association in list(self.associations):
            association.abort()
            association.stream.close()
        await asyncio.sleep(0)


async def serve_dimse(
    host: str,
    port: int,
    handlers: Mapping[str, Handler],
    settings: DimseSettings,
    *,
    syntaxes: Iterable[str],
    reuse_port: bool = False,
    watch: Callable[[str], None] = lambda result: None,
) -> DimseServer:
    """A listening server; port 0 takes any that is free. OSError where it cannot listen.

    `watch` is told of each association that it was accepted or rejected, and later released or aborted.
    """
    server = DimseServer(handlers, settings, tuple(syntaxes), watch)
    await server.start(host, port, reuse_port=reuse_port)
    return server
