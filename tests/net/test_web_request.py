"""Requests read, failures written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chiasm.errors import LimitError, ServiceError, UsageError
from chiasm.net.web_request import Request, problem_of


async def receive() -> Any:
    return {"type": "http.disconnect"}


def request(query: str = "", **headers: str) -> Request:
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"method": "GET", "path": "/x", "query_string": query.encode(), "headers": pairs, "scheme": "http", "server": ("127.0.0.1", 8080)}  # fmt: skip
    return Request(scope, receive, "/dicom-web")


@pytest.mark.parametrize(
    ("host", "base"),
    [("pacs.example", "http://pacs.example/dicom-web"), ("127.0.0.1", "http://127.0.0.1:8080/dicom-web"),
     ("[::1]:80", "http://[::1]:80/dicom-web"), ("", "http://localhost/dicom-web")],
)  # fmt: skip
def test_base(host: str, base: str) -> None:
    assert request(host=host).base == base


@pytest.mark.parametrize("host", ["a/b", 'a"b', "a b", "a\r\nb", "x" * 300])
def test_hosts_that_are_none(host: str) -> None:
    with pytest.raises(UsageError):
        _ = request(host=host).base


def test_the_accept_parameter_comes_first() -> None:
    found = request("accept=application/dicom+json", accept="text/html").accepted
    assert [one.kind for one in found] == ["application/dicom+json"]


def test_the_header_counts_once_the_parameter_is_spent() -> None:
    """PS3.18 §8.7.8.1: the header, if any, where nothing of the parameter is supported."""
    asked = request("accept=image/svg%2Bxml", accept="image/png")
    assert asked.turn_to_header()
    assert [one.kind for one in asked.accepted] == ["image/png"]
    assert not asked.turn_to_header()
    assert not request("accept=image/svg%2Bxml").turn_to_header()
    assert not request(accept="image/png").turn_to_header()


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ServiceError("unavailable"), 503),
        (LimitError("much"), 413),
        (UsageError("no"), 400),
        (ServiceError("mismatch"), 409),
    ],
)
def test_problems(error: Any, status: int) -> None:
    answer = problem_of(error)
    assert answer.status == status
    assert isinstance(answer.body, bytes)
    assert json.loads(answer.body)["status"] == status
