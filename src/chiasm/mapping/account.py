"""The account of a conversion from DICOM: each leaf of the data set once, and what became of it.

It is drawn up when somebody asks for it, from what the readers noted and the writers placed, so that
a conversion whose ledger nobody reads does not pay for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import Disposition, Entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..dicom import Package
    from ..hl7 import Message
    from .case_dicom import Read
    from .case_v2 import FieldRead, MessageReading
    from .crosswalk import Crosswalk, Row
    from .writing import Written

PIXELS = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})

_RANK = {Disposition.MAPPED: 2, Disposition.CARRIED: 1, Disposition.DROPPED: 0}


def of_data_set(
    package: Package,
    reads: list[Read],
    written: Mapping[tuple[str, int], Written],
    crosswalk: Crosswalk,
    message_kind: str,
    carried: Mapping[str, str] | None = None,
    prefix: str = "",
) -> Iterator[Entry]:
    """The entries of one file, its meta information first, in the order of its elements.

    `carried` says where leaves travel as they are, by their path; `prefix` goes before each source
    path where a conversion has several sources.
    """
    said = _by_leaf(reads, written, message_kind)
    empty_places = {row.tags[0]: row for row in crosswalk.rows if row.tags and _targets(row, message_kind)}
    for element in package.header:
        yield Entry(f"{prefix}{element.tag:08X}", Disposition.DROPPED, "", "file-meta", _FILE_META)
    for path, element in package.data.walk():
        source = prefix + path
        entry = said.get(path)
        target = carried.get(path) if carried else None
        if entry is not None and (entry.disposition is Disposition.MAPPED or target is None):
            yield Entry(source, entry.disposition, entry.target, entry.rule, entry.reason)
        elif target is not None:
            yield Entry(source, Disposition.CARRIED, target, "carry-all")
        elif element.tag in PIXELS:
            yield Entry(source, Disposition.DROPPED, "", "pixel-data", _PIXELS)
        elif element.length == 0 and "/" not in path and element.tag in empty_places:
            row = empty_places[element.tag]
            target = _targets(row, message_kind)
            yield Entry(source, Disposition.MAPPED, target, row.concept, "empty on both sides")
        else:
            yield Entry(source, Disposition.DROPPED, "", "no-row", _NO_ROW.format(message_kind))


def _targets(row: Row, message_kind: str) -> str:
    """The places of a row in a kind of message, or in FHIR; empty where it has none."""
    if message_kind == "fhir":
        return row.fhir
    return " ".join(place.path for place in row.places_in(message_kind))


_FILE_META = "file meta information says how the file is written, nothing of the patient"
_PIXELS = "pixels do not travel in messages; the study UID says where they are"
_NO_ROW = "the crosswalk has no row for it in {}; `--carry all` takes it along"


def _by_leaf(
    reads: list[Read], written: Mapping[tuple[str, int], Written], message_kind: str
) -> dict[str, Entry]:
    """What the rows say of each leaf that they read; where several read it, the best that happened."""
    found: dict[str, Entry] = {}
    for read in reads:
        place = written.get((read.concept, read.index))
        for prefix, tag, facet in read.leaves:
            path = f"{prefix}{tag:08X}"
            entry = _entry(path, read, place, facet, message_kind)
            known = found.get(path)
            if known is None or _RANK[entry.disposition] > _RANK[known.disposition]:
                found[path] = entry
    return found


def _entry(path: str, read: Read, place: Written | None, facet: str, message_kind: str) -> Entry:
    if read.refusal:
        return Entry(path, Disposition.DROPPED, "", read.concept, f"refused: {read.refusal}")
    if place is None:
        reason = f"no place, or the place is taken, in {message_kind}"
        return Entry(path, Disposition.DROPPED, "", read.concept, reason)
    if facet and facet in place.unheld:
        return Entry(
            path, Disposition.DROPPED, "", read.concept, f"{place.target} has no place for a {facet}"
        )
    notes = sorted(place.notes | {facet[1:] for facet in place.unheld if facet[0] == "~"})
    return Entry(path, Disposition.MAPPED, place.target, read.concept, "; ".join(notes))


TRANSPORT = frozenset({"MSH", "SFT", "EVN", "FHS", "BHS", "BTS", "FTS", "MSA"})
"""Segments that say how and why a message travels, nothing of the patient: HL7 v2.5.1 §2.15."""

_TRANSPORT = "says how the message travels, nothing of the patient"


def by_place(
    reads: Iterable[FieldRead],
    written: Mapping[tuple[str, int], Written],
    refused: Mapping[tuple[str, int], str],
    target_name: str,
) -> dict[str, Entry]:
    """What the rows say of each leaf that they read by its path; where several read it, the best of it."""
    said: dict[str, Entry] = {}
    for read in reads:
        key = (read.concept, read.index)
        place = written.get(key)
        reason = read.refusal or refused.get(key, "")
        for leaf in read.leaves:
            if reason:
                entry = Entry(leaf, Disposition.DROPPED, "", read.concept, f"refused: {reason}")
            elif place is None:
                entry = Entry(leaf, Disposition.DROPPED, "", read.concept, f"no place in {target_name}")
            else:
                notes = "; ".join(sorted(place.notes))
                entry = Entry(leaf, Disposition.MAPPED, place.target, read.concept, notes)
            known = said.get(leaf)
            if known is None or _RANK[entry.disposition] > _RANK[known.disposition]:
                said[leaf] = entry
    return said


def of_message(
    message: Message,
    reading: MessageReading,
    written: Mapping[tuple[str, int], Written],
    refused: Mapping[tuple[str, int], str],
    target_name: str,
) -> Iterator[Entry]:
    """The entries of one v2 message, in the order of its leaves."""
    said = by_place(reading.reads, written, refused, target_name)
    for path, value in message.walk():
        if not value:
            continue
        entry_here = said.get(path)
        if entry_here is not None:
            yield entry_here
        elif path[:3] in TRANSPORT:
            yield Entry(path, Disposition.DROPPED, "", "transport", _TRANSPORT)
        else:
            yield Entry(
                path, Disposition.DROPPED, "", "no-row", f"the crosswalk has no row for it in {target_name}"
            )
