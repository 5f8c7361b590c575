"""Preconditions, in the order of RFC 9110 §13.2.2, on every resource that has an entity tag."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from email.utils import formatdate, parsedate_to_datetime
from pathlib import Path
from typing import Any

import pydicom
import pytest

from chiasm.model.holdings import Location
from chiasm.net.web_conditions import Edition, _latest, decided, range_holds
from chiasm.net.web_request import Request
from chiasm.store.objects import open_objects
from chiasm.store.objects_remote import new_key
from tests.net.web_node import WebNode, web_node

NOW = Edition('"a"', 1_000_000_000)
DATE, BEFORE, AFTER = (formatdate(1_000_000_000 + more, usegmt=True) for more in (0, -1, 1))


async def receive() -> Any:
    return {"type": "http.disconnect"}


def request(headers: dict[str, str]) -> Request:
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    return Request({"method": "GET", "path": "/", "query_string": b"", "headers": pairs}, receive, "")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, None),
        ({"if-match": '"a"'}, None),
        ({"if-match": '"b", "a"'}, None),
        ({"if-match": "*"}, None),
        ({"if-match": '"b"'}, 412),
        ({"if-match": 'W/"a"'}, 412),
        ({"if-unmodified-since": DATE}, None),
        ({"if-unmodified-since": BEFORE}, 412),
        ({"if-unmodified-since": "yesterday"}, None),
        ({"if-match": '"a"', "if-unmodified-since": BEFORE}, None),
        ({"if-none-match": '"a"'}, 304),
        ({"if-none-match": 'W/"a"'}, 304),
        ({"if-none-match": "*"}, 304),
        ({"if-none-match": '"b"'}, None),
        ({"if-modified-since": DATE}, 304),
        ({"if-modified-since": AFTER}, 304),
        ({"if-modified-since": BEFORE}, None),
        ({"if-modified-since": "Sun, 99 Foo 0000"}, None),
        ({"if-modified-since": "x" * 10_000}, None),
        ({"if-none-match": '"b"', "if-modified-since": DATE}, None),
        ({"if-match": '"b"', "if-none-match": '"a"'}, 412),
    ],
)
def test_preconditions(headers: dict[str, str], status: int | None) -> None:
    answer = decided(request(headers), NOW)
    assert (answer.status if answer else None) == status
    if answer:
        assert {(b"etag", b'"a"'), (b"last-modified", DATE.encode())} <= set(answer.headers)


def test_without_a_time_no_date_decides() -> None:
    for name in ("if-modified-since", "if-unmodified-since"):
        assert decided(request({name: BEFORE}), Edition('"a"')) is None


@pytest.mark.parametrize(
    ("value", "good"),
    [("", True), ('"a"', True), ('W/"a"', False), ('"b"', False), (DATE, True), (BEFORE, False)],
)
def test_ranges_of_an_edition(value: str, good: bool) -> None:
    assert range_holds(request({"if-range": value} if value else {}), NOW) is good


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory, pydicom_data: Path) -> Iterator[WebNode]:
    """A node whose objects are not files of its own: a bucket of obstore, here below a folder."""
    folder = tmp_path_factory.mktemp("bucket")
    (folder / "objects").mkdir()
    with web_node(folder / "node", objects=(folder / "objects").as_uri()) as node:
        file = (pydicom_data / "test_files" / "CT_small.dcm").read_bytes()
        assert node.store(file).status == 200
        yield node


def place(data: pydicom.Dataset) -> str:
    return f"/studies/{data.StudyInstanceUID}/series/{data.SeriesInstanceUID}/instances/{data.SOPInstanceUID}"


@pytest.mark.parametrize(
    "more", ["", "/metadata", "/frames/1", "/rendered", "/thumbnail", "/bulkdata/7FE00010"]
)
@pytest.mark.parametrize("kept", ["web", "bucket"])
def test_every_resource_knows_when_it_arrived(
    request: pytest.FixtureRequest, kept: str, pydicom_data: Path, more: str
) -> None:
    web: WebNode = request.getfixturevalue(kept)
    path = place(pydicom.dcmread(pydicom_data / "test_files" / "CT_small.dcm")) + more
    first = web.get(path)
    assert first.status == 200
    modified = first.headers["last-modified"]
    same = web.get(path, If_Modified_Since=modified)
    assert (same.status, same.body, same.headers["etag"]) == (304, b"", first.headers["etag"])
    before = formatdate(parsedate_to_datetime(modified).timestamp() - 1, usegmt=True)
    assert web.get(path, If_Modified_Since=before).status == 200
    assert web.get(path, If_Unmodified_Since=modified).status == 200
    failed = web.get(path, If_Unmodified_Since=before)
    assert (failed.status, failed.json()["place"]) == (412, "If-Unmodified-Since")


def test_a_range_of_another_edition_is_given_whole(web: WebNode, pydicom_data: Path) -> None:
    data = pydicom.dcmread(pydicom_data / "test_files" / "CT_small.dcm")
    path = place(data) + "/bulkdata/7FE00010"
    first = web.get(path, "application/octet-stream", Range="bytes=0-9")
    assert (first.status, first.body) == (206, data.PixelData[:10])
    tag = first.headers["etag"]
    assert web.get(path, "application/octet-stream", Range="bytes=0-9", If_Range=tag).status == 206
    other = web.get(path, "application/octet-stream", Range="bytes=0-9", If_Range='"other"')
    assert (other.status, other.body) == (200, data.PixelData)


def test_the_newest_of_a_bucket_counts_and_an_older_name_tells_no_time(tmp_path: Path) -> None:
    (tmp_path / "bucket").mkdir()
    bucket = open_objects(f"file://{tmp_path / 'bucket'}", tmp_path / "scratch")
    location = Location("", 1, 0, b"", "", "", "1.2", "1.3", "1.4")
    named = replace(location, key=new_key(1_000_000_000.9))
    old = replace(location, key="ab/" + "ab" * 16 + ".dcm")
    assert _latest(bucket, [named]) == 1_000_000_000
    assert _latest(bucket, [named, replace(location, key=new_key(999_999_999))]) == 1_000_000_000
    assert _latest(bucket, [named, old]) is None
