"""The head of a DICOM file around a data set that is sent on: preamble and meta group. PS3.10 §7.1."""

from __future__ import annotations

from ..dicom.dataset import DataSet
from ..dicom.package import Package
from ..dicom.part10 import IMPLEMENTATION_CLASS, IMPLEMENTATION_VERSION
from ..errors import ServiceError
from ..standards import uids


def file_head(sop_class: str, sop_instance: str, transfer_syntax: str) -> bytes:
    """The bytes before the data set. ServiceError for what is no transfer syntax."""
    syntax = uids.transfer_syntax(transfer_syntax)
    if syntax is None:
        raise ServiceError("unknown-syntax", f"{transfer_syntax!r} is no transfer syntax")
    header = DataSet()
    header.set(0x00020000, 0)
    header.set(0x00020001, b"\0\1")
    header.set(0x00020002, sop_class)
    header.set(0x00020003, sop_instance)
    header.set(0x00020010, transfer_syntax)
    header.set(0x00020012, IMPLEMENTATION_CLASS)
    header.set(0x00020013, IMPLEMENTATION_VERSION)
    return Package(header, DataSet(), syntax, lead=b"\0" * 128 + b"DICM").encode()
