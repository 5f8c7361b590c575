"""Routing over DIMSE: C-STORE, then storage commitment where the peer offers it. PS3.4 §B, §J."""

from __future__ import annotations

import asyncio
import ssl
import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from ..errors import ChiasmError, ServiceError
from ..protocols.commands import EVENT_REPORT
from ..services.archive import Archive
from ..services.delivery import Delivery, Reply
from ..services.routing_rules import Destination
from ..services.transcoding import in_syntax
from ..store.queue import Item
from .dimse_client import Client, ClientSettings, Incoming, Proposal, connect
from .dimse_commitment import COMMITMENT, WELL_KNOWN, Reference, Reports, read_report, request
from .dimse_identifier import read, write
from .dimse_retrieve import NATIVE
from .dimse_transfer import EXPLICIT, IMPLICIT, MOST_CONTEXTS, words
from .routing_source import Source, Unreadable

_NEVER = frozenset({"unknown-syntax", "not-understood", "too-large", "mismatch"})
"""Failures to make the form that the peer takes which another try does not change."""


@dataclass(slots=True)
class _Asked:
    """A question for commitment whose report has not come yet."""

    transaction: str
    items: Sequence[Item]
    heard: asyncio.Future[list[Reference]]


class DimseDeliverer:
    """Deliveries to one application entity; `reports` hears of commitment on associations of the peer's.

    `tls` is what a destination with `tls = true` is called with.
    """

    def __init__(
        self,
        archive: Archive,
        destination: Destination,
        ae_title: str,
        reports: Reports,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._archive, self._to, self._reports = archive, destination, reports
        self._calling = destination.calling or ae_title
        secure = (tls or ssl.create_default_context()) if destination.tls else None
        answer = max(destination.timeout, 120.0)
        self._settings = ClientSettings(connect=destination.timeout, answer=answer, tls=secure)

    async def deliver(self, items: Sequence[Item]) -> AsyncIterator[Delivery]:
        """Send what the peer has not accepted yet, and ask for commitment to all that it has.

        ServiceError where the peer is not reached, or is lost on the way: what is untold stays queued. The
        object at which the peer was lost is told as LATER, so that one that it cannot bear does not keep
        the others back for good.
        """
        asked: _Asked | None = None
        try:
            async with await connect(
                self._to.host, self._to.port, calling=self._calling, called=self._to.ae,
                contexts=self._contexts(items), settings=self._settings,
            ) as client:  # fmt: skip
                commits = self._to.commitment != "no" and client.context_for(COMMITMENT) is not None
                accepted: list[Item] = []
                for item in items:
                    told = _before(item) if item.accepted else await self._store(client, item)
                    if told.reply is Reply.DELIVERED and commits:
                        accepted.append(item)
                    elif told.reply is Reply.DELIVERED and self._to.commitment == "yes":
                        yield _accepted(item, "the peer offers no storage commitment")
                    else:
                        yield told
                    if not client.protocol.established or client.stream.lost.is_set():
                        for one in accepted:
                            yield _accepted(one, "storage commitment is yet to be asked for")
                        raise ServiceError("unavailable", told.message, source=self._to.ae)
                if not accepted:
                    return
                asked = self._expect(client, accepted)
                refused = await self._ask(client, asked)
                if not refused:
                    await self._wait(asked)
            for told in refused or await self._judged(asked):
                yield told
        finally:
            if asked is not None:
                self._reports.forget(asked.transaction)

    async def close(self) -> None:
        """Nothing is left open between deliveries."""

    def _contexts(self, items: Sequence[Item]) -> list[Proposal]:
        """Each SOP class as it is stored, and in the native forms, and storage commitment."""
        pairs = dict.fromkeys((one.location.sop_class, one.location.transfer_syntax) for one in items)
        classes = dict.fromkeys(name for name, _ in pairs)
        contexts = [Proposal(COMMITMENT, NATIVE)] if self._to.commitment != "no" else []
        contexts += [Proposal(name, (EXPLICIT, IMPLICIT)) for name in classes]
        return [*contexts, *(Proposal(name, (syntax,)) for name, syntax in pairs)][:MOST_CONTEXTS]

    async def _store(self, client: Client, item: Item) -> Delivery:
        """Send one object. What ends the association is told of the object at which it ended."""
        where = item.location
        taken = [
            one.transfer_syntax for one in client.accepted.values() if one.abstract_syntax == where.sop_class
        ]
        if not taken:
            return Delivery(item, Reply.REFUSED, message="the peer does not take its SOP class")
        try:
            syntax, pieces = await in_syntax(self._archive, where, taken)
            source = await Source.begin(pieces)
        except ServiceError as error:
            reply = Reply.REFUSED if error.failure.name in _NEVER else Reply.LATER
            return Delivery(item, reply, message=f"it cannot be sent: {error}")
        except (ChiasmError, OSError) as error:
            return Delivery(item, Reply.LATER, message=f"it cannot be sent: {error}")
        try:
            answer = await client.store(
                where.sop_class, where.sop_instance, aiter(source), transfer_syntax=syntax
            )
        except Unreadable as error:
            client.abort()  # the data set cannot be ended any other way
            return Delivery(item, Reply.LATER, message=f"it cannot be read to its end: {error}")
        except ServiceError as error:
            client.abort()
            return Delivery(item, Reply.LATER, message=f"the association was lost at this object: {error}")
        return _told(item, answer.status or 0, answer.error_comment)

    # Storage commitment.

    def _expect(self, client: Client, items: Sequence[Item]) -> _Asked:
        transaction = f"2.25.{uuid.uuid4().int}"
        asked = _Asked(transaction, items, self._reports.expect(transaction))

        async def on_request(incoming: Incoming) -> None:
            if incoming.command.kind != EVENT_REPORT or incoming.command.affected_instance != WELL_KNOWN:
                await incoming.respond(status=0x0211)
                return
            try:
                judged = read_report(read(bytes(incoming.data), incoming.context.transfer_syntax))
            except ChiasmError:
                await incoming.respond(status=0x0115)
                return
            await incoming.respond(status=0 if self._reports.hear(*judged) else 0x0112)

        client.on_request = on_request
        return asked

    async def _ask(self, client: Client, asked: _Asked) -> list[Delivery]:
        """Ask for commitment; what is told of all items where the peer does not take the question."""
        context = client.context_for(COMMITMENT)
        assert context is not None
        references = [Reference(one.location.sop_class, one.location.sop_instance) for one in asked.items]
        command, data = request(asked.transaction, references)
        try:
            answer, _ = await client.request(context.id, command, write(data, context.transfer_syntax))
        except ServiceError as error:
            client.abort()
            text = f"the peer was lost when it was asked for storage commitment: {error}"
            return [_accepted(item, text) for item in asked.items]
        if not answer.status:
            return []
        status, text = f"{answer.status:04X}", "the peer refused to commit itself"
        return [Delivery(item, Reply.ACCEPTED, status=status, message=text) for item in asked.items]

    async def _wait(self, asked: _Asked) -> None:
        """Half of the time for a report is on this association, as some peers report only after it."""
        await asyncio.wait([asked.heard], timeout=self._to.timeout / 2)

    async def _judged(self, asked: _Asked) -> list[Delivery]:
        """What the report says of each item, which may still come on an association of the peer's."""
        await self._wait(asked)
        if not asked.heard.done():
            text = "no report of storage commitment has come yet"
            return [_accepted(item, text) for item in asked.items]
        reasons = {one.sop_instance: one.reason for one in asked.heard.result()}
        return [_committed(item, reasons.get(item.location.sop_instance)) for item in asked.items]


def _before(item: Item) -> Delivery:
    """What the peer said of an item that it has accepted in an earlier delivery."""
    return Delivery(item, Reply.DELIVERED, "C-STORE, which it answered with success earlier")


def _accepted(item: Item, message: str) -> Delivery:
    return Delivery(item, Reply.ACCEPTED, message=message)


def _committed(item: Item, reason: int | None) -> Delivery:
    """What the report says of an item: reason 0 is commitment; what it leaves out is asked for again."""
    if reason is None:
        return _accepted(item, "the report of storage commitment does not name it")
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
