"""Media types as PS3.18 §8.7 and RFC 9110 §12.5.1 have them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chiasm.errors import UsageError
from chiasm.protocols.accept import (
    MediaType,
    charset_of,
    choose,
    parse_accept,
    parse_content_type,
    prefers_gzip,
    refuses,
)

JSON = "application/dicom+json"
XML = 'multipart/related; type="application/dicom+xml"'


def test_types_in_the_order_of_their_qualities() -> None:
    found = parse_accept(
        'multipart/related; type="application/dicom"; transfer-syntax=1.2.840.10008.1.2.4.50;q=0.5,'
        ' multipart/related;type=application/dicom;transfer-syntax="*", */*;q=0.1'
    )
    assert [one.parameter("transfer-syntax") for one in found] == ["*", "1.2.840.10008.1.2.4.50", ""]
    assert [one.inner for one in found] == ["application/dicom", "application/dicom", "*/*"]
    assert [one.quality for one in found] == [1.0, 0.5, 0.1]


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("application/json", "application/json"),
        ("application/dicom+json", JSON),
        ("application/*", JSON),
        (XML, XML),
        ("multipart/related", XML),
        (f"{XML};q=0.4, application/json;q=0.8", "application/json"),
        ("application/json, text/plain, */*", "application/json"),
        ("application/dicom+json;q=0, */*;q=0.5", "application/json"),
        ("text/html", None),
        ("image/png, image/*;q=0.8", None),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", JSON),
    ],
)
def test_what_is_chosen(accept: str, chosen: str | None) -> None:
    assert choose(parse_accept(accept), (JSON, "application/json", XML)) == chosen


@pytest.mark.parametrize(
    "text", ["nonsense", "a/b;q=2", "a/b;q=x", "a/b c/d", "x" * 5000, ",".join(["a/b"] * 65)]
)
def test_what_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_accept(text)


def test_a_content_type() -> None:
    found = parse_content_type('Multipart/Related; type="application/dicom"; boundary="a \\"b"')
    assert found == MediaType("multipart/related", (("type", "application/dicom"), ("boundary", 'a "b')))
    assert found.is_multipart
    assert parse_content_type("application/dicom;").kind == "application/dicom"
    with pytest.raises(UsageError):
        parse_content_type("a/b, c/d")


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(UsageError):
        assert parse_accept(text)
    assert charset_of(text)
    assert prefers_gzip(text) in {True, False}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("gzip, deflate, br", True),
        ("", False),
        ("br", False),
        ("gzip;q=0", False),
        ("*", True),
        ("identity, gzip;q=0.1", True),
    ],
)
def test_gzip(text: str, wanted: bool) -> None:
    assert prefers_gzip(text) is wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("", "utf-8"), ("iso-8859-1", "iso-8859-1"), ("gb18030;q=0.5, utf-8;q=0.9", "utf-8"), ("klingon", "utf-8"),
     ("us-ascii;q=0.2, gb18030", "gb18030"), ("iso-8859-1, *;q=0.1", "utf-8")],
)  # fmt: skip
def test_charset(text: str, wanted: str) -> None:
    assert charset_of(text) == wanted


@pytest.mark.parametrize(
    ("text", "is_refused"),
    [("image/jpeg;q=0, */*", True), ("*/*", False), ("", False), ("image/jpeg", False), ("*/*;q=0", False),
     ("image/jpeg;q=0, image/jpeg;q=0.5", False), ('multipart/related; type="image/jpeg";q=0, */*', True)],
)  # fmt: skip
def test_types_that_are_not_taken(text: str, is_refused: bool) -> None:
    assert refuses(parse_accept(text), "image/jpeg") is is_refused
