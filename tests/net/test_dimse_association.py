"""Answers that a sink promises without a task: each is sent, none before its time, and release waits for them."""

from __future__ import annotations

import asyncio

import pytest

from chiasm.errors import ServiceError
from chiasm.net.dimse_association import QUEUED
from chiasm.net.dimse_client import Proposal, connect
from chiasm.net.dimse_server import DimseSettings, serve_dimse

CT, EXPLICIT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1"


class Promising:
    """A service whose sinks promise their answers; `due` holds the exchanges that wait."""

    def __init__(self) -> None:
        self.due: asyncio.Queue = asyncio.Queue()

    def begin(self, exchange):
        return Promised(self, exchange)

    async def handle(self, exchange):
        raise AssertionError("a C-STORE has a data set")


class Promised:
    def __init__(self, service, exchange):
        self.service, self.exchange = service, exchange

    def write(self, data):
        pass

    def finish_soon(self):
        self.service.due.put_nowait(self.exchange)
        return True

    async def finish(self):
        raise AssertionError("it was promised")

    def abandon(self):
        pass


def promising(work):
    """Run `work(server, service, peer)` with an association that is open."""

    async def run():
        service = Promising()
        server = await serve_dimse("127.0.0.1", 0, {CT: service}, DimseSettings(), syntaxes=[EXPLICIT])
        contexts = [Proposal(CT, (EXPLICIT,))]
        try:
            async with asyncio.timeout(30):
                peer = await connect("127.0.0.1", server.port, calling="A", called="B", contexts=contexts)
                return await work(server, service, peer)
        finally:
            await server.close(patience=0.1)

    return asyncio.run(run())


def test_an_answer_is_sent_when_it_is_kept_and_release_waits_for_it():
    async def work(server, service, peer):
        stored = asyncio.create_task(peer.store(CT, "1.2.3", b"ab"))
        exchange = await service.due.get()
        [association] = server.associations
        assert association.is_busy
        released = asyncio.create_task(association._release())
        await asyncio.sleep(0.05)
        assert not stored.done()
        assert not released.done()
        association.answer(exchange, 0xB000)
        answer = await stored
        await released
        assert not association.is_busy
        return answer.status

    assert promising(work) == 0xB000


def test_a_peer_that_releases_before_it_was_answered_is_answered_first():
    async def work(server, service, peer):
        stored = asyncio.create_task(peer.store(CT, "1.2.3", b"ab"))
        exchange = await service.due.get()
        released = asyncio.create_task(peer.release())
        await asyncio.sleep(0.05)
        assert not exchange.association.open
        exchange.association.answer(exchange, 0xB000)
        await released
        return (await stored).status

    assert promising(work) == 0xB000


def test_a_refusal_says_why():
    async def work(server, service, peer):
        stored = asyncio.create_task(peer.store(CT, "1.2.3", b"ab"))
        exchange = await service.due.get()
        exchange.association.answer(exchange, 0xA700, "the disk is full")
        answer = await stored
        await peer.release()
        return answer.status, answer.error_comment

    assert promising(work) == (0xA700, "the disk is full")


def test_an_answer_waits_for_a_message_that_is_being_sent():
    async def work(server, service, peer):
        stored = asyncio.create_task(peer.store(CT, "1.2.3", b"ab"))
        exchange = await service.due.get()
        async with exchange.association._sending:
            exchange.association.answer(exchange, 0)
            await asyncio.sleep(0.05)
            assert not stored.done()
        return (await stored).status

    assert promising(work) == 0


def test_an_answer_to_one_who_went_away_is_nothing():
    async def work(server, service, peer):
        stored = asyncio.create_task(peer.store(CT, "1.2.3", b"ab"))
        exchange = await service.due.get()
        peer.abort()
        while server.associations:
            await asyncio.sleep(0.005)
        exchange.association.answer(exchange, 0)
        with pytest.raises((ConnectionError, ServiceError)):
            await stored
        return exchange.association.is_busy

    assert promising(work) is False


class Valve(asyncio.Transport):
    """A transport that is only opened and shut."""

    def __init__(self):
        super().__init__()
        self.turned: list[str] = []

    def is_closing(self):
        return False

    def pause_reading(self):
        self.turned.append("shut")

    def resume_reading(self):
        self.turned.append("opened")


def test_one_association_may_not_have_any_number_of_answers_due():
    valve = Valve()

    async def work(server, service, peer):
        [association] = server.associations
        association.stream.transport, real = valve, association.stream.transport
        for _ in range(QUEUED):
            association._promise()
        assert valve.turned == []
        association._promise()
        for _ in range(QUEUED + 1):
            association._keep()
        association.stream.transport = real

    promising(work)
    assert valve.turned == ["shut", "opened"]
