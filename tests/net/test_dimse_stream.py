"""The socket under an association: options, timers, back-pressure, the end."""

import asyncio
import socket

import pytest

from chiasm.net.dimse_stream import Stream
from chiasm.protocols.association import Aborted, Association, Settings


def running(work):
    async def run():
        happened, ended = [], []
        streams = []

        def make():
            stream = Stream(
                lambda now: Association.acceptor(Settings(artim=0.1), now),
                lambda stream, one: happened.append(one),
                lambda: ended.append(True),
            )
            streams.append(stream)
            return stream

        server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        try:
            while not streams:
                await asyncio.sleep(0)
            return await work(streams[0], reader, writer, happened, ended)
        finally:
            writer.close()
            server.close()

    return asyncio.run(run())


def test_what_is_sent_goes_at_once():
    async def work(stream, reader, writer, happened, ended):
        plain = stream.transport.get_extra_info("socket")
        option = plain.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        return option, stream.address.split(":")[0], stream.tls

    assert running(work) == (1, "127.0.0.1", None)


def test_the_timer_of_the_association_closes_a_silent_peer():
    async def closing(stream, reader, writer, happened, ended):
        for _ in range(500):
            if happened:
                break
            await asyncio.sleep(0.01)
        stream.close()
        await asyncio.wait_for(stream.lost.wait(), 10)
        return [type(one).__name__ for one in happened], ended

    assert running(closing) == (["Close"], [True])


def test_a_peer_that_goes_away_is_told_of_once():
    async def work(stream, reader, writer, happened, ended):
        writer.transport.abort()
        await asyncio.wait_for(stream.lost.wait(), 10)
        with pytest.raises(ConnectionError):
            await stream.drained()
        stream.pause()
        stream.resume()
        stream.close()
        return [one for one in happened if isinstance(one, Aborted)], ended

    assert running(work) == ([], [True])  # there was no association yet to be aborted


def test_reading_stops_where_it_is_paused():
    async def work(stream, reader, writer, happened, ended):
        stream.pause()
        writer.write(b"\x99\0\0\0\0\4\0\0\0\0")
        await writer.drain()
        await asyncio.sleep(0.05)
        before = stream.association.state
        stream.resume()
        answer = await asyncio.wait_for(reader.readexactly(10), 10)
        return before, answer[0]

    before, answer = running(work)
    assert before == 2
    assert answer == 7
