"""Storage Commitment push: what is asked for is checked, and the truth reported. PS3.4 §J.3."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from ..dicom.dataset import DataSet
from ..errors import ChiasmError, ServiceError
from ..model.holdings import Location
from ..protocols.commands import ACTION, EVENT_REPORT, Command
from ..services.archive import Archive
from ..services.digest import Check
from .dimse_association import Exchange
from .dimse_client import ClientSettings, Proposal, connect
from .dimse_identifier import read, text_of, write
from .dimse_retrieve import NATIVE, Destination

COMMITMENT, WELL_KNOWN = "1.2.840.10008.1.20.1", "1.2.840.10008.1.20.1.1"
"""The Storage Commitment Push Model SOP class and its well-known instance: PS3.4 §J.3.5."""

_TRANSACTION, _REFERENCED, _FAILED, _REASON = 0x00081195, 0x00081199, 0x00081198, 0x00081197
_CLASS, _INSTANCE = 0x00081150, 0x00081155
_FAILURE, _NO_SUCH, _CONFLICT = 0x0110, 0x0112, 0x0119
_PAUSES = (1.0, 5.0, 30.0, 120.0, 600.0)

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reference:
    """One instance that commitment is asked for; `reason` is 0 where it is given. PS3.4 §J.3.3.1.1."""

    sop_class: str
    sop_instance: str
    reason: int = 0


class Reports:
    """The reports of commitment that this side waits for, by transaction."""

    def __init__(self) -> None:
        self._waiting: dict[str, asyncio.Future[list[Reference]]] = {}

    def expect(self, transaction: str) -> asyncio.Future[list[Reference]]:
        """What the report of a transaction will say."""
        future: asyncio.Future[list[Reference]] = asyncio.get_running_loop().create_future()
        self._waiting[transaction] = future
        return future

    def hear(self, transaction: str, judged: list[Reference]) -> bool:
        """A report has come; whether anyone waits for it."""
        future = self._waiting.get(transaction)
        if future is None or future.done():
            return False
        future.set_result(judged)
        return True

    def forget(self, transaction: str) -> None:
        """Wait no more."""
        self._waiting.pop(transaction, None)


class Commitment:
    """The service: the request is answered at once, the report follows when all was read and checked.

    The report goes over the association of the request while that is open, else over a new one to the
    destination of the peer's AE title, tried several times.
    """

    def __init__(
        self,
        archive: Archive,
        ae_title: str,
        destinations: Mapping[str, Destination],
        settings: ClientSettings | None = None,
        pauses: tuple[float, ...] = _PAUSES,
        reports: Reports | None = None,
    ) -> None:
        self._reports = reports or Reports()
        self._archive, self._ae, self._destinations = archive, ae_title, destinations
        self._settings, self._pauses = settings, pauses
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, exchange: Exchange) -> None:
        """Requests are taken whole."""

    async def handle(self, exchange: Exchange) -> None:
        """Answer the N-ACTION, and see to the report."""
        command = exchange.command
        if command.kind == EVENT_REPORT:
            await self._hear(exchange)
            return
        if command.kind != ACTION or command.action_type != 1:
            await exchange.respond(status=0x0123 if command.kind == ACTION else 0x0211)
            return
        if command.requested_instance != WELL_KNOWN:
            await exchange.respond(status=_NO_SUCH)
            return
        try:
            transaction, references = _request(read(exchange.data, exchange.context.transfer_syntax))
        except ChiasmError as error:
            await exchange.respond(status=0x0115, error_comment=error.message[:64])
            return
        await exchange.respond(status=0, action_type=1)
        task = asyncio.ensure_future(self._see_to(exchange, transaction, references))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _hear(self, exchange: Exchange) -> None:
        """A peer reports on what this side asked it to commit itself to."""
        try:
            judged = read_report(read(exchange.data, exchange.context.transfer_syntax))
        except ChiasmError as error:
            await exchange.respond(status=0x0115, error_comment=error.message[:64])
            return
        known = self._reports.hear(*judged)
        await exchange.respond(status=0 if known else _NO_SUCH)

    async def close(self) -> None:
        """Give up reports that no peer has taken yet."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _see_to(self, exchange: Exchange, transaction: str, references: list[Reference]) -> None:
        judged = [await self._judge(one) for one in references]
        if await self._report_here(exchange, transaction, judged):
            return
        peer = exchange.peer
        target = self._destinations.get(peer.calling)
        for pause in (0.0, *self._pauses) if target is not None else ():
            await asyncio.sleep(pause)
            assert target is not None
            try:
                await report(target, peer.called or self._ae, transaction, judged, self._settings)
                return
            except ServiceError as error:
                _LOG.warning("the report of %s was not taken by %s: %s", transaction, target.ae, error)
        _LOG.error("no storage commitment report %s could be given to %s", transaction, peer.calling)

    async def _report_here(self, exchange: Exchange, transaction: str, judged: list[Reference]) -> bool:
        if not exchange.association.open:
            return False
        command, data = event_report(transaction, judged)
        try:
            content = write(data, exchange.context.transfer_syntax)
            answer, _ = await exchange.association.request(exchange.context.id, command, content)
        except (ConnectionError, ServiceError):
            return False
        return answer.status == 0

    async def _judge(self, one: Reference) -> Reference:
        """Whether an instance is held: its file is read, and its digest is that of the journal."""
        try:
            found = await self._archive.locations(instances=(one.sop_instance,))
            if not found:
                return Reference(one.sop_class, one.sop_instance, _NO_SUCH)
            if found[0].sop_class != one.sop_class:
                return Reference(one.sop_class, one.sop_instance, _CONFLICT)
            whole = await self._is_whole(found[0])
        except (ChiasmError, OSError):
            whole = False
        return Reference(one.sop_class, one.sop_instance, 0 if whole else _FAILURE)

    async def _is_whole(self, location: Location) -> bool:
        check = Check(location.digest)
        async for piece in self._archive.stream_object(location, location.offset):
            await asyncio.to_thread(check.update, piece)
        return check.holds


