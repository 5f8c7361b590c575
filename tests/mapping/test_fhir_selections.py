"""References to instances, frames and regions, in an extension on an R4 reference."""

from __future__ import annotations

from chiasm.mapping.fhir_selections import INSTANCE, Selection, reference_of
from chiasm.mapping.fhir_writing import BundleDraft
from chiasm.model import Content, Reference

CT = "1.2.840.10008.5.1.4.1.1.2"


def test_instance_and_frames() -> None:
    bundle = BundleDraft()
    found = reference_of(Reference(CT, "1.2.3", (1, 2)), bundle, bundle.add("ImagingStudy"))
    assert found["reference"] == "#0"
    (extension,) = found["extension"]
    assert extension["url"] == INSTANCE
    assert {"url": "uid", "valueId": "1.2.3"} in extension["extension"]
    assert {"url": "subset", "valueString": "frames 1,2"} in extension["extension"]


def test_without_a_study_the_instance_is_named() -> None:
    found = reference_of(Reference(CT, "1.2.3"), BundleDraft(), None)
    assert found["identifier"] == {"system": "urn:dicom:uid", "value": "urn:oid:1.2.3"}


def test_region_on_an_image() -> None:
    item = Content((1, 1), value_type="SCOORD", graphic="POINT", coordinates=("1.5", "2"))
    selection = Selection(item)
    selection.image = Reference(CT, "1.2.3")
    bundle = BundleDraft()
    found = selection.reference(bundle, bundle.add("ImagingStudy"))
    region = found["extension"][0]["extension"][-1]
    assert region["url"] == "imageRegion2D"
    assert region["extension"][0] == {"url": "regionType", "valueCode": "point"}
    assert [str(one["valueDecimal"]) for one in region["extension"][1:]] == ["1.5", "2"]
