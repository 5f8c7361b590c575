"""Administration of routing over HTTP: look, hold, release, retry, drop, and send by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from chiasm.errors import ServiceError
from chiasm.model import Source
from chiasm.net import web_admin
from chiasm.services.archive import Archive, Settings
from chiasm.services.delivery import Delivery, Reply
from chiasm.services.routing import Router
from chiasm.services.routing_rules import parse
from chiasm.store.queue import Item, Queue

DESTINATIONS: list[dict[str, Any]] = [
    {"name": "PACS", "ae": "PACS", "host": "127.0.0.1", "port": 104},
    {"name": "the cloud", "url": "http://127.0.0.1:1/dicom-web"},
]
STUDY = "1.3.6.1.4.1.5962.1.2.1.20040119072730.12322"
Work = Callable[[httpx.AsyncClient, "Peer"], Awaitable[None]]


class Peer:
    """Answers as a test says; without an answer it is away."""

    def __init__(self) -> None:
        self.reply: Reply | None = Reply.DELIVERED
        self.taken: list[str] = []

    async def deliver(self, items: Sequence[Item]) -> AsyncIterator[Delivery]:
        if self.reply is None:
            raise ServiceError("unavailable", "it is away")
        for item in items:
            self.taken.append(item.location.sop_instance)
            yield Delivery(item, self.reply, "its word", "0000", "so it says")

    async def close(self) -> None:
        """Nothing is open."""


def administered(folder: Path, pydicom_data: Path, work: Work, origins: tuple[str, ...] = ()) -> None:
    async def run() -> None:
        archive = await Archive.open(Settings(folder))
        peer = Peer()
        router = Router(archive, Queue(archive.index.engine), parse([], DESTINATIONS), lambda _: peer)
        await archive.receive_file(
            (pydicom_data / "test_files/CT_small.dcm").read_bytes(), Source("dimse", "CT1")
        )
        await router.start()
        application = Starlette(routes=web_admin.routes(archive, router=router, origins=origins))
        transport = httpx.ASGITransport(app=application)
        try:
            async with httpx.AsyncClient(transport=transport, base_url="http://node") as client:
                await work(client, peer)
        finally:
            await router.close()
            await archive.close()

    asyncio.run(run())


async def state(client: httpx.AsyncClient, wanted: str) -> dict[str, Any]:
    """The one queued item, once it is in a state."""
    for _ in range(1000):
        found: list[dict[str, Any]] = (await client.get("/api/queue/items")).json()
        if found and found[0]["state"] == wanted:
            return found[0]
        await asyncio.sleep(0.01)
    raise AssertionError(f"it did not come to be {wanted}: {found}")


def test_a_study_is_sent_by_hand_and_seen(tmp_path: Path, pydicom_data: Path) -> None:
    async def work(client: httpx.AsyncClient, peer: Peer) -> None:
        before = (await client.get("/api/destinations")).json()
        assert [(one["name"], one["target"], one["counts"]) for one in before] == [
            ("PACS", "PACS@127.0.0.1:104", {}), ("the cloud", "http://127.0.0.1:1/dicom-web", {}),
        ]  # fmt: skip
        sent = await client.post("/api/destinations/PACS/send", params={"study": STUDY})
        assert sent.json() == {"queued": 1}
        item = await state(client, "delivered")
        assert (item["study"], item["confirmed_by"], item["due"]) == (STUDY, "its word", None)
        assert (await client.get(f"/api/queue/items/{item['id']}")).json() == item
        assert (await client.get("/api/queue")).json() == {"PACS": {"delivered": 1}}
        assert (await client.get("/api/queue/items?state=failed")).json() == []
        assert (await client.get(f"/api/queue/items?study={STUDY}&destination=PACS")).json() == [item]
        again = await client.post("/api/destinations/the%20cloud/send", params={"study": STUDY})
        assert again.json() == {"queued": 1}
        metrics = (await client.get("/metrics")).text
        assert 'chiasm_queue_depth{destination="PACS",state="delivered"} 1' in metrics

    administered(tmp_path, pydicom_data, work)


def test_a_destination_is_held_and_released(tmp_path: Path, pydicom_data: Path) -> None:
    async def work(client: httpx.AsyncClient, peer: Peer) -> None:
        assert (await client.post("/api/destinations/PACS/hold")).json()["held"] is True
        await client.post("/api/destinations/PACS/send", params={"study": STUDY})
        item = await state(client, "waiting")
        assert (await client.post(f"/api/queue/items/{item['id']}/hold")).json() == {"changed": 1}
        assert (await client.post("/api/destinations/PACS/release")).json()["held"] is False
        await state(client, "held")
        assert peer.taken == []
        refused = await client.post(f"/api/queue/items/{item['id']}/retry")
        assert (refused.status_code, refused.json()["detail"]) == (409, "retry does not fit: it is held")
        await client.post(f"/api/queue/items/{item['id']}/release")
        await state(client, "delivered")
        assert len(peer.taken) == 1

    administered(tmp_path, pydicom_data, work)


def test_dead_letters_are_sent_anew_or_given_up(tmp_path: Path, pydicom_data: Path) -> None:
    async def work(client: httpx.AsyncClient, peer: Peer) -> None:
        peer.reply = Reply.REFUSED
        await client.post("/api/destinations/PACS/send", params={"study": STUDY})
        item = await state(client, "failed")
        assert item["message"] == "so it says"
        peer.reply = Reply.DELIVERED
        assert (await client.post("/api/destinations/PACS/retry")).status_code == 200
        await state(client, "delivered")
        assert (await client.delete(f"/api/queue/items/{item['id']}")).json() == {"changed": 1}
        assert (await client.get("/api/queue/items")).json() == []
        assert (await client.delete(f"/api/queue/items/{item['id']}")).status_code == 404
        kinds = [one["kind"] for one in (await client.get("/api/journal")).json()]
        assert kinds[1:] == ["delivery-failed", "sent", "delivery-dropped"]

    administered(tmp_path, pydicom_data, work)


def test_a_peer_that_is_away_is_told_with_the_next_try(tmp_path: Path, pydicom_data: Path) -> None:
    async def work(client: httpx.AsyncClient, peer: Peer) -> None:
        peer.reply = None
        await client.post("/api/destinations/PACS/send", params={"study": STUDY})
        for _ in range(1000):
            one = (await client.get("/api/destinations")).json()[0]
            if one["message"]:
                break
            await asyncio.sleep(0.01)
        assert one["message"] == "it is away"
        assert one["retry_at"] > (await client.get("/api/queue/items")).json()[0]["queued_at"]
        peer.reply = Reply.DELIVERED
        await client.post("/api/destinations/PACS/release")
        await state(client, "delivered")

    administered(tmp_path, pydicom_data, work)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/api/destinations/NOWHERE/hold", 404), ("POST", "/api/destinations/NOWHERE/send?study=1.2", 404),
        ("POST", "/api/destinations/PACS/send", 400), ("POST", "/api/destinations/PACS/send?study=x", 400),
        ("POST", "/api/destinations/PACS/send?study=1.2.3", 404), ("GET", "/api/destinations/PACS/hold", 405),
        ("GET", "/api/queue/items?state=lost", 400), ("GET", "/api/queue/items?limit=9999", 400),
        ("GET", "/api/queue/items/7", 404), ("GET", "/api/queue/items/x", 404),
        ("POST", "/api/queue/items/7/hold", 404), ("DELETE", f"/api/queue/items/{'9' * 30}", 404),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(
    tmp_path: Path, pydicom_data: Path, method: str, path: str, status: int
) -> None:
    async def work(client: httpx.AsyncClient, peer: Peer) -> None:
        assert (await client.request(method, path)).status_code == status

    administered(tmp_path, pydicom_data, work)


@pytest.mark.parametrize(
    ("origin", "origins", "status"),
    [
        ("http://evil.example", (), 403), ("null", (), 403), ("http://node", (), 200),
        ("http://friend.example", ("http://friend.example",), 200),
    ],
)  # fmt: skip
def test_a_page_of_another_site_cannot_make_the_node_send(
    tmp_path: Path, pydicom_data: Path, origin: str, origins: tuple[str, ...], status: int
) -> None:
    async def work(client: httpx.AsyncClient, peer: Peer) -> None:
        for path in ("send?study=" + STUDY, "hold", "release", "retry"):
            answer = await client.post(f"/api/destinations/PACS/{path}", headers={"origin": origin})
            assert answer.status_code == status

    administered(tmp_path, pydicom_data, work, origins)


def test_the_description_has_it_all_and_only_where_there_are_destinations(
    tmp_path: Path, pydicom_data: Path
) -> None:
    async def work(client: httpx.AsyncClient, peer: Peer) -> None:
        document = (await client.get("/api/openapi.json")).json()
        paths = {path for path in document["paths"] if "queue" in path or "destinations" in path}
        assert paths == {
            "/api/destinations", "/api/destinations/{name}/send", "/api/destinations/{name}/hold",
            "/api/destinations/{name}/release", "/api/destinations/{name}/retry", "/api/queue",
            "/api/queue/items", "/api/queue/items/{id}", "/api/queue/items/{id}/hold",
            "/api/queue/items/{id}/release", "/api/queue/items/{id}/retry",
        }  # fmt: skip
        ids = [one["operationId"] for path in document["paths"].values() for one in path.values()]
        assert len(ids) == len(set(ids))
        for path in paths:
            if "{" not in path:
                assert (await client.get(path)).status_code == 200

    administered(tmp_path, pydicom_data, work)
