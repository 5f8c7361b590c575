"""A DICOM file becomes an ORU^R01, with its ledger; the peer puts every element in an OBX, without one."""

from __future__ import annotations

from collections.abc import Callable

from .dicom_read import ct_path
from .measure import Row, versus
from .peers import dicom_to_oru


def rows() -> list[Row]:
    """The two rows of the crossing."""
    peer = "pydicom + python-hl7, every element in an OBX"
    return [
        versus("DICOM file → ORU^R01", peer, 15, lambda: _convert("rows")),
        versus("DICOM file → ORU^R01, `--carry all`", peer, 6, lambda: _convert("all")),
    ]


def _convert(carry: str) -> tuple[Callable[[], object], Callable[[], object]]:
    from chiasm.app.convert import convert

    path = ct_path()

    def ours() -> bytes:
        output: bytes = convert(path, to="oru", carry=carry).output
        return output

    def peer() -> bytes:
        return dicom_to_oru(path)

    for message in (ours(), peer()):
        assert b"CompressedSamples^CT1" in message
    if carry == "all":
        # The values of a private element and of one in a sequence are there on both sides.
        for message in (ours(), peer()):
            assert b"HiSpeed CT/i" in message
            assert b"ABCD1234" in message
    return ours, peer
