"""What the index is told of a stored object, read from its file or from the beginning of it."""

from __future__ import annotations

from pathlib import Path

from .. import dicom
from ..errors import ChiasmError
from ..model import Location
from ..store.extract import Extract, extract

BEGINNING = 16 << 10
"""Bytes of a data set that mostly say what it is."""


def known_of(location: Location, place: Path | bytes) -> Extract:
    """The extract of an object in a file, or in bytes that may end before it does.

    Of one that is not readable throughout, what its beginning says: it was received by that. ChiasmError
    where not even that can be read.
    """
    try:
        return extract(dicom.read_file(place) if isinstance(place, Path) else dicom.parse(place))
    except ChiasmError:
        most = location.offset + BEGINNING
        if isinstance(place, bytes):
            return extract(dicom.parse(place[:most]))
        with place.open("rb") as file:
            return extract(dicom.parse(file.read(most)))
