"""What the tests of the network share: a running node with a few real files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.net.web_node import WebNode, web_node

FILES = ("CT_small.dcm", "JPEG2000.dcm", "SC_rgb_jpeg_dcmtk.dcm", "MR_small_RLE.dcm", "rtdose_rle.dcm")


@pytest.fixture(scope="session")
def web(tmp_path_factory: pytest.TempPathFactory, pydicom_data: Path) -> Iterator[WebNode]:
    """A node that holds five files of pydicom's: plain, JPEG 2000, JPEG, RLE, ten frames."""
    with web_node(tmp_path_factory.mktemp("web")) as node:
        reply = node.store(*[(pydicom_data / "test_files" / name).read_bytes() for name in FILES])
        assert reply.status == 200, reply.body
        yield node


@pytest.fixture
def dimse_node(tmp_path, pydicom_data):
    """Runs `work(port, archive)` against a node with three objects, its Q/R services and these destinations."""
    import asyncio

    from chiasm.model import Source
    from chiasm.net import dimse_commitment, dimse_query, dimse_retrieve
    from chiasm.net.dimse_server import DimseSettings, serve_dimse
    from chiasm.net.dimse_storage import VERIFICATION, Echo, Storage, storage_classes, transfer_syntaxes
    from chiasm.services.archive import Archive, Settings

    def run(work, *destinations):
        async def node():
            archive = await Archive.open(Settings(tmp_path / "data"))
            for name in ("CT_small.dcm", "MR_small.dcm", "rtplan.dcm"):
                outcome = await archive.receive_file(
                    (pydicom_data / "test_files" / name).read_bytes(), Source("import")
                )
                assert outcome.verdict == "stored"
            known = {one.ae: one for one in destinations}
            commitment = dimse_commitment.Commitment(archive, "CHIASM", known, pauses=(0.05,))
            handlers = {
                VERIFICATION: Echo(),
                **dict.fromkeys(storage_classes(), Storage(archive)),
                **dimse_query.handlers(archive, "CHIASM"),
                **dimse_retrieve.handlers(archive, "CHIASM", known),
                dimse_commitment.COMMITMENT: commitment,
            }
            server = await serve_dimse(
                "127.0.0.1", 0, handlers, DimseSettings(), syntaxes=transfer_syntaxes()
            )
            try:
                return await work(server.port, archive)
            finally:
                await commitment.close()
                await server.close()
                await archive.close()

        return asyncio.run(node())

    return run
