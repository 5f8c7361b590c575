"""Storage commitment over our own client: what is held is committed, what is not is told."""

import asyncio

from chiasm.net import dimse_commitment
from chiasm.net.dimse_client import Proposal, connect
from chiasm.net.dimse_commitment import COMMITMENT, Reference, event_report
from chiasm.net.dimse_identifier import read, write

EXPLICIT = "1.2.840.10008.1.2.1"


def test_the_report_comes_on_the_same_association_and_is_true(dimse_node):
    async def work(port, archive):
        await archive.settle()
        [held, *_] = await archive.locations(studies=[_study(archive)])
        references = [Reference(held.sop_class, held.sop_instance), Reference(held.sop_class, "1.2.3.4.5")]
        command, data = dimse_commitment.request("2.25.77", references)
        told = asyncio.get_running_loop().create_future()

        async def on_request(incoming):
            await incoming.respond(status=0)
            told.set_result((incoming.command, bytes(incoming.data), incoming.context.transfer_syntax))

        contexts = [Proposal(COMMITMENT, (EXPLICIT,))]
        async with await connect(
            "127.0.0.1", port, calling="ASKER", called="CHIASM", contexts=contexts
        ) as peer:
            peer.on_request = on_request
            context = peer.context_for(COMMITMENT)
            answer, _ = await peer.request(context.id, command, write(data, EXPLICIT))
            report = await asyncio.wait_for(told, 20)
        return answer.status, report, held

    status, (command, data, syntax), held = dimse_node(work)
    assert (status, command.event_type) == (0, 2)
    report = read(data, syntax)
    assert report.get("TransactionUID") == "2.25.77"
    [kept] = report.get("ReferencedSOPSequence")
    [failed] = report.get("FailedSOPSequence")
    assert kept.get("ReferencedSOPInstanceUID") == held.sop_instance
    assert failed.get("ReferencedSOPInstanceUID") == "1.2.3.4.5"
    assert failed.get("FailureReason") == 0x0112  # no such object instance


def _study(archive):
    from chiasm.model import Level, Query

    return archive.index.find(Query(Level.STUDY))[0].study


def test_a_report_in_which_all_is_held_is_of_type_one():
    command, data = event_report("2.25.1", [Reference("1.2", "1.3")])
    assert command.event_type == 1
    assert data.get("FailedSOPSequence") is None
