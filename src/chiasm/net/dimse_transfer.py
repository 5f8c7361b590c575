"""Sending many objects to a peer: several associations at once, each object answered for. PS3.4 §B."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter, deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from ..errors import ChiasmError, ServiceError
from .dimse_client import Client, ClientSettings, Proposal, connect
from .dimse_refusal import refusal

EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
MOST_CONTEXTS = 128
"""Of one association: PS3.8 §9.3.2.2."""

_PLAIN = frozenset((EXPLICIT, IMPLICIT, "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"))
_AHEAD = 3
"""The object that is being sent and those that are loaded meanwhile."""
_QUICK = 0.001
"""Seconds for which loading an object may keep the event loop: threads load those that follow then."""

_ATTEMPTS = 3
"""For one object, and for reaching a peer that was reached before."""
_LOSSES = 10
"""Associations that were lost one after another without an answer: then the peer is given up."""
_PAUSE = 0.1
_LONGEST = 5.0
_WORDS = {
    0x0000: "stored", 0x0105: "no such attribute", 0x0106: "invalid attribute value",
    0x0110: "processing failure", 0x0111: "duplicate SOP instance", 0x0117: "invalid SOP instance",
    0x0122: "SOP class not supported", 0x0124: "not authorized", 0x0210: "duplicate invocation",
    0x0211: "unrecognized operation", 0x0212: "mistyped argument",
    0xB000: "stored, with elements coerced", 0xB006: "stored, with elements discarded",
    0xB007: "stored, though it does not match its SOP class",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Peer:
    """Whom to send to, and as whom."""

    host: str
    port: int
    called: str
    calling: str = "CHIASM"


@dataclass(frozen=True, slots=True)
class Offer:
    """One object to be sent: `load` gives its data set in the syntax that it is told.

    It is called ahead of its turn, in a thread where it takes long. A syntax other than its own makes it
    transcode; OSError or a ChiasmError where it cannot, also from within the pieces that it may give.
    """

    name: str
    sop_class: str
    sop_instance: str
    transfer_syntax: str
    load: Callable[[str], bytes | AsyncIterator[bytes]]


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of an offer: the peer's status, None where it gave none, and the reason in words."""

    offer: Offer
    status: int | None
    message: str
    transfer_syntax: str = ""

    @property
    def taken(self) -> bool:
        """Whether the peer has said success, be it with a warning. PS3.4 §B.2.3."""
        return self.status is not None and (self.status == 0 or self.status & 0xF000 == 0xB000)


def words(status: int) -> str:
    """A status of C-STORE in words: PS3.4 §B.2.3, PS3.7 §C."""
    if status in _WORDS:
        return _WORDS[status]
    if status & 0xFF00 == 0xA700:
        return "the peer is out of resources"
    if status & 0xFF00 == 0xA900:
        return "the peer says that the data set does not match its SOP class"
    return "the peer cannot understand it" if status & 0xF000 == 0xC000 else "the peer failed"


async def send(
    peer: Peer,
    offers: Iterable[Offer],
    *,
    associations: int = 1,
    transcode: bool = True,
    settings: ClientSettings | None = None,
) -> AsyncIterator[Sent]:
    """Send objects, each told of as soon as the peer has answered; none is left untold.

    Over several associations at once where asked for, and over further ones beyond 128 contexts. An
    association that is lost is opened again, and what it had not answered is sent anew. `transcode` lets an
    object that the peer refuses in its own syntax be sent uncompressed. ServiceError where the peer cannot be
    reached at all.
    """
    job = _Job(peer, settings, batches(offers, transcode=transcode))
    count = max(1, min(associations, sum(len(one.left) for one in job.batches)))
    tasks = [asyncio.create_task(_Sending(job).run()) for _ in range(count)]
    ended = asyncio.ensure_future(asyncio.gather(*tasks, return_exceptions=True))
    ended.add_done_callback(lambda _: job.told.put_nowait(None))
    try:
        while (one := await job.told.get()) is not None:
            yield one
    finally:
        for task in tasks:
            task.cancel()
        failures = [one for one in await ended if isinstance(one, Exception)]
    if failures:
        raise failures[0]
    if job.refused is not None and not job.reached:
        raise job.refused
    for batch in job.batches:
        for offer in batch.left:
            yield Sent(offer, None, f"it was not sent: {job.refused}")


