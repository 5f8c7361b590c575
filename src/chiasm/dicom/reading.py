"""What is shared while one buffer is read: its budgets, its findings and the ends already found."""

from __future__ import annotations

import mmap
from collections.abc import Iterator

from ..errors import Finding, LimitError, Severity
from ..limits import DEFAULT, Limits

Buffer = bytes | mmap.mmap
"""What is parsed: slices of either are bytes; the second is read from disk only where touched."""

_FINDINGS = 10_000
_CHUNK = 1 << 20


def pieces(buffer: Buffer, start: int, stop: int) -> Iterator[bytes]:
    """A stretch of a buffer by the megabyte; pages of a mapped file are let go once they were given."""
    dont_need = getattr(mmap, "MADV_DONTNEED", None)
    for at in range(start, stop, _CHUNK):
        end = min(at + _CHUNK, stop)
        yield buffer[at:end]
        if dont_need is not None and isinstance(buffer, mmap.mmap):
            page = at - at % mmap.PAGESIZE
            buffer.madvise(dont_need, page, end - page)


class Reading:
    """The state of reading one buffer.

    `ends` holds, by the offset where the content of an undefined length begins, the offset where
    it ends and the offset after its delimiter, so that no level is walked twice.
    """

    __slots__ = ("elements", "ends", "findings", "items", "limits", "source")

    def __init__(
        self, limits: Limits = DEFAULT, source: str = "", findings: list[Finding] | None = None
    ) -> None:
        self.limits = limits
        self.source = source
        self.findings: list[Finding] = [] if findings is None else findings
        self.ends: dict[int, tuple[int, int]] = {}
        self.elements = 0
        self.items = 0

    def tolerate(self, offset: int, rule: str, message: str, citation: str = "") -> None:
        """Note a deviation that reading went on over; after 10,000 the rest are not listed."""
        if len(self.findings) < _FINDINGS:
            self.findings.append(Finding(Severity.WARNING, f"byte {offset}", rule, message, citation))

    def spend_elements(self, count: int, offset: int) -> None:
        """Charge elements to the budget; LimitError when there are more than `dicom_elements`."""
        self.elements += count
        if self.elements > self.limits.dicom_elements:
            raise self.exceeded("dicom_elements", offset)

    def spend_items(self, count: int, offset: int) -> None:
        """Charge sequence items to the budget; LimitError when there are more than `dicom_items`."""
        self.items += count
        if self.items > self.limits.dicom_items:
            raise self.exceeded("dicom_items", offset)

    def exceeded(self, budget: str, offset: int) -> LimitError:
        """The error that names a budget that is used up."""
        return LimitError(
            f"more than the {getattr(self.limits, budget):,} of the budget {budget}",
            source=self.source, place=f"byte {offset}", hint="raise the budget for files you trust",
        )  # fmt: skip
