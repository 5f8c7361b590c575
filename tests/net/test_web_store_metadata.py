"""Metadata and bulk data joined into files."""

from __future__ import annotations

import io
import json

import pydicom
import pytest

from chiasm.errors import LimitError, ParseError
from chiasm.net.web_store_metadata import Bundle
from chiasm.protocols.multipart import PartBegin, PartData

ONE = {
    "00080016": {"vr": "UI", "Value": ["1.2.840.10008.5.1.4.1.1.7"]},
    "00080018": {"vr": "UI", "Value": ["1.2.3"]},
    "7FE00010": {"vr": "OB", "BulkDataURI": "p"},
}


def test_a_compressed_picture_is_enclosed() -> None:
    bundle = Bundle(1000)
    bundle.take(PartBegin({"content-type": "application/dicom+json"}))
    bundle.take(PartData(json.dumps([ONE, {**ONE, "7FE00010": {"vr": "OB", "BulkDataURI": "q"}}]).encode()))
    bundle.take(PartBegin({"content-type": "image/jpeg", "content-location": "p"}))
    bundle.take(PartData(b"\xff\xd8abc"))
    good, bad = bundle.files()
    assert isinstance(good, bytes)
    assert isinstance(bad, ParseError)
    data = pydicom.dcmread(io.BytesIO(good))
    assert data.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.4.50"
    assert list(pydicom.encaps.generate_frames(data.PixelData, number_of_frames=1)) == [b"\xff\xd8abc\0"]


def test_budgets_and_places() -> None:
    bundle = Bundle(10)
    bundle.take(PartBegin({"content-type": "application/dicom+json"}))
    with pytest.raises(LimitError):
        bundle.take(PartData(b"x" * 11))
    with pytest.raises(ParseError):
        bundle.take(PartBegin({"content-type": "image/jpeg"}))
