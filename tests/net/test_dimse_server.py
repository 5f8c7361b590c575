"""The DIMSE server on loopback: DCMTK and pynetdicom as peers, and those who break the rules."""

import asyncio
import socket

import pytest

from chiasm import dicom
from chiasm.errors import ServiceError
from chiasm.net.dimse_client import Proposal, connect
from chiasm.net.dimse_server import DimseSettings, serve_dimse
from chiasm.protocols import association as ul
from chiasm.protocols import pdu
from chiasm.protocols.pdu import AssociateRequest, ProposedContext

VERIFICATION, CT = "1.2.840.10008.1.1", "1.2.840.10008.5.1.4.1.1.2"
IMPLICIT, EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"


class Kept:
    """A service that keeps what it is sent; `wait` holds its answers back."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.abandoned = 0
        self.fails: Exception | None = None
        self.wait = asyncio.Event()
        self.wait.set()

    def begin(self, exchange):
        return Taking(self, exchange)

    async def handle(self, exchange):
        if self.fails:
            raise self.fails
        await exchange.respond(status=0)


class Taking:
    def __init__(self, kept, exchange):
        self.kept, self.exchange, self.data = kept, exchange, bytearray()

    def write(self, data):
        self.data += data

    def finish_soon(self):
        return False

    async def finish(self):
        await self.kept.wait.wait()
        if self.kept.fails:
            raise self.kept.fails
        self.kept.objects[self.exchange.command.affected_instance] = bytes(self.data)
        await self.exchange.respond(status=0)

    def abandon(self):
        self.kept.abandoned += 1


def serving(work, settings=None):
    """Run `work(server, kept)` against a server of its own."""

    async def run():
        kept = Kept()
        handlers = {VERIFICATION: kept, CT: kept}
        server = await serve_dimse(
            "127.0.0.1", 0, handlers, settings or DimseSettings(), syntaxes=[IMPLICIT, EXPLICIT]
        )
        try:
            return await work(server, kept)
        finally:
            kept.wait.set()
            await server.close(patience=0.5)

    return asyncio.run(run())


def test_each_association_is_told_of_when_it_begins_and_how_it_ended():
    async def run():
        told = []
        handlers, limit = {VERIFICATION: Kept()}, DimseSettings(ae_titles=("CHIASM",))
        server = await serve_dimse("127.0.0.1", 0, handlers, limit, syntaxes=[IMPLICIT], watch=told.append)
        contexts = [Proposal(VERIFICATION, (IMPLICIT,))]

        async def peer(called="CHIASM"):
            return await connect("127.0.0.1", server.port, calling="A", called=called, contexts=contexts)

        async def until(count):
            async with asyncio.timeout(20):
                while len(told) < count:
                    await asyncio.sleep(0.005)

        async with await peer() as one:
            assert await one.echo() == 0
        await until(2)
        (await peer()).abort()
        await until(4)
        with pytest.raises(ServiceError):
            await peer("OTHER")
        await until(5)
        held = await peer()
        await server.close(patience=0.1)  # what is still open then is aborted
        await until(7)
        held.abort()
        return told

    assert asyncio.run(run()) == [
        "accepted", "released", "accepted", "aborted", "rejected", "accepted", "aborted",
    ]  # fmt: skip


async def program(*command):
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    told, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, told.decode(errors="replace")


def test_dcmtk_echoes_and_stores(needs_tool, pydicom_data):
    echoscu, storescu = needs_tool("echoscu"), needs_tool("storescu")

    async def work(server, kept):
        status, told = await program(echoscu, "127.0.0.1", str(server.port))
        assert status == 0, told
        path = pydicom_data / "test_files/CT_small.dcm"
        status, told = await program(storescu, "127.0.0.1", str(server.port), str(path))
        assert status == 0, told
        [data] = kept.objects.values()
        return dicom.parse(data), dicom.read_file(path)

    sent, own = serving(work)
    assert sent.raw("PixelData") == own.raw("PixelData")
    assert sent.get("PatientName") == own.get("PatientName")


@pytest.mark.parametrize("own", [16384, 1 << 20, 0])
def test_pynetdicom_stores_with_any_maximum_length(own, pydicom_data):
    pynetdicom = pytest.importorskip("pynetdicom")
    import pydicom

    image = pydicom.dcmread(pydicom_data / "test_files/CT_small.dcm")

    def send(port):
        ae = pynetdicom.AE("PEER")
        ae.add_requested_context(CT, EXPLICIT)
        association = ae.associate("127.0.0.1", port, ae_title="CHIASM", max_pdu=own)
        assert association.is_established
        status = association.send_c_store(image)
        association.release()
        return status.Status

    async def work(server, kept):
        status = await asyncio.to_thread(send, server.port)
        return status, kept.objects

    status, objects = serving(work)
    assert status == 0
    assert len(objects[image.SOPInstanceUID]) > 38_000


async def raw(port):
    return await asyncio.open_connection("127.0.0.1", port)


async def rest(reader):
    return await asyncio.wait_for(reader.read(), 20)


REQUEST = AssociateRequest("CHIASM", "PEER", contexts=(ProposedContext(1, VERIFICATION, (IMPLICIT,)),))


@pytest.mark.parametrize(
    ("request_", "rejection"),
    [
        (AssociateRequest("OTHER", "PEER"), pdu.AssociateReject(1, 1, 7)),
        (AssociateRequest("CHIASM", "PEER", version=2), pdu.AssociateReject(1, 2, 2)),
        (AssociateRequest("CHIASM", "PEER", application_context="1.2.3"), pdu.AssociateReject(1, 1, 2)),
    ],
)
def test_rejections_give_the_reason_of_the_standard(request_, rejection):
    async def work(server, kept):
        reader, writer = await raw(server.port)
        writer.write(request_.encode())
        answer = await asyncio.wait_for(reader.readexactly(10), 20)
        writer.close()
        return pdu.decode(answer)

    assert serving(work, DimseSettings(("CHIASM",))) == rejection


def test_contexts_are_answered_one_by_one():
    request = AssociateRequest(
        "X", "Y", contexts=(
            ProposedContext(1, VERIFICATION, ("1.2.3", EXPLICIT, IMPLICIT)),
            ProposedContext(3, "1.2.3.4", (IMPLICIT,)),
            ProposedContext(5, CT, ("1.2.3",)),
        ),
    )  # fmt: skip

    async def work(server, kept):
        reader, writer = await raw(server.port)
        writer.write(request.encode())
        head = await asyncio.wait_for(reader.readexactly(6), 20)
        accept = pdu.decode(head + await reader.readexactly(int.from_bytes(head[2:], "big")))
        writer.close()
        return [(one.id, one.result, one.transfer_syntax) for one in accept.contexts]

    assert serving(work) == [(1, 0, EXPLICIT), (3, 3, IMPLICIT), (5, 4, "")]


def test_garbage_is_answered_by_an_abort_and_a_close():
    async def work(server, kept):
        reader, writer = await raw(server.port)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        answer = await asyncio.wait_for(reader.readexactly(10), 20)
        writer.close()
        return pdu.decode(answer)

    assert serving(work) == pdu.Abort(0, 0)


def test_who_says_nothing_is_closed_when_the_timer_ends():
    settings = DimseSettings(protocol=ul.Settings(artim=0.2))

    async def work(server, kept):
        silent, writer = await raw(server.port)
        slow, other = await raw(server.port)
        other.write(REQUEST.encode()[:40])  # slow-loris: a request that never ends
        found = await rest(silent), await rest(slow)
        writer.close()
        other.close()
        return found, len(server.associations)

    assert serving(work, settings) == ((b"", b""), 0)


def test_an_idle_association_is_aborted():
    async def work(server, kept):
        reader, writer = await raw(server.port)
        writer.write(REQUEST.encode())
        data = await rest(reader)
        writer.close()
        return data[0], pdu.decode(data[-10:])

    assert serving(work, DimseSettings(idle=0.4, protocol=ul.Settings(artim=0.3))) == (2, pdu.Abort(0, 0))


def test_beyond_the_budget_of_associations_it_is_rejected_for_now():
    async def work(server, kept):
        contexts = [Proposal(VERIFICATION, (IMPLICIT,))]
        open_ones = [
            await connect("127.0.0.1", server.port, calling="A", called="B", contexts=contexts)
            for _ in range(3)
        ]
        with pytest.raises(ServiceError, match="local limit exceeded"):
            await connect("127.0.0.1", server.port, calling="A", called="B", contexts=contexts)
        for one in open_ones:
            await one.release()
        async with await connect(
            "127.0.0.1", server.port, calling="A", called="B", contexts=contexts
        ) as again:
            assert await again.echo() == 0

    serving(work, DimseSettings(maximum_associations=3))


def test_a_thousand_associations_at_once():
    import resource

    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 8192), most))
    count = 1000 if most >= 8192 else 200

    async def work(server, kept):
        contexts = [Proposal(VERIFICATION, (IMPLICIT,))]

        async def one():
            async with await connect(
                "127.0.0.1", server.port, calling="A", called="B", contexts=contexts
            ) as peer:
                return await peer.echo()

        found = await asyncio.gather(*(one() for _ in range(count)))
        return found, len(server.associations)

    found, left = serving(work)
    assert found == [0] * count
    assert left == 0


@pytest.mark.parametrize("part", [0.02, 0.3, 0.6, 0.99])
def test_a_sender_that_goes_away_within_an_object_leaves_nothing(part):
    association = ul.Association.connected(
        AssociateRequest("X", "Y", contexts=(ProposedContext(1, CT, (IMPLICIT,)),)), ul.Settings(), 0.0
    )

    async def work(server, kept):
        reader, writer = await raw(server.port)
        writer.write(b"".join(association.outgoing()))
        head = await asyncio.wait_for(reader.readexactly(6), 20)
        association.receive(head + await reader.readexactly(int.from_bytes(head[2:], "big")), 0.0)
        command = ul.Command(1, True, message_id=1, affected_class=CT, affected_instance="1.2.3")
        association.send(1, command, bytes(300_000))
        data = b"".join(bytes(piece) for piece in association.outgoing())
        writer.write(data[: int(len(data) * part)])
        await writer.drain()
        writer.transport.abort()
        for _ in range(500):
            if not server.associations:
                break
            await asyncio.sleep(0.01)
        return kept.objects, kept.abandoned, len(server.associations)

    objects, abandoned, left = serving(work)
    assert (objects, left) == ({}, 0)
    assert abandoned == (part > 0.01)


def test_what_fails_is_told_by_its_row_of_the_catalogue():
    async def work(server, kept):
        contexts = [Proposal(CT, (EXPLICIT,))]
        async with await connect(
            "127.0.0.1", server.port, calling="A", called="B", contexts=contexts
        ) as peer:
            kept.fails = ServiceError("out-of-resources", "the disk is full")
            refused = await peer.store(CT, "1.2.3", b"ab")
            kept.fails = RuntimeError("a bug")
            broken = await peer.store(CT, "1.2.3", b"ab")
            kept.fails = None
            kept_now = await peer.store(CT, "1.2.3", b"ab")
        return (refused.status, refused.error_comment), broken.status, kept_now.status, server.faults

    refused, broken, fine, faults = serving(work)
    assert refused == (0xA700, "the disk is full")
    assert (broken, fine) == (0x0110, 0)
    assert len(faults) == 2


def test_nodelay_is_set_on_what_is_accepted():
    async def work(server, kept):
        contexts = [Proposal(VERIFICATION, (IMPLICIT,))]
        async with await connect(
            "127.0.0.1", server.port, calling="A", called="B", contexts=contexts
        ) as peer:
            await peer.echo()
            [association] = server.associations
            plain = association.stream.transport.get_extra_info("socket")
            return plain.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

    assert serving(work) == 1
