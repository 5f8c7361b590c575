"""OHIF's pages: files as they were installed, places within it, a configuration of this node alone."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from chiasm.console.ohif import Ohif, configuration, is_installed
from chiasm.errors import ServiceError
from chiasm.net.web_request import Request


def body(pages: Ohif, name: str) -> bytes:
    request = Request({"method": "GET", "path": "/", "query_string": b"", "headers": []}, None, "")  # type: ignore[arg-type]  # no body is read
    if name:
        request.arguments["name"] = name

    async def read() -> bytes:
        found = (await pages.file(request)).body
        return found if isinstance(found, bytes) else b"".join([piece async for piece in found])

    return asyncio.run(read())


def test_files_and_places(tmp_path: Path) -> None:
    folder = tmp_path / "ohif"
    assert not is_installed(folder)
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("first")
    (folder / "app-config.js").write_text("theirs")
    (folder / "assets/a.js").write_text("script")
    (tmp_path / "secret.txt").write_text("secret")
    assert is_installed(folder)
    pages = Ohif(folder)
    assert body(pages, "") == body(pages, "viewer") == b"first"
    assert body(pages, "assets/a.js") == b"script"
    assert body(pages, "app-config.js") == configuration().encode()
    for name in ("../secret.txt", "assets/b.js", "/etc/host.conf"):
        with pytest.raises(ServiceError):
            body(pages, name)


def test_the_configuration_names_this_node_alone() -> None:
    told = json.loads(configuration().removeprefix("window.config = ").rstrip().rstrip(";"))
    assert [one["configuration"]["qidoRoot"] for one in told["dataSources"]] == ["/dicom-web"]
    assert "http" not in configuration().replace("@ohif", "")
