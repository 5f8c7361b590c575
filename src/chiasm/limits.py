"""Every budget in one place: what a parser may spend on bytes that come from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The budgets of one call; sizes in bytes, times in seconds, the rest are counts.

    A budget that is exceeded raises `LimitError`, naming the budget, never a crash or a hang.
    """

    dicom_depth: int = 1_000
    dicom_elements: int = 5_000_000
    dicom_items: int = 1_000_000
    dicom_inflated: int = 1 << 30
    dicom_inflate_ratio: int = 1_000
    hl7_message: int = 256 << 20
    hl7_segments: int = 1_000_000
    hl7_batch_messages: int = 1_000_000
    xml_bytes: int = 256 << 20
    xml_depth: int = 200
    json_bytes: int = 256 << 20
    json_depth: int = 1_000
    image_pixels: int = 500_000_000
    spool_bytes: int = 32 << 30
    codec_memory: int = 4 << 30
    codec_seconds: int = 120
    archive_members: int = 100_000
    archive_bytes: int = 8 << 30


DEFAULT = Limits()
