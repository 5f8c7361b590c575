"""Routing over DIMSE: C-STORE, then storage commitment where the peer offers it. PS3.4 §B, §J."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence

from ..errors import ServiceError
from ..protocols.commands import EVENT_REPORT
from ..services.archive import Archive
from ..services.delivery import Delivery, Reply
from ..services.routing_rules import Destination
from ..services.transcoding import in_syntax
from ..store.queue import Item
from .dimse_client import Client, ClientSettings, Incoming, Proposal, connect
from .dimse_commitment import COMMITMENT, Reference, Reports, read_report, request
from .dimse_identifier import read, write
from .dimse_retrieve import NATIVE
from .dimse_transfer import EXPLICIT, IMPLICIT, MOST_CONTEXTS, words


class DimseDeliverer:
    """Deliveries to one application entity; `reports` hears of commitment on associations of the peer's."""

    def __init__(self, archive: Archive, destination: Destination, ae_title: str, reports: Reports) -> None:
        self._archive, self._to, self._reports = archive, destination, reports
        self._calling = destination.calling or ae_title

    async def deliver(self, items: Sequence[Item]) -> AsyncIterator[Delivery]:
        """Send what the peer has not accepted yet, and ask for commitment to all that it has.

        ServiceError where the peer is not reached, or is lost on the way: what is untold stays queued.
        """
        offers = self._to.commitment != "no"
        pairs = dict.fromkeys((one.location.sop_class, one.location.transfer_syntax) for one in items)
        classes = dict.fromkeys(name for name, _ in pairs)
        most = MOST_CONTEXTS - 1 - len(classes)
        contexts = [Proposal(name, (syntax,)) for name, syntax in list(pairs)[:most]]
        contexts += [Proposal(name, (EXPLICIT, IMPLICIT)) for name in classes]
        contexts += [Proposal(COMMITMENT, NATIVE)] if offers else []
        settings = ClientSettings(connect=self._to.timeout, answer=max(self._to.timeout, 120.0))
        async with await connect(
            self._to.host, self._to.port, calling=self._calling, called=self._to.ae,
            contexts=contexts[:MOST_CONTEXTS], settings=settings,
        ) as client:  # fmt: skip
            commits = offers and client.context_for(COMMITMENT) is not None
            accepted: list[Item] = []
            for item in items:
                told = Delivery(item, Reply.ACCEPTED) if item.accepted else await self._store(client, item)
                waits = told.reply is Reply.DELIVERED and (commits or self._to.commitment == "yes")
                if waits or told.reply is Reply.ACCEPTED:
                    accepted.append(item)
                else:
                    yield told
            if not accepted:
                return
            if not commits:
                for item in accepted:
                    yield Delivery(item, Reply.ACCEPTED, message="the peer offers no storage commitment")
                return
            for told in await self._commit(client, accepted):
                yield told

    async def close(self) -> None:
        """Nothing is left open between deliveries."""

    async def _store(self, client: Client, item: Item) -> Delivery:
        where = item.location
        taken = [
            one.transfer_syntax for one in client.accepted.values() if one.abstract_syntax == where.sop_class
        ]
        if not taken:
            return Delivery(item, Reply.REFUSED, message="the peer does not take its SOP class")
        try:
            syntax, data = await in_syntax(self._archive, where, taken)
        except ServiceError as error:
            return Delivery(item, Reply.REFUSED, message=f"it cannot be sent: {error}")
        answer = await client.store(where.sop_class, where.sop_instance, data, transfer_syntax=syntax)
        return _told(item, answer.status or 0, answer.error_comment)

    async def _commit(self, client: Client, items: Sequence[Item]) -> list[Delivery]:
        """Ask for commitment, and wait for the report on this association or on one of the peer's."""
        transaction = f"2.25.{uuid.uuid4().int}"
        context = client.context_for(COMMITMENT)
        assert context is not None
        heard = self._reports.expect(transaction)

        async def on_request(incoming: Incoming) -> None:
            if incoming.command.kind != EVENT_REPORT:
                await incoming.respond(status=0x0211)
                return
            judged = read_report(read(bytes(incoming.data), incoming.context.transfer_syntax))
            await incoming.respond(status=0)
            self._reports.hear(*judged)

        client.on_request = on_request
        asked = [Reference(one.location.sop_class, one.location.sop_instance) for one in items]
        command, data = request(transaction, asked)
        try:
            answer, _ = await client.request(context.id, command, write(data, context.transfer_syntax))
            if answer.status:
                status = f"{answer.status:04X}"
                text = "the peer refused to commit itself"
                return [Delivery(item, Reply.ACCEPTED, status=status, message=text) for item in items]
            async with asyncio.timeout(self._to.timeout):
                judged = await heard
        except TimeoutError:
            text = "no report of storage commitment has come yet"
            return [Delivery(item, Reply.ACCEPTED, message=text) for item in items]
        finally:
            self._reports.forget(transaction)
        reasons = {one.sop_instance: one.reason for one in judged}
        return [_judged(item, reasons.get(item.location.sop_instance)) for item in items]


def _judged(item: Item, reason: int | None) -> Delivery:
    """What the report says of an item: reason 0 is commitment; what it leaves out is asked for again."""
    if reason is None:
        return Delivery(item, Reply.ACCEPTED, message="the report of storage commitment does not name it")
    if reason:
        text = "the peer does not commit itself to it; it is sent anew"
        return Delivery(item, Reply.LATER, status=f"{reason:04X}", message=text)
    return Delivery(item, Reply.DELIVERED, "storage commitment", "0000")


def _told(item: Item, status: int, comment: str) -> Delivery:
    """The meaning of a status of C-STORE: PS3.4 §B.2.3. A lack of resources passes, the rest does not."""
    text, code = words(status) + (f": {comment}" if comment else ""), f"{status:04X}"
    if status == 0 or status & 0xF000 == 0xB000:
        return Delivery(item, Reply.DELIVERED, f"C-STORE status {code}", code, text if status else "")
    passes = status & 0xFF00 == 0xA700 or status == 0x0110
    return Delivery(item, Reply.LATER if passes else Reply.REFUSED, status=code, message=text)
