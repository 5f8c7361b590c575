"""The node as people start it: one command, and DICOM, DICOMweb and the rest answer from the same archive."""

import asyncio
import json
import urllib.request

import pytest

from chiasm.app.node import Node, known_destinations, tls_context
from chiasm.app.settings import Address, NodeSettings, Tls
from chiasm.errors import UsageError
from chiasm.model import Source


def get(url, accept="application/json"):
    request = urllib.request.Request(url, headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.status, answer.read()


def settings(folder, **more):
    return NodeSettings(
        data=folder / "data", dimse=Address("127.0.0.1", 0), http=Address("127.0.0.1", 0), **more
    )


def running(own, work):
    async def run():
        node = await Node.start(own)
        try:
            return await work(node)
        finally:
            await node.close()

    return asyncio.run(run())


def test_dicom_in_dicomweb_out(tmp_path, pydicom_data, needs_tool):
    storescu = needs_tool("storescu")

    async def work(node):
        command = [
            storescu,
            "-aec",
            "CHIASM",
            "127.0.0.1",
            str(node.dimse.port),
            str(pydicom_data / "test_files/CT_small.dcm"),
        ]
        process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
        _, told = await process.communicate()
        assert process.returncode == 0, told
        base = f"http://{node.http}"
        _, studies = await asyncio.to_thread(get, f"{base}/dicom-web/studies?PatientName=compressed*")
        codes = [(await asyncio.to_thread(get, base + path))[0] for path in ("/health", "/ready", "/metrics")]
        _, metrics = await asyncio.to_thread(get, f"{base}/metrics", "text/plain")
        return json.loads(studies), codes, metrics.decode()

    studies, codes, metrics = running(settings(tmp_path), work)
    assert [one["00100020"]["Value"] for one in studies] == [["1CT1"]]
    assert codes == [200, 200, 200]
    assert 'chiasm_objects_received_total{result="stored",wire="dimse"} 1' in metrics
    assert 'chiasm_associations_total{result="accepted"} 1' in metrics
    assert 'chiasm_associations_total{result="released"} 1' in metrics


def test_what_was_received_is_there_after_a_restart(tmp_path, pydicom_data):
    data = (pydicom_data / "test_files/MR_small.dcm").read_bytes()

    async def first(node):
        return (await node.archive.receive_file(data, Source("import"))).verdict

    async def second(node):
        return node.archive.index.statistics()["instances"]

    assert running(settings(tmp_path), first) == "stored"
    assert running(settings(tmp_path), second) == 1


def test_a_port_that_is_taken_is_told_and_nothing_is_left_open(tmp_path):
    async def work(node):
        with pytest.raises(UsageError, match="cannot"):
            await Node.start(settings(tmp_path / "other").with_options(dimse=node.dimse))

    running(settings(tmp_path), work)


def test_destinations_are_those_of_dicom():
    tables = ({"name": "P", "ae": "PACS", "host": "h", "port": 104}, {"name": "W", "url": "http://w"})
    found = known_destinations(NodeSettings(destinations=tables))
    assert [(one.ae, one.host, one.port) for one in found.values()] == [("PACS", "h", 104)]
    with pytest.raises(UsageError, match="no destination"):
        known_destinations(NodeSettings(destinations=({"ae": "X"},)))


def test_tls_without_a_certificate_is_told(tmp_path):
    assert tls_context(None) is None
    with pytest.raises(UsageError, match="certificate"):
        tls_context(Tls(tmp_path / "none.pem", tmp_path / "none.key"))
