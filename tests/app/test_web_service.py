"""A DICOMweb service as the command line names it."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from chiasm.app.web_service import Remote
from chiasm.errors import ServiceError, UsageError
from chiasm.net.web_client import Service, WebClient
from tests.net.web_fake import web_fake


def test_what_is_said_of_it() -> None:
    found = Remote("http://host:8042/dicom-web/", "abc", ["X-Who:  me"], timeout=5).service()
    assert found == Service(
        "http://host:8042/dicom-web", {"x-who": "me", "authorization": "Bearer abc"}, None, 5
    )


@pytest.mark.parametrize(
    "url", ["", "host", "ftp://host", "http://", "http://h:99999", "http://h/x?y", "http://["]
)
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(UsageError, match="address"):
        Remote(url).service()


@pytest.mark.parametrize("header", ["none", ": x", "a: b\r\nc: d", "a: \u4e2d"])
def test_what_is_no_header(header: str) -> None:
    with pytest.raises(UsageError, match="header"):
        Remote("http://host", headers=[header]).service()


def test_certificates_are_checked(tmp_path: Path, needs_tool: Callable[[str], str]) -> None:
    """Whom nobody trusts is not asked; a service that wants a certificate gets ours."""
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    command = [
        needs_tool("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", str(key),
        "-out", str(certificate), "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1",
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(certificate)
    context.verify_mode = ssl.CERT_REQUIRED

    async def ask(service: Service) -> list[str] | None:
        async with WebClient(service) as client:
            return await client.listed("1.2")

    with web_fake(context) as fake:
        own = Remote(fake.url, authorities=certificate, certificate=certificate, key=key)
        assert asyncio.run(ask(own.service())) == []
        with pytest.raises(ServiceError, match="CERTIFICATE_VERIFY_FAILED"):
            asyncio.run(ask(Remote(fake.url).service()))
    for wrong in (Remote("https://h", authorities=key), Remote("https://h", certificate=tmp_path / "none")):
        with pytest.raises(UsageError, match="certificate"):
            wrong.service()
