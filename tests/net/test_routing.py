"""Arrivals at one node go to another by the rules of its configuration, over DIMSE and STOW-RS."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from chiasm.app.node import Node
from chiasm.app.settings import Address, NodeSettings
from chiasm.model import Level, Query, Source
from chiasm.net.dimse_commitment import Reports
from chiasm.net.routing import deliverers
from chiasm.net.routing_dimse import DimseDeliverer
from chiasm.net.routing_stow import StowDeliverer
from chiasm.services.routing_rules import Destination

ANY = Address("127.0.0.1", 0)


def test_the_way_is_chosen_by_what_a_destination_has() -> None:
    way: Any = deliverers(None, "CHIASM", Reports())  # type: ignore[arg-type]  # nothing is delivered
    assert isinstance(way(Destination("A", "A", "h", 104)), DimseDeliverer)
    assert isinstance(way(Destination("B", url="http://h/dicom-web")), StowDeliverer)


def test_what_arrives_goes_where_the_rules_say(tmp_path: Path, pydicom_data: Path) -> None:
    def of(name: str) -> bytes:
        return (pydicom_data / "test_files" / name).read_bytes()

    async def held(node: Node, count: int) -> set[str]:
        for _ in range(400):
            found = await node.archive.find(Query(Level.STUDY))
            if len(found) >= count:
                return {one.study for one in found}
            await asyncio.sleep(0.05)
        raise AssertionError("it did not arrive")

    async def run() -> None:
        over_dimse = await Node.start(NodeSettings(tmp_path / "one", "ONE", ANY, ANY))
        over_web = await Node.start(NodeSettings(tmp_path / "two", "TWO", ANY, ANY))
        settings = NodeSettings(
            tmp_path / "own", "CHIASM", ANY, ANY,
            destinations=(
                {"name": "one", "ae": "ONE", "host": "127.0.0.1", "port": over_dimse.dimse.port},
                {"name": "two", "url": f"http://{over_web.http}/dicom-web"},
            ),
            routes=(
                {"name": "ct", "when": {"Modality": "CT"}, "to": ["one"]},
                {"name": "all", "to": ["two"]},
            ),
        )  # fmt: skip
        node = await Node.start(settings)
        try:
            ct = await node.archive.receive_file(of("CT_small.dcm"), Source("dimse", "CT1"))
            mr = await node.archive.receive_file(of("MR_small.dcm"), Source("dimse", "MR1"))
            assert await held(over_dimse, 1) == {ct.study}
            assert await held(over_web, 2) == {ct.study, mr.study}
            for _ in range(400):
                events = [
                    record.event
                    for chain in node.archive.chains()
                    for record in node.archive.records(chain, 0, 100)
                    if record.event.kind == "sent"
                ]
                if len(events) == 3:
                    break
                await asyncio.sleep(0.05)
            confirmed = {(one.detail["destination"], one.detail["confirmed_by"]) for one in events}
            assert confirmed == {
                ("one", "storage commitment"),
                ("two", "STOW-RS status 200, named in its answer"),
            }
        finally:
            await node.close()
            await over_dimse.close()
            await over_web.close()

    asyncio.run(run())
