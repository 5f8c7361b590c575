"""The deflated transfer syntax, within a budget. PS3.5 §A.5."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from ..errors import LimitError, ParseError
from ..limits import Limits
from .reading import Buffer, Reading

_STEP = 1 << 20
_FREE = 16 << 20


def inflate(buffer: Buffer, start: int, reading: Reading) -> bytes:
    """The data set behind a deflated one; what can be inflated of a damaged stream, with a finding.

    LimitError beyond `dicom_inflated`, or beyond `dicom_inflate_ratio` once there are 16 MB.
    ParseError for bytes that are no deflate stream at all.
    """
    limits = reading.limits
    out: list[bytes] = []
    size, given, total = 0, 0, len(buffer) - start
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    pending = b""
    at = start
    while not engine.eof and (pending or at < len(buffer)):
        if not pending:
            pending = buffer[at : at + _STEP]
            at += len(pending)
        try:
            piece = engine.decompress(pending, _STEP)
        except zlib.error as error:
            if not out:
                raise ParseError(
                    f"no deflated data set: {error}", source=reading.source, rule="PS3.5 §A.5"
                ) from None
            reading.tolerate(
                start, "damaged-deflate", f"the deflate stream is damaged: {error}", "PS3.5 §A.5"
            )
            break
        given = min(total, at - start)
        pending = engine.unconsumed_tail
        if piece:
            out.append(piece)
            size += len(piece)
        _hold(size, given, limits, reading)
    else:
        if not engine.eof:
            reading.tolerate(start, "truncated", "the deflate stream has no end", "PS3.5 §A.5")
    return b"".join(out)


def _hold(size: int, given: int, limits: Limits, reading: Reading) -> None:
    budget = ""
    if size > limits.dicom_inflated:
        budget = "dicom_inflated"
    elif size > _FREE and size > given * limits.dicom_inflate_ratio:
        budget = "dicom_inflate_ratio"
    if budget:
        raise LimitError(
            f"the deflated data set is over the budget {budget} ({getattr(limits, budget):,})",
            source=reading.source, rule="PS3.5 §A.5", hint="raise the budget for files you trust",
        )  # fmt: skip


def deflate(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces of a data set as one deflate stream, padded to an even length."""
    engine = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    size = 0
    for part in parts:
        piece = engine.compress(part)
        size += len(piece)
        if piece:
            yield piece
    last = engine.flush()
    yield last + b"\0" * ((size + len(last)) % 2)
