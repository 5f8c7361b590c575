"""The account of a conversion from FHIR: each leaf of the resources once, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import Disposition, Entry
from .account import by_place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..fhir import Resource
    from .fhir_read import FhirReading
    from .writing import Written

_FRAME = frozenset({"resourceType", "fullUrl", "id", "type"})
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
    said = by_place(reading.reads, written, refused, target_name)
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
