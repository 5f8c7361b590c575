"""Commitment asked for: what the peer reports is told, be it on this association or on one of its own."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from chiasm.errors import ServiceError
from chiasm.model import Level, Query
from chiasm.net import dimse_commitment_client
from chiasm.net.dimse_commitment import COMMITMENT, Commitment, Reference, report
from chiasm.net.dimse_commitment_client import Judged, Wait, commit
from chiasm.net.dimse_identifier import read
from chiasm.net.dimse_retrieve import Destination
from chiasm.net.dimse_server import DimseSettings, serve_dimse
from chiasm.net.dimse_storage import VERIFICATION, Echo
from chiasm.net.dimse_transfer import EXPLICIT, Peer

CT = "1.2.840.10008.5.1.4.1.1.2"


async def asked(port: int, references: list[Reference], wait: Wait | None = None) -> list[Judged]:
    return [one async for one in commit(Peer("127.0.0.1", port, "CHIASM", "ASKER"), references, wait)]


@pytest.mark.parametrize("at_once", [1, 1_000])
def test_what_is_held_is_committed_and_what_is_not_is_told(
    dimse_node: Any, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(dimse_commitment_client, "AT_ONCE", at_once)

    async def work(port: int, archive: Any) -> list[Judged]:
        await archive.settle()
        studies = [one.study for one in archive.index.find(Query(Level.STUDY))]
        held = await archive.locations(studies=studies)
        references = [Reference(one.sop_class, one.sop_instance) for one in held]
        return await asked(
            port, [*references, Reference(CT, "1.2.3"), Reference("1.2", held[0].sop_instance)]
        )

    judged = dimse_node(work)
    assert [one.committed for one in judged[:4]] == [True, True, True, False]
    assert judged[3].message.endswith("it does not hold it")
    assert judged[4].message.endswith("as another SOP class")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def test_a_report_on_an_association_of_the_peer_s(dimse_node: Any) -> None:
    """The node reports to a destination when the association of the request is gone; here it always is."""
    here = free_port()

    async def work(port: int, archive: Any) -> list[Judged]:
        judged = await asked(port, [Reference(CT, "1.2.3")], Wait(20, here, "127.0.0.1"))
        assert not judged[0].committed
        return judged

    original = Commitment._report_here

    async def never(*_: Any) -> bool:
        return False

    Commitment._report_here = never  # type: ignore[method-assign]
    try:
        [judged] = dimse_node(work, Destination("ASKER", "127.0.0.1", here))
    finally:
        Commitment._report_here = original  # type: ignore[method-assign]
    assert judged.message.endswith("it does not hold it")


def with_peer(handle: Callable[[Any], Awaitable[None]], wait: Wait) -> list[Judged]:
    class Peers:
        def begin(self, exchange: Any) -> None:
            """Requests are taken whole."""

        async def handle(self, exchange: Any) -> None:
            await handle(exchange)

    async def run() -> list[Judged]:
        server = await serve_dimse(
            "127.0.0.1", 0, {COMMITMENT: Peers()}, DimseSettings(), syntaxes=[EXPLICIT]
        )
        try:
            return await asked(server.port, [Reference(CT, "1.2.3")], wait)
        finally:
            await server.close(0.2)

    return asyncio.run(run())


def test_a_peer_that_refuses() -> None:
    async def handle(exchange: Any) -> None:
        await exchange.respond(status=0x0213, error_comment="not today")

    [judged] = with_peer(handle, Wait(5))
    assert judged.message == "the peer refused to commit itself with status 0213: not today"


def test_a_peer_that_never_reports() -> None:
    async def handle(exchange: Any) -> None:
        await exchange.respond(status=0, action_type=1)

    [judged] = with_peer(handle, Wait(0.1))
    assert (judged.committed, judged.message) == (False, "no report has come within 0.1 s")


def test_a_peer_that_goes_away_instead() -> None:
    async def handle(exchange: Any) -> None:
        await exchange.respond(status=0, action_type=1)
        exchange.association.abort()

    [judged] = with_peer(handle, Wait(20))
    assert "without a report" in judged.message


def test_reports_of_other_transactions_and_senseless_ones_are_refused() -> None:
    here, statuses = free_port(), []

    async def handle(exchange: Any) -> None:
        await exchange.respond(status=0, action_type=1)
        target = Destination("ASKER", "127.0.0.1", here)
        asked_for = read(exchange.data, exchange.context.transfer_syntax).get("TransactionUID")
        for transaction in ("1.2.3", asked_for):
            try:
                await report(target, "CHIASM", str(transaction), [Reference(CT, "1.2.3")])
                statuses.append("taken")
            except ServiceError as error:
                statuses.append(str(error))

    [judged] = with_peer(handle, Wait(20, here, "127.0.0.1"))
    assert judged.committed
    assert statuses[0].endswith("it answered 0112")


def test_a_peer_that_offers_no_commitment_and_a_port_that_is_taken() -> None:
    async def run() -> None:
        server = await serve_dimse(
            "127.0.0.1", 0, {VERIFICATION: Echo()}, DimseSettings(), syntaxes=[EXPLICIT]
        )
        try:
            with pytest.raises(ServiceError, match="does not offer storage commitment"):
                await asked(server.port, [Reference(CT, "1.2.3")])
            with pytest.raises(ServiceError, match="cannot be listened on"):
                await asked(server.port, [Reference(CT, "1.2.3")], Wait(1, server.port, "127.0.0.1"))
        finally:
            await server.close(0.2)

    asyncio.run(run())
