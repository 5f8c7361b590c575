"""multipart/related against the standard library's e-mail parser, at every split, cut at every offset."""

from __future__ import annotations

import contextlib
import email
from email.message import Message

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chiasm.errors import LimitError, ParseError
from chiasm.protocols.multipart import (
    MultipartReader,
    PartBegin,
    PartData,
    PartEnd,
    closing,
    content_type,
    new_boundary,
    part_head,
)

BODY = (
    b"a preamble\r\n--edge\r\nContent-Type: application/dicom\r\nContent-Location: http://h/a\r\n\r\n"
    b"first\r\n--edgy\r\n-- \r\n--edge  \r\n\r\nno headers\r\n"
    b"--edge\r\nContent-Type: text/plain\r\n\r\n\r\n--edge--\r\nan epilogue"
)
PARTS = [
    ({"content-type": "application/dicom", "content-location": "http://h/a"}, b"first\r\n--edgy\r\n-- "),
    ({}, b"no headers"),
    ({"content-type": "text/plain"}, b""),
]


def read(chunks: list[bytes], boundary: str = "edge", most: int = 100) -> list[tuple[dict[str, str], bytes]]:
    reader = MultipartReader(boundary, most)
    parts: list[tuple[dict[str, str], bytes]] = []
    for chunk in chunks:
        for piece in reader.feed(chunk):
            if isinstance(piece, PartBegin):
                parts.append((piece.headers, b""))
            elif isinstance(piece, PartData):
                assert piece.data
                parts[-1] = (parts[-1][0], parts[-1][1] + piece.data)
            else:
                assert isinstance(piece, PartEnd)
    reader.close()
    return parts


def test_every_split_gives_the_same_parts() -> None:
    assert read([BODY]) == PARTS
    assert read([BODY[at : at + 1] for at in range(len(BODY))]) == PARTS
    for at in range(len(BODY)):
        assert read([BODY[:at], BODY[at:]]) == PARTS


def test_cut_at_each_offset_is_told() -> None:
    for at in range(BODY.index(b"--edge--")):
        with pytest.raises(ParseError):
            read([BODY[:at]])


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=5), st.integers(1, 400))
def test_what_is_written_is_read_by_us_and_by_the_standard_library(contents: list[bytes], step: int) -> None:
    boundary = new_boundary()
    whole = b"".join(
        part_head(boundary, "application/dicom", [("Content-Location", f"u/{n}")]) + content
        for n, content in enumerate(contents)
    ) + closing(boundary)
    parts = read([whole[at : at + step] for at in range(0, len(whole), step)], boundary)
    assert [content for _, content in parts] == contents
    head = f"Content-Type: {content_type('application/dicom', boundary)}\r\n"
    message: Message = email.message_from_bytes(head.encode() + b"\r\n" + whole)
    found = message.get_payload()
    assert isinstance(found, list)
    assert [part["Content-Location"] for part in found] == [f"u/{n}" for n in range(len(contents))]


@given(st.binary(max_size=400), st.integers(1, 50))
def test_any_bytes_end_in_parts_or_a_parse_error(data: bytes, step: int) -> None:
    with contextlib.suppress(ParseError):
        read([data[at : at + step] for at in range(0, len(data), step)], "e")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"--edge" + b" " * 300 + b"x", ParseError),
        (b"--edgeX\r\n\r\n", ParseError),
        (b"--edge\r\nno colon\r\n\r\n", ParseError),
        (b"--edge\r\nA: " + b"b" * 20_000, LimitError),
        (b"--edge\r\n\r\na\r\n" * 101, LimitError),
    ],
)
def test_broken_or_greedy_bodies_are_refused(body: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        read([body])


@pytest.mark.parametrize("boundary", ["", "x" * 71, "é"])
def test_boundaries_that_cannot_be(boundary: str) -> None:
    with pytest.raises(ParseError):
        MultipartReader(boundary)


def test_nothing_is_held_but_what_could_be_a_delimiter() -> None:
    reader = MultipartReader("edge")
    reader.feed(b"--edge\r\n\r\n")
    given = b"x" * 100_000
    assert sum(len(piece.data) for piece in reader.feed(given) if isinstance(piece, PartData)) == len(given)
    assert not reader.ended
