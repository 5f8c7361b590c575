"""The account of a conversion from FHIR: each leaf of the resources once, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import Disposition, Entry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..fhir import Resource
    from .fhir_read import FhirReading
    from .writing import Written

_FRAME = frozenset({"resourceType", "fullUrl", "id", "type"})
_RANK = {Disposition.MAPPED: 1, Disposition.DROPPED: 0}
_IN_BUNDLE = "says how the resources are put together, nothing of the patient"
_LINK = "was followed to the resource that it points at"


def of_resource(
    root: Resource,
    reading: FhirReading,
    written: Mapping[tuple[str, int], Written],
    refused: Mapping[tuple[str, int], str],
    target_name: str,
) -> Iterator[Entry]:
    """The entries of a bundle or a resource by itself, in the order of its leaves."""
    said: dict[str, Entry] = {}
    for read in reading.reads:
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
    links = set(reading.links)
    for path, _ in root.walk():
        found = said.get(path)
        if found is not None:
            yield found
        elif path in links:
            yield Entry(path, Disposition.DROPPED, "", "link", _LINK)
        elif _is_frame(path):
            yield Entry(path, Disposition.DROPPED, "", "frame", _IN_BUNDLE)
        else:
            yield Entry(
                path, Disposition.DROPPED, "", "no-row", f"the crosswalk has no row for it in {target_name}"
            )


def _is_frame(path: str) -> bool:
    """Whether a leaf names a resource or bundle: `Bundle.type`, `Bundle.entry[0].fullUrl`, `Patient.id`."""
    parts = path.removeprefix("Bundle.").split(".")
    last = parts[-1]
    if path in {"Bundle.type", "Bundle.timestamp", "Bundle.total"} or last == "resourceType":
        return True
    if path.startswith("Bundle.entry["):
        return (len(parts) == 2 and last == "fullUrl") or (len(parts) == 3 and last == "id")
    return len(parts) == 2 and last == "id" and last in _FRAME
