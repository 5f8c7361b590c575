"""Routing over STOW-RS: to a node of ours, and what answers mean."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from chiasm.errors import ServiceError
from chiasm.model import Level, Location, Query, Source
from chiasm.net.routing_stow import StowDeliverer, told
from chiasm.services.archive import Archive, Settings
from chiasm.services.delivery import Delivery, Reply
from chiasm.services.routing_rules import Destination
from chiasm.store.queue import Item, State
from tests.net.web_node import web_node

WHERE = Location("k", 1, 0, b"", "1.2.840.10008.1.2.1", "1.1", "1.2.3", "1.2", "1")


def item_of(location: Location) -> Item:
    return Item(1, "X", location, "", State.SENDING, 0, 1, 0.0, False, "", "", "", 0.0, 0.0)


def sent(folder: Path, file: Path, url: str) -> list[Delivery]:
    async def run() -> list[Delivery]:
        archive = await Archive.open(Settings(folder))
        deliverer = StowDeliverer(archive, Destination("X", url=url))
        try:
            outcome = await archive.receive_file(file.read_bytes(), Source("import"))
            await archive.find(Query(Level.STUDY))
            locations = await archive.locations(instances=[outcome.sop_instance])
            return [one async for one in deliverer.deliver([item_of(one) for one in locations])]
        finally:
            await deliverer.close()
            await archive.close()

    return asyncio.run(run())


def test_a_node_that_takes_it_confirms(tmp_path: Path, pydicom_data: Path) -> None:
    file = pydicom_data / "test_files/CT_small.dcm"
    with web_node(tmp_path / "other") as other:
        (one,) = sent(tmp_path / "own", file, other.url)
        assert (one.reply, one.confirmed_by) == (Reply.DELIVERED, "STOW-RS status 200, named in its answer")
        (study,) = other.get("/studies").json()
        assert study["00100020"]["Value"] == ["1CT1"]


def test_a_service_that_is_away(tmp_path: Path, pydicom_data: Path) -> None:
    with pytest.raises(ServiceError):
        sent(tmp_path, pydicom_data / "test_files/CT_small.dcm", "http://127.0.0.1:1/dicom-web")


def failure(reason: int, uid: str = "1.2.3") -> dict[str, Any]:
    item = {"00081155": {"vr": "UI", "Value": [uid]}, "00081197": {"vr": "US", "Value": [reason]}}
    return {"00081198": {"vr": "SQ", "Value": [item]}}


@pytest.mark.parametrize(
    ("status", "content", "reply"),
    [
        (503, b"", Reply.LATER), (429, b"", Reply.LATER), (400, b"<html>", Reply.REFUSED),
        (409, json.dumps(failure(0xA700)).encode(), Reply.LATER),
        (409, json.dumps(failure(0xA900)).encode(), Reply.REFUSED),
        (202, json.dumps(failure(0x0122)).encode(), Reply.REFUSED),
        (202, json.dumps(failure(0x0122, "9.9")).encode(), Reply.DELIVERED),
        (200, b"", Reply.DELIVERED), (200, b"[]", Reply.DELIVERED), (200, b'{"00081198": 3}', Reply.DELIVERED),
        (401, b"", Reply.REFUSED),
    ],
)  # fmt: skip
def test_what_an_answer_means(status: int, content: bytes, reply: Reply) -> None:
    assert told(item_of(WHERE), status, content).reply is reply
