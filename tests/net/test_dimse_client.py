"""The client's side: what is refused is told in words, what breaks ends every wait."""

import asyncio
import socket

import pytest

from chiasm.errors import ServiceError
from chiasm.net.dimse_client import ClientSettings, Proposal, connect
from chiasm.net.dimse_server import DimseSettings, serve_dimse
from chiasm.protocols import association as ul
from chiasm.protocols.pdu import Abort

ECHO, CT, IMPLICIT = "1.2.840.10008.1.1", "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2"
WANTED = [Proposal(ECHO, (IMPLICIT,)), Proposal(CT, (IMPLICIT,))]


class Keeping:
    def __init__(self):
        self.data = bytearray()

    def begin(self, exchange):
        keeping = self

        class Sink:
            def write(self, data):
                keeping.data += data

            def finish_soon(self):
                return False

            async def finish(self):
                await exchange.respond(status=0)

            def abandon(self):
                keeping.data.clear()

        return Sink()

    async def handle(self, exchange):
        await exchange.respond(status=0)


def with_server(work, settings=None, **handlers):
    async def run():
        kept = Keeping()
        server = await serve_dimse(
            "127.0.0.1", 0, {ECHO: kept, CT: kept}, settings or DimseSettings(), syntaxes=[IMPLICIT]
        )
        try:
            return await work(server.port, kept)
        finally:
            await server.close(0.2)

    return asyncio.run(run())


def test_nothing_listens():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    with pytest.raises(ServiceError, match="cannot connect"):
        asyncio.run(connect("127.0.0.1", port, calling="A", called="B", contexts=WANTED))


def test_a_rejection_is_told_in_words():
    async def work(port, kept):
        with pytest.raises(ServiceError, match="called AE title not recognized") as caught:
            await connect("127.0.0.1", port, calling="A", called="B", contexts=WANTED)
        return caught.value.failure.name

    assert with_server(work, DimseSettings(("OTHER",))) == "not-authorized"


def test_a_context_that_was_not_accepted_is_told():
    async def work(port, kept):
        wanted = [*WANTED, Proposal("1.2.3", (IMPLICIT,))]
        async with await connect("127.0.0.1", port, calling="A", called="B", contexts=wanted) as peer:
            with pytest.raises(ServiceError, match="does not take"):
                await peer.store("1.2.3", "1.2", b"")
            assert peer.context_for("1.2.3") is None
            return sorted(peer.accepted)

    assert with_server(work) == [1, 3]


@pytest.mark.parametrize("sizes", [[0], [1], [7, 0, 9], [200_000, 200_000, 3]])
def test_an_object_is_sent_in_pieces_as_they_come(sizes):
    async def pieces():
        for number, size in enumerate(sizes):
            yield bytes([number]) * size

    async def work(port, kept):
        async with await connect("127.0.0.1", port, calling="A", called="B", contexts=WANTED) as peer:
            answer = await peer.store(CT, "1.2.3", pieces())
        return answer.status, bytes(kept.data)

    status, data = with_server(work)
    assert status == 0
    assert data == b"".join(bytes([number]) * size for number, size in enumerate(sizes))


def test_a_peer_that_aborts_ends_every_wait():
    async def serve(reader, writer):
        asker = await reader.readexactly(6)
        await reader.readexactly(int.from_bytes(asker[2:], "big"))
        writer.write(Abort(2, 1).encode())
        await writer.drain()
        writer.close()

    async def run():
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            with pytest.raises(ServiceError, match="aborted"):
                await connect("127.0.0.1", port, calling="A", called="B", contexts=WANTED)
        finally:
            server.close()

    asyncio.run(run())


def test_a_peer_that_does_not_answer_is_given_up():
    async def silence(reader, writer):
        await reader.read()
        writer.close()

    async def run():
        silent = await asyncio.start_server(silence, "127.0.0.1", 0)
        port = silent.sockets[0].getsockname()[1]
        settings = ClientSettings(answer=0.2, protocol=ul.Settings(artim=0.2))
        try:
            with pytest.raises(ServiceError):
                await connect("127.0.0.1", port, calling="A", called="B", contexts=WANTED, settings=settings)
            await asyncio.sleep(0.05)
        finally:
            silent.close()

    asyncio.run(run())


def test_several_requests_at_once_get_their_own_answers():
    async def work(port, kept):
        async with await connect("127.0.0.1", port, calling="A", called="B", contexts=WANTED) as peer:
            return await asyncio.gather(*(peer.echo() for _ in range(20)))

    assert with_server(work) == [0] * 20


def test_an_object_of_the_peer_streams_into_a_sink(dimse_node):
    """The first is taken in pieces; of the second, which has no sink, the data set is collected."""
    from chiasm.model import Level, Query
    from chiasm.net.dimse_identifier import write
    from chiasm.net.dimse_listing import GET, Selection, proposals

    class Collecting:
        def __init__(self):
            self.pieces = []

        def write(self, data):
            self.pieces.append(bytes(data))

        def abandon(self):
            raise AssertionError("the association did not end")

    async def work(port, archive):
        await archive.settle()
        studies = [one.study for one in archive.index.find(Query(Level.STUDY))]
        sinks, held, got = [], {}, {}

        def on_begin(incoming):
            sinks.append(Collecting())
            return sinks[0] if len(sinks) == 1 else None

        async def on_store(incoming):
            data = b"".join(incoming.sink.pieces) if incoming.sink else bytes(incoming.data)
            got[incoming.command.affected_instance] = data
            await incoming.respond(status=0)

        for one in await archive.locations(studies=studies):
            held[one.sop_instance] = await archive.read(one, one.offset)
        classes = [one.sop_class for one in await archive.locations(studies=studies)]
        async with await connect(
            "127.0.0.1", port, calling="A", called="B", contexts=proposals(classes)
        ) as peer:
            for study in studies:
                identifier = write(Selection(study).identifier(), "1.2.840.10008.1.2.1")
                answers = [one async for one in peer.get(GET, identifier, on_store, on_begin)]
                assert answers[-1][0].status == 0
        return held, got, len(sinks)

    held, got, count = dimse_node(work)
    assert got == held
    assert count == len(held) == 3
