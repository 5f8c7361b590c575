"""Asking a peer to commit itself to what it has taken, and hearing its report. PS3.4 §J.3."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from ..errors import ChiasmError, ServiceError
from ..protocols.commands import EVENT_REPORT
from .dimse_association import Exchange
from .dimse_client import Client, ClientSettings, Incoming, Proposal, connect
from .dimse_commitment import COMMITMENT, Reference, Reports, read_report, request
from .dimse_identifier import read, write
from .dimse_server import DimseServer, DimseSettings, serve_dimse
from .dimse_transfer import EXPLICIT, IMPLICIT, Peer

AT_ONCE = 1_000
"""Instances in one transaction."""

_REASONS = {
    0x0110: "a processing failure", 0x0112: "it does not hold it", 0x0119: "it holds it as another SOP class",
    0x0122: "it does not keep this SOP class", 0x0131: "the transaction is a double",
    0x0213: "it is short of resources",
}  # fmt: skip
"""Failure Reason (0008,1197) in words: PS3.3 §C.14.1.1."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Whether the peer has committed itself to one instance, and why not where it has not."""

    reference: Reference
    committed: bool
    message: str = ""


@dataclass(frozen=True, slots=True)
class Wait:
    """How long to wait for a report, in seconds, and where: with port 0 on the same association alone."""

    seconds: float = 60.0
    port: int = 0
    host: str = "0.0.0.0"


class Hearing:
    """Hears the reports that a peer brings on an association of its own: PS3.4 §J.3.3."""

    def __init__(self, reports: Reports) -> None:
        self._reports = reports

    def begin(self, exchange: Exchange) -> None:
        """Reports are taken whole."""

    async def handle(self, exchange: Exchange) -> None:
        """Take a report, where one is waited for."""
        if exchange.command.kind != EVENT_REPORT:
            await exchange.respond(status=0x0211)
            return
        await exchange.respond(status=_heard(self._reports, exchange.data, exchange.context.transfer_syntax))


def _heard(reports: Reports, data: bytes, syntax: str) -> int:
    """The status that a report is answered with."""
    try:
        known = reports.hear(*read_report(read(data, syntax)))
    except ChiasmError:
        return 0x0115
    return 0 if known else 0x0112


async def commit(
    peer: Peer,
    references: Sequence[Reference],
    wait: Wait | None = None,
    settings: ClientSettings | None = None,
) -> AsyncIterator[Judged]:
    """Ask the peer to commit itself to instances; each is told of, also where no report comes.

    ServiceError where the peer is not reached or does not offer storage commitment, and where the
    port for reports is taken.
    """
    chosen, reports = wait or Wait(), Reports()
    server = await _listening(reports, chosen) if chosen.port else None
    try:
        for at in range(0, len(references), AT_ONCE):
            part = references[at : at + AT_ONCE]
            for judged in await _asked(peer, part, chosen, reports, settings):
                yield judged
    finally:
        if server is not None:
            await server.close()


async def _listening(reports: Reports, wait: Wait) -> DimseServer:
    handlers = {COMMITMENT: Hearing(reports)}
    try:
        return await serve_dimse(
            wait.host, wait.port, handlers, DimseSettings(), syntaxes=(EXPLICIT, IMPLICIT)
        )
    except OSError as error:
        raise ServiceError(
            "unavailable", f"port {wait.port} cannot be listened on: {error.strerror}"
        ) from None


async def _asked(
    peer: Peer,
    references: Sequence[Reference],
    wait: Wait,
    reports: Reports,
    settings: ClientSettings | None,
) -> list[Judged]:
    transaction = f"2.25.{uuid.uuid4().int}"
    heard = reports.expect(transaction)
    try:
        async with await connect(
            peer.host, peer.port, calling=peer.calling, called=peer.called,
            contexts=[Proposal(COMMITMENT, (EXPLICIT, IMPLICIT))], settings=settings,
        ) as client:  # fmt: skip
            refused = await _ask(client, transaction, references, reports)
            if refused:
                return [Judged(one, committed=False, message=refused) for one in references]
            missing = await _waited(client, heard, wait)
        if missing:
            return [Judged(one, committed=False, message=missing) for one in references]
        reasons = {(one.sop_class, one.sop_instance): one.reason for one in heard.result()}
        return [_judged(one, reasons.get((one.sop_class, one.sop_instance))) for one in references]
    finally:
        reports.forget(transaction)


async def _ask(client: Client, transaction: str, references: Sequence[Reference], reports: Reports) -> str:
    """Send the request; why the peer refused it, empty where it did not."""
    context = client.context_for(COMMITMENT)
    if context is None:
        raise ServiceError(
            "unknown-sop-class", "the peer does not offer storage commitment", source=client.called
        )

    async def on_request(incoming: Incoming) -> None:
        if incoming.command.kind == EVENT_REPORT:
            status = _heard(reports, bytes(incoming.data), incoming.context.transfer_syntax)
        else:
            status = 0x0211
        with contextlib.suppress(ServiceError):
            await incoming.respond(status=status)

    client.on_request = on_request
    command, data = request(transaction, list(references))
    answer, _ = await client.request(context.id, command, write(data, context.transfer_syntax))
    if not answer.status:
        return ""
    told = f": {answer.error_comment}" if answer.error_comment else ""
    return f"the peer refused to commit itself with status {answer.status:04X}{told}"


async def _waited(client: Client, heard: asyncio.Future[list[Reference]], wait: Wait) -> str:
    """Wait for the report, on a port also when the association is over; what to say where none comes."""
    over = asyncio.ensure_future(client.released.wait())
    awaited: set[asyncio.Future[object]] = {heard} if wait.port else {heard, over}  # type: ignore[arg-type]  # futures of two kinds
    try:
        await asyncio.wait(awaited, timeout=wait.seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        over.cancel()
    if heard.done():
        return ""
    if client.released.is_set() and not wait.port:
        return "the peer ended the association without a report; it may report on one of its own"
    return f"no report has come within {wait.seconds:g} s"


def _judged(reference: Reference, reason: int | None) -> Judged:
    if reason is None:
        return Judged(reference, committed=False, message="the report does not name it")
    if not reason:
        return Judged(reference, committed=True)
    said = _REASONS.get(reason, f"reason {reason:04X}")
    return Judged(reference, committed=False, message=f"the peer does not commit itself to it: {said}")
