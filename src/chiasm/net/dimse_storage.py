"""C-ECHO and C-STORE: what a scanner sends goes into the archive. PS3.4 §A, §B; PS3.7 §9.1.1, §9.1.5."""

from __future__ import annotations

from collections.abc import Callable

from ..errors import FAILURES, ServiceError
from ..model import Outcome, Source, Verdict
from ..services.archive import Archive
from ..services.reception import Reception
from ..standards import uids
from .dimse_association import Exchange

VERIFICATION = "1.2.840.10008.1.1"
SUCCESS = 0x0000
Told = Callable[[str, str, int], None]
"""Who counts: verdict, wire and bytes of each object."""


class Echo:
    """C-ECHO. PS3.7 §9.1.5."""

    def begin(self, exchange: Exchange) -> None:
        """A C-ECHO has no data set."""

    async def handle(self, exchange: Exchange) -> None:
        """Answer that all is well."""
        await exchange.respond(status=SUCCESS)


class Storing:
    """The data set of one C-STORE on its way into the archive."""

    __slots__ = ("_exchange", "_failure", "_reception", "_told")

    def __init__(self, archive: Archive, exchange: Exchange, told: Told) -> None:
        self._exchange, self._told = exchange, told
        self._failure: ServiceError | None = None
        self._reception: Reception | None = None
        command, peer = exchange.command, exchange.peer
        try:
            self._reception = archive.receive(
                sop_class=command.affected_class,
                sop_instance=command.affected_instance,
                transfer_syntax=exchange.context.transfer_syntax,
                source=Source("dimse", peer.calling, peer.address, peer.called),
            )
        except ServiceError as error:
            self._failure = error

    def write(self, data: memoryview) -> None:
        """Take a fragment."""
        if self._reception is not None:
            self._reception.write(data)

    def finish_soon(self) -> bool:
        """Keep it without a task, as most are; whether the answer is on its way."""
        return self._reception is not None and self._reception.complete_soon(self._kept)

    def _kept(self, outcome: Outcome) -> None:
        """Answer what became of it."""
        assert self._reception is not None
        self._told(outcome.verdict.value, "dimse", self._reception.size)
        self._exchange.association.answer(self._exchange, *_status(outcome))

    async def finish(self) -> None:
        """Answer what became of the object, once that is durable."""
        if self._reception is None:
            assert self._failure is not None
            raise self._failure
        outcome = await self._reception.complete()
        self._told(outcome.verdict.value, "dimse", self._reception.size)
        status, comment = _status(outcome)
        await self._exchange.respond(status=status, error_comment=comment)

    def abandon(self) -> None:
        """The sender went away."""
        if self._reception is not None:
            self._reception.abandon()


def _status(outcome: Outcome) -> tuple[int, str]:
    """The status of an outcome, and the comment on it: PS3.4 §B.2.3."""
    if outcome.verdict is not Verdict.REFUSED:
        return SUCCESS, ""
    return FAILURES.get(outcome.failure, FAILURES["fault"]).dimse, outcome.message[:64]


class Storage:
    """C-STORE for every storage SOP class, in any transfer syntax. PS3.4 §B."""

    def __init__(self, archive: Archive, told: Told = lambda verdict, wire, size: None) -> None:
        self._archive, self._told = archive, told

    def begin(self, exchange: Exchange) -> Storing:
        """A sink into the archive."""
        return Storing(self._archive, exchange, self._told)

    async def handle(self, exchange: Exchange) -> None:
        """A C-STORE always has a data set, and any other command means nothing here."""
        raise ServiceError("unknown-sop-class", f"{exchange.command.name} is no service of this SOP class")


def storage_classes() -> list[str]:
    """The UIDs of all storage SOP classes of the standard, the retired ones too. PS3.4 §B.5, PS3.6 §A."""
    found = [one for one in uids.of_kind("SOP Class") if "Storage" in one.name]
    return [one.uid for one in found if "Commitment" not in one.name and "Media Storage" not in one.name]


def transfer_syntaxes() -> list[str]:
    """The UIDs of all transfer syntaxes that a data set may be sent in. PS3.6 §A."""
    return [one.uid for one in uids.transfer_syntaxes()]
