"""The client of web services: against a node, and against answers that are wrong in every way."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from pydicom import dcmread

from chiasm.errors import ChiasmError, LimitError, ParseError, ServiceError, UsageError
from chiasm.limits import Limits
from chiasm.net.web_client import Service, WebClient
from chiasm.protocols.multipart import PartData
from tests.net.web_fake import EDGE, parts, web_fake
from tests.net.web_node import WebNode

DICOM_JSON = "application/dicom+json"


def listed(service: Service, study: str = "1.2", limits: Limits | None = None) -> list[str] | None:
    async def run() -> list[str] | None:
        async with WebClient(service, limits or Limits()) as client:
            return await client.listed(study)

    return asyncio.run(run())


def content(service: Service, study: str = "1.2") -> bytes:
    async def run() -> bytes:
        async with WebClient(service) as client:
            return b"".join([one.data async for one in client.objects(study) if isinstance(one, PartData)])

    return asyncio.run(run())


def test_a_node_lists_and_gives_a_study(web: WebNode, pydicom_data: Path) -> None:
    path = pydicom_data / "test_files" / "JPEG2000.dcm"
    data = dcmread(path)
    assert listed(Service(web.url), data.StudyInstanceUID) == [data.SOPInstanceUID]
    assert content(Service(web.url), data.StudyInstanceUID)[132:] == path.read_bytes()[132:]
    assert listed(Service(web.url), "1.2.3") == []


@pytest.mark.parametrize(
    ("status", "name", "told"),
    [
        (401, "not-authorized", "who asks"), (403, "not-authorized", "allow"), (404, "no-such-object", "no such"),
        (406, "unknown-syntax", "stored"), (429, "unavailable", "often"), (500, "fault", "500"),
        (302, "unavailable", "elsewhere"), (400, "not-understood", "400"), (204, "no-such-object", "no such"),
    ],
)  # fmt: skip
def test_a_refusal_is_told(status: int, name: str, told: str) -> None:
    with web_fake() as fake:
        fake.say("/studies/1.2", status)
        with pytest.raises(ServiceError, match=told) as failed:
            content(Service(fake.url))
    assert failed.value.failure.name == name


@pytest.mark.parametrize(
    ("kind", "body", "cut", "error"),
    [
        ("text/html", b"<html>", 0, ParseError),
        ("", b"", 0, ParseError),
        ("multipart/related", parts(b"x"), 0, ParseError),
        (EDGE, parts(b"x")[:-10], 0, ParseError),
        (EDGE, parts(b"x" * 100_000), 50_000, ServiceError),
        (EDGE, b"nothing", 0, ParseError),
    ],
)
def test_an_answer_that_is_none_is_told(kind: str, body: bytes, cut: int, error: type[ChiasmError]) -> None:
    with web_fake() as fake:
        fake.say("/studies/1.2", 200, kind, body, cut)
        with pytest.raises(error):
            content(Service(fake.url))


def test_a_list_that_is_none() -> None:
    """Where objects are not listed it is not known how many there are; where nobody is let in, that is told."""
    with web_fake() as fake:
        service = Service(fake.url)
        for status in (400, 406):
            fake.say("/studies/1.2/instances", status)
            assert listed(service) is None
        fake.say("/studies/1.2/instances", 200, DICOM_JSON, b"{[")
        assert listed(service) is None
        fake.say(
            "/studies/1.2/instances", 200, DICOM_JSON, json.dumps([{}, {"00080018": {"vr": "UI"}}]).encode()
        )
        assert listed(service) == []
        item = {"00080018": {"vr": "UI", "Value": ["1.5"]}}
        fake.say("/studies/1.2/instances", 200, DICOM_JSON, json.dumps([item]).encode())
        assert listed(service) == ["1.5"]
        with pytest.raises(LimitError, match="json_bytes"):
            listed(service, limits=Limits(json_bytes=10))
        fake.say("/studies/1.2/instances", 401)
        with pytest.raises(ServiceError, match="who asks"):
            listed(service)
    with pytest.raises(ServiceError, match="does not answer"):
        listed(service)


def test_headers_go_along() -> None:
    with web_fake() as fake:
        listed(Service(fake.url, {"authorization": "Bearer secret"}))
        assert fake.asked[0][1]["authorization"] == "Bearer secret"
        assert fake.asked[0][1]["accept-encoding"] == "identity"
    with pytest.raises(UsageError, match="header"):
        listed(Service(fake.url, {"x": "\u4e2d"}))
