"""References to images, frames, segments and regions, for which FHIR R4 has ImagingStudy alone.

The parts that R5 has in ImagingSelection go along in an extension of Chiasm's own on the reference, under
the names that they have there: R4 validators refuse those that HL7 would give to a resource R4 lacks.
FHIR R5 §8.34; FHIR R4 §2.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .fhir_kind import checked
from .fhir_terms import URI_SYSTEM, uid, uid_identifier
from .fhir_values import to_number

if TYPE_CHECKING:
    from ..model import Content, Reference
    from .fhir_writing import BundleDraft, Draft

INSTANCE = "urn:x-chiasm:ImagingSelection.instance"
"""The extension: its parts are named as those of `ImagingSelection.instance` in R5."""

_COORDINATE_TYPES = {"SCOORD": "imageRegion2D", "SCOORD3D": "imageRegion3D"}


def reference_of(
    said: Reference, bundle: BundleDraft, study: Draft | None, more: list[Any] | None = None
) -> dict[str, Any]:
    """A reference to the study with the instance meant; to the instance alone where there is no study."""
    parts: list[dict[str, Any]] = (
        [{"url": "uid", "valueId": checked("id", said.instance)}] if said.instance else []
    )
    if said.sop_class:
        sop_class = {"system": URI_SYSTEM, "code": uid(said.sop_class)}
        parts.append({"url": "sopClass", "valueCoding": sop_class})
    for name, numbers in (("frames", said.frames), ("segments", said.segments), ("channels", said.channels)):
        if numbers:
            parts.append({"url": "subset", "valueString": f"{name} {','.join(map(str, numbers))}"})
    parts += more or []
    found = _target(said.instance, bundle, study)
    if parts:
        found["extension"] = [{"url": INSTANCE, "extension": parts}]
    return found


def _target(instance: str, bundle: BundleDraft, study: Draft | None) -> dict[str, Any]:
    if study:
        return bundle.reference(study)
    if not instance:
        return {"type": "ImagingStudy", "display": "image"}
    return {"type": "ImagingStudy", "identifier": uid_identifier(instance)}


class Selection:
    """A region or range that an item draws, and the image it was drawn on, which comes below it."""

    def __init__(self, item: Content) -> None:
        self._item = item
        self.image: Reference | None = None

    def reference(self, bundle: BundleDraft, study: Draft | None) -> dict[str, Any]:
        """The reference with the region."""
        item = self._item
        region: list[dict[str, Any]] = []
        if item.graphic:
            region.append({"url": "regionType", "valueCode": checked("code", item.graphic.lower())})
        region += [{"url": "coordinate", "valueDecimal": to_number(text)[0]} for text in item.coordinates]
        if item.basis:
            region.append({"url": "basis", "valueString": item.basis})
        name = _COORDINATE_TYPES.get(item.value_type, "timeRange")
        more = [{"url": name, "extension": region}] if region else []
        if self.image:
            return reference_of(self.image, bundle, study, more)
        found = _target("", bundle, study)
        if more:
            found["extension"] = [{"url": INSTANCE, "extension": more}]
        return found
