"""What the index is told of a stored object, read from its file or from the beginning of it."""

from __future__ import annotations

from pathlib import Path

from .. import dicom
from ..dicom.selection import Selection
from ..errors import ChiasmError
from ..model import Location
from ..store.extract import CONTEXT, Extract, extract

BEGINNING = 16 << 10
"""Bytes of a data set that mostly say what it is."""

_KEPT = Selection(CONTEXT)


def known_of(location: Location, place: str | Path | bytes) -> Extract:
    """The extract of an object in a file, or in bytes that may end before it does.

    Of one that is not readable throughout, what its beginning says: it was received by that. ChiasmError
    where not even that can be read.
    """
    try:
        kept = _kept(place)
        return extract(_whole(place) if kept is None else kept)
    except ChiasmError:
        most = location.offset + BEGINNING
        if isinstance(place, bytes):
            return extract(dicom.parse(place[:most]))
        with Path(place).open("rb") as file:
            return extract(dicom.parse(file.read(most)))


def _kept(place: str | Path | bytes) -> dicom.DataSet | None:
    """The elements that are kept, where the beginning has them; None where the whole is to be read."""
    try:
        return _KEPT.of(place) if isinstance(place, bytes) else _KEPT.of_file(place)
    except OSError:
        return None


def _whole(place: str | Path | bytes) -> dicom.Package:
    return dicom.parse(place) if isinstance(place, bytes) else dicom.read_file(place)
