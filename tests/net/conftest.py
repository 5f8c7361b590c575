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
