"""C-GET and C-MOVE over our own client: counts, partial failure, destinations that refuse or are down."""

import contextlib
import io
import socket

import pydicom
import pytest

from chiasm.dicom import DataSet
from chiasm.model import Source
from chiasm.net.dimse_client import Proposal, connect
from chiasm.net.dimse_identifier import read, write
from chiasm.net.dimse_retrieve import Destination, Tally
from chiasm.net.dimse_server import DimseSettings, serve_dimse
from chiasm.net.dimse_storage import storage_classes, transfer_syntaxes

ROOT, EXPLICIT, IMPLICIT = "1.2.840.10008.5.1.4.1.2.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
CT, MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"


def study(archive):
    from chiasm.model import Level, Query

    found = archive.index.find(Query(Level.STUDY))
    return write(asked([one.study for one in found]), EXPLICIT)


def asked(uids):
    data = DataSet()
    data["QueryRetrieveLevel"] = "STUDY"
    data["StudyInstanceUID"] = tuple(uids)
    return data


class Taking:
    """A destination that refuses MR and keeps the rest."""

    def __init__(self):
        self.taken = []
        self.originators = set()

    def begin(self, exchange):
        outer = self

        class Sink:
            def write(self, data):
                pass

            def finish_soon(self):
                return False

            async def finish(self):
                command = exchange.command
                outer.originators.add((command.move_originator, command.move_originator_id is not None))
                refused = command.affected_class == MR
                if not refused:
                    outer.taken.append(command.affected_instance)
                await exchange.respond(status=0xA700 if refused else 0)

            def abandon(self):
                pass

        return Sink()

    async def handle(self, exchange):
        raise AssertionError


@contextlib.asynccontextmanager
async def destination(port, storage, most=10):
    """A server that takes objects of every class, over so many associations at once; what it told of them."""
    classes, told = dict.fromkeys(storage_classes(), storage), []
    there = await serve_dimse(
        "127.0.0.1",
        port,
        classes,
        DimseSettings(maximum_associations=most),
        syntaxes=transfer_syntaxes(),
        watch=told.append,
    )
    try:
        yield told
    finally:
        await there.close()


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


async def moved(port, identifier, destination):
    contexts = [Proposal(f"{ROOT}.2", (EXPLICIT,))]
    async with await connect("127.0.0.1", port, calling="ASKER", called="CHIASM", contexts=contexts) as peer:
        return [answer async for answer in peer.move(f"{ROOT}.2", identifier, destination)]


def test_a_destination_that_refuses_some_is_told_truthfully(dimse_node):
    port_there = free_port()

    async def work(port, archive):
        taking = Taking()
        async with destination(port_there, taking):
            await archive.settle()
            answers = await moved(port, study(archive), "THERE")
        final, data = answers[-1]
        return final, read(data, EXPLICIT).get("FailedSOPInstanceUIDList"), taking

    final, failed, taking = dimse_node(work, Destination("THERE", "127.0.0.1", port_there))
    assert (final.status, final.completed, final.failed) == (0xB000, 2, 1)
    assert isinstance(failed, str)
    assert len(taking.taken) == 2
    assert taking.originators == {("ASKER", True)}


async def take_many(archive, pydicom_data, count):
    """Put a study of so many images into the archive: their SOP Instance UIDs."""
    image = pydicom.dcmread(pydicom_data / "test_files" / "CT_small.dcm")
    image.StudyInstanceUID, image.SeriesInstanceUID = "1.2.9", "1.2.9.1"
    for number in range(count):
        image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = f"1.2.9.1.{number + 1}"
        out = io.BytesIO()
        image.save_as(out)
        await archive.receive_file(out.getvalue(), Source("import"))
    await archive.settle()
    return [f"1.2.9.1.{number + 1}" for number in range(count)]


@pytest.mark.parametrize(("most", "expected"), [(10, 3), (1, 1)])
def test_many_go_over_several_associations_where_the_destination_takes_them(
    dimse_node, pydicom_data, most, expected
):
    port_there = free_port()

    async def work(port, archive):
        uids = await take_many(archive, pydicom_data, 50)
        taking = Taking()
        async with destination(port_there, taking, most) as told:
            answers = await moved(port, write(asked(["1.2.9"]), EXPLICIT), "THERE")
            served = told.count("accepted")
        return answers, taking, uids, served

    answers, taking, uids, served = dimse_node(work, Destination("THERE", "127.0.0.1", port_there))
    final = answers[-1][0]
    assert (final.status, final.completed, final.failed) == (0, 50, 0)
    assert sorted(taking.taken) == sorted(uids)
    # where only one is taken at once, what the others would have sent follows over a further one
    assert served == expected if most > 1 else served in {1, 2}


def test_an_association_that_is_lost_loses_nothing(dimse_node, pydicom_data):
    """The destination aborts one of the associations in the middle: its part goes over another."""
    port_there = free_port()

    class Aborting(Taking):
        def begin(self, exchange):
            if len(self.taken) == 20:
                self.taken.append("")
                exchange.association.abort()
            return super().begin(exchange)

    async def work(port, archive):
        uids = await take_many(archive, pydicom_data, 50)
        taking = Aborting()
        async with destination(port_there, taking):
            answers = await moved(port, write(asked(["1.2.9"]), EXPLICIT), "THERE")
        return answers[-1][0], set(taking.taken) - {""}, uids

    final, taken, uids = dimse_node(work, Destination("THERE", "127.0.0.1", port_there))
    assert (final.status, final.completed, final.failed) == (0, 50, 0)
    assert taken == set(uids)


@pytest.mark.parametrize(("destination", "status"), [("NOBODY", 0xA801), ("DOWN", 0xA702)])
def test_a_destination_that_is_not_known_or_down(dimse_node, destination, status):
    async def work(port, archive):
        await archive.settle()
        return (await moved(port, study(archive), destination))[-1][0].status

    assert dimse_node(work, Destination("DOWN", "127.0.0.1", free_port())) == status


def test_get_brings_everything_over_the_same_association(dimse_node):
    async def work(port, archive):
        await archive.settle()
        got = {}

        async def on_store(incoming):
            got[incoming.command.affected_instance] = bytes(incoming.data)
            await incoming.respond(status=0)

        contexts = [Proposal(f"{ROOT}.3", (EXPLICIT,))]
        contexts += [
            Proposal(uid, (EXPLICIT, IMPLICIT), False, True)
            for uid in (CT, MR, "1.2.840.10008.5.1.4.1.1.481.5")
        ]
        async with await connect("127.0.0.1", port, calling="A", called="CHIASM", contexts=contexts) as peer:
            answers = [answer async for answer in peer.get(f"{ROOT}.3", study(archive), on_store)]
        held = {one.sop_instance: one for one in await archive.locations(instances=list(got))}
        same = [
            await archive.read(held[uid], held[uid].offset) == data
            for uid, data in got.items()
            if held[uid].transfer_syntax == EXPLICIT
        ]
        return answers[-1][0], len(got), same

    final, count, same = dimse_node(work)
    assert (final.status, final.completed, final.failed, count) == (0, 3, 0, 3)
    assert all(same)


def test_counts():
    tally = Tally(4)
    assert [tally.take(status) for status in (0, 0xB000, 0xA700)] == [False, False, True]
    assert tally.fields() == {"completed": 1, "warning": 1, "failed": 1, "remaining": 1}
    assert "remaining" not in tally.fields(ended=True)
