"""Media among the sources of an import: where a DICOMDIR lies, the files that it names are what is meant.

Its names are only compared with those that are there, never put together to a path. Discs show their names in
either case, with a version behind a semicolon or a dot at the end: ISO 9660 §7.5. PS3.10 §8.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..dicom.directory_reading import Listing, is_directory, read_directory
from ..errors import ChiasmError
from .sources import Source

NAME = "DICOMDIR"
_VERSION = re.compile(r"\.?(;\d+)?$")
_SEPARATORS = re.compile(r"[/\\]+")
_Key = tuple[str, ...]


@dataclass(slots=True)
class Selection:
    """What is to be imported; what a DICOMDIR names and is not there; how many files none names; remarks."""

    sources: list[Source] = field(default_factory=list)
    missing: list[tuple[str, str]] = field(default_factory=list)
    aside: int = 0
    notes: list[tuple[str, str]] = field(default_factory=list)


def folders_of(names: Sequence[str]) -> list[str]:
    """The sources as they were named, but for a DICOMDIR by itself, which means the medium around it."""
    return [
        str(Path(name).parent) if _plain(Path(name).name) == NAME and Path(name).is_file() else name
        for name in names
    ]


def select(sources: Sequence[Source], *, everything: bool = False) -> Selection:
    """The files that the DICOMDIRs among the sources name, and all that lies on no medium.

    With `everything` what no DICOMDIR names is taken too. A DICOMDIR that names nothing, or cannot be read,
    stands for no medium: what lies beside it is taken.
    """
    selection = Selection()
    keys = [_key(source) for source in sources]
    media: dict[_Key, tuple[Source, list[_Key]]] = {}
    directories: set[int] = set()
    for source, key in zip(sources, keys, strict=True):
        listing = _listing(source, selection) if _plain(key[-1]) == NAME else None
        if listing is None:
            continue
        directories.add(id(source))
        if listing.files:
            media[key[:-1]] = (source, [entry.file_id for entry in listing.files])
        else:
            selection.notes.append((source.name, "it names no file"))
    below = _below(sources, keys, media)
    named: set[int] = set()
    for root, (directory, file_ids) in media.items():
        for file_id in dict.fromkeys(file_ids):
            found = below[root].get(_parts(file_id), [])
            named.update(id(one) for one in found)
            if not found:
                name = f"{directory.name}: {'/'.join(file_id)}"
                selection.missing.append((name, "the DICOMDIR names it, it is not there"))
    on_media = {id(one) for table in below.values() for several in table.values() for one in several}
    for source in sources:
        if id(source) in directories:
            continue
        if everything or id(source) in named or id(source) not in on_media:
            selection.sources.append(source)
        else:
            selection.aside += 1
    return selection


def _below(
    sources: Sequence[Source], keys: Sequence[_Key], roots: Collection[_Key]
) -> dict[_Key, dict[_Key, list[Source]]]:
    """What lies below each medium, by names that can be compared."""
    found: dict[_Key, dict[_Key, list[Source]]] = {root: {} for root in roots}
    for source, key in zip(sources, keys, strict=True):
        for length in range(len(key) if roots else 0):
            table = found.get(key[:length])
            if table is None:
                continue
            name = tuple(_plain(part) for part in key[length:])
            table.setdefault(name, []).append(source)
            if name[-1].endswith(".DCM"):
                table.setdefault((*name[:-1], name[-1].removesuffix(".DCM")), []).append(source)
    return found


def _listing(source: Source, selection: Selection) -> Listing | None:
    """The records of what is called DICOMDIR; None where it is none."""
    try:
        package = source.package()
        if not is_directory(package):
            return None
        listing = read_directory(package)
    except ChiasmError as error:
        selection.notes.append((source.name, f"no directory can be read: {error.message}"))
        return None
    if listing.findings:
        first = listing.findings[0].message
        selection.notes.append((source.name, f"{first}; {len(listing.files)} files were found in it"))
    return listing


def _key(source: Source) -> _Key:
    """The parts of the place where a source lies, on this machine or in an archive."""
    if source.path is None:
        return (source.name,)
    parts = source.path.absolute().parts
    if source.member is None:
        return parts
    inner = _SEPARATORS.split(source.name.removeprefix(f"{source.path}!"))
    return (*parts, "!", *(part for part in inner if part not in {"", "."}))


def _parts(file_id: _Key) -> _Key:
    """The components of a file ID; some writers put several into one, with separators."""
    return tuple(_plain(part) for one in file_id for part in _SEPARATORS.split(one) if part not in {"", "."})


def _plain(name: str) -> str:
    return _VERSION.sub("", name.upper(), count=1)
