"""Which media type the frames of a transfer syntax are: PS3.18 §8.7.3.3, tables 8.7.3-2 to 8.7.3-6."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..protocols.accept import MediaType, admits, refuses
from ..standards import uids

OCTETS = "application/octet-stream"
_BASE = "1.2.840.10008.1.2."
_BY_SYNTAX = {
    "5": "image/dicom-rle",
    **dict.fromkeys(("4.50", "4.51", "4.57", "4.70"), "image/jpeg"),
    **dict.fromkeys(("4.80", "4.81"), "image/jls"),
    **dict.fromkeys(("4.90", "4.91"), "image/jp2"),
    **dict.fromkeys(("4.92", "4.93"), "image/jpx"),
    **dict.fromkeys(("4.201", "4.202", "4.203"), "image/jphc"),
    **dict.fromkeys(("4.110", "4.111", "4.112"), "image/jxl"),
    **dict.fromkeys(("4.100", "4.100.1", "4.101", "4.101.1"), "video/mpeg"),
    **dict.fromkeys(
        ("4.102", "4.102.1", "4.103", "4.103.1", "4.104", "4.104.1", "4.105", "4.105.1", "4.106", "4.106.1",
         "4.107", "4.108"),
        "video/mp4",
    ),
}  # fmt: skip


def media_of(syntax: str) -> str:
    """The media type of one frame as it is stored; octets for what is not compressed or not known."""
    return _BY_SYNTAX.get(syntax.removeprefix(_BASE), OCTETS) if syntax.startswith(_BASE) else OCTETS


@dataclass(frozen=True, slots=True)
class FrameForm:
    """How frames are given: as stored or `decoded`, and then compressed anew where they are not octets.

    Their media type and transfer syntax, in parts or bare.
    """

    decoded: bool
    media: str
    syntax: str
    is_multipart: bool

    @property
    def content_type(self) -> str:
        """The Content-Type of one frame."""
        return f"{self.media}; transfer-syntax={self.syntax}"


def frame_form(accepted: Sequence[MediaType], stored: str) -> FrameForm | None:
    """The most wanted form in which frames stored in a transfer syntax can be given; None where none is."""
    syntax = uids.transfer_syntax(stored)
    is_plain = syntax is not None and not syntax.encapsulated and syntax.little_endian
    media = media_of(stored)
    for one in accepted:
        if one.quality <= 0:
            continue
        parts = one.is_multipart or one.kind in {"*/*", "multipart/*"}
        wanted = one.parameter("transfer-syntax")
        kind = one.inner if one.is_multipart else "*/*" if one.kind == "multipart/*" else one.kind
        if is_plain and admits(kind, OCTETS) and wanted in {"", "*", stored, uids.EXPLICIT_LITTLE}:
            return FrameForm(False, OCTETS, uids.EXPLICIT_LITTLE, parts)
        is_taken = media != OCTETS and not refuses(accepted, media)
        if is_taken and admits(kind, media) and wanted in {"", "*", stored}:
            return FrameForm(False, media, stored, parts)
        if is_taken and kind == OCTETS and wanted in {"*", stored}:
            return FrameForm(False, media, stored, parts)
        if admits(kind, OCTETS) and wanted in {"", "*", uids.EXPLICIT_LITTLE}:
            return FrameForm(True, OCTETS, uids.EXPLICIT_LITTLE, parts)
        made = _made(kind, wanted)
        if made and not refuses(accepted, media_of(made)):
            return FrameForm(True, media_of(made), made, parts)
    return None


def _made(kind: str, wanted: str) -> str:
    """The transfer syntax that frames are compressed to, without loss, where just that is asked for."""
    from ..pixels.transcode import ENCODED

    for syntax in ENCODED:
        if (kind == media_of(syntax) and wanted in {"", "*", syntax}) or (
            kind == OCTETS and wanted == syntax
        ):
            return syntax
    return ""
