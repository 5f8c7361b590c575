"""STOW-RS of metadata with bulk data: data sets as JSON or XML, values as further parts. PS3.18 §10.5.1.1."""

from __future__ import annotations

import json
from collections.abc import Iterator

from ..dicom.dataset import DataSet
from ..dicom.json_model import from_dict
from ..dicom.part10 import create
from ..dicom.vr import PIXEL_DATA
from ..errors import ChiasmError, LimitError, ParseError
from ..protocols.accept import MediaType, parse_content_type
from ..protocols.multipart import PartBegin, PartData, Piece
from ..standards import uids

_JSON = frozenset(("application/dicom+json", "application/json"))
_XML = "application/dicom+xml"
_RULE = "PS3.18 §10.5.1.1"


class Bundle:
    """The parts of one request, held up to `most` bytes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = 0
        self._metadata: list[tuple[str, bytearray]] = []
        self._bulk: dict[str, tuple[MediaType, bytearray]] = {}
        self._current = bytearray()

    def take(self, piece: Piece) -> None:
        """Take in a piece of the body. LimitError beyond the budget, ParseError for a part without place."""
        if isinstance(piece, PartData):
            self._size += len(piece.data)
            if self._size > self._most:
                raise LimitError(f"metadata and bulk data have more than {self._most:,} bytes", rule=_RULE)
            self._current += piece.data
        elif isinstance(piece, PartBegin):
            self._current = bytearray()
            kind = parse_content_type(piece.content_type or "application/octet-stream")
            if kind.kind in _JSON or kind.kind == _XML:
                self._metadata.append((kind.kind, self._current))
                return
            place = piece.headers.get("content-location", "")
            if not place:
                raise ParseError("a part of bulk data without Content-Location", rule=_RULE)
            self._bulk[place] = (kind, self._current)

    def files(self) -> Iterator[bytes | ParseError]:
        """The objects as files, or why one cannot be made into a file."""
        for kind, content in self._metadata:
            try:
                yield from self._read(kind, bytes(content))
            except ParseError as error:
                yield error

    def _read(self, kind: str, content: bytes) -> Iterator[bytes | ParseError]:
        if kind == _XML:
            from ..dicom.xml_model import parse_xml  # lxml loads on use

            yield _file(parse_xml(content, bulk=self._value), self._kinds())
            return
        try:
            objects = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise ParseError(f"it is not JSON: {error}", rule="PS3.18 §F.2") from None
        for one in objects if isinstance(objects, list) else [objects]:
            try:
                yield _file(from_dict(one, bulk=self._value), self._kinds())
            except ParseError as error:
                yield error

    def _kinds(self) -> list[MediaType]:
        return [kind for kind, _ in self._bulk.values()]

    def _value(self, uri: str) -> bytes:
        found = self._bulk.get(uri)
        if found is None:
            raise ParseError(f"no part has the Content-Location '{uri[:100]}'", rule=_RULE)
        return bytes(found[1])


def _file(data: DataSet, kinds: list[MediaType]) -> bytes:
    syntax = _syntax(data, kinds)
    try:
        for tag in [tag for tag in data.records if tag >> 16 == 2]:
            del data[tag]
        if syntax != uids.EXPLICIT_LITTLE and PIXEL_DATA in data:
            _encapsulate(data)
        return create(data, transfer_syntax=syntax).encode()
    except ChiasmError as error:
        raise ParseError(error.message, place=error.place, rule=error.rule or _RULE) from None


def _syntax(data: DataSet, kinds: list[MediaType]) -> str:
    """The transfer syntax: what the metadata says, else what the media type of the pixels says."""
    for said in (
        data.get(0x00020010),
        data.get(0x00083002),
        *[k.parameter("transfer-syntax") for k in kinds],
    ):
        syntax = uids.transfer_syntax(said) if isinstance(said, str) else None
        if syntax is not None and syntax.encapsulated:
            return syntax.uid
    if any(kind.kind == "image/jpeg" for kind in kinds):
        return "1.2.840.10008.1.2.4.50"
    return uids.EXPLICIT_LITTLE


def _encapsulate(data: DataSet) -> None:
    """One frame's compressed bytes as a fragment after an empty offset table: PS3.5 §A.4."""
    raw = data.raw(PIXEL_DATA)
    raw += b"\0" * (len(raw) % 2)
    items = b"\xfe\xff\x00\xe0\0\0\0\0" + b"\xfe\xff\x00\xe0" + len(raw).to_bytes(4, "little") + raw
    data.place(PIXEL_DATA, "OB", items, encapsulated=True)
