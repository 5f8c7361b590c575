"""Routing over STOW-RS: to a node of ours, and what answers mean."""

from __future__ import annotations

import asyncio
import http.server
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

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


def stored(warning: int | None = None) -> dict[str, Any]:
    item: dict[str, Any] = {"00081155": {"vr": "UI", "Value": ["1.2.3"]}}
    if warning is not None:
        item["00081196"] = {"vr": "US", "Value": [warning]}
    return {"00081199": {"vr": "SQ", "Value": [item]}}


@pytest.mark.parametrize(
    ("status", "content", "reply"),
    [
        (503, b"", Reply.LATER), (429, b"", Reply.LATER), (400, b"<html>", Reply.REFUSED),
        (409, json.dumps(failure(0xA700)).encode(), Reply.LATER),
        (409, json.dumps(failure(0xA900)).encode(), Reply.REFUSED),
        (202, json.dumps(failure(0x0122)).encode(), Reply.REFUSED),
        (202, json.dumps(failure(0x0122, "9.9")).encode(), Reply.REFUSED),
        (202, b"<xml/>", Reply.LATER), (202, json.dumps(stored()).encode(), Reply.DELIVERED),
        (202, json.dumps(stored() | failure(0x0122, "9.9")).encode(), Reply.DELIVERED),
        (200, b"", Reply.DELIVERED), (200, b"[]", Reply.DELIVERED), (200, b'{"00081198": 3}', Reply.DELIVERED),
        (200, b"[" * 100_000, Reply.DELIVERED), (200, b'{"00081198": {"Value": [7, null]}}', Reply.REFUSED),
        (403, b"", Reply.LATER), (415, b"", Reply.REFUSED),
    ],
)  # fmt: skip
def test_what_an_answer_means(status: int, content: bytes, reply: Reply) -> None:
    assert told(item_of(WHERE), status, content).reply is reply


def test_a_warning_is_told() -> None:
    one = told(item_of(WHERE), 202, json.dumps(stored(0xB000)).encode())
    assert (one.reply, one.message) == (Reply.DELIVERED, "stored, with warning B000")


class Service(http.server.BaseHTTPRequestHandler):
    """Answers as its class says; with status 0 it hangs up in the middle of the request."""

    status = 200
    seen: ClassVar[list[bytes]] = []

    def do_POST(self) -> None:
        if not self.status:
            self.rfile.read(100)
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.seen.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(self.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments: Any) -> None:
        """Nothing is printed."""


@pytest.fixture
def service() -> Iterator[tuple[type[Service], str]]:
    """A service whose answers a test sets, and its address."""

    class Own(Service):
        seen: ClassVar[list[bytes]] = []

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Own) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield Own, f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def tried(folder: Path, file: Path, url: str, *, lose: bool = False) -> tuple[list[Delivery], str]:
    """What was told of two items, and the error at the end; the file of the first may be gone."""

    async def run() -> tuple[list[Delivery], str]:
        archive = await Archive.open(Settings(folder))
        deliverer = StowDeliverer(archive, Destination("X", url=url))
        heard: list[Delivery] = []
        try:
            outcome = await archive.receive_file(file.read_bytes(), Source("import"))
            await archive.find(Query(Level.STUDY))
            (where,) = await archive.locations(instances=[outcome.sop_instance])
            first = replace(where, key="00/nowhere") if lose else where
            async for one in deliverer.deliver([item_of(first), item_of(where)]):
                heard.append(one)  # noqa: PERF401  # those before an error count
        except ServiceError as error:
            return heard, error.message
        finally:
            await deliverer.close()
            await archive.close()
        return heard, ""

    return asyncio.run(run())


@pytest.mark.parametrize("status", [401, 404, 302])
def test_nothing_is_given_up_where_the_service_takes_nothing_from_us(
    service: tuple[type[Service], str], tmp_path: Path, pydicom_data: Path, status: int
) -> None:
    service[0].status = status
    told_of, error = tried(tmp_path, pydicom_data / "test_files/CT_small.dcm", service[1])
    assert (told_of, error) == ([], f"it answers {status}")


def test_the_object_at_which_the_connection_was_lost_is_told(
    service: tuple[type[Service], str], tmp_path: Path, pydicom_data: Path
) -> None:
    service[0].status = 0
    told_of, error = tried(tmp_path, pydicom_data / "test_files/CT_small.dcm", service[1])
    assert [one.reply for one in told_of] == [Reply.LATER]
    assert error


def test_an_object_that_is_gone_does_not_keep_the_next_back(
    service: tuple[type[Service], str], tmp_path: Path, pydicom_data: Path
) -> None:
    file = pydicom_data / "test_files/CT_small.dcm"
    told_of, error = tried(tmp_path, file, service[1], lose=True)
    assert ([one.reply for one in told_of], error) == ([Reply.LATER, Reply.DELIVERED], "")
    assert len(service[0].seen) == 1
    assert file.read_bytes()[132:] in service[0].seen[0]
