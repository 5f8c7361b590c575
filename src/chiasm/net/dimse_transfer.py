"""Sending many objects to a peer: several associations at once, each object answered for. PS3.4 §B."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..errors import ChiasmError, ServiceError
from .dimse_client import Client, ClientSettings, Proposal, connect

EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
MOST_CONTEXTS = 128
"""Of one association: PS3.8 §9.3.2.2."""

_ATTEMPTS = 3
_PAUSE = 0.2
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

    A syntax other than its own makes it transcode; ServiceError or another ChiasmError where it cannot.
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

    Over several associations at once where asked for, one after another beyond 128 contexts. An association
    that is lost is opened again, and what it had not answered is sent anew. `transcode` lets an object that
    the peer refuses in its own syntax be sent uncompressed. ServiceError where the peer cannot be reached.
    """
    told: asyncio.Queue[Sent | None] = asyncio.Queue()
    for batch in batches(offers, MOST_CONTEXTS // (2 if transcode else 1)):
        left, proposals = deque(batch), contexts(batch, transcode=transcode)

        async def work(left: deque[Offer] = left, proposals: Sequence[Proposal] = proposals) -> None:
            await _Sending(peer, settings, proposals, told).run(left)

        tasks = [asyncio.create_task(work()) for _ in range(max(1, min(associations, len(batch))))]
        ended = asyncio.ensure_future(asyncio.gather(*tasks, return_exceptions=True))
        ended.add_done_callback(lambda _: told.put_nowait(None))
        try:
            while (one := await told.get()) is not None:
                yield one
        finally:
            for task in tasks:
                task.cancel()
            failures = [one for one in await ended if isinstance(one, BaseException)]
        for failure in failures:
            if not isinstance(failure, asyncio.CancelledError):
                raise failure
        for offer in left:
            yield Sent(offer, None, "it was not sent")


def batches(offers: Iterable[Offer], most: int) -> Iterator[list[Offer]]:
    """Parts that need so many presentation contexts at most, in the order of the offers."""
    part: list[Offer] = []
    pairs: set[tuple[str, str]] = set()
    for offer in offers:
        pair = (offer.sop_class, offer.transfer_syntax)
        if pair not in pairs and len(pairs) == most:
            yield part
            part, pairs = [], set()
        pairs.add(pair)
        part.append(offer)
    if part:
        yield part


def contexts(offers: Iterable[Offer], *, transcode: bool) -> list[Proposal]:
    """One context for each SOP class and syntax, and one uncompressed for each class where that may serve."""
    pairs = dict.fromkeys((one.sop_class, one.transfer_syntax) for one in offers)
    found = [Proposal(sop_class, (syntax,)) for sop_class, syntax in pairs]
    if transcode:
        found += [Proposal(one, (EXPLICIT, IMPLICIT)) for one in dict.fromkeys(name for name, _ in pairs)]
    return found


class _Sending:
    """One association's worth of work, over as many associations as that takes."""

    def __init__(
        self,
        peer: Peer,
        settings: ClientSettings | None,
        proposals: Sequence[Proposal],
        told: asyncio.Queue[Sent | None],
    ) -> None:
        self._peer, self._settings, self._proposals, self._told = peer, settings, proposals, told

    async def run(self, left: deque[Offer]) -> None:
        """Send until nothing is left; what three associations in a row could not send is told as lost."""
        lost, reached = 0, False
        held: Offer | None = None
        while left or held is not None:
            try:
                async with await self._connected() as client:
                    reached = True
                    while held is not None or left:
                        held = held or left.popleft()
                        self._told.put_nowait(await self._one(client, held))
                        held, lost = None, 0
            except ServiceError as error:
                lost += 1
                if not reached and held is None:
                    raise
                if lost >= _ATTEMPTS:
                    if held is not None:
                        self._told.put_nowait(Sent(held, None, str(error)))
                    held, lost = None, 0
                    continue
                await asyncio.sleep(_PAUSE * 2**lost)

    async def _connected(self) -> Client:
        peer = self._peer
        return await connect(
            peer.host, peer.port, calling=peer.calling, called=peer.called, contexts=self._proposals,
            settings=self._settings,
        )  # fmt: skip

    async def _one(self, client: Client, offer: Offer) -> Sent:
        """Send one object; what cannot be loaded or has no context is told, and is no fault of the peer's."""
        for syntax in dict.fromkeys((offer.transfer_syntax, EXPLICIT, IMPLICIT)):
            if client.context_for(offer.sop_class, syntax) is not None:
                break
        else:
            known = any(one.abstract_syntax == offer.sop_class for one in client.accepted.values())
            what = "its transfer syntax" if known else "its SOP class"
            return Sent(offer, None, f"the peer does not take {what}")
        try:
            data = offer.load(syntax)
        except (ChiasmError, OSError) as error:
            return Sent(offer, None, f"it cannot be sent: {error}")
        answer = await client.store(offer.sop_class, offer.sop_instance, data, transfer_syntax=syntax)
        status = answer.status or 0
        message = words(status)
        if answer.error_comment:
            message = f"{message}: {answer.error_comment}"
        return Sent(offer, status, message, syntax)
