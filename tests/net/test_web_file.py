"""The head of a file, as pydicom reads it."""

from __future__ import annotations

import io

import pydicom
import pytest

from chiasm.errors import ServiceError
from chiasm.net.web_file import file_head


def test_pydicom_reads_it() -> None:
    head = file_head("1.2.840.10008.5.1.4.1.1.2", "1.2.3", "1.2.840.10008.1.2.1")
    meta = pydicom.dcmread(io.BytesIO(head)).file_meta
    assert meta.MediaStorageSOPInstanceUID == "1.2.3"
    assert meta.FileMetaInformationGroupLength == len(head) - 144
    with pytest.raises(ServiceError):
        file_head("1.2", "1.3", "1.4")