def _request(data: DataSet) -> tuple[str, list[Reference]]:
    transaction = text_of(data.element(_TRANSACTION)).strip()
    element = data.element(_REFERENCED)
    items = element.items if element is not None else ()
    if not transaction or not items:
        raise ServiceError(
            "not-understood", "a Transaction UID and references are needed", rule="PS3.4 §J.3.2.1.1"
        )
    found = []
    for item in items:
        sop_class, instance = (text_of(item.element(tag)).strip() for tag in (_CLASS, _INSTANCE))
        found.append(Reference(sop_class, instance))
    return transaction, found


def request(transaction: str, references: list[Reference]) -> tuple[Command, DataSet]:
    """The N-ACTION that asks for commitment: PS3.4 §J.3.2."""
    command = Command(ACTION, True, requested_class=COMMITMENT, requested_instance=WELL_KNOWN, action_type=1)
    data = DataSet()
    data.set(_TRANSACTION, transaction, "UI")
    data.set(_REFERENCED, [_reference(one) for one in references], "SQ")
    return command, data


def event_report(transaction: str, judged: list[Reference]) -> tuple[Command, DataSet]:
    """The N-EVENT-REPORT of what was judged: event type 1 where all is held, else 2. PS3.4 §J.3.3."""
    held = [one for one in judged if not one.reason]
    failed = [one for one in judged if one.reason]
    data = DataSet()
    data.set(_TRANSACTION, transaction, "UI")
    if failed:
        data.set(_FAILED, [_reference(one) for one in failed], "SQ")
    if held:
        data.set(_REFERENCED, [_reference(one) for one in held], "SQ")
    command = Command(
        EVENT_REPORT,
        True,
        affected_class=COMMITMENT,
        affected_instance=WELL_KNOWN,
        event_type=2 if failed else 1,
    )
    return command, data


def read_report(data: DataSet) -> tuple[str, list[Reference]]:
    """The transaction and the judgments of an N-EVENT-REPORT: PS3.4 §J.3.3.1."""
    judged = []
    for tag, default in ((_REFERENCED, 0), (_FAILED, _FAILURE)):
        element = data.element(tag)
        for item in element.items if element is not None else ():
            sop_class, instance = (text_of(item.element(one)).strip() for one in (_CLASS, _INSTANCE))
            reason = item.get(_REASON)
            judged.append(
                Reference(sop_class, instance, reason if default and isinstance(reason, int) else default)
            )
    return text_of(data.element(_TRANSACTION)).strip(), judged


def _reference(one: Reference) -> DataSet:
    item = DataSet()
    item.set(_CLASS, one.sop_class, "UI")
    item.set(_INSTANCE, one.sop_instance, "UI")
    if one.reason:
        item.set(_REASON, one.reason, "US")
    return item


async def report(
    target: Destination,
    calling: str,
    transaction: str,
    judged: list[Reference],
    settings: ClientSettings | None = None,
) -> None:
    """Report on an association of this side's, in the role of the SCP. ServiceError where it is not taken."""
    proposal = Proposal(COMMITMENT, NATIVE, scu_role=False, scp_role=True)
    async with await connect(
        target.host, target.port, calling=calling, called=target.ae, contexts=[proposal], settings=settings
    ) as client:
        context = client.context_for(COMMITMENT)
        if context is None:
            raise ServiceError("unknown-sop-class", "it takes no reports", source=target.ae)
        command, data = event_report(transaction, judged)
        answer, _ = await client.request(context.id, command, write(data, context.transfer_syntax))
        if answer.status:
            raise ServiceError("unavailable", f"it answered {answer.status:04X}", source=target.ae)
