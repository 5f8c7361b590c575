"""The table of FHIR R4: what the definitions of the standard say of a few elements."""

from __future__ import annotations

from pathlib import Path

from chiasm.standards import fhirdefs


def _element(kind: str, below: str, name: str) -> fhirdefs.ElementDef:
    definition = fhirdefs.definition(kind)
    assert definition is not None
    return next(one for one in definition.children[below] if one.name == name)


def test_resources_and_data_types() -> None:
    names = fhirdefs.type_names()
    assert sum(map(fhirdefs.is_resource, names)) == 146
    assert not fhirdefs.is_resource("DomainResource")
    assert not fhirdefs.is_resource("HumanName")
    assert fhirdefs.definition("Patent") is None


def test_elements() -> None:
    uid = _element("ImagingStudy", "series.instance", "uid")
    assert (uid.min, uid.max, uid.types) == (1, 1, ("id",))
    given = _element("HumanName", "", "given")
    assert (given.min, given.max) == (0, None)
    value = _element("Observation", "", "value")
    assert value.choice
    assert "Quantity" in value.types
    subject = _element("ServiceRequest", "", "subject")
    assert subject.targets == ("Device", "Group", "Location", "Patient")
    assert _element("Observation", "component", "referenceRange").same_as == "referenceRange"


def test_required_codes() -> None:
    gender = _element("Patient", "", "gender")
    assert fhirdefs.codes(gender.required) == {
        "http://hl7.org/fhir/administrative-gender": frozenset({"male", "female", "other", "unknown"})
    }
    assert fhirdefs.codes("http://hl7.org/fhir/ValueSet/mimetypes") is None


def test_provenance_and_size() -> None:
    stated = fhirdefs.provenance()
    assert stated["edition"] == "FHIR R4 (4.0.1)"
    assert len(stated["sources"][0]["sha256"]) == 64
    table = Path(fhirdefs.__file__).parent / "data" / "fhir-r4.json"
    assert table.stat().st_size < 1 << 20