@dataclass(slots=True)
class Batch:
    """Objects that go over one association: those that are left, and the contexts that they need."""

    proposals: list[Proposal] = field(default_factory=list)
    left: deque[Offer] = field(default_factory=deque)


def batches(offers: Iterable[Offer], *, transcode: bool, most: int = MOST_CONTEXTS) -> list[Batch]:
    """The objects in parts that need so many presentation contexts at most.

    Each SOP class and syntax has a context of its own, and each class one uncompressed for what the peer
    refuses: of what is uncompressed already, and of everything where `transcode` is set. PS3.5 §10.1.
    """
    found: list[Batch] = []
    place: dict[tuple[str, str], Batch] = {}
    for offer in offers:
        pair = (offer.sop_class, offer.transfer_syntax)
        batch = place.get(pair)
        if batch is None:
            spare = transcode or offer.transfer_syntax in _PLAIN
            batch = found[-1] if found and _takes(found[-1], pair, spare=spare, most=most) else Batch()
            if not found or batch is not found[-1]:
                found.append(batch)
            _propose(batch, pair, spare=spare)
            place[pair] = batch
        batch.left.append(offer)
    return found


def _takes(batch: Batch, pair: tuple[str, str], *, spare: bool, most: int) -> bool:
    needed = 2 if spare and Proposal(pair[0], (EXPLICIT, IMPLICIT)) not in batch.proposals else 1
    return len(batch.proposals) + needed <= most


def _propose(batch: Batch, pair: tuple[str, str], *, spare: bool) -> None:
    batch.proposals.append(Proposal(pair[0], (pair[1],)))
    both = Proposal(pair[0], (EXPLICIT, IMPLICIT))
    if spare and both not in batch.proposals:
        batch.proposals.append(both)


@dataclass(slots=True)
class _Job:
    """What several associations share: what is left, what is told, and why the peer was not reached."""

    peer: Peer
    settings: ClientSettings | None
    batches: list[Batch]
    told: asyncio.Queue[Sent | None] = field(default_factory=asyncio.Queue)
    attempts: Counter[int] = field(default_factory=Counter)
    reached: bool = False
    refused: ServiceError | None = None


class _UnreadableError(Exception):
    """The object ended before it should have: this side has to abort."""


