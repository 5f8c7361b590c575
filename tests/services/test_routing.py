"""The router over a real archive: what arrives is queued once, sent, and told in the journal."""

import asyncio

import pytest

from chiasm.errors import UsageError
from chiasm.model import Source
from chiasm.services.archive import Archive, Settings
from chiasm.services.delivery import Delivery, Reply
from chiasm.services.routing import Router
from chiasm.services.routing_rules import parse
from chiasm.store.queue import Queue

DESTINATIONS = [{"name": "PACS", "ae": "PACS", "host": "127.0.0.1", "port": 104}]
ROUTES = [{"name": "ct", "when": {"Modality": "CT"}, "to": ["PACS"]}]


class Peer:
    """A destination that takes everything, or is away."""

    def __init__(self, away=False):
        self.away = away
        self.taken = []

    async def deliver(self, items):
        for item in items:
            if self.away:
                return
            self.taken.append(item.location.sop_instance)
            yield Delivery(item, Reply.DELIVERED, "its word", "0000")

    async def close(self):
        pass


def routed(folder, work, peer):
    async def run():
        archive = await Archive.open(Settings(folder))
        router = Router(archive, Queue(archive.index.engine), parse(ROUTES, DESTINATIONS), lambda one: peer)
        await router.start()
        try:
            return await work(archive, router)
        finally:
            await router.close()
            await archive.close()

    return asyncio.run(run())


async def until(condition):
    for _ in range(1000):
        if await condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come to that")


def test_what_meets_a_route_is_sent_once_and_the_rest_stays(tmp_path, pydicom_data):
    peer = Peer()

    async def work(archive, router):
        for name in ("CT_small.dcm", "MR_small.dcm", "CT_small.dcm"):
            await archive.receive_file(
                (pydicom_data / "test_files" / name).read_bytes(), Source("dimse", "CT1")
            )

        async def delivered():
            return (await router.status())[0].counts.get("delivered") == 1

        await until(delivered)
        [item] = await router.items()
        return item

    item = routed(tmp_path, work, peer)
    assert peer.taken == [item.location.sop_instance]
    assert (item.route, item.confirmed_by) == ("ct", "its word")


def test_what_waits_is_there_after_a_restart(tmp_path, pydicom_data):
    async def first(archive, router):
        await archive.receive_file(
            (pydicom_data / "test_files/CT_small.dcm").read_bytes(), Source("dimse", "CT1")
        )

        async def queued():
            return len(await router.items()) == 1

        await until(queued)

    async def second(archive, router):
        await router.release_destination("PACS")

        async def delivered():
            return (await router.status())[0].counts.get("delivered") == 1

        await until(delivered)

    routed(tmp_path, first, Peer(away=True))
    peer = Peer()
    routed(tmp_path, second, peer)
    assert len(peer.taken) == 1


def test_a_held_destination_gets_nothing_until_it_is_released(tmp_path, pydicom_data):
    peer = Peer()

    async def work(archive, router):
        await router.hold_destination("PACS")
        await archive.receive_file(
            (pydicom_data / "test_files/CT_small.dcm").read_bytes(), Source("dimse", "CT1")
        )

        async def queued():
            return len(await router.items()) == 1

        await until(queued)
        before = list(peer.taken)
        await router.release_destination("PACS")

        async def sent():
            return bool(peer.taken)

        await until(sent)
        return before

    assert routed(tmp_path, work, peer) == []


def test_people_can_send_by_hand_and_only_to_what_is_known(tmp_path, pydicom_data):
    peer = Peer()

    async def work(archive, router):
        outcome = await archive.receive_file(
            (pydicom_data / "test_files/MR_small.dcm").read_bytes(), Source("import")
        )
        with pytest.raises(UsageError, match="NOWHERE"):
            await router.send("NOWHERE", studies=[outcome.study])
        count = await router.send("PACS", studies=[outcome.study])

        async def sent():
            return bool(peer.taken)

        await until(sent)
        return count

    assert routed(tmp_path, work, peer) == 1