class _Sending:
    """One association's worth of work, over as many associations as that takes."""

    def __init__(self, job: _Job) -> None:
        self._job = job
        self._is_quick = True

    async def run(self) -> None:
        """Send until nothing is left, or the peer is lost for good: what is left then is told by the job."""
        job, lost = self._job, 0
        for batch in job.batches:
            while batch.left:
                try:
                    client = await self._connected(batch)
                except ServiceError as error:
                    job.refused, lost = error, lost + 1
                    if lost >= _ATTEMPTS or not job.reached or error.failure.name != "unavailable":
                        return
                else:
                    job.reached = True
                    answered = await self._over(client, batch)
                    lost = 0 if answered else lost + 1
                    if lost >= _LOSSES:
                        return
                if batch.left:
                    await asyncio.sleep(min(_PAUSE * 2**lost, _LONGEST) if lost else 0)

    async def _connected(self, batch: Batch) -> Client:
        peer = self._job.peer
        return await connect(
            peer.host, peer.port, calling=peer.calling, called=peer.called, contexts=batch.proposals,
            settings=self._job.settings,
        )  # fmt: skip

    async def _over(self, client: Client, batch: Batch) -> int:
        """Send over one association while it lasts, the next objects loaded meanwhile; the number told of."""
        ahead: deque[tuple[Offer, str, asyncio.Future[bytes | AsyncIterator[bytes]] | None]] = deque()
        loop, told = asyncio.get_running_loop(), 0
        try:
            async with client:
                while True:
                    while len(ahead) < _AHEAD and batch.left:
                        offer = batch.left.popleft()
                        syntax = _syntax(client, offer)
                        ahead.append((offer, syntax, self._loading(loop, offer, syntax) if syntax else None))
                    if not ahead:
                        return told
                    self._tell(await self._one(client, *ahead[0]))
                    ahead.popleft()
                    told += 1
        except _UnreadableError as error:
            self._tell(Sent(ahead.popleft()[0], None, f"it cannot be sent: {error}"))
            return told + 1
        except ServiceError as error:
            self._job.refused = error
            self._lose(ahead, str(error))
            return told
        finally:
            for offer, _, loading in reversed(ahead):
                if loading is not None:
                    loading.cancel()
                    loading.add_done_callback(_heeded)
                batch.left.appendleft(offer)

    def _loading(
        self, loop: asyncio.AbstractEventLoop, offer: Offer, syntax: str
    ) -> asyncio.Future[bytes | AsyncIterator[bytes]]:
        """An object on its way into memory: by the loop, once it waits, while that is quick, or a thread."""
        if not self._is_quick:
            return loop.run_in_executor(None, offer.load, syntax)
        loading: asyncio.Future[bytes | AsyncIterator[bytes]] = loop.create_future()
        loop.call_soon(self._load, loading, offer, syntax)
        return loading

    def _load(self, loading: asyncio.Future[bytes | AsyncIterator[bytes]], offer: Offer, syntax: str) -> None:
        if loading.cancelled():
            return
        begin = time.perf_counter()
        try:
            loading.set_result(offer.load(syntax))
        except Exception as error:  # whoever awaits it must hear of it
            loading.set_exception(error)
        self._is_quick = time.perf_counter() - begin < _QUICK

    def _lose(self, ahead: deque[tuple[Offer, str, Any]], why: str) -> None:
        """Give up the object that was under way, where that has been tried often enough."""
        if not ahead:
            return
        offer = ahead[0][0]
        self._job.attempts[id(offer)] += 1
        if self._job.attempts[id(offer)] >= _ATTEMPTS:
            ahead.popleft()
            self._tell(Sent(offer, None, why))

    def _tell(self, sent: Sent) -> None:
        self._job.told.put_nowait(sent)

    async def _one(
        self,
        client: Client,
        offer: Offer,
        syntax: str,
        loading: asyncio.Future[bytes | AsyncIterator[bytes]] | None,
    ) -> Sent:
        """Send one object; what cannot be loaded or has no context is told, and is no fault of the peer's."""
        if loading is None:
            wanted = (offer.transfer_syntax, EXPLICIT, IMPLICIT)
            asked = [one for one in dict.fromkeys(wanted) if (offer.sop_class, one) in client.answers]
            return Sent(offer, None, refusal(client.answers, offer.sop_class, asked))
        try:
            data = await loading
        except (ChiasmError, OSError) as error:
            return Sent(offer, None, f"it cannot be sent: {error}")
        names = (offer.sop_class, offer.sop_instance)
        if isinstance(data, bytes):
            answer = await client.store(*names, data, transfer_syntax=syntax)
        else:
            async with contextlib.aclosing(_guarded(data)) as pieces:
                answer = await client.store(*names, pieces, transfer_syntax=syntax)
        status = answer.status or 0
        message = words(status)
        if answer.error_comment:
            message = f"{message}: {answer.error_comment}"
        return Sent(offer, status, message, syntax)


def _syntax(client: Client, offer: Offer) -> str:
    """The transfer syntax that an object goes in: its own where the peer takes that; empty where in none."""
    for syntax in (offer.transfer_syntax, EXPLICIT, IMPLICIT):
        if client.context_for(offer.sop_class, syntax) is not None:
            return syntax
    return ""


async def _guarded(pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """The pieces; what goes wrong within them is told from what goes wrong with the association."""
    try:
        async for piece in pieces:
            yield piece
    except (ChiasmError, OSError) as error:
        raise _UnreadableError(str(error)) from error
    finally:
        if isinstance(pieces, AsyncGenerator):
            await pieces.aclose()


def _heeded(future: asyncio.Future[Any]) -> None:
    """An object that is loaded anew may have failed the first time: nobody needs to hear of that."""
    if not future.cancelled():
        future.exception()
